//! `hoso quarantine export`

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueHint;
use serde_json::json;
use tempfile::NamedTempFile;

use crate::cli::exit::Exit;
use crate::cli::{Cli, output};
use crate::pipeline::Pipeline;
use crate::pipeline::rules::Language;
use crate::publish::rejects;
use crate::run;
use crate::run::export::{Export, Lost, Refused, export};
use crate::run::stop::Stop;

use super::filter;

/// Write the files that a unit's officer gets back: its rejected rows, each with the reason
///
/// The rows are whole, and hold personal data in clear. They are written as XLSX and as CSV, in
/// Vietnamese unless --lang says otherwise, to be mended and sent again as a delivery: the
/// columns before the unit's own are ignored then.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso quarantine export --unit G16.01 --out for-units\n\n\
    Exit codes: 0 written or nothing to write, 2 a file is there already, 6 some records cannot be shown any more")]
pub(in crate::cli) struct Args {
    /// The unit
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// Only those of this rule
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Those too that were mended since
    #[arg(long)]
    all: bool,
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// Write over files of an earlier export, and over what was mended in them
    #[arg(long)]
    overwrite: bool,
    /// Write one JSON document about the files to stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, pipeline: &Pipeline, cli: &Cli) -> anyhow::Result<Exit> {
    let Args { unit, rule, all, out, overwrite, json } = args;
    if filter(Some(unit), rule.as_ref(), pipeline).is_none() {
        return Ok(Exit::Usage);
    }
    let store = run::open_published(cli.store_url(pipeline), pipeline)?;
    let in_file = cli.language_of_units();
    let export = export(pipeline, &store, unit, rule.as_deref(), *all, in_file)?;
    let files = files(&export, unit, out, in_file)?;
    if !overwrite {
        files.iter().try_for_each(|file| check_new(&file.path))?;
    }
    // Nothing is written before all can be.
    files.iter().try_for_each(|file| file.write(out))?;
    show(&export, &files, *json, cli.language())
}

/// A file to write.
struct File {
    path: PathBuf,
    n_rows: usize,
    bytes: Vec<u8>,
}

/// Makes a unit's files.
fn files(
    export: &Export,
    unit: &str,
    folder: &Path,
    language: Language,
) -> anyhow::Result<Vec<File>> {
    let Export { sheets, refused, .. } = export;
    if sheets.is_empty() && refused.is_empty() {
        return Ok(Vec::new());
    }
    let named = |end: &str| folder.join(format!("{unit}-rejects{end}"));
    let refused: Vec<_> = refused.iter().map(|refused| refused.file(language)).collect();
    let workbook = File {
        path: named(".xlsx"),
        n_rows: sheets.iter().map(|sheet| sheet.rows.len()).sum(),
        bytes: rejects::workbook(sheets, &refused, language)?,
    };
    let mut files = vec![workbook];
    for (at, sheet) in (1..).zip(sheets) {
        let end = if at == 1 { ".csv".to_owned() } else { format!("-{at}.csv") };
        let (path, n_rows) = (named(&end), sheet.rows.len());
        files.push(File { path, n_rows, bytes: rejects::csv(sheet, language)? });
    }
    Ok(files)
}

/// Refuses a file that is there: an officer may have mended rows in it.
fn check_new(path: &Path) -> Result<(), Stop> {
    if !path.exists() {
        return Ok(());
    }
    let told = format!(
        "`{}` is there already, and what was mended in it would be lost: name another folder \
         (--out), or let it be written over (--overwrite)",
        path.display()
    );
    Err(Stop::Mistake(told))
}

impl File {
    /// Writes a file that appears when it is whole, and that its owner alone may read.
    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let write = || -> anyhow::Result<()> {
            fs::create_dir_all(folder)?;
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(&self.bytes)?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().with_context(|| format!("failed to write `{}`", self.path.display()))
    }
}

/// Tells what was written, and what was not.
fn show(
    export: &Export,
    written: &[File],
    is_json: bool,
    language: Language,
) -> anyhow::Result<Exit> {
    let Export { lost, refused, n_mended, .. } = export;
    if *n_mended > 0 {
        output::to_stderr(&format!(
            "{n_mended} rejected records were mended since: --all writes them"
        ));
    }
    for lost in lost {
        output::to_stderr(&lost.to_string());
    }
    for refused in refused {
        let Refused { delivery, name, .. } = refused;
        let reason = refused.reason(language);
        output::to_stderr(&format!("refused: {delivery} `{name}`: {reason}"));
    }
    if written.is_empty() {
        output::to_stderr(match lost.is_empty() {
            true => "no rejected records: nothing to write",
            false => "no rejected record can be shown: nothing is written",
        });
    }
    if is_json {
        let file =
            |file: &File| json!({ "path": file.path.display().to_string(), "rows": file.n_rows });
        output::json_to_stdout(&json!({
            "files": written.iter().map(file).collect::<Vec<_>>(),
            "mended": n_mended,
            "lost": lost.iter().map(Lost::json).collect::<Vec<_>>(),
            "refused": refused.iter().map(Refused::json).collect::<Vec<_>>(),
        }))?;
    } else {
        let line = |file: &File| format!("{}: {} rows\n", file.path.display(), file.n_rows);
        output::to_stdout(written.iter().map(line).collect::<String>().as_bytes())?;
    }
    Ok(if lost.is_empty() { Exit::Done } else { Exit::Incomplete })
}
