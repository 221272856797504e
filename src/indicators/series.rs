//! Measures rolled up: each measure by scope and month, ready to be summed over periods.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::cast::AsArray as _;
use arrow::array::{Array as _, StringArray};
use arrow::datatypes::{Date32Type, Int64Type};
use chrono::NaiveDate;

use crate::measures::Measures;
use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Counted, Formula, Measure, When};

use super::period::Period;
use super::scope::Scope;

/// Integers by month and bin; without bins all lie in the first.
type Months = BTreeMap<(NaiveDate, i64), i64>;

/// Each measure's integers by scope and month.
#[derive(Debug)]
pub struct Series<'a> {
    pipeline: &'a Pipeline,
    by_measure: BTreeMap<&'a str, BTreeMap<Scope, Months>>,
    /// The same by procedure within each scope, of the measures whose procedures are counted.
    by_procedure: BTreeMap<&'a str, BTreeMap<Scope, BTreeMap<Arc<str>, Months>>>,
}

impl<'a> Series<'a> {
    /// Rolls measures up to every scope.
    pub fn new(measures: &Measures, pipeline: &'a Pipeline) -> Self {
        let batch = measures.batch();
        let [units, procedures, names] =
            [0, 1, 3].map(|column| batch.column(column).as_string::<i32>());
        let months = batch.column(2).as_primitive::<Date32Type>();
        let bins = batch.column(4).as_primitive::<Int64Type>();
        let values = batch.column(5).as_primitive::<Int64Type>();
        let joined = joined(pipeline);
        let mut series =
            Self { pipeline, by_measure: BTreeMap::new(), by_procedure: BTreeMap::new() };
        let mut scopes = ScopeNames::default();
        for row in 0..batch.num_rows() {
            let Some(month) = Date32Type::to_naive_date_opt(months.value(row)) else { continue };
            let name = names.value(row);
            let Some((name, _)) = pipeline.definitions.measures.get_key_value(name) else {
                continue;
            };
            let unit = units.is_valid(row).then(|| units.value(row));
            let procedure = procedures.is_valid(row).then(|| procedures.value(row));
            let bin = if bins.is_valid(row) { bins.value(row) } else { 0 };
            let at = (month, bin);
            let by_scope = series.by_measure.entry(name).or_default();
            let found = scopes.of(unit, procedure, pipeline);
            for scope in found {
                let months = by_scope.entry(scope.clone()).or_default();
                *months.entry(at).or_default() += values.value(row);
            }
            let Some(procedure) = procedure.filter(|_| joined.contains(&**name)) else { continue };
            let by_scope = series.by_procedure.entry(name).or_default();
            for scope in found {
                let procedures = by_scope.entry(scope.clone()).or_default();
                let months = procedures.entry(Arc::from(procedure)).or_default();
                *months.entry(at).or_default() += values.value(row);
            }
        }
        series
    }

    /// Looks at one scope and period.
    pub(super) fn at<'s>(&'s self, scope: &'s Scope, period: Period, as_of: NaiveDate) -> At<'s> {
        self.between(scope, period.start, period.end_by(as_of))
    }

    /// Looks at one scope from a day until before another.
    pub fn between<'s>(&'s self, scope: &'s Scope, from: NaiveDate, until: NaiveDate) -> At<'s> {
        At { series: self, scope, days: (from, until) }
    }

    fn definition(&self, name: &str) -> &Measure {
        self.pipeline.definitions.measures.get(name).expect("the pipeline checked its measures")
    }
}

/// One scope and half-open period of the series.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    series: &'a Series<'a>,
    scope: &'a Scope,
    days: (NaiveDate, NaiveDate),
}

impl At<'_> {
    /// Counts a histogram by bin.
    pub(super) fn histogram(&self, name: &str) -> BTreeMap<i64, i64> {
        let mut bins = BTreeMap::new();
        let months = self.series.by_measure.get(name).and_then(|scopes| scopes.get(self.scope));
        for ((_, bin), n) in months.into_iter().flat_map(|months| months.range(self.span(name))) {
            *bins.entry(*bin).or_default() += n;
        }
        bins
    }

    fn span(&self, name: &str) -> Range<(NaiveDate, i64)> {
        let span = span(self.series.definition(name), self.days.0, self.days.1);
        (span.start, i64::MIN)..(span.end, i64::MIN)
    }

    fn sum(&self, months: &Months, name: &str) -> i64 {
        months.range(self.span(name)).map(|(_, value)| value).sum()
    }
}

impl Counted for At<'_> {
    /// A flow's sum, a stock's level at the end.
    fn measure(&self, name: &str) -> i64 {
        let months = self.series.by_measure.get(name).and_then(|scopes| scopes.get(self.scope));
        months.map_or(0, |months| self.sum(months, name))
    }

    fn at_start(&self, name: &str) -> i64 {
        let start = self.days.0;
        Self { days: (start, start), ..*self }.measure(name)
    }

    fn everywhere(&self, name: &str) -> i64 {
        At { scope: &Scope::Ministry, ..*self }.measure(name)
    }

    fn procedures(&self, names: &[String]) -> i64 {
        let counted = |name: &String| -> BTreeSet<&Arc<str>> {
            let scopes = self.series.by_procedure.get(&**name);
            let procedures = scopes.and_then(|scopes| scopes.get(self.scope));
            let procedures = procedures.into_iter().flatten();
            let counted = procedures.filter(|(_, months)| self.sum(months, name) > 0);
            counted.map(|(procedure, _)| procedure).collect()
        };
        let all = names.iter().map(counted).reduce(|one, other| &one & &other);
        all.map_or(0, |procedures| procedures.len() as i64)
    }
}

/// Names the measures whose procedures are counted.
fn joined(pipeline: &Pipeline) -> BTreeSet<&str> {
    let versions = pipeline.definitions.indicators.values().flat_map(|known| &known.versions);
    let ratios = versions.filter_map(|version| match &version.formula {
        Formula::Ratio(ratio) => Some(ratio),
        _ => None,
    });
    let lists = ratios.flat_map(|ratio| ratio.totals()).flat_map(|total| total.joined());
    lists.flatten().map(String::as_str).collect()
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
    pipeline: &Pipeline,
) -> BTreeMap<Option<String>, i64> {
    let batch = measures.batch();
    let [units, procedures, names] =
        [0, 1, 3].map(|column| batch.column(column).as_string::<i32>());
    let months = batch.column(2).as_primitive::<Date32Type>();
    let values = batch.column(5).as_primitive::<Int64Type>();
    let span = span(measure, period.0, period.1);
    let text =
        |texts: &StringArray, row: usize| texts.is_valid(row).then(|| texts.value(row).to_owned());
    let is_of =
        |part: &str, unit: &str| pipeline.reference.units.wholes(part).any(|whole| whole == unit);
    let mut parts = BTreeMap::new();
    for row in (0..batch.num_rows()).filter(|row| names.value(*row) == measure.name) {
        let Some(month) = Date32Type::to_naive_date_opt(months.value(row)) else { continue };
        let is_ours = unit.is_none_or(|unit| units.is_valid(row) && is_of(units.value(row), unit));
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
    fn of(&mut self, unit: Option<&str>, procedure: Option<&str>, pipeline: &Pipeline) -> &[Scope] {
        let key = (unit.map(str::to_owned), procedure.map(str::to_owned));
        self.known.entry(key).or_insert_with(|| {
            let service = procedure.and_then(|code| pipeline.reference.services.latest(code));
            let field = service.map(|version| Scope::Field(version.field_code.as_str().into()));
            let wholes = unit.into_iter().flat_map(|code| pipeline.reference.units.wholes(code));
            let units = wholes.map(|code| Scope::Unit(Arc::from(code)));
            let procedure = procedure.map(|code| Scope::Procedure(Arc::from(code)));
            [Scope::Ministry].into_iter().chain(units).chain(field).chain(procedure).collect()
        })
    }
}
