//! Rows of batches put together and picked out. Most columns of a log's observations have no value:
//! they cost nothing.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute;
use arrow::datatypes::{Field, SchemaRef};

use crate::normalise::nulls;

/// Puts batches of one schema one after another.
pub(super) fn concat(schema: &SchemaRef, batches: &[&RecordBatch]) -> RecordBatch {
    if let [only] = batches {
        return (*only).clone();
    }
    let n_rows = batches.iter().map(|batch| batch.num_rows()).sum();
    let column = |at: usize| -> ArrayRef {
        let parts: Vec<&dyn Array> = batches.iter().map(|b| b.column(at).as_ref()).collect();
        if parts.iter().all(|part| has_nothing(*part)) {
            return nulls(schema.field(at).data_type(), n_rows);
        }
        compute::concat(&parts).expect("the batches have one schema")
    };
    let columns = (0..schema.fields().len()).map(column).collect();
    RecordBatch::try_new(Arc::clone(schema), columns).expect("each column has every row")
}

/// Picks rows out of a batch.
pub(super) fn taken(batch: &RecordBatch, rows: &UInt32Array) -> RecordBatch {
    let columns = batch.columns().iter().map(|column| take(column, rows)).collect();
    RecordBatch::try_new(batch.schema(), columns).expect("each column has every row")
}

/// Keeps the rows of a batch that a flag says.
pub(super) fn filter(batch: &RecordBatch, kept: &BooleanArray) -> RecordBatch {
    let rows = kept.values().set_indices().map(|row| row as u32);
    taken(batch, &UInt32Array::from_iter_values(rows))
}

/// Leaves out the columns without any value.
pub(super) fn compact(batch: &RecordBatch) -> RecordBatch {
    let has_any = |at: &usize| !has_nothing(batch.column(*at));
    let columns: Vec<usize> = (0..batch.num_columns()).filter(has_any).collect();
    batch.project(&columns).expect("the columns are the batch's own")
}

/// Gives a batch the columns of a schema; those that it has not are without values.
pub(super) fn widened(batch: &RecordBatch, schema: &SchemaRef) -> RecordBatch {
    let column = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
        Some(column) => Arc::clone(column),
        None => nulls(field.data_type(), batch.num_rows()),
    };
    let columns = schema.fields().iter().map(column).collect();
    RecordBatch::try_new(Arc::clone(schema), columns).expect("the columns are of the schema")
}

/// Picks values out of a column; a null among the rows yields a null.
pub(super) fn take(column: &ArrayRef, rows: &UInt32Array) -> ArrayRef {
    if has_nothing(column) || rows.null_count() == rows.len() {
        return nulls(column.data_type(), rows.len());
    }
    compute::take(column, rows, None).expect("the rows are the batch's own")
}

fn has_nothing(column: &dyn Array) -> bool {
    column.null_count() == column.len()
}
