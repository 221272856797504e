//! The forms in which logs write dates and times, and the local day and instant they mean.

use chrono::Datelike as _;
use std::fmt::Write as _;

use chrono::format::{Fixed, Item, Parsed, StrftimeItems};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// One form, such as `%d/%m/%Y %H:%M`; with `%z` or `%:z` it carries its own offset from UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct DateForm {
    items: Vec<Item<'static>>,
    has_offset: bool,
}

/// A date as read: the local day and the point in time, in UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub day: NaiveDate,
    pub micros: i64,
}

impl DateForm {
    /// Reads a strftime form; `None` when it is not one.
    pub fn new(form: &str) -> Option<Self> {
        let items = StrftimeItems::new(form).parse_to_owned().ok()?;
        let has_offset = items.iter().any(|item| {
            matches!(item, Item::Fixed(Fixed::TimezoneOffset | Fixed::TimezoneOffsetColon))
        });
        let form = Self { items, has_offset };
        // A form that cannot read back what it writes is none: `hello`, or a day without a month.
        let probe = NaiveDate::from_ymd_opt(2020, 10, 31)?.and_hms_opt(13, 45, 59)?.and_utc();
        let mut written = String::new();
        write!(written, "{}", probe.fixed_offset().format_with_items(form.items.iter())).ok()?;
        form.parse(&written, 0).filter(|stamp| stamp.day == probe.date_naive()).map(|_| form)
    }

    /// Reads a text in this form; a form without an offset tells local time, `offset_seconds`
    /// ahead of UTC. Years outside 1900 to 2100 are not dates.
    pub fn parse(&self, text: &str, offset_seconds: i32) -> Option<Stamp> {
        let mut parsed = Parsed::new();
        chrono::format::parse(&mut parsed, text, self.items.iter()).ok()?;
        let offset = TimeDelta::seconds(offset_seconds.into());
        let utc = if self.has_offset {
            parsed.to_datetime().ok()?.naive_utc()
        } else {
            let time = parsed.to_naive_time().unwrap_or(NaiveTime::MIN);
            parsed.to_naive_date().ok()?.and_time(time).checked_sub_signed(offset)?
        };
        stamp(utc, offset_seconds)
    }
}

/// Reads a text in the first form that fits.
pub fn parse_any(forms: &[DateForm], text: &str, offset_seconds: i32) -> Option<Stamp> {
    forms.iter().find_map(|form| form.parse(text, offset_seconds))
}

/// Reads a date as `decode` writes that of a workbook's or a Parquet file's date cell.
pub fn parse_cell(text: &str, offset_seconds: i32) -> Option<Stamp> {
    let local = |forms: [&str; 2]| {
        let time = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        time.or_else(|| text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN)))
    };
    let utc = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.naive_utc(),
        Err(_) => local(["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"])?
            .checked_sub_signed(TimeDelta::seconds(offset_seconds.into()))?,
    };
    stamp(utc, offset_seconds)
}

/// Reads a day as the number by which a spreadsheet counts it: days after 1899-12-30.
pub fn parse_serial(text: &str, offset_seconds: i32) -> Option<Stamp> {
    let serial: f64 = text.parse().ok().filter(|serial| (20_000.0..80_000.0).contains(serial))?;
    let seconds = (serial * 86_400.0).round() as i64 - i64::from(offset_seconds);
    let utc = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_time(NaiveTime::MIN);
    stamp(utc.checked_add_signed(TimeDelta::seconds(seconds))?, offset_seconds)
}

fn stamp(utc: NaiveDateTime, offset_seconds: i32) -> Option<Stamp> {
    let day = utc.checked_add_signed(TimeDelta::seconds(offset_seconds.into()))?.date();
    let stamp = Stamp { day, micros: utc.and_utc().timestamp_micros() };
    Some(stamp).filter(|_| (1900..=2100).contains(&day.year()))
}

/// Reads a period such as `2020`, `2020-Q3`, `2020-10` or `202010`; returns its half-open days.
pub fn parse_period(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let (year, rest) = text.split_at_checked(4)?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let year: i32 = year.parse().ok().filter(|year| (1900..=2100).contains(year))?;
    let (first_month, n_months) = if rest.is_empty() {
        (1, 12)
    } else if let Some(quarter) = rest.strip_prefix(['Q', 'q']) {
        let quarter: u32 = quarter.parse().ok().filter(|q| (1..=4).contains(q))?;
        (quarter * 3 - 2, 3)
    } else {
        (rest.parse().ok()?, 1)
    };
    let start = NaiveDate::from_ymd_opt(year, first_month, 1)?;
    Some((start, start.checked_add_months(chrono::Months::new(n_months))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANOI: i32 = 7 * 3600;

    fn parsed(form: &str, text: &str) -> Option<(String, i64)> {
        let stamp = DateForm::new(form)?.parse(text, HANOI)?;
        Some((stamp.day.to_string(), stamp.micros / 1_000_000))
    }

    #[test]
    fn local_time_becomes_a_local_day_and_a_utc_instant() {
        let midnight_in_hanoi = 1_603_904_400_i64;
        let day = |seconds| Some(("2020-10-29".to_owned(), midnight_in_hanoi + seconds));
        assert_eq!(parsed("%d/%m/%Y", "29/10/2020"), day(0));
        assert_eq!(parsed("%d/%m/%Y %H:%M", "29/10/2020 01:30"), day(5400));
        assert_eq!(parsed("%Y%m%d%H%M%S", "20201029013000"), day(5400));
        assert_eq!(parsed("%Y-%m-%dT%H:%M:%S%.3fZ", "2020-10-29T01:30:00.000Z"), day(5400));
        assert_eq!(parsed("%Y-%m-%d %H:%M:%S%.f%:z", "2020-10-28 20:30:00.5+02:00"), day(5400));
    }

    #[test]
    fn impossible_days_are_none() {
        assert_eq!(parsed("%d/%m/%Y", "31/02/2020"), None);
        assert_eq!(parsed("%d/%m/%Y %H:%M", "01/02/2020 25:61"), None);
        assert_eq!(parsed("%d/%m/%Y", "01/02/0020"), None);
    }

    #[test]
    fn cells_of_workbooks_are_local_days() {
        let cell = |text| parse_cell(text, HANOI).map(|stamp| stamp.day.to_string());
        assert_eq!(cell("2020-10-29T00:00:00").as_deref(), Some("2020-10-29"));
        assert_eq!(cell("2020-10-29").as_deref(), Some("2020-10-29"));
        assert_eq!(cell("2020-10-28T20:30:00.5+00:00").as_deref(), Some("2020-10-29"));
        assert_eq!(cell("29/10/2020"), None);
        let serial = |text| parse_serial(text, HANOI).map(|stamp| stamp.day.to_string());
        assert_eq!(serial("44133").as_deref(), Some("2020-10-29"));
        assert_eq!(serial("44133.999").as_deref(), Some("2020-10-29"));
        assert_eq!(serial("20201029"), None);
    }

    #[test]
    fn periods_are_half_open() {
        let period = |text| parse_period(text).map(|(start, end)| format!("{start}..{end}"));
        assert_eq!(period("2020-12").as_deref(), Some("2020-12-01..2021-01-01"));
        assert_eq!(period("2020-Q4").as_deref(), Some("2020-10-01..2021-01-01"));
        assert_eq!(period("2020").as_deref(), Some("2020-01-01..2021-01-01"));
        assert_eq!(period("202002").as_deref(), Some("2020-02-01..2020-03-01"));
        assert_eq!(period("2020-13"), None);
        assert_eq!(period("20200"), None);
        assert_eq!(period("1020-01"), None);
    }
}
