//! Figures: each version of an indicator for each scope and period, from rolled-up measures and
//! coverage. They are read one indicator at a time, so that no more than its rows lie in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use rayon::prelude::*;

use crate::pipeline::Pipeline;

use super::coverage::{Coverage, Needs, UnitCount};
use super::figure::{Place, Reader};
use super::finality::{Closing, Windows};
use super::period::Period;
use super::row::{Facts, Reading, Row, RowKey};
use super::scope::Scope;
use super::series::{At, Series};

/// What reads each version of each indicator.
type Readers<'a> = BTreeMap<(&'a str, i64), Reader<'a>>;

/// Every figure that is published as of a day.
pub struct Figures<'a> {
    pipeline: &'a Pipeline,
    as_of: NaiveDate,
    readers: Readers<'a>,
    periods: Vec<Period>,
    /// Each scope, sorted, with what its figures have in common, by period.
    scopes: Vec<(Scope, Vec<Around<'a>>)>,
}

/// What the figures of one scope and period have in common.
struct Around<'a> {
    at: At<'a>,
    period: Period,
    close: Closing,
    /// By what is needed, as readers number it.
    units: Box<[UnitCount]>,
}

impl<'a> Figures<'a> {
    /// Finds out what each figure is read from.
    pub fn new(
        pipeline: &'a Pipeline,
        series: &'a Series<'_>,
        coverage: &Coverage,
        as_of: NaiveDate,
    ) -> Self {
        let mut periods = Period::through(pipeline.settings.since, as_of);
        periods.sort_unstable();
        let windows = Windows::new(pipeline, &periods);
        let (readers, needs) = readers(pipeline);
        let with_periods = |scope: Scope| {
            let of_scope = coverage.of(&scope);
            let closings = periods.iter().zip(windows.closings(&of_scope));
            let around = closings.map(|(period, close)| Around {
                at: series.at(&scope, *period, as_of),
                period: *period,
                close,
                units: needs
                    .iter()
                    .map(|needs| of_scope.count(period.start, period.end_by(as_of), needs))
                    .collect(),
            });
            let around = around.collect();
            (scope, around)
        };
        let mut scopes = Scope::all(pipeline);
        scopes.sort_unstable();
        let scopes = scopes.into_par_iter().map(with_periods).collect();
        Self { pipeline, as_of, readers, periods, scopes }
    }

    /// Reads every row of an indicator, sorted by key, without reading and release; none of one that
    /// is not defined.
    pub fn of(&self, indicator: &str) -> Vec<Row> {
        let id: Arc<str> = Arc::from(indicator);
        let mut rows = Vec::new();
        for (_, reader) in self.readers.range((indicator, i64::MIN)..=(indicator, i64::MAX)) {
            let periods = 0..self.periods.len();
            let holds = |at: &usize| reader.version.holds_on(self.periods[*at].start);
            let periods: Vec<usize> = periods.filter(holds).collect();
            let row = |at: usize| {
                let (scope, places) = &self.scopes[at / periods.len()];
                let around = &places[periods[at % periods.len()]];
                let (indicator, version) = (Arc::clone(&id), reader.version.number);
                Row {
                    key: RowKey { indicator, version, scope: scope.clone(), period: around.period },
                    facts: self.facts(reader, around),
                    unit: reader.unit,
                    reading: Reading::default(),
                    release: 0,
                }
            };
            // Of a known number, so that each is written where it stays.
            rows.par_extend((0..self.scopes.len() * periods.len()).into_par_iter().map(row));
        }
        rows
    }

    fn facts(&self, reader: &Reader<'_>, around: &Around<'_>) -> Facts {
        let Around { at, period, close, ref units } = *around;
        let units = units[reader.needs_at];
        // A figure that is made of others is read where those are read.
        let other = |id: &str| {
            let (id, other) = self.pipeline.definitions.indicators.get_key_value(id)?;
            let number = other.version_on(period.start)?.number;
            Some(self.facts(self.readers.get(&(id.as_str(), number))?, around))
        };
        let mut facts =
            reader.facts(&Place { at, period, as_of: self.as_of, units, other: &other });
        let closes = if reader.counts_reports { close.reports } else { close.dossiers };
        facts.is_final = closes <= self.as_of;
        facts
    }
}

/// Makes the readers, and lists what they need, each once: they number it.
fn readers(pipeline: &Pipeline) -> (Readers<'_>, Vec<Needs>) {
    let mut readers = Readers::new();
    let mut needs: Vec<Needs> = Vec::new();
    for known in pipeline.definitions.indicators.values() {
        for version in &known.versions {
            let mut reader = Reader::new(known.unit, version, pipeline);
            let at = needs.iter().position(|needs| *needs == reader.needs);
            reader.needs_at = at.unwrap_or(needs.len());
            if at.is_none() {
                needs.push(reader.needs.clone());
            }
            readers.insert((known.id.as_str(), version.number), reader);
        }
    }
    (readers, needs)
}
