//! `calendar.csv`: the days that differ from "Monday to Friday are working days".

use std::collections::BTreeMap;
use std::path::Path;

use chrono::Datelike as _;
use chrono::{NaiveDate, Weekday};

use super::fault::Faults;
use super::sheet::read_csv;

/// The working calendar.
#[derive(Debug, Default)]
pub struct Calendar {
    exceptions: BTreeMap<NaiveDate, bool>,
}

impl Calendar {
    /// Reads `calendar.csv`.
    pub(super) fn read(path: &Path, faults: &mut Faults) -> Self {
        let mut exceptions = BTreeMap::new();
        read_csv(path, &["day", "working", "note"], faults, |row, faults| {
            row.required("day", faults);
            let (day, working) = (row.day("day", faults), row.flag("working", faults));
            if let (Some(day), Some(working)) = (day, working)
                && exceptions.insert(day, working).is_some()
            {
                faults.add(row.file, row.span("day"), "this day is listed twice");
            }
        });
        Self { exceptions }
    }

    /// Says of which years up to a day no holiday is listed: theirs count as working days.
    pub fn unlisted(&self, since: NaiveDate, until: NaiveDate) -> Option<String> {
        let last = self.exceptions.keys().next_back();
        let first = last.map_or(since.year(), |last| last.year() + 1).max(since.year());
        let years = match until.year() - first {
            ..0 => return None,
            0 => first.to_string(),
            _ => format!("{first} to {}", until.year()),
        };
        Some(format!(
            "calendar.csv lists no day of {years}: all holidays count as working days there"
        ))
    }

    /// Whether people work on that day.
    pub fn is_working(&self, day: NaiveDate) -> bool {
        let is_weekday = !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        self.exceptions.get(&day).copied().unwrap_or(is_weekday)
    }

    /// Returns the day that is so many working days after another; the day itself where there are none.
    pub fn add_working_days(&self, day: NaiveDate, n_days: u64) -> NaiveDate {
        let mut later = day.iter_days().skip(1).filter(|day| self.is_working(*day));
        match n_days {
            0 => day,
            n => later.nth(n as usize - 1).unwrap_or(NaiveDate::MAX),
        }
    }

    /// Counts the working days after `start` up to `end`; negative when `end` is the earlier.
    pub fn working_days(&self, start: NaiveDate, end: NaiveDate) -> i64 {
        if end < start {
            return -self.working_days(end, start);
        }
        let weekdays = weekdays_through(end) - weekdays_through(start);
        let Some(first) = start.succ_opt().filter(|first| *first <= end) else { return 0 };
        let corrections = self.exceptions.range(first..=end).map(|(day, working)| {
            let is_weekday = !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            i64::from(*working) - i64::from(is_weekday)
        });
        weekdays + corrections.sum::<i64>()
    }
}

/// Counts the weekdays from a fixed Monday long ago through a day.
fn weekdays_through(day: NaiveDate) -> i64 {
    // Day 1 of the common era is a Monday in the proleptic Gregorian calendar.
    let days = i64::from(day.num_days_from_ce());
    days.div_euclid(7) * 5 + days.rem_euclid(7).min(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_calendar_that_ends_is_told() {
        let until = |last: Option<&str>, until| {
            let exceptions = last.into_iter().map(|last| (day(last), false)).collect();
            Calendar { exceptions }.unlisted(day("2019-01-01"), day(until))
        };
        let told = |years: &str| {
            Some(format!(
                "calendar.csv lists no day of {years}: all holidays count as working days there"
            ))
        };
        assert_eq!(until(Some("2020-09-02"), "2020-12-31"), None);
        assert_eq!(until(Some("2020-09-02"), "2021-01-01"), told("2021"));
        assert_eq!(until(Some("2020-09-02"), "2023-03-31"), told("2021 to 2023"));
        assert_eq!(until(None, "2020-10-31"), told("2019 to 2020"));
    }

    #[test]
    fn counted_days_are_those_walked_one_by_one() {
        let exceptions = [("2020-01-24", false), ("2020-01-25", false), ("2020-02-01", true)];
        let exceptions = exceptions.into_iter().map(|(d, working)| (day(d), working)).collect();
        let calendar = Calendar { exceptions };
        let days: Vec<NaiveDate> = day("2020-01-17").iter_days().take(25).collect();
        for start in &days {
            for end in days.iter().filter(|end| *end >= start) {
                let walked = start.iter_days().skip(1).take_while(|day| day <= end);
                let walked = walked.filter(|day| calendar.is_working(*day)).count() as i64;
                assert_eq!(calendar.working_days(*start, *end), walked, "{start} to {end}");
                assert_eq!(calendar.working_days(*end, *start), -walked);
                if calendar.is_working(*end) {
                    assert_eq!(calendar.add_working_days(*start, walked as u64), *end);
                }
            }
        }
    }
}
