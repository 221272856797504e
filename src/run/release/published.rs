//! A released table read one indicator after the other, so that it takes the memory of one.

use std::collections::BTreeSet;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use arrow::array::cast::AsArray as _;
use arrow::compute::concat_batches;

use crate::indicators::{Indicators, Revisions};
use crate::pipeline::tables::Table;
use crate::store::Store;
use crate::store::parquet::DataFile;
use crate::store::releases::Release;

use super::data_file;

/// What a release published in one table, by indicator.
pub(in crate::run) struct Published<'a> {
    store: &'a Store,
    table: Table,
    /// `None` where nothing was ever published.
    file: Option<DataFile>,
    ids: BTreeSet<String>,
    n_rows: usize,
}

impl<'a> Published<'a> {
    /// Opens the indicators of a release.
    pub(in crate::run) fn indicators(
        release: Option<&Release>,
        store: &'a Store,
    ) -> anyhow::Result<Self> {
        Self::open(Table::Indicators, release, store)
    }

    /// Opens what a release itself told of revisions.
    pub(in crate::run) fn revisions(release: &Release, store: &'a Store) -> anyhow::Result<Self> {
        Self::open(Table::Revisions, Some(release), store)
    }

    /// Opens the trends of a release.
    pub(super) fn trends(release: Option<&Release>, store: &'a Store) -> anyhow::Result<Self> {
        Self::open(Table::Trends, release, store)
    }

    fn open(table: Table, release: Option<&Release>, store: &'a Store) -> anyhow::Result<Self> {
        let Some(release) = release else {
            return Ok(Self { store, table, file: None, ids: BTreeSet::new(), n_rows: 0 });
        };
        let file = data_file(release, table);
        let file = file.with_context(|| format!("release {} lacks a file", release.number))?;
        let (mut ids, mut n_rows) = (BTreeSet::new(), 0);
        for batch in store.read(table, &file, Some(&["indicator"]))? {
            let batch = batch?;
            n_rows += batch.num_rows();
            let mut last = "";
            for id in batch.column(0).as_string::<i32>().iter().flatten() {
                if id != last {
                    ids.insert(id.to_owned());
                    last = id;
                }
            }
        }
        Ok(Self { store, table, file: Some(file), ids, n_rows })
    }

    /// Names every indicator that has a row.
    pub(in crate::run) fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(String::as_str)
    }

    /// Returns how many rows there are.
    pub(in crate::run) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Reads the figures of an indicator.
    pub(in crate::run) fn of(&self, indicator: &str) -> anyhow::Result<Indicators> {
        Ok(Indicators::from_batch(self.rows(indicator)?)?)
    }

    /// Reads what was told of an indicator's revisions.
    pub(in crate::run) fn told_of(&self, indicator: &str) -> anyhow::Result<Revisions> {
        Ok(Revisions::from_batch(self.rows(indicator)?)?)
    }

    /// Reads the rows of an indicator.
    pub(super) fn rows(&self, indicator: &str) -> anyhow::Result<RecordBatch> {
        match self.file.as_ref().filter(|_| self.ids.contains(indicator)) {
            Some(file) => rows_of(self.table, file, &[indicator.to_owned()], self.store),
            None => Ok(RecordBatch::new_empty(self.table.schema())),
        }
    }
}

/// Reads the rows of some indicators.
pub(super) fn rows_of(
    table: Table,
    file: &DataFile,
    ids: &[String],
    store: &Store,
) -> anyhow::Result<RecordBatch> {
    let batches = store.read_where(table, file, "indicator", ids)?;
    let batches: Vec<RecordBatch> = batches.collect::<Result<_, _>>()?;
    Ok(concat_batches(&table.schema(), &batches)?)
}
