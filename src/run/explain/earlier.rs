//! What a figure was in each release that changed it.

use anyhow::Context as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{Array as _, RecordBatch};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type};

use crate::indicators::period::{Period, PeriodKind};
use crate::indicators::row::RowKey;
use crate::pipeline::tables::Table;
use crate::store::Store;

const COLUMNS: [&str; 18] = [
    "indicator",
    "definition_version",
    "scope",
    "unit_code",
    "period_kind",
    "period_start",
    "period_end",
    "release",
    "published_at",
    "cause",
    "numerator",
    "denominator",
    "value",
    "old_numerator",
    "old_denominator",
    "old_value",
    "old_status",
    "deliveries",
];

/// A change of a figure.
#[derive(Debug)]
pub(super) struct Earlier {
    pub(super) release: u64,
    pub(super) published_at: String,
    pub(super) cause: String,
    /// `None` where it was published for the first time.
    pub(super) old: Option<Figure>,
    pub(super) new: Figure,
    /// The deliveries that may have changed it.
    pub(super) deliveries: Vec<String>,
}

/// A figure as it stands in `revisions`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure {
    pub(super) numerator: Option<i64>,
    pub(super) denominator: Option<i64>,
    pub(super) value: Option<f64>,
}

/// Reads the changes of a figure up to a release, the earliest first.
pub(super) fn read(store: &Store, key: &RowKey, last: u64) -> anyhow::Result<Vec<Earlier>> {
    let snapshot = store.snapshot(Table::Revisions).context("failed to read the revisions")?;
    let mut earlier = Vec::new();
    for file in &snapshot.files {
        for batch in store.read(Table::Revisions, file, Some(&COLUMNS))? {
            changes(&batch?, key, &mut earlier);
        }
    }
    earlier.retain(|change| change.release <= last);
    earlier.sort_by_key(|change| change.release);
    Ok(earlier)
}

fn changes(batch: &RecordBatch, key: &RowKey, earlier: &mut Vec<Earlier>) {
    let column = |name: &str| batch.column_by_name(name).expect("it was asked for");
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
    let day = |name: &str, row: usize| column(name).as_primitive::<Date32Type>().value_as_date(row);
    let is_of_key = |row: &usize| {
        let row = *row;
        let is_named = text("indicator", row) == Some(&*key.indicator)
            && integer("definition_version", row) == Some(key.version)
            && text("scope", row) == Some(key.scope.kind())
            && text("unit_code", row) == key.scope.unit().map(|code| &**code);
        let kind = text("period_kind", row).and_then(PeriodKind::find);
        let days = day("period_start", row).zip(day("period_end", row));
        let period = kind.zip(days).map(|(kind, days)| Period::published(kind, days.0, days.1));
        is_named && period == Some(key.period)
    };
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let figure = |[numerator, denominator, value]: [&str; 3], row: usize| Figure {
        numerator: integer(numerator, row),
        denominator: integer(denominator, row),
        value: number(value, row),
    };
    earlier.extend((0..batch.num_rows()).filter(is_of_key).map(|row| {
        Earlier {
            release: integer("release", row).unwrap_or_default().unsigned_abs(),
            published_at: owned(text("published_at", row)),
            cause: owned(text("cause", row)),
            old: text("old_status", row)
                .map(|_| figure(["old_numerator", "old_denominator", "old_value"], row)),
            new: figure(["numerator", "denominator", "value"], row),
            deliveries: owned(text("deliveries", row))
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
        }
    }));
}
