//! `hoso run`

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::{Datelike as _, NaiveDate};
use clap::ValueHint;

use crate::run::report::Report;
use crate::run::stop::StopFlag;
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
    /// Pull the sources of these units only
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    unit: Vec<String>,

    /// Compute indicators up to and including this day: the end of a month, or today;
    /// by default the pipeline's `as_of`, else today
    #[arg(long, value_name = "DAY")]
    as_of: Option<NaiveDate>,

    /// Write the run report to this file, as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    report: Option<PathBuf>,

    /// How progress is shown on stderr
    #[arg(long, value_enum, default_value_t = ProgressMode::Auto)]
    progress: ProgressMode,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let Args { unit, as_of, report, progress } = args;
    let pipeline = cli.pipeline()?;
    if let Some(unknown) = unit.iter().find(|unit| pipeline.feeds.iter().all(|f| f.unit != **unit))
    {
        let units = pipeline.feeds.iter().map(|feed| feed.unit.as_str());
        return Ok(output::unknown("unit", unknown, units));
    }
    let now = now();
    let today = today(now, &pipeline);
    let as_of = as_of.or(pipeline.settings.as_of).unwrap_or(today);
    if !is_month_end(as_of) && as_of != today {
        let hint = "the end of a month, or today";
        output::to_stderr(&format!("error: --as-of {as_of} must be {hint}"));
        return Ok(Exit::Usage);
    }
    let stop = listen()?;
    let watch = Watch { progress: display(*progress, cli.quiet), stop };
    let store = run::open_store(cli.store_url(&pipeline), &pipeline)?;
    let options = Options { units: unit.clone(), as_of, now };
    let done = run::run(&pipeline, &store, &options, &watch);
    if let Some(path) = report {
        let document = done.as_ref().map_or_else(failed, Report::json);
        std::fs::write(path, format!("{document:#}\n"))
            .with_context(|| format!("failed to write the report `{}`", path.display()))?;
    }
    let done = done?;
    output::to_stderr(&done.summary(cli.language()));
    output::to_stdout(done.headline(&pipeline, cli.language()).as_bytes())?;
    Ok(if done.has_gaps() { Exit::Incomplete } else { Exit::Done })
}

/// Returns the report of a run that ended before its end.
fn failed(error: &anyhow::Error) -> serde_json::Value {
    serde_json::json!({ "status": "failed", "error": format!("{error:#}") })
}

/// Hears SIGINT and SIGTERM; a second one ends the program at once.
fn listen() -> anyhow::Result<StopFlag> {
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
