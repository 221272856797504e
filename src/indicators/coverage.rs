//! Coverage: which units should have reported on a period, and which have.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::pipeline::Pipeline;
use crate::pipeline::feed::Expected;

use super::scope::Scope;

/// A period that an accepted delivery of a unit covers, half-open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Covered {
    pub unit: String,
    pub feed: String,
    pub start: NaiveDate,
    pub end: NaiveDate,
}

/// How many units of a scope should have reported on a period, and how many have, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitCount {
    pub expected: i64,
    pub included: i64,
    /// Whether any of them has reported on a part of the period.
    pub has_any: bool,
}

/// Which days each unit has reported on, and which units each scope depends on.
#[derive(Debug)]
pub struct Coverage {
    days: BTreeMap<String, Vec<(NaiveDate, NaiveDate)>>,
    expected: BTreeMap<String, (Option<NaiveDate>, Option<NaiveDate>)>,
    units_of: BTreeMap<Scope, BTreeSet<String>>,
}

impl Coverage {
    /// Gathers what accepted deliveries cover.
    pub fn new(pipeline: &Pipeline, covered: &[Covered]) -> Self {
        let mut days: BTreeMap<String, Vec<(NaiveDate, NaiveDate)>> = BTreeMap::new();
        for covered in covered.iter().filter(|covered| covered.feed == "dossier") {
            days.entry(covered.unit.clone()).or_default().push((covered.start, covered.end));
        }
        days.values_mut().for_each(|ranges| *ranges = joined(ranges));
        let reporting = pipeline.feeds.iter().filter(|feed| feed.expected != Expected::Never);
        let expected = reporting.filter_map(|feed| {
            let unit = pipeline.reference.units.get(&feed.unit)?;
            Some((feed.unit.clone(), (unit.valid_from, unit.valid_to)))
        });
        Self { days, expected: expected.collect(), units_of: units_by_scope(pipeline) }
    }

    /// Counts the units of a scope for a period.
    pub fn count(&self, scope: &Scope, start: NaiveDate, end: NaiveDate) -> UnitCount {
        let exists = |(from, to): &(Option<NaiveDate>, Option<NaiveDate>)| {
            from.is_none_or(|from| from < end) && to.is_none_or(|to| to > start)
        };
        let belongs = |unit: &String| match scope {
            Scope::Ministry => true,
            Scope::Unit(code) => **code == **unit,
            _ => self.units_of.get(scope).is_none_or(|units| units.contains(unit)),
        };
        let mut count = UnitCount { expected: 0, included: 0, has_any: false };
        for (unit, life) in &self.expected {
            if !belongs(unit) || !exists(life) {
                continue;
            }
            let from = life.0.map_or(start, |from| from.max(start));
            let to = life.1.map_or(end, |to| to.min(end));
            count.expected += 1;
            count.included += i64::from(self.covers(unit, from, to));
            count.has_any |= self.touches(unit, from, to);
        }
        count
    }

    /// Whether a unit has reported on every day of a period.
    pub fn covers(&self, unit: &str, start: NaiveDate, end: NaiveDate) -> bool {
        self.ranges(unit).any(|(from, to)| *from <= start && end <= *to)
    }

    fn touches(&self, unit: &str, start: NaiveDate, end: NaiveDate) -> bool {
        self.ranges(unit).any(|(from, to)| *from < end && start < *to)
    }

    fn ranges(&self, unit: &str) -> impl Iterator<Item = &(NaiveDate, NaiveDate)> {
        self.days.get(unit).into_iter().flatten()
    }
}

/// Joins ranges that meet or overlap.
fn joined(ranges: &[(NaiveDate, NaiveDate)]) -> Vec<(NaiveDate, NaiveDate)> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut joined: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for (start, end) in sorted {
        match joined.last_mut() {
            Some((_, last_end)) if start <= *last_end => *last_end = end.max(*last_end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// Returns the units competent for each field and procedure; a scope with a procedure of no one
/// unit is left out: every unit belongs to it.
fn units_by_scope(pipeline: &Pipeline) -> BTreeMap<Scope, BTreeSet<String>> {
    let mut units_of: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
    let mut open_to_all = BTreeSet::new();
    for version in pipeline.reference.services.versions() {
        let field = Scope::Field(version.field_code.as_str().into());
        for scope in [field, Scope::Procedure(version.code.as_str().into())] {
            match &version.unit_code {
                Some(unit) => {
                    units_of.entry(scope).or_default().insert(unit.clone());
                }
                None => {
                    open_to_all.insert(scope);
                }
            }
        }
    }
    units_of.retain(|scope, _| !open_to_all.contains(scope));
    units_of
}
