//! `hoso export`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueHint;
use clap::builder::PossibleValuesParser;
use tempfile::NamedTempFile;

use crate::publish::export::Format;
use crate::run;
use crate::run::publication::Publication;

use super::exit::Exit;
use super::{Cli, output};

/// Write published figures in a format that others take
///
/// Small cells are suppressed as in `publish/`. Names are in Vietnamese unless --lang says otherwise.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hoso export form-ii06a --period 2020-Q3 --out ii06a.xlsx\n  \
    hoso export sdmx-csv > indicators.csv")]
pub(super) struct Args {
    /// The format
    #[arg(value_name = "FORMAT", value_parser = PossibleValuesParser::new(Format::ALL.map(|(name, ..)| name)))]
    format: String,

    /// The file to write; by default stdout
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,

    /// The period: 2020-05, 2020-Q2, 2020 or ytd-2020-05; by default all, of a form the last month
    #[arg(long, value_name = "P")]
    period: Option<String>,

    /// The figures as a release published them, by its number, or as they stood on a day
    #[arg(long, value_name = "N|DATE")]
    release: Option<String>,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let found = Format::ALL.into_iter().find(|(name, ..)| *name == args.format);
    let (.., format) = found.context("the command line knows the formats")?;
    let pipeline = cli.pipeline()?;
    let store = run::open_published(cli.store_url(&pipeline), &pipeline)?;
    let publication = Publication::read(&pipeline, &store, args.release.as_deref())?;
    let published = publication.published(&pipeline);
    let period = match &args.period {
        Some(text) => {
            match run::show::period(text, published.rows.iter().map(|row| row.key.period)) {
                Ok(period) => Some(period),
                Err(error) => return Err(error),
            }
        }
        None => published.latest_month().filter(|_| format.needs_period()),
    };
    let bytes = published.export(format, period, cli.language_of_units())?;
    match &args.out {
        None => output::to_stdout(&bytes)?,
        Some(path) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let mut file = NamedTempFile::new_in(folder.unwrap_or(std::path::Path::new(".")))
                .and_then(|mut file| file.write_all(&bytes).map(|()| file))
                .with_context(|| format!("failed to write `{}`", path.display()))?;
            file.flush()?;
            file.persist(path).with_context(|| format!("failed to write `{}`", path.display()))?;
            output::to_stderr(&format!("{}: {} bytes", path.display(), bytes.len()));
        }
    }
    Ok(Exit::Done)
}
