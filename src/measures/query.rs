//! Ad hoc SQL over tables in memory. No published number comes from here.

use arrow::array::RecordBatch;
use polars::prelude::{IntoLazy as _, PolarsError};
use polars::sql::SQLContext;

use super::{MeasureError, ffi};

/// Answers one SQL statement over named tables; a table without rows still needs one batch, for
/// its columns.
///
/// # Errors
///
/// What the engine says about the statement, in one line.
pub fn query(
    sql: &str,
    tables: Vec<(String, Vec<RecordBatch>)>,
) -> Result<RecordBatch, MeasureError> {
    let mut context = SQLContext::new();
    for (name, batches) in tables {
        context.register(&name, ffi::to_frame(&batches)?.lazy());
    }
    let answer = context.execute(sql).and_then(|plan| plan.collect());
    ffi::to_batch(&answer.map_err(|error| MeasureError::Query { message: one_line(error) })?)
}

/// The innermost message: the outer ones print the plan.
fn one_line(error: PolarsError) -> String {
    match error {
        PolarsError::Context { error, .. } | PolarsError::ExprContext { error, .. } => {
            one_line(*error)
        }
        error => {
            let text = error.to_string();
            let paragraph = text.trim().split("\n\n").next().unwrap_or_default();
            paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;

    use crate::measures::fixture::dossiers;

    use super::*;

    fn answer(sql: &str) -> Result<String, MeasureError> {
        let rows = dossiers(
            "unit_code received_on fee_vnd
             U1        2020-01-31  100
             U1        2020-02-01  20
             U2        -           -",
        );
        let batches = vec![rows.slice(0, 1), rows.slice(1, 0), rows.slice(1, 2)];
        let batch = query(sql, vec![("dossiers".to_owned(), batches)])?;
        Ok(pretty_format_batches(&[batch]).unwrap().to_string())
    }

    #[test]
    fn sql_is_answered_over_all_batches_of_a_table() {
        let sql = "SELECT unit_code, SUM(fee_vnd) AS fee, MAX(received_on) AS last \
            FROM dossiers GROUP BY unit_code ORDER BY unit_code";
        insta::assert_snapshot!(answer(sql).unwrap(), @"
        +-----------+-----+------------+
        | unit_code | fee | last       |
        +-----------+-----+------------+
        | U1        | 120 | 2020-02-01 |
        | U2        |     |            |
        +-----------+-----+------------+
        ");
    }

    #[test]
    fn every_column_of_the_table_can_be_asked_for() {
        let all = answer("SELECT * FROM dossiers").unwrap();
        assert_eq!(all.lines().count(), 7);
        assert!(all.contains("history"));
    }

    #[test]
    fn an_error_is_one_readable_line() {
        for (sql, beginning) in [
            ("SELECT nothing FROM dossiers", "not found: unable to find column \"nothing\"; valid"),
            ("SELECT 1 FROM none", "relation 'none' was not found"),
            ("SELEC 1", "sql parser error: Expected: an SQL statement, found: SELEC"),
            ("", "one (and only one) statement"),
            ("SELECT unit_code + 1 FROM dossiers", "arithmetic on dtypes str and dyn int"),
            ("SELECT date_trunc('month', due_on) FROM dossiers", "unsupported function"),
            (
                "SELECT * FROM read_csv('/etc/hosts')",
                "'read_csv' is not a supported table function",
            ),
        ] {
            let message = answer(sql).unwrap_err().to_string();
            assert!(message.starts_with(beginning), "{sql}: {message}");
            assert!(!message.contains('\n'), "{sql}: {message}");
        }
    }
}
