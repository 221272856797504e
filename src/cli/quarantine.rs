//! `hoso quarantine`

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::pipeline::Pipeline;
use crate::pipeline::rules::{self, Language};
use crate::run::quarantine::{Filter, Reject, read};
use crate::run::stop::Stop;
use crate::run::unmatched::{self, Unmatched};
use crate::run::watch::Watch;
use crate::run::{self, Options};

use super::exit::Exit;
use super::progress::{ProgressMode, display};
use super::run::{Publishing, listen, tell};
use super::{Cli, output};

/// List rejected records and tell why they were rejected
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
    /// Judge deliveries again, after a profile, a contract or the catalogue was mended, and publish
    /// what differs
    #[command(
        after_help = "Example:\n  hoso quarantine replay --unit G16.01 --rule unknown_status"
    )]
    Replay {
        /// Only those of this unit
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        /// Only those that this rule rejects records of, or refuses
        #[arg(long, value_name = "ID")]
        rule: Option<String>,
        #[command(flatten)]
        publishing: Publishing,
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
            let Some(filter) = filter(unit.as_ref(), rule.as_ref(), &pipeline) else {
                return Ok(Exit::Usage);
            };
            let rejects = read(&store, &filter)?;
            if *json {
                let rejects: Vec<Value> = rejects.iter().map(Reject::json).collect();
                output::json_to_stdout(&json!({ "rejects": rejects }))?;
            } else {
                output::to_stdout(list(&rejects, language)?.as_bytes())?;
            }
        }
        Command::Replay { unit, rule, publishing } => {
            let filter = filter(unit.as_ref(), rule.as_ref(), &pipeline);
            let options = publishing.options(&pipeline);
            let Some((filter, options)) = filter.zip(options) else { return Ok(Exit::Usage) };
            return replay(&filter, &options, &pipeline, cli);
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

fn replay(
    filter: &Filter,
    options: &Options,
    pipeline: &Pipeline,
    cli: &Cli,
) -> anyhow::Result<Exit> {
    let store = run::open_store(cli.store_url(pipeline), pipeline)?;
    let selection = run::replay::select(pipeline, &store, filter)?;
    output::to_stderr(&format!(
        "{} deliveries are judged again; {} were judged by the profile, contract and catalogue that \
         hold now",
        selection.len(),
        selection.n_unmended,
    ));
    for (delivery, n_rejected) in &selection.expired {
        output::to_stderr(&format!(
            "expired: `{delivery}` cannot be judged again, its bytes are no longer kept; its \
             {n_rejected} rejected records stay"
        ));
    }
    let watch = Watch { progress: display(ProgressMode::Auto, cli.quiet), stop: listen()? };
    let done = run::replay(pipeline, &store, options, &selection, &watch);
    let exit = tell(done, None, pipeline, cli)?;
    Ok(if selection.expired.is_empty() { exit } else { Exit::Incomplete })
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
