//! `hoso explain`

use crate::run;
use crate::run::explain::{Wanted, explain};

use super::exit::Exit;
use super::{Cli, output, show};

/// Go from one published figure to its measures, files, rejects, missing reports and earlier values
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso explain online_resolution_rate --period ytd-2020-10")]
pub(super) struct Args {
    /// The indicator's id
    indicator: String,

    /// A month 2020-05, a quarter 2020-Q2, a year 2020 or a year to date ytd-2020-05; by default
    /// the year to date that was published last
    #[arg(long, value_name = "P")]
    period: Option<String>,

    /// A unit's code; by default the whole ministry
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,

    /// The figure as a release published it, by its number, or as it stood on a day
    #[arg(long, value_name = "N|DATE")]
    release: Option<String>,

    /// Write one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let pipeline = cli.pipeline()?;
    if let Some(exit) = show::unknown(&args.indicator, args.unit.as_ref(), &pipeline) {
        return Ok(exit);
    }
    let store = run::open_published(cli.store_url(&pipeline), &pipeline)?;
    let wanted = Wanted {
        indicator: args.indicator.clone(),
        unit: args.unit.clone(),
        period: args.period.clone(),
        release: args.release.clone(),
    };
    let explanation = explain(&pipeline, &store, &wanted)?;
    if args.json {
        output::json_to_stdout(&explanation.json())?;
    } else {
        output::to_stdout(explanation.text(cli.language()).as_bytes())?;
    }
    Ok(Exit::Done)
}
