//! `hoso run`

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{Datelike as _, NaiveDate};
use clap::ValueHint;
use clap::builder::PossibleValuesParser;

use crate::pipeline::{Pipeline, rules};
use crate::run::report::Report;
use crate::run::stop::{Stop, StopFlag};
use crate::run::watch::Watch;
use crate::run::{self, Options};

use super::clock::{now, today};
use super::exit::Exit;
use super::progress::{ProgressMode, display};
use super::{Cli, output};

/// Pull what is new, normalise, fold, measure and publish
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso run --as-of 2020-10-31 --report run.json\n\n\
    Exit codes: 0 published or nothing new, 1 a fault in hoso, 2 wrong usage, 3 invalid pipeline, \
    4 nothing reached, 5 stopped before publishing, 6 published with gaps, 7 others published first, \
    130 or 143 stopped by a signal")]
pub(super) struct Args {
    #[command(flatten)]
    pulling: Pulling,

    #[command(flatten)]
    publishing: Publishing,

    /// Write the run report to this file, as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    report: Option<PathBuf>,

    /// How progress is shown on stderr
    #[arg(long, value_enum, default_value_t = ProgressMode::Auto)]
    progress: ProgressMode,
}

/// What is pulled.
#[derive(Debug, clap::Args)]
pub(super) struct Pulling {
    /// Pull the sources of these units only
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = trimmed)]
    unit: Vec<String>,

    /// Pull only what tells of this period or a later one, by the period in the objects' names
    #[arg(long, value_name = "DAY", requires = "to", value_parser = day)]
    from: Option<NaiveDate>,

    /// Pull only what tells of days before this one
    #[arg(long, value_name = "DAY", requires = "from", value_parser = day)]
    to: Option<NaiveDate>,

    /// Pull only what fills a gap: periods that are expected and not there
    #[arg(long)]
    missing: bool,
}

impl Pulling {
    /// Narrows what a run is asked for; `None`, once said, where a unit is unknown or the period
    /// none.
    pub(super) fn narrow(&self, options: Options, pipeline: &Pipeline) -> Option<Options> {
        let is_unknown = |unit: &&String| pipeline.feeds.iter().all(|feed| feed.unit != **unit);
        if let Some(unknown) = self.unit.iter().find(is_unknown) {
            let units = pipeline.feeds.iter().map(|feed| feed.unit.as_str());
            output::unknown("unit", unknown, units);
            return None;
        }
        let period = self.from.zip(self.to);
        if let Some((from, to)) = period.filter(|(from, to)| from >= to) {
            output::to_stderr(&format!("error: --from {from} must lie before --to {to}"));
            return None;
        }
        Some(Options { units: self.unit.clone(), period, missing: self.missing, ..options })
    }
}

/// What a release is made by.
#[derive(Debug, clap::Args)]
pub(super) struct Publishing {
    /// Compute indicators up to and including this day: the end of a month that is over, or today;
    /// by default the pipeline's `as_of`, else today
    #[arg(long, value_name = "DAY", value_parser = day)]
    as_of: Option<NaiveDate>,

    /// Publish although this guard speaks; the release records it with the reason
    #[arg(long, value_name = "GUARD", value_delimiter = ',', requires = "reason",
        value_parser = PossibleValuesParser::new(rules::guards()))]
    accept: Vec<String>,

    /// Why a guard is accepted
    #[arg(long, value_name = "TEXT", requires = "accept", value_parser = reason)]
    reason: Option<String>,
}

impl Publishing {
    /// Returns what a run is asked for; `None`, once said, where the day is neither the end of a
    /// past month nor today: figures of days that have not been would be final.
    pub(super) fn options(&self, pipeline: &Pipeline) -> Option<Options> {
        let now = now();
        let today = today(now, pipeline);
        let as_of = self.as_of.or(pipeline.settings.as_of).unwrap_or(today);
        if as_of > today || (!is_month_end(as_of) && as_of != today) {
            let hint = "the end of a month that is over, or today";
            output::to_stderr(&format!("error: --as-of {as_of} must be {hint}"));
            return None;
        }
        Some(Options {
            units: Vec::new(),
            as_of,
            now,
            period: None,
            missing: false,
            accept: self.accept.clone(),
            reason: self.reason.clone().unwrap_or_default(),
        })
    }
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let Args { pulling, publishing, report, progress } = args;
    let pipeline = cli.pipeline()?;
    let Some(options) = publishing.options(&pipeline) else { return Ok(Exit::Usage) };
    let Some(options) = pulling.narrow(options, &pipeline) else { return Ok(Exit::Usage) };
    if let Some(path) = report {
        // Nobody runs for hours to be told that the report has no place.
        let opened = std::fs::OpenOptions::new().create(true).append(true).open(path);
        let failed = |error| format!("failed to write the report `{}`: {error}", path.display());
        opened.map_err(|error| Stop::Mistake(failed(error)))?;
    }
    let watch = Watch { progress: display(*progress, cli.quiet), stop: listen()? };
    let store = run::open_store(cli.store_url(&pipeline), &pipeline);
    let done = store.and_then(|store| run::run(&pipeline, &store, &options, &watch));
    tell(done, report.as_deref(), &pipeline, cli)
}

/// Writes the report, shows the summary and the headline, and returns the exit.
pub(super) fn tell(
    done: anyhow::Result<Report>,
    report: Option<&Path>,
    pipeline: &Pipeline,
    cli: &Cli,
) -> anyhow::Result<Exit> {
    if let Some(path) = report {
        let document = done.as_ref().map_or_else(failed, Report::json);
        std::fs::write(path, format!("{document:#}\n"))
            .with_context(|| format!("failed to write the report `{}`", path.display()))?;
    }
    let done = done?;
    output::to_stderr(&done.summary(cli.language()));
    output::to_stdout(done.headline(pipeline, cli.language()).as_bytes())?;
    Ok(if done.has_gaps() { Exit::Incomplete } else { Exit::Done })
}

/// Returns the report of a run that ended before its end.
fn failed(error: &anyhow::Error) -> serde_json::Value {
    serde_json::json!({ "status": "failed", "error": format!("{error:#}") })
}

/// Reads a day of the command line.
pub(super) fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_error| "a day is written YYYY-MM-DD, such as 2020-10-31".to_owned())
}

/// Reads one of some names, which may stand behind a comma and a space.
fn trimmed(text: &str) -> Result<String, Infallible> {
    Ok(text.trim().to_owned())
}

/// Reads the reason for which a guard is accepted: an auditor reads it.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("say why, in some words".to_owned()) } else { Ok(text.to_owned()) }
}

/// Hears SIGINT and SIGTERM; a second one ends the program at once.
pub(super) fn listen() -> anyhow::Result<StopFlag> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let stop = StopFlag::default();
    for signal in [SIGINT, SIGTERM] {
        let again = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, again.clone())
            .and_then(|_| signal_hook::flag::register(signal, again))
            .and_then(|_| signal_hook::flag::register_usize(signal, stop.cell(), signal as usize))
            .context("failed to listen for signals")?;
    }
    Ok(stop)
}

fn is_month_end(day: NaiveDate) -> bool {
    day.succ_opt().is_some_and(|next| next.day() == 1)
}
