//! The items of dossiers as rows to count: one a payment or a pause, beside the columns of its
//! dossier.

use std::sync::Arc;

use arrow::array::cast::AsArray as _;
use arrow::array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{Field, Schema};

use crate::pipeline::columns::{self, Column};
use crate::pipeline::definitions::Subject;

use super::MeasureError;

/// Returns the column of `dossiers` that holds the items of a subject.
pub(super) fn list_column(of: Subject) -> Option<&'static str> {
    match of {
        Subject::Payments => Some("payments"),
        Subject::Pauses => Some("pauses"),
        Subject::Dossiers | Subject::Services | Subject::Reports | Subject::Deliveries => None,
    }
}

/// Names the columns that an item has itself; the others are those of its dossier.
pub(super) fn own_columns(of: Subject) -> Vec<&'static str> {
    let own = match of {
        Subject::Payments => columns::PAYMENT,
        Subject::Pauses => columns::PAUSE,
        Subject::Dossiers | Subject::Services | Subject::Reports | Subject::Deliveries => &[],
    };
    own.iter().map(|column| column.name).collect()
}

/// Lays out the items of a batch of dossiers under the needed columns; what has no items is itself
/// what is counted.
pub(super) fn of(
    batch: &RecordBatch,
    of: Subject,
    needed: &[Column],
) -> Result<RecordBatch, MeasureError> {
    let Some(list) = list_column(of) else { return Ok(batch.clone()) };
    let own = own_columns(of);
    let lists = batch.column_by_name(list).and_then(|lists| lists.as_list_opt::<i32>());
    let lists = lists.ok_or_else(|| MeasureError::Schema {
        column: list.to_owned(),
        expected: "List".to_owned(),
        found: "none".to_owned(),
    })?;
    let is_there = |row: &usize| lists.is_valid(*row);
    let mut rows = Vec::new();
    let mut places = Vec::new();
    for row in (0..lists.len()).filter(is_there) {
        let (start, n) = (lists.value_offsets()[row] as u32, lists.value_length(row) as u32);
        rows.extend((0..n).map(|_| row as u32));
        places.extend(start..start + n);
    }
    let (rows, places) = (UInt32Array::from(rows), UInt32Array::from(places));
    let items = lists.values().as_struct();
    let failed = |source| MeasureError::Arrow { deed: "lay out the items of dossiers", source };
    let mut fields = Vec::new();
    let mut values: Vec<ArrayRef> = Vec::new();
    for column in needed {
        let (found, taken) = match own.contains(&column.name) {
            true => (items.column_by_name(column.name), &places),
            false => (batch.column_by_name(column.name), &rows),
        };
        // What is missing is told when the columns are checked.
        let Some(found) = found else { continue };
        fields.push(Field::new(column.name, found.data_type().clone(), true));
        values.push(take(found, taken, None).map_err(failed)?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(places.len()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), values, &options)
        .map_err(failed)
}
