//! Completeness: which unit should have reported on which period, which has, and when.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, RecordBatch, StringArray};
use arrow::datatypes::Date32Type;
use chrono::NaiveDate;

use crate::pipeline::Pipeline;
use crate::pipeline::feed::{Expected, Feed};
use crate::pipeline::tables::Table;

use super::coverage::{Covered, covers, joined};
use super::period::{Period, PeriodKind};

/// A feed's report on a period: whether it is expected, there, and on time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub unit: String,
    pub feed: String,
    pub start: NaiveDate,
    /// The day after the last one that it should cover.
    pub end: NaiveDate,
    pub is_expected: bool,
    pub is_received: bool,
    /// The day on which it is due, where the feed says so.
    pub due_on: Option<NaiveDate>,
    /// The day on which the whole period was covered for the first time.
    pub received_on: Option<NaiveDate>,
    /// Whether it came in time; false where it is missing and due. `None` where nothing is due
    /// yet, or where it was due before anybody watched.
    pub is_on_time: Option<bool>,
    /// Whether it says that there was nothing.
    pub is_quiet: bool,
    /// Whether the feed is still waited for: not there, and not yet past its due day and grace.
    is_awaited: bool,
    /// Whether the period goes on after the as-of day.
    pub is_running: bool,
}

impl Report {
    /// Returns the published status.
    pub fn status(&self) -> &'static str {
        match (self.is_received, self.is_on_time) {
            (true, Some(false)) => "late",
            (true, _) if self.is_quiet => "quiet",
            (true, Some(true)) => "on_time",
            (true, None) => "received",
            (false, _) if !self.is_expected => "not_expected",
            (false, _) if self.is_awaited => "awaited",
            (false, _) => "missing",
        }
    }
}

/// The completeness table: unit × feed × period, in the rhythm of the feed.
#[derive(Debug, Clone)]
pub struct Completeness {
    pub reports: Vec<Report>,
}

impl Completeness {
    /// Holds what is covered against what is expected, period by period up to the as-of day.
    pub fn new(pipeline: &Pipeline, covered: &[Covered], as_of: NaiveDate) -> Self {
        let periods = Period::through(pipeline.settings.since, as_of);
        // Whatever was due before the first delivery landed, nobody saw it come in time.
        let watched_since = covered.iter().filter_map(|covered| covered.landed_on).min();
        let mut reports = Vec::new();
        for feed in &pipeline.feeds {
            let kind = rhythm(feed.expected);
            let own = |covered: &&Covered| covered.unit == feed.unit && covered.feed == feed.feed;
            let own: Vec<&Covered> = covered.iter().filter(own).collect();
            for period in periods.iter().filter(|period| period.kind == kind) {
                let mut report = report(feed, &own, *period, pipeline, as_of);
                report.judge_time(feed, *period, watched_since, pipeline, as_of);
                reports.push(report);
            }
        }
        Self { reports }
    }

    /// Returns the batch, with the columns of the completeness table.
    pub fn batch(&self) -> RecordBatch {
        let reports = || self.reports.iter();
        let text = |of: fn(&Report) -> &str| -> ArrayRef {
            Arc::new(reports().map(|report| Some(of(report))).collect::<StringArray>())
        };
        let day = |of: fn(&Report) -> Option<NaiveDate>| -> ArrayRef {
            let days = reports().map(|report| of(report).map(Date32Type::from_naive_date));
            Arc::new(days.collect::<Date32Array>())
        };
        let flag = |of: fn(&Report) -> Option<bool>| -> ArrayRef {
            Arc::new(reports().map(of).collect::<BooleanArray>())
        };
        let columns = vec![
            text(|report| &report.unit),
            text(|report| &report.feed),
            day(|report| Some(report.start)),
            day(|report| Some(report.end)),
            flag(|report| Some(report.is_expected)),
            flag(|report| Some(report.is_received)),
            text(Report::status),
            day(|report| report.due_on),
            day(|report| report.received_on),
            flag(|report| report.is_on_time),
            flag(|report| Some(report.is_quiet)),
        ];
        RecordBatch::try_new(Table::Completeness.schema(), columns).expect("one value a report")
    }
}

impl Report {
    /// Tells whether it is in time, where the feed says when it is due and somebody watched.
    fn judge_time(
        &mut self,
        feed: &Feed,
        period: Period,
        watched_since: Option<NaiveDate>,
        pipeline: &Pipeline,
        as_of: NaiveDate,
    ) {
        let Some(due) = feed.due.filter(|_| self.is_expected) else { return };
        let calendar = &pipeline.reference.calendar;
        let last_day = due.last_day(period.end, calendar);
        self.due_on = Some(due.day(period.end, calendar));
        self.is_awaited = as_of < last_day;
        if watched_since.is_some_and(|day| day <= last_day) {
            self.is_on_time = match self.received_on {
                Some(day) => Some(day <= last_day),
                None if self.is_received || self.is_awaited => None,
                None => Some(false),
            };
        }
    }
}

/// The kind of period that a feed reports on.
fn rhythm(expected: Expected) -> PeriodKind {
    match expected {
        Expected::Month | Expected::Never => PeriodKind::Month,
        Expected::Quarter => PeriodKind::Quarter,
        Expected::Year => PeriodKind::Year,
    }
}

fn report(
    feed: &Feed,
    own: &[&Covered],
    period: Period,
    pipeline: &Pipeline,
    as_of: NaiveDate,
) -> Report {
    let (start, end) = (period.start, period.end_by(as_of));
    let touching: Vec<&Covered> = own.iter().copied().filter(|c| c.touches(start, end)).collect();
    let standing = || touching.iter().filter(|covered| covered.is_standing && covered.is_telling);
    let days: Vec<_> = standing().filter_map(|covered| covered.period).collect();
    let is_received = covers(&joined(&days), start, end);
    let unit = pipeline.reference.units.get(&feed.unit);
    let exists = unit.is_some_and(|unit| unit.exists_in(start, end));
    let is_expected = exists && feed.expected != Expected::Never;
    Report {
        unit: feed.unit.clone(),
        feed: feed.feed.clone(),
        start,
        end,
        is_expected,
        is_received,
        due_on: None,
        received_on: received_on(&touching, start, end).filter(|_| is_received),
        is_on_time: None,
        is_quiet: is_received && standing().all(|covered| covered.n_records == 0),
        is_awaited: period.is_running(as_of),
        is_running: period.is_running(as_of),
    }
}

/// Returns the day on which the last piece of a period came in, in the order of landing: what a
/// later delivery replaces has been there all the same.
fn received_on(touching: &[&Covered], start: NaiveDate, end: NaiveDate) -> Option<NaiveDate> {
    let mut days = Vec::new();
    let completes = |covered: &&&Covered| {
        days.extend(covered.period);
        covers(&joined(&days), start, end)
    };
    touching.iter().filter(|covered| covered.is_telling).find(completes)?.landed_on
}
