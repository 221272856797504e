//! What units report of themselves on form II.06a, held against what their own logs come to.

use std::collections::BTreeMap;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::datatypes::{Date32Type, Int64Type};
use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::measures::Measures;
use crate::normalise::Figures;
use crate::pipeline::Pipeline;

use super::ledger::{Judgement, Ledger};

/// A figure that a unit's form and its log do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    unit: String,
    start: NaiveDate,
    end: NaiveDate,
    measure: String,
    by_log: i64,
    by_form: i64,
}

impl Difference {
    /// Returns it as JSON.
    pub(super) fn json(&self) -> Value {
        let Self { unit, start, end, measure, by_log, by_form } = self;
        let (start, end) = (start.to_string(), end.to_string());
        json!({
            "unit_code": unit,
            "period_start": start,
            "period_end": end,
            "measure": measure,
            "by_log": by_log,
            "by_form": by_form,
        })
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { unit, start, end, measure, by_log, by_form } = self;
        write!(
            f,
            "{unit} {start} to {end}: `{measure}` is {by_log} by its log, {by_form} by its form"
        )
    }
}

/// Compares each form that stands with the measures of its unit and period.
pub(super) fn compare(
    pipeline: &Pipeline,
    measures: &Measures,
    ledger: &Ledger,
) -> Vec<Difference> {
    let logged = Logged::new(pipeline, measures);
    let mut differences = Vec::new();
    for judgement in ledger.judgements() {
        let Judgement { unit, period: Some((start, end)), control: Some(figures), .. } = judgement
        else {
            continue;
        };
        if ledger.replaced_by(judgement).is_some() {
            continue;
        }
        for (measure, by_form) in with_received(figures) {
            let Some(by_log) = logged.figure(unit, &measure, *start, *end) else { continue };
            if by_log != by_form {
                let (unit, start, end) = (unit.clone(), *start, *end);
                differences.push(Difference { unit, start, end, measure, by_log, by_form });
            }
        }
    }
    differences
}

/// The form counts receptions by channel; their sum is what a log receives.
fn with_received(figures: &Figures) -> Figures {
    let mut all = figures.clone();
    if let (Some(online), Some(other)) =
        (figures.get("received_online"), figures.get("received_other"))
    {
        all.extend(online.checked_add(*other).map(|sum| ("received".to_owned(), sum)));
    }
    all
}

/// What logs come to, by unit and measure, month by month.
struct Logged<'a> {
    pipeline: &'a Pipeline,
    months: BTreeMap<(String, String), Vec<(NaiveDate, i64)>>,
}

impl<'a> Logged<'a> {
    fn new(pipeline: &'a Pipeline, measures: &Measures) -> Self {
        let batch = measures.batch();
        let text = |column: usize| batch.column(column).as_string::<i32>();
        let (units, names) = (text(0), text(3));
        let days = batch.column(2).as_primitive::<Date32Type>();
        let values = batch.column(5).as_primitive::<Int64Type>();
        let mut months: BTreeMap<(String, String), Vec<(NaiveDate, i64)>> = BTreeMap::new();
        for row in (0..batch.num_rows()).filter(|row| units.is_valid(*row)) {
            let day = Date32Type::to_naive_date_opt(days.value(row)).unwrap_or_default();
            let key = (units.value(row).to_owned(), names.value(row).to_owned());
            months.entry(key).or_default().push((day, values.value(row)));
        }
        Self { pipeline, months }
    }

    /// Returns a unit's figure for a period: a flow's sum, a stock's level at its end. `None` where
    /// the pipeline defines no such measure.
    fn figure(&self, unit: &str, measure: &str, start: NaiveDate, end: NaiveDate) -> Option<i64> {
        let known = self.pipeline.definitions.measures.get(measure)?;
        let is_stock = known.is_stock();
        let months = self.months.get(&(unit.to_owned(), measure.to_owned()));
        let counted = months.into_iter().flatten();
        let counted = counted.filter(|(month, _)| *month < end && (is_stock || *month >= start));
        Some(counted.map(|(_, value)| value).sum())
    }
}
