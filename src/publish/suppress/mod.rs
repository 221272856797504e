//! Small cells are taken out of what is open: a scope with one is told by year only, and so is
//! another one, so that the first cannot be had by subtraction.
//!
//! What is hidden is decided by measure, not by indicator: a number that one indicator hides is not
//! told by another.

mod sheet;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::Datelike as _;

use crate::indicators::revise::Told;
use crate::indicators::row::{Facts, Numbers, Reading, Row, RowKey, Status};
use crate::indicators::scope::Scope;
use crate::indicators::{Indicators, Revisions};
use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Definitions, Subject};

use sheet::{Hidden, Sheet};

/// What is hidden of some figures.
#[derive(Debug)]
pub struct Suppression<'a> {
    pipeline: &'a Pipeline,
    below: i64,
    /// By measure and calendar year.
    sheets: BTreeMap<String, BTreeMap<i32, Sheet>>,
}

impl<'a> Suppression<'a> {
    /// Decides what is hidden of a release: cells of fewer than `below`, and what would tell them.
    pub fn of(indicators: &Indicators, pipeline: &'a Pipeline, below: i64) -> Self {
        let rows = indicators.rows();
        Self::new(rows.iter().map(|row| (&row.key, row.facts.numbers())), pipeline, below)
    }

    fn new<'k>(
        figures: impl Iterator<Item = (&'k RowKey, Numbers)>,
        pipeline: &'a Pipeline,
        below: i64,
    ) -> Self {
        let mut suppression = Self { pipeline, below, sheets: BTreeMap::new() };
        for (key, numbers) in figures {
            suppression.enter(key, numbers);
        }
        let services = &pipeline.reference.services;
        let field =
            |code: &str| Some(Scope::Field(services.latest(code)?.field_code.as_str().into()));
        let fields: BTreeMap<Arc<str>, Scope> =
            services.codes().filter_map(|code| Some((code.into(), field(code)?))).collect();
        for sheet in suppression.sheets.values_mut().flat_map(BTreeMap::values_mut) {
            sheet.close(&fields, below);
        }
        suppression
    }

    /// Returns a release's indicators as they are open.
    pub fn open_indicators(&self, indicators: &Indicators) -> Indicators {
        let mut rows = indicators.rows();
        rows.iter_mut().for_each(|row| self.open(row));
        Indicators::from_rows(&rows)
    }

    /// Returns every revision up to the release as it is open. A scope that is told by year only has
    /// no revisions that tell numbers: the values that a year has had add its months up. Rows that
    /// are published no more are decided on beside one another, by all that is told of them.
    pub fn open_revisions(&self, revisions: &Revisions) -> Revisions {
        let told = revisions.told();
        let withdrawn = withdrawn(&told);
        let is_withdrawn = |told: &Told| withdrawn.contains(&told.key);
        let gone = told.iter().filter(|told| is_withdrawn(told)).flat_map(figures);
        let beside = Self::new(gone, self.pipeline, self.below);
        let hides = |told: &Told| {
            self.hidden(&told.key) > Hidden::Nothing
                || (is_withdrawn(told) && beside.hidden(&told.key) > Hidden::Nothing)
                || figures(told).any(|(key, numbers)| self.is_small(key, numbers))
        };
        let hidden: Vec<bool> = told.iter().map(hides).collect();
        revisions.suppressed(&hidden)
    }

    fn enter(&mut self, key: &RowKey, numbers: Numbers) {
        let definitions = &self.pipeline.definitions;
        let Some((numerator, denominator)) = measures(definitions, key) else { return };
        let is_small = is_below(numbers, self.below);
        let n_of = numbers.denominator.unwrap_or(0);
        let size = numbers.numerator.unwrap_or(0).max(n_of);
        self.sheet(numerator, key).enter(&key.scope, key.period, size, is_small);
        if let Some(denominator) = denominator {
            let is_small = n_of < self.below;
            self.sheet(denominator, key).enter(&key.scope, key.period, n_of, is_small);
        }
    }

    fn sheet(&mut self, measure: &str, key: &RowKey) -> &mut Sheet {
        let years = self.sheets.entry(measure.to_owned()).or_default();
        years.entry(key.period.start.year()).or_default()
    }

    /// Returns how much of a row's scope and year is hidden, by either of its measures.
    fn hidden(&self, key: &RowKey) -> Hidden {
        let Some((numerator, denominator)) = measures(&self.pipeline.definitions, key) else {
            return Hidden::Nothing;
        };
        let year = key.period.start.year();
        let names = std::iter::once(numerator).chain(denominator);
        let sheets = names.filter_map(|name| self.sheets.get(name)?.get(&year));
        sheets.map(|sheet| sheet.hidden(&key.scope)).max().unwrap_or_default()
    }

    fn hides(&self, key: &RowKey) -> bool {
        self.hidden(key).holds(key.period.kind)
    }

    fn is_small(&self, key: &RowKey, numbers: Numbers) -> bool {
        measures(&self.pipeline.definitions, key).is_some() && is_below(numbers, self.below)
    }

    /// Takes out of a row what is hidden: its own numbers, or those of an earlier row. A row without
    /// numbers has none to hide and keeps its status.
    fn open(&self, row: &mut Row) {
        let Row { key, facts, reading, .. } = row;
        if self.hides(key) && facts.numbers() != Numbers::default() {
            *facts = Facts {
                numerator: None,
                denominator: None,
                value: None,
                status: Status::Suppressed,
                ..facts.clone()
            };
            *reading = Reading { target: reading.target, ..Reading::default() };
            return;
        }
        let hides = |period| self.hides(&RowKey { period, ..key.clone() });
        if key.period.previous().is_some_and(hides) {
            (reading.previous_value, reading.change) = (None, None);
        }
        if hides(key.period.year_ago()) {
            (reading.year_ago_value, reading.year_change) = (None, None);
        }
    }
}

/// Returns the keys of the rows that are published no more.
fn withdrawn(told: &[Told]) -> BTreeSet<&RowKey> {
    let mut withdrawn = BTreeSet::new();
    for Told { key, new, .. } in told {
        match new {
            Some(_) => withdrawn.remove(key),
            None => withdrawn.insert(key),
        };
    }
    withdrawn
}

/// Returns what a revision tells, new and old.
fn figures(told: &Told) -> impl Iterator<Item = (&RowKey, Numbers)> {
    told.new.iter().chain(&told.old).map(|numbers| (&told.key, *numbers))
}

/// Names the measures that a row tells: the numerator's and the denominator's. Rows that tell
/// nothing of dossiers have none; an indicator that is defined no more stands for its measure.
fn measures<'a>(
    definitions: &'a Definitions,
    key: &'a RowKey,
) -> Option<(&'a str, Option<&'a str>)> {
    let Some(indicator) = definitions.indicators.get(&*key.indicator) else {
        return Some((&key.indicator, None));
    };
    let is_of_dossiers = |name: &String| {
        definitions.measures.get(name).is_some_and(|measure| measure.of == Subject::Dossiers)
    };
    let mut names = std::iter::once(&indicator.numerator).chain(&indicator.denominator);
    names.any(is_of_dossiers).then_some((&indicator.numerator, indicator.denominator.as_deref()))
}

/// Whether numbers tell of few: what is counted, what it is counted of, or what is left of that.
fn is_below(numbers: Numbers, below: i64) -> bool {
    let Numbers { numerator, denominator } = numbers;
    let left = numerator.zip(denominator).map(|(numerator, denominator)| denominator - numerator);
    [numerator, denominator, left].into_iter().flatten().any(|n| 0 < n && n < below)
}
