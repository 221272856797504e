//! Facts: each version of each indicator for each scope and period, from rolled-up measures and
//! coverage. What is made of others comes after them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::measures::Measures;
use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Indicator, Version};

use super::coverage::{Coverage, UnitCount};
use super::figure::{Place, Reader};
use super::finality::{Closing, closing};
use super::period::Period;
use super::row::{Facts, Reading, Row, RowKey};
use super::scope::Scope;
use super::series::Series;

/// Computes every row as of a day, sorted by key, without reading and release.
pub fn compute(
    pipeline: &Pipeline,
    measures: &Measures,
    coverage: &Coverage,
    as_of: NaiveDate,
) -> Vec<Row> {
    let series = Series::new(measures, pipeline);
    let periods = Period::through(pipeline.settings.since, as_of);
    let mut versions: Vec<(&Indicator, &Version)> = Vec::new();
    for indicator in pipeline.definitions.indicators.values() {
        versions.extend(indicator.versions.iter().map(|version| (indicator, version)));
    }
    versions.sort_by_key(|(_, version)| version.formula.rank());
    let readers: Vec<(&Indicator, Arc<str>, Reader<'_>)> = versions
        .into_iter()
        .map(|(known, version)| {
            (known, (&*known.id).into(), Reader::new(known.unit, version, pipeline))
        })
        .collect();
    let mut rows = Vec::new();
    for scope in Scope::all(pipeline) {
        for period in &periods {
            let close = closing(pipeline, coverage, &scope, *period);
            let units = coverage.count(&scope, period.start, period.end_by(as_of));
            let around = Around { pipeline, series: &series, close, units, as_of };
            rows.extend(around.rows(&scope, *period, &readers));
        }
    }
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows
}

/// What the figures of one scope and period have in common.
struct Around<'a> {
    pipeline: &'a Pipeline,
    series: &'a Series<'a>,
    close: Closing,
    units: UnitCount,
    as_of: NaiveDate,
}

impl Around<'_> {
    /// Reads every figure, those of measures alone first.
    fn rows(
        &self,
        scope: &Scope,
        period: Period,
        readers: &[(&Indicator, Arc<str>, Reader<'_>)],
    ) -> Vec<Row> {
        let mut known: BTreeMap<(&str, i64), Facts> = BTreeMap::new();
        let mut rows = Vec::new();
        for (indicator, id, reader) in readers {
            let number = reader.version.number;
            if !reader.version.holds_on(period.start) {
                continue;
            }
            let facts = {
                let other = |id: &str| {
                    let (id, other) = self.pipeline.definitions.indicators.get_key_value(id)?;
                    known.get(&(&**id, other.version_on(period.start)?.number))
                };
                let at = self.series.at(scope, period, self.as_of);
                let (units, as_of) = (self.units, self.as_of);
                let mut facts = reader.facts(&Place { at, period, as_of, units, other: &other });
                facts.is_final = self.closes(reader) <= as_of;
                facts
            };
            known.insert((&indicator.id, number), facts.clone());
            let (scope, indicator) = (scope.clone(), Arc::clone(id));
            let key = RowKey { indicator, version: number, scope, period };
            let unit = reader.unit;
            rows.push(Row { key, facts, unit, reading: Reading::default(), release: 0 });
        }
        rows
    }

    /// Returns the first day on which a figure is final.
    fn closes(&self, reader: &Reader<'_>) -> NaiveDate {
        if reader.counts_reports { self.close.reports } else { self.close.dossiers }
    }
}
