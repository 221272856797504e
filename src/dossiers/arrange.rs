//! Observations in the order of the fold, taken from records or back out of `history`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{
    ArrayRef, BooleanArray, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;

use crate::normalise::{Observations, position_of};
use crate::pipeline::columns::status_rank;
use crate::pipeline::tables::Cell;

use super::Dossiers;
use super::rows::{concat, taken};

/// Positions of the facts of an observation in its batch.
pub(super) const KEY: usize = 0;
pub(super) const DELIVERY: usize = 3;
pub(super) const FEED: usize = 5;
pub(super) const ITEM_KEY: usize = 6;
pub(super) const EVENT_TIME: usize = 7;
pub(super) const OBSERVED_AT: usize = 8;
pub(super) const HASH: usize = 9;
pub(super) const MARKS: usize = 10;
pub(super) const SUPPLIED: usize = 11;

/// Observations of one cell in the order of the fold: by key, then event time and observation time
/// (nulls first), then the status's rank, then the hash of the values.
#[derive(Debug, Clone)]
pub struct Arranged(RecordBatch);

impl Arranged {
    /// Arranges observations.
    pub fn new(batches: &[Observations]) -> Self {
        let batches: Vec<&RecordBatch> = batches.iter().map(Observations::batch).collect();
        Self::from_batch(concat(&Observations::schema(), &batches))
    }

    /// Arranges the observations of one delivery without its duplicates; says how many there were.
    pub fn without_duplicates(batches: &[Observations]) -> (Self, i64) {
        let Self(all) = Self::new(batches);
        let keys = all.column(KEY).as_string::<i32>();
        let hashes = all.column(HASH).as_primitive::<Int64Type>();
        let is_new = |row: usize| {
            row == 0
                || hashes.value(row) != hashes.value(row - 1)
                || keys.value(row) != keys.value(row - 1)
        };
        let kept: BooleanArray = (0..all.num_rows()).map(|row| Some(is_new(row))).collect();
        let n_duplicates = (kept.len() - kept.true_count()) as i64;
        (Self(filter_record_batch(&all, &kept).expect("one flag a row")), n_duplicates)
    }

    /// Arranges observations of several deliveries together.
    pub fn together(parts: &[Self]) -> Self {
        let batches: Vec<&RecordBatch> = parts.iter().map(|part| &part.0).collect();
        Self::from_batch(concat(&Observations::schema(), &batches))
    }

    /// Takes the observations back out of `history`, but for those of some deliveries.
    pub(super) fn from_history(
        dossiers: &Dossiers,
        cell: &Cell,
        without: &BTreeSet<String>,
    ) -> Self {
        let batch = dossiers.batch();
        let keys = batch.column(KEY).as_string::<i32>();
        let history: &ListArray = batch.column(batch.num_columns() - 1).as_list();
        let facts = history.values().as_struct();
        let offsets = history.value_offsets();
        let first = offsets.first().map_or(0, |first| *first as usize);
        let n = offsets.last().map_or(0, |last| *last as usize) - first;
        let rows = offsets.windows(2).enumerate().flat_map(|(row, range)| {
            std::iter::repeat_n(keys.value(row), (range[1] - range[0]) as usize)
        });
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(rows.map(Some).collect::<StringArray>()),
            Arc::new(std::iter::repeat_n(Some(&cell.month), n).collect::<StringArray>()),
            Arc::new(Int32Array::from_value(cell.bucket, n)),
        ];
        let (values, facts) = facts.columns().split_last().expect("history ends with the values");
        columns.extend(facts.iter().map(|fact| fact.slice(first, n)));
        let values: &StructArray = values.as_struct();
        columns.extend(values.columns().iter().map(|value| value.slice(first, n)));
        let all = RecordBatch::try_new(Observations::schema(), columns)
            .expect("history holds whole observations");
        if without.is_empty() {
            return Self(all);
        }
        let deliveries = all.column(DELIVERY).as_string::<i32>();
        let kept: BooleanArray =
            deliveries.iter().map(|delivery| delivery.map(|d| !without.contains(d))).collect();
        Self(filter_record_batch(&all, &kept).expect("one flag a row"))
    }

    /// Splits off the observations of dossiers up to a key, included.
    pub(super) fn split_through(self, key: &str) -> (Self, Self) {
        let keys = self.0.column(KEY).as_string::<i32>();
        let at = partition_point(keys, |candidate| candidate <= key);
        (Self(self.0.slice(0, at)), Self(self.0.slice(at, self.0.num_rows() - at)))
    }

    /// Returns how many observations there are.
    pub fn len(&self) -> usize {
        self.0.num_rows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.num_rows() == 0
    }

    /// Returns the batch, with the columns of [`Observations`].
    pub(super) fn batch(&self) -> &RecordBatch {
        &self.0
    }

    /// Keeps the dossiers of about so many observations and returns the rest apart.
    pub(super) fn split_after(self, n_observations: usize) -> (Self, Self) {
        if self.len() <= n_observations {
            let rest = self.0.slice(0, 0);
            return (self, Self(rest));
        }
        let key = self.0.column(KEY).as_string::<i32>().value(n_observations - 1).to_owned();
        self.split_through(&key)
    }

    fn from_batch(all: RecordBatch) -> Self {
        let order = Order::new(&all);
        let n_rows = all.num_rows() as u32;
        if (1..n_rows).all(|row| order.of(row - 1, row).is_le()) {
            return Self(all);
        }
        let mut rows: Vec<u32> = (0..n_rows).collect();
        // What is sorted in parts, as the deliveries are, is merged.
        rows.sort_by(|a, b| order.of(*a, *b));
        Self(taken(&all, &UInt32Array::from(rows)))
    }
}

/// The order of the fold over the rows of a batch.
struct Order<'a> {
    keys: &'a StringArray,
    times: [&'a TimestampMicrosecondArray; 2],
    statuses: [&'a StringArray; 2],
    hashes: &'a Int64Array,
    deliveries: &'a StringArray,
}

impl<'a> Order<'a> {
    fn new(all: &'a RecordBatch) -> Self {
        let statuses = |column: &str| all.column(position_of(column)).as_string::<i32>();
        Self {
            keys: all.column(KEY).as_string(),
            times: [EVENT_TIME, OBSERVED_AT].map(|at| all.column(at).as_primitive()),
            statuses: ["status", "portal_status"].map(statuses),
            hashes: all.column(HASH).as_primitive(),
            deliveries: all.column(DELIVERY).as_string(),
        }
    }

    /// Compares two rows; nulls come first.
    fn of(&self, a: u32, b: u32) -> Ordering {
        let (a, b) = (a as usize, b as usize);
        let keys = self.keys.value(a).cmp(self.keys.value(b));
        keys.then_with(|| self.of_one_dossier(a, b))
    }

    fn of_one_dossier(&self, a: usize, b: usize) -> Ordering {
        let time = |times: &TimestampMicrosecondArray, row: usize| {
            times.is_valid(row).then(|| times.value(row))
        };
        let by_times = self.times.iter().map(|times| time(times, a).cmp(&time(times, b)));
        let by_rank = || self.rank(a).cmp(&self.rank(b));
        let by_hash = || self.hashes.value(a).cmp(&self.hashes.value(b));
        let by_delivery = || self.deliveries.value(a).cmp(self.deliveries.value(b));
        by_times
            .fold(Ordering::Equal, Ordering::then)
            .then_with(by_rank)
            .then_with(by_hash)
            .then_with(by_delivery)
    }

    fn rank(&self, row: usize) -> Option<i8> {
        let told = self.statuses.iter().find(|statuses| statuses.is_valid(row))?;
        status_rank(told.value(row))
    }
}

/// Counts the observations of each delivery.
pub(super) fn count_by_delivery(dossiers: &Dossiers) -> BTreeMap<String, i64> {
    let batch = dossiers.batch();
    let history: &ListArray = batch.column(batch.num_columns() - 1).as_list();
    let deliveries = history.values().as_struct().column(0).as_string::<i32>();
    let offsets = history.value_offsets();
    let rows = offsets.first().zip(offsets.last()).map_or(0..0, |(from, to)| *from..*to);
    let told: Vec<&str> = rows.map(|row| deliveries.value(row as usize)).collect();
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    // Those of one delivery mostly lie together.
    for same in told.chunk_by(|a, b| a == b) {
        *counts.entry(same[0].to_owned()).or_default() += same.len() as i64;
    }
    counts
}

/// Returns the first row of sorted texts of which the predicate no longer holds.
fn partition_point(sorted: &StringArray, holds: impl Fn(&str) -> bool) -> usize {
    let (mut low, mut high) = (0, sorted.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(sorted.value(middle)) { low = middle + 1 } else { high = middle }
    }
    low
}
