//! Trends: what a series of values tells as a whole, and why it tells nothing where it does not.

mod series;
mod statistics;
mod table;

pub use table::{batch, read, suppressed};

use chrono::{Days, Months, NaiveDate};
use rayon::prelude::*;

use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Indicator, Ratio};

use super::period::PeriodKind;
use super::row::{Row, RowKey, Status};

use series::Run;
use statistics::{Point, median_of, trend};

/// What is told of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statistic {
    /// A day on which the series breaks.
    Break,
    /// The value of the last twelve months together.
    Rolling12Months,
    /// The change in a year, by Theil and Sen, with its interval at 95 % and the chance that there is
    /// none, by Mann and Kendall.
    SlopePerYear,
    /// When the target is reached at that slope.
    TargetReached,
    /// A value far from the line of the others.
    Unusual,
}

impl Statistic {
    /// Every statistic with its published name.
    pub const ALL: [(&'static str, Self); 5] = [
        ("break", Self::Break),
        ("rolling_12_months", Self::Rolling12Months),
        ("slope_per_year", Self::SlopePerYear),
        ("target_reached", Self::TargetReached),
        ("unusual", Self::Unusual),
    ];

    /// Finds a statistic by its published name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, statistic)| statistic)
    }

    /// Returns the published name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

/// One statistic of a series: of an indicator's version, a scope and a kind of period.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// The series; its period is that of its last row.
    pub key: RowKey,
    pub statistic: Statistic,
    pub value: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    /// The chance that there is no trend.
    pub p_value: Option<f64>,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    /// The day of a break, of an unusual value or of reaching the target, with its interval.
    pub day: Option<NaiveDate>,
    pub day_from: Option<NaiveDate>,
    pub day_until: Option<NaiveDate>,
    /// The first day of the first point.
    pub since: Option<NaiveDate>,
    pub n_points: i64,
    /// Why there is no value, or what it is.
    pub note: String,
}

/// Fewer months than this tell no season apart: two of each.
const MIN_MONTHS: usize = 24;

/// Fewer quarters or years than this tell nothing.
const MIN_POINTS: usize = 8;

/// A target further away than this is not told a day.
const MAX_MONTHS_AHEAD: f64 = 1200.0;

/// Values so many times further from the line than usual are unusual: Iglewicz and Hoaglin 1993.
const UNUSUAL_SCORE: f64 = 3.5;

/// Tells the statistics of every series of rows that are sorted by key, by key and statistic.
///
/// A trend lies between breaks, among periods that have ended and of which all units have reported.
pub fn trends(rows: &[Row], pipeline: &Pipeline, as_of: NaiveDate) -> Vec<Trend> {
    let series = rows.par_chunk_by(|a, b| a.key.is_of_series(&b.key));
    let told = |run: Run<'_>| {
        let told = Told { run: &run, indicator: run.indicator };
        let broken = run.breaks.iter().map(|(day, what)| told.broken(*day, what));
        let mut trends: Vec<Trend> = broken.chain(told.rolling_12_months()).collect();
        trends.extend(told.trend());
        trends
    };
    let runs = series.filter_map(|rows| series::run(rows, pipeline, as_of));
    let mut trends: Vec<Trend> = runs.flat_map_iter(told).collect();
    trends.sort_by(|a, b| {
        (&a.key, a.statistic, a.day).partial_cmp(&(&b.key, b.statistic, b.day)).expect("days sort")
    });
    trends
}

/// A series to tell of.
struct Told<'a> {
    run: &'a Run<'a>,
    indicator: &'a Indicator,
}

impl Told<'_> {
    fn nothing(&self, statistic: Statistic) -> Trend {
        Trend {
            key: self.run.last.key.clone(),
            statistic,
            value: None,
            lower: None,
            upper: None,
            p_value: None,
            numerator: None,
            denominator: None,
            day: None,
            day_from: None,
            day_until: None,
            since: self.run.points.first().map(|row| row.key.period.start),
            n_points: self.run.points.len() as i64,
            note: String::new(),
        }
    }

    fn broken(&self, day: NaiveDate, what: &str) -> Trend {
        let note = what.to_owned();
        Trend { day: Some(day), note, ..self.nothing(Statistic::Break) }
    }

    /// Reads the last twelve months as one, from their numerators and denominators. A month in which
    /// there was nothing to tell of adds nothing, and lacks nothing.
    fn rolling_12_months(&self) -> Option<Trend> {
        let ratio = self.run.flow().filter(|_| self.run.kind() == PeriodKind::Month)?;
        let nothing = self.nothing(Statistic::Rolling12Months);
        let is_known = |row: &&&Row| {
            // What has no number is of a unit that did not exist.
            let is_told = matches!(row.facts.status, Status::Value | Status::NotApplicable);
            is_told && row.facts.numerator.is_some()
        };
        let known: Vec<&Row> = self.run.whole.iter().filter(is_known).copied().collect();
        let Some(last) = known.last() else { return Some(self.short(nothing, 0, 12)) };
        let since = last.key.period.end - Months::new(12);
        let is_in = |row: &&&Row| row.key.period.start >= since;
        let months: Vec<&Row> = known.iter().filter(is_in).copied().collect();
        if months.len() < 12 {
            return Some(self.short(nothing, months.len(), 12));
        }
        let sum = |of: fn(&Row) -> Option<i64>| months.iter().map(|row| of(row)).sum();
        let numerator: Option<i64> = sum(|row| row.facts.numerator);
        let denominator: Option<i64> = sum(|row| row.facts.denominator);
        let value = rolled(ratio, self.indicator, numerator?, denominator);
        let (since, n_points) = (Some(since), 12);
        let note = if value.is_some() { "" } else { "not applicable: nothing in twelve months" };
        let note = note.to_owned();
        Some(Trend { value, numerator, denominator, since, n_points, note, ..nothing })
    }

    /// Tells the slope, what follows from it, and what strays from it; or why there is none.
    fn trend(&self) -> Vec<Trend> {
        let nothing = self.nothing(Statistic::SlopePerYear);
        let (n_seasons, least, steps_a_year) = match self.run.kind() {
            PeriodKind::Month => (12, MIN_MONTHS, 12.0),
            PeriodKind::Quarter => (1, MIN_POINTS, 4.0),
            PeriodKind::Year => (1, MIN_POINTS, 1.0),
            PeriodKind::YearToDate => return Vec::new(),
        };
        let points = self.run.numbered();
        let found = trend(&points, n_seasons).filter(|_| points.len() >= least);
        let Some(found) = found else { return vec![self.short(nothing, points.len(), least)] };
        let is_sure = found.p_value < 0.05;
        let slope = Trend {
            value: Some(found.slope * steps_a_year),
            lower: Some(found.lower * steps_a_year),
            upper: Some(found.upper * steps_a_year),
            p_value: Some(found.p_value),
            // Of many equal values the median slope is 0; what is sure is the sum of signs.
            note: match (is_sure, found.s > 0) {
                (false, _) => "no trend that is not chance (p >= 0.05)".to_owned(),
                (true, true) => "rising".to_owned(),
                (true, false) => "falling".to_owned(),
            },
            ..nothing
        };
        let mut told = vec![slope];
        told.extend(self.target_reached(&found, is_sure, 12.0 / steps_a_year));
        told.extend(self.unusual(&points, &found));
        told
    }

    /// Says when the line reaches the target, by its slope and by the ends of its interval.
    fn target_reached(
        &self,
        found: &statistics::Trend,
        is_sure: bool,
        months_a_step: f64,
    ) -> Option<Trend> {
        let (nothing, last) = (self.nothing(Statistic::TargetReached), self.run.points.last()?);
        let target = self.indicator.target_at(last.key.period.end - Days::new(1))?.value;
        let higher = self.indicator.higher_is_better?;
        let value = last.facts.value?;
        let is_met = |value: f64| if higher { value >= target } else { value <= target };
        let unreached = |note: &str| Some(Trend { note: note.to_owned(), ..nothing.clone() });
        if is_met(value) {
            return unreached("it is met");
        }
        if !is_sure {
            return unreached("no trend that is not chance");
        }
        let step = self.run.step_of(last) as f64;
        let level = found.intercept + found.slope * step;
        if is_met(level) {
            return unreached("the line has reached it, the last value has not");
        }
        let day = |slope: f64| {
            let months = (target - level) / slope * months_a_step;
            let is_ahead = (0.0..MAX_MONTHS_AHEAD).contains(&months);
            is_ahead.then(|| last.key.period.start + Months::new(months.ceil() as u32))
        };
        let Some(reached) = day(found.slope) else {
            return unreached("not at this slope");
        };
        // The steeper end of the interval reaches it first; the flatter one perhaps never.
        let (fast, slow) =
            if higher { (found.upper, found.lower) } else { (found.lower, found.upper) };
        Some(Trend {
            value: Some(target),
            day: Some(reached),
            day_from: day(fast),
            day_until: day(slow),
            note: "the first month in which it is reached, at the slope of the line".to_owned(),
            ..nothing
        })
    }

    /// Names the values that lie far from the line, beside how far the others do.
    fn unusual(&self, points: &[Point], found: &statistics::Trend) -> Vec<Trend> {
        let line = |point: &Point| found.intercept + found.slope * point.step as f64;
        let rest = |point: &Point| point.value - line(point);
        let middle = median_of(points.iter().map(rest).collect());
        let spread = median_of(points.iter().map(|point| (rest(point) - middle).abs()).collect());
        if spread <= 0.0 {
            return Vec::new();
        }
        // 0.6745 is the share of the normal deviation that the median deviation is.
        let far = UNUSUAL_SCORE * spread / 0.6745;
        let strays = self.run.points.iter().zip(points);
        let strays = strays.filter(|(_, point)| (rest(point) - middle).abs() > far);
        strays
            .map(|(row, point)| Trend {
                value: Some(point.value),
                lower: Some(line(point) + middle - far),
                upper: Some(line(point) + middle + far),
                day: Some(row.key.period.start),
                note: "further from the line than usual".to_owned(),
                ..self.nothing(Statistic::Unusual)
            })
            .collect()
    }

    /// Says that there are too few points of those that are needed.
    fn short(&self, nothing: Trend, n: usize, least: usize) -> Trend {
        let since = self.run.breaks.last();
        let since = since.map_or_else(String::new, |(day, _)| format!(" since the break of {day}"));
        Trend { note: format!("too few points: {n} of {least}{since}"), ..nothing }
    }
}

/// Reads sums as the indicator reads its own.
fn rolled(
    ratio: &Ratio,
    indicator: &Indicator,
    numerator: i64,
    denominator: Option<i64>,
) -> Option<f64> {
    match (&ratio.denominator, denominator) {
        (None, _) => Some(numerator as f64),
        (Some(_), Some(0) | None) => None,
        (Some(_), Some(of)) => Some(indicator.unit.scale() * numerator as f64 / of as f64),
    }
}
