//! Trends as the published table.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::nullif;
use chrono::NaiveDate;

use crate::indicators::columns::Columns;
use crate::indicators::row::RowKey;
use crate::indicators::table::{days_or_null, integers, keys, numbers, texts};
use crate::pipeline::tables::Table;

use super::{Statistic, Trend};

/// What a trend tells of the values of its series.
const TELLING: [&str; 9] = [
    "value",
    "lower",
    "upper",
    "p_value",
    "numerator",
    "denominator",
    "day",
    "day_from",
    "day_until",
];

/// Makes the trends table.
pub fn batch(trends: &[Trend]) -> RecordBatch {
    let all = || trends.iter();
    let mut columns = keys(all().map(|trend| (&trend.key, trend.key.period.end)));
    columns.extend([
        texts(all().map(|trend| Some(trend.statistic.name()))),
        numbers(all().map(|trend| trend.value)),
        numbers(all().map(|trend| trend.lower)),
        numbers(all().map(|trend| trend.upper)),
        numbers(all().map(|trend| trend.p_value)),
        integers(all().map(|trend| trend.numerator)),
        integers(all().map(|trend| trend.denominator)),
        days_or_null(all().map(|trend| trend.day)),
        days_or_null(all().map(|trend| trend.day_from)),
        days_or_null(all().map(|trend| trend.day_until)),
        days_or_null(all().map(|trend| trend.since)),
        integers(all().map(|trend| Some(trend.n_points))),
        texts(all().map(|trend| Some(trend.note.as_str()).filter(|note| !note.is_empty()))),
    ]);
    let batch = RecordBatch::try_new(Table::Trends.schema(), columns);
    batch.expect("each column was given one value a trend")
}

/// Reads the trends table back.
pub fn read(batch: &RecordBatch) -> Vec<Trend> {
    let columns = Columns::new(batch);
    let (mut key, statistic) = (columns.keys(), columns.texts("statistic"));
    let [value, lower, upper, p_value] =
        ["value", "lower", "upper", "p_value"].map(|name| columns.numbers(name));
    let [numerator, denominator, n_points] =
        ["numerator", "denominator", "n_points"].map(|name| columns.integers(name));
    let [day, day_from, day_until, since] =
        ["day", "day_from", "day_until", "since"].map(|name| columns.days(name));
    let note = columns.texts("note");
    let read = |row: usize| {
        Some(Trend {
            key: key(row),
            statistic: Statistic::find(statistic(row)?)?,
            value: value(row),
            lower: lower(row),
            upper: upper(row),
            p_value: p_value(row),
            numerator: numerator(row),
            denominator: denominator(row),
            day: day(row),
            day_from: day_from(row),
            day_until: day_until(row),
            since: since(row),
            n_points: n_points(row)?,
            note: note(row).unwrap_or_default().to_owned(),
        })
    };
    (0..batch.num_rows()).filter_map(read).collect()
}

/// Takes what trends tell out of those for which `hides` says so, by series and first day. A day on
/// which something breaks is no secret.
pub fn suppressed(trends: &RecordBatch, hides: &dyn Fn(&RowKey, NaiveDate) -> bool) -> RecordBatch {
    let columns = Columns::new(trends);
    let (mut key, statistic, since) =
        (columns.keys(), columns.texts("statistic"), columns.days("since"));
    let is_hidden = |row: usize| {
        let key = key(row);
        let is_break = statistic(row) == Some(Statistic::Break.name());
        let since = since(row).unwrap_or(key.period.start);
        !is_break && hides(&key, since)
    };
    let hidden: Vec<bool> = (0..trends.num_rows()).map(is_hidden).collect();
    let mask = BooleanArray::from(hidden.clone());
    let schema = trends.schema();
    let open = schema.fields().iter().zip(trends.columns()).map(|(field, column)| {
        let name = field.name().as_str();
        if name == "note" {
            let note = columns.texts(name);
            let note = |row: usize| if hidden[row] { Some("suppressed") } else { note(row) };
            return texts((0..trends.num_rows()).map(note));
        }
        if TELLING.contains(&name) {
            return nullif(column, &mask).expect("the mask has a value a row");
        }
        std::sync::Arc::clone(column)
    });
    let open = open.collect();
    RecordBatch::try_new(schema, open).expect("each column kept its type and its rows")
}
