//! Completeness: which unit has reported on which month.

use std::sync::Arc;

use arrow::array::{BooleanArray, Date32Array, RecordBatch, StringArray};
use arrow::datatypes::Date32Type;
use chrono::NaiveDate;

use crate::pipeline::Pipeline;
use crate::pipeline::feed::Expected;
use crate::pipeline::tables::Table;

use super::coverage::Coverage;
use super::period::{Period, PeriodKind};

/// Whether a unit's report on a month is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub unit: String,
    pub feed: String,
    pub start: NaiveDate,
    pub end: NaiveDate,
    pub is_expected: bool,
    pub is_received: bool,
}

impl Report {
    /// Returns the published status.
    pub fn status(&self) -> &'static str {
        match (self.is_expected, self.is_received) {
            (_, true) => "received",
            (true, false) => "missing",
            (false, false) => "not_expected",
        }
    }
}

/// The completeness table: unit × feed × month.
#[derive(Debug, Clone)]
pub struct Completeness {
    pub reports: Vec<Report>,
}

impl Completeness {
    /// Holds what is covered against what is expected, month by month up to the as-of day.
    pub fn new(pipeline: &Pipeline, coverage: &Coverage, as_of: NaiveDate) -> Self {
        let months = Period::through(pipeline.settings.since, as_of);
        let months: Vec<Period> =
            months.into_iter().filter(|period| period.kind == PeriodKind::Month).collect();
        let mut reports = Vec::new();
        for feed in &pipeline.feeds {
            let unit = pipeline.reference.units.get(&feed.unit);
            for month in &months {
                let (start, end) = (month.start, month.end_by(as_of));
                let exists = unit.is_some_and(|unit| unit.exists_in(start, end));
                reports.push(Report {
                    unit: feed.unit.clone(),
                    feed: feed.feed.clone(),
                    start,
                    end,
                    is_expected: exists && feed.expected != Expected::Never,
                    is_received: coverage.covers(&feed.unit, start, end),
                });
            }
        }
        Self { reports }
    }

    /// Returns the batch, with the columns of the completeness table.
    pub fn batch(&self) -> RecordBatch {
        let reports = || self.reports.iter();
        let text = |of: fn(&Report) -> &str| {
            Arc::new(reports().map(|report| Some(of(report))).collect::<StringArray>())
        };
        let day = |of: fn(&Report) -> NaiveDate| {
            let days = reports().map(|report| Some(Date32Type::from_naive_date(of(report))));
            Arc::new(days.collect::<Date32Array>())
        };
        let flag = |of: fn(&Report) -> bool| {
            Arc::new(reports().map(|report| Some(of(report))).collect::<BooleanArray>())
        };
        let columns: Vec<arrow::array::ArrayRef> = vec![
            text(|report| &report.unit),
            text(|report| &report.feed),
            day(|report| report.start),
            day(|report| report.end),
            flag(|report| report.is_expected),
            flag(|report| report.is_received),
            text(Report::status),
        ];
        RecordBatch::try_new(Table::Completeness.schema(), columns).expect("one value a report")
    }
}
