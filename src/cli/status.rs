//! `hoso status`

use chrono::NaiveDate;

use crate::run;

use super::clock::{now, today};
use super::exit::Exit;
use super::run::day;
use super::{Cli, output};

/// Show which unit has reported on which month, what was refused and what was released
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso status --json")]
pub(super) struct Args {
    /// Up to this day; by default the pipeline's `as_of`, else today
    #[arg(long, value_name = "DAY", value_parser = day)]
    as_of: Option<NaiveDate>,

    /// Write one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let pipeline = cli.pipeline()?;
    let store = run::open_published(cli.store_url(&pipeline), &pipeline)?;
    let as_of = args.as_of.or(pipeline.settings.as_of);
    let as_of = as_of.unwrap_or_else(|| today(now(), &pipeline));
    let state = run::status::read(&pipeline, &store, as_of)?;
    if args.json {
        output::json_to_stdout(&state.json())?;
    } else {
        output::to_stdout(state.text(&pipeline, cli.language()).as_bytes())?;
    }
    Ok(Exit::Done)
}
