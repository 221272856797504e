//! `hoso show`

use clap::builder::PossibleValuesParser;

use crate::publish::figures::{self, Selection};
use crate::run;

use super::exit::Exit;
use super::{Cli, output};

/// Show an indicator's values with their parts; without a name, the catalogue
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso show online_resolution_rate --period ytd --last 10")]
pub(super) struct Args {
    /// The indicator's id
    indicator: Option<String>,

    /// A unit's code; by default the whole ministry
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,

    /// The kind of period
    #[arg(long, default_value = "ytd", value_parser = PossibleValuesParser::new(figures::period_kinds()))]
    period: String,

    /// How many of the latest periods
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..))]
    last: u64,

    /// Write one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let pipeline = cli.pipeline()?;
    let Some(indicator) = &args.indicator else {
        if args.json {
            output::json_to_stdout(&figures::catalogue_json(&pipeline))?;
        } else {
            output::to_stdout(figures::catalogue(&pipeline, cli.language()).as_bytes())?;
        }
        return Ok(Exit::Done);
    };
    let known = pipeline.definitions.indicators.keys().map(String::as_str);
    if !pipeline.definitions.indicators.contains_key(indicator) {
        return Ok(output::unknown("indicator", indicator, known));
    }
    let units = || pipeline.reference.units.iter().map(|unit| unit.code.as_str());
    if let Some(unit) = args.unit.as_ref().filter(|unit| units().all(|known| known != *unit)) {
        return Ok(output::unknown("unit", unit, units()));
    }
    let store = run::open_published(cli.store_url(&pipeline), &pipeline)?;
    let published = run::show::last_published(&store)?;
    let selection = Selection {
        indicator: indicator.clone(),
        unit: args.unit.clone(),
        period_kind: args.period.clone(),
        last: args.last as usize,
    };
    if args.json {
        output::json_to_stdout(&figures::json(&published, &selection))?;
    } else {
        let text = figures::text(&published, &selection, &pipeline, cli.language());
        output::to_stdout(text.as_bytes())?;
    }
    Ok(Exit::Done)
}
