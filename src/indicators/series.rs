//! Measures rolled up: each measure by scope and month, ready to be summed over periods.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::cast::AsArray as _;
use arrow::array::{Array as _, StringArray};
use arrow::datatypes::{Date32Type, Int64Type};
use chrono::NaiveDate;

use crate::measures::Measures;
use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Measure, When};

use super::period::Period;
use super::scope::Scope;

type Months = BTreeMap<NaiveDate, i64>;

/// Each measure's integers by scope and month.
#[derive(Debug, Default)]
pub(super) struct Series {
    by_measure: BTreeMap<String, BTreeMap<Scope, Months>>,
}

impl Series {
    /// Rolls measures up to every scope.
    pub(super) fn new(measures: &Measures, pipeline: &Pipeline) -> Self {
        let batch = measures.batch();
        let units = batch.column(0).as_string::<i32>();
        let procedures = batch.column(1).as_string::<i32>();
        let months = batch.column(2).as_primitive::<Date32Type>();
        let names = batch.column(3).as_string::<i32>();
        let values = batch.column(5).as_primitive::<Int64Type>();
        let mut series = Self::default();
        let mut scopes = ScopeNames::default();
        for row in 0..batch.num_rows() {
            let Some(month) = Date32Type::to_naive_date_opt(months.value(row)) else { continue };
            let unit = units.is_valid(row).then(|| units.value(row));
            let procedure = procedures.is_valid(row).then(|| procedures.value(row));
            let name = names.value(row);
            if !series.by_measure.contains_key(name) {
                series.by_measure.insert(name.to_owned(), BTreeMap::new());
            }
            let by_scope = series.by_measure.get_mut(name).expect("it was put there");
            for scope in scopes.of(unit, procedure, pipeline) {
                let months = by_scope.entry(scope).or_default();
                *months.entry(month).or_default() += values.value(row);
            }
        }
        series
    }

    /// Returns a measure's value for a scope and period: a flow's sum, a stock's level at the end.
    pub(super) fn value(
        &self,
        measure: &Measure,
        scope: &Scope,
        period: Period,
        as_of: NaiveDate,
    ) -> i64 {
        let months = self.by_measure.get(&measure.name).and_then(|by_scope| by_scope.get(scope));
        let Some(months) = months else { return 0 };
        let counted = months.range(span(measure, period.start, period.end_by(as_of)));
        counted.map(|(_, value)| value).sum()
    }
}

/// Returns the months whose integers add up to a measure's value for a period: those of a flow, and
/// all up to the end of a stock.
fn span(measure: &Measure, start: NaiveDate, end: NaiveDate) -> Range<NaiveDate> {
    match measure.when {
        When::Flow { .. } => start..end,
        When::Stock { .. } => NaiveDate::MIN..end,
    }
}

/// Sums a measure over a half-open period by unit, or, for a unit, by procedure.
pub fn parts(
    measures: &Measures,
    measure: &Measure,
    unit: Option<&str>,
    period: (NaiveDate, NaiveDate),
) -> BTreeMap<Option<String>, i64> {
    let batch = measures.batch();
    let [units, procedures, names] =
        [0, 1, 3].map(|column| batch.column(column).as_string::<i32>());
    let months = batch.column(2).as_primitive::<Date32Type>();
    let values = batch.column(5).as_primitive::<Int64Type>();
    let span = span(measure, period.0, period.1);
    let text =
        |texts: &StringArray, row: usize| texts.is_valid(row).then(|| texts.value(row).to_owned());
    let mut parts = BTreeMap::new();
    for row in (0..batch.num_rows()).filter(|row| names.value(*row) == measure.name) {
        let Some(month) = Date32Type::to_naive_date_opt(months.value(row)) else { continue };
        let is_ours = unit.is_none_or(|unit| units.is_valid(row) && units.value(row) == unit);
        if is_ours && span.contains(&month) {
            let part = text(if unit.is_some() { procedures } else { units }, row);
            *parts.entry(part).or_default() += values.value(row);
        }
    }
    parts
}

/// Hands out the scopes of a unit and a procedure without making each text anew.
#[derive(Default)]
struct ScopeNames {
    known: BTreeMap<(Option<String>, Option<String>), Vec<Scope>>,
}

impl ScopeNames {
    fn of(
        &mut self,
        unit: Option<&str>,
        procedure: Option<&str>,
        pipeline: &Pipeline,
    ) -> Vec<Scope> {
        let key = (unit.map(str::to_owned), procedure.map(str::to_owned));
        let scopes = self.known.entry(key).or_insert_with(|| {
            let service = procedure.and_then(|code| pipeline.reference.services.latest(code));
            let field = service.map(|version| Scope::Field(version.field_code.as_str().into()));
            let unit = unit.map(|code| Scope::Unit(Arc::from(code)));
            let procedure = procedure.map(|code| Scope::Procedure(Arc::from(code)));
            let scopes = [Some(Scope::Ministry), unit, field, procedure];
            scopes.into_iter().flatten().collect()
        });
        scopes.clone()
    }
}
