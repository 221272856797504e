//! Rows to the columns of the published tables, and back.

use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type};
use chrono::NaiveDate;

use crate::pipeline::definitions::UnitOfMeasure;
use crate::pipeline::tables::Table;

use super::period::{Period, PeriodKind};
use super::revise::Revision;
use super::row::{Facts, Reading, Row, RowKey, Status};
use super::scope::Scope;

/// Makes the indicators table.
pub(super) fn indicators(rows: &[Row]) -> RecordBatch {
    let facts: Vec<Option<&Facts>> = rows.iter().map(|row| Some(&row.facts)).collect();
    let mut columns = keys(rows.iter().map(|row| (&row.key, row.facts.period_end)));
    columns.extend(figure_columns(&facts));
    let reading = |of: fn(&Reading) -> Option<f64>| numbers(rows.iter().map(|r| of(&r.reading)));
    columns.extend([
        texts(rows.iter().map(|row| Some(unit_name(row.unit)))),
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
    let column = |name: &str| batch.column_by_name(name).expect("the schema was checked");
    let text = |name: &str, row: usize| {
        let texts = column(name).as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row))
    };
    let integer = |name: &str, row: usize| {
        let integers = column(name).as_primitive::<Int64Type>();
        integers.is_valid(row).then(|| integers.value(row))
    };
    let number = |name: &str, row: usize| {
        let numbers = column(name).as_primitive::<Float64Type>();
        numbers.is_valid(row).then(|| numbers.value(row))
    };
    let flag = |name: &str, row: usize| {
        let flags = column(name).as_boolean();
        flags.is_valid(row).then(|| flags.value(row))
    };
    let day = |name: &str, row: usize| {
        let days = column(name).as_primitive::<Date32Type>();
        Date32Type::to_naive_date_opt(days.value(row)).unwrap_or(NaiveDate::MIN)
    };
    let scope = |row: usize| match text("scope", row) {
        Some("unit") => Scope::Unit(text("unit_code", row).unwrap_or_default().into()),
        Some("field") => Scope::Field(text("field_code", row).unwrap_or_default().into()),
        Some("procedure") => {
            Scope::Procedure(text("procedure_code", row).unwrap_or_default().into())
        }
        _ => Scope::Ministry,
    };
    let read = |row: usize| {
        let kind = text("period_kind", row).and_then(PeriodKind::find).unwrap_or(PeriodKind::Month);
        let period_end = day("period_end", row);
        let is_percent = text("unit_of_measure", row) == Some(unit_name(UnitOfMeasure::Percent));
        Row {
            key: RowKey {
                indicator: text("indicator", row).unwrap_or_default().into(),
                version: integer("definition_version", row).unwrap_or_default(),
                scope: scope(row),
                period: Period::published(kind, day("period_start", row), period_end),
            },
            facts: Facts {
                period_end,
                numerator: integer("numerator", row),
                denominator: integer("denominator", row),
                value: number("value", row),
                status: text("status", row).and_then(Status::find).unwrap_or(Status::Missing),
                is_final: flag("is_final", row).unwrap_or(false),
                units_expected: integer("units_expected", row).unwrap_or_default(),
                units_included: integer("units_included", row).unwrap_or_default(),
            },
            unit: if is_percent { UnitOfMeasure::Percent } else { UnitOfMeasure::Count },
            reading: Reading {
                target: number("target", row),
                target_met: flag("target_met", row),
                previous_value: number("previous_value", row),
                change: number("change", row),
                year_ago_value: number("year_ago_value", row),
                year_change: number("year_change", row),
                rank: integer("rank", row),
            },
            release: integer("release", row).unwrap_or_default(),
        }
    };
    (0..batch.num_rows()).map(read).collect()
}

/// The published name of a unit of measure.
fn unit_name(unit: UnitOfMeasure) -> &'static str {
    match unit {
        UnitOfMeasure::Percent => "percent",
        UnitOfMeasure::Count => "count",
    }
}

fn keys<'a>(keys: impl Iterator<Item = (&'a RowKey, NaiveDate)>) -> Vec<ArrayRef> {
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
        texts(facts().map(|_| None)),
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

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn integers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

fn numbers(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

fn flags(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

fn days(values: impl Iterator<Item = NaiveDate>) -> ArrayRef {
    Arc::new(values.map(|day| Some(Date32Type::from_naive_date(day))).collect::<Date32Array>())
}
