//! `hoso export`

#[cfg(unix)]
use std::fs::Permissions;
use std::io::Write as _;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueHint;
use clap::builder::PossibleValuesParser;

use crate::publish::export::{Format, Unfit};
use crate::run;
use crate::run::publication::Publication;
use crate::run::stop::Stop;

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
    if let Some(path) = &args.out {
        check_place(path)?;
    }
    let pipeline = cli.pipeline()?;
    let store = run::open_published(cli.store_url(&pipeline), &pipeline)?;
    let publication = Publication::read(&pipeline, &store, args.release.as_deref())?;
    let published = publication.published(&pipeline);
    let period = match &args.period {
        Some(text) => {
            Some(run::show::period(text, published.rows.iter().map(|row| row.key.period))?)
        }
        None if format.needs_period() => {
            Some(published.latest_month().map_err(|unfit| as_mistake(unfit.into()))?)
        }
        None => None,
    };
    let bytes = published.export(format, period, cli.language_of_units()).map_err(as_mistake)?;
    match &args.out {
        None => output::to_stdout(&bytes)?,
        Some(path) => {
            write_whole(path, &bytes)
                .with_context(|| format!("failed to write `{}`", path.display()))?;
            output::to_stderr(&format!("{}: {} bytes", path.display(), bytes.len()));
        }
    }
    Ok(Exit::Done)
}

/// Tells of a file that cannot be, before anything is read.
fn check_place(path: &Path) -> Result<(), Stop> {
    let shown = path.display();
    if path.is_dir() {
        return Err(Stop::Mistake(format!("`{shown}` is a folder: --out names a file")));
    }
    let folder = folder_of(path);
    if !folder.is_dir() {
        let folder = folder.display();
        return Err(Stop::Mistake(format!("there is no folder `{folder}` to write `{shown}` to")));
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn as_mistake(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Unfit>() {
        Ok(Unfit(told)) => Stop::Mistake(told).into(),
        Err(error) => error,
    }
}

/// Writes a file that appears when it is whole. What it tells is public: it may be read as other
/// files may.
fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(Permissions::from_mode(0o666));
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
