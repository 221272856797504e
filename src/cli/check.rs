//! `hoso check`

use crate::pipeline::feed::Expected;

use super::exit::Exit;
use super::{Cli, output};

/// Read the pipeline and report every fault at once, each with file, line, column and a hint
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso check --pipeline pipelines/ministry")]
pub(super) struct Args {}

pub(super) fn run(_args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
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
    Ok(Exit::Done)
}
