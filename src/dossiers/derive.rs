//! Columns derived from a dossier's others and from the reference data.

use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int64Array, StringArray};

use chrono::NaiveDate;

use crate::normalise::is_tax_code;
use crate::pipeline::Reference;
use crate::pipeline::columns::{position, supplied_index};
use crate::pipeline::services::{ServiceVersion, valid_on};

use super::pauses::Pauses;

/// Settles the supplied columns (`channel` and `applicant_kind` are never null, `ended_on` is the
/// day of the end, supplements are those of the history where no log counts them) and returns the
/// columns of `columns::DERIVED`, but for the last two.
pub(super) fn derive(
    values: &mut [ArrayRef],
    first_due_on: &ArrayRef,
    pauses: &mut Pauses,
    reference: &Reference,
) -> Vec<ArrayRef> {
    for column in [CHANNEL, APPLICANT_KIND] {
        let texts = values[column].as_string::<i32>();
        if texts.null_count() > 0 {
            let settled = texts.iter().map(|text| Some(text.unwrap_or("unknown")));
            values[column] = Arc::new(settled.collect::<StringArray>());
        }
    }
    values[ENDED_ON] = Arc::new(ended_on(values));
    pauses.end(&values[ENDED_ON]);
    pauses.supplement(values, &reference.calendar);

    let rows = Rows::new(values, first_due_on, pauses, reference);
    let all = 0..values[0].len();
    let versions: Vec<&[ServiceVersion]> = all.clone().map(|row| rows.versions(row)).collect();
    let services = || versions.iter().enumerate().map(|(row, of)| rows.service(row, of));
    // The field is that of the procedure as it is in the catalogue today.
    let fields = versions.iter().map(|of| Some(&*of.last()?.field_code));
    let levels = services().map(|service| Some(service?.level));
    let number = |day: Option<NaiveDate>| day.map(|day| day.to_epoch_days());
    let overdue = all.clone().map(|row| number(rows.overdue_from(row)));
    let fee = services().map(|service| Some(service?.fee_vnd > 0));
    let paper = services().map(|service| Some(service?.result_paper));
    let processing = all.clone().map(|row| rows.days_to(&rows.completed_on, row));
    let late = all.clone().zip(services());
    vec![
        Arc::new(fields.collect::<StringArray>()),
        Arc::new(levels.collect::<StringArray>()),
        Arc::clone(first_due_on),
        Arc::new(overdue.collect::<Date32Array>()),
        Arc::new(processing.collect::<Int64Array>()),
        Arc::new(all.clone().map(|row| rows.days_to(&rows.due_on, row)).collect::<Int64Array>()),
        Arc::new(check_digits(values)),
        Arc::new(all.clone().map(|row| rows.handling_days(row)).collect::<Int64Array>()),
        Arc::new(fee.collect::<BooleanArray>()),
        Arc::new(paper.collect::<BooleanArray>()),
        Arc::new(all.map(|row| number(rows.end_766(row))).collect::<Date32Array>()),
        Arc::new(
            late.map(|(row, of)| number(rows.late_766_from(row, of))).collect::<Date32Array>(),
        ),
    ]
}

const PROCEDURE_CODE: usize = position("procedure_code");
const CHANNEL: usize = position("channel");
const APPLICANT_KIND: usize = position("applicant_kind");
const ENDED_ON: usize = position("ended_on");

/// The day of each row.
type Days = Vec<Option<NaiveDate>>;

/// Dossiers, row by row.
struct Rows<'a> {
    procedures: &'a StringArray,
    received_on: Days,
    due_on: Days,
    completed_on: Days,
    ended_on: Days,
    supplement_count: &'a Int64Array,
    supplement_days: &'a Int64Array,
    first_due_on: Days,
    pauses: &'a Pauses,
    reference: &'a Reference,
}

impl<'a> Rows<'a> {
    fn new(
        values: &'a [ArrayRef],
        first_due_on: &'a ArrayRef,
        pauses: &'a Pauses,
        reference: &'a Reference,
    ) -> Self {
        Self {
            procedures: values[PROCEDURE_CODE].as_string(),
            received_on: told(days(values, "received_on")),
            due_on: told(days(values, "due_on")),
            completed_on: told(days(values, "completed_on")),
            ended_on: told(days(values, "ended_on")),
            supplement_count: values[at("supplement_count")].as_primitive(),
            supplement_days: values[at("supplement_days")].as_primitive(),
            first_due_on: told(first_due_on.as_primitive()),
            pauses,
            reference,
        }
    }

    fn procedure(&self, row: usize) -> Option<&'a str> {
        self.procedures.is_valid(row).then(|| self.procedures.value(row))
    }

    /// Returns what the procedure was at all times.
    fn versions(&self, row: usize) -> &'a [ServiceVersion] {
        self.procedure(row).map_or(&[], |code| self.reference.services.of(code))
    }

    /// Returns the procedure as it was on the day of reception.
    fn service(&self, row: usize, versions: &'a [ServiceVersion]) -> Option<&'a ServiceVersion> {
        valid_on(versions, self.received_on[row]?)
    }

    /// Returns the first day on which a dossier is there and past its due day.
    fn overdue_from(&self, row: usize) -> Option<NaiveDate> {
        let overdue = self.due_on[row]?.succ_opt()?;
        Some(self.received_on[row].map_or(overdue, |received| received.max(overdue)))
    }

    /// Counts the working days from reception to another day.
    fn days_to(&self, days: &Days, row: usize) -> Option<i64> {
        let (from, to) = (self.received_on[row]?, days[row]?);
        Some(self.reference.calendar.working_days(from, to))
    }

    /// Counts the working days waited for papers.
    fn waited(&self, row: usize) -> i64 {
        integer(self.supplement_days, row).unwrap_or(0)
    }

    /// Counts the working days from reception to completion in which nothing was waited for.
    fn handling_days(&self, row: usize) -> Option<i64> {
        Some((self.days_to(&self.completed_on, row)? - self.waited(row)).max(0))
    }

    /// Returns the end of processing by rule 2.1 of Decision 766: the day of the end, or of the only
    /// request for papers where there is none yet.
    fn end_766(&self, row: usize) -> Option<NaiveDate> {
        self.received_on[row]?;
        let is_only = integer(self.supplement_count, row) == Some(1);
        let request = || self.pauses.first_request(row).filter(|_| is_only);
        self.ended_on[row].or_else(request)
    }

    /// Returns the first day on which a dossier is late by rule 2.1 of Decision 766: at once where
    /// papers were requested twice; else after its due day, and without one after the procedure's
    /// most days. Time waited for papers is taken off, once: a unit that has moved the due day has
    /// done so.
    fn late_766_from(&self, row: usize, service: Option<&ServiceVersion>) -> Option<NaiveDate> {
        let received = self.received_on[row]?;
        if integer(self.supplement_count, row).is_some_and(|count| count > 1) {
            return Some(received);
        }
        let waited = self.waited(row).max(0).unsigned_abs();
        let calendar = &self.reference.calendar;
        let last = match self.due_on[row] {
            Some(due) if self.first_due_on[row].is_some_and(|first| first != due) => due,
            Some(due) => calendar.add_working_days(due, waited),
            None => {
                let most = service?.most_days?.unsigned_abs();
                calendar.add_working_days(received, most + waited)
            }
        };
        last.succ_opt().map(|late| late.max(received))
    }
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

/// Reads the days of a column once: each is asked for often.
fn told(days: &Date32Array) -> Days {
    days.iter().map(|day| NaiveDate::from_epoch_days(day?)).collect()
}

fn integer(integers: &Int64Array, row: usize) -> Option<i64> {
    integers.is_valid(row).then(|| integers.value(row))
}
