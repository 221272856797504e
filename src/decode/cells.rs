//! Cells become rows of text, within limits.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, Timelike as _};
use csv::ByteRecord;

use crate::pipeline::rules::Refusal;

use super::container::check_ratio;
use super::fault::damaged;
use super::guard::MAX_RECORD_BYTES;
use super::header;
use super::row::Row;

/// No workbook can have more rows in a sheet.
const MAX_ROWS: u32 = 1 << 20;
/// What a field costs beside its text.
const FIELD_BYTES: u64 = 8;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Empty,
    Text(&'a str),
    Number(f64),
    /// A number that is shown as a day, or as a time of day.
    Day(f64),
    /// A number that is shown as hours or minutes, however many.
    Duration(f64),
    Bool(bool),
    Error,
    /// A formula whose value was not saved.
    Formula,
}

/// A cell that is merged with those below it: its row and column, and the last row, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) row: u32,
    pub(super) column: u32,
    pub(super) last_row: u32,
}

/// What a merged cell holds, for the rows below it.
struct Repeated {
    /// The last of these rows, as lines count.
    until: u64,
    text: Vec<u8>,
    is_number: bool,
    flaw: Option<&'static str>,
}

/// Makes rows of cells, within limits.
pub(super) struct Maker {
    row: Row,
    sheet: u32,
    is_1904: bool,
    /// The last row of each merged cell.
    merged: BTreeMap<(u32, u32), u32>,
    /// What merged cells hold that reach down to the row, by their column.
    repeated: BTreeMap<usize, Repeated>,
    n_rows: u64,
    /// How large the rows made are in memory, and the workbook on its disk.
    n_made: u64,
    n_packed: u64,
}

impl Maker {
    /// Makes rows of a workbook of so many bytes, which counts days from 1904 or from 1900.
    pub(super) fn new(n_packed: u64, is_1904: bool) -> Self {
        Self {
            row: Row::default(),
            sheet: 0,
            is_1904,
            merged: BTreeMap::new(),
            repeated: BTreeMap::new(),
            n_rows: 0,
            n_made: 0,
            n_packed,
        }
    }

    /// Turns to a sheet, by the number that its rows tell. What its merged cells hold stands in each
    /// of their rows, as it does in HTML; those of the headings, down to a line, are left alone.
    pub(super) fn begin(&mut self, sheet: u32, merged: &[Merged], last_heading: u64) {
        self.sheet = sheet;
        self.row = Row::default();
        self.repeated.clear();
        let is_meant = |merged: &&Merged| {
            merged.row < merged.last_row && u64::from(merged.row) >= last_heading
        };
        let merged = merged.iter().filter(is_meant);
        self.merged = merged.map(|merged| ((merged.row, merged.column), merged.last_row)).collect();
    }

    /// Takes the next cell; returns the row before it when the cell begins another.
    pub(super) fn cell(
        &mut self,
        (row, column): (u32, u32),
        value: Value<'_>,
    ) -> Result<Option<Row>, Refusal> {
        if matches!(value, Value::Empty | Value::Text("")) {
            return Ok(None);
        }
        let (line, at) = (u64::from(row) + 1, column as usize);
        if row >= MAX_ROWS {
            return Err(damaged("a row has a number that no row can have"));
        }
        if at >= header::MAX_FIELDS {
            return Err(header::too_many_fields(at + 1));
        }
        let ready = if line == self.row.line { None } else { self.turn(line)? };
        if line < self.row.line || at < self.row.fields.len() {
            return Err(damaged("the cells of a sheet are out of order"));
        }
        self.fill(at);
        self.push(at, value);
        if let Some(last_row) = self.merged.remove(&(row, column)) {
            let repeated = Repeated {
                until: u64::from(last_row) + 1,
                text: self.row.fields.get(at).unwrap_or_default().to_owned(),
                is_number: self.row.numbers.contains(&at),
                flaw: self.row.flaws.iter().find(|(of, _)| *of == at).map(|(_, rule)| *rule),
            };
            self.repeated.insert(at, repeated);
        }
        if self.row.fields.as_slice().len() as u64 > MAX_RECORD_BYTES {
            let limit = MAX_RECORD_BYTES.to_string();
            let (record, line) = (self.n_rows.to_string(), line.to_string());
            let params = [("record", record), ("line", line), ("limit", limit)];
            return Err(Refusal::new("record_too_long", params));
        }
        Ok(ready)
    }

    /// Returns the last row of a sheet.
    pub(super) fn finish(&mut self) -> Result<Option<Row>, Refusal> {
        self.turn(0)
    }

    /// Puts the row away that was being made, and begins another.
    fn turn(&mut self, line: u64) -> Result<Option<Row>, Refusal> {
        if line != 0 && line < self.row.line {
            return Ok(None);
        }
        if let Some((last, _)) =
            self.repeated.last_key_value().filter(|_| !self.row.fields.is_empty())
        {
            self.fill(last + 1);
        }
        let (n_bytes, n_fields) = (self.row.fields.as_slice().len(), self.row.fields.len());
        self.repeated.retain(|_, repeated| line == 0 || line <= repeated.until);
        let fields = ByteRecord::with_capacity(n_bytes, n_fields);
        let next = Row { fields, line, sheet: self.sheet, ..Row::default() };
        let ready = std::mem::replace(&mut self.row, next);
        if n_fields == 0 {
            return Ok(None);
        }
        self.n_rows += 1;
        // A cell far to the right, or one text in every cell, grows out of nothing.
        self.n_made += n_bytes as u64 + FIELD_BYTES * n_fields as u64;
        check_ratio(self.n_made, self.n_packed)?;
        Ok(Some(ready))
    }

    /// Fills the row up to a field: with what merged cells above hold, or with nothing.
    fn fill(&mut self, n_fields: usize) {
        for at in self.row.fields.len()..n_fields {
            let Some(repeated) = self.repeated.get(&at) else {
                self.row.fields.push_field(b"");
                continue;
            };
            self.row.fields.push_field(&repeated.text);
            self.row.numbers.extend(repeated.is_number.then_some(at));
            self.row.flaws.extend(repeated.flaw.map(|rule| (at, rule)));
        }
    }

    fn push(&mut self, at: usize, value: Value<'_>) {
        let text: Cow<'_, str> = match value {
            Value::Empty => "".into(),
            Value::Text(text) => text.into(),
            Value::Bool(true) => "true".into(),
            Value::Bool(false) => "false".into(),
            Value::Number(number) if number.is_finite() => {
                // A number of days from 1904 may not be taken for one from 1900.
                if !self.is_1904 {
                    self.row.numbers.push(at);
                }
                number_text(number).into()
            }
            Value::Day(number) if number.is_finite() => {
                moment(number, self.is_1904).map_or_else(|| number_text(number), moment_text).into()
            }
            Value::Duration(number) if number.is_finite() => number_text(number).into(),
            Value::Formula => {
                self.row.flaws.push((at, "formula_without_value"));
                "".into()
            }
            Value::Error | Value::Number(_) | Value::Day(_) | Value::Duration(_) => {
                self.row.flaws.push((at, "cell_error"));
                "".into()
            }
        };
        self.row.fields.push_field(text.as_bytes());
    }
}

/// Writes a number in the shortest way that means it, without an exponent.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return (number as i64).to_string();
    }
    number.to_string()
}

/// Reads a number of days as a moment, to the second; a time of day alone is none.
fn moment(days: f64, is_1904: bool) -> Option<NaiveDateTime> {
    const SECONDS: f64 = 86_400.0;
    const LAST_DAY: f64 = 2_958_466.0;
    let first = match (is_1904, days < 60.0) {
        (true, _) => NaiveDate::from_ymd_opt(1904, 1, 1)?,
        (false, true) => NaiveDate::from_ymd_opt(1899, 12, 31)?,
        // Spreadsheets believe that 1900 had a 29 February: day 60.
        (false, false) if days < 61.0 => return None,
        (false, false) => NaiveDate::from_ymd_opt(1899, 12, 30)?,
    };
    if !(1.0..LAST_DAY).contains(&days) {
        return None;
    }
    // To the millisecond first: 08:30 may be stored as a little less, and the last moment of a day,
    // as databases export it, is of that day.
    let millis = (days * SECONDS * 1000.0).round();
    let seconds = TimeDelta::try_seconds((millis / 1000.0).floor() as i64)?;
    first.and_hms_opt(0, 0, 0)?.checked_add_signed(seconds)
}

/// Writes a moment as the other formats do: `2025-03-14T09:30:00`.
pub(super) fn moment_text(moment: NaiveDateTime) -> String {
    let (day, time) = (moment.date(), moment.time());
    let (year, month, day) = (day.year(), day.month(), day.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}
