//! `hoso check`

use crate::pipeline::Pipeline;
use crate::pipeline::feed::Expected;
use crate::run::connect::connect;

use super::clock::{now, today};
use super::exit::Exit;
use super::{Cli, output};

/// Read the pipeline and report every fault at once, each with file, line, column and a hint
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso check --pipeline pipelines/ministry --connect\n\n\
    Exit codes: 0 no faults, 3 invalid pipeline; with --connect also 4 no source reached, \
    6 some source not reached")]
pub(super) struct Args {
    /// Also try each source and say what it holds; nothing is landed
    #[arg(long)]
    connect: bool,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let pipeline = cli.pipeline()?;
    let n_expected = pipeline.feeds.iter().filter(|f| f.expected != Expected::Never).count();
    let summary = format!(
        "{}: {} units, {} services, {} feeds ({n_expected} expected), {} measures, {} indicators; no faults\n",
        cli.pipeline.display(),
        pipeline.reference.units.iter().count(),
        pipeline.reference.services.codes().count(),
        pipeline.feeds.len(),
        pipeline.definitions.measures.len(),
        pipeline.definitions.indicators.len(),
    );
    output::to_stdout(summary.as_bytes())?;
    let settings = &pipeline.settings;
    let as_of = settings.as_of.unwrap_or_else(|| today(now(), &pipeline));
    if let Some(told) = pipeline.reference.calendar.unlisted(settings.since, as_of) {
        output::to_stderr(&format!("note: {told}"));
    }
    if args.connect { try_sources(&pipeline) } else { Ok(Exit::Done) }
}

fn try_sources(pipeline: &Pipeline) -> anyhow::Result<Exit> {
    let connections = connect(pipeline);
    output::to_stdout(connections.found().as_bytes())?;
    let (n_sources, n_reached) = connections.counts();
    if n_reached == n_sources {
        return Ok(Exit::Done);
    }
    output::to_stderr(&connections.missing());
    Ok(if n_reached == 0 { Exit::Unreachable } else { Exit::Incomplete })
}
