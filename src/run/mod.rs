//! One run: land what is new, ingest it, measure what is stale, release what differs; and the
//! readers of what runs have left. The only module that knows the way of the data.

pub mod connect;
mod conservation;
mod control;
pub mod export;
mod ingest;
mod judge;
mod land;
mod ledger;
mod measure;
pub mod quarantine;
pub mod query;
mod release;
pub mod report;
pub mod show;
pub mod status;
pub mod stop;
pub mod unmatched;
pub mod watch;

#[cfg(test)]
mod tests;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};

use crate::pipeline::Pipeline;
use crate::pipeline::rules::Language;
use crate::pipeline::tables::Table;
use crate::store::cloud::Access;
use crate::store::identity::Identity;
use crate::store::{Store, StoreError};

use ingest::Ingested;
use land::Landed;
use report::Report;
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
    identify(pipeline, store)?;
    store.create_tables().context("failed to create the tables")?;
    release::roll_forward_last(store)?;
    let landed = land::land(pipeline, store, &options.units, options.now, watch)?;
    let ingested = ingest::ingest(pipeline, store, watch)?;
    stop_if_nothing_came(&landed, &ingested)?;
    watch.stop.check()?;
    let n_cells_measured = measure::measure(pipeline, store, watch)?;
    watch.stop.check()?;
    let released = release::release(pipeline, store, options.as_of, options.now)?;
    Ok(Report { landed, ingested, n_cells_measured, released, as_of: options.as_of })
}

/// Stops when the store is another pipeline's, or when its cells are cut in another way.
fn identify(pipeline: &Pipeline, store: &Store) -> anyhow::Result<()> {
    let wanted =
        Identity { pipeline: pipeline.settings.name.clone(), buckets: pipeline.settings.buckets };
    let found = store.identify(&wanted).context("failed to read what the store is")?;
    if found == wanted {
        return Ok(());
    }
    let told = |is: &Identity| format!("`{}` with {} buckets", is.pipeline, is.buckets);
    Err(Stop::OtherStore { found: told(&found), wanted: told(&wanted) }.into())
}

/// Stops before anything is published when no source was reached or all that came was refused.
fn stop_if_nothing_came(landed: &Landed, ingested: &Ingested) -> Result<(), Stop> {
    if landed.is_nothing_reached() {
        let lines = landed.unreachable.iter().map(ToString::to_string);
        return Err(Stop::Unreachable(lines.collect::<Vec<_>>().join("\n")));
    }
    let mut refused: Vec<String> =
        report::refusals(&ingested.judgements, Language::English).collect();
    if !refused.is_empty() && refused.len() == ingested.judgements.len() {
        refused.extend(landed.unreachable.iter().map(|at| format!("not reached: {at}")));
        return Err(Stop::AllRefused(refused.join("\n")));
    }
    Ok(())
}
