//! Reading a row beside others: targets, changes and ranks.

use chrono::{Days, NaiveDate};
use rayon::prelude::*;

use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Indicator, UnitOfMeasure};

use super::breaks::breaks;
use super::period::Period;
use super::row::{Reading, Row};

/// Adds target, changes and rank to every row; the rows are sorted by key.
///
/// A change is told of two values that compare: their periods have ended, all units have reported on
/// both, the series does not break between them, and an index was measured by the same parts. It has
/// ranks only where all that are ranked were.
pub fn add_readings(rows: &mut [Row], pipeline: &Pipeline, as_of: NaiveDate) {
    assert!(rows.is_sorted_by(|a, b| a.key < b.key), "the rows are sorted by key");
    let is_same =
        |a: &Row, b: &Row| (&a.key.indicator, a.key.version) == (&b.key.indicator, b.key.version);
    rows.par_chunk_by_mut(is_same).for_each(|rows| {
        let id = rows.first().map(|row| &*row.key.indicator).unwrap_or_default();
        let Some(indicator) = pipeline.definitions.indicators.get(id) else { return };
        for series in rows.chunk_by_mut(|a, b| a.key.is_of_series(&b.key)) {
            read_series(series, indicator, pipeline, as_of);
        }
        if let Some(higher) = indicator.higher_is_better {
            rank(rows, higher, indicator, pipeline);
        }
    });
}

/// A value that others are read beside.
struct Beside {
    period: Period,
    value: Option<f64>,
    is_whole: bool,
    /// What an index was measured by.
    parts: Vec<String>,
}

/// Reads each row of a series beside those before it.
fn read_series(series: &mut [Row], indicator: &Indicator, pipeline: &Pipeline, as_of: NaiveDate) {
    let breaks = breaks(series, pipeline);
    let beside = |row: &Row| Beside {
        period: row.key.period,
        value: row.facts.value,
        is_whole: row.is_whole(as_of),
        parts: parts(row, indicator),
    };
    let known: Vec<Beside> = series.iter().map(beside).collect();
    let at = |period: Period| {
        known.binary_search_by_key(&period, |known| known.period).ok().map(|at| &known[at])
    };
    for (row, own) in series.iter_mut().zip(&known) {
        let previous = row.key.period.previous().and_then(at);
        let year_ago = at(row.key.period.year_ago());
        let target = indicator.target_at(row.facts.period_end - Days::new(1));
        let target = target.map(|target| target.value);
        let is_broken = |since: NaiveDate| {
            breaks.iter().any(|(day, _)| since < *day && *day < row.facts.period_end)
        };
        let change = |before: Option<&Beside>| {
            let before = before.filter(|before| own.is_whole && before.is_whole)?;
            let compares = !is_broken(before.period.start) && own.parts == before.parts;
            compares.then(|| change(own.value, before.value, row.unit)).flatten()
        };
        row.reading = Reading {
            target,
            target_met: is_met(own.value, target, indicator),
            previous_value: previous.and_then(|previous| previous.value),
            change: change(previous),
            year_ago_value: year_ago.and_then(|year_ago| year_ago.value),
            year_change: change(year_ago),
            rank: None,
        };
    }
}

/// Returns the change: percentage points or days for what is measured in them, percent for a count
/// or an amount.
fn change(value: Option<f64>, before: Option<f64>, unit: UnitOfMeasure) -> Option<f64> {
    let (value, before) = (value?, before?);
    if unit.is_compared_by_difference() {
        return Some(value - before);
    }
    Some(100.0 * (value - before) / before).filter(|change| change.is_finite())
}

fn is_met(value: Option<f64>, target: Option<f64>, indicator: &Indicator) -> Option<bool> {
    let (value, target) = (value?, target?);
    Some(if indicator.higher_is_better? { value >= target } else { value <= target })
}

/// Returns the parts that a row was measured by, if it is of an index.
pub(super) fn parts(row: &Row, indicator: &Indicator) -> Vec<String> {
    let version = indicator.version(row.key.version);
    let is_index = version.is_some_and(|version| version.formula.is_index());
    if is_index { row.facts.parts() } else { Vec::new() }
}

/// Units that are ranked together: of one period, by their parent.
type Siblings<'a> = (Period, Option<&'a str>);

/// Ranks the units that exist in a period beside those of the same parent by value, best first;
/// equal values share a rank and the next is skipped. The rows are of one version of an indicator.
fn rank(rows: &mut [Row], higher_is_better: bool, indicator: &Indicator, pipeline: &Pipeline) {
    let mut ranked: Vec<(Siblings<'_>, f64, usize)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let (Some(code), Some(value)) = (row.key.scope.unit(), row.facts.value) else { continue };
        let unit = pipeline.reference.units.get(code);
        let (start, end) = (row.key.period.start, row.facts.period_end);
        if unit.is_none_or(|unit| unit.exists_in(start, end)) {
            let parent = unit.and_then(|unit| unit.parent.as_deref());
            let badness = if higher_is_better { -value } else { value };
            ranked.push(((row.key.period, parent), badness, at));
        }
    }
    ranked.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    for siblings in ranked.chunk_by(|a, b| a.0 == b.0) {
        let parts = |(_, _, at): &(Siblings<'_>, f64, usize)| parts(&rows[*at], indicator);
        let first = parts(&siblings[0]);
        if siblings.iter().any(|sibling| parts(sibling) != first) {
            continue;
        }
        let mut rank = 0;
        for (place, (_, badness, at)) in siblings.iter().enumerate() {
            if place == 0 || siblings[place - 1].1 != *badness {
                rank = place as i64 + 1;
            }
            rows[*at].reading.rank = Some(rank);
        }
    }
}
