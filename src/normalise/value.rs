//! A text read as the value of its column, or the rule that it breaks.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::pipeline::Pipeline;
use crate::pipeline::columns::{Column, Kind};
use crate::pipeline::date_form::{Stamp, parse_any, parse_cell, parse_serial};
use crate::pipeline::identifier::is_identifier;
use crate::pipeline::integer::parse_integer;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::{Params, params_of};
use crate::pipeline::text::{clean, fold};

use super::shape::shape;
use super::tax_code::is_of_enterprise;

/// A typed value; instants are UTC microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Value {
    #[default]
    Null,
    Text(String),
    Day(NaiveDate),
    Instant(i64),
    Integer(i64),
    Flag(bool),
}

impl Value {
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
    seen: BTreeMap<String, Option<String>>,
    pub(super) clock: Clock,
    pub(super) days: Days,
}

/// How many days were read, and how many that are none would be one with the month first.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Days {
    pub(super) n_read: i64,
    pub(super) n_turned: i64,
}

/// How many times of day were read, and how many of them lie between 13:00 and midnight.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    pub(super) n_times: i64,
    pub(super) n_afternoon: i64,
}

/// A column of more different texts than this is no list of codes worth remembering.
const MAX_SEEN: usize = 10_000;

impl<'a> ColumnReader<'a> {
    /// Makes the reader of a column.
    pub(super) fn new(column: Column, pipeline: &'a Pipeline, profile: &'a Profile) -> Self {
        let (clock, days) = (Clock::default(), Days::default());
        Self { column, pipeline, profile, seen: BTreeMap::new(), clock, days }
    }

    /// Reads a text, or the number of a cell that holds one; marks what is odd but readable.
    pub(super) fn read(
        &mut self,
        text: &str,
        is_number: bool,
        marks: &mut Vec<&'static str>,
    ) -> Result<Value, Breach> {
        let is_coded = self.profile.codes.contains_key(self.column.name);
        match self.column.kind {
            Kind::Text if !is_coded => Ok(Value::Text(clean(text))),
            Kind::Identifier if !is_coded => self.read_identifier(text, is_number, marks),
            Kind::TaxCode if !is_coded => {
                let code = clean(text);
                Ok(Value::Text(if is_of_enterprise(&code) { code } else { shape(&code) }))
            }
            Kind::Day | Kind::Instant => self.read_date(text, is_number, marks),
            Kind::Procedure | Kind::Unit if is_number => {
                let code = self.code(text).ok_or_else(|| ("code_as_number", masked(text)))?;
                Ok(Value::Text(code))
            }
            Kind::Integer if !is_coded => read_integer(text),
            kind => {
                let code = self.code(text).ok_or_else(|| (unknown(self.column), masked(text)))?;
                match kind {
                    Kind::Flag => Ok(Value::Flag(code == "true")),
                    Kind::Integer => read_integer(&code),
                    _ => Ok(Value::Text(code)),
                }
            }
        }
    }

    fn read_identifier(
        &self,
        text: &str,
        is_number: bool,
        marks: &mut Vec<&'static str>,
    ) -> Result<Value, Breach> {
        let identifier = clean(text);
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
    ) -> Result<Value, Breach> {
        let offset = self.pipeline.settings.utc_offset_seconds;
        let stamp = parse_any(&self.profile.dates, text, offset)
            .or_else(|| parse_cell(text, offset))
            .or_else(|| {
                let stamp = parse_serial(text, offset).filter(|_| is_number)?;
                marks.push("date_as_serial");
                Some(stamp)
            });
        self.days.n_read += 1;
        let Some(stamp) = stamp else {
            let turned = turned(text).and_then(|t| parse_any(&self.profile.dates, &t, offset));
            self.days.n_turned += i64::from(turned.is_some());
            return Err(("impossible_day", masked(text)));
        };
        self.clock.add(stamp, offset);
        let is_instant = self.column.kind == Kind::Instant;
        Ok(if is_instant { Value::Instant(stamp.micros) } else { Value::Day(stamp.day) })
    }

    fn code(&mut self, text: &str) -> Option<String> {
        if let Some(code) = self.seen.get(text) {
            return code.clone();
        }
        let code = self.look_up(text);
        if self.seen.len() < MAX_SEEN {
            self.seen.insert(text.to_owned(), code.clone());
        }
        code
    }

    fn look_up(&self, text: &str) -> Option<String> {
        let folded = fold(text);
        let mapped = self.profile.codes.get(self.column.name).and_then(|codes| codes.get(&folded));
        if let Some(value) = mapped {
            return Some(value.clone());
        }
        match self.column.kind {
            Kind::Code(codes) => {
                codes.iter().find(|code| **code == folded).map(|c| (*c).to_owned())
            }
            Kind::Unit => self.unit(text),
            Kind::Procedure => self.procedure(text),
            Kind::Flag => Some(folded).filter(|flag| matches!(flag.as_str(), "true" | "false")),
            _ => None,
        }
    }

    fn unit(&self, text: &str) -> Option<String> {
        let units = &self.pipeline.reference.units;
        let by_code = || units.resolve(&super::number::agency_code(text.trim())?);
        units.resolve(text).or_else(by_code).map(str::to_owned)
    }

    /// Finds the national code; local copies append their agency (`1.003868.000.00.00.H56`).
    fn procedure(&self, text: &str) -> Option<String> {
        let services = &self.pipeline.reference.services;
        let text = text.trim();
        let national = text.match_indices('.').nth(1).map_or(text, |(at, _)| &text[..at]);
        [text, national].into_iter().find(|code| services.contains(code)).map(str::to_owned)
    }
}

fn read_integer(text: &str) -> Result<Value, Breach> {
    let number = parse_integer(text).map(Value::Integer);
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
