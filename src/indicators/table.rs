//! Rows to the columns of the published tables, and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::{filter_record_batch, nullif};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type};
use chrono::NaiveDate;
use rayon::prelude::*;

use crate::pipeline::definitions::UnitOfMeasure;
use crate::pipeline::tables::Table;

use super::period::{Period, PeriodKind};
use super::revise::{Figure, Revision, Told};
use super::row::{Facts, Numbers, Reading, Row, RowKey, Status, n_counted};
use super::scope::Scope;

/// Makes the indicators table.
pub(super) fn indicators(rows: &[Row]) -> RecordBatch {
    let facts: Vec<Option<&Facts>> = rows.iter().map(|row| Some(&row.facts)).collect();
    let mut columns = keys(rows.iter().map(|row| (&row.key, row.facts.period_end)));
    columns.extend(figure_columns(&facts));
    let reading = |of: fn(&Reading) -> Option<f64>| numbers(rows.iter().map(|r| of(&r.reading)));
    columns.extend([
        texts(rows.iter().map(|row| Some(row.unit.name()))),
        reading(|r| r.target),
        flags(rows.iter().map(|row| row.reading.target_met)),
    ]);
    columns.extend(doubt_columns(&facts));
    columns.extend([
        reading(|r| r.previous_value),
        reading(|r| r.change),
        reading(|r| r.year_ago_value),
        reading(|r| r.year_change),
        integers(rows.iter().map(|row| row.reading.rank)),
        integers(rows.iter().map(|row| Some(row.release))),
    ]);
    let batch = RecordBatch::try_new(Table::Indicators.schema(), columns);
    batch.expect("each column was given one value a row")
}

/// Makes the revisions of one release.
pub(super) fn revisions(revisions: &[Revision], release: i64, published_at: &str) -> RecordBatch {
    let told = |revision: &Revision| {
        let facts = revision.new.as_ref().or(revision.old.as_ref());
        facts.map_or(revision.key.period.end, |facts| facts.period_end)
    };
    let mut columns = keys(revisions.iter().map(|revision| (&revision.key, told(revision))));
    let new: Vec<Option<&Facts>> = revisions.iter().map(|r| r.new.as_ref()).collect();
    columns.extend(figure_columns(&new));
    columns.extend(doubt_columns(&new));
    let behind: Vec<String> = revisions.iter().map(|r| r.deliveries.join(" ")).collect();
    let old = || revisions.iter().map(|revision| revision.old.as_ref());
    columns.extend([
        integers(revisions.iter().map(|_| Some(release))),
        texts(revisions.iter().map(|_| Some(published_at))),
        texts(revisions.iter().map(|revision| Some(revision.cause))),
        integers(old().map(|facts| facts?.numerator)),
        integers(old().map(|facts| facts?.denominator)),
        numbers(old().map(|facts| facts?.value)),
        texts(old().map(|facts| Some(facts?.status.name()))),
        texts(behind.iter().map(|deliveries| Some(deliveries.as_str()))),
    ]);
    let batch = RecordBatch::try_new(Table::Revisions.schema(), columns);
    batch.expect("each column was given one value a row")
}

/// Reads the rows of the indicators table back.
pub(super) fn rows(batch: &RecordBatch) -> Vec<Row> {
    let columns = Columns::new(batch);
    let read = |row: usize| {
        let unit = columns.text("unit_of_measure", row).and_then(UnitOfMeasure::find);
        let number = |name: &str| columns.number(name, row);
        Row {
            key: columns.key(row),
            facts: Facts {
                period_end: columns.day("period_end", row),
                numerator: columns.integer("numerator", row),
                denominator: columns.integer("denominator", row),
                value: number("value"),
                components: columns.text("components", row).map(str::to_owned),
                status: columns.status("status", row).unwrap_or(Status::Missing),
                is_final: columns.flag("is_final", row).unwrap_or(false),
                units_expected: columns.integer("units_expected", row).unwrap_or_default(),
                units_included: columns.integer("units_included", row).unwrap_or_default(),
            },
            unit: unit.unwrap_or(UnitOfMeasure::Count),
            reading: Reading {
                target: number("target"),
                target_met: columns.flag("target_met", row),
                previous_value: number("previous_value"),
                change: number("change"),
                year_ago_value: number("year_ago_value"),
                year_change: number("year_change"),
                rank: columns.integer("rank", row),
            },
            release: columns.integer("release", row).unwrap_or_default(),
        }
    };
    (0..batch.num_rows()).into_par_iter().map(read).collect()
}

/// Reads what each revision tells.
pub(super) fn told(batch: &RecordBatch) -> Vec<Told> {
    let columns = Columns::new(batch);
    let figure = |[numerator, denominator, value, status]: [&str; 4], row: usize| {
        columns.status(status, row).map(|status| Figure {
            numbers: Numbers {
                numerator: columns.integer(numerator, row),
                denominator: columns.integer(denominator, row),
            },
            value: columns.number(value, row),
            status,
        })
    };
    let text = |name: &str, row: usize| columns.text(name, row).unwrap_or_default().to_owned();
    let read = |row: usize| Told {
        key: columns.key(row),
        release: columns.integer("release", row).unwrap_or_default().unsigned_abs(),
        published_at: text("published_at", row),
        cause: text("cause", row),
        deliveries: text("deliveries", row).split_whitespace().map(str::to_owned).collect(),
        n_counted: n_counted(columns.text("components", row)),
        new: figure(["numerator", "denominator", "value", "status"], row),
        old: figure(["old_numerator", "old_denominator", "old_value", "old_status"], row),
    };
    (0..batch.num_rows()).map(read).collect()
}

/// Takes the numbers of some revisions out; a status that stood beside numbers tells of it.
pub(super) fn suppressed(batch: &RecordBatch, hidden: &[bool]) -> RecordBatch {
    let new = (["numerator", "denominator", "value", "components"].as_slice(), "status");
    let old = (["old_numerator", "old_denominator", "old_value"].as_slice(), "old_status");
    let columns = Columns::new(batch);
    let mut open = batch.columns().to_vec();
    let mut put = |name: &str, column: ArrayRef| {
        let (at, _) = batch.schema_ref().column_with_name(name).expect("the schema was checked");
        open[at] = column;
    };
    for (names, status) in [new, old] {
        let tells = |row: usize| {
            columns.integer(names[0], row).is_some() || columns.number(names[2], row).is_some()
        };
        let is_hidden = |row: usize| hidden[row] && tells(row);
        let is_hidden: Vec<bool> = (0..batch.num_rows()).map(is_hidden).collect();
        let told = is_hidden.iter().enumerate().map(|(row, is_hidden)| match is_hidden {
            true => Some(Status::Suppressed.name()),
            false => columns.text(status, row),
        });
        put(status, texts(told));
        let is_hidden = BooleanArray::from(is_hidden);
        for name in names {
            let column = nullif(columns.column(name), &is_hidden);
            put(name, column.expect("the mask has a value a row"));
        }
    }
    RecordBatch::try_new(batch.schema(), open).expect("each column kept its type and its rows")
}

/// Returns the rows of one indicator.
pub(super) fn of_indicator(batch: &RecordBatch, indicator: &str) -> RecordBatch {
    let ids = Columns::new(batch).column("indicator").as_string::<i32>();
    let is_of = ids.iter().map(|id| Some(id == Some(indicator))).collect::<BooleanArray>();
    filter_record_batch(batch, &is_of).expect("the mask has a value a row")
}

/// The columns of a published table, read by name.
pub(super) struct Columns<'a>(BTreeMap<&'a str, &'a ArrayRef>);

impl<'a> Columns<'a> {
    pub(super) fn new(batch: &'a RecordBatch) -> Self {
        let names = batch.schema_ref().fields().iter().map(|field| field.name().as_str());
        Self(names.zip(batch.columns()).collect())
    }

    fn column(&self, name: &str) -> &'a ArrayRef {
        self.0.get(name).expect("the schema was checked")
    }

    pub(super) fn text(&self, name: &str, row: usize) -> Option<&'a str> {
        let texts = self.column(name).as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row))
    }

    pub(super) fn integer(&self, name: &str, row: usize) -> Option<i64> {
        let integers = self.column(name).as_primitive::<Int64Type>();
        integers.is_valid(row).then(|| integers.value(row))
    }

    pub(super) fn number(&self, name: &str, row: usize) -> Option<f64> {
        let numbers = self.column(name).as_primitive::<Float64Type>();
        numbers.is_valid(row).then(|| numbers.value(row))
    }

    fn flag(&self, name: &str, row: usize) -> Option<bool> {
        let flags = self.column(name).as_boolean();
        flags.is_valid(row).then(|| flags.value(row))
    }

    fn day(&self, name: &str, row: usize) -> NaiveDate {
        self.day_or_none(name, row).unwrap_or(NaiveDate::MIN)
    }

    pub(super) fn day_or_none(&self, name: &str, row: usize) -> Option<NaiveDate> {
        let days = self.column(name).as_primitive::<Date32Type>();
        days.is_valid(row).then(|| Date32Type::to_naive_date_opt(days.value(row))).flatten()
    }

    fn status(&self, name: &str, row: usize) -> Option<Status> {
        self.text(name, row).and_then(Status::find)
    }

    pub(super) fn key(&self, row: usize) -> RowKey {
        let code = |name: &str| self.text(name, row).unwrap_or_default().into();
        let scope = match self.text("scope", row) {
            Some("unit") => Scope::Unit(code("unit_code")),
            Some("field") => Scope::Field(code("field_code")),
            Some("procedure") => Scope::Procedure(code("procedure_code")),
            _ => Scope::Ministry,
        };
        let kind = self.text("period_kind", row).and_then(PeriodKind::find);
        let kind = kind.unwrap_or(PeriodKind::Month);
        let (start, end) = (self.day("period_start", row), self.day("period_end", row));
        RowKey {
            indicator: self.text("indicator", row).unwrap_or_default().into(),
            version: self.integer("definition_version", row).unwrap_or_default(),
            scope,
            period: Period::published(kind, start, end),
        }
    }
}

pub(super) fn keys<'a>(keys: impl Iterator<Item = (&'a RowKey, NaiveDate)>) -> Vec<ArrayRef> {
    let keys: Vec<(&RowKey, NaiveDate)> = keys.collect();
    let keys = || keys.iter().copied();
    vec![
        texts(keys().map(|(key, _)| Some(&*key.indicator))),
        integers(keys().map(|(key, _)| Some(key.version))),
        texts(keys().map(|(key, _)| Some(key.scope.kind()))),
        texts(keys().map(|(key, _)| key.scope.unit().map(|code| &**code))),
        texts(keys().map(|(key, _)| key.scope.field().map(|code| &**code))),
        texts(keys().map(|(key, _)| key.scope.procedure().map(|code| &**code))),
        texts(keys().map(|(key, _)| Some(key.period.kind.name()))),
        days(keys().map(|(key, _)| key.period.start)),
        days(keys().map(|(_, end)| end)),
    ]
}

fn figure_columns(facts: &[Option<&Facts>]) -> Vec<ArrayRef> {
    let facts = || facts.iter().copied();
    vec![
        integers(facts().map(|facts| facts?.numerator)),
        integers(facts().map(|facts| facts?.denominator)),
        numbers(facts().map(|facts| facts?.value)),
        texts(facts().map(|facts| facts?.components.as_deref())),
    ]
}

fn doubt_columns(facts: &[Option<&Facts>]) -> Vec<ArrayRef> {
    let facts = || facts.iter().copied();
    vec![
        texts(facts().map(|facts| Some(facts?.status.name()))),
        flags(facts().map(|facts| Some(facts?.is_final))),
        integers(facts().map(|facts| Some(facts?.units_expected))),
        integers(facts().map(|facts| Some(facts?.units_included))),
    ]
}

pub(super) fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

pub(super) fn integers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

pub(super) fn numbers(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

fn flags(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

pub(super) fn days_or_null(values: impl Iterator<Item = Option<NaiveDate>>) -> ArrayRef {
    Arc::new(values.map(|day| day.map(Date32Type::from_naive_date)).collect::<Date32Array>())
}

fn days(values: impl Iterator<Item = NaiveDate>) -> ArrayRef {
    days_or_null(values.map(Some))
}
