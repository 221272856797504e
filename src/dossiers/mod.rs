//! The fold: the observations of a dossier become its row. A pure function of the observations,
//! whatever their order, and of the reference data.

mod arrange;
mod derive;
mod fold;
mod items;
mod marks;
mod merge;
mod only;
mod pauses;
mod rows;

use arrow::array::RecordBatch;

use crate::pipeline::tables::Table;

pub use arrange::Arranged;
pub use merge::{CellUpdate, merge};

/// A batch of dossiers, with the columns of the dossiers table, sorted by key.
#[derive(Debug, Clone)]
pub struct Dossiers(RecordBatch);

impl Dossiers {
    /// Wraps a batch.
    ///
    /// # Panics
    ///
    /// Where the batch has other columns than the table: a fault of the caller.
    pub fn new(batch: RecordBatch) -> Self {
        assert_eq!(batch.schema(), Table::Dossiers.schema(), "dossiers have one schema");
        Self(batch)
    }

    /// Returns the batch.
    pub fn batch(&self) -> &RecordBatch {
        &self.0
    }

    /// Returns the batch.
    pub fn into_batch(self) -> RecordBatch {
        self.0
    }

    /// Counts the observations of each delivery that entered `history`.
    pub fn observations_by_delivery(&self) -> std::collections::BTreeMap<String, i64> {
        arrange::count_by_delivery(self)
    }
}
