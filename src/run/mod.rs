//! One run: land what is new, ingest it, measure what is stale, release what differs; and the
//! readers of what runs have left. The only module that knows the way of the data.

pub mod connect;
mod conservation;
mod control;
mod copy;
pub mod explain;
pub mod export;
mod final_changed;
mod fold;
mod guards;
mod ingest;
mod judge;
mod land;
mod ledger;
pub mod maintain;
mod measure;
mod mended;
mod news;
pub mod plan;
pub mod publication;
pub mod quarantine;
pub mod query;
mod release;
pub mod replay;
pub mod report;
pub mod show;
mod spill;
mod state;
pub mod status;
pub mod stop;
mod threads;
pub mod unmatched;
pub mod verify;
mod wanted;
pub mod watch;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};

use crate::pipeline::Pipeline;
use crate::pipeline::rules::Language;
use crate::pipeline::settings::Settings;
use crate::pipeline::tables::Table;
use crate::store::cloud::Access;
use crate::store::identity::Identity;
use crate::store::{Store, StoreError};

use ingest::Ingested;
use land::Landed;
use ledger::Judgement;
use news::Known;
use replay::Selection;
use report::{LeftOver, Report};
use spill::Spill;
use stop::Stop;
use watch::Watch;

/// What this run is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Units whose sources are pulled; none means all.
    pub units: Vec<String>,
    /// Indicators are computed up to and including this day.
    pub as_of: NaiveDate,
    /// The moment that a release is said to be published at.
    pub now: DateTime<Utc>,
    /// Only what tells of this half-open period is pulled, by the period of the data.
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// Only what fills a gap is pulled.
    pub missing: bool,
    /// The guards that are accepted, for this reason.
    pub accept: Vec<String>,
    pub reason: String,
}

/// Opens the store.
///
/// # Errors
///
/// [`Stop::Unreachable`] where it cannot be reached.
pub fn open_store(url: &str, pipeline: &Pipeline) -> anyhow::Result<Store> {
    let opened = Store::open(url, &access(pipeline))
        .with_context(|| format!("failed to open the store `{url}`"));
    opened.map_err(stop::classify)
}

/// Opens a store to plan on: where there is none yet, none is made.
///
/// # Errors
///
/// [`Stop::Unreachable`] where it cannot be reached.
pub fn open_to_plan(url: &str, pipeline: &Pipeline) -> anyhow::Result<Store> {
    if url.contains("://") || std::path::Path::new(url).exists() {
        return open_store(url, pipeline);
    }
    Ok(Store::nowhere())
}

/// Opens a store to be read; it must have been run on before.
///
/// # Errors
///
/// [`Stop::Mistake`] where no run has been.
pub fn open_published(url: &str, pipeline: &Pipeline) -> anyhow::Result<Store> {
    let nothing = || Stop::Mistake(format!("no run has been on the store `{url}` yet: `hoso run`"));
    let store = match Store::open_existing(url, &access(pipeline)) {
        Err(StoreError::Unreachable { .. }) if !url.contains("://") => return Err(nothing().into()),
        opened => opened.with_context(|| format!("failed to open the store `{url}`")),
    };
    let store = store.map_err(stop::classify)?;
    let found = match store.identity() {
        Err(StoreError::NotFound { .. }) => return Err(nothing().into()),
        found => found.with_context(|| format!("failed to read the store `{url}`"))?,
    };
    // In how many buckets the cells are cut matters only to who writes.
    if found.pipeline != pipeline.settings.name {
        return Err(other_store(&found, pipeline).into());
    }
    match store.snapshot(Table::Deliveries) {
        Err(StoreError::NotFound { .. }) => Err(nothing().into()),
        snapshot => snapshot.map(|_| store).context("failed to read the store"),
    }
}

fn access(pipeline: &Pipeline) -> Access {
    Access { retry_budget: pipeline.settings.retry_budget, ..Access::default() }
}

/// Runs the pipeline once, from the sources to a release.
///
/// # Errors
///
/// A [`Stop`] where a scheduler must tell the reason apart; anything else is a fault of its own.
pub fn run(
    pipeline: &Pipeline,
    store: &Store,
    options: &Options,
    watch: &Watch,
) -> anyhow::Result<Report> {
    run_stages(pipeline, store, options, watch).map_err(stop::classify)
}

fn run_stages(
    pipeline: &Pipeline,
    store: &Store,
    options: &Options,
    watch: &Watch,
) -> anyhow::Result<Report> {
    let left_over = prepare(pipeline, store)?;
    let landed = land::land(pipeline, store, options, watch)?;
    let report = finish(pipeline, store, options, landed, &BTreeSet::new(), watch)?;
    Ok(Report { left_over, ..report })
}

/// Judges deliveries again, from the bytes received, and publishes what differs; nothing is pulled.
///
/// # Errors
///
/// As those of [`run`].
pub fn replay(
    pipeline: &Pipeline,
    store: &Store,
    options: &Options,
    selection: &Selection,
    watch: &Watch,
) -> anyhow::Result<Report> {
    let replayed = prepare(pipeline, store).and_then(|left_over| {
        let landed = Landed::default();
        let report = finish(pipeline, store, options, landed, &selection.again, watch)?;
        Ok(Report { left_over, ..report })
    });
    replayed.map_err(stop::classify)
}

/// Makes the store fit to be written to, and finishes what a run before has left.
fn prepare(pipeline: &Pipeline, store: &Store) -> anyhow::Result<Option<LeftOver>> {
    // Without a place for temporary files each source would be said to fail.
    Spill::new()?;
    identify(pipeline, store)?;
    store.create_tables().context("failed to create the tables")?;
    let Some(release) = release::roll_forward_last(pipeline, store)? else { return Ok(None) };
    let before = release.number.checked_sub(1).filter(|number| *number > 0);
    let before = before.map(|number| store.release(number)).transpose()?;
    let before = Known::by(before.as_ref(), store)?;
    let judgements = Known::by(Some(&release), store)?.since(&before);
    Ok(Some(LeftOver { release, judgements }))
}

/// Goes the way from what has landed to a release.
fn finish(
    pipeline: &Pipeline,
    store: &Store,
    options: &Options,
    landed: Landed,
    again: &BTreeSet<String>,
    watch: &Watch,
) -> anyhow::Result<Report> {
    let ingested = ingest::ingest(pipeline, store, again, watch)?;
    stop_if_nothing_came(&landed, &ingested)?;
    watch.stop.check()?;
    let n_cells_measured = measure::measure(pipeline, store, watch)?;
    watch.stop.check()?;
    let released = release::release(pipeline, store, options, watch)
        .map_err(|error| with_refusals(error, &landed, &ingested))?;
    let Settings { since, .. } = pipeline.settings;
    let pipeline_note = pipeline.reference.calendar.unlisted(since, options.as_of);
    let as_of = options.as_of;
    let left_over = None;
    Ok(Report { left_over, landed, ingested, n_cells_measured, released, as_of, pipeline_note })
}

/// Stops when the store is another pipeline's, or when its cells are cut in another way.
fn identify(pipeline: &Pipeline, store: &Store) -> anyhow::Result<()> {
    let found = store.identify(&identity(pipeline));
    let found = found.with_context(|| format!("failed to open the store `{}`", store.url()))?;
    if found == identity(pipeline) { Ok(()) } else { Err(other_store(&found, pipeline).into()) }
}

fn identity(pipeline: &Pipeline) -> Identity {
    Identity { pipeline: pipeline.settings.name.clone(), buckets: pipeline.settings.buckets }
}

fn other_store(found: &Identity, pipeline: &Pipeline) -> Stop {
    let told = |is: &Identity| format!("`{}` with {} buckets", is.pipeline, is.buckets);
    Stop::OtherStore { found: told(found), wanted: told(&identity(pipeline)) }
}

/// Adds to what a guard says what was refused in the run that it stops, and what was not reached.
fn with_refusals(error: anyhow::Error, landed: &Landed, ingested: &Ingested) -> anyhow::Error {
    let told = |error| match error {
        Stop::Guard { guard, told, also } => {
            let refused = refusals(ingested).map(|line| format!("\nrefused: {line}"));
            let unreachable = landed.unreachable.iter().map(|at| format!("\nnot reached: {at}"));
            let judgements: Vec<&Judgement> = ingested.judgements.iter().collect();
            let notes = report::notes(&judgements, Language::English);
            let notes = notes.map(|line| format!("\nnote: {line}"));
            let lines = unreachable.chain(refused).chain(notes).collect::<String>();
            Stop::Guard { guard, told, also: also + &lines }
        }
        other => other,
    };
    error.downcast::<Stop>().map_or_else(|other| other, |stop| told(stop).into())
}

fn refusals(ingested: &Ingested) -> impl Iterator<Item = String> {
    ingested.judgements.iter().filter_map(|j| report::refusal(j, Language::English))
}

/// Stops before anything is published when no source was reached or all that came was refused.
fn stop_if_nothing_came(landed: &Landed, ingested: &Ingested) -> Result<(), Stop> {
    if landed.is_nothing_reached() {
        let lines = landed.unreachable.iter().map(ToString::to_string);
        return Err(Stop::Unreachable(lines.collect::<Vec<_>>().join("\n")));
    }
    let refused = ingested.judgements.iter().filter(|judgement| !judgement.is_withdrawn());
    let mut refused: Vec<String> =
        refused.filter_map(|j| report::refusal(j, Language::English)).collect();
    if !refused.is_empty() && refused.len() == ingested.judgements.len() {
        refused.extend(landed.unreachable.iter().map(|at| format!("not reached: {at}")));
        return Err(Stop::AllRefused(refused.join("\n")));
    }
    Ok(())
}
