//! `hoso plan`

use crate::run;
use crate::run::plan::plan;
use crate::run::watch::Watch;

use super::exit::Exit;
use super::progress::{ProgressMode, display};
use super::run::{Publishing, Pulling, listen};
use super::{Cli, output};

/// Show what a run would pull, which cells it would rewrite and which indicator values it would
/// restate; nothing is written
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso plan --unit G16.01\n\n\
    Exit codes: those that the run would end with")]
pub(super) struct Args {
    #[command(flatten)]
    pulling: Pulling,

    #[command(flatten)]
    publishing: Publishing,

    /// Write one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let pipeline = cli.pipeline()?;
    let Some(options) = args.publishing.options(&pipeline) else { return Ok(Exit::Usage) };
    let Some(options) = args.pulling.narrow(options, &pipeline) else { return Ok(Exit::Usage) };
    let watch = Watch { progress: display(ProgressMode::Auto, cli.quiet), stop: listen()? };
    let store = run::open_to_plan(cli.store_url(&pipeline), &pipeline)?;
    let plan = plan(&pipeline, &store, &options, &watch)?;
    if args.json {
        output::json_to_stdout(&plan.json())?;
    } else {
        output::to_stdout(plan.text(&options.accept, cli.language()).as_bytes())?;
    }
    Ok(if plan.is_stopped(&options.accept) {
        Exit::Stopped
    } else if plan.has_gaps() {
        Exit::Incomplete
    } else {
        Exit::Done
    })
}
