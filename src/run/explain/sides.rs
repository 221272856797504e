//! Numerator and denominator of a figure: the measures that add up to each, and what was published.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::indicators::row::Row;
use crate::indicators::series::Series;
use crate::measures::Measures;
use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Adds, Formula, Measure, Subject, Total};

/// A numerator or denominator, and the number published.
#[derive(Debug)]
pub(super) struct Side {
    /// The total as it is written in `indicators.toml`.
    pub(super) total: String,
    /// The measures that it reads.
    pub(super) terms: Vec<Term>,
    pub(super) published: Option<i64>,
}

/// A measure of a total.
#[derive(Debug)]
pub(super) struct Term {
    /// 1 where it is added, -1 where it is subtracted, 0 where it does not add up to the total.
    pub(super) sign: i64,
    /// Whether it is the level when the period began.
    pub(super) is_at_start: bool,
    pub(super) measure: Measure,
    /// As it is written in `indicators.toml`.
    pub(super) condition: Option<String>,
}

impl Term {
    /// Returns the days that it counts of the half-open period of a figure; a level is that at
    /// their end.
    pub(super) fn days(&self, (start, end): (NaiveDate, NaiveDate)) -> (NaiveDate, NaiveDate) {
        if self.is_at_start { (start, start) } else { (start, end) }
    }
}

impl Side {
    /// Whether measures add up to what was published.
    pub(super) fn adds_up(&self) -> bool {
        self.published.is_some() && self.terms.iter().any(|term| term.sign != 0)
    }

    /// Whether it is a number of dossiers, each of which some delivery tells of.
    pub(super) fn counts_dossiers(&self) -> bool {
        let is_count =
            |measure: &Measure| measure.of == Subject::Dossiers && measure.adds == Adds::One;
        self.adds_up() && self.added().all(|term| is_count(&term.measure))
    }

    /// Whether it reads a measure of some subject.
    pub(super) fn reads(&self, is_meant: impl Fn(Subject) -> bool) -> bool {
        self.terms.iter().any(|term| is_meant(term.measure.of))
    }

    /// The measures that add up to it.
    pub(super) fn added(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter().filter(|term| term.sign != 0)
    }
}

/// Finds both sides of a figure; what is made of other figures has none.
pub(super) fn sides(row: &Row, measures: &[Measures], pipeline: &Pipeline) -> [Option<Side>; 2] {
    let version = pipeline.definitions.version(&row.key.indicator, row.key.version);
    let series = Series::new(measures, pipeline);
    let at = series.between(&row.key.scope, row.key.period.start, row.facts.period_end);
    let side = |total: &Total, published: Option<i64>| {
        let mut signs: BTreeMap<(&str, bool), i64> = BTreeMap::new();
        for addend in total.terms(&at) {
            *signs.entry((addend.measure, addend.is_at_start)).or_default() += addend.sign;
        }
        for name in total.measures() {
            if !signs.keys().any(|(known, _)| *known == name) {
                signs.insert((name, false), 0);
            }
        }
        let term = |((name, is_at_start), sign): ((&str, bool), i64)| {
            let measure = pipeline.definitions.measures.get(name)?.clone();
            let condition = pipeline.definitions.conditions.get(name).cloned();
            Some(Term { sign, is_at_start, measure, condition })
        };
        let terms = signs.into_iter().filter_map(term).collect();
        Side { total: total.to_string(), terms, published }
    };
    match version.map(|version| &version.formula) {
        Some(Formula::Ratio(ratio)) => [
            Some(side(&ratio.numerator, row.facts.numerator)),
            ratio.denominator.as_ref().map(|total| side(total, row.facts.denominator)),
        ],
        Some(Formula::Percentile { histogram, .. }) => {
            [Some(side(&Total::Measure(histogram.clone()), row.facts.beside().counted)), None]
        }
        _ => [None, None],
    }
}
