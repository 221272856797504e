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

/// Each measure's integers by scope and month.
#[derive(Debug)]
pub struct Series<'a> {
    pipeline: &'a Pipeline,
    /// The months of which anything is counted, ascending, by their first days, as days since 1970.
    months: Vec<i32>,
    scopes: BTreeMap<Scope, usize>,
    by_measure: BTreeMap<&'a str, Vec<Counts>>,
}

/// What a measure counts in one scope. Months are told by their places.
#[derive(Debug, Default)]
struct Counts {
    /// By month while they are counted, then all up to the end of each; empty where nothing is.
    totals: Vec<i64>,
    /// By month and bin, of a histogram.
    bins: BTreeMap<(usize, i64), i64>,
    /// By the procedure's place and month, where a measure's procedures are counted.
    by_procedure: BTreeMap<usize, BTreeMap<usize, i64>>,
}

impl Counts {
    /// Adds what is counted in a month: of a bin, and of a procedure, where they are looked at.
    fn add(&mut self, month: usize, value: i64, bin: Option<i64>, procedure: Option<usize>) {
        self.totals[month] += value;
        if let Some(bin) = bin {
            *self.bins.entry((month, bin)).or_default() += value;
        }
        if let Some(procedure) = procedure {
            *self.by_procedure.entry(procedure).or_default().entry(month).or_default() += value;
        }
    }
}

impl<'a> Series<'a> {
    /// Rolls the measures of any cells up to every scope.
    pub fn new(measures: &[Measures], pipeline: &'a Pipeline) -> Self {
        let months = months(measures);
        let (joined, histograms) = (joined(pipeline), histograms(pipeline));
        // By name: whether its bins are looked at, and its procedures.
        let names = pipeline.definitions.measures.keys().map(String::as_str);
        let known: Vec<(&str, bool, bool)> =
            names.map(|name| (name, histograms.contains(name), joined.contains(name))).collect();
        let mut by_measure: Vec<Vec<Counts>> = known.iter().map(|_| Vec::new()).collect();
        let mut places = Places::default();
        for batch in measures.iter().map(Measures::batch) {
            let [units, procedures, names] =
                [0, 1, 3].map(|column| batch.column(column).as_string::<i32>());
            let days = batch.column(2).as_primitive::<Date32Type>();
            let bins = batch.column(4).as_primitive::<Int64Type>();
            let values = batch.column(5).as_primitive::<Int64Type>();
            // The rows of a unit and a procedure stand beside each other, and of them those of a
            // month, and of these those of a measure.
            let (mut of_pair, mut of_month, mut of_name) = (None, None, None);
            for row in 0..batch.num_rows() {
                let name = names.value(row);
                let measure = beside(&mut of_name, name, || {
                    known.binary_search_by_key(&name, |(known, ..)| known).ok()
                });
                let month = beside(&mut of_month, days.value(row), || {
                    months.binary_search(&days.value(row)).ok()
                });
                let Some((measure, month)) = measure.zip(month) else { continue };
                let (_, is_histogram, is_joined) = known[measure];
                let unit = units.is_valid(row).then(|| units.value(row));
                let procedure = procedures.is_valid(row).then(|| procedures.value(row));
                let place = beside(&mut of_pair, (unit, procedure), || {
                    places.of(unit, procedure, pipeline)
                });
                let value = values.value(row);
                let bin = if bins.is_valid(row) { bins.value(row) } else { 0 };
                let bin = is_histogram.then_some(bin);
                let found = &places.all[place];
                let by_scope = &mut by_measure[measure];
                for scope in &found.scopes {
                    if by_scope.len() <= *scope {
                        by_scope.resize_with(scope + 1, Counts::default);
                    }
                    let counts = &mut by_scope[*scope];
                    counts.totals.resize(months.len(), 0);
                    counts.add(month, value, bin, found.procedure.filter(|_| is_joined));
                }
            }
        }
        for counts in by_measure.iter_mut().flatten() {
            let mut total = 0;
            for month in &mut counts.totals {
                total += *month;
                *month = total;
            }
        }
        let names = known.into_iter().map(|(name, ..)| name);
        Self {
            pipeline,
            months,
            scopes: places.scopes,
            by_measure: names.zip(by_measure).collect(),
        }
    }

    /// Looks at one scope and period.
    pub(super) fn at(&self, scope: &Scope, period: Period, as_of: NaiveDate) -> At<'_> {
        self.between(scope, period.start, period.end_by(as_of))
    }

    /// Looks at one scope from a day until before another.
    pub fn between(&self, scope: &Scope, from: NaiveDate, until: NaiveDate) -> At<'_> {
        let place = |day: NaiveDate| {
            let day = Date32Type::from_naive_date(day);
            self.months.partition_point(|month| *month < day)
        };
        At {
            series: self,
            scope: self.scopes.get(scope).copied(),
            months: (place(from), place(until)),
        }
    }

    fn counts(&self, name: &str, scope: Option<usize>) -> Option<&Counts> {
        self.by_measure.get(name)?.get(scope?)
    }
}

/// One scope and half-open period of the series.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    series: &'a Series<'a>,
    /// `None` where nothing is counted of it.
    scope: Option<usize>,
    /// The place of the first month, and that of the first one after the last.
    months: (usize, usize),
}

impl At<'_> {
    /// Counts a histogram by bin.
    pub(super) fn histogram(&self, name: &str) -> BTreeMap<i64, i64> {
        let mut bins = BTreeMap::new();
        let Range { start, end } = self.span(name);
        let counts = self.series.counts(name, self.scope);
        for ((_, bin), n) in
            counts.iter().flat_map(|c| c.bins.range((start, i64::MIN)..(end, i64::MIN)))
        {
            *bins.entry(*bin).or_default() += n;
        }
        bins
    }

    /// The months whose integers add up to a measure's value: those of the period of a flow, and all
    /// up to its end of a stock.
    fn span(&self, name: &str) -> Range<usize> {
        let measures = &self.series.pipeline.definitions.measures;
        let measure = measures.get(name).expect("the pipeline checked its measures");
        let (start, end) = self.months;
        if measure.is_stock() { 0..end } else { start..end }
    }

    fn sum(&self, name: &str, scope: Option<usize>) -> i64 {
        let Some(counts) = self.series.counts(name, scope) else { return 0 };
        let up_to = |end: usize| end.checked_sub(1).and_then(|last| counts.totals.get(last));
        let up_to = |end: usize| up_to(end).copied().unwrap_or(0);
        let Range { start, end } = self.span(name);
        if start < end { up_to(end) - up_to(start) } else { 0 }
    }
}

impl Counted for At<'_> {
    /// A flow's sum, a stock's level at the end.
    fn measure(&self, name: &str) -> i64 {
        self.sum(name, self.scope)
    }

    fn at_start(&self, name: &str) -> i64 {
        let start = self.months.0;
        Self { months: (start, start), ..*self }.measure(name)
    }

    fn everywhere(&self, name: &str) -> i64 {
        self.sum(name, self.series.scopes.get(&Scope::Ministry).copied())
    }

    fn procedures(&self, names: &[String]) -> i64 {
        let counted = |name: &String| -> BTreeSet<usize> {
            let span = self.span(name);
            let procedures = self.series.counts(name, self.scope).map(|c| &c.by_procedure);
            let counts_any = |months: &BTreeMap<usize, i64>| {
                months.range(span.clone()).map(|(_, value)| value).sum::<i64>() > 0
            };
            let counted = procedures.into_iter().flatten().filter(|(_, months)| counts_any(months));
            counted.map(|(procedure, _)| *procedure).collect()
        };
        let all = names.iter().map(counted).reduce(|one, other| &one & &other);
        all.map_or(0, |procedures| procedures.len() as i64)
    }
}

/// Returns what was found for the row before, where this one has the same key.
fn beside<K: PartialEq, V: Copy>(last: &mut Option<(K, V)>, key: K, find: impl FnOnce() -> V) -> V {
    match last {
        Some((known, found)) if *known == key => *found,
        _ => last.insert((key, find())).1,
    }
}

/// Lists the months of which anything is counted.
fn months(measures: &[Measures]) -> Vec<i32> {
    let columns = measures.iter().map(|part| part.batch().column(2).as_primitive::<Date32Type>());
    let mut days: Vec<i32> = Vec::new();
    for column in columns {
        days.extend(column.values());
        days.sort_unstable();
        days.dedup();
    }
    days
}

/// Names the measures whose bins are looked at.
fn histograms(pipeline: &Pipeline) -> BTreeSet<&str> {
    let versions = pipeline.definitions.indicators.values().flat_map(|known| &known.versions);
    let histograms = versions.filter_map(|version| match &version.formula {
        Formula::Percentile { histogram, .. } => Some(histogram.as_str()),
        _ => None,
    });
    histograms.collect()
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
    measures: &[Measures],
    measure: &Measure,
    unit: Option<&str>,
    period: (NaiveDate, NaiveDate),
    pipeline: &Pipeline,
) -> BTreeMap<Option<String>, i64> {
    let span = span(measure, period.0, period.1);
    let text =
        |texts: &StringArray, row: usize| texts.is_valid(row).then(|| texts.value(row).to_owned());
    let is_of =
        |part: &str, unit: &str| pipeline.reference.units.wholes(part).any(|whole| whole == unit);
    let mut parts = BTreeMap::new();
    for batch in measures.iter().map(Measures::batch) {
        let [units, procedures, names] =
            [0, 1, 3].map(|column| batch.column(column).as_string::<i32>());
        let months = batch.column(2).as_primitive::<Date32Type>();
        let values = batch.column(5).as_primitive::<Int64Type>();
        for row in (0..batch.num_rows()).filter(|row| names.value(*row) == measure.name) {
            let Some(month) = Date32Type::to_naive_date_opt(months.value(row)) else { continue };
            let is_ours =
                unit.is_none_or(|unit| units.is_valid(row) && is_of(units.value(row), unit));
            if is_ours && span.contains(&month) {
                let part = text(if unit.is_some() { procedures } else { units }, row);
                *parts.entry(part).or_default() += values.value(row);
            }
        }
    }
    parts
}

/// The places of the scopes and of the procedure that a row counts in.
#[derive(Debug, Default)]
struct Place {
    scopes: Vec<usize>,
    procedure: Option<usize>,
}

/// Hands out places of scopes and procedures.
#[derive(Default)]
struct Places {
    scopes: BTreeMap<Scope, usize>,
    procedures: BTreeMap<String, usize>,
    /// Which of all holds for a unit and a procedure.
    known: BTreeMap<(Option<String>, Option<String>), usize>,
    all: Vec<Place>,
}

impl Places {
    fn of(&mut self, unit: Option<&str>, procedure: Option<&str>, pipeline: &Pipeline) -> usize {
        let key = (unit.map(str::to_owned), procedure.map(str::to_owned));
        *self.known.entry(key).or_insert_with(|| {
            let service = procedure.and_then(|code| pipeline.reference.services.latest(code));
            let field = service.map(|version| Scope::Field(version.field_code.as_str().into()));
            let wholes = unit.into_iter().flat_map(|code| pipeline.reference.units.wholes(code));
            let units = wholes.map(|code| Scope::Unit(Arc::from(code)));
            let own = procedure.map(|code| Scope::Procedure(Arc::from(code)));
            let scopes = [Scope::Ministry].into_iter().chain(units).chain(field).chain(own);
            let mut place = |scope: Scope| {
                let next = self.scopes.len();
                *self.scopes.entry(scope).or_insert(next)
            };
            let next = self.procedures.len();
            let procedure =
                procedure.map(|code| *self.procedures.entry(code.to_owned()).or_insert(next));
            self.all.push(Place { scopes: scopes.map(&mut place).collect(), procedure });
            self.all.len() - 1
        })
    }
}
