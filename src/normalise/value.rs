//! A text read as the value of its column, or the rule that it breaks.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::ops::RangeInclusive;

use chrono::{Datelike as _, NaiveDate};

use crate::pipeline::Pipeline;
use crate::pipeline::columns::{Column, Kind};
use crate::pipeline::date_form::{Stamp, parse_any, parse_cell, parse_serial};
use crate::pipeline::identifier::is_identifier;
use crate::pipeline::integer::{parse_integer, parse_whole};
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::{Params, params_of};
use crate::pipeline::text::{cleaned, fold};

use super::codes::Codes;
use super::shape::shape;
use super::tax_code::is_of_enterprise;

/// The years of days that a log can tell of.
const YEARS: RangeInclusive<i32> = 1990..=2100;

/// A typed value; instants are UTC microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Value<'a> {
    #[default]
    Null,
    Text(Cow<'a, str>),
    Day(NaiveDate),
    Instant(i64),
    Integer(i64),
    Flag(bool),
}

impl Value<'_> {
    /// Returns the day, if it is one.
    pub(super) fn day(&self) -> Option<NaiveDate> {
        if let Self::Day(day) = self { Some(*day) } else { None }
    }

    /// Returns the text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// A rule that a text breaks, with masked parameters.
pub(super) type Breach = (&'static str, Params);

/// How the texts of one column are read; remembers the codes it has seen.
pub(super) struct ColumnReader<'a> {
    pub(super) column: Column,
    pipeline: &'a Pipeline,
    profile: &'a Profile,
    is_coded: bool,
    codes: Codes<'a>,
    pub(super) clock: Clock,
    pub(super) days: Days,
}

/// How many days were read, and how many that are none would be one with the month first.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Days {
    pub(super) n_read: i64,
    pub(super) n_turned: i64,
    /// Of those written as texts.
    pub(super) texts: Halves,
    /// Of those that cells hold as days.
    pub(super) cells: Halves,
}

/// How many days lie among the first twelve of their month, which are months, too, and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Halves {
    pub(super) n_early: i64,
    pub(super) n_late: i64,
}

impl Halves {
    fn add(&mut self, day: NaiveDate) {
        let half = if day.day() <= 12 { &mut self.n_early } else { &mut self.n_late };
        *half += 1;
    }
}

/// How many times of day were read, and how many of them lie between 13:00 and midnight.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    pub(super) n_times: i64,
    pub(super) n_afternoon: i64,
}

impl<'a> ColumnReader<'a> {
    /// Makes the reader of a column.
    pub(super) fn new(column: Column, pipeline: &'a Pipeline, profile: &'a Profile) -> Self {
        let is_coded = profile.codes.contains_key(column.name);
        let (clock, days) = (Clock::default(), Days::default());
        Self { column, pipeline, profile, is_coded, codes: Codes::default(), clock, days }
    }

    /// Reads a text, or the number of a cell that holds one; marks what is odd but readable.
    pub(super) fn read<'r>(
        &mut self,
        text: &'r str,
        is_number: bool,
        marks: &mut Vec<&'static str>,
    ) -> Result<Value<'r>, Breach>
    where
        'a: 'r,
    {
        let is_coded = self.is_coded;
        match self.column.kind {
            Kind::Text if !is_coded => Ok(Value::Text(cleaned(text))),
            Kind::Identifier if !is_coded => self.read_identifier(text, is_number, marks),
            Kind::TaxCode if !is_coded => {
                let code = cleaned(text);
                let is_shown = is_of_enterprise(&code);
                Ok(Value::Text(if is_shown { code } else { Cow::Owned(shape(&code)) }))
            }
            Kind::Day | Kind::Instant => self.read_date(text, is_number, marks),
            Kind::Procedure | Kind::Unit if is_number => {
                let code = self.code(text).ok_or_else(|| ("code_as_number", masked(text)))?;
                Ok(Value::Text(Cow::Borrowed(code)))
            }
            Kind::Integer if !is_coded => read_integer(text, is_number),
            kind => {
                let code = self.code(text).ok_or_else(|| (unknown(self.column), masked(text)))?;
                match kind {
                    Kind::Flag => Ok(Value::Flag(code == "true")),
                    Kind::Integer => read_integer(code, false),
                    _ => Ok(Value::Text(Cow::Borrowed(code))),
                }
            }
        }
    }

    fn read_identifier<'r>(
        &self,
        text: &'r str,
        is_number: bool,
        marks: &mut Vec<&'static str>,
    ) -> Result<Value<'r>, Breach> {
        let identifier = cleaned(text);
        if !is_identifier(&identifier) {
            return Err(("not_an_identifier", masked(text)));
        }
        if is_number && matches!(self.column.name, "dossier_number" | "old_number") {
            marks.push("zeros_may_be_lost");
        }
        Ok(Value::Text(identifier))
    }

    fn read_date(
        &mut self,
        text: &str,
        is_number: bool,
        marks: &mut Vec<&'static str>,
    ) -> Result<Value<'static>, Breach> {
        let offset = self.pipeline.settings.utc_offset_seconds;
        let written = parse_any(&self.profile.dates, text, offset);
        let held = if written.is_some() { None } else { parse_cell(text, offset) };
        written.into_iter().for_each(|stamp| self.days.texts.add(stamp.day));
        held.into_iter().for_each(|stamp| self.days.cells.add(stamp.day));
        let stamp = written.or(held).or_else(|| {
            let stamp = parse_serial(text, offset).filter(|_| is_number)?;
            marks.push("date_as_serial");
            Some(stamp)
        });
        self.days.n_read += 1;
        // A slip of the pen, or a day of birth.
        let stamp = stamp.filter(|stamp| YEARS.contains(&stamp.day.year()));
        let Some(stamp) = stamp else {
            let turned = turned(text).and_then(|t| parse_any(&self.profile.dates, &t, offset));
            self.days.n_turned += i64::from(turned.is_some());
            return Err(("impossible_day", masked(text)));
        };
        self.clock.add(stamp, offset);
        let is_instant = self.column.kind == Kind::Instant;
        Ok(if is_instant { Value::Instant(stamp.micros) } else { Value::Day(stamp.day) })
    }

    fn code(&mut self, text: &str) -> Option<&'a str> {
        let (column, pipeline, profile) = (self.column, self.pipeline, self.profile);
        self.codes.of(text, || look_up(column, text, pipeline, profile))
    }
}

fn look_up<'a>(
    column: Column,
    text: &str,
    pipeline: &'a Pipeline,
    profile: &'a Profile,
) -> Option<&'a str> {
    let folded = LazyCell::new(|| fold(text));
    let mapped = profile.codes.get(column.name).and_then(|codes| codes.get(&*folded));
    if let Some(value) = mapped {
        return Some(value);
    }
    match column.kind {
        Kind::Code(codes) => codes.iter().find(|code| **code == *folded).copied(),
        Kind::Unit => {
            let units = &pipeline.reference.units;
            let by_code = || units.resolve(&super::number::agency_code(text.trim())?);
            units.resolve(text).or_else(by_code)
        }
        Kind::Procedure => procedure(text, pipeline),
        Kind::Flag => ["true", "false"].into_iter().find(|flag| *flag == *folded),
        _ => None,
    }
}

/// Finds the national code; local copies append their agency (`1.003868.000.00.00.H56`).
fn procedure<'a>(text: &str, pipeline: &'a Pipeline) -> Option<&'a str> {
    let text = text.trim();
    let national = text.match_indices('.').nth(1).map_or(text, |(at, _)| &text[..at]);
    let services = &pipeline.reference.services;
    [text, national].into_iter().find_map(|code| services.code(code))
}

fn read_integer(text: &str, is_number: bool) -> Result<Value<'static>, Breach> {
    let read = if is_number { parse_whole } else { parse_integer };
    let number = read(text).map(Value::Integer);
    number.ok_or_else(|| ("not_a_number", masked(text)))
}

impl Clock {
    /// Counts a time of day; midnight is none, but a day without a time.
    fn add(&mut self, stamp: Stamp, offset_seconds: i32) {
        let second = (stamp.micros / 1_000_000 + i64::from(offset_seconds)).rem_euclid(86_400);
        self.n_times += i64::from(second > 0);
        self.n_afternoon += i64::from(second >= 13 * 3600);
    }
}

/// Puts the second number of a text before the first: `10/25/2020` becomes `25/10/2020`.
fn turned(text: &str) -> Option<String> {
    let separator = text.chars().find(|c| !c.is_ascii_digit())?;
    let (first, rest) = text.split_once(separator)?;
    let (second, rest) = rest.split_once(separator)?;
    Some(format!("{second}{separator}{first}{separator}{rest}"))
}

fn unknown(column: Column) -> &'static str {
    match column.name {
        "unit_code" => "unknown_unit",
        "procedure_code" => "unknown_procedure",
        "status" | "portal_status" => "unknown_status",
        "channel" | "portal_channel" => "unknown_channel",
        _ => "unknown_code",
    }
}

/// Returns the parameters that tell of a text without showing it.
fn masked(text: &str) -> Params {
    params_of([("text", shape(text))])
}
