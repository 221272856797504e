//! One run: land what is new, ingest it, measure what is stale, release what differs; and the
//! readers of what runs have left. The only module that knows the way of the data.

mod conservation;
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
pub mod watch;

#[cfg(test)]
mod tests;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};

use crate::pipeline::Pipeline;
use crate::store::Store;

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
pub fn open_store(url: &str) -> anyhow::Result<Store> {
    let opened = Store::open(url).with_context(|| format!("failed to open the store `{url}`"));
    opened.map_err(stop::classify)
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
    store.create_tables().context("failed to create the tables")?;
    release::roll_forward_last(store)?;
    let landed = land::land(pipeline, store, &options.units, watch)?;
    let ingested = ingest::ingest(pipeline, store, watch)?;
    stop_if_nothing_came(&landed, &ingested)?;
    watch.stop.check()?;
    let n_cells_measured = measure::measure(pipeline, store, watch)?;
    watch.stop.check()?;
    let released = release::release(pipeline, store, options.as_of, options.now)?;
    Ok(Report { landed, ingested, n_cells_measured, released, as_of: options.as_of })
}

/// Stops before anything is published when no source was reached or all that came was refused.
fn stop_if_nothing_came(landed: &Landed, ingested: &Ingested) -> Result<(), Stop> {
    if landed.n_sources > 0 && landed.unreachable.len() == landed.n_sources {
        let lines =
            landed.unreachable.iter().map(|at| format!("{} {}: {}", at.unit, at.feed, at.why));
        return Err(Stop::Unreachable(lines.collect::<Vec<_>>().join("\n")));
    }
    let refused: Vec<String> = report::refusals(&ingested.judgements).collect();
    if !refused.is_empty() && refused.len() == ingested.judgements.len() {
        return Err(Stop::AllRefused(refused.join("\n")));
    }
    Ok(())
}
