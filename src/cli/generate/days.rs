//! The days of the logs, looked up: what they are called and on which of them people work.

use chrono::{Datelike as _, Days as Span, Months, NaiveDate};

use crate::pipeline::calendar::Calendar;

/// A point in local time: minutes since the first day of the table.
pub(super) type Moment = u32;

/// The minutes of a day.
pub(super) const DAY: Moment = 24 * 60;

/// Dossiers of the first month were submitted so many days before it at most.
const N_BEFORE: u64 = 60;
/// Days that are due, or that a slip of the pen put far ahead, lie so many days after the last month.
const N_AFTER: u64 = 1100;

/// A day of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub(super) year: u32,
    pub(super) month: u32,
    pub(super) day: u32,
    is_working: bool,
    /// The month of the logs in which it lies.
    of: u32,
}

/// Every day that a log may tell.
#[derive(Debug)]
pub(super) struct Days {
    days: Vec<Day>,
    /// The first day of each month, and of the one after the last.
    firsts: Vec<u32>,
}

impl Days {
    /// Lays out the days of so many months.
    pub(super) fn new(from: NaiveDate, n_months: u32, calendar: &Calendar) -> Self {
        let start = from - Span::new(N_BEFORE);
        let first = |month: u32| {
            let day = from + Months::new(month);
            day.signed_duration_since(start).num_days() as u32
        };
        let firsts: Vec<u32> = (0..=n_months).map(first).collect();
        let n_days = firsts.last().copied().unwrap_or_default() as usize + N_AFTER as usize;
        let day = |(at, date): (usize, NaiveDate)| Day {
            year: date.year().unsigned_abs(),
            month: date.month(),
            day: date.day(),
            is_working: calendar.is_working(date),
            of: (firsts.partition_point(|first| *first <= at as u32) as u32).saturating_sub(1),
        };
        let days = start.iter_days().take(n_days).enumerate().map(day).collect();
        Self { days, firsts }
    }

    /// Returns the day of a moment.
    pub(super) fn day(&self, moment: Moment) -> Day {
        self.days[(moment / DAY) as usize]
    }

    /// Returns the month of the logs in which a moment lies; after the last, some month after it.
    pub(super) fn month(&self, moment: Moment) -> u32 {
        self.day(moment).of
    }

    /// Returns the first moment of a month.
    pub(super) fn start(&self, month: u32) -> Moment {
        self.firsts[month as usize] * DAY
    }

    /// Returns how many days a month has.
    pub(super) fn n_days(&self, month: u32) -> u32 {
        self.firsts[month as usize + 1] - self.firsts[month as usize]
    }

    /// Whether people work on the day of a moment.
    pub(super) fn is_working(&self, moment: Moment) -> bool {
        self.day(moment).is_working
    }

    /// Returns the same time so many working days later.
    pub(super) fn add_working(&self, moment: Moment, n_days: u32) -> Moment {
        let mut later = moment;
        let mut n_left = n_days;
        while n_left > 0 {
            later += DAY;
            n_left -= u32::from(self.is_working(later));
        }
        later
    }

    /// Counts the working days after one moment up to another.
    pub(super) fn working_between(&self, from: Moment, to: Moment) -> u32 {
        let days = self.days.get((from / DAY) as usize + 1..=(to / DAY) as usize);
        days.unwrap_or_default().iter().filter(|day| day.is_working).count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_names_and_months() {
        let from = NaiveDate::from_ymd_opt(2019, 1, 1).unwrap();
        let days = Days::new(from, 2, &Calendar::default());
        assert_eq!([0, 1].map(|month| days.n_days(month)), [31, 28]);
        let told = |moment| {
            let Day { year, month, day, .. } = days.day(moment);
            (year, month, day, days.month(moment))
        };
        assert_eq!(told(days.start(0)), (2019, 1, 1, 0));
        assert_eq!(told(days.start(1) - 1), (2019, 1, 31, 0));
        assert_eq!(told(days.start(1)), (2019, 2, 1, 1));
        // After the last month no month is one of the logs.
        assert_eq!(told(days.start(2)), (2019, 3, 1, 2));
        assert_eq!(told(0), (2018, 11, 2, 0));
        // The first of January 2019 is a Tuesday.
        let friday = days.start(0) + 3 * DAY + 60;
        assert_eq!(days.add_working(friday, 1), friday + 3 * DAY);
        assert_eq!(days.working_between(friday, friday + 3 * DAY), 1);
        assert_eq!(days.working_between(friday, friday), 0);
    }
}
