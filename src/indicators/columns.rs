//! Published tables read back: their columns found once by name, then row by row.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type};
use chrono::NaiveDate;
use rayon::prelude::*;

use crate::pipeline::definitions::UnitOfMeasure;

use super::period::{Period, PeriodKind};
use super::revise::{Figure, Told};
use super::row::{Beside, Facts, Numbers, Reading, Row, RowKey, Status};
use super::scope::Scope;

/// How many rows are read on one thread at a time.
const ROWS_IN_A_PART: usize = 16 << 10;

/// Whether a word of a column is known.
type IsKnown = fn(&str) -> bool;

/// The columns that tell of what kind a row is, of which a table may have some.
const KINDS: [(&str, IsKnown); 5] = [
    ("scope", |word| Scope::KINDS.contains(&word)),
    ("period_kind", |word| PeriodKind::find(word).is_some()),
    ("status", |word| Status::find(word).is_some()),
    ("old_status", |word| Status::find(word).is_some()),
    ("unit_of_measure", |word| UnitOfMeasure::find(word).is_some()),
];

/// Whether every row is of a kind that is known: another version may have written others.
pub(super) fn are_kinds_known(batch: &RecordBatch) -> bool {
    let mut columns =
        KINDS.iter().filter_map(|(name, is_known)| Some((batch.column_by_name(name)?, is_known)));
    columns.all(|(column, is_known)| {
        // Mostly a row is of the kind of the one before.
        let mut last = None;
        column.as_string::<i32>().iter().flatten().all(|word| {
            last == Some(word) || {
                last = Some(word);
                is_known(word)
            }
        })
    })
}

/// The columns of a published table, by name; each reader takes a row and returns what it has there.
pub(super) struct Columns<'a>(BTreeMap<&'a str, &'a ArrayRef>);

impl<'a> Columns<'a> {
    pub(super) fn new(batch: &'a RecordBatch) -> Self {
        let names = batch.schema_ref().fields().iter().map(|field| field.name().as_str());
        Self(names.zip(batch.columns()).collect())
    }

    pub(super) fn column(&self, name: &str) -> &'a ArrayRef {
        self.0.get(name).expect("the schema was checked")
    }

    pub(super) fn texts(&self, name: &str) -> impl Fn(usize) -> Option<&'a str> + use<'a> {
        let texts = self.column(name).as_string::<i32>();
        |row| texts.is_valid(row).then(|| texts.value(row))
    }

    pub(super) fn integers(&self, name: &str) -> impl Fn(usize) -> Option<i64> + use<'a> {
        let integers = self.column(name).as_primitive::<Int64Type>();
        |row| integers.is_valid(row).then(|| integers.value(row))
    }

    pub(super) fn numbers(&self, name: &str) -> impl Fn(usize) -> Option<f64> + use<'a> {
        let numbers = self.column(name).as_primitive::<Float64Type>();
        |row| numbers.is_valid(row).then(|| numbers.value(row))
    }

    fn flags(&self, name: &str) -> impl Fn(usize) -> Option<bool> + use<'a> {
        let flags = self.column(name).as_boolean();
        |row| flags.is_valid(row).then(|| flags.value(row))
    }

    pub(super) fn days(&self, name: &str) -> impl Fn(usize) -> Option<NaiveDate> + use<'a> {
        let days = self.column(name).as_primitive::<Date32Type>();
        |row| days.is_valid(row).then(|| Date32Type::to_naive_date_opt(days.value(row))).flatten()
    }

    fn statuses(&self, name: &str) -> impl Fn(usize) -> Option<Status> + use<'a> {
        let names = self.texts(name);
        move |row| names(row).and_then(Status::find)
    }

    /// Reads what each row is about. Those of an indicator and of a scope lie together, and share
    /// their names.
    pub(super) fn keys(&self) -> impl FnMut(usize) -> RowKey + use<'a> {
        let [indicator, scope, unit, field, procedure, kind] =
            ["indicator", "scope", "unit_code", "field_code", "procedure_code", "period_kind"]
                .map(|name| self.texts(name));
        let version = self.integers("definition_version");
        let [start, end] = ["period_start", "period_end"].map(|name| self.days(name));
        let mut known: [Arc<str>; 2] = [Arc::from(""), Arc::from("")];
        move |row| {
            let mut shared = |at: usize, text: Option<&str>| {
                let text = text.unwrap_or_default();
                if *known[at] != *text {
                    known[at] = Arc::from(text);
                }
                Arc::clone(&known[at])
            };
            let kind = kind(row).and_then(PeriodKind::find).unwrap_or(PeriodKind::Month);
            let [start, end] = [start(row), end(row)].map(|day| day.unwrap_or(NaiveDate::MIN));
            RowKey {
                indicator: shared(0, indicator(row)),
                version: version(row).unwrap_or_default(),
                scope: match scope(row) {
                    Some("unit") => Scope::Unit(shared(1, unit(row))),
                    Some("field") => Scope::Field(shared(1, field(row))),
                    Some("procedure") => Scope::Procedure(shared(1, procedure(row))),
                    _ => Scope::Ministry,
                },
                period: Period::published(kind, start, end),
            }
        }
    }

    pub(super) fn facts(&self) -> impl Fn(usize) -> Facts + use<'a> {
        let period_end = self.days("period_end");
        let [numerator, denominator, expected, included] =
            ["numerator", "denominator", "units_expected", "units_included"]
                .map(|name| self.integers(name));
        let (value, components) = (self.numbers("value"), self.texts("components"));
        let (status, is_final) = (self.statuses("status"), self.flags("is_final"));
        move |row| Facts {
            period_end: period_end(row).unwrap_or(NaiveDate::MIN),
            numerator: numerator(row),
            denominator: denominator(row),
            value: value(row),
            components: components(row).map(str::to_owned),
            status: status(row).unwrap_or(Status::Missing),
            is_final: is_final(row).unwrap_or(false),
            units_expected: expected(row).unwrap_or_default(),
            units_included: included(row).unwrap_or_default(),
        }
    }

    fn readings(&self) -> impl Fn(usize) -> Reading + use<'a> {
        let [target, previous_value, change, year_ago_value, year_change] =
            ["target", "previous_value", "change", "year_ago_value", "year_change"]
                .map(|name| self.numbers(name));
        let (target_met, rank) = (self.flags("target_met"), self.integers("rank"));
        move |row| Reading {
            target: target(row),
            target_met: target_met(row),
            previous_value: previous_value(row),
            change: change(row),
            year_ago_value: year_ago_value(row),
            year_change: year_change(row),
            rank: rank(row),
        }
    }

    /// Reads what a revision tells of a figure, by the names of its columns.
    fn figures(&self, names: [&str; 4]) -> impl Fn(usize) -> Option<Figure> + use<'a> {
        let [numerator, denominator, value, status] = names;
        let (value, status) = (self.numbers(value), self.statuses(status));
        let [numerator, denominator] = [numerator, denominator].map(|name| self.integers(name));
        move |row| {
            let numbers = Numbers { numerator: numerator(row), denominator: denominator(row) };
            status(row).map(|status| Figure { numbers, value: value(row), status })
        }
    }
}

/// Reads the rows of the indicators table.
pub(super) fn rows(batch: &RecordBatch) -> Vec<Row> {
    let first_rows: Vec<usize> = (0..batch.num_rows()).step_by(ROWS_IN_A_PART).collect();
    let part = |first: &usize| {
        let n_rows = ROWS_IN_A_PART.min(batch.num_rows() - first);
        rows_of_part(&batch.slice(*first, n_rows))
    };
    first_rows.par_iter().flat_map_iter(part).collect()
}

fn rows_of_part(batch: &RecordBatch) -> Vec<Row> {
    let columns = Columns::new(batch);
    let (mut key, facts, reading) = (columns.keys(), columns.facts(), columns.readings());
    let (unit, release) = (columns.texts("unit_of_measure"), columns.integers("release"));
    let read = |row: usize| Row {
        key: key(row),
        facts: facts(row),
        unit: unit(row).and_then(UnitOfMeasure::find).unwrap_or(UnitOfMeasure::Count),
        reading: reading(row),
        release: release(row).unwrap_or_default(),
    };
    (0..batch.num_rows()).map(read).collect()
}

/// Reads what each revision tells.
pub(super) fn told(batch: &RecordBatch) -> Vec<Told> {
    let columns = Columns::new(batch);
    let (mut key, release) = (columns.keys(), columns.integers("release"));
    let [published_at, cause, deliveries, components] =
        ["published_at", "cause", "deliveries", "components"].map(|name| columns.texts(name));
    let new = columns.figures(["numerator", "denominator", "value", "status"]);
    let old = columns.figures(["old_numerator", "old_denominator", "old_value", "old_status"]);
    let read = |row: usize| Told {
        key: key(row),
        release: release(row).unwrap_or_default().unsigned_abs(),
        published_at: published_at(row).unwrap_or_default().to_owned(),
        cause: cause(row).unwrap_or_default().to_owned(),
        deliveries: words(deliveries(row)),
        beside: Beside::read(components(row)),
        new: new(row),
        old: old(row),
    };
    (0..batch.num_rows()).map(read).collect()
}

fn words(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use crate::indicators::Indicators;
    use crate::pipeline::tables::Table;

    use super::*;

    #[test]
    fn rows_of_a_kind_that_is_not_known_are_not_read() {
        let key = RowKey {
            indicator: "online_share".into(),
            version: 1,
            scope: Scope::Ministry,
            period: Period::published(PeriodKind::Month, NaiveDate::MIN, NaiveDate::MAX),
        };
        let facts = Facts {
            period_end: NaiveDate::MAX,
            numerator: Some(1),
            denominator: Some(2),
            value: Some(0.5),
            components: None,
            status: Status::Value,
            is_final: true,
            units_expected: 1,
            units_included: 1,
        };
        let (unit, reading) = (UnitOfMeasure::Percent, Reading::default());
        let rows = [Row { key, facts, unit, reading, release: 1 }];
        let batch = Indicators::from_rows(&rows).batch().clone();
        assert!(Indicators::from_batch(batch.clone()).is_ok());
        for name in ["scope", "period_kind", "status", "unit_of_measure"] {
            let at = Table::Indicators.schema().index_of(name).unwrap();
            let mut columns = batch.columns().to_vec();
            columns[at] = Arc::new(arrow::array::StringArray::from(vec!["other"]));
            let other = RecordBatch::try_new(batch.schema(), columns).unwrap();
            assert!(Indicators::from_batch(other).is_err(), "{name}");
        }
    }
}
