//! `hoso quarantine`

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::pipeline::rules::{self, Language};
use crate::run;
use crate::run::quarantine::{Filter, Reject, read};
use crate::run::stop::Stop;

use super::exit::Exit;
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
    let store = run::open_published(cli.store_url(&pipeline))?;
    let language = cli.language();
    match command {
        Command::List { unit, rule, json } => {
            if let Some(unit) = unit.as_ref().filter(|u| pipeline.reference.units.get(u).is_none())
            {
                let units = pipeline.reference.units.iter().map(|unit| unit.code.as_str());
                return Ok(output::unknown("unit", unit, units));
            }
            if let Some(rule) = rule.as_ref().filter(|rule| rules::find(rule).is_none()) {
                return Ok(output::unknown("rule", rule, rules::RULES.iter().map(|r| r.id)));
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

fn list(rejects: &[Reject], language: Language) -> anyhow::Result<String> {
    let mut text = String::new();
    for reject in rejects {
        let (id, rule) = (reject.id(), &reject.rule);
        writeln!(text, "{id:<32} {rule:<20} {}", reject.reason(language))?;
    }
    writeln!(text, "{} rejected records", rejects.len())?;
    Ok(text)
}

fn one(reject: &Reject, language: Language) -> String {
    let column = reject.column.as_deref().unwrap_or("-");
    format!(
        "{}\n  unit    {}\n  file    {}\n  record  {}, line {}\n  rule    {}\n  column  {column}\n  reason  {}\n",
        reject.id(),
        reject.unit,
        reject.name,
        reject.record,
        reject.line,
        reject.rule,
        reject.reason(language),
    )
}
