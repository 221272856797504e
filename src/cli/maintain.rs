//! `hoso maintain`

use crate::run;

use super::clock::now;
use super::exit::Exit;
use super::{Cli, output};

/// Take away raw bytes that were kept long enough, and those that a stopped run left
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso maintain --dry-run")]
pub(super) struct Args {
    /// Only tell what would be taken away
    #[arg(long)]
    dry_run: bool,

    /// Write one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let pipeline = cli.pipeline()?;
    let store = run::open_published(cli.store_url(&pipeline), &pipeline)?;
    let maintained = run::maintain::maintain(&pipeline, &store, now(), args.dry_run)?;
    if args.json {
        output::json_to_stdout(&maintained.json())?;
    } else {
        output::to_stdout(maintained.text().as_bytes())?;
    }
    Ok(Exit::Done)
}
