//! Where a series breaks: values on both sides tell of different things.

use chrono::NaiveDate;

use crate::pipeline::Pipeline;

use super::row::Row;
use super::scope::Scope;

/// Lists the breaks inside a series, by day: those that are declared, the first period of a version
/// that follows another, and the beginning of a unit that another was split into.
pub(super) fn breaks(rows: &[Row], pipeline: &Pipeline) -> Vec<(NaiveDate, String)> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Vec::new() };
    let key = &first.key;
    let definitions = &pipeline.definitions;
    let declared = definitions.breaks.iter().filter(|at| at.breaks(&key.indicator));
    let mut breaks: Vec<(NaiveDate, String)> =
        declared.map(|at| (at.on, format!("{}: {}", at.id, at.what.en))).collect();
    let indicator = definitions.indicators.get(&*key.indicator);
    let is_first = indicator.is_some_and(|known| known.versions[0].number == key.version);
    let version = indicator.and_then(|known| known.version(key.version)).filter(|_| !is_first);
    if let Some(from) = version.and_then(|version| version.from) {
        breaks.push((from, format!("definition version {}", key.version)));
    }
    if let Scope::Unit(code) = &key.scope {
        breaks.extend(split(code, pipeline));
    }
    breaks.retain(|(day, _)| first.key.period.start <= *day && *day < last.facts.period_end);
    breaks.sort();
    breaks
}

/// Returns the day on which a unit began as one of several that another was split into.
fn split(code: &str, pipeline: &Pipeline) -> Option<(NaiveDate, String)> {
    let units = &pipeline.reference.units;
    let unit = units.get(code)?;
    let is_split = |of: &&String| units.successors(of).count() > 1;
    let of = unit.predecessors.iter().find(is_split)?;
    Some((unit.valid_from?, format!("split from {of}")))
}
