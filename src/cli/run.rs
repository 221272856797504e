//! `hoso run`

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use clap::ValueHint;

use crate::pipeline::Pipeline;
use crate::run::stop::StopFlag;
use crate::run::watch::Watch;
use crate::run::{self, Options};

use super::exit::Exit;
use super::progress::{ProgressMode, display};
use super::{Cli, output};

/// Pull what is new, normalise, fold, measure and publish
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso run --as-of 2020-10-31 --report run.json\n\n\
    Exit codes: 0 published or nothing new, 3 invalid pipeline, 4 nothing reached, 5 stopped \
    before publishing,\n6 published with gaps, 7 others published first, 130/143 stopped by a signal")]
pub(super) struct Args {
    /// Pull the sources of these units only
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    unit: Vec<String>,

    /// Compute indicators up to and including this day: the end of a month, or in the running one;
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
    if let Some(unknown) = unit.iter().find(|unit| pipeline.feed(unit, "dossier").is_none()) {
        output::to_stderr(&format!("error: no feed of unit `{unknown}` in the pipeline"));
        return Ok(Exit::Usage);
    }
    let now = now();
    let today = today(now, &pipeline);
    let as_of = as_of.or(pipeline.settings.as_of).unwrap_or(today);
    if !is_month_end(as_of) && !is_same_month(as_of, today) {
        let hint = "the end of a month, or a day of the running one";
        output::to_stderr(&format!("error: --as-of {as_of} must be {hint}"));
        return Ok(Exit::Usage);
    }
    let stop = listen()?;
    let watch = Watch { progress: display(*progress, cli.quiet), stop };
    let store = run::open_store(cli.store_url(&pipeline))?;
    let options = Options { units: unit.clone(), as_of, now };
    let done = run::run(&pipeline, &store, &options, &watch)?;
    if let Some(path) = report {
        let document = format!("{:#}\n", done.json());
        std::fs::write(path, document)
            .with_context(|| format!("failed to write the report `{}`", path.display()))?;
    }
    output::to_stderr(&done.summary());
    output::to_stdout(done.headline(&pipeline, cli.language()).as_bytes())?;
    Ok(if done.has_gaps() { Exit::Incomplete } else { Exit::Done })
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

/// Returns the moment at which a release is published, and from which "today" is told.
#[expect(clippy::disallowed_methods, reason = "the clock is read once, at the edge")]
pub(super) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Returns the local day.
pub(super) fn today(now: DateTime<Utc>, pipeline: &Pipeline) -> NaiveDate {
    let offset = FixedOffset::east_opt(pipeline.settings.utc_offset_seconds);
    offset.map_or_else(|| now.date_naive(), |offset| now.with_timezone(&offset).date_naive())
}

fn is_month_end(day: NaiveDate) -> bool {
    day.succ_opt().is_some_and(|next| !is_same_month(day, next))
}

fn is_same_month(a: NaiveDate, b: NaiveDate) -> bool {
    a.format("%Y-%m").to_string() == b.format("%Y-%m").to_string()
}
