//! One release: indicators from measures, the rows that differ published at once, then the tables
//! rolled forward. The release object is the commit.

use std::collections::BTreeMap;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use tracing::info;

use crate::indicators::completeness::Completeness;
use crate::indicators::compute::compute;
use crate::indicators::coverage::Coverage;
use crate::indicators::reading::add_readings;
use crate::indicators::revise::{Changes, revise};
use crate::indicators::{Indicators, Revisions};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::publish::copies;
use crate::store::Store;
use crate::store::parquet::{DataFile, FileName};
use crate::store::releases::{Release, ReleaseFile};

use super::conservation;
use super::control::{self, Difference};
use super::ledger::Ledger;
use super::measure::read_all;
use super::stop::{Failure, Stop};

/// The tables that a release writes, and whether its file replaces the one before.
pub(super) const RELEASED: [(Table, bool); 3] =
    [(Table::Revisions, false), (Table::Completeness, true), (Table::Indicators, true)];

/// How often a release is made again because others published first.
const MAX_TRIES: usize = 5;

/// What releasing came to.
#[derive(Debug)]
pub(super) struct Released {
    /// The release made, or the one that stands; `None` where nothing was ever published.
    pub(super) release: Option<Release>,
    pub(super) is_new: bool,
    pub(super) indicators: Indicators,
    /// What units' forms and their logs do not agree on.
    pub(super) differences: Vec<Difference>,
}

/// Publishes what differs from the last release, if anything does.
pub(super) fn release(
    pipeline: &Pipeline,
    store: &Store,
    as_of: NaiveDate,
    now: DateTime<Utc>,
) -> anyhow::Result<Released> {
    for _ in 0..MAX_TRIES {
        let ledger = Ledger::read(store)?;
        conservation::check_ledger(&ledger)?;
        let (measures, measures_version) = read_all(store)?;
        let coverage = Coverage::new(pipeline, &ledger.covered(pipeline));
        let differences = control::compare(pipeline, &measures, &ledger);
        let last = store.latest_release().context("failed to read the last release")?;
        let published = last.as_ref().map(|last| read_indicators(store, last)).transpose()?;
        let number = last.as_ref().map_or(1, |last| last.number + 1);

        let mut rows = compute(pipeline, &measures, &coverage, as_of);
        let published_rows = published.as_ref().map(Indicators::rows).unwrap_or_default();
        let changes = changes(pipeline, last.as_ref());
        let revisions = revise(&mut rows, &published_rows, number as i64, changes);
        if let (true, Some(indicators)) = (revisions.is_empty(), published) {
            return Ok(Released { release: last, is_new: false, indicators, differences });
        }
        add_readings(&mut rows, pipeline);
        let indicators = Indicators::from_rows(&rows);
        let published_at = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        let tables = [
            (Table::Indicators, indicators.batch().clone()),
            (Table::Completeness, Completeness::new(pipeline, &coverage, as_of).batch()),
            (
                Table::Revisions,
                Revisions::from_rows(&revisions, number as i64, &published_at).batch().clone(),
            ),
        ];
        let release = Release {
            number,
            as_of,
            published_at,
            pipeline: pipeline.settings.name.clone(),
            definitions: pipeline.definitions.hash.clone(),
            reference: pipeline.reference.hash.clone(),
            source_versions: source_versions(store, measures_version)?,
            files: write_files(store, number, tables)?,
            rows_changed: revisions.len() as u64,
        };
        if store.publish_release(&release).context("failed to publish the release")? {
            roll_forward(store, &release)?;
            info!(stage = "release", number, rows_changed = revisions.len(), "published");
            return Ok(Released { release: Some(release), is_new: true, indicators, differences });
        }
    }
    Err(Stop::Contended.into())
}

/// Brings the Delta tables and the plain copies up to the last release: a run that stopped after
/// publishing has left this to the next.
pub(super) fn roll_forward_last(store: &Store) -> anyhow::Result<()> {
    match store.latest_release().context("failed to read the last release")? {
        Some(last) => roll_forward(store, &last),
        None => Ok(()),
    }
}

/// Reads the indicators as a release published them.
pub(super) fn read_indicators(store: &Store, release: &Release) -> anyhow::Result<Indicators> {
    let file = data_file(release, Table::Indicators)
        .with_context(|| format!("release {} has no indicators", release.number))?;
    let parts: Result<Vec<RecordBatch>, _> = store.read(Table::Indicators, &file, None)?.collect();
    let all = arrow::compute::concat_batches(&Table::Indicators.schema(), &parts?)?;
    Indicators::from_batch(all).context("the indicators table has other columns")
}

/// Commits to each released table what it lacks of the releases up to this one, in their order.
fn roll_forward(store: &Store, release: &Release) -> anyhow::Result<()> {
    for (at, (table, replace)) in RELEASED.into_iter().enumerate() {
        let done = store.snapshot(table)?.release()?.unwrap_or(0);
        // The copies come before the last table's commit: when it stands, all stands.
        if at + 1 == RELEASED.len() && done < release.number {
            copy_tables(store, release)?;
        }
        for number in done + 1..=release.number {
            let missing = store.release(number).context("failed to read a release")?;
            let file = data_file(&missing, table);
            let file = file.with_context(|| format!("release {number} lacks a file"))?;
            store
                .roll_forward(table, number, file, replace)
                .with_context(|| format!("failed to roll `{}` forward", table.name()))?;
        }
    }
    Ok(())
}

/// Writes the plain copies of the small tables, whole; earlier revisions come first.
fn copy_tables(store: &Store, release: &Release) -> anyhow::Result<()> {
    for (table, replace) in RELEASED {
        let mut files = if replace { Vec::new() } else { store.snapshot(table)?.files };
        let new = data_file(release, table);
        files.extend(new.filter(|new| files.iter().all(|file| file.path != new.path)));
        let mut batches = Vec::new();
        for file in &files {
            for batch in store.read(table, file, None)? {
                batches.push(batch?);
            }
        }
        let (name, bytes) = copies::plain_copy(table, &batches)?;
        store.put_public(&name, bytes).with_context(|| format!("failed to write `{name}`"))?;
    }
    Ok(())
}

/// Writes a release's data files, named by its number and their content.
fn write_files<const N: usize>(
    store: &Store,
    number: u64,
    tables: [(Table, RecordBatch); N],
) -> Result<BTreeMap<String, ReleaseFile>, Failure> {
    let mut files = BTreeMap::new();
    for (table, rows) in tables {
        let prefix = format!("{number:08}-");
        let written: DataFile =
            store.write(table, None, FileName::Prefixed(&prefix), [Ok::<_, Failure>(rows)])?;
        let DataFile { path, size_bytes, n_rows, .. } = written;
        files.insert(table.name().to_owned(), ReleaseFile { path, size_bytes, n_rows });
    }
    Ok(files)
}

fn data_file(release: &Release, table: Table) -> Option<DataFile> {
    let ReleaseFile { path, size_bytes, n_rows } = release.files.get(table.name())?.clone();
    Some(DataFile { path, cell: None, size_bytes, n_rows })
}

fn source_versions(store: &Store, measures: i64) -> anyhow::Result<BTreeMap<String, i64>> {
    let mut versions = BTreeMap::from([(Table::Measures.name().to_owned(), measures)]);
    for table in [Table::Dossiers, Table::Quarantine, Table::Deliveries] {
        versions.insert(table.name().to_owned(), store.snapshot(table)?.version);
    }
    Ok(versions)
}

fn changes(pipeline: &Pipeline, last: Option<&Release>) -> Changes {
    last.map_or_else(Changes::default, |last| Changes {
        definitions: last.definitions != pipeline.definitions.hash,
        reference: last.reference != pipeline.reference.hash,
    })
}
