//! Rows to the columns of the published tables.

use std::sync::Arc;

use arrow::array::cast::AsArray as _;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::{filter_record_batch, nullif};
use arrow::datatypes::Date32Type;
use chrono::NaiveDate;

use crate::pipeline::tables::Table;

use super::columns::Columns;
use super::revise::Revision;
use super::row::{Facts, Reading, Row, RowKey, Status};

/// Makes the indicators table.
pub(super) fn indicators(rows: &[Row]) -> RecordBatch {
    let facts: Vec<Option<&Facts>> = rows.iter().map(|row| Some(&row.facts)).collect();
    let reading = |of: fn(&Reading) -> Option<f64>| numbers(rows.iter().map(|r| of(&r.reading)));
    let told = || {
        let mut columns = keys(rows.iter().map(|row| (&row.key, row.facts.period_end)));
        columns.extend(figure_columns(&facts));
        columns
    };
    let read = || {
        let mut columns = vec![
            texts(rows.iter().map(|row| Some(row.unit.name()))),
            reading(|r| r.target),
            flags(rows.iter().map(|row| row.reading.target_met)),
        ];
        columns.extend(doubt_columns(&facts));
        columns.extend([
            reading(|r| r.previous_value),
            reading(|r| r.change),
            reading(|r| r.year_ago_value),
            reading(|r| r.year_change),
            integers(rows.iter().map(|row| row.reading.rank)),
            integers(rows.iter().map(|row| Some(row.release))),
        ]);
        columns
    };
    let (mut columns, read) = rayon::join(told, read);
    columns.extend(read);
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
        let (numerator, value) = (columns.integers(names[0]), columns.numbers(names[2]));
        let tells = |row: usize| numerator(row).is_some() || value(row).is_some();
        let is_hidden = |row: usize| hidden[row] && tells(row);
        let is_hidden: Vec<bool> = (0..batch.num_rows()).map(is_hidden).collect();
        let told = columns.texts(status);
        let told = is_hidden.iter().enumerate().map(|(row, is_hidden)| match is_hidden {
            true => Some(Status::Suppressed.name()),
            false => told(row),
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

/// Returns the rows of one indicator, which mostly stand beside each other.
pub(super) fn of_indicator(batch: &RecordBatch, indicator: &str) -> RecordBatch {
    let ids = Columns::new(batch).column("indicator").as_string::<i32>();
    let is_of: Vec<bool> = ids.iter().map(|id| id == Some(indicator)).collect();
    let n_rows = is_of.iter().filter(|is_of| **is_of).count();
    let first = is_of.iter().position(|is_of| *is_of).unwrap_or_default();
    if is_of[first..].iter().take(n_rows).all(|is_of| *is_of) {
        return batch.slice(first, n_rows);
    }
    let is_of = BooleanArray::from(is_of);
    filter_record_batch(batch, &is_of).expect("the mask has a value a row")
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
