//! The times in which a dossier waits for papers of its applicant or is paused, by the statuses that
//! its unit's log tells one after another.

use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{
    ArrayRef, Date32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Date32Type, TimestampMicrosecondType};
use chrono::NaiveDate;

use crate::normalise::position_of;
use crate::pipeline::Pipeline;
use crate::pipeline::calendar::Calendar;
use crate::pipeline::columns::supplied_index;
use crate::pipeline::tables::pauses_field;

use super::arrange;

/// A pause of a dossier: half-open days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pause {
    from: NaiveDate,
    /// `None` while it goes on.
    until: Option<NaiveDate>,
    is_supplement: bool,
}

/// The pauses of some dossiers, in the order of time.
pub(super) struct Pauses(Vec<Vec<Pause>>);

impl Pauses {
    /// Gathers the pauses of each dossier: from the day on which it is told to wait until the day on
    /// which it is told of otherwise, or has ended. What is told at no known time begins no pause.
    pub(super) fn gather(batch: &RecordBatch, groups: &[usize], pipeline: &Pipeline) -> Self {
        let statuses = batch.column(position_of("status")).as_string::<i32>();
        let waits = |status: &str| matches!(status, "supplement" | "paused");
        if !statuses.iter().flatten().any(waits) {
            return Self(vec![Vec::new(); groups.len() - 1]);
        }
        let days = Days { batch, pipeline };
        let of_dossier = |group: &[usize]| {
            let told = (group[0]..group[1]).filter(|row| statuses.is_valid(*row));
            let told = told.map(|row| (days.of(row), statuses.value(row)));
            pauses(told)
        };
        Self(groups.windows(2).map(of_dossier).collect())
    }

    /// Ends what goes on when the dossier has ended, and leaves out what is empty.
    pub(super) fn end(&mut self, ended_on: &ArrayRef) {
        let ended_on = ended_on.as_primitive::<Date32Type>();
        for (row, pauses) in self.0.iter_mut().enumerate() {
            if let Some(end) = day(ended_on, row) {
                for pause in pauses.iter_mut() {
                    pause.until = Some(pause.until.map_or(end, |until| until.min(end)));
                }
            }
            pauses.retain(|pause| pause.until.is_none_or(|until| pause.from < until));
        }
    }

    /// Fills in how often each dossier was to be supplemented and how many working days were waited,
    /// where no log tells it.
    pub(super) fn supplement(&self, values: &mut [ArrayRef], calendar: &Calendar) {
        if self.0.iter().all(Vec::is_empty) {
            return;
        }
        let waited = |pause: &Pause| Some(calendar.working_days(pause.from, pause.until?));
        for column in ["supplement_count", "supplement_days"] {
            let at = supplied_index(column).expect("a supplied column");
            let told = values[at].as_primitive::<arrow::datatypes::Int64Type>();
            let filled = self.0.iter().enumerate().map(|(row, pauses)| {
                if told.is_valid(row) {
                    return Some(told.value(row));
                }
                let mut own = pauses.iter().filter(|pause| pause.is_supplement).peekable();
                own.peek()?;
                Some(match column {
                    "supplement_count" => own.count() as i64,
                    _ => own.filter_map(waited).sum(),
                })
            });
            values[at] = Arc::new(filled.collect::<Int64Array>());
        }
    }

    /// Returns the day of a dossier's first request for papers.
    pub(super) fn first_request(&self, row: usize) -> Option<NaiveDate> {
        self.0[row].iter().find(|pause| pause.is_supplement).map(|pause| pause.from)
    }

    /// Makes the `pauses` column; `overdue_from` is the first day on which each is past due.
    pub(super) fn column(&self, overdue_from: &ArrayRef) -> ArrayRef {
        let overdue_from = overdue_from.as_primitive::<Date32Type>();
        let all = || {
            let rows = self.0.iter().enumerate();
            rows.flat_map(|(row, pauses)| pauses.iter().map(move |pause| (row, pause)))
        };
        let field = pauses_field();
        let DataType::List(item) = field.data_type() else { unreachable!("pauses are a list") };
        let DataType::Struct(fields) = item.data_type() else { unreachable!("of structs") };
        let number = |day: Option<NaiveDate>| day.map(|day| day.to_epoch_days());
        let status = |is_supplement: bool| if is_supplement { "supplement" } else { "paused" };
        let overdue = |row: usize, pause: &Pause| {
            let from = day(overdue_from, row)?.max(pause.from);
            Some(from).filter(|from| pause.until.is_none_or(|until| *from < until))
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(all().map(|(_, pause)| number(Some(pause.from))).collect::<Date32Array>()),
            Arc::new(all().map(|(_, pause)| number(pause.until)).collect::<Date32Array>()),
            Arc::new(
                all().map(|(_, pause)| Some(status(pause.is_supplement))).collect::<StringArray>(),
            ),
            Arc::new(
                all().map(|(row, pause)| number(overdue(row, pause))).collect::<Date32Array>(),
            ),
        ];
        let offsets = OffsetBuffer::from_lengths(self.0.iter().map(Vec::len));
        let structs = StructArray::new(fields.clone(), columns, None);
        Arc::new(ListArray::new(Arc::clone(item), offsets, Arc::new(structs), None))
    }
}

/// Cuts the statuses of a dossier, in the order of the fold, into pauses.
fn pauses<'a>(told: impl Iterator<Item = (Option<NaiveDate>, &'a str)>) -> Vec<Pause> {
    let mut pauses: Vec<Pause> = Vec::new();
    let mut is_open = false;
    for (day, status) in told {
        let is_supplement = status == "supplement";
        let last = pauses.last().filter(|_| is_open);
        if last.is_some_and(|last| last.is_supplement == is_supplement)
            && (is_supplement || status == "paused")
        {
            continue;
        }
        // What is told without a time stands first; it opens nothing and ends nothing.
        let Some(day) = day else { continue };
        if let Some(last) = pauses.last_mut().filter(|_| is_open) {
            last.until = Some(day);
        }
        is_open = is_supplement || status == "paused";
        if is_open {
            pauses.push(Pause { from: day, until: None, is_supplement });
        }
    }
    pauses
}

/// The local days on which observations are told.
struct Days<'a> {
    batch: &'a RecordBatch,
    pipeline: &'a Pipeline,
}

impl Days<'_> {
    fn of(&self, row: usize) -> Option<NaiveDate> {
        let time = |column: usize| {
            let times = self.batch.column(column).as_primitive::<TimestampMicrosecondType>();
            times.is_valid(row).then(|| times.value(row))
        };
        let told = time(arrange::EVENT_TIME).or_else(|| time(arrange::OBSERVED_AT));
        self.pipeline.settings.local_day(told)
    }
}

/// Reads a day.
fn day(days: &Date32Array, row: usize) -> Option<NaiveDate> {
    days.is_valid(row).then(|| NaiveDate::from_epoch_days(days.value(row))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cuts lines of a day and a status into pauses.
    fn cut(told: &str) -> Vec<String> {
        let told: Vec<(Option<NaiveDate>, &str)> = told
            .split(", ")
            .map(|line| line.split_once(' ').unwrap())
            .map(|(day, status)| (day.parse().ok(), status))
            .collect();
        let shown = |pause: &Pause| {
            let until = pause.until.map_or_else(String::new, |until| until.to_string());
            let status = if pause.is_supplement { "supplement" } else { "paused" };
            format!("{status} {}..{until}", pause.from)
        };
        pauses(told.into_iter()).iter().map(shown).collect()
    }

    #[test]
    fn a_pause_lasts_until_another_status_is_told() {
        let told = "2020-03-02 processing, 2020-03-05 supplement, 2020-03-07 supplement, \
                    2020-03-10 processing, 2020-03-12 paused, 2020-03-16 supplement";
        assert_eq!(
            cut(told),
            [
                "supplement 2020-03-05..2020-03-10",
                "paused 2020-03-12..2020-03-16",
                "supplement 2020-03-16..",
            ]
        );
    }

    #[test]
    fn what_is_told_at_no_known_time_begins_and_ends_nothing() {
        assert_eq!(cut("- supplement, 2020-03-05 processing"), Vec::<String>::new());
        let told = "- processing, 2020-03-05 supplement, 2020-03-06 completed";
        assert_eq!(cut(told), ["supplement 2020-03-05..2020-03-06"]);
    }
}
