//! `hoso verify`

use crate::run;

use super::clock::now;
use super::exit::Exit;
use super::{Cli, output};

/// Compute the released numbers again from the dossiers, and check that nothing is lost or changed
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso verify --json\n\n\
    Exit codes: 0 every check holds, 5 some check failed or could not run")]
pub(super) struct Args {
    /// Write one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let pipeline = cli.pipeline()?;
    let store = run::open_published(cli.store_url(&pipeline), &pipeline)?;
    let verification = run::verify::verify(&pipeline, &store, now());
    if args.json {
        output::json_to_stdout(&verification.json())?;
    } else {
        output::to_stdout(verification.text().as_bytes())?;
    }
    Ok(if verification.holds() { Exit::Done } else { Exit::Stopped })
}
