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
use crate::pipeline::definitions::{Definitions, Measure, Subject, When};
use crate::pipeline::tables::Table;

use super::compile::{compile, integer_literal};

// No column of ours begins with `#`.
const UNIT: &str = "#unit";
const PROCEDURE: &str = "#procedure";
const MONTH: &str = "#month";

/// Every measure of a subject as expressions, by the day column in whose month they add.
pub(super) struct Plan {
    /// The procedure, where the subject has one.
    procedure: Option<&'static str>,
    measures: Vec<String>,
    /// Which rows can count at all.
    counted: Expr,
    steps: BTreeMap<&'static str, Vec<Step>>,
}

/// The +1 or -1 of one measure, where the predicate is true.
struct Step {
    measure: usize,
    sign: i64,
    predicate: Expr,
}

impl Plan {
    pub(super) fn new(definitions: &Definitions, of: Subject) -> Self {
        let procedure = procedure_column(of);
        let (measures, steps) = (Vec::new(), BTreeMap::new());
        let mut plan = Self { procedure, measures, counted: can_count(of), steps };
        for measure in measures_of(definitions, of) {
            plan.add_measure(measure);
        }
        plan
    }

    fn add_measure(&mut self, measure: &Measure) {
        let index = self.measures.len();
        self.measures.push(measure.name.clone());
        let predicate = predicate(measure);
        match measure.when {
            When::Flow { on } => self.add_step(on, Step { measure: index, sign: 1, predicate }),
            When::Stock { from, until } => {
                let step = Step { measure: index, sign: 1, predicate: predicate.clone() };
                self.add_step(from, step);
                self.add_step(until, Step { measure: index, sign: -1, predicate });
            }
        }
    }

    fn add_step(&mut self, day: &'static str, step: Step) {
        self.steps.entry(day).or_default().push(step);
    }

    /// Adds what the rows of a frame count.
    pub(super) fn add(&self, frame: &DataFrame, totals: &mut Totals) -> PolarsResult<()> {
        for (day, steps) in &self.steps {
            let keys = [
                col("unit_code").alias(UNIT),
                self.procedure.map_or_else(no_text, col).alias(PROCEDURE),
                month_number(day).alias(MONTH),
            ];
            // A filter inside `agg` is wrong in polars 0.55.2: count by when, then, otherwise.
            let counts = steps.iter().enumerate().map(|(at, step)| {
                let predicate = step.predicate.clone();
                when(predicate)
                    .then(integer_literal(step.sign))
                    .otherwise(integer_literal(0))
                    .sum()
                    .alias(alias(at))
            });
            let sums = frame
                .clone()
                .lazy()
                .filter(col(*day).is_not_null().and(self.counted.clone()))
                .group_by(keys)
                .agg(counts.collect::<Vec<_>>())
                .collect()?;
            totals.add(&sums, steps, self.measures.len())?;
        }
        Ok(())
    }
}

/// Sums by unit, procedure and month, one for each measure.
#[derive(Default)]
pub(super) struct Totals(BTreeMap<(Option<String>, Option<String>, i32), Vec<i64>>);

impl Totals {
    fn add(&mut self, sums: &DataFrame, steps: &[Step], n_measures: usize) -> PolarsResult<()> {
        let units = sums.column(UNIT)?.str()?;
        let procedures = sums.column(PROCEDURE)?.str()?;
        let months = sums.column(MONTH)?.i32()?;
        let names = (0..steps.len()).map(alias);
        let counts = names
            .map(|name| sums.column(&name)?.i64().cloned())
            .collect::<PolarsResult<Vec<_>>>()?;
        for row in 0..sums.height() {
            let month = months.get(row).expect("rows without a day were filtered out");
            let key =
                (units.get(row).map(str::to_owned), procedures.get(row).map(str::to_owned), month);
            let values = self.0.entry(key).or_insert_with(|| vec![0; n_measures]);
            for (step, counts) in steps.iter().zip(&counts) {
                values[step.measure] += counts.get(row).unwrap_or(0);
            }
        }
        Ok(())
    }

    /// Returns the sums that are not zero, in the order and schema of the measures table.
    pub(super) fn into_batch(self, plan: &Plan) -> RecordBatch {
        let mut rows = Vec::new();
        for ((unit, procedure, month), values) in &self.0 {
            let named = plan.measures.iter().zip(values).filter(|(_, value)| **value != 0);
            rows.extend(named.map(|(name, value)| (unit, procedure, *month, name, *value)));
        }
        let units: StringArray = rows.iter().map(|row| row.0.as_deref()).collect();
        let procedures: StringArray = rows.iter().map(|row| row.1.as_deref()).collect();
        let months: Date32Array = rows.iter().map(|row| Some(first_day(row.2))).collect();
        let measures: StringArray = rows.iter().map(|row| Some(row.3)).collect();
        let bins = Int64Array::new_null(rows.len());
        let values: Int64Array = rows.iter().map(|row| Some(row.4)).collect();
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

/// Which rows can count at all: a dossier that no unit tells of is none yet.
pub(super) fn can_count(of: Subject) -> Expr {
    match of {
        Subject::Dossiers => col("unit_code").is_not_null(),
        Subject::Services | Subject::Reports => lit(true),
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
    used.extend(measure.filter.iter().flat_map(Condition::columns));
    used
}

fn measures_of(definitions: &Definitions, of: Subject) -> impl Iterator<Item = &Measure> {
    definitions.measures.values().filter(move |measure| measure.of == of)
}

fn procedure_column(of: Subject) -> Option<&'static str> {
    match of {
        Subject::Dossiers => Some("procedure_code"),
        Subject::Services => Some("code"),
        Subject::Reports => None,
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
