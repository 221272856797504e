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

use super::filter;

/// Write the files that a unit's officer gets back: its rejected rows, each with the reason
///
/// The rows are whole, and hold personal data in clear. They are written as XLSX and as CSV, in
/// Vietnamese unless --lang says otherwise, to be mended and sent again as a delivery: the
/// columns before the unit's own are ignored then.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hoso quarantine export --unit G16.01 --out for-units\n\n\
    Exit codes: 0 written or nothing to write, 6 some records cannot be shown any more")]
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
    /// Write one JSON document about the files to stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, pipeline: &Pipeline, cli: &Cli) -> anyhow::Result<Exit> {
    let Args { unit, rule, all, out, json } = args;
    if filter(Some(unit), rule.as_ref(), pipeline).is_none() {
        return Ok(Exit::Usage);
    }
    let store = run::open_published(cli.store_url(pipeline), pipeline)?;
    let in_file = cli.language_of_units();
    let export = export(pipeline, &store, unit, rule.as_deref(), *all, in_file)?;
    let written = write_files(&export, unit, out, in_file)?;
    show(&export, &written, *json, cli.language())
}

/// Writes a unit's files; returns each with the number of its rows.
fn write_files(
    export: &Export,
    unit: &str,
    folder: &Path,
    language: Language,
) -> anyhow::Result<Vec<(PathBuf, usize)>> {
    let Export { sheets, refused, .. } = export;
    if sheets.is_empty() && refused.is_empty() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    let named = |end: &str| folder.join(format!("{unit}-rejects{end}"));
    let refused: Vec<_> = refused.iter().map(|refused| refused.file(language)).collect();
    let n_rows = sheets.iter().map(|sheet| sheet.rows.len()).sum();
    files.push((named(".xlsx"), n_rows, rejects::workbook(sheets, &refused, language)?));
    for (at, sheet) in (1..).zip(sheets) {
        let end = if at == 1 { ".csv".to_owned() } else { format!("-{at}.csv") };
        files.push((named(&end), sheet.rows.len(), rejects::csv(sheet, language)?));
    }
    // Nothing is written before all can be.
    let write = |(path, n_rows, bytes): (PathBuf, usize, Vec<u8>)| {
        let written = write_whole(folder, &path, &bytes);
        written.with_context(|| format!("failed to write `{}`", path.display()))?;
        Ok((path, n_rows))
    };
    files.into_iter().map(write).collect()
}

/// Writes a file that appears when it is whole, and that its owner alone may read.
fn write_whole(folder: &Path, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// Tells what was written, and what was not.
fn show(
    export: &Export,
    written: &[(PathBuf, usize)],
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
        let file = |(path, n_rows): &(PathBuf, usize)| json!({ "path": path.display().to_string(), "rows": n_rows });
        output::json_to_stdout(&json!({
            "files": written.iter().map(file).collect::<Vec<_>>(),
            "mended": n_mended,
            "lost": lost.iter().map(Lost::json).collect::<Vec<_>>(),
            "refused": refused.iter().map(Refused::json).collect::<Vec<_>>(),
        }))?;
    } else {
        let line =
            |(path, n_rows): &(PathBuf, usize)| format!("{}: {n_rows} rows\n", path.display());
        output::to_stdout(written.iter().map(line).collect::<String>().as_bytes())?;
    }
    Ok(if lost.is_empty() { Exit::Done } else { Exit::Incomplete })
}
