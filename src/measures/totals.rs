//! Sums by unit, procedure and month: one for each measure, and by bin for the histograms.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use chrono::{Datelike as _, NaiveDate};

use crate::pipeline::tables::Table;

/// How many groups have a place of their own at which they are found at once.
const N_PLACES: usize = 1 << 12;

/// Unit and procedure, as a batch has them.
type Named<'a> = (Option<&'a str>, Option<&'a str>);

/// Month, measure, bin and value.
type Sum = (i32, usize, Option<i64>, i64);

/// What is summed of one unit and procedure.
struct Group {
    unit: Option<String>,
    procedure: Option<String>,
    /// By month, a sum for each measure.
    sums: BTreeMap<i32, Vec<i64>>,
    /// By month, measure and bin.
    bins: BTreeMap<(i32, usize, i64), i64>,
}

impl Group {
    fn named(&self) -> Named<'_> {
        (self.unit.as_deref(), self.procedure.as_deref())
    }

    /// Lists the sums that are not zero, in order.
    fn rows(&self) -> Vec<Sum> {
        let of_month = |(month, sums): (&i32, &Vec<i64>)| {
            let told = sums.iter().enumerate().filter(|(_, sum)| **sum != 0);
            told.map(|(measure, sum)| (*month, measure, None, *sum)).collect::<Vec<Sum>>()
        };
        let mut rows: Vec<Sum> = self.sums.iter().flat_map(of_month).collect();
        let bins = self.bins.iter();
        rows.extend(bins.map(|((month, measure, bin), n)| (*month, *measure, Some(*bin), *n)));
        rows.sort_unstable();
        rows
    }
}

/// All sums.
#[derive(Default)]
pub(super) struct Totals {
    groups: Vec<Group>,
    by_name: BTreeMap<(Option<String>, Option<String>), usize>,
    /// The group found last at each place.
    places: Vec<usize>,
}

impl Totals {
    /// Finds the group of each row, making those that are new.
    pub(super) fn groups(
        &mut self,
        units: &StringArray,
        procedures: Option<&StringArray>,
    ) -> Vec<usize> {
        let mut groups = Vec::with_capacity(units.len());
        for row in 0..units.len() {
            let unit = units.is_valid(row).then(|| units.value(row));
            let procedures = procedures.filter(|procedures| procedures.is_valid(row));
            let procedure = procedures.map(|procedures| procedures.value(row));
            groups.push(self.group((unit, procedure)));
        }
        groups
    }

    fn group(&mut self, named: Named<'_>) -> usize {
        if self.places.is_empty() {
            self.places = vec![usize::MAX; N_PLACES];
        }
        let place = place_of(named);
        let found = self.places[place];
        if self.groups.get(found).is_some_and(|group| group.named() == named) {
            return found;
        }
        let (unit, procedure) = (named.0.map(str::to_owned), named.1.map(str::to_owned));
        let next = self.groups.len();
        let group = *self.by_name.entry((unit.clone(), procedure.clone())).or_insert(next);
        if group == next {
            let (sums, bins) = (BTreeMap::new(), BTreeMap::new());
            self.groups.push(Group { unit, procedure, sums, bins });
        }
        self.places[place] = group;
        group
    }

    /// Returns the sums of a group in a month (since January of the year 0), one for each measure.
    pub(super) fn sums(&mut self, group: usize, month: i32, n_measures: usize) -> &mut [i64] {
        self.groups[group].sums.entry(month).or_insert_with(|| vec![0; n_measures])
    }

    /// Counts one more in a bin.
    pub(super) fn add_to_bin(&mut self, group: usize, month: i32, measure: usize, bin: i64) {
        *self.groups[group].bins.entry((month, measure, bin)).or_default() += 1;
    }

    /// Returns the sums that are not zero, in the order and schema of the measures table; the names
    /// of the measures ascend.
    pub(super) fn into_batch(mut self, names: &[String]) -> RecordBatch {
        assert!(names.is_sorted(), "the order of the measures is that of their names");
        self.groups.sort_unstable_by(|a, b| a.named().cmp(&b.named()));
        let rows: Vec<Vec<Sum>> = self.groups.iter().map(Group::rows).collect();
        let groups = || self.groups.iter().zip(&rows);
        let units = groups().flat_map(|(group, rows)| rows.iter().map(|_| group.named().0));
        let procedures = groups().flat_map(|(group, rows)| rows.iter().map(|_| group.named().1));
        let rows = || rows.iter().flatten();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(units.collect::<StringArray>()),
            Arc::new(procedures.collect::<StringArray>()),
            Arc::new(rows().map(|sum| Some(first_day(sum.0))).collect::<Date32Array>()),
            Arc::new(rows().map(|sum| Some(&*names[sum.1])).collect::<StringArray>()),
            Arc::new(rows().map(|sum| sum.2).collect::<Int64Array>()),
            Arc::new(rows().map(|sum| Some(sum.3)).collect::<Int64Array>()),
        ];
        RecordBatch::try_new(Table::Measures.schema(), columns)
            .expect("the columns are those of the measures table")
    }
}

/// Returns the place of a group: the last letters of its names tell most apart.
fn place_of((unit, procedure): Named<'_>) -> usize {
    let mix = |bits: u64, byte: u8| (bits ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let [unit, procedure] =
        [unit, procedure].map(|text| text.unwrap_or_default().bytes().rev().take(8));
    let mixed = unit.chain([0]).chain(procedure).fold(0xcbf2_9ce4_8422_2325, mix);
    (mixed >> 32) as usize % N_PLACES
}

fn first_day(month_number: i32) -> i32 {
    let (year, month) = (month_number.div_euclid(12), month_number.rem_euclid(12));
    let day = NaiveDate::from_ymd_opt(year, month.unsigned_abs() + 1, 1);
    let epoch = NaiveDate::default();
    day.expect("the month is that of a day").num_days_from_ce() - epoch.num_days_from_ce()
}
