//! What each measure adds in the month of a day: each predicate is asked once of all rows of a
//! batch, then one pass over the rows sums what they count.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::cast::AsArray as _;
use arrow::array::{Array as _, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use chrono::{Datelike as _, NaiveDate};
use polars::prelude::{
    BooleanChunked, DataFrame, DataType, Expr, IntoLazy as _, PolarsResult, col, lit,
};

use crate::pipeline::definitions::{Adds, LAST_BIN, Measure, Subject, When};

use super::compile::compile;
use super::totals::Totals;
use super::{MeasureError, ffi};

/// How many steps are looked at in one pass over the rows: a bit each.
const STEPS_IN_A_PASS: usize = 64;

/// Every measure of a subject: what is asked of a row, and what it then adds.
pub(super) struct Plan {
    /// The procedure, where the subject has one.
    procedure: Option<&'static str>,
    needs_unit: bool,
    pub(super) measures: Vec<String>,
    /// What is asked of each row, once each.
    predicates: Vec<Expr>,
    /// The columns that the answers depend on: polars is handed no others.
    asked_of: BTreeSet<&'static str>,
    days: Vec<Day>,
    histograms: Vec<Histogram>,
}

/// What adds in the month of one day column.
struct Day {
    column: &'static str,
    steps: Vec<Step>,
}

/// What one measure adds where its predicate is true: 1 or -1, or so often a column.
struct Step {
    measure: usize,
    sign: i64,
    adds: Option<&'static str>,
    predicate: usize,
}

/// A measure that counts by the bins of a column.
struct Histogram {
    measure: usize,
    day: usize,
    column: &'static str,
    predicate: usize,
}

impl Plan {
    pub(super) fn new(measures: &BTreeMap<String, Measure>, of: Subject) -> Self {
        let mut plan = Self {
            procedure: procedure_column(of),
            needs_unit: needs_unit(of),
            measures: Vec::new(),
            predicates: Vec::new(),
            asked_of: BTreeSet::new(),
            days: Vec::new(),
            histograms: Vec::new(),
        };
        for measure in measures_of(measures, of) {
            plan.add_measure(measure);
        }
        plan
    }

    /// Whether there is nothing to count.
    pub(super) fn is_empty(&self) -> bool {
        self.measures.is_empty()
    }

    fn add_measure(&mut self, definition: &Measure) {
        let measure = self.measures.len();
        self.measures.push(definition.name.clone());
        let predicate = self.asked(predicate(definition));
        self.asked_of.extend(definition.deciding_columns());
        let adds = definition.adds.column();
        let step = |sign| Step { measure, sign, adds, predicate };
        match (&definition.when, definition.adds) {
            (When::Flow { on }, Adds::Bin(column)) => {
                let day = self.day(on);
                self.histograms.push(Histogram { measure, day, column, predicate });
            }
            (When::Flow { on }, _) => self.add_step(on, step(1)),
            (When::Stock { from, until }, _) => {
                self.add_step(from, step(1));
                self.add_step(until, step(-1));
            }
        }
    }

    fn add_step(&mut self, day: &'static str, step: Step) {
        let day = self.day(day);
        self.days[day].steps.push(step);
    }

    fn day(&mut self, column: &'static str) -> usize {
        let known = self.days.iter().position(|day| day.column == column);
        known.unwrap_or_else(|| {
            self.days.push(Day { column, steps: Vec::new() });
            self.days.len() - 1
        })
    }

    fn asked(&mut self, predicate: Expr) -> usize {
        let known = self.predicates.iter().position(|known| *known == predicate);
        known.unwrap_or_else(|| {
            self.predicates.push(predicate);
            self.predicates.len() - 1
        })
    }

    /// Adds what the rows of a batch count; its columns are the needed ones.
    pub(super) fn add(&self, batch: &RecordBatch, totals: &mut Totals) -> Result<(), MeasureError> {
        let asked_of: Vec<usize> = self
            .asked_of
            .iter()
            .filter_map(|name| batch.schema_ref().index_of(name).ok())
            .collect();
        let asked_of = batch
            .project(&asked_of)
            .map_err(|source| MeasureError::Arrow { deed: "take the columns asked of", source })?;
        let frame = ffi::to_frame(std::slice::from_ref(&asked_of))?;
        let answers = self
            .answers(frame)
            .map_err(|source| MeasureError::Engine { deed: "count a batch", source })?;
        let months: Vec<Int32Array> =
            self.days.iter().map(|day| months(days(batch, day.column))).collect();
        let units = texts(batch, "unit_code");
        let groups = totals.groups(units, self.procedure.map(|column| texts(batch, column)));
        let counts = |row: usize| !self.needs_unit || units.is_valid(row);
        for (day, months) in self.days.iter().zip(&months) {
            for steps in day.steps.chunks(STEPS_IN_A_PASS) {
                let told = told(&answers, steps, batch.num_rows());
                let added: Vec<Option<&Int64Array>> = steps
                    .iter()
                    .map(|step| step.adds.map(|column| integers(batch, column)))
                    .collect();
                for (row, told) in told.iter().enumerate().filter(|(_, told)| **told != 0) {
                    if !counts(row) || months.is_null(row) {
                        continue;
                    }
                    let sums = totals.sums(groups[row], months.value(row), self.measures.len());
                    for at in bits(*told) {
                        let n = added[at].map_or(1, |column| value_or_zero(column, row));
                        sums[steps[at].measure] += steps[at].sign * n;
                    }
                }
            }
        }
        for Histogram { measure, day, column, predicate } in &self.histograms {
            let (months, values) = (&months[*day], integers(batch, column));
            for (row, told) in answers[*predicate].iter().enumerate() {
                if told == Some(true) && counts(row) && values.is_valid(row) && months.is_valid(row)
                {
                    // Below 0 is in the bin of 0, above the last in the last.
                    let bin = values.value(row).clamp(0, LAST_BIN);
                    totals.add_to_bin(groups[row], months.value(row), *measure, bin);
                }
            }
        }
        Ok(())
    }

    /// Asks every predicate of all rows at once.
    fn answers(&self, frame: DataFrame) -> PolarsResult<Vec<BooleanChunked>> {
        let predicates = self.predicates.iter().enumerate();
        let predicates = predicates.map(|(at, asked)| asked.clone().alias(predicate_name(at)));
        let answers = frame.lazy().select(predicates.collect::<Vec<_>>()).collect()?;
        (0..self.predicates.len())
            .map(|at| Ok(answers.column(&predicate_name(at))?.bool()?.rechunk().into_owned()))
            .collect()
    }
}

/// Returns for each row a bit for each step whose predicate is true.
fn told(answers: &[BooleanChunked], steps: &[Step], n_rows: usize) -> Vec<u64> {
    let mut told = vec![0; n_rows];
    for (at, step) in steps.iter().enumerate() {
        for (told, is_true) in told.iter_mut().zip(answers[step.predicate].iter()) {
            *told |= u64::from(is_true == Some(true)) << at;
        }
    }
    told
}

fn predicate_name(at: usize) -> String {
    format!("#predicate {at}")
}

/// Returns the month of each day: those since January of the year 0.
fn months(days: &Date32Array) -> Int32Array {
    let month = |day: NaiveDate| day.year() * 12 + day.month0().cast_signed();
    days.unary(|day| NaiveDate::from_epoch_days(day).map_or(0, month))
}

/// Returns the positions of the bits that are set.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = (mask != 0).then(|| mask.trailing_zeros() as usize);
        mask &= mask.wrapping_sub(1);
        at
    })
}

fn texts<'a>(batch: &'a RecordBatch, column: &str) -> &'a StringArray {
    batch[column].as_string()
}

fn days<'a>(batch: &'a RecordBatch, column: &str) -> &'a Date32Array {
    batch[column].as_primitive()
}

fn integers<'a>(batch: &'a RecordBatch, column: &str) -> &'a Int64Array {
    batch[column].as_primitive::<Int64Type>()
}

fn value_or_zero(column: &Int64Array, row: usize) -> i64 {
    if column.is_valid(row) { column.value(row) } else { 0 }
}

/// Whether rows without a unit do not count: a dossier that no unit tells of is none yet; a payment
/// is one.
fn needs_unit(of: Subject) -> bool {
    matches!(of, Subject::Dossiers | Subject::Pauses)
}

/// Which rows can count at all.
pub(super) fn can_count(of: Subject) -> Expr {
    if needs_unit(of) { col("unit_code").is_not_null() } else { lit(true) }
}

/// Whether a row counts in some month: it has its day or begins its interval, and fits the filter.
pub(super) fn predicate(measure: &Measure) -> Expr {
    // A predicate that names no column would yield one value instead of one a row.
    let counts = match measure.when {
        When::Flow { on } => col(on).is_not_null(),
        When::Stock { from, until } => {
            let is_interval = col(until).is_null().or(col(until).gt(col(from)));
            col(from).is_not_null().and(is_interval)
        }
    };
    match &measure.filter {
        Some(filter) => counts.and(compile(filter)),
        None => counts,
    }
}

/// Returns every column that the measures of a subject read.
pub(super) fn used_names(
    measures: &BTreeMap<String, Measure>,
    of: Subject,
) -> BTreeSet<&'static str> {
    let mut used = BTreeSet::from(["unit_code"]);
    used.extend(procedure_column(of));
    measures_of(measures, of).for_each(|measure| used.extend(measure.columns()));
    used
}

fn measures_of(
    measures: &BTreeMap<String, Measure>,
    of: Subject,
) -> impl Iterator<Item = &Measure> {
    measures.values().filter(move |measure| measure.of == of)
}

fn procedure_column(of: Subject) -> Option<&'static str> {
    match of {
        Subject::Dossiers | Subject::Payments | Subject::Pauses => Some("procedure_code"),
        Subject::Services => Some("code"),
        Subject::Reports | Subject::Deliveries => None,
    }
}

/// The months since January of the year 0.
pub(super) fn month_number(day: &str) -> Expr {
    let year = col(day).dt().year().cast(DataType::Int32);
    let month = col(day).dt().month().cast(DataType::Int32);
    year * lit(12_i32) + month - lit(1_i32)
}
