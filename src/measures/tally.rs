//! What each measure adds in the month of a day, summed batch by batch. The sums are integers, so
//! their order does not matter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use chrono::{Datelike as _, NaiveDate};
use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy as _, NULL, PolarsResult, col, lit, when,
};

use crate::pipeline::condition::Condition;
use crate::pipeline::definitions::{Adds, Definitions, LAST_BIN, Measure, Subject, When};
use crate::pipeline::tables::Table;

use super::compile::{compile, integer_literal};

// No column of ours begins with `#`.
const UNIT: &str = "#unit";
const PROCEDURE: &str = "#procedure";
const MONTH: &str = "#month";
const BIN: &str = "#bin";
const COUNT: &str = "#count";

/// Every measure of a subject as expressions, by the day column in whose month they add.
pub(super) struct Plan {
    /// The procedure, where the subject has one.
    procedure: Option<&'static str>,
    measures: Vec<String>,
    /// Which rows can count at all.
    counted: Expr,
    steps: BTreeMap<&'static str, Vec<Step>>,
    histograms: Vec<Histogram>,
}

/// What one measure adds where the predicate is true: 1 or -1, or so often a column.
struct Step {
    measure: usize,
    sign: i64,
    adds: Adds,
    predicate: Expr,
}

/// A measure that counts by the bins of a column.
struct Histogram {
    measure: usize,
    day: &'static str,
    column: &'static str,
    predicate: Expr,
}

impl Plan {
    pub(super) fn new(definitions: &Definitions, of: Subject) -> Self {
        let procedure = procedure_column(of);
        let (measures, steps, histograms) = (Vec::new(), BTreeMap::new(), Vec::new());
        let mut plan = Self { procedure, measures, counted: can_count(of), steps, histograms };
        for measure in measures_of(definitions, of) {
            plan.add_measure(measure);
        }
        plan
    }

    /// Whether there is nothing to count.
    pub(super) fn is_empty(&self) -> bool {
        self.measures.is_empty()
    }

    fn add_measure(&mut self, measure: &Measure) {
        let index = self.measures.len();
        self.measures.push(measure.name.clone());
        let predicate = predicate(measure);
        let adds = measure.adds;
        let step = |sign| Step { measure: index, sign, adds, predicate: predicate.clone() };
        match (&measure.when, adds) {
            (When::Flow { on }, Adds::Bin(column)) => {
                self.histograms.push(Histogram { measure: index, day: on, column, predicate });
            }
            (When::Flow { on }, _) => self.add_step(on, step(1)),
            (When::Stock { from, until }, _) => {
                self.add_step(from, step(1));
                self.add_step(until, step(-1));
            }
        }
    }

    fn add_step(&mut self, day: &'static str, step: Step) {
        self.steps.entry(day).or_default().push(step);
    }

    /// Adds what the rows of a frame count.
    pub(super) fn add(&self, frame: &DataFrame, totals: &mut Totals) -> PolarsResult<()> {
        for (day, steps) in &self.steps {
            let sums = steps.iter().enumerate().map(|(at, step)| step.sum().alias(alias(at)));
            let sums = frame
                .clone()
                .lazy()
                .filter(col(*day).is_not_null().and(self.counted.clone()))
                .group_by(self.keys(day))
                .agg(sums.collect::<Vec<_>>())
                .collect()?;
            totals.add(&sums, steps, self.measures.len())?;
        }
        for histogram in &self.histograms {
            let Histogram { measure, day, column, predicate } = histogram;
            let keys = self.keys(day).into_iter().chain([bin(column).alias(BIN)]);
            let counts = frame
                .clone()
                .lazy()
                .filter(predicate.clone().and(self.counted.clone()))
                .filter(col(*column).is_not_null())
                .group_by(keys.collect::<Vec<_>>())
                .agg([counted_rows(column).alias(COUNT)])
                .collect()?;
            totals.add_bins(&counts, *measure)?;
        }
        Ok(())
    }

    fn keys(&self, day: &str) -> Vec<Expr> {
        vec![
            col("unit_code").alias(UNIT),
            self.procedure.map_or_else(no_text, col).alias(PROCEDURE),
            month_number(day).alias(MONTH),
        ]
    }
}

impl Step {
    /// What the rows of a group add. A filter inside `agg` is wrong in polars 0.55.2: when, then,
    /// otherwise.
    fn sum(&self) -> Expr {
        let sign = integer_literal(self.sign);
        let added = self.adds.column().map_or(sign.clone(), |column| sign * col(column));
        when(self.predicate.clone()).then(added).otherwise(integer_literal(0)).sum()
    }
}

/// How many rows of a group have a value.
fn counted_rows(column: &str) -> Expr {
    let (one, none) = (integer_literal(1), integer_literal(0));
    when(col(column).is_not_null()).then(one).otherwise(none).sum()
}

/// The bin of a column: below 0 in that of 0, above the last in the last.
fn bin(column: &str) -> Expr {
    let (first, last) = (integer_literal(0), integer_literal(LAST_BIN));
    let above = when(col(column).gt(last.clone())).then(last).otherwise(col(column));
    when(col(column).lt(first.clone())).then(first).otherwise(above)
}

/// Unit, procedure and month of a sum.
type Key = (Option<String>, Option<String>, i32);

/// Sums by unit, procedure and month: one for each measure, and by bin for the histograms.
#[derive(Default)]
pub(super) struct Totals {
    sums: BTreeMap<Key, Vec<i64>>,
    bins: BTreeMap<(Key, usize, i64), i64>,
}

impl Totals {
    fn add(&mut self, sums: &DataFrame, steps: &[Step], n_measures: usize) -> PolarsResult<()> {
        let keys = keys(sums)?;
        let names = (0..steps.len()).map(alias);
        let counts = names
            .map(|name| sums.column(&name)?.i64().cloned())
            .collect::<PolarsResult<Vec<_>>>()?;
        for (row, key) in keys.into_iter().enumerate() {
            let values = self.sums.entry(key).or_insert_with(|| vec![0; n_measures]);
            for (step, counts) in steps.iter().zip(&counts) {
                values[step.measure] += counts.get(row).unwrap_or(0);
            }
        }
        Ok(())
    }

    fn add_bins(&mut self, counts: &DataFrame, measure: usize) -> PolarsResult<()> {
        let (bins, numbers) = (counts.column(BIN)?.i64()?, counts.column(COUNT)?.i64()?);
        for (row, key) in keys(counts)?.into_iter().enumerate() {
            let bin = bins.get(row).expect("rows without a bin were filtered out");
            *self.bins.entry((key, measure, bin)).or_default() += numbers.get(row).unwrap_or(0);
        }
        Ok(())
    }

    /// Returns the sums that are not zero, in the order and schema of the measures table.
    pub(super) fn into_batch(self, plan: &Plan) -> RecordBatch {
        let mut rows = Vec::new();
        for (key, values) in &self.sums {
            let named = plan.measures.iter().zip(values).filter(|(_, value)| **value != 0);
            rows.extend(named.map(|(name, value)| (key, name, None, *value)));
        }
        let bins = self.bins.iter();
        rows.extend(bins.map(|((key, at, bin), n)| (key, &plan.measures[*at], Some(*bin), *n)));
        rows.sort_unstable();
        let units: StringArray = rows.iter().map(|row| row.0.0.as_deref()).collect();
        let procedures: StringArray = rows.iter().map(|row| row.0.1.as_deref()).collect();
        let months: Date32Array = rows.iter().map(|row| Some(first_day(row.0.2))).collect();
        let measures: StringArray = rows.iter().map(|row| Some(row.1)).collect();
        let bins: Int64Array = rows.iter().map(|row| row.2).collect();
        let values: Int64Array = rows.iter().map(|row| Some(row.3)).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(units),
            Arc::new(procedures),
            Arc::new(months),
            Arc::new(measures),
            Arc::new(bins),
            Arc::new(values),
        ];
        RecordBatch::try_new(Table::Measures.schema(), columns)
            .expect("the columns are those of the measures table")
    }
}

/// Reads the keys of sums, row by row.
fn keys(sums: &DataFrame) -> PolarsResult<Vec<Key>> {
    let units = sums.column(UNIT)?.str()?;
    let procedures = sums.column(PROCEDURE)?.str()?;
    let months = sums.column(MONTH)?.i32()?;
    let key = |row| {
        let month = months.get(row).expect("rows without a day were filtered out");
        (units.get(row).map(str::to_owned), procedures.get(row).map(str::to_owned), month)
    };
    Ok((0..sums.height()).map(key).collect())
}

/// Which rows can count at all: a dossier that no unit tells of is none yet; a payment is one.
pub(super) fn can_count(of: Subject) -> Expr {
    match of {
        Subject::Dossiers | Subject::Pauses => col("unit_code").is_not_null(),
        Subject::Payments | Subject::Services | Subject::Reports | Subject::Deliveries => lit(true),
    }
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
pub(super) fn used_names(definitions: &Definitions, of: Subject) -> BTreeSet<&'static str> {
    let mut used = BTreeSet::from(["unit_code"]);
    used.extend(procedure_column(of));
    measures_of(definitions, of).for_each(|measure| used.extend(names_of(measure)));
    used
}

/// Returns every column that a measure reads.
pub(super) fn names_of(measure: &Measure) -> BTreeSet<&'static str> {
    let mut used = match measure.when {
        When::Flow { on } => BTreeSet::from([on]),
        When::Stock { from, until } => BTreeSet::from([from, until]),
    };
    used.extend(measure.adds.column());
    used.extend(measure.filter.iter().flat_map(Condition::columns));
    used
}

fn measures_of(definitions: &Definitions, of: Subject) -> impl Iterator<Item = &Measure> {
    definitions.measures.values().filter(move |measure| measure.of == of)
}

fn procedure_column(of: Subject) -> Option<&'static str> {
    match of {
        Subject::Dossiers | Subject::Payments | Subject::Pauses => Some("procedure_code"),
        Subject::Services => Some("code"),
        Subject::Reports | Subject::Deliveries => None,
    }
}

fn no_text() -> Expr {
    lit(NULL).cast(DataType::String)
}

fn alias(step: usize) -> String {
    format!("#{step}")
}

/// The months since January of the year 0.
pub(super) fn month_number(day: &str) -> Expr {
    let year = col(day).dt().year().cast(DataType::Int32);
    let month = col(day).dt().month().cast(DataType::Int32);
    year * lit(12_i32) + month - lit(1_i32)
}

fn first_day(month_number: i32) -> i32 {
    let (year, month) = (month_number.div_euclid(12), month_number.rem_euclid(12));
    let day = NaiveDate::from_ymd_opt(year, month.unsigned_abs() + 1, 1);
    let epoch = NaiveDate::default();
    day.expect("the month is that of a day").num_days_from_ce() - epoch.num_days_from_ce()
}
