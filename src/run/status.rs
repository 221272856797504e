//! Reads the state of things: which unit has reported on what, what was refused, what was released.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::indicators::completeness::{Completeness, Report};
use crate::pipeline::Pipeline;
use crate::pipeline::rules::{Language, message};
use crate::store::Store;
use crate::store::releases::Release;

use super::ledger::{Judgement, Ledger};
use super::news::Known;
use super::unmatched;

/// How many releases are listed.
const N_RELEASES: usize = 5;

/// The state of a store.
#[derive(Debug)]
pub struct State {
    reports: Vec<Report>,
    refused: Vec<Judgement>,
    /// The last ones, the newest first.
    releases: Vec<Release>,
    /// How many deliveries were judged that the last release does not know.
    n_unreleased: usize,
    /// By feed, how many dossiers it tells of that no unit does.
    unmatched: BTreeMap<String, i64>,
}

/// Reads the state as of a day.
pub fn read(pipeline: &Pipeline, store: &Store, as_of: NaiveDate) -> anyhow::Result<State> {
    let ledger = Ledger::read(store)?;
    let refused = ledger.judgements().filter(|judgement| !judgement.is_accepted());
    let last = store.release_numbers()?.into_iter().rev().take(N_RELEASES);
    let releases: Vec<Release> = last.map(|n| store.release(n)).collect::<Result<_, _>>()?;
    let known = Known::by(releases.first(), store)?;
    Ok(State {
        reports: Completeness::new(pipeline, &ledger.covered(pipeline), as_of).reports,
        refused: refused.cloned().collect(),
        releases,
        n_unreleased: ledger.judgements().filter(|judgement| known.is_new(judgement)).count(),
        unmatched: unmatched::count(store)?,
    })
}

impl State {
    /// Shows units × periods, a mark for each status of a report.
    pub fn text(&self, pipeline: &Pipeline, language: Language) -> String {
        let mut lines = vec![
            "units × periods: ■ received or on time, ▲ late, ○ quiet, … awaited, □ missing, \
             · not expected"
                .to_owned(),
        ];
        for reports in self.reports.chunk_by(|a, b| (&a.unit, &a.feed) == (&b.unit, &b.feed)) {
            let marks: String = reports.iter().map(mark).collect();
            let [first, ..] = reports else { continue };
            let last = &reports[reports.len() - 1];
            let unit = pipeline.reference.units.get(&first.unit);
            let name = unit.map_or("", |unit| match language {
                Language::English => &unit.name_en,
                Language::Vietnamese => &unit.name_vi,
            });
            let range =
                format!("{} to {}", first.start.format("%Y-%m"), last.start.format("%Y-%m"));
            lines.push(format!("{:<8} {:<8} {range}  {marks}  {name}", first.unit, first.feed));
        }
        lines.push(format!("refused deliveries: {}", self.refused.len()));
        for judgement in &self.refused {
            lines.push(format!(
                "  {} `{}`: {}",
                judgement.delivery(),
                judgement.name,
                why(judgement, language)
            ));
        }
        let unmatched: Vec<String> =
            self.unmatched.iter().map(|(feed, n)| format!("{feed} {n}")).collect();
        lines.push(format!(
            "dossiers that no unit reports (`hoso quarantine unmatched` lists them): {}",
            unmatched.join(", ")
        ));
        lines.push(format!("last releases: {}", self.releases.len()));
        for Release { number, as_of, published_at, rows_changed, .. } in &self.releases {
            lines.push(format!(
                "  {number}: as of {as_of}, published {published_at}, {rows_changed} rows"
            ));
        }
        if self.n_unreleased > 0 {
            // A guard has stopped their run, or it found no figure that they change.
            lines.push(format!(
                "judged since: {} deliveries (`hoso plan` tells what they would change, and which \
                 guard would stop it)",
                self.n_unreleased
            ));
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// Returns the state as JSON, as `docs/schemas/status.schema.json` describes.
    pub fn json(&self) -> Value {
        let report = |report: &Report| {
            json!({
                "unit_code": report.unit,
                "feed": report.feed,
                "period_start": report.start.to_string(),
                "period_end": report.end.to_string(),
                "expected": report.is_expected,
                "received": report.is_received,
                "due_on": report.due_on.map(|day| day.to_string()),
                "received_on": report.received_on.map(|day| day.to_string()),
                "on_time": report.is_on_time,
                "quiet": report.is_quiet,
                "status": report.status(),
            })
        };
        let refused = |judgement: &Judgement| {
            json!({
                "delivery": judgement.delivery(),
                "name": judgement.name,
                "rule": judgement.refusal.as_ref().map(|refusal| &refusal.rule),
                "reason_vi": why(judgement, Language::Vietnamese),
                "reason_en": why(judgement, Language::English),
            })
        };
        let release = |release: &Release| {
            json!({
                "release": release.number,
                "as_of": release.as_of.to_string(),
                "published_at": release.published_at,
                "rows_changed": release.rows_changed,
            })
        };
        json!({
            "completeness": self.reports.iter().map(report).collect::<Vec<_>>(),
            "refused": self.refused.iter().map(refused).collect::<Vec<_>>(),
            "unmatched": self.unmatched,
            "releases": self.releases.iter().map(release).collect::<Vec<_>>(),
            "unreleased": self.n_unreleased,
        })
    }
}

fn mark(report: &Report) -> char {
    match report.status() {
        "received" | "on_time" => '■',
        "late" => '▲',
        "quiet" => '○',
        "awaited" => '…',
        "missing" => '□',
        _ => '·',
    }
}

fn why(judgement: &Judgement, language: Language) -> String {
    let refusal = judgement.refusal.as_ref();
    refusal.map_or_else(String::new, |refusal| message(&refusal.rule, &refusal.params, language))
}
