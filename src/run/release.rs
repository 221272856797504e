//! One release: indicators from measures, the rows that differ published at once, then the tables
//! rolled forward. The release object is the commit.

use std::collections::BTreeMap;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use chrono::SecondsFormat;
use rayon::prelude::*;
use tracing::info;

use crate::indicators::completeness::{Completeness, Report};
use crate::indicators::reading::add_readings;
use crate::indicators::revise::{Changes, News, revise};
use crate::indicators::{Indicators, Revisions, trend};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::store::Store;
use crate::store::parquet::{DataFile, FileName};
use crate::store::releases::{Release, ReleaseFile};

use super::Options;
use super::conservation;
use super::control::{self, Difference};
use super::copy::{self, copy};
use super::guards;
use super::ledger::{Judgement, Ledger};
use super::news::Known;
use super::state::{Computed, State, with_reports};
use super::stop::{Failure, Stop};
use super::watch::Watch;

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
    /// The table; of a release that stands at least the rows of the headline's indicators.
    pub(super) indicators: Indicators,
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
        let Drawn { mut released, tables } = draw(pipeline, store, options, watch)?;
        let (true, Some(release)) = (released.is_new, &mut released.release) else {
            return Ok(released);
        };
        release.files = write_files(store, release.number, tables)?;
        if store.publish_release(release).context("failed to publish the release")? {
            roll_forward(pipeline, store, release)?;
            let Release { number, rows_changed, .. } = release;
            info!(stage = "release", number, rows_changed, "published");
            return Ok(released);
        }
    }
    Err(Stop::Contended.into())
}

/// A release drawn up, and not yet written; or the last, where nothing differs from it.
struct Drawn {
    released: Released,
    tables: Vec<(Table, RecordBatch)>,
}

/// Computes every row from what the tables hold now, compares it with the last release, and lets
/// the guards speak.
fn draw(
    pipeline: &Pipeline,
    store: &Store,
    options: &Options,
    watch: &Watch,
) -> anyhow::Result<Drawn> {
    let state = State::newest(pipeline, store, watch)?;
    let ledger = state.ledger(store)?;
    conservation::check_ledger(&ledger)?;
    let inputs = state.inputs(pipeline, options.as_of);
    let last = store.latest_release().context("failed to read the last release")?;
    if let Some(last) = last.as_ref().filter(|last| last.inputs.as_ref() == Some(&inputs)) {
        let released = standing(pipeline, store, last, &state, &ledger)?;
        return Ok(Drawn { released, tables: Vec::new() });
    }
    let (computed, published) = rayon::join(
        || Computed::new(pipeline, &ledger, state.roll_up(pipeline, store)?, options.as_of),
        || last.as_ref().map(|last| read_indicators(store, last)).transpose(),
    );
    let Computed { mut rows, covered, completeness, series } = computed?;
    let published = published?.unwrap_or_default();
    let differences = control::compare(pipeline, &series, &ledger);
    let number = last.as_ref().map_or(1, |last| last.number + 1);

    let known = Known::by(last.as_ref(), store)?;
    let changes = changes(pipeline, last.as_ref(), known.news(&ledger, pipeline));
    let revisions = revise(&mut rows, &published, number as i64, &changes);
    let judgements: Vec<Judgement> =
        ledger.judgements().filter(|judgement| known.is_new(judgement)).cloned().collect();
    let mut released = Released {
        release: last,
        is_new: false,
        indicators: published,
        reports: completeness.reports.clone(),
        differences,
        judgements,
    };
    if revisions.is_empty() && released.release.is_some() {
        return Ok(Drawn { released, tables: Vec::new() });
    }
    let mut evidence = guards::judge(pipeline, &covered, &completeness, &known, options);
    evidence.extend(guards::final_changed(&revisions, &pipeline.definitions));
    let accepted = guards::accept(&evidence, options)?;
    let release = Release {
        inputs: Some(inputs),
        source_versions: state.versions,
        rows_changed: revisions.len() as u64,
        evidence,
        accepted,
        ..release_by(pipeline, options, number)
    };
    let told = Revisions::from_rows(&revisions, number as i64, &release.published_at);
    // What is not needed any more makes room for the tables.
    drop((series, revisions, std::mem::take(&mut released.indicators)));
    add_readings(&mut rows, pipeline);
    let (indicators, trends) = rayon::join(
        || Indicators::from_rows(&rows),
        || trend::batch(&trend::trends(&rows, pipeline, options.as_of)),
    );
    let tables = vec![
        (Table::Indicators, indicators.batch().clone()),
        (Table::Completeness, completeness.batch()),
        (Table::Trends, trends),
        (Table::Revisions, told.batch().clone()),
    ];
    released.is_new = true;
    released.indicators = indicators;
    released.release = Some(release);
    Ok(Drawn { released, tables })
}

/// Begins a release: says when it is made, and by which pipeline.
fn release_by(pipeline: &Pipeline, options: &Options, number: u64) -> Release {
    Release {
        number,
        as_of: options.as_of,
        published_at: options.now.to_rfc3339_opts(SecondsFormat::Secs, true),
        pipeline: pipeline.settings.name.clone(),
        definitions: pipeline.definitions.hash.clone(),
        formulas: pipeline.definitions.formula_hashes(),
        reference: pipeline.reference.hash.clone(),
        reference_parts: pipeline.reference.hashes.clone(),
        inputs: None,
        source_versions: BTreeMap::new(),
        files: BTreeMap::new(),
        rows_changed: 0,
        evidence: Vec::new(),
        accepted: BTreeMap::new(),
    }
}

/// The last release, made from all that is there now: its rows would come out as they are.
fn standing(
    pipeline: &Pipeline,
    store: &Store,
    last: &Release,
    state: &State,
    ledger: &Ledger,
) -> anyhow::Result<Released> {
    let covered = ledger.covered(pipeline);
    let completeness = Completeness::new(pipeline, &covered, last.as_of);
    let differences = if control::has_forms(ledger) {
        let rolled_up = state.roll_up(pipeline, store)?;
        let series = with_reports(rolled_up, &completeness, &covered, pipeline)?;
        control::compare(pipeline, &series, ledger)
    } else {
        Vec::new()
    };
    info!(stage = "release", number = last.number, "stands");
    Ok(Released {
        is_new: false,
        indicators: read_headline(pipeline, store, last)?,
        reports: completeness.reports,
        differences,
        judgements: Vec::new(),
        release: Some(last.clone()),
    })
}

/// Brings the Delta tables and the plain copies up to the last release: a run that stopped after
/// publishing has left this to the next.
pub(super) fn roll_forward_last(pipeline: &Pipeline, store: &Store) -> anyhow::Result<()> {
    match store.latest_release().context("failed to read the last release")? {
        Some(last) => roll_forward(pipeline, store, &last),
        None => Ok(()),
    }
}

/// Reads the indicators as a release published them.
pub(super) fn read_indicators(store: &Store, release: &Release) -> anyhow::Result<Indicators> {
    Indicators::from_batch(copy::read(Table::Indicators, release, store)?)
        .context("the indicators table has other columns")
}

/// Reads of the indicators of a release those of the headline.
fn read_headline(
    pipeline: &Pipeline,
    store: &Store,
    release: &Release,
) -> anyhow::Result<Indicators> {
    let file = data_file(release, Table::Indicators).context("the last release lacks a file")?;
    let ids: Vec<String> = pipeline.settings.headline.iter().map(|id| id.value.clone()).collect();
    let batches = store.read_where(Table::Indicators, &file, "indicator", &ids)?;
    let batches: Vec<RecordBatch> = batches.collect::<Result<_, _>>()?;
    let rows = concat_batches(&Table::Indicators.schema(), &batches)?;
    Indicators::from_batch(rows).context("the indicators table has other columns")
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

/// Commits to each released table what it lacks of the releases up to this one, in their order.
fn roll_forward(pipeline: &Pipeline, store: &Store, release: &Release) -> anyhow::Result<()> {
    for (at, (table, replace)) in RELEASED.into_iter().enumerate() {
        let done = store.snapshot(table)?.release()?.unwrap_or(0);
        // The copies come before the last table's commit: when it stands, all stands.
        if at + 1 == RELEASED.len() {
            copy(pipeline, store, release)?;
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

/// Writes a release's data files, named by its number and their content.
fn write_files(
    store: &Store,
    number: u64,
    tables: Vec<(Table, RecordBatch)>,
) -> Result<BTreeMap<String, ReleaseFile>, Failure> {
    let prefix = format!("{number:08}-");
    let write = |(table, rows): (Table, RecordBatch)| {
        let rows = [Ok::<_, Failure>(rows)];
        let written = store.write(table, None, FileName::Prefixed(&prefix), rows)?;
        let DataFile { path, size_bytes, n_rows, .. } = written;
        Ok((table.name().to_owned(), ReleaseFile { path, size_bytes, n_rows }))
    };
    tables.into_par_iter().map(write).collect()
}

/// Returns a release's file of a table.
pub(super) fn data_file(release: &Release, table: Table) -> Option<DataFile> {
    let ReleaseFile { path, size_bytes, n_rows } = release.files.get(table.name())?.clone();
    Some(DataFile { path, cell: None, size_bytes, n_rows })
}

fn changes(pipeline: &Pipeline, last: Option<&Release>, news: Vec<News>) -> Changes {
    let Some(last) = last else { return Changes { news, ..Changes::default() } };
    let now = pipeline.definitions.formula_hashes();
    let differs = |(version, hash): &(&String, &String)| last.formulas.get(*version) != Some(*hash);
    let formulas = now.iter().filter(differs).map(|(version, _)| version.clone()).collect();
    let (then, now) = (&last.reference_parts, &pipeline.reference.hashes);
    let is_same = [
        ("units", then.units == now.units),
        ("services", then.services == now.services),
        ("calendar", then.calendar == now.calendar),
    ];
    let mut differing = is_same.into_iter().filter(|(_, is_same)| !is_same).map(|(part, _)| part);
    let sole = differing.next().filter(|_| differing.next().is_none());
    let is_other = last.reference != pipeline.reference.hash;
    let reference = is_other.then(|| sole.unwrap_or("reference"));
    Changes { formulas, reference, news }
}
