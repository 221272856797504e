//! Measures put together, and some of them picked out.

use std::collections::BTreeSet;

use arrow::array::cast::AsArray as _;
use arrow::array::{BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{
    LexicographicalComparator, SortColumn, concat_batches, filter_record_batch, take_record_batch,
};

use crate::pipeline::tables::Table;

use super::{MeasureError, Measures};

/// Where a batch of measures names them.
const MEASURE: usize = 3;

/// Keeps of the rows of a measures table those of some measures.
pub fn rows_of(rows: &RecordBatch, names: &BTreeSet<&str>) -> RecordBatch {
    let told = rows.column(MEASURE).as_string::<i32>().iter();
    let is_of: BooleanArray =
        told.map(|name| Some(name.is_some_and(|name| names.contains(name)))).collect();
    filter_record_batch(rows, &is_of).expect("the mask has a value a row")
}

impl Measures {
    /// Keeps the rows of some measures.
    #[must_use]
    pub fn of(&self, names: &BTreeSet<&str>) -> Self {
        Self(rows_of(&self.0, names))
    }

    /// Puts measures together, sorted; where each part is sorted, it merges them. Rows of one unit,
    /// procedure, month and measure from several cells stand beside each other and add up.
    ///
    /// # Errors
    ///
    /// A batch whose columns differ from the table's.
    pub fn together(parts: &[RecordBatch]) -> Result<Self, MeasureError> {
        let failed = |source| MeasureError::Arrow { deed: "put measures together", source };
        let filled: Vec<&RecordBatch> = parts.iter().filter(|rows| rows.num_rows() > 0).collect();
        if let [only] = filled[..]
            && let Ok(sorted) = Self::new(only.clone())
        {
            return Ok(sorted);
        }
        let all = concat_batches(&Table::Measures.schema(), filled).map_err(failed)?;
        let column = |values| SortColumn { values, options: None };
        let columns: Vec<_> = all.columns().iter().cloned().map(column).collect();
        let rows = LexicographicalComparator::try_new(&columns).map_err(failed)?;
        let mut order: Vec<u32> = (0..all.num_rows() as u32).collect();
        // What is sorted in parts is merged.
        order.sort_by(|a, b| rows.compare(*a as usize, *b as usize));
        Ok(Self(take_record_batch(&all, &UInt32Array::from(order)).map_err(failed)?))
    }
}
