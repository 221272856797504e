//! Trends as the published table.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::nullif;
use chrono::NaiveDate;

use crate::indicators::row::RowKey;
use crate::indicators::table::{Columns, days_or_null, integers, keys, numbers, texts};
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
    let read = |row: usize| {
        let number = |name: &str| columns.number(name, row);
        let day = |name: &str| columns.day_or_none(name, row);
        Some(Trend {
            key: columns.key(row),
            statistic: Statistic::find(columns.text("statistic", row)?)?,
            value: number("value"),
            lower: number("lower"),
            upper: number("upper"),
            p_value: number("p_value"),
            numerator: columns.integer("numerator", row),
            denominator: columns.integer("denominator", row),
            day: day("day"),
            day_from: day("day_from"),
            day_until: day("day_until"),
            since: day("since"),
            n_points: columns.integer("n_points", row)?,
            note: columns.text("note", row).unwrap_or_default().to_owned(),
        })
    };
    (0..batch.num_rows()).filter_map(read).collect()
}

/// Takes what trends tell out of those for which `hides` says so, by series and first day. A day on
/// which something breaks is no secret.
pub fn suppressed(trends: &RecordBatch, hides: &dyn Fn(&RowKey, NaiveDate) -> bool) -> RecordBatch {
    let columns = Columns::new(trends);
    let is_hidden = |row: usize| {
        let key = columns.key(row);
        let is_break = columns.text("statistic", row) == Some(Statistic::Break.name());
        let since = columns.day_or_none("since", row).unwrap_or(key.period.start);
        !is_break && hides(&key, since)
    };
    let hidden: Vec<bool> = (0..trends.num_rows()).map(is_hidden).collect();
    let mask = BooleanArray::from(hidden.clone());
    let schema = trends.schema();
    let open = schema.fields().iter().zip(trends.columns()).map(|(field, column)| {
        let name = field.name().as_str();
        if name == "note" {
            let note =
                |row: usize| if hidden[row] { Some("suppressed") } else { columns.text(name, row) };
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
