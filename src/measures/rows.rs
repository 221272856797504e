//! Which dossiers of a batch a measure counts in a period: those behind a number that [`count`]
//! gives.
//!
//! [`count`]: super::count

use arrow::array::RecordBatch;
use chrono::{Datelike as _, NaiveDate};
use polars::prelude::{Expr, IntoLazy as _, col, lit};

use crate::pipeline::columns::Column;
use crate::pipeline::definitions::{Measure, Subject, When};

use super::tally::{can_count, month_number, predicate};
use super::{MeasureError, ffi, project};

const IS_COUNTED: &str = "#counted";

/// Returns the columns of `dossiers` that a reader must give to [`counted`], in schema order.
pub fn needed_columns(measure: &Measure) -> Vec<&'static str> {
    used_columns(measure).iter().map(|column| column.name).collect()
}

/// Tells for each row of a batch whether a measure of dossiers counts it in a half-open period.
///
/// A flow counts in its months, a stock at its end. As measures do, it goes by whole months: one
/// counts where its first day lies in the period.
///
/// # Errors
///
/// A batch that lacks a column.
pub fn counted(
    measure: &Measure,
    period: (NaiveDate, NaiveDate),
    batch: &RecordBatch,
) -> Result<Vec<bool>, MeasureError> {
    let frame = ffi::to_frame(&[project(batch, &used_columns(measure))?])?;
    let (start, end) = (first_month(period.0), first_month(period.1));
    let is_before = |day: &str, end: i32| month_number(day).lt(lit(end));
    let in_period = match measure.when {
        When::Flow { on } => is_before(on, end).and(is_before(on, start).not()),
        When::Stock { from, until } => {
            let is_open = col(until).is_null().or(is_before(until, end).not());
            is_before(from, end).and(is_open)
        }
    };
    let is_counted: Expr = can_count(Subject::Dossiers).and(predicate(measure)).and(in_period);
    let failed = |source| MeasureError::Engine { deed: "find the rows that count", source };
    let rows = frame.lazy().select([is_counted.alias(IS_COUNTED)]).collect().map_err(failed)?;
    let flags = rows.column(IS_COUNTED).and_then(|flags| flags.bool()).map_err(failed)?;
    Ok(flags.iter().map(|flag| flag == Some(true)).collect())
}

fn used_columns(measure: &Measure) -> Vec<Column> {
    let mut used = measure.columns();
    used.insert("unit_code");
    let mut columns = Subject::Dossiers.columns();
    columns.retain(|column| used.contains(column.name));
    columns
}

/// The number of the first month that begins on or after a day.
fn first_month(day: NaiveDate) -> i32 {
    day.year() * 12 + day.month0() as i32 + i32::from(day.day() > 1)
}

#[cfg(test)]
mod tests {
    use arrow::array::cast::AsArray as _;
    use arrow::datatypes::{Date32Type, Int64Type};

    use crate::measures::fixture::{definitions, dossiers};
    use crate::measures::tests::{BASIC, ROWS};
    use crate::pipeline::definitions::Definitions;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Sums what `count` gives for a measure: a flow over the period, a stock up to its end.
    fn summed(
        definitions: &Definitions,
        measure: &Measure,
        period: (NaiveDate, NaiveDate),
        batch: &RecordBatch,
    ) -> i64 {
        let batches = [Ok::<_, std::convert::Infallible>(batch.clone())].into_iter();
        let measures =
            crate::measures::count(&definitions.measures, Subject::Dossiers, batches).unwrap();
        let rows = measures.into_batch();
        let months = rows["month"].as_primitive::<Date32Type>();
        let names = rows["measure"].as_string::<i32>();
        let values = rows["value"].as_primitive::<Int64Type>();
        let start = match measure.when {
            When::Flow { .. } => period.0,
            When::Stock { .. } => NaiveDate::MIN,
        };
        let is_in = |row: &usize| {
            let month = months.value_as_date(*row).unwrap();
            names.value(*row) == measure.name && start <= month && month < period.1
        };
        (0..rows.num_rows()).filter(is_in).map(|row| values.value(row)).sum()
    }

    #[test]
    fn as_many_rows_count_as_the_measures_say() {
        let definitions = definitions(BASIC);
        let batch = dossiers(ROWS);
        let days = ["2019-12-01", "2020-01-01", "2020-02-01", "2020-03-01", "2020-03-15"];
        let ends = ["2020-02-01", "2020-02-10", "2020-03-01", "2020-04-01", "2021-01-01"];
        let mut n_counted = 0;
        for measure in definitions.measures.values() {
            for (start, end) in days.iter().flat_map(|start| ends.map(|end| (*start, end))) {
                let period = (day(start), day(end));
                let flags = counted(measure, period, &batch).unwrap();
                let n_rows = flags.iter().filter(|is_counted| **is_counted).count() as i64;
                let told = format!("{} {start} {end}", measure.name);
                assert_eq!(n_rows, summed(&definitions, measure, period, &batch), "{told}");
                n_counted += n_rows;
            }
        }
        assert!(n_counted > 100, "{n_counted}");
    }

    #[test]
    fn the_rows_are_those_of_the_period() {
        let definitions = definitions(BASIC);
        let batch = dossiers(ROWS);
        let rows = |measure: &str, start: &str, end: &str| -> String {
            let measure = &definitions.measures[measure];
            let flags = counted(measure, (day(start), day(end)), &batch).unwrap();
            flags.into_iter().map(|flag| if flag { 'x' } else { '.' }).collect()
        };
        assert_eq!(rows("received", "2020-01-01", "2020-02-01"), "xxx....");
        assert_eq!(rows("open", "2020-02-01", "2020-03-01"), "..xxx..");
        assert_eq!(rows("overdue", "2020-01-01", "2020-03-01"), "..x....");
    }

    #[test]
    fn a_row_whose_filter_is_unknown_does_not_count() {
        let rows = "
            unit_code received_on status
            U1        2020-01-05  -
            U1        2020-01-06  new
        ";
        let measure = "[measure.m]\non = 'received_on'\nwhere = \"status <> 'completed'\"\n";
        let measure = &definitions(measure).measures["m"];
        let period = (day("2020-01-01"), day("2020-02-01"));
        assert_eq!(counted(measure, period, &dossiers(rows)).unwrap(), [false, true]);
        assert_eq!(needed_columns(measure), ["unit_code", "status", "received_on"]);
    }
}
