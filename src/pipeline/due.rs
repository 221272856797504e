//! When a report is due: so many days after the end of its period, and how long it is waited for.

use chrono::{Days, NaiveDate};

use super::calendar::Calendar;
use super::fault::Faults;
use super::section::Section;

/// No report is waited for longer.
const MAX_DAYS: u64 = 366;

/// When the report on a period is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    days: u64,
    grace_days: u64,
    are_working: bool,
}

impl Due {
    /// Reads `due = { working_days = 5, grace_days = 2 }`; `days` in place of `working_days` counts
    /// every day.
    pub(super) fn read(section: &Section<'_>, faults: &mut Faults) -> Option<Self> {
        let due = section.section("due", faults)?;
        let mut days = |key| {
            let days = due.count(key, faults)?;
            if days > MAX_DAYS {
                let message = format!("`{key}` must be at most {MAX_DAYS}");
                let fault = faults.add(due.file, due.span.clone(), message);
                fault.hint("the days after the end of a period; a report is waited for no longer");
            }
            Some(days)
        };
        let (working, every) = (days("working_days"), days("days"));
        let grace = days("grace_days").unwrap_or(0);
        due.finish(faults);
        match (working, every) {
            (Some(days), None) => Some(Self { days, grace_days: grace, are_working: true }),
            (None, Some(days)) => Some(Self { days, grace_days: grace, are_working: false }),
            _ => {
                let message = "`due` counts either `working_days` or `days`";
                let fault = faults.add(due.file, due.span.clone(), message);
                fault.hint("due = { working_days = 5, grace_days = 2 }");
                None
            }
        }
    }

    /// Returns the day on which the report on a period that ends before `end` is due.
    pub fn day(&self, end: NaiveDate, calendar: &Calendar) -> NaiveDate {
        let last = end.pred_opt().unwrap_or(end);
        self.after(last, self.days, calendar)
    }

    /// Returns the last day on which it still is on time.
    pub fn last_day(&self, end: NaiveDate, calendar: &Calendar) -> NaiveDate {
        self.after(self.day(end, calendar), self.grace_days, calendar)
    }

    fn after(&self, day: NaiveDate, days: u64, calendar: &Calendar) -> NaiveDate {
        if self.are_working { calendar.add_working_days(day, days) } else { day + Days::new(days) }
    }
}
