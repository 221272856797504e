//! One release: indicators from measures, the rows that differ published at once, then the tables
//! rolled forward. The release object is the commit.

mod draw;
pub(super) mod published;
mod tables;

use std::collections::BTreeMap;

use anyhow::Context as _;
use rayon::prelude::*;
use tracing::info;

use crate::indicators::Indicators;
use crate::indicators::completeness::Report;
use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::store::Store;
use crate::store::parquet::{DataFile, FileName, Spooled};
use crate::store::releases::{Release, ReleaseFile};

use super::Options;
use super::control::Difference;
use super::copy::{self, copy};
use super::ledger::Judgement;
use super::stop::Stop;
use super::watch::Watch;

use draw::{Drawn, draw};

/// The tables that a release writes, and whether its file replaces the one before.
pub(super) const RELEASED: [(Table, bool); 4] = [
    (Table::Revisions, false),
    (Table::Completeness, true),
    (Table::Trends, true),
    (Table::Indicators, true),
];

/// How often a release is made again because others published first.
const MAX_TRIES: usize = 5;

/// What releasing came to.
#[derive(Debug)]
pub(super) struct Released {
    /// The release made, or the one that stands; `None` where nothing was ever published.
    pub(super) release: Option<Release>,
    pub(super) is_new: bool,
    /// The rows of the headline's indicators.
    pub(super) headline: Indicators,
    /// Which unit has reported on what.
    pub(super) reports: Vec<Report>,
    /// What units' forms and their logs do not agree on.
    pub(super) differences: Vec<Difference>,
    /// What was judged since the release before, by runs that a guard has stopped, too.
    pub(super) judgements: Vec<Judgement>,
}

/// Publishes what differs from the last release, if anything does.
pub(super) fn release(
    pipeline: &Pipeline,
    store: &Store,
    options: &Options,
    watch: &Watch,
) -> anyhow::Result<Released> {
    for _ in 0..MAX_TRIES {
        let Drawn { mut released, files } = draw(pipeline, store, options, watch)?;
        let (true, Some(release)) = (released.is_new, &mut released.release) else {
            return Ok(released);
        };
        release.files = put_files(store, release.number, files)?;
        if store.publish_release(release).context("failed to publish the release")? {
            roll_forward_last(pipeline, store)?;
            let Release { number, rows_changed, .. } = release;
            info!(stage = "release", number, rows_changed, "published");
            return Ok(released);
        }
    }
    Err(Stop::Contended.into())
}

/// Brings the Delta tables and the plain copies up to the last release: a run that stopped after
/// publishing has left this to the next. Returns that release, where there was something to do.
pub(super) fn roll_forward_last(
    pipeline: &Pipeline,
    store: &Store,
) -> anyhow::Result<Option<Release>> {
    let last = || store.latest_release().context("failed to read the last release");
    let (mut next, mut rolled) = (last()?, None);
    while let Some(release) = next {
        let is_rolled = roll_forward(pipeline, store, &release)?;
        // Copies of a release that another run has published meanwhile may lie under ours.
        next = last()?.filter(|newer| newer.number > release.number);
        rolled = Some(release).filter(|_| is_rolled).or(rolled);
    }
    Ok(rolled)
}

/// Reads the indicators as a release published them.
pub(super) fn read_indicators(store: &Store, release: &Release) -> anyhow::Result<Indicators> {
    Ok(Indicators::from_batch(copy::read(Table::Indicators, release, store)?)?)
}

/// Names what a release was made with that is other than this pipeline's.
pub(super) fn made_with_others(release: &Release, pipeline: &Pipeline) -> Vec<&'static str> {
    let of_both = [
        ("definitions", &release.definitions, &pipeline.definitions.hash),
        ("reference data", &release.reference, &pipeline.reference.hash),
    ];
    let others = of_both.into_iter().filter(|(_, released, ours)| released != ours);
    others.map(|(what, ..)| what).collect()
}

/// Commits to each released table what it lacks of the releases up to this one, in their order;
/// whether any lacked one.
fn roll_forward(pipeline: &Pipeline, store: &Store, release: &Release) -> anyhow::Result<bool> {
    let mut is_rolled = false;
    for (at, (table, replace)) in RELEASED.into_iter().enumerate() {
        let done = store.snapshot(table)?.release()?.unwrap_or(0);
        // The copies come before the last table's commit: when it stands, all stands.
        if at + 1 == RELEASED.len() {
            copy(pipeline, store, release)?;
        }
        for number in done + 1..=release.number {
            is_rolled = true;
            let missing = store.release(number).context("failed to read a release")?;
            let file = data_file(&missing, table);
            let file = file.with_context(|| format!("release {number} lacks a file"))?;
            store
                .roll_forward(table, number, file, replace)
                .with_context(|| format!("failed to roll `{}` forward", table.name()))?;
        }
    }
    Ok(is_rolled)
}

/// Puts a release's data files where they belong, named by its number and their content.
fn put_files(
    store: &Store,
    number: u64,
    files: Vec<Spooled>,
) -> anyhow::Result<BTreeMap<String, ReleaseFile>> {
    let prefix = format!("{number:08}-");
    let put = |file: Spooled| {
        let table = file.table().name().to_owned();
        let DataFile { path, size_bytes, n_rows, .. } =
            store.put(file, FileName::Prefixed(&prefix))?;
        Ok((table, ReleaseFile { path, size_bytes, n_rows }))
    };
    files.into_par_iter().map(put).collect()
}

/// Returns a release's file of a table.
pub(super) fn data_file(release: &Release, table: Table) -> Option<DataFile> {
    let ReleaseFile { path, size_bytes, n_rows } = release.files.get(table.name())?.clone();
    Some(DataFile { path, cell: None, size_bytes, n_rows })
}
