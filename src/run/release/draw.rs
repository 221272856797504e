//! A release drawn up: every row computed from what the tables hold now and compared with the last
//! release, in figure and reading, and the guards heard.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::SecondsFormat;
use tracing::info;

use crate::indicators::Indicators;
use crate::indicators::completeness::Completeness;
use crate::indicators::revise::{Changes, News};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::run::Options;
use crate::run::conservation;
use crate::run::control;
use crate::run::guards;
use crate::run::ledger::{Judgement, Ledger};
use crate::run::news::Known;
use crate::run::state::{Basis, State, with_reports};
use crate::run::stop::Failure;
use crate::run::watch::Watch;
use crate::store::Store;
use crate::store::parquet::Spooled;
use crate::store::releases::Release;

use super::published::{Published, rows_of};
use super::tables::{Made, Making};
use super::{Released, data_file};

/// A release drawn up, whose files lie nowhere yet; or the last, where nothing differs from it.
pub(super) struct Drawn {
    pub(super) released: Released,
    pub(super) files: Vec<Spooled>,
}

/// Computes every row from what the tables hold now, compares it with the last release, and lets
/// the guards speak.
pub(super) fn draw(
    pipeline: &Pipeline,
    store: &Store,
    options: &Options,
    watch: &Watch,
) -> anyhow::Result<Drawn> {
    // Read before the state: a release that another run publishes meanwhile takes the number.
    let last = store.latest_release().context("failed to read the last release")?;
    let state = State::newest(pipeline, store, watch)?;
    let ledger = state.ledger(store)?;
    conservation::check_ledger(&ledger)?;
    let inputs = state.inputs(pipeline, options.as_of);
    if let Some(last) = last.as_ref().filter(|last| last.inputs.as_ref() == Some(&inputs)) {
        let released = standing(pipeline, store, last, &state, &ledger)?;
        return Ok(Drawn { released, files: Vec::new() });
    }
    let rolled_up = state.roll_up(pipeline, store)?;
    let basis = Basis::new(pipeline, &ledger, rolled_up, options.as_of)?;
    let known = Known::by(last.as_ref(), store)?;
    let number = last.as_ref().map_or(1, |last| last.number + 1);
    let release = Release {
        inputs: Some(inputs),
        source_versions: state.versions,
        ..release_by(pipeline, options, number)
    };
    let making = Making {
        pipeline,
        options,
        figures: &basis.figures(),
        published: &Published::indicators(last.as_ref(), store)?,
        trends: &Published::trends(last.as_ref(), store)?,
        changes: &changes(pipeline, last.as_ref(), known.news(&ledger, pipeline)),
        release: (number as i64, &release.published_at),
    };
    let Made { mut files, told } = making.make()?;
    let judgements: Vec<Judgement> =
        ledger.judgements().filter(|judgement| known.is_new(judgement)).cloned().collect();
    let mut released = Released {
        release: last,
        is_new: false,
        headline: told.headline()?,
        reports: basis.completeness.reports.clone(),
        differences: control::compare(pipeline, &basis.series, &ledger),
        judgements,
    };
    let differs = told.n_changed > 0 || told.is_read_otherwise;
    if !differs && released.release.is_some() {
        return Ok(Drawn { released, files: Vec::new() });
    }
    let mut evidence =
        guards::judge(pipeline, &basis.covered, &basis.completeness, &known, options);
    evidence.extend(guards::went_back(released.release.as_ref(), options));
    evidence.extend(told.final_changed.evidence());
    let accepted = guards::accept(&evidence, options)?;
    let completeness = [Ok::<_, Failure>(basis.completeness.batch())];
    files.push(Spooled::new(Table::Completeness, None, completeness)?);
    released.is_new = true;
    released.release =
        Some(Release { rows_changed: told.n_changed as u64, evidence, accepted, ..release });
    Ok(Drawn { released, files })
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
        headline: headline(pipeline, store, last)?,
        reports: completeness.reports,
        differences,
        judgements: Vec::new(),
        release: Some(last.clone()),
    })
}

/// Reads of the indicators of a release those of the headline.
fn headline(pipeline: &Pipeline, store: &Store, last: &Release) -> anyhow::Result<Indicators> {
    let file = data_file(last, Table::Indicators).context("the last release lacks a file")?;
    let ids: Vec<String> = pipeline.settings.headline.iter().map(|id| id.value.clone()).collect();
    let rows = rows_of(Table::Indicators, &file, &ids, store)?;
    Ok(Indicators::from_batch(rows)?)
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
