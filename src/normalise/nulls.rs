//! Columns without any value, of which most of a log's observations consist: made once a thread.

use std::cell::RefCell;

use arrow::array::{Array as _, ArrayRef, new_null_array};
use arrow::datatypes::DataType;

/// As many rows as are sorted at a time, and a batch of records more.
const ROWS: usize = 68 << 10;

thread_local! {
    static KNOWN: RefCell<Vec<ArrayRef>> = const { RefCell::new(Vec::new()) };
}

/// Returns a column of so many nulls.
pub fn nulls(data_type: &DataType, n_rows: usize) -> ArrayRef {
    if n_rows > ROWS {
        return new_null_array(data_type, n_rows);
    }
    KNOWN.with_borrow_mut(|known| {
        let at = known.iter().position(|column| column.data_type() == data_type);
        let at = at.unwrap_or_else(|| {
            known.push(new_null_array(data_type, ROWS));
            known.len() - 1
        });
        known[at].slice(0, n_rows)
    })
}
