//! Facts: each version of each indicator for each scope and period, from rolled-up measures and
//! coverage. What is made of others comes after them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use rayon::prelude::*;

use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Indicator, Version};

use super::coverage::{Coverage, UnitCount};
use super::figure::{Place, Reader};
use super::finality::{Closing, Windows};
use super::period::Period;
use super::row::{Facts, Reading, Row, RowKey};
use super::scope::Scope;
use super::series::{At, Series};

/// Computes every row as of a day, sorted by key, without reading and release.
pub fn compute(
    pipeline: &Pipeline,
    series: &Series<'_>,
    coverage: &Coverage,
    as_of: NaiveDate,
) -> Vec<Row> {
    let figures = Figures::new(pipeline, as_of);
    let periods = Period::through(pipeline.settings.since, as_of);
    let windows = Windows::new(pipeline, &periods);
    let rows = |scope: &Scope| {
        let of_scope = coverage.of(scope);
        let mut rows = Vec::new();
        for (period, close) in periods.iter().zip(windows.closings(&of_scope)) {
            let units = of_scope.count(period.start, period.end_by(as_of));
            let at = series.at(scope, *period, as_of);
            figures.read(&Around { at, scope, period: *period, close, units }, &mut rows);
        }
        rows
    };
    let parts: Vec<Vec<Row>> = Scope::all(pipeline).par_iter().map(rows).collect();
    // Each part goes as it is moved, so that the rows never lie there twice.
    let mut rows = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    parts.into_iter().for_each(|part| rows.extend(part));
    rows.par_sort_unstable_by(|a, b| a.key.cmp(&b.key));
    rows
}

/// What the figures of one scope and period have in common.
struct Around<'a> {
    at: At<'a>,
    scope: &'a Scope,
    period: Period,
    close: Closing,
    units: UnitCount,
}

/// Every figure that is read for a scope and a period, those of measures alone first.
struct Figures<'a> {
    pipeline: &'a Pipeline,
    as_of: NaiveDate,
    readers: Vec<(Arc<str>, Reader<'a>)>,
    /// The place of each among them, by indicator and version.
    places: BTreeMap<(&'a str, i64), usize>,
}

impl<'a> Figures<'a> {
    fn new(pipeline: &'a Pipeline, as_of: NaiveDate) -> Self {
        let mut versions: Vec<(&Indicator, &Version)> = Vec::new();
        for indicator in pipeline.definitions.indicators.values() {
            versions.extend(indicator.versions.iter().map(|version| (indicator, version)));
        }
        versions.sort_by_key(|(_, version)| version.formula.rank());
        let place = |(at, (known, version)): (usize, &(&'a Indicator, &'a Version))| {
            ((known.id.as_str(), version.number), at)
        };
        let places = versions.iter().enumerate().map(place).collect();
        let reader = |(known, version): (&'a Indicator, &'a Version)| {
            (Arc::from(&*known.id), Reader::new(known.unit, version, pipeline))
        };
        let readers = versions.into_iter().map(reader).collect();
        Self { pipeline, as_of, readers, places }
    }

    /// Adds the rows of a scope and a period.
    fn read(&self, around: &Around<'_>, rows: &mut Vec<Row>) {
        let Around { at, scope, period, close, units } = *around;
        // Where the row of each figure is.
        let mut known: Vec<Option<usize>> = vec![None; self.readers.len()];
        for (place, (id, reader)) in self.readers.iter().enumerate() {
            if !reader.version.holds_on(period.start) {
                continue;
            }
            let other = |id: &str| -> Option<&Facts> {
                let (id, other) = self.pipeline.definitions.indicators.get_key_value(id)?;
                let number = other.version_on(period.start)?.number;
                let place = self.places.get(&(id.as_str(), number))?;
                known[*place].map(|row: usize| &rows[row].facts)
            };
            let as_of = self.as_of;
            let mut facts = reader.facts(&Place { at, period, as_of, units, other: &other });
            let closes = if reader.counts_reports { close.reports } else { close.dossiers };
            facts.is_final = closes <= as_of;
            let (scope, indicator) = (scope.clone(), Arc::clone(id));
            let key = RowKey { indicator, version: reader.version.number, scope, period };
            known[place] = Some(rows.len());
            let unit = reader.unit;
            rows.push(Row { key, facts, unit, reading: Reading::default(), release: 0 });
        }
    }
}
