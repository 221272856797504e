//! Observations in the order of the fold, taken from records or back out of `history`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow::datatypes::Int64Type;

use crate::normalise::{Observations, cell_at, position_of};
use crate::pipeline::columns::{self, status_rank};
use crate::pipeline::tables::Cell;

use super::rows::{compact, concat, filter, taken, widened};
use super::{Dossiers, only};

/// Positions of the facts of an observation in its batch.
pub(super) const KEY: usize = 0;
const CELL: usize = 1;
pub(super) const DELIVERY: usize = 2;
pub(super) const FEED: usize = 4;
pub(super) const ITEM_KEY: usize = 5;
pub(super) const EVENT_TIME: usize = 6;
pub(super) const OBSERVED_AT: usize = 7;
const PERIOD_END: usize = 8;
pub(super) const HASH: usize = 9;
pub(super) const MARKS: usize = 10;
pub(super) const SUPPLIED: usize = 11;

/// Observations of one cell in the order of the fold (docs/decisions/0022).
///
/// By key, then event time, observation time and the end of the period that its delivery tells of
/// (nulls first), then the status's rank, then the delivery, then the hash of the values.
#[derive(Debug, Clone)]
pub struct Arranged(RecordBatch);

impl Arranged {
    /// Arranges observations, cell by cell.
    pub fn by_cell(observations: &Observations) -> Vec<(Cell, Self)> {
        let all = observations.batch();
        let cells = all.column(CELL).as_primitive::<Int64Type>();
        let cell = |row: u32| cells.value(row as usize);
        let order = Order::new(all);
        let mut rows: Vec<u32> = (0..all.num_rows() as u32).collect();
        rows.sort_by(|a, b| cell(*a).cmp(&cell(*b)).then_with(|| order.of(*a, *b)));
        let sorted = taken(all, &UInt32Array::from_iter_values(rows.iter().copied()));
        let mut first = 0;
        let parts = rows.chunk_by(|a, b| cell(*a) == cell(*b)).map(|part| {
            let own = sorted.slice(first, part.len());
            first += part.len();
            (cell_at(cell(part[0])), Self(own))
        });
        parts.collect()
    }

    /// Arranges the observations of one cell that are sorted in parts.
    pub fn together(parts: &[Self]) -> Self {
        let batches: Vec<&RecordBatch> = parts.iter().map(|part| &part.0).collect();
        let all = concat(&Observations::schema(), &batches);
        let order = Order::new(&all);
        let n_rows = all.num_rows() as u32;
        if (1..n_rows).all(|row| order.of(row - 1, row).is_le()) {
            return Self(all);
        }
        let mut rows: Vec<u32> = (0..n_rows).collect();
        // What is sorted in parts is merged.
        rows.sort_by(|a, b| order.of(*a, *b));
        Self(taken(&all, &UInt32Array::from(rows)))
    }

    /// Takes out what a delivery says again; counts it by delivery.
    pub fn without_duplicates(self) -> (Self, BTreeMap<String, i64>) {
        let Self(all) = self;
        let keys = all.column(KEY).as_string::<i32>();
        let hashes = all.column(HASH).as_primitive::<Int64Type>();
        let deliveries = all.column(DELIVERY).as_string::<i32>();
        let is_repeated = |row: usize| {
            row > 0
                && hashes.value(row) == hashes.value(row - 1)
                && keys.value(row) == keys.value(row - 1)
                && deliveries.value(row) == deliveries.value(row - 1)
        };
        let mut n_repeated: BTreeMap<String, i64> = BTreeMap::new();
        let repeated: Vec<usize> = (0..all.num_rows()).filter(|row| is_repeated(*row)).collect();
        if repeated.is_empty() {
            return (Self(all), n_repeated);
        }
        let mut kept = vec![true; all.num_rows()];
        for row in repeated {
            kept[row] = false;
            *n_repeated.entry(deliveries.value(row).to_owned()).or_default() += 1;
        }
        (Self(filter(&all, &BooleanArray::from(kept))), n_repeated)
    }

    /// Cuts the observations into parts of about so many, each of whole dossiers.
    pub fn cut(&self, n_rows: usize) -> Vec<Self> {
        let keys = self.0.column(KEY).as_string::<i32>();
        let (mut parts, mut first) = (Vec::new(), 0);
        while first < self.len() {
            let mut end = (first + n_rows).min(self.len());
            while end < self.len() && keys.value(end) == keys.value(end - 1) {
                end += 1;
            }
            parts.push(Self(self.0.slice(first, end - first)));
            first = end;
        }
        parts
    }

    /// Returns the key of the first dossier.
    ///
    /// # Panics
    ///
    /// Where there is none.
    pub fn first_key(&self) -> &str {
        self.0.column(KEY).as_string::<i32>().value(0)
    }

    pub(super) fn last_key(&self) -> &str {
        self.0.column(KEY).as_string::<i32>().value(self.len() - 1)
    }

    /// Counts the observations of dossiers before a key.
    pub fn n_before(&self, key: &str) -> usize {
        partition_point(self.0.column(KEY).as_string::<i32>(), |candidate| candidate < key)
    }

    /// Splits off the observations of dossiers before a key.
    pub fn split_before(&self, key: &str) -> (Self, Self) {
        self.split_at(|candidate| candidate < key)
    }

    /// Splits off the observations of dossiers up to a key, included.
    pub(super) fn split_through(&self, key: &str) -> (Self, Self) {
        self.split_at(|candidate| candidate <= key)
    }

    fn split_at(&self, is_before: impl Fn(&str) -> bool) -> (Self, Self) {
        let at = partition_point(self.0.column(KEY).as_string::<i32>(), is_before);
        (Self(self.0.slice(0, at)), Self(self.0.slice(at, self.len() - at)))
    }

    /// Leaves out the columns without any value.
    pub fn compact(&self) -> RecordBatch {
        compact(&self.0)
    }

    /// Puts back the columns that [`Self::compact`] left out.
    pub fn from_compact(batch: &RecordBatch) -> Self {
        Self(widened(batch, &Observations::schema()))
    }

    /// Takes the observations back out of `history`, but for those of some deliveries.
    pub(super) fn from_history(dossiers: &Dossiers, without: &BTreeSet<String>) -> Self {
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
            // Of one cell already.
            Arc::new(Int64Array::from_value(0, n)),
        ];
        let [facts @ .., supplied, values] = facts.columns() else {
            unreachable!("history ends with what is supplied, and the values");
        };
        columns.extend(facts.iter().map(|fact| fact.slice(first, n)));
        columns.push(Arc::new(masks(supplied.slice(first, n).as_string())));
        let values = values.as_struct().slice(first, n);
        columns.extend(only::with_rows(dossiers, history, &values));
        let all = RecordBatch::try_new(Observations::schema(), columns)
            .expect("history holds whole observations");
        let deliveries = all.column(DELIVERY).as_string::<i32>();
        let gone = those_in(deliveries, without);
        if !gone.contains(&true) {
            return Self(all);
        }
        let kept: BooleanArray = gone.into_iter().map(|is_gone| Some(!is_gone)).collect();
        Self(filter(&all, &kept))
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
}

/// The order of the fold over the rows of a batch.
struct Order<'a> {
    keys: &'a StringArray,
    /// Of each key 16 bytes, from where not all are the same: they decide most comparisons.
    heads: Vec<u128>,
    times: [&'a TimestampMicrosecondArray; 2],
    period_ends: &'a Date32Array,
    statuses: [&'a StringArray; 2],
    hashes: &'a Int64Array,
    deliveries: &'a StringArray,
}

impl<'a> Order<'a> {
    fn new(all: &'a RecordBatch) -> Self {
        let statuses = |column: &str| all.column(position_of(column)).as_string::<i32>();
        let keys = all.column(KEY).as_string();
        Self {
            keys,
            heads: heads(keys),
            times: [EVENT_TIME, OBSERVED_AT].map(|at| all.column(at).as_primitive()),
            period_ends: all.column(PERIOD_END).as_primitive(),
            statuses: ["status", "portal_status"].map(statuses),
            hashes: all.column(HASH).as_primitive(),
            deliveries: all.column(DELIVERY).as_string(),
        }
    }

    /// Compares two rows; nulls come first.
    fn of(&self, a: u32, b: u32) -> Ordering {
        let (a, b) = (a as usize, b as usize);
        let heads = self.heads[a].cmp(&self.heads[b]);
        let keys = heads.then_with(|| self.keys.value(a).cmp(self.keys.value(b)));
        keys.then_with(|| self.of_one_dossier(a, b))
    }

    fn of_one_dossier(&self, a: usize, b: usize) -> Ordering {
        let time = |times: &TimestampMicrosecondArray, row: usize| {
            times.is_valid(row).then(|| times.value(row))
        };
        let end = |row: usize| self.period_ends.is_valid(row).then(|| self.period_ends.value(row));
        let by_times = self.times.iter().map(|times| time(times, a).cmp(&time(times, b)));
        by_times
            .fold(Ordering::Equal, Ordering::then)
            .then_with(|| end(a).cmp(&end(b)))
            .then_with(|| self.rank(a).cmp(&self.rank(b)))
            .then_with(|| self.deliveries.value(a).cmp(self.deliveries.value(b)))
            .then_with(|| self.hashes.value(a).cmp(&self.hashes.value(b)))
    }

    fn rank(&self, row: usize) -> Option<i8> {
        let told = self.statuses.iter().find(|statuses| statuses.is_valid(row))?;
        status_rank(told.value(row))
    }
}

/// Returns 16 bytes of each text, big end first, from the first byte in which two of them differ.
fn heads(texts: &StringArray) -> Vec<u128> {
    let bytes = |row: usize| texts.value(row).as_bytes();
    let first = if texts.is_empty() { &[][..] } else { bytes(0) };
    let mut n_same = first.len();
    for row in 0..texts.len() {
        let text = bytes(row);
        if !text.starts_with(&first[..n_same]) {
            n_same = first.iter().zip(text).take_while(|(a, b)| a == b).count();
        }
    }
    let head = |row: usize| {
        let mut head = [0; 16];
        let rest = &bytes(row)[n_same..];
        let n = rest.len().min(head.len());
        head[..n].copy_from_slice(&rest[..n]);
        u128::from_be_bytes(head)
    };
    (0..texts.len()).map(head).collect()
}

/// Returns for each observation a bit for each column that it supplies, by their names.
fn masks(names: &StringArray) -> Int64Array {
    let mut known: BTreeMap<&str, i64> = BTreeMap::new();
    let mut last: (&str, i64) = ("", 0);
    let mask_of = |names: &str| {
        let bits = names.split(' ').filter_map(columns::supplied_index);
        bits.fold(0, |mask, at| mask | 1 << at)
    };
    let each = names.iter().map(Option::unwrap_or_default);
    each.map(|names| {
        if names != last.0 {
            last = (names, *known.entry(names).or_insert_with(|| mask_of(names)));
        }
        last.1
    })
    .collect()
}

/// Tells of each dossier whether its `history` has an observation of some deliveries.
pub(super) fn have_any_of(dossiers: &Dossiers, deliveries: &BTreeSet<String>) -> Vec<bool> {
    let batch = dossiers.batch();
    let history: &ListArray = batch.column(batch.num_columns() - 1).as_list();
    let told = those_in(history.values().as_struct().column(0).as_string(), deliveries);
    let ranges = history.value_offsets().windows(2);
    ranges.map(|range| told[range[0] as usize..range[1] as usize].contains(&true)).collect()
}

/// Tells of each text whether it is one of a set. Those of one delivery mostly lie together.
fn those_in(texts: &StringArray, set: &BTreeSet<String>) -> Vec<bool> {
    if set.is_empty() {
        return vec![false; texts.len()];
    }
    let mut last = (None, false);
    let is_in = |text| {
        if last.0 != text {
            last = (text, text.is_some_and(|text| set.contains(text)));
        }
        last.1
    };
    texts.iter().map(is_in).collect()
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
pub(super) fn partition_point(sorted: &StringArray, holds: impl Fn(&str) -> bool) -> usize {
    let (mut low, mut high) = (0, sorted.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(sorted.value(middle)) { low = middle + 1 } else { high = middle }
    }
    low
}
