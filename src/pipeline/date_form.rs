//! The forms in which logs write dates and times, and the local day and instant they mean.

use chrono::Datelike as _;
use std::fmt::Write as _;

use chrono::format::{Fixed, Item, Numeric, Parsed, StrftimeItems};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// One form, such as `%d/%m/%Y %H:%M`; with `%z` or `%:z` it carries its own offset from UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct DateForm {
    items: Vec<Item<'static>>,
    has_offset: bool,
    /// Where each digit stands, in a form of digits at fixed places.
    layout: Option<Vec<Part>>,
}

/// A time by which forms are tried and shown: its day can be no month.
const EXAMPLE: NaiveDateTime = NaiveDateTime::new(
    NaiveDate::from_ymd_opt(2020, 10, 31).expect("a day"),
    NaiveTime::from_hms_opt(13, 45, 59).expect("a time"),
);

/// A part of a text whose parts stand at fixed places.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    /// A number of so many digits, by its place among year, month, day, hour, minute and second.
    Number {
        at: usize,
        n_digits: usize,
    },
    Text(String),
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
        let layout = layout(&items);
        let form = Self { items, has_offset, layout };
        // A form that cannot read back what it writes is none: `hello`, or a day without a month.
        let stamp = form.parse(&form.written(EXAMPLE)?, 0)?;
        (stamp.day == EXAMPLE.date()).then_some(form)
    }

    /// Returns a day in this form.
    pub fn example(&self) -> String {
        self.written(EXAMPLE).expect("a form writes what it has read")
    }

    fn written(&self, time: NaiveDateTime) -> Option<String> {
        let mut written = String::new();
        let time = time.and_utc().fixed_offset();
        write!(written, "{}", time.format_with_items(self.items.iter())).ok()?;
        Some(written)
    }

    /// Reads a text in this form; a form without an offset tells local time, `offset_seconds`
    /// ahead of UTC. Years outside 1900 to 2100 are not dates.
    pub fn parse(&self, text: &str, offset_seconds: i32) -> Option<Stamp> {
        if let Some(numbers) = self.layout.as_ref().and_then(|layout| numbers(layout, text)) {
            return stamp_of(numbers, offset_seconds);
        }
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

/// Returns the parts of a form, if all of them stand at fixed places and tell a day or a moment.
fn layout(items: &[Item<'static>]) -> Option<Vec<Part>> {
    let parts: Vec<Part> = items.iter().map(part).collect::<Option<_>>()?;
    let tells = |wanted: usize| {
        parts.iter().any(|part| matches!(part, Part::Number { at, .. } if *at == wanted))
    };
    let has_day = tells(0) && tells(1) && tells(2);
    let has_whole_time = tells(3) == tells(4) && (tells(4) || !tells(5));
    (has_day && has_whole_time).then_some(parts)
}

/// Returns a part of a form that stands at a fixed place, if the item is one.
fn part(item: &Item<'static>) -> Option<Part> {
    let number = |at, n_digits| Some(Part::Number { at, n_digits });
    match item {
        Item::Numeric(Numeric::Year, _) => number(0, 4),
        Item::Numeric(Numeric::Month, _) => number(1, 2),
        Item::Numeric(Numeric::Day, _) => number(2, 2),
        Item::Numeric(Numeric::Hour, _) => number(3, 2),
        Item::Numeric(Numeric::Minute, _) => number(4, 2),
        Item::Numeric(Numeric::Second, _) => number(5, 2),
        Item::Literal(text) | Item::Space(text) => Some(Part::Text((*text).to_owned())),
        Item::OwnedLiteral(text) | Item::OwnedSpace(text) => Some(Part::Text(text.to_string())),
        _ => None,
    }
}

/// Reads the numbers of a text that is written digit for digit as a form says; `None` where it is
/// written in any other way. Most of a log is, and chrono takes ten times as long.
fn numbers(layout: &[Part], text: &str) -> Option<[u32; 6]> {
    let mut numbers = [0; 6];
    let mut rest = text.as_bytes();
    for part in layout {
        match part {
            Part::Number { at, n_digits } => {
                let (digits, after) = rest.split_at_checked(*n_digits)?;
                for digit in digits {
                    let value = u32::from(digit.wrapping_sub(b'0'));
                    numbers[*at] = numbers[*at] * 10 + (value < 10).then_some(value)?;
                }
                rest = after;
            }
            Part::Text(text) => rest = rest.strip_prefix(text.as_bytes())?,
        }
    }
    // Chrono knows leap seconds.
    (rest.is_empty() && numbers[5] < 60).then_some(numbers)
}

fn stamp_of(numbers: [u32; 6], offset_seconds: i32) -> Option<Stamp> {
    let [year, month, day, hour, minute, second] = numbers;
    let day = NaiveDate::from_ymd_opt(year.cast_signed(), month, day)?;
    if hour > 23 || minute > 59 || !(1900..=2100).contains(&year) {
        return None;
    }
    let days = i64::from(day.to_epoch_days());
    let seconds = days * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    Some(Stamp { day, micros: (seconds - i64::from(offset_seconds)) * 1_000_000 })
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
    fn digits_at_their_places_are_read_as_chrono_reads_them() {
        for (form, text) in [
            ("%d/%m/%Y %H:%M", "29/10/2020 01:30"),
            ("%d/%m/%Y %H:%M:%S", "29/02/2020 23:59:59"),
            ("%d/%m/%Y %H:%M:%S", "31/12/2020 23:59:60"),
            ("%d/%m/%Y", "9/1/2020"),
            ("%d/%m/%Y", "29/02/2021"),
            ("%d/%m/%Y %H:%M", "01/02/2020 24:00"),
            ("%Y%m%d", "20201029"),
            ("%Y%m%d", "18991231"),
        ] {
            let form = DateForm::new(form).unwrap();
            let slow = DateForm { layout: None, ..form.clone() };
            assert_eq!(form.parse(text, HANOI), slow.parse(text, HANOI), "{text}");
        }
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
