//! Measures rolled up: each measure by scope and month, ready to be summed over periods.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use arrow::array::cast::AsArray as _;
use arrow::array::{Array as _, StringArray};
use arrow::datatypes::{Date32Type, Int64Type};
use chrono::NaiveDate;

use crate::measures::Measures;
use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Counted, Measure, When};

use super::period::Period;
use super::roll_up::RollUp;
use super::scope::Scope;

/// Each measure's integers by scope and month.
#[derive(Debug)]
pub struct Series<'a> {
    pub(super) pipeline: &'a Pipeline,
    /// The months of which anything is counted, ascending, by their first days, as days since 1970.
    pub(super) months: Vec<i32>,
    pub(super) scopes: BTreeMap<Scope, usize>,
    pub(super) by_measure: BTreeMap<&'a str, Vec<Counts>>,
}

/// What a measure counts in one scope. Months are told by their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    /// By month while they are counted, then all up to the end of each; empty where nothing is.
    totals: Vec<i64>,
    /// By month and bin, of a histogram.
    bins: BTreeMap<(usize, i64), i64>,
    /// By the procedure's place and month, where a measure's procedures are counted.
    by_procedure: BTreeMap<usize, BTreeMap<usize, i64>>,
}

impl Counts {
    /// Adds what is counted in a month: of a bin, and of a procedure, where they are looked at.
    pub(super) fn add(
        &mut self,
        month: usize,
        value: i64,
        bin: Option<i64>,
        procedure: Option<usize>,
    ) {
        *self.total(month) += value;
        if let Some(bin) = bin {
            *self.bins.entry((month, bin)).or_default() += value;
        }
        if let Some(procedure) = procedure {
            *self.by_procedure.entry(procedure).or_default().entry(month).or_default() += value;
        }
    }

    /// Adds what others count of the same months and procedures.
    pub(super) fn add_all(&mut self, others: Self) {
        for (month, value) in others.totals.into_iter().enumerate().filter(|(_, n)| *n != 0) {
            *self.total(month) += value;
        }
        for (bin, n) in others.bins {
            *self.bins.entry(bin).or_default() += n;
        }
        for (procedure, months) in others.by_procedure {
            let ours = self.by_procedure.entry(procedure).or_default();
            months.into_iter().for_each(|(month, n)| *ours.entry(month).or_default() += n);
        }
    }

    /// Returns the same where months and procedures have other places.
    pub(super) fn moved(self, months: &[usize], procedures: &[usize]) -> Self {
        let mut moved = Self::default();
        for (month, value) in self.totals.into_iter().enumerate().filter(|(_, n)| *n != 0) {
            *moved.total(months[month]) = value;
        }
        let bins = self.bins.into_iter();
        moved.bins = bins.map(|((month, bin), n)| ((months[month], bin), n)).collect();
        let place = |of_month: BTreeMap<usize, i64>| {
            of_month.into_iter().map(|(month, n)| (months[month], n)).collect()
        };
        let by_procedure = self.by_procedure.into_iter();
        moved.by_procedure = by_procedure.map(|(at, n)| (procedures[at], place(n))).collect();
        moved
    }

    /// Sums each of so many months up with those before it.
    pub(super) fn sum_up(&mut self, n_months: usize) {
        self.totals.resize(n_months, 0);
        let mut total = 0;
        for month in &mut self.totals {
            total += *month;
            *month = total;
        }
    }

    fn total(&mut self, month: usize) -> &mut i64 {
        if self.totals.len() <= month {
            self.totals.resize(month + 1, 0);
        }
        &mut self.totals[month]
    }
}

impl<'a> Series<'a> {
    /// Rolls the measures of any cells up to every scope.
    pub fn new(measures: &[Measures], pipeline: &'a Pipeline) -> Self {
        let mut rolled_up = RollUp::new(pipeline);
        measures.iter().for_each(|part| rolled_up.add(part.batch()));
        rolled_up.finish()
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
