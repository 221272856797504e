//! Measures rolled up to every scope, cell by cell in any order: what is kept does not grow with how
//! many dossiers there are, nor with how many cells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::cast::AsArray as _;
use arrow::array::{Array as _, RecordBatch};
use arrow::datatypes::{Date32Type, Int64Type};

use crate::pipeline::Pipeline;
use crate::pipeline::definitions::Formula;

use super::scope::Scope;
use super::series::{Counts, Series};

/// Each measure's integers by scope and month, while cells are added.
#[derive(Debug, Clone)]
pub struct RollUp<'a> {
    pipeline: &'a Pipeline,
    known: Vec<Known<'a>>,
    /// By their first days, as days since 1970.
    months: Places<i32>,
    scopes: Places<Scope>,
    procedures: Places<Arc<str>>,
    /// The place of each unit and procedure among `counted`.
    pairs: Places<(Option<String>, Option<String>)>,
    counted: Vec<Counted>,
    /// In the order of `known`, and of `scopes`.
    by_measure: Vec<Vec<Counts>>,
}

/// A measure, and what else of it is looked at.
#[derive(Debug, Clone)]
struct Known<'a> {
    name: &'a str,
    has_bins: bool,
    has_procedures: bool,
}

/// Where what is counted of a unit and a procedure counts.
#[derive(Debug, Clone)]
struct Counted {
    scopes: Vec<usize>,
    procedure: Option<usize>,
}

/// The place of each of some things, by the order in which they came.
#[derive(Debug, Clone)]
struct Places<T>(BTreeMap<T, usize>);

impl<T: Ord + Clone> Places<T> {
    fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn of(&mut self, thing: T) -> usize {
        let next = self.0.len();
        *self.0.entry(thing).or_insert(next)
    }

    /// Returns the place here of each place there.
    fn of_all(&mut self, others: &Self) -> Vec<usize> {
        let mut places = vec![0; others.0.len()];
        others.0.iter().for_each(|(thing, place)| places[*place] = self.of(thing.clone()));
        places
    }
}

impl<'a> RollUp<'a> {
    /// Begins with nothing.
    pub fn new(pipeline: &'a Pipeline) -> Self {
        let (joined, histograms) = (joined(pipeline), histograms(pipeline));
        let known = |name: &'a String| Known {
            name,
            has_bins: histograms.contains(&**name),
            has_procedures: joined.contains(&**name),
        };
        let known: Vec<Known<'a>> = pipeline.definitions.measures.keys().map(known).collect();
        Self {
            pipeline,
            by_measure: known.iter().map(|_| Vec::new()).collect(),
            known,
            months: Places::new(),
            scopes: Places::new(),
            procedures: Places::new(),
            pairs: Places::new(),
            counted: Vec::new(),
        }
    }

    /// Adds rows with the columns of the measures table.
    pub fn add(&mut self, batch: &RecordBatch) {
        let [units, procedures, names] =
            [0, 1, 3].map(|column| batch.column(column).as_string::<i32>());
        let days = batch.column(2).as_primitive::<Date32Type>();
        let [bins, values] = [4, 5].map(|column| batch.column(column).as_primitive::<Int64Type>());
        // Mostly the rows of a unit and a procedure stand beside each other, and of them those of
        // a month, and of these those of a measure.
        let (mut of_pair, mut of_month, mut measure) = (None, None, 0);
        for row in 0..batch.num_rows() {
            let Some(found) = self.find(names.value(row), measure) else { continue };
            measure = found;
            let month = beside(&mut of_month, days.value(row), || self.months.of(days.value(row)));
            let unit = units.is_valid(row).then(|| units.value(row));
            let procedure = procedures.is_valid(row).then(|| procedures.value(row));
            let pair = beside(&mut of_pair, (unit, procedure), || self.pair(unit, procedure));
            let (known, counted) = (&self.known[measure], &self.counted[pair]);
            let bin = if bins.is_valid(row) { bins.value(row) } else { 0 };
            let bin = known.has_bins.then_some(bin);
            let procedure = counted.procedure.filter(|_| known.has_procedures);
            for scope in &counted.scopes {
                let counts = counts_at(&mut self.by_measure[measure], *scope);
                counts.add(month, values.value(row), bin, procedure);
            }
        }
    }

    /// Finds a measure by its name: within a month they ascend from the one found last.
    fn find(&self, name: &str, last: usize) -> Option<usize> {
        let (before, after) = self.known.split_at(last);
        let from_last = after.iter().chain(before).position(|known| known.name == name)?;
        Some((last + from_last) % self.known.len())
    }

    /// Finds where what is counted of a unit and a procedure counts.
    fn pair(&mut self, unit: Option<&str>, procedure: Option<&str>) -> usize {
        let pair = self.pairs.of((unit.map(str::to_owned), procedure.map(str::to_owned)));
        if pair < self.counted.len() {
            return pair;
        }
        let reference = &self.pipeline.reference;
        let service = procedure.and_then(|code| reference.services.latest(code));
        let field = service.map(|version| Scope::Field(version.field_code.as_str().into()));
        let wholes = unit.into_iter().flat_map(|code| reference.units.wholes(code));
        let units = wholes.map(|code| Scope::Unit(Arc::from(code)));
        let own = procedure.map(|code| Scope::Procedure(Arc::from(code)));
        let scopes = [Scope::Ministry].into_iter().chain(units).chain(field).chain(own);
        self.counted.push(Counted {
            scopes: scopes.map(|scope| self.scopes.of(scope)).collect(),
            procedure: procedure.map(|code| self.procedures.of(Arc::from(code))),
        });
        pair
    }

    /// Adds what was rolled up elsewhere, with the same pipeline.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        let months = self.months.of_all(&other.months);
        let scopes = self.scopes.of_all(&other.scopes);
        let procedures = self.procedures.of_all(&other.procedures);
        for (ours, theirs) in self.by_measure.iter_mut().zip(other.by_measure) {
            for (place, counts) in theirs.into_iter().enumerate() {
                let counts = counts.moved(&months, &procedures);
                counts_at(ours, scopes[place]).add_all(counts);
            }
        }
        self
    }

    /// Ends it: everything is added.
    pub fn finish(self) -> Series<'a> {
        let months: Vec<i32> = self.months.0.keys().copied().collect();
        let mut ascending = vec![0; months.len()];
        self.months.0.values().enumerate().for_each(|(rank, place)| ascending[*place] = rank);
        let procedures: Vec<usize> = (0..self.procedures.0.len()).collect();
        let summed = |counts: Counts| {
            let mut counts = counts.moved(&ascending, &procedures);
            counts.sum_up(months.len());
            counts
        };
        let of_measure = |counts: Vec<Counts>| counts.into_iter().map(summed).collect();
        let by_measure = self.by_measure.into_iter().map(of_measure);
        let by_measure = self.known.iter().map(|known| known.name).zip(by_measure).collect();
        Series { pipeline: self.pipeline, months, scopes: self.scopes.0, by_measure }
    }
}

fn counts_at(by_scope: &mut Vec<Counts>, scope: usize) -> &mut Counts {
    if by_scope.len() <= scope {
        by_scope.resize_with(scope + 1, Counts::default);
    }
    &mut by_scope[scope]
}

/// Returns what was found for the row before, where this one has the same key.
fn beside<K: PartialEq, V: Copy>(last: &mut Option<(K, V)>, key: K, find: impl FnOnce() -> V) -> V {
    match last {
        Some((known, found)) if *known == key => *found,
        _ => last.insert((key, find())).1,
    }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use arrow::array::{ArrayRef, Date32Array, Int64Array, StringArray};
    use chrono::{Months, NaiveDate};

    use crate::measures::Measures;
    use crate::pipeline::definitions::Counted as _;
    use crate::pipeline::tables::Table;

    use super::*;

    type Told<'a> = (&'a str, &'a str, &'a str, &'a str, Option<i64>, i64);

    /// Makes the measures of a cell: unit, procedure, month, measure, bin, value.
    fn cell(rows: &[Told<'_>]) -> Measures {
        let text = |of: fn(&Told<'_>) -> String| -> ArrayRef {
            Arc::new(rows.iter().map(|row| Some(of(row))).collect::<StringArray>())
        };
        let day = |row: &Told<'_>| {
            let day: NaiveDate = format!("{}-01", row.2).parse().unwrap();
            Some(Date32Type::from_naive_date(day))
        };
        let columns = vec![
            text(|row| row.0.to_owned()),
            text(|row| row.1.to_owned()),
            Arc::new(rows.iter().map(day).collect::<Date32Array>()),
            text(|row| row.3.to_owned()),
            Arc::new(rows.iter().map(|row| row.4).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|row| Some(row.5)).collect::<Int64Array>()),
        ];
        Measures::new(RecordBatch::try_new(Table::Measures.schema(), columns).unwrap()).unwrap()
    }

    /// Tells every figure of a series that is not zero, by scope and month.
    fn told(series: &Series<'_>, pipeline: &Pipeline) -> Vec<String> {
        let first = NaiveDate::from_ymd_opt(2019, 12, 1).unwrap();
        let joined: Vec<String> = joined(pipeline).into_iter().map(str::to_owned).collect();
        let histograms = histograms(pipeline);
        let mut told = Vec::new();
        for scope in Scope::all(pipeline) {
            for month in 0..5 {
                let (from, until) = (first + Months::new(month), first + Months::new(month + 1));
                let at = series.between(&scope, from, until);
                let mut tell = |what: &str, n: i64| {
                    told.extend((n != 0).then(|| format!("{} {from} {what} {n}", scope.name())));
                };
                for name in pipeline.definitions.measures.keys() {
                    tell(name, at.measure(name));
                }
                tell("joined", at.procedures(&joined));
                for (bin, n) in histograms.iter().flat_map(|name| at.histogram(name)) {
                    tell(&format!("bin {bin}"), n);
                }
            }
        }
        told
    }

    #[test]
    fn cells_add_up_to_the_same_in_any_order_and_in_parts() {
        let ministry = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/ministry");
        let pipeline = Pipeline::load(&ministry).unwrap();
        let cells = [
            cell(&[
                ("G16.01", "1.901001", "2020-02", "handling_days", Some(3), 2),
                ("G16.01", "1.901001", "2020-02", "received_online", None, 5),
                ("G16.01", "1.901001", "2020-02", "services_online", None, 1),
            ]),
            cell(&[
                ("G16.01", "1.901002", "2020-01", "received", None, 7),
                ("G16.01", "1.901002", "2020-01", "received_online", None, 1),
                ("G16.02", "1.901001", "2020-03", "received", None, -4),
            ]),
            cell(&[
                ("G16.01", "1.901001", "2020-01", "handling_days", Some(3), 1),
                ("G16.01", "1.901002", "2020-01", "services_online", None, 1),
                ("G16.03", "1.901003", "2020-02", "handling_days", Some(9), 4),
            ]),
        ];
        let expected = told(&Series::new(&cells, &pipeline), &pipeline);
        let of_ministry: Vec<&str> =
            expected.iter().filter_map(|line| line.strip_prefix("ministry ")).collect();
        insta::assert_snapshot!(of_ministry.join("\n"), @"
        2020-01-01 handling_days 1
        2020-01-01 received 7
        2020-01-01 received_online 1
        2020-01-01 services_online 1
        2020-01-01 joined 1
        2020-01-01 bin 3 1
        2020-02-01 handling_days 6
        2020-02-01 received_online 5
        2020-02-01 services_online 2
        2020-02-01 joined 1
        2020-02-01 bin 3 2
        2020-02-01 bin 9 4
        2020-03-01 received -4
        2020-03-01 services_online 2
        2020-04-01 services_online 2
        ");
        let part = |at: usize| {
            let mut part = RollUp::new(&pipeline);
            part.add(cells[at].batch());
            part
        };
        for [a, b, c] in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let one = part(a).with(part(b)).with(part(c));
            let other = part(a).with(part(b).with(part(c)));
            for rolled_up in [one, other] {
                assert_eq!(told(&rolled_up.finish(), &pipeline), expected);
            }
        }
    }
}
