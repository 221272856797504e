//! The values of a series since its last break.

use chrono::{Datelike as _, NaiveDate};

use crate::indicators::breaks::breaks;
use crate::indicators::period::{Period, PeriodKind};
use crate::indicators::reading::parts;
use crate::indicators::row::{Row, Status};
use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Formula, Indicator, Ratio};

use super::statistics::Point;

/// A series: the rows of an indicator's version, a scope and a kind of period.
pub(super) struct Run<'a> {
    pub(super) indicator: &'a Indicator,
    pipeline: &'a Pipeline,
    /// The latest row, whatever it tells.
    pub(super) last: &'a Row,
    /// The rows since the last break of periods that have ended and of which all units have
    /// reported, the earliest first; of an index those since it was measured by other parts.
    pub(super) whole: Vec<&'a Row>,
    /// Those of them that have a value.
    pub(super) points: Vec<&'a Row>,
    /// The days on which the series breaks, and why.
    pub(super) breaks: Vec<(NaiveDate, String)>,
}

/// Makes a run of the rows of a series, sorted by key; years to date are none.
pub(super) fn run<'a>(
    rows: &'a [Row],
    pipeline: &'a Pipeline,
    as_of: NaiveDate,
) -> Option<Run<'a>> {
    let last = rows.last().filter(|row| row.key.period.kind != PeriodKind::YearToDate)?;
    let indicator = pipeline.definitions.indicators.get(&*last.key.indicator)?;
    let breaks = breaks(rows, pipeline);
    let since = breaks.last().map_or(NaiveDate::MIN, |(day, _)| *day);
    let is_of_run = |row: &&Row| row.key.period.start >= since && row.is_whole(as_of);
    let mut whole: Vec<&Row> = rows.iter().filter(is_of_run).collect();
    let measured_by: Vec<Vec<String>> = whole.iter().map(|row| parts(row, indicator)).collect();
    let others = measured_by.iter().rposition(|parts| Some(parts) != measured_by.last());
    whole.drain(..others.map_or(0, |at| at + 1));
    let has_value = |row: &&Row| row.facts.status == Status::Value;
    let points = whole.iter().copied().filter(has_value).collect();
    Some(Run { indicator, pipeline, last, whole, points, breaks })
}

impl Run<'_> {
    pub(super) fn kind(&self) -> PeriodKind {
        self.last.key.period.kind
    }

    /// Returns the formula where its months add up: a plain ratio of flows.
    pub(super) fn flow(&self) -> Option<&Ratio> {
        let version = self.indicator.version(self.last.key.version)?;
        let Formula::Ratio(ratio) = &version.formula else { return None };
        let definitions = &self.pipeline.definitions;
        let mut measures = version.formula.measures().into_iter();
        let is_flow = |name: &str| definitions.measures.get(name).is_some_and(|m| !m.is_stock());
        let is_linear = ratio.totals().all(|total| total.is_linear());
        (ratio.times.is_empty() && is_linear && measures.all(is_flow)).then_some(ratio)
    }

    /// Numbers the points by their periods, so that gaps stay gaps.
    pub(super) fn numbered(&self) -> Vec<Point> {
        let point = |row: &&Row| Some(Point { step: self.step_of(row), value: row.facts.value? });
        self.points.iter().filter_map(point).collect()
    }

    /// The number of periods since the first point.
    pub(super) fn step_of(&self, row: &Row) -> i64 {
        let first = self.points.first().map_or(row.key.period, |first| first.key.period);
        number(row.key.period) - number(first)
    }
}

fn number(period: Period) -> i64 {
    let month = i64::from(period.start.year()) * 12 + i64::from(period.start.month0());
    match period.kind {
        PeriodKind::Month | PeriodKind::YearToDate => month,
        PeriodKind::Quarter => month.div_euclid(3),
        PeriodKind::Year => month.div_euclid(12),
    }
}
