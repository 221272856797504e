//! `hoso quarantine`

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueHint;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::pipeline::Pipeline;
use crate::pipeline::rules::{self, Language};
use crate::publish::rejects;
use crate::run;
use crate::run::export::{Export, Lost, Refused, export};
use crate::run::quarantine::{Filter, Reject, read};
use crate::run::stop::Stop;
use crate::run::unmatched::{self, Unmatched};

use super::exit::Exit;
use super::{Cli, output};

/// List rejected records, tell why they were rejected, and give them back to their unit
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Example:\n  hoso quarantine list --unit G16.01")]
pub(super) enum Command {
    /// List the rejected records of the judgements that stand
    #[command(after_help = "Example:\n  hoso quarantine list --unit G16.01 --rule no_key")]
    List {
        /// Only those of this unit
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        /// Only those of this rule
        #[arg(long, value_name = "ID")]
        rule: Option<String>,
        /// Write one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Write the files that a unit's officer gets back: its rejected rows, each with the reason
    ///
    /// The rows are whole, and hold personal data in clear. They are written as XLSX and as CSV, in
    /// Vietnamese unless --lang says otherwise, to be mended and sent again as a delivery: the
    /// columns before the unit's own are ignored then.
    #[command(after_help = "Example:\n  hoso quarantine export --unit G16.01 --out for-units\n\n\
        Exit codes: 0 written or nothing to write, 6 some records cannot be shown any more")]
    Export {
        /// The unit
        #[arg(long, value_name = "CODE")]
        unit: String,
        /// Only those of this rule
        #[arg(long, value_name = "ID")]
        rule: Option<String>,
        /// The folder to write to
        #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
        out: PathBuf,
        /// Write one JSON document about the files to stdout
        #[arg(long)]
        json: bool,
    },
    /// List what other feeds tell of dossiers that no unit reports
    #[command(after_help = "Example:\n  hoso quarantine unmatched --feed payment")]
    Unmatched {
        /// Only what this feed tells
        #[arg(long, value_name = "FEED")]
        feed: Option<String>,
        /// Write one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Show one rejected record: where it lies and what is wrong with it
    #[command(after_help = "Example:\n  hoso quarantine show G16.01/dossier/00000001#17")]
    Show {
        /// The record's id, as `list` tells it
        id: String,
        /// Write one JSON document
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &Command, cli: &Cli) -> anyhow::Result<Exit> {
    let pipeline = cli.pipeline()?;
    let store = run::open_published(cli.store_url(&pipeline), &pipeline)?;
    let language = cli.language();
    match command {
        Command::List { unit, rule, json } => {
            if let Some(exit) = unknown(unit.as_ref(), rule.as_ref(), &pipeline) {
                return Ok(exit);
            }
            let filter = Filter { unit: unit.clone(), rule: rule.clone() };
            let rejects = read(&store, &filter)?;
            if *json {
                let rejects: Vec<Value> = rejects.iter().map(Reject::json).collect();
                output::json_to_stdout(&json!({ "rejects": rejects }))?;
            } else {
                output::to_stdout(list(&rejects, language)?.as_bytes())?;
            }
        }
        Command::Export { unit, rule, out, json } => {
            if let Some(exit) = unknown(Some(unit), rule.as_ref(), &pipeline) {
                return Ok(exit);
            }
            let in_file = cli.language_of_units();
            let export = export(&pipeline, &store, unit, rule.as_deref(), in_file)?;
            let written = write_files(&export, unit, out, in_file)?;
            return show_export(&export, &written, *json, language);
        }
        Command::Unmatched { feed, json } => {
            let feeds = unmatched::others();
            if let Some(feed) = feed.as_ref().filter(|feed| !feeds.clone().any(|f| f == **feed)) {
                return Ok(output::unknown("feed", feed, feeds));
            }
            let mut unmatched = unmatched::list(&store)?;
            unmatched.retain(|row| feed.as_ref().is_none_or(|feed| row.feeds.contains(feed)));
            if *json {
                let rows: Vec<Value> = unmatched.iter().map(Unmatched::json).collect();
                output::json_to_stdout(&json!({ "unmatched": rows }))?;
            } else {
                output::to_stdout(not_reported(&unmatched)?.as_bytes())?;
            }
        }
        Command::Show { id, json } => {
            let rejects = read(&store, &Filter::default())?;
            let reject = rejects.iter().find(|reject| reject.id() == *id);
            let nothing = || {
                let hint = "`hoso quarantine list` tells the ids";
                Stop::Mistake(format!("no rejected record `{id}`: {hint}"))
            };
            let reject = reject.ok_or_else(nothing)?;
            if *json {
                output::json_to_stdout(&reject.json())?;
            } else {
                output::to_stdout(one(reject, language).as_bytes())?;
            }
        }
    }
    Ok(Exit::Done)
}

/// Says so where a unit or a rule is not known.
fn unknown(unit: Option<&String>, rule: Option<&String>, pipeline: &Pipeline) -> Option<Exit> {
    let units = &pipeline.reference.units;
    if let Some(unit) = unit.filter(|unit| units.get(unit).is_none()) {
        return Some(output::unknown("unit", unit, units.iter().map(|unit| unit.code.as_str())));
    }
    let rule = rule.filter(|rule| rules::find(rule).is_none())?;
    Some(output::unknown("rule", rule, rules::all().map(|rule| rule.id)))
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
fn show_export(
    export: &Export,
    written: &[(PathBuf, usize)],
    is_json: bool,
    language: Language,
) -> anyhow::Result<Exit> {
    let Export { lost, refused, .. } = export;
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

fn list(rejects: &[Reject], language: Language) -> anyhow::Result<String> {
    let mut text = String::new();
    for reject in rejects {
        let (id, rule) = (reject.id(), &reject.rule);
        writeln!(text, "{id:<32} {rule:<20} {}", reject.reason(language))?;
    }
    writeln!(text, "{} rejected records", rejects.len())?;
    Ok(text)
}

fn not_reported(unmatched: &[Unmatched]) -> anyhow::Result<String> {
    let mut text = String::new();
    for Unmatched { dossier_key, feeds, deliveries } in unmatched {
        let deliveries: Vec<&str> = deliveries.iter().map(String::as_str).collect();
        let (feeds, deliveries) = (feeds.join(" "), deliveries.join(" "));
        writeln!(text, "{dossier_key:<32} {feeds:<20} {deliveries}")?;
    }
    writeln!(text, "{} dossiers that no unit reports", unmatched.len())?;
    Ok(text)
}

fn one(reject: &Reject, language: Language) -> String {
    let column = reject.column.as_deref().unwrap_or("-");
    let sheet = reject.sheet.map_or_else(String::new, |sheet| format!(", sheet {sheet}"));
    format!(
        "{}\n  unit    {}\n  file    {}\n  record  {}, line {}{sheet}\n  rule    {}\n  column  {column}\n  reason  {}\n",
        reject.id(),
        reject.unit,
        reject.name,
        reject.record,
        reject.line,
        reject.rule,
        reject.reason(language),
    )
}
