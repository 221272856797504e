//! Measure definitions compiled to polars expressions, and the integers they count by unit,
//! procedure and month. The only module that names polars; does no I/O and reads no clock.

mod cells;
mod compile;
mod ffi;
#[cfg(test)]
mod fixture;
mod items;
pub mod query;
pub mod rows;
pub mod services;
mod tally;
#[cfg(test)]
mod tests;
mod totals;

use std::collections::BTreeMap;
use std::error::Error;

use arrow::array::RecordBatch;
use arrow::compute::{LexicographicalComparator, SortColumn};
use arrow::error::ArrowError;
use polars::prelude::PolarsError;
use thiserror::Error;

use crate::pipeline::columns::Column;
use crate::pipeline::definitions::{Measure, Subject};
use crate::pipeline::tables::Table;

pub use cells::rows_of;

/// Integers by unit, procedure, month and measure, sorted by all columns; zeros are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures(RecordBatch);

/// Why nothing could be counted.
#[derive(Debug, Error)]
pub enum MeasureError {
    /// The rows to count could not be read.
    #[error("failed to read the rows to count")]
    Source(#[source] Box<dyn Error + Send + Sync>),
    /// Polars refused.
    #[error("failed to {deed}")]
    Engine {
        deed: &'static str,
        #[source]
        source: PolarsError,
    },
    /// Arrow refused.
    #[error("failed to {deed}")]
    Arrow {
        deed: &'static str,
        #[source]
        source: ArrowError,
    },
    /// A column is missing or of another type.
    #[error("expected a column `{column}` of type {expected}, found {found}")]
    Schema { column: String, expected: String, found: String },
    /// The rows of a batch of measures do not ascend.
    #[error("the measures are not sorted by all columns")]
    Order,
    /// An ad hoc query cannot be answered; the message is the engine's, in one line.
    #[error("{message}")]
    Query { message: String },
}

impl Measures {
    /// Checks columns, types and order of a batch.
    ///
    /// # Errors
    ///
    /// Names the first column that differs from the table's, or says that the rows do not ascend.
    pub fn new(batch: RecordBatch) -> Result<Self, MeasureError> {
        let schema = batch.schema();
        for (at, wanted) in Table::Measures.schema().fields().iter().enumerate() {
            let found = schema.fields().get(at).filter(|field| field.name() == wanted.name());
            let found = found.map(|field| field.data_type());
            if found != Some(wanted.data_type()) {
                return Err(MeasureError::Schema {
                    column: wanted.name().clone(),
                    expected: wanted.data_type().to_string(),
                    found: found.map_or_else(|| "none".to_owned(), ToString::to_string),
                });
            }
        }
        let sort_column = |values| SortColumn { values, options: None };
        let columns: Vec<_> = batch.columns().iter().cloned().map(sort_column).collect();
        let rows = LexicographicalComparator::try_new(&columns)
            .map_err(|source| MeasureError::Arrow { deed: "compare measures", source })?;
        if (1..batch.num_rows()).any(|row| rows.compare(row - 1, row).is_gt()) {
            return Err(MeasureError::Order);
        }
        Ok(Self(batch))
    }

    /// Returns the rows.
    pub fn batch(&self) -> &RecordBatch {
        &self.0
    }

    /// Returns the rows.
    pub fn into_batch(self) -> RecordBatch {
        self.0
    }
}

/// Counts those of some measures that are of a subject, over batches whose columns are at least the
/// needed ones.
///
/// A flow adds in the month of its day. A stock adds in the month of `from` and subtracts in the
/// month of `until`; an interval that is empty or negative counts nothing.
///
/// # Errors
///
/// A batch that cannot be read, or that lacks a column, ends the counting.
pub fn count<E>(
    measures: &BTreeMap<String, Measure>,
    of: Subject,
    batches: impl Iterator<Item = Result<RecordBatch, E>>,
) -> Result<Measures, MeasureError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    count_all(measures, &[of], batches)
}

/// Counts those of some measures that are of dossiers, their payments or their pauses, over batches of
/// dossiers whose columns are at least the needed ones.
///
/// # Errors
///
/// As [`count`].
pub fn count_cell<E>(
    measures: &BTreeMap<String, Measure>,
    batches: impl Iterator<Item = Result<RecordBatch, E>>,
) -> Result<Measures, MeasureError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    count_all(measures, &Subject::IN_CELLS, batches)
}

fn count_all<E>(
    measures: &BTreeMap<String, Measure>,
    subjects: &[Subject],
    batches: impl Iterator<Item = Result<RecordBatch, E>>,
) -> Result<Measures, MeasureError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let mut tallies: Vec<Tally> = subjects.iter().map(|of| Tally::new(measures, *of)).collect();
    for batch in batches {
        let batch = batch.map_err(|error| MeasureError::Source(error.into()))?;
        tallies.iter_mut().try_for_each(|tally| tally.add(&batch))?;
    }
    let counted: Vec<RecordBatch> =
        tallies.into_iter().map(|tally| tally.totals.into_batch(&tally.plan.measures)).collect();
    match <[RecordBatch; 1]>::try_from(counted) {
        Ok([counted]) => Measures::new(counted),
        Err(counted) => Measures::together(&counted),
    }
}

/// What is counted of a subject.
struct Tally {
    of: Subject,
    needed: Vec<Column>,
    plan: tally::Plan,
    totals: totals::Totals,
}

impl Tally {
    fn new(measures: &BTreeMap<String, Measure>, of: Subject) -> Self {
        let (needed, plan) = (used_columns(measures, of), tally::Plan::new(measures, of));
        Self { of, needed, plan, totals: totals::Totals::default() }
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), MeasureError> {
        if self.plan.is_empty() {
            return Ok(());
        }
        let items = items::of(batch, self.of, &self.needed)?;
        self.plan.add(&project(&items, &self.needed)?, &mut self.totals)
    }
}

/// Returns the columns of `dossiers` that a reader must give to [`count_cell`], in schema order.
pub fn needed_columns(measures: &BTreeMap<String, Measure>) -> Vec<&'static str> {
    let used = Subject::IN_CELLS.map(|of| (of, used_columns(measures, of)));
    let mut needed: Vec<&'static str> = Vec::new();
    for (of, columns) in &used {
        let own = items::own_columns(*of);
        needed.extend(columns.iter().map(|column| column.name).filter(|name| !own.contains(name)));
        let is_counted = measures.values().any(|measure| measure.of == *of);
        needed.extend(items::list_column(*of).filter(|_| is_counted));
    }
    let schema = Table::Dossiers.schema();
    needed.sort_by_key(|name| schema.index_of(name).ok());
    needed.dedup();
    needed
}

fn used_columns(measures: &BTreeMap<String, Measure>, of: Subject) -> Vec<Column> {
    let used = tally::used_names(measures, of);
    let mut columns = of.columns();
    columns.retain(|column| used.contains(column.name));
    columns
}

/// Takes the needed columns out of a batch and checks their types: literals are compared as such.
fn project(batch: &RecordBatch, needed: &[Column]) -> Result<RecordBatch, MeasureError> {
    let mut indices = Vec::with_capacity(needed.len());
    for column in needed {
        let found = batch.schema_ref().column_with_name(column.name);
        match found.filter(|(_, field)| *field.data_type() == column.kind.data_type()) {
            Some((index, _)) => indices.push(index),
            None => {
                let found = found.map(|(_, field)| field.data_type().to_string());
                return Err(MeasureError::Schema {
                    column: column.name.to_owned(),
                    expected: column.kind.data_type().to_string(),
                    found: found.unwrap_or_else(|| "none".to_owned()),
                });
            }
        }
    }
    batch
        .project(&indices)
        .map_err(|source| MeasureError::Arrow { deed: "take the needed columns", source })
}
