//! Columns derived from a dossier's others and from the reference data.

use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int64Array, StringArray};
use arrow::datatypes::Date32Type;
use chrono::NaiveDate;

use crate::normalise::is_tax_code;
use crate::pipeline::Reference;
use crate::pipeline::columns::supplied_index;

/// Settles the supplied columns (`channel` and `applicant_kind` are never null, `ended_on` is the
/// day of the end) and returns the columns of `columns::DERIVED`, but for the last.
pub(super) fn derive(
    values: &mut [ArrayRef],
    first_due_on: ArrayRef,
    reference: &Reference,
) -> Vec<ArrayRef> {
    for column in ["channel", "applicant_kind"] {
        let texts = texts(values, column);
        let settled = texts.iter().map(|text| Some(text.unwrap_or("unknown")));
        values[at(column)] = Arc::new(settled.collect::<StringArray>());
    }
    values[at("ended_on")] = Arc::new(ended_on(values));

    let procedures = texts(values, "procedure_code");
    let (received, due) = (days(values, "received_on"), days(values, "due_on"));
    let completed = days(values, "completed_on");
    let n = procedures.len();
    let day = |days: &Date32Array, row: usize| {
        days.is_valid(row).then(|| Date32Type::to_naive_date_opt(days.value(row))).flatten()
    };
    let services = &reference.services;
    let field =
        |row: usize| procedures.is_valid(row).then(|| services.latest(procedures.value(row)))?;
    let level = |row: usize| {
        let procedure = procedures.is_valid(row).then(|| procedures.value(row))?;
        services.on(procedure, day(received, row)?).map(|version| version.level)
    };
    let working_days = |from: Option<NaiveDate>, to: Option<NaiveDate>| {
        Some(reference.calendar.working_days(from?, to?))
    };
    let overdue_from = |row| day(due, row)?.succ_opt().map(Date32Type::from_naive_date);
    let fields: StringArray =
        (0..n).map(|row| field(row).map(|version| version.field_code.as_str())).collect();
    let levels: StringArray = (0..n).map(level).collect();
    let overdue: Date32Array = (0..n).map(overdue_from).collect();
    let processing: Int64Array =
        (0..n).map(|row| working_days(day(received, row), day(completed, row))).collect();
    let to_due: Int64Array =
        (0..n).map(|row| working_days(day(received, row), day(due, row))).collect();
    vec![
        Arc::new(fields),
        Arc::new(levels),
        first_due_on,
        Arc::new(overdue),
        Arc::new(processing),
        Arc::new(to_due),
        Arc::new(check_digits(values)),
    ]
}

/// Returns whether the check digit of each enterprise's code is right.
fn check_digits(values: &[ArrayRef]) -> BooleanArray {
    texts(values, "enterprise_code").iter().map(|code| code.map(is_tax_code)).collect()
}

/// Returns the day on which each dossier ended: completed, refused or withdrawn.
fn ended_on(values: &[ArrayRef]) -> Date32Array {
    let statuses = texts(values, "status");
    let (completed, ended) = (days(values, "completed_on"), days(values, "ended_on"));
    let day = |row: usize, status: &str| {
        let days = match status {
            "completed" => completed,
            "refused" | "withdrawn" => ended,
            _ => return None,
        };
        days.is_valid(row).then(|| days.value(row))
    };
    statuses.iter().enumerate().map(|(row, status)| day(row, status?)).collect()
}

fn at(column: &str) -> usize {
    supplied_index(column).expect("a supplied column")
}

fn texts<'a>(values: &'a [ArrayRef], column: &str) -> &'a StringArray {
    values[at(column)].as_string()
}

fn days<'a>(values: &'a [ArrayRef], column: &str) -> &'a Date32Array {
    values[at(column)].as_primitive()
}
