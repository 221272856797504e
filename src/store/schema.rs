//! Schemas that grow: what a table lacks is added to it, what an older file lacks is read as null.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, ListArray, RecordBatch, RecordBatchOptions, StructArray,
    new_null_array,
};
use arrow::datatypes::{DataType as ArrowType, Schema, SchemaRef};
use arrow::error::ArrowError;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel as _;
use deltalake_core::kernel::{ArrayType, DataType, MetadataExt as _, StructField, StructType};
use deltalake_core::protocol::DeltaOperation;

use crate::pipeline::tables::Table;

use super::commit::MAX_TRIES;
use super::{Cause, Store, StoreError};

impl Store {
    /// Adds to a table the columns that it lacks; others may do the same at the same time.
    pub(super) fn widen(&self, table: Table, wanted: &StructType) -> Result<(), StoreError> {
        for _ in 0..MAX_TRIES {
            let snapshot = self.snapshot(table)?;
            let found = snapshot.state.schema();
            let schema = widened(&found, wanted, "")
                .map_err(|misfit| StoreError::Newer { table: table.name(), source: misfit })?;
            if schema == *found {
                return Ok(());
            }
            let added = schema.fields().filter(|field| found.field(field.name()) != Some(*field));
            let operation = DeltaOperation::AddColumn { fields: added.cloned().collect() };
            let metadata = snapshot.state.metadata().clone().with_schema(&schema);
            let metadata =
                metadata.map_err(|error| StoreError::io("widen", table.name(), error))?;
            let actions = vec![metadata.into()];
            if self.try_actions(table, &snapshot, actions, operation, Vec::new())?.is_some() {
                return Ok(());
            }
        }
        Err(StoreError::Contended { table: table.name() })
    }
}

/// Refuses a file with a column that its table does not have, or has with another type.
pub(super) fn check(found: &Schema, wanted: &Schema) -> Result<(), Cause> {
    let found: StructType = found.try_into_kernel()?;
    let wanted: StructType = wanted.try_into_kernel()?;
    widened(&found, &wanted, "").map(drop)
}

/// Gives a batch a schema; the columns that it lacks, at any depth, are null.
pub(super) fn filled(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let n_rows = batch.num_rows();
    let fields = schema.fields().iter();
    let columns = fields
        .map(|field| filled_column(batch.column_by_name(field.name()), field.data_type(), n_rows));
    let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
    let columns = columns.collect::<Result<_, _>>()?;
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn filled_column(
    found: Option<&ArrayRef>,
    wanted: &ArrowType,
    n_rows: usize,
) -> Result<ArrayRef, ArrowError> {
    let Some(found) = found else {
        return Ok(new_null_array(wanted, n_rows));
    };
    match (found.data_type(), wanted) {
        (same, _) if same == wanted => Ok(Arc::clone(found)),
        (ArrowType::Struct(_), ArrowType::Struct(fields)) => {
            let found = found.as_struct();
            let columns = fields.iter().map(|field| {
                filled_column(found.column_by_name(field.name()), field.data_type(), n_rows)
            });
            let columns = columns.collect::<Result<_, _>>()?;
            let nulls = found.nulls().cloned();
            Ok(Arc::new(StructArray::try_new(fields.clone(), columns, nulls)?))
        }
        (ArrowType::List(_), ArrowType::List(item)) => {
            let found = found.as_list::<i32>();
            let values = found.values();
            let values = filled_column(Some(values), item.data_type(), values.len())?;
            let (offsets, nulls) = (found.offsets().clone(), found.nulls().cloned());
            Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets, values, nulls)?))
        }
        (other, _) => Err(ArrowError::SchemaError(format!("{other} instead of {wanted}"))),
    }
}

/// Adds to a schema, in their places and nullable, the columns that it lacks of the one wanted.
///
/// A column that is not wanted, or of another type, is an error that names it.
fn widened(found: &StructType, wanted: &StructType, above: &str) -> Result<StructType, Cause> {
    if let Some(field) = found.fields().find(|field| wanted.field(field.name()).is_none()) {
        let (column, data_type) = (field.name(), field.data_type());
        return Err(format!("unknown column `{above}{column}` of type {data_type}").into());
    }
    let fields = wanted.fields().map(|field| {
        let Some(there) = found.field(field.name()) else {
            return Ok(StructField::nullable(field.name(), field.data_type().clone()));
        };
        let column = format!("{above}{}", field.name());
        let data_type = widened_type(there.data_type(), field.data_type(), &column)?;
        Ok(StructField { data_type, ..there.clone() })
    });
    Ok(StructType::try_new(fields.collect::<Result<Vec<_>, Cause>>()?)?)
}

fn widened_type(found: &DataType, wanted: &DataType, column: &str) -> Result<DataType, Cause> {
    match (found, wanted) {
        (same, _) if same == wanted => Ok(same.clone()),
        (DataType::Struct(found), DataType::Struct(wanted)) => {
            Ok(widened(found, wanted, &format!("{column}."))?.into())
        }
        (DataType::Array(found), DataType::Array(wanted)) => {
            let item = widened_type(&found.element_type, &wanted.element_type, column)?;
            Ok(ArrayType::new(item, found.contains_null).into())
        }
        _ => Err(format!("column `{column}` of type {found} instead of {wanted}").into()),
    }
}
