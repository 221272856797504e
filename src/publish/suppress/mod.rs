//! Small cells are taken out of what is open: a scope with one is told by year only, and so is
//! another one, so that the first cannot be had by subtraction.
//!
//! What is hidden is decided by measure, not by indicator: a number that one indicator hides is not
//! told by another.

mod sheet;
mod sheets;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;
use chrono::{Datelike as _, NaiveDate};

use crate::indicators::period::Period;
use crate::indicators::revise::{Figure, Told};
use crate::indicators::row::{Beside, Facts, Numbers, Reading, Row, RowKey, Status};
use crate::indicators::scope::Scope;
use crate::indicators::{Indicators, Revisions, trend};
use crate::pipeline::{Pipeline, Reference};

use sheet::{Hidden, Wholes};
use sheets::Sheets;

/// What is hidden of some figures.
#[derive(Debug)]
pub struct Suppression<'a> {
    pipeline: &'a Pipeline,
    /// Of what a release tells.
    now: Sheets,
    /// Of what was ever told: an earlier figure is had from others of its time.
    ever: Sheets,
}

impl<'a> Suppression<'a> {
    /// Decides what is hidden of a release and of the revisions up to it: cells of fewer than
    /// `below`, and what would tell them.
    pub fn of(
        indicators: &Indicators,
        revisions: &Revisions,
        pipeline: &'a Pipeline,
        below: i64,
    ) -> Self {
        let wholes = wholes(&pipeline.reference);
        let closed = |figures: &mut dyn Iterator<Item = (RowKey, Numbers, Beside)>| {
            let mut sheets = Sheets::default();
            for (key, numbers, beside) in figures {
                sheets.enter(&pipeline.definitions, &key, numbers, beside, below);
            }
            sheets.close(&pipeline.definitions, &wholes, below);
            sheets
        };
        let rows = indicators.rows();
        let mut now = rows.into_iter().map(|row| {
            let (numbers, beside) = (row.facts.numbers(), row.facts.beside());
            (row.key, numbers, beside)
        });
        let told = revisions.told();
        let mut ever = told.iter().flat_map(figures);
        Self { pipeline, now: closed(&mut now), ever: closed(&mut ever) }
    }

    /// Returns a release's indicators as they are open.
    pub fn open_indicators(&self, indicators: &Indicators) -> Indicators {
        let mut rows = indicators.rows();
        rows.iter_mut().for_each(|row| self.open(row));
        Indicators::from_rows(&rows)
    }

    /// Returns every revision up to the release as it is open. A scope that ever was told by year
    /// only has no revisions that tell numbers: the values that a year has had add its months up.
    /// Nor has one that the release hides: beside what that tells they would.
    pub fn open_revisions(&self, revisions: &Revisions) -> Revisions {
        let definitions = &self.pipeline.definitions;
        let is_told = |told: &Told| {
            let hidden = [&self.ever, &self.now].map(|of| of.hidden(definitions, &told.key));
            hidden == [Hidden::Nothing; 2] && !self.has_unknown_parts(&told.key, told.beside)
        };
        let hidden: Vec<bool> = revisions.told().iter().map(|told| !is_told(told)).collect();
        revisions.suppressed(&hidden)
    }

    /// Returns trends as they are open: of a series with a hidden cell nothing is told but its breaks.
    pub fn open_trends(&self, trends: &RecordBatch) -> RecordBatch {
        let definitions = &self.pipeline.definitions;
        trend::suppressed(trends, &|key, since| {
            (since.year()..=key.period.end.year()).any(|year| {
                let start = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(since);
                let key = RowKey { period: Period { start, ..key.period }, ..key.clone() };
                self.now.hidden(definitions, &key) != Hidden::Nothing
            })
        })
    }

    /// Whether a figure tells what it is made of, and nothing is known any more of how.
    fn has_unknown_parts(&self, key: &RowKey, beside: Beside) -> bool {
        let version = self.pipeline.definitions.version(&key.indicator, key.version);
        version.is_none() && beside.has_parts
    }

    fn hides(&self, key: &RowKey) -> bool {
        self.now.hidden(&self.pipeline.definitions, key).holds(key.period.kind)
    }

    /// Takes out of a row what is hidden: its own numbers, or those of an earlier row. A row without
    /// numbers has none to hide and keeps its status.
    fn open(&self, row: &mut Row) {
        let Row { key, facts, reading, .. } = row;
        let tells = facts.value.is_some() || facts.numbers() != Numbers::default();
        let is_hidden = self.hides(key) || self.has_unknown_parts(key, facts.beside());
        if is_hidden && tells {
            *facts = Facts {
                numerator: None,
                denominator: None,
                value: None,
                components: None,
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

/// Returns what a revision tells, new and old; what an old amount was of, an earlier one told.
fn figures(told: &Told) -> impl Iterator<Item = (RowKey, Numbers, Beside)> {
    let figures = [(&told.new, told.beside), (&told.old, Beside::default())];
    let told_of = |(figure, beside): (&Option<Figure>, Beside)| {
        Some((told.key.clone(), figure.as_ref()?.numbers, beside))
    };
    figures.into_iter().filter_map(told_of)
}

/// Returns of what each scope is a part: a procedure of its field and its unit, a field of a unit
/// that has all of it, where that unit has whole fields only, and a unit of the one above it and of
/// the one that it has become.
fn wholes(reference: &Reference) -> Wholes {
    let services = &reference.services;
    let mut units: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
    let mut wholes = Wholes::new();
    for unit in reference.units.iter() {
        let of = reference.units.directly_in(&unit.code);
        let of = of.map(|whole| Scope::Unit(whole.into())).collect();
        wholes.insert(Scope::Unit(unit.code.as_str().into()), of);
    }
    for (code, service) in services.codes().filter_map(|code| Some((code, services.latest(code)?)))
    {
        let (field, unit) = (&*service.field_code, service.unit_code.as_deref());
        units.entry(field).or_default().insert(unit);
        let unit = unit.map(|unit| Scope::Unit(unit.into()));
        let of = [Scope::Field(field.into())].into_iter().chain(unit);
        wholes.insert(Scope::Procedure(code.into()), of.collect());
    }
    let divided: BTreeSet<Option<&str>> =
        units.values().filter(|units| units.len() > 1).flatten().copied().collect();
    for (field, units) in &units {
        let unit = units.first().filter(|unit| !divided.contains(*unit)).copied().flatten();
        let unit = unit.map(|unit| Scope::Unit(unit.into()));
        wholes.insert(Scope::Field((*field).into()), unit.into_iter().collect());
    }
    wholes
}
