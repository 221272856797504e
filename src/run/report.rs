//! What a run came to: for a person, for a scheduler, for a file.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use serde_json::{Value, json};

use crate::pipeline::Pipeline;
use crate::pipeline::rules::{Language, message};
use crate::publish::figures;
use crate::store::releases::{Evidence, Release};

use super::control::Difference;
use super::guards::words;
use super::ingest::Ingested;
use super::land::{AtSource, Landed};
use super::ledger::Judgement;
use super::release::Released;

/// How far back a run looks for reports that never came.
const LOOKBACK_MONTHS: u32 = 12;

/// A release that another run made and that it did not bring up: it may have been stopped before it
/// told what there was to tell.
#[derive(Debug)]
pub(super) struct LeftOver {
    pub(super) release: Release,
    /// What was judged since the release before it.
    pub(super) judgements: Vec<Judgement>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    pub(super) left_over: Option<LeftOver>,
    pub(super) landed: Landed,
    pub(super) ingested: Ingested,
    pub(super) n_cells_measured: usize,
    pub(super) released: Released,
    pub(super) as_of: NaiveDate,
    /// What is worth knowing of the pipeline itself.
    pub(super) pipeline_note: Option<String>,
}

impl Report {
    /// What was judged in this run; once a release is made, all that it is the first to know of.
    fn judgements(&self) -> Vec<&Judgement> {
        let ours = &self.ingested.judgements;
        let is_ours = |judgement: &Judgement| {
            let key = (judgement.delivery(), judgement.judgement);
            ours.iter().any(|ours| (ours.delivery(), ours.judgement) == key)
        };
        let first = if self.released.is_new { &self.released.judgements[..] } else { &[] };
        let left_over = self.left_over.iter().flat_map(|left| &left.judgements);
        left_over.chain(first).filter(|judgement| !is_ours(judgement)).chain(ours).collect()
    }

    /// Whether some delivery was refused, or is another unit's, or some source not reached in this
    /// run.
    pub fn has_gaps(&self) -> bool {
        !self.landed.unreachable.is_empty()
            || self.judgements().iter().any(|j| !j.is_accepted() && !j.is_withdrawn())
            || self.judgements().iter().any(|judgement| is_misplaced(judgement))
            || self.evidence().any(|(_, is_accepted)| !is_accepted)
    }

    /// Returns what guards said of a release made in this run, or left over, and whether it was
    /// accepted.
    pub(super) fn evidence(&self) -> impl Iterator<Item = (&Evidence, bool)> {
        let left_over = self.left_over.iter().map(|left| &left.release);
        let release = self.released.release.as_ref().filter(|_| self.released.is_new);
        let spoken = left_over.chain(release).flat_map(|release| {
            let is_accepted = |e: &Evidence| release.accepted.contains_key(&e.guard);
            release.evidence.iter().map(move |evidence| (evidence, is_accepted(evidence)))
        });
        spoken.collect::<Vec<_>>().into_iter()
    }

    /// Returns the reports that are missing, by feed, of the last periods before the as-of day.
    fn missing(&self) -> BTreeMap<(&str, &str), Vec<NaiveDate>> {
        let since = self.as_of - Months::new(LOOKBACK_MONTHS);
        let mut missing: BTreeMap<(&str, &str), Vec<NaiveDate>> = BTreeMap::new();
        let reports = self.released.reports.iter();
        for report in reports.filter(|r| r.status() == "missing" && r.end > since) {
            missing.entry((&report.unit, &report.feed)).or_default().push(report.start);
        }
        missing
    }

    /// What is worth knowing of the pipeline, of sources and feeds.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        let at_feeds = self.landed.notes.iter().chain(&self.ingested.notes);
        let left_over = self.left_over.iter().map(|left| {
            let number = left.release.number;
            format!(
                "release {number} was made by a run that was stopped, and is brought up now; what \
                 came of its deliveries is told here"
            )
        });
        left_over.chain(self.pipeline_note.clone()).chain(at_feeds.map(AtSource::to_string))
    }

    /// Returns `published` or `no_new_data`.
    pub fn status(&self) -> &'static str {
        if self.released.is_new { "published" } else { "no_new_data" }
    }

    /// Tells the run in a few lines: what came, what was refused, what was published.
    pub fn summary(&self, language: Language) -> String {
        let mut lines = Vec::new();
        for at in &self.landed.unreachable {
            lines.push(format!("not reached: {at}"));
        }
        lines.extend(self.notes().map(|told| format!("note: {told}")));
        let judgements = self.judgements();
        let refused = judgements.iter().filter_map(|judgement| refusal(judgement, language));
        lines.extend(refused.map(|line| format!("refused: {line}")));
        lines.extend(notes(&judgements, language).map(|line| format!("note: {line}")));
        lines.extend(self.released.differences.iter().map(|at| format!("control: {at}")));
        for ((unit, feed), starts) in self.missing() {
            let starts: Vec<String> =
                starts.iter().map(|day| day.format("%Y-%m").to_string()).collect();
            lines.push(format!("missing: {unit} {feed}: {}", starts.join(", ")));
        }
        for (evidence, is_accepted) in self.evidence() {
            let accepted = if is_accepted { " (accepted)" } else { "" };
            lines.push(format!("guard: {}{accepted}", words(evidence, language)));
        }
        let total = |of: fn(&Judgement) -> i64| judgements.iter().map(|j| of(j)).sum::<i64>();
        if !judgements.is_empty() {
            lines.push(format!(
                "{} deliveries: {} records read = {} accepted + {} duplicate + {} rejected + {} out of scope",
                judgements.len(),
                total(|j| j.fates.read),
                total(|j| j.fates.accepted),
                total(|j| j.fates.duplicate),
                total(|j| j.fates.rejected),
                total(|j| j.fates.out_of_scope),
            ));
        }
        let release = self.released.release.as_ref();
        lines.push(match release {
            Some(release) if self.released.is_new => format!(
                "published release {}: {} rows, as of {}",
                release.number, release.rows_changed, self.as_of
            ),
            Some(release) => {
                format!("no_new_data: release {} stands, as of {}", release.number, self.as_of)
            }
            None => "no_new_data: nothing was ever published".to_owned(),
        });
        lines.push(String::new());
        lines.join("\n")
    }

    /// Shows the headline figures of the release that stands.
    pub fn headline(&self, pipeline: &Pipeline, language: Language) -> String {
        let ids: Vec<String> =
            pipeline.settings.headline.iter().map(|id| id.value.clone()).collect();
        figures::headline(&self.released.headline, &ids, pipeline, language)
    }

    /// Returns the run report, as `docs/schemas/run-report.schema.json` describes.
    pub fn json(&self) -> Value {
        let unreachable: Vec<Value> = self
            .landed
            .unreachable
            .iter()
            .map(|at| json!({ "unit": at.unit, "feed": at.feed, "why": at.why }))
            .collect();
        let deliveries: Vec<Value> = self.judgements().into_iter().map(judgement_json).collect();
        let release = self.released.release.as_ref();
        let missing: Vec<Value> = self
            .missing()
            .into_iter()
            .map(|((unit, feed), starts)| {
                let starts: Vec<String> = starts.iter().map(ToString::to_string).collect();
                json!({ "unit": unit, "feed": feed, "period_starts": starts })
            })
            .collect();
        let guards: Vec<Value> = self
            .evidence()
            .map(|(evidence, is_accepted)| {
                json!({
                    "guard": evidence.guard,
                    "unit": evidence.unit,
                    "feed": evidence.feed,
                    "told": words(evidence, Language::English),
                    "accepted": is_accepted,
                })
            })
            .collect();
        json!({
            "status": self.status(),
            "as_of": self.as_of.to_string(),
            "release": release.map(|release| release.number),
            "rows_changed": release.filter(|_| self.released.is_new).map_or(0, |r| r.rows_changed),
            "sources": self.landed.n_sources,
            "landed": self.landed.n_new,
            "unreachable": unreachable,
            "notes": self.notes().collect::<Vec<_>>(),
            "deliveries": deliveries,
            "control": self.released.differences.iter().map(Difference::json).collect::<Vec<_>>(),
            "missing": missing,
            "guards": guards,
            "cells_rewritten": self.ingested.n_cells_rewritten,
            "cells_measured": self.n_cells_measured,
        })
    }
}

/// Tells a refused delivery: its id, its name and the reason.
pub(super) fn refusal(judgement: &Judgement, language: Language) -> Option<String> {
    let refusal = judgement.refusal.as_ref()?;
    let why = message(&refusal.rule, &refusal.params, language);
    Some(format!("{} `{}`: {why}", judgement.delivery(), judgement.name))
}

/// Whether a delivery that was accepted tells of another unit's dossiers.
fn is_misplaced(judgement: &Judgement) -> bool {
    judgement.is_accepted()
        && judgement.notes.iter().any(|note| note.rule == "numbers_of_another_unit")
}

/// Tells what is worth knowing of accepted deliveries, once for each feed that it holds of.
pub(super) fn notes(judgements: &[&Judgement], language: Language) -> impl Iterator<Item = String> {
    let mut counts: BTreeMap<(&str, &str, String), usize> = BTreeMap::new();
    for judgement in judgements {
        for note in &judgement.notes {
            let told = message(&note.rule, &note.params, language);
            *counts.entry((&judgement.unit, &judgement.feed, told)).or_default() += 1;
        }
    }
    let line = |((unit, feed, told), n): ((&str, &str, String), usize)| {
        let times = match language {
            _ if n == 1 => String::new(),
            Language::English => format!(" ({n} deliveries)"),
            Language::Vietnamese => format!(" ({n} tệp)"),
        };
        format!("{unit} {feed}: {told}{times}")
    };
    counts.into_iter().map(line).collect::<Vec<_>>().into_iter()
}

fn judgement_json(judgement: &Judgement) -> Value {
    let fates = judgement.fates;
    json!({
        "delivery": judgement.delivery(),
        "name": judgement.name,
        "judgement": judgement.judgement,
        "outcome": if judgement.is_accepted() { "accepted" } else { "refused" },
        "rule": judgement.refusal.as_ref().map(|refusal| &refusal.rule),
        "format": judgement.written.as_ref().map(|written| &written.format),
        "encoding": judgement.written.as_ref().map(|written| written.encoding.name()),
        "notes": judgement.notes,
        "read": fates.read,
        "accepted": fates.accepted,
        "duplicate": fates.duplicate,
        "rejected": fates.rejected,
        "out_of_scope": fates.out_of_scope,
    })
}
