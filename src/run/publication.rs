//! What a release tells the public, small cells suppressed.

use anyhow::Context as _;

use crate::indicators::Indicators;
use crate::indicators::row::Row;
use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::publish::export::Published;
use crate::store::Store;
use crate::store::releases::Release;

use super::copy::open_tables;
use super::show::find_release;

/// A release and its open figures.
pub struct Publication {
    release: Release,
    rows: Vec<Row>,
}

impl Publication {
    /// Reads a release: one by its number, the last by a day, or the last.
    ///
    /// # Errors
    ///
    /// [`super::stop::Stop::Mistake`] where there is no such release.
    pub fn read(pipeline: &Pipeline, store: &Store, wanted: Option<&str>) -> anyhow::Result<Self> {
        let release = find_release(pipeline, store, wanted)?;
        let mut tables = open_tables(pipeline, store, &release)?;
        let rows = tables.remove(&Table::Indicators).context("there are no indicators")?;
        let rows = Indicators::from_batch(rows)?.rows();
        Ok(Self { release, rows })
    }

    /// Shows it to what writes it.
    pub fn published<'a>(&'a self, pipeline: &'a Pipeline) -> Published<'a> {
        Published {
            pipeline,
            release: self.release.number,
            published_at: &self.release.published_at,
            as_of: self.release.as_of,
            rows: &self.rows,
        }
    }
}
