//! `hoso show`

use crate::pipeline::Pipeline;
use crate::publish::figures::{self, Periods, Selection};
use crate::publish::reference;
use crate::publish::shown::Shown;
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

    /// A kind of period: month, quarter, year or ytd; or one period: a month 2020-05, a quarter 2020-Q2,
    /// a year 2020 or a year to date ytd-2020-05
    #[arg(long, value_name = "KIND|P", default_value = "ytd")]
    period: String,

    /// How many of the latest periods
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..))]
    last: u64,

    /// The figures as a release published them, by its number, or as they stood on a day
    #[arg(long, value_name = "N|DATE")]
    release: Option<String>,

    /// Write the whole catalogue as a page of Markdown
    #[arg(long, conflicts_with_all = ["indicator", "json"])]
    reference: bool,

    /// Write one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let pipeline = cli.pipeline()?;
    if args.reference {
        output::to_stdout(reference::markdown(&pipeline).as_bytes())?;
        return Ok(Exit::Done);
    }
    let Some(indicator) = &args.indicator else {
        if args.json {
            output::json_to_stdout(&figures::catalogue_json(&pipeline))?;
        } else {
            output::to_stdout(figures::catalogue(&pipeline, cli.language()).as_bytes())?;
        }
        return Ok(Exit::Done);
    };
    if let Some(exit) = unknown(indicator, args.unit.as_ref(), &pipeline) {
        return Ok(exit);
    }
    let store = run::open_published(cli.store_url(&pipeline), &pipeline)?;
    let published = run::show::Told::read(&pipeline, &store, args.release.as_deref())?;
    let periods = published.periods(&args.period, indicator)?;
    let selection = Selection {
        indicator: indicator.clone(),
        unit: args.unit.clone(),
        periods,
        last: args.last as usize,
    };
    let rows = figures::select(&published.indicators, &selection);
    let series = rows.last().map(|row| &row.key);
    // What is told of a series is told as of its end.
    let whole = series.filter(|_| matches!(periods, Periods::Of(_)));
    let known = &pipeline.definitions.indicators[indicator];
    let doubts = |id: &String| {
        let selection = Selection { indicator: id.clone(), last: usize::MAX, ..selection };
        figures::select(&published.indicators, &selection)
    };
    let doubts = known.doubt.as_ref().map(doubts).unwrap_or_default();
    let shown = Shown {
        indicator: known,
        rows: &rows,
        doubt: doubts.iter().find(|row| series.is_some_and(|key| row.key.period == key.period)),
        trends: &whole.map(|key| published.trends_of(key)).unwrap_or_default(),
        n_ranked: rows
            .last()
            .map_or(0, |row| figures::n_ranked_with(row, &published.indicators, &pipeline)),
        accuracy: whole.and_then(|key| published.accuracy(key)),
    };
    if args.json {
        output::json_to_stdout(&shown.json())?;
    } else {
        output::to_stdout(shown.text(cli.language()).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// Says it where an indicator or a unit is not in the pipeline.
pub(super) fn unknown(indicator: &str, unit: Option<&String>, pipeline: &Pipeline) -> Option<Exit> {
    let indicators = &pipeline.definitions.indicators;
    if !indicators.contains_key(indicator) {
        let known = indicators.keys().map(String::as_str);
        return Some(output::unknown("indicator", indicator, known));
    }
    let units = || pipeline.reference.units.iter().map(|unit| unit.code.as_str());
    let unit = unit.filter(|unit| units().all(|known| known != *unit))?;
    Some(output::unknown("unit", unit, units()))
}
