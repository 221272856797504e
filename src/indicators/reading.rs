//! Reading a row beside others: targets, changes and ranks.

use std::collections::BTreeMap;

use chrono::Days;

use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Indicator, UnitOfMeasure};

use super::row::{Reading, Row, RowKey};
use super::scope::Scope;

/// Adds target, changes and rank to every row.
pub fn add_readings(rows: &mut [Row], pipeline: &Pipeline) {
    let values: BTreeMap<RowKey, f64> =
        rows.iter().filter_map(|row| Some((row.key.clone(), row.facts.value?))).collect();
    let ranks = ranks(rows, pipeline);
    for row in rows {
        let Some(indicator) = pipeline.definitions.indicators.get(&*row.key.indicator) else {
            continue;
        };
        let value = row.facts.value;
        let at = |period| values.get(&RowKey { period, ..row.key.clone() }).copied();
        let previous_value = row.key.period.previous().and_then(at);
        let year_ago_value = at(row.key.period.year_ago());
        let target = indicator.target_at(row.facts.period_end - Days::new(1));
        let target = target.map(|target| target.value);
        row.reading = Reading {
            target,
            target_met: is_met(value, target, indicator),
            previous_value,
            change: change(value, previous_value, row.unit),
            year_ago_value,
            year_change: change(value, year_ago_value, row.unit),
            rank: ranks.get(&row.key).copied(),
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

/// Units that are ranked together: of one series and period, by their parent.
type Siblings<'a> = (RowKey, Option<&'a str>);

/// Ranks the units that exist in a period beside those of the same parent by value, best first;
/// equal values share a rank and the next is skipped.
fn ranks(rows: &[Row], pipeline: &Pipeline) -> BTreeMap<RowKey, i64> {
    let mut groups: BTreeMap<Siblings<'_>, Vec<(f64, &RowKey)>> = BTreeMap::new();
    for row in rows {
        let indicator = pipeline.definitions.indicators.get(&*row.key.indicator);
        let better = indicator.and_then(|indicator| indicator.higher_is_better);
        let Some(code) = row.key.scope.unit() else { continue };
        let unit = pipeline.reference.units.get(code);
        let (start, end) = (row.key.period.start, row.facts.period_end);
        let exists = unit.is_none_or(|unit| unit.exists_in(start, end));
        if let (true, Some(value), Some(higher)) = (exists, row.facts.value, better) {
            let group = RowKey { scope: Scope::Ministry, ..row.key.clone() };
            let badness = if higher { -value } else { value };
            let parent = unit.and_then(|unit| unit.parent.as_deref());
            groups.entry((group, parent)).or_default().push((badness, &row.key));
        }
    }
    let mut ranks = BTreeMap::new();
    for mut group in groups.into_values() {
        group.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut rank = 0;
        for (at, (badness, key)) in group.iter().enumerate() {
            if at == 0 || group[at - 1].0 != *badness {
                rank = at as i64 + 1;
            }
            ranks.insert((*key).clone(), rank);
        }
    }
    ranks
}
