//! Periods, ratios, coverage, status, targets and revisions, from additive integers.

mod breaks;
mod columns;
pub mod completeness;
pub mod compute;
pub mod coverage;
mod figure;
mod finality;
pub mod period;
pub mod reading;
pub mod revise;
pub mod roll_up;
pub mod row;
pub mod scope;
pub mod series;
mod table;
pub mod trend;

use arrow::array::RecordBatch;
use thiserror::Error;

use crate::pipeline::tables::Table;

use revise::Told;
use row::Row;

/// Rows of a published table that this version does not read.
#[derive(Debug, Error)]
#[error("the table `{}` has other columns, or rows of a kind that this version does not know", .0.name())]
pub struct OtherRows(Table);

/// Holds rows read from storage against what is known of their table.
fn check(table: Table, batch: &RecordBatch) -> Result<(), OtherRows> {
    let is_known = batch.schema() == table.schema() && columns::are_kinds_known(batch);
    if is_known { Ok(()) } else { Err(OtherRows(table)) }
}

/// The indicators as last published: a batch with the columns of the indicators table.
#[derive(Debug, Clone, PartialEq)]
pub struct Indicators(RecordBatch);

impl Default for Indicators {
    /// Nothing was published yet.
    fn default() -> Self {
        Self::from_rows(&[])
    }
}

impl Indicators {
    /// Makes the table from its rows.
    pub fn from_rows(rows: &[Row]) -> Self {
        Self(table::indicators(rows))
    }

    /// Wraps a batch read from storage.
    ///
    /// # Errors
    ///
    /// [`OtherRows`] where its columns are not the table's, or a row is of a kind that is not known.
    pub fn from_batch(batch: RecordBatch) -> Result<Self, OtherRows> {
        check(Table::Indicators, &batch).map(|()| Self(batch))
    }

    /// Returns the rows.
    pub fn rows(&self) -> Vec<Row> {
        columns::rows(&self.0)
    }

    /// Returns the rows of one indicator.
    #[must_use]
    pub fn of(&self, indicator: &str) -> Self {
        Self(table::of_indicator(&self.0, indicator))
    }

    /// Returns the batch.
    pub fn batch(&self) -> &RecordBatch {
        &self.0
    }
}

/// Revisions as published: a batch with the columns of the revisions table.
#[derive(Debug, Clone)]
pub struct Revisions(RecordBatch);

impl Revisions {
    /// Makes the table from a release's revisions.
    pub fn from_rows(revisions: &[revise::Revision], release: i64, published_at: &str) -> Self {
        Self(table::revisions(revisions, release, published_at))
    }

    /// Wraps a batch read from storage.
    ///
    /// # Errors
    ///
    /// [`OtherRows`] where its columns are not the table's, or a row is of a kind that is not known.
    pub fn from_batch(batch: RecordBatch) -> Result<Self, OtherRows> {
        check(Table::Revisions, &batch).map(|()| Self(batch))
    }

    /// Returns what each revision tells, in their order.
    pub fn told(&self) -> Vec<Told> {
        columns::told(&self.0)
    }

    /// Takes the numbers, old and new, out of the revisions for which `hidden` says so.
    #[must_use]
    pub fn suppressed(&self, hidden: &[bool]) -> Self {
        Self(table::suppressed(&self.0, hidden))
    }

    /// Returns the batch.
    pub fn batch(&self) -> &RecordBatch {
        &self.0
    }
}
