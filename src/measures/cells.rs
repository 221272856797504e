//! Measures of many cells read together.

use arrow::array::RecordBatch;
use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch};

use crate::pipeline::tables::Table;

use super::{MeasureError, Measures};

impl Measures {
    /// Puts the measures of cells together, sorted; rows of one unit, procedure, month and measure
    /// from several cells stand beside each other and add up.
    ///
    /// # Errors
    ///
    /// A batch whose columns differ from the table's.
    pub fn of_cells(cells: &[RecordBatch]) -> Result<Self, MeasureError> {
        let failed =
            |source| MeasureError::Arrow { deed: "put the cells' measures together", source };
        let filled: Vec<&RecordBatch> = cells.iter().filter(|rows| rows.num_rows() > 0).collect();
        if let [only] = filled[..] {
            return Self::new(only.clone());
        }
        let all = concat_batches(&Table::Measures.schema(), filled).map_err(failed)?;
        let column = |values| SortColumn { values, options: None };
        let columns: Vec<_> = all.columns().iter().cloned().map(column).collect();
        let order = lexsort_to_indices(&columns, None).map_err(failed)?;
        Self::new(take_record_batch(&all, &order).map_err(failed)?)
    }
}
