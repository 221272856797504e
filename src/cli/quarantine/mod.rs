//! `hoso quarantine`

mod export;
mod replay;

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::pipeline::Pipeline;
use crate::pipeline::rules::{self, Language};
use crate::run;
use crate::run::quarantine::{Filter, Reject, read};
use crate::run::stop::Stop;
use crate::run::unmatched::{self, Unmatched};

use super::exit::Exit;
use super::{Cli, output};

/// List rejected records, tell why they were rejected, give them back to their unit, judge them again
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
        /// Those too that were mended since: a later delivery tells of their dossiers
        #[arg(long)]
        all: bool,
        /// Write one JSON document
        #[arg(long)]
        json: bool,
    },
    Export(export::Args),
    Replay(replay::Args),
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
    let open = || run::open_published(cli.store_url(&pipeline), &pipeline);
    let language = cli.language();
    match command {
        Command::Export(args) => return export::run(args, &pipeline, cli),
        Command::Replay(args) => return replay::run(args, &pipeline, cli),
        Command::List { unit, rule, all, json } => {
            let Some(filter) = filter(unit.as_ref(), rule.as_ref(), &pipeline) else {
                return Ok(Exit::Usage);
            };
            let mut rejects = read(&pipeline, &open()?, &filter)?;
            let n_in_all = rejects.len();
            rejects.retain(|reject| *all || !reject.is_mended);
            if *json {
                let rejects: Vec<Value> = rejects.iter().map(Reject::json).collect();
                output::json_to_stdout(&json!({ "rejects": rejects }))?;
            } else {
                let n_mended = n_in_all - rejects.len();
                output::to_stdout(list(&rejects, n_mended, language)?.as_bytes())?;
            }
        }
        Command::Unmatched { feed, json } => {
            let feeds = unmatched::others();
            if let Some(feed) = feed.as_ref().filter(|feed| !feeds.clone().any(|f| f == **feed)) {
                return Ok(output::unknown("feed", feed, feeds));
            }
            let mut unmatched = unmatched::list(&open()?)?;
            unmatched.retain(|row| feed.as_ref().is_none_or(|feed| row.feeds.contains(feed)));
            if *json {
                let rows: Vec<Value> = unmatched.iter().map(Unmatched::json).collect();
                output::json_to_stdout(&json!({ "unmatched": rows }))?;
            } else {
                output::to_stdout(not_reported(&unmatched)?.as_bytes())?;
            }
        }
        Command::Show { id, json } => {
            let rejects = read(&pipeline, &open()?, &Filter::default())?;
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

/// Makes a filter of known names; an unknown one is said, with what was probably meant.
fn filter(unit: Option<&String>, rule: Option<&String>, pipeline: &Pipeline) -> Option<Filter> {
    if let Some(unit) = unit.filter(|unit| pipeline.reference.units.get(unit).is_none()) {
        let units = pipeline.reference.units.iter().map(|unit| unit.code.as_str());
        output::unknown("unit", unit, units);
        return None;
    }
    if let Some(rule) = rule.filter(|rule| rules::find(rule).is_none()) {
        output::unknown("rule", rule, rules::all().map(|rule| rule.id));
        return None;
    }
    Some(Filter { unit: unit.cloned(), rule: rule.cloned() })
}

fn list(rejects: &[Reject], n_mended: usize, language: Language) -> anyhow::Result<String> {
    let mut text = String::new();
    for reject in rejects {
        let (id, rule) = (reject.id(), &reject.rule);
        writeln!(text, "{id:<32} {rule:<20} {}", reject.reason(language))?;
    }
    writeln!(text, "{} rejected records", rejects.len())?;
    if n_mended > 0 {
        writeln!(text, "{n_mended} more were mended since: --all lists them")?;
    }
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
