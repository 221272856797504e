//! `hoso query`

use clap::ValueEnum;

use crate::run;
use crate::run::query;

use super::exit::Exit;
use super::{Cli, output};

/// Run ad hoc SQL over the small released tables: indicators, revisions, trends, completeness,
/// measures, deliveries
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso query \"SELECT unit_code, value FROM indicators \
    WHERE indicator = 'on_time_rate' AND scope = 'unit' AND period_kind = 'year'\"")]
pub(super) struct Args {
    /// The statement
    sql: String,

    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
    Parquet,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let pipeline = cli.pipeline()?;
    let store = run::open_published(cli.store_url(&pipeline), &pipeline)?;
    let format = match args.format {
        Format::Table => query::Format::Table,
        Format::Csv => query::Format::Csv,
        Format::Json => query::Format::Json,
        Format::Parquet => query::Format::Parquet,
    };
    output::to_stdout(&query::query(&store, &args.sql, format)?)?;
    Ok(Exit::Done)
}
