//! What a release is computed from, all of one state.

use std::collections::BTreeMap;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use chrono::NaiveDate;

use crate::indicators::completeness::Completeness;
use crate::indicators::compute::Figures;
use crate::indicators::coverage::{self, Coverage, Covered};
use crate::indicators::roll_up::RollUp;
use crate::indicators::series::Series;
use crate::measures::{self, Measures};
use crate::pipeline::definitions::Subject;
use crate::pipeline::tables::Table;
use crate::pipeline::{Pipeline, hash_of};
use crate::store::releases::Release;
use crate::store::table::Snapshot;
use crate::store::{Store, StoreError};

use super::ledger::Ledger;
use super::measure;
use super::stop::Stop;
use super::watch::Watch;

/// How often a state is looked for while other runs fold.
const MAX_TRIES: usize = 5;

/// The ledger and the measures, at versions of their tables that fit one another.
pub(super) struct State {
    ledger: Snapshot,
    measures: Snapshot,
    /// The version read, by table.
    pub(super) versions: BTreeMap<String, i64>,
}

impl State {
    /// Finds the newest state; what another run has folded meanwhile is measured first.
    ///
    /// The ledger is read before the dossiers: what it tells of was folded before.
    pub(super) fn newest(
        pipeline: &Pipeline,
        store: &Store,
        watch: &Watch,
    ) -> anyhow::Result<Self> {
        for _ in 0..MAX_TRIES {
            let tables = [Table::Deliveries, Table::Quarantine, Table::Dossiers, Table::Measures];
            let [ledger, quarantine, dossiers, measured] =
                tables.map(|table| store.snapshot(table));
            let (ledger, quarantine) = (ledger?, quarantine?);
            let (dossiers, measured) = (dossiers?, measured?);
            if measure::are_current(&dossiers, &measured, pipeline)? {
                let read = [ledger.version, quarantine.version, dossiers.version, measured.version];
                let versions = tables.iter().zip(read);
                let versions = versions.map(|(table, v)| (table.name().to_owned(), v)).collect();
                return Ok(Self { ledger, measures: measured, versions });
            }
            measure::measure(pipeline, store, watch)?;
        }
        Err(Stop::Contended.into())
    }

    /// Reads the ledger.
    pub(super) fn ledger(&self, store: &Store) -> anyhow::Result<Ledger> {
        Ledger::at(&self.ledger, store)
    }

    /// Rolls the measures up.
    pub(super) fn roll_up<'a>(
        &self,
        pipeline: &'a Pipeline,
        store: &Store,
    ) -> anyhow::Result<RollUp<'a>> {
        measure::roll_up(&self.measures.files, pipeline, store)
    }

    /// Identifies all that the rows of a release are computed from: the files read and the versions
    /// that name them, the whole pipeline, the as-of day, and hoso's own sources.
    pub(super) fn inputs(&self, pipeline: &Pipeline, as_of: NaiveDate) -> String {
        let Self { ledger, measures, versions } = self;
        let files = format!("{:?}{:?}{versions:?}", ledger.files, measures.files);
        let pipeline = format!("{pipeline:?}");
        hash_of([&*files, &*pipeline, &*as_of.to_string(), env!("HOSO_SOURCES")])
    }
}

/// What the figures of a release rest on.
pub(super) struct Basis<'a> {
    pipeline: &'a Pipeline,
    as_of: NaiveDate,
    pub(super) covered: Vec<Covered>,
    pub(super) completeness: Completeness,
    pub(super) series: Series<'a>,
}

impl<'a> Basis<'a> {
    /// Gathers it, as of a day.
    pub(super) fn new(
        pipeline: &'a Pipeline,
        ledger: &Ledger,
        rolled_up: RollUp<'a>,
        as_of: NaiveDate,
    ) -> anyhow::Result<Self> {
        let covered = ledger.covered(pipeline);
        let completeness = Completeness::new(pipeline, &covered, as_of);
        let series = with_reports(rolled_up, &completeness, &covered, pipeline)?;
        Ok(Self { pipeline, as_of, covered, completeness, series })
    }

    /// Returns the figures that rest on it.
    pub(super) fn figures(&self) -> Figures<'_> {
        let coverage = Coverage::new(self.pipeline, &self.covered);
        Figures::new(self.pipeline, &self.series, &coverage, self.as_of)
    }
}

/// Adds what is counted over the reports themselves and over what was delivered.
pub(super) fn with_reports<'a>(
    mut rolled_up: RollUp<'a>,
    completeness: &Completeness,
    covered: &[Covered],
    pipeline: &Pipeline,
) -> anyhow::Result<Series<'a>> {
    for counted in reports(completeness, covered, pipeline)? {
        rolled_up.add(counted.batch());
    }
    Ok(rolled_up.finish())
}

/// Counts the reports themselves and what was delivered.
pub(super) fn reports(
    completeness: &Completeness,
    covered: &[Covered],
    pipeline: &Pipeline,
) -> anyhow::Result<[Measures; 2]> {
    let count = |of: Subject, batch: RecordBatch| {
        let batch = std::iter::once(Ok::<_, StoreError>(batch));
        measures::count(&pipeline.definitions.measures, of, batch)
    };
    let reports = count(Subject::Reports, completeness.batch());
    let deliveries = count(Subject::Deliveries, coverage::batch(covered));
    Ok([
        reports.context("failed to count the reports")?,
        deliveries.context("failed to count what was delivered")?,
    ])
}

/// Loads a table at the version that a release read.
pub(super) fn source(table: Table, release: &Release, store: &Store) -> anyhow::Result<Snapshot> {
    let (name, number) = (table.name(), release.number);
    let version = release.source_versions.get(name);
    let version = version
        .with_context(|| format!("release {number} does not say which `{name}` it was made of"))?;
    let loaded = store.snapshot_at(table, *version);
    loaded.with_context(|| format!("failed to load version {version} of `{name}`"))
}
