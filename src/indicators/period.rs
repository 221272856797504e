//! Periods: months, quarters, years and years to date, half-open, up to and including the as-of
//! day.

use chrono::Datelike as _;
use chrono::{Months, NaiveDate};

use crate::pipeline::date_form::parse_period;

/// The kinds of period, as published in `period_kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeriodKind {
    Month,
    Quarter,
    Year,
    YearToDate,
}

impl PeriodKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Month, Self::Quarter, Self::Year, Self::YearToDate];

    /// Returns the published name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::YearToDate => "ytd",
        }
    }

    /// Finds a kind by its published name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn months(self) -> u32 {
        match self {
            Self::Month | Self::YearToDate => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }
}

/// A period: its first day and the day after its last; both are its name, however far it has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    pub kind: PeriodKind,
    pub start: NaiveDate,
    pub end: NaiveDate,
}

impl Period {
    /// Lists the periods that begin on or after `since` and not after the as-of day.
    pub fn through(since: NaiveDate, as_of: NaiveDate) -> Vec<Self> {
        let mut periods = Vec::new();
        for kind in PeriodKind::ALL {
            let first = first_of_year(since);
            let mut start = first;
            while start <= as_of {
                let end = start + Months::new(kind.months());
                let from =
                    if kind == PeriodKind::YearToDate { first_of_year(start) } else { start };
                if from >= since {
                    periods.push(Self { kind, start: from, end });
                }
                start = end;
            }
        }
        periods
    }

    /// Reads a period such as `2020-05`, `2020-Q2`, `2020` or, to the end of May, `ytd-2020-05`.
    pub fn parse(text: &str) -> Option<Self> {
        let (is_to_date, days) = match text.strip_prefix("ytd-") {
            Some(month) => (true, month),
            None => (false, text),
        };
        let (start, end) = parse_period(days)?;
        let fits = |period: &Self| start + Months::new(period.kind.months()) == end;
        if is_to_date {
            let to_date = Self { kind: PeriodKind::YearToDate, start: first_of_year(start), end };
            return Some(to_date).filter(|_| start + Months::new(1) == end);
        }
        let kinds = [PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year];
        kinds.map(|kind| Self { kind, start, end }).into_iter().find(fits)
    }

    /// Returns its name, as [`Period::parse`] reads it.
    pub fn label(self) -> String {
        let start = self.start;
        match self.kind {
            PeriodKind::Month => start.format("%Y-%m").to_string(),
            PeriodKind::Quarter => format!("{}-Q{}", start.year(), start.month0() / 3 + 1),
            PeriodKind::Year => start.year().to_string(),
            PeriodKind::YearToDate => (self.end - Months::new(1)).format("ytd-%Y-%m").to_string(),
        }
    }

    /// Returns the period that a published row covers, whose end may lie inside the period.
    pub fn published(kind: PeriodKind, start: NaiveDate, end: NaiveDate) -> Self {
        let first_of_last_month = (end - chrono::Days::new(1)).with_day(1).expect("months begin");
        let end = match kind {
            PeriodKind::YearToDate => first_of_last_month + Months::new(1),
            _ => start + Months::new(kind.months()),
        };
        Self { kind, start, end }
    }

    /// Returns the day after the last one counted: a running period ends after the as-of day.
    pub fn end_by(self, as_of: NaiveDate) -> NaiveDate {
        self.end.min(as_of + chrono::Days::new(1))
    }

    /// Whether the as-of day lies inside, before the last day.
    pub fn is_running(self, as_of: NaiveDate) -> bool {
        self.end_by(as_of) < self.end
    }

    /// Returns the period before it: for a year to date, up to the month before.
    pub fn previous(self) -> Option<Self> {
        let back = Months::new(self.kind.months());
        let (start, end) = match self.kind {
            PeriodKind::YearToDate => (self.start, self.end - back),
            _ => (self.start - back, self.end - back),
        };
        Some(Self { start, end, ..self }).filter(|period| period.start < period.end)
    }

    /// Returns the same period a year ago.
    pub fn year_ago(self) -> Self {
        let year = Months::new(12);
        Self { start: self.start - year, end: self.end - year, ..self }
    }
}

fn first_of_year(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year(), 1, 1).expect("every year has a first day")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_running_month_and_its_quarter_end_after_the_as_of_day() {
        let as_of = day("2020-02-10");
        let periods = Period::through(day("2020-01-01"), as_of);
        let shown = |p: &Period| format!("{} {}..{}", p.kind.name(), p.start, p.end_by(as_of));
        let shown: Vec<String> = periods.iter().map(shown).collect();
        assert_eq!(
            shown,
            [
                "month 2020-01-01..2020-02-01",
                "month 2020-02-01..2020-02-11",
                "quarter 2020-01-01..2020-02-11",
                "year 2020-01-01..2020-02-11",
                "ytd 2020-01-01..2020-02-01",
                "ytd 2020-01-01..2020-02-11",
            ]
        );
        for period in periods {
            let published = Period::published(period.kind, period.start, period.end_by(as_of));
            assert_eq!(published, period);
        }
    }

    #[test]
    fn a_period_is_read_as_it_is_named() {
        for period in Period::through(day("2019-01-01"), day("2020-05-10")) {
            assert_eq!(Period::parse(&period.label()), Some(period), "{}", period.label());
        }
        let year_to_may = Period::parse("ytd-2020-05").unwrap();
        assert_eq!((year_to_may.start, year_to_may.end), (day("2020-01-01"), day("2020-06-01")));
        for slip in ["ytd", "ytd-2020", "ytd-2020-Q1", "2020-13", "May 2020", ""] {
            assert_eq!(Period::parse(slip), None, "{slip}");
        }
    }

    #[test]
    fn periods_that_begin_before_the_first_day_are_left_out() {
        let periods = Period::through(day("2010-10-01"), day("2011-01-31"));
        let years = periods.iter().filter(|p| p.kind == PeriodKind::Year).map(|p| p.start);
        assert_eq!(years.collect::<Vec<_>>(), [day("2011-01-01")]);
        assert_eq!(periods.iter().filter(|p| p.kind == PeriodKind::Month).count(), 4);
    }

    #[test]
    fn the_first_month_of_a_year_has_no_year_to_date_before_it() {
        let january =
            Period::published(PeriodKind::YearToDate, day("2020-01-01"), day("2020-02-01"));
        assert_eq!(january.previous(), None);
        assert_eq!(january.year_ago().end, day("2019-02-01"));
    }
}
