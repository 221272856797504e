//! What a run would change, down to indicator values: the run itself, on a store whose writes stay
//! beside it.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::indicators::revise::{Changes, Revision, revise};
use crate::indicators::row::Facts;
use crate::indicators::scope::Scope;
use crate::pipeline::Pipeline;
use crate::pipeline::rules::{self, Language};
use crate::pipeline::tables::{Cell, Table};
use crate::store::landed::Delivery;
use crate::store::parquet::DataFile;
use crate::store::{Store, StoreError};

use super::Options;
use super::guards::words;
use super::ledger::Judgement;
use super::release::published::Published;
use super::report::{Report, notes};
use super::watch::Watch;
use super::{replay, run, stop};

/// How many changed rows are told; JSON tells all.
const N_TOLD: usize = 30;

/// What a run would do.
#[derive(Debug)]
pub struct Plan {
    report: Report,
    landed: Vec<Delivery>,
    cells: Vec<Cell>,
    /// Deliveries that were judged by another profile, contract or catalogue than holds now.
    outdated: Vec<String>,
    changes: Vec<Revision>,
}

/// Runs beside the store: nothing is written to it.
///
/// # Errors
///
/// As those of a run; a guard stops no plan.
pub fn plan(
    pipeline: &Pipeline,
    store: &Store,
    options: &Options,
    watch: &Watch,
) -> anyhow::Result<Plan> {
    let before = store.landed().context("failed to read the manifests").map_err(stop::classify)?;
    let (cells_before, last) = (cells(store)?, store.latest_release()?);
    let beside = store.overlaid().context("failed to lay a store beside this one")?;
    let accept = rules::guards().map(str::to_owned).collect();
    let options = Options { accept, reason: "a plan".to_owned(), ..options.clone() };
    let report = run(pipeline, &beside, &options, watch)?;
    // What a run that was stopped has left is published already, and told by the next run.
    let report = Report { left_over: None, ..report };
    let known: BTreeSet<String> = before.iter().map(Delivery::id).collect();
    let mut landed = beside.landed().context("failed to read the manifests")?;
    landed.retain(|delivery| !known.contains(&delivery.id()));
    let changed = cells(&beside)?.into_iter().filter(|cell| !cells_before.contains(cell));
    let mut changes = Vec::new();
    if report.released.is_new {
        let before = Published::indicators(last.as_ref(), store)?;
        let now = Published::indicators(beside.latest_release()?.as_ref(), &beside)?;
        let ids: BTreeSet<&str> = before.ids().chain(now.ids()).collect();
        for id in ids {
            let (mut rows, before) = (now.of(id)?.rows(), before.of(id)?);
            changes.extend(revise(&mut rows, &before, 0, &Changes::default()));
        }
    }
    Ok(Plan {
        landed,
        cells: changed.map(|(cell, _)| cell).collect(),
        outdated: replay::outdated(pipeline, &beside)?,
        changes,
        report,
    })
}

fn cells(store: &Store) -> anyhow::Result<BTreeSet<(Cell, String)>> {
    let snapshot = match store.snapshot(Table::Dossiers) {
        Err(StoreError::NotFound { .. }) => return Ok(BTreeSet::new()),
        snapshot => snapshot.context("failed to read the dossiers")?,
    };
    let named = |(cell, file): (Cell, DataFile)| (cell, file.path);
    Ok(snapshot.cells()?.into_iter().map(named).collect())
}

impl Plan {
    /// Whether the run would leave gaps, as [`Report::has_gaps`] tells.
    pub fn has_gaps(&self) -> bool {
        self.report.has_gaps()
    }

    /// Whether a guard would stop the run, unless it is among those accepted.
    pub fn is_stopped(&self, accepted: &[String]) -> bool {
        let mut evidence = self.report.evidence();
        evidence.any(|(e, _)| e.unit.is_none() && !accepted.contains(&e.guard))
    }

    /// Tells what the run would do, in a few lines.
    pub fn text(&self, accepted: &[String], language: Language) -> String {
        let mut lines = Vec::new();
        for at in &self.report.landed.unreachable {
            lines.push(format!("not reached: {at}"));
        }
        lines.push(format!("would land: {} deliveries", self.landed.len()));
        lines.extend(self.landed.iter().map(|delivery| format!("  {}", self.told(delivery))));
        lines.extend(self.report.notes().map(|told| format!("note: {told}")));
        let judgements: Vec<&Judgement> = self.report.ingested.judgements.iter().collect();
        lines.extend(notes(&judgements, language).map(|line| format!("note: {line}")));
        let again = self.judged_again().map(|judgement| format!("  {}", fate(judgement)));
        let again: Vec<String> = again.collect();
        if !again.is_empty() {
            lines.push(format!("would judge again: {} deliveries", again.len()));
            lines.extend(again);
        }
        let cells: Vec<String> = self.cells.iter().map(ToString::to_string).collect();
        lines.push(format!("would rewrite: {} cells {}", cells.len(), cells.join(" ")));
        if !self.outdated.is_empty() {
            lines.push(format!(
                "judged by another profile, contract or catalogue than holds now, until \
                 `hoso quarantine replay`: {} deliveries",
                self.outdated.len()
            ));
            lines.extend(self.outdated.iter().map(|id| format!("  {id}")));
        }
        for (evidence, _) in self.report.evidence() {
            let stops = evidence.unit.is_none() && !accepted.contains(&evidence.guard);
            let what = if stops { "would stop the release" } else { "would be told" };
            let told = words(evidence, language);
            lines.push(format!("guard `{}` {what}: {told}", evidence.guard));
        }
        lines.push(match self.report.status() {
            "published" => format!("would publish: {} rows", self.changes.len()),
            status => format!("{status}: nothing would be published"),
        });
        let told = self.sorted();
        lines.extend(told.iter().take(N_TOLD).map(|change| format!("  {}", line(change))));
        if told.len() > N_TOLD {
            lines.push(format!("  and {} more: --json tells all", told.len() - N_TOLD));
        }
        lines.push("nothing was written".to_owned());
        lines.push(String::new());
        lines.join("\n")
    }

    /// Returns the plan as JSON, as `docs/schemas/plan.schema.json` describes.
    pub fn json(&self) -> Value {
        let delivery = |delivery: &Delivery| {
            let judgement = self.judgement(delivery);
            json!({
                "delivery": delivery.id(),
                "name": delivery.manifest.name,
                "size_bytes": delivery.manifest.size_bytes,
                "read": judgement.map(|j| j.fates.read),
                "rejected": judgement.map(|j| j.fates.rejected),
                "rule": judgement.and_then(|j| j.refusal.as_ref().map(|refusal| &refusal.rule)),
            })
        };
        let again = |judgement: &Judgement| {
            json!({
                "delivery": judgement.delivery(),
                "name": judgement.name,
                "read": judgement.fates.read,
                "rejected": judgement.fates.rejected,
                "rule": judgement.refusal.as_ref().map(|refusal| &refusal.rule),
            })
        };
        let change = |change: &&Revision| {
            let Revision { key, old, new, .. } = change;
            json!({
                "indicator": &*key.indicator,
                "definition_version": key.version,
                "scope": key.scope.kind(),
                "code": key.scope.name(),
                "period_kind": key.period.kind.name(),
                "period_start": key.period.start.to_string(),
                "old": old.as_ref().map(facts_json),
                "new": new.as_ref().map(facts_json),
            })
        };
        json!({
            "status": self.report.status(),
            "landed": self.landed.iter().map(delivery).collect::<Vec<_>>(),
            "judged_again": self.judged_again().map(again).collect::<Vec<_>>(),
            "notes": self.report.notes().collect::<Vec<_>>(),
            "cells": self.cells.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "outdated": self.outdated,
            "guards": self.report.evidence().map(|(evidence, _)| json!({
                "guard": evidence.guard,
                "unit": evidence.unit,
                "told": words(evidence, Language::English),
            })).collect::<Vec<_>>(),
            "changes": self.sorted().iter().map(change).collect::<Vec<_>>(),
        })
    }

    fn judgement(&self, delivery: &Delivery) -> Option<&Judgement> {
        let id = delivery.id();
        self.report.ingested.judgements.iter().find(|judgement| judgement.delivery() == id)
    }

    fn told(&self, delivery: &Delivery) -> String {
        let unjudged = || format!("{} `{}`", delivery.id(), delivery.manifest.name);
        self.judgement(delivery).map_or_else(unjudged, fate)
    }

    /// Returns the judgements of what had landed before: what is withdrawn, or is no more, and what
    /// that had replaced.
    fn judged_again(&self) -> impl Iterator<Item = &Judgement> {
        let landed: BTreeSet<String> = self.landed.iter().map(Delivery::id).collect();
        let judgements = self.report.ingested.judgements.iter();
        judgements.filter(move |judgement| !landed.contains(&judgement.delivery()))
    }

    /// The changed rows: the ministry's first, then the units', each with the latest period first.
    fn sorted(&self) -> Vec<&Revision> {
        let mut changes: Vec<&Revision> = self.changes.iter().collect();
        let rank = |scope: &Scope| match scope {
            Scope::Ministry => 0,
            Scope::Unit(_) => 1,
            Scope::Field(_) => 2,
            Scope::Procedure(_) => 3,
        };
        changes.sort_by_key(|change| {
            (rank(&change.key.scope), std::cmp::Reverse(change.key.period.end), &change.key)
        });
        changes
    }
}

/// Tells what became of a delivery.
fn fate(judgement: &Judgement) -> String {
    let (id, name, fates) = (judgement.delivery(), &judgement.name, judgement.fates);
    match &judgement.refusal {
        Some(refusal) => format!("{id} `{name}`: refused by `{}`", refusal.rule),
        None => {
            format!("{id} `{name}`: {} records, {} of them rejected", fates.read, fates.rejected)
        }
    }
}

fn line(change: &Revision) -> String {
    let Revision { key, old, new, .. } = change;
    let (old, new) = (figure(old.as_ref()), figure(new.as_ref()));
    let (kind, start) = (key.period.kind.name(), key.period.start);
    format!("{} {} {kind} from {start}: {old} -> {new}", key.indicator, key.scope.name())
}

fn figure(facts: Option<&Facts>) -> String {
    let Some(facts) = facts else { return "nothing".to_owned() };
    let units = format!("{} of {} units", facts.units_included, facts.units_expected);
    match (facts.numerator, facts.denominator) {
        (Some(numerator), Some(denominator)) => format!("{numerator}/{denominator} ({units})"),
        (Some(count), None) => format!("{count} ({units})"),
        _ => format!("{} ({units})", facts.status.name()),
    }
}

fn facts_json(facts: &Facts) -> Value {
    json!({
        "numerator": facts.numerator,
        "denominator": facts.denominator,
        "value": facts.value,
        "status": facts.status.name(),
        "is_final": facts.is_final,
        "units_expected": facts.units_expected,
        "units_included": facts.units_included,
    })
}
