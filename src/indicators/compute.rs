//! Facts: each indicator for each scope and period, from rolled-up measures and coverage.

use chrono::NaiveDate;

use crate::measures::Measures;
use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Indicator, Measure, Subject, When};

use super::coverage::Coverage;
use super::finality::{Closing, closing};
use super::period::Period;
use super::row::{Facts, Reading, Row, RowKey, Status};
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
    let scopes = Scope::all(pipeline);
    let periods = Period::through(pipeline.settings.since, as_of);
    let closings: Vec<Vec<Closing>> = scopes
        .iter()
        .map(|scope| periods.iter().map(|p| closing(pipeline, coverage, scope, *p)).collect())
        .collect();
    let mut rows = Vec::new();
    for (id, indicator) in &pipeline.definitions.indicators {
        let indicator_id: std::sync::Arc<str> = id.as_str().into();
        let parts = Parts::of(indicator, pipeline);
        for (scope, closings) in scopes.iter().zip(&closings) {
            for (period, closing) in periods.iter().zip(closings) {
                let mut facts = parts.facts(&series, coverage, scope, *period, as_of);
                facts.is_final = parts.closes(closing) <= as_of;
                let key = RowKey {
                    indicator: indicator_id.clone(),
                    version: indicator.version,
                    scope: scope.clone(),
                    period: *period,
                };
                let unit = indicator.unit;
                rows.push(Row { key, facts, unit, reading: Reading::default(), release: 0 });
            }
        }
    }
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows
}

/// The measures that an indicator is read from.
struct Parts<'a> {
    numerator: &'a Measure,
    denominator: Option<&'a Measure>,
}

impl<'a> Parts<'a> {
    fn of(indicator: &Indicator, pipeline: &'a Pipeline) -> Self {
        let measure = |name: &String| {
            pipeline.definitions.measures.get(name).expect("the pipeline checked its measures")
        };
        Self {
            numerator: measure(&indicator.numerator),
            denominator: indicator.denominator.as_ref().map(measure),
        }
    }

    fn facts(
        &self,
        series: &Series,
        coverage: &Coverage,
        scope: &Scope,
        period: Period,
        as_of: NaiveDate,
    ) -> Facts {
        let period_end = period.end_by(as_of);
        let units = coverage.count(scope, period.start, period_end);
        let numerator = series.value(self.numerator, scope, period, as_of);
        let denominator =
            self.denominator.map(|measure| series.value(measure, scope, period, as_of));
        // The catalogue is known without any report.
        let units_included = if self.needs_reports() { units.included } else { units.expected };
        let mut facts = Facts {
            period_end,
            numerator: Some(numerator),
            denominator,
            value: None,
            status: Status::NotApplicable,
            is_final: false,
            units_expected: units.expected,
            units_included,
        };
        let is_unreported = self.needs_reports() && !units.has_any;
        if self.is_stock() && period.is_running(as_of) {
            (facts.numerator, facts.denominator) = (None, None);
        } else if is_unreported {
            facts.status = Status::Missing;
            // What is known all the same stays; zeros alone would only be silence.
            if numerator == 0 && denominator.unwrap_or(0) == 0 {
                (facts.numerator, facts.denominator) = (None, None);
            }
        } else if let Some(value) = ratio(numerator, denominator) {
            (facts.status, facts.value) = (Status::Value, Some(value));
        }
        facts
    }

    fn measures(&self) -> impl Iterator<Item = &'a Measure> {
        std::iter::once(self.numerator).chain(self.denominator)
    }

    /// Returns the first day on which the figure is final.
    fn closes(&self, closing: &Closing) -> NaiveDate {
        if self.measures().any(|measure| measure.of == Subject::Reports) {
            closing.reports
        } else {
            closing.dossiers
        }
    }

    fn needs_reports(&self) -> bool {
        self.measures().any(|measure| measure.of == Subject::Dossiers)
    }

    fn is_stock(&self) -> bool {
        self.measures().any(|measure| matches!(measure.when, When::Stock { .. }))
    }
}

/// Returns a count, or a percentage; a ratio to nothing has no value.
fn ratio(numerator: i64, denominator: Option<i64>) -> Option<f64> {
    match denominator {
        None => Some(numerator as f64),
        Some(0) => None,
        Some(denominator) => Some(100.0 * numerator as f64 / denominator as f64),
    }
}
