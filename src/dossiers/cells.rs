//! Observations split over the cells they belong to.

use std::collections::BTreeMap;

use arrow::array::UInt32Array;
use arrow::array::cast::AsArray as _;
use arrow::datatypes::Int32Type;

use crate::normalise::Observations;
use crate::pipeline::tables::Cell;

use super::rows::taken;

/// Splits a batch by cell; the rows of each keep their order.
pub fn split(observations: &Observations) -> BTreeMap<Cell, Observations> {
    let batch = observations.batch();
    let months = batch.column(1).as_string::<i32>();
    let buckets = batch.column(2).as_primitive::<Int32Type>();
    let mut rows: BTreeMap<(&str, i32), Vec<u32>> = BTreeMap::new();
    let cell = |row: usize| (months.value(row), buckets.value(row));
    let mut first = 0;
    while first < batch.num_rows() {
        // Rows of one cell mostly follow one another.
        let of_first = cell(first);
        let next = (first..batch.num_rows()).find(|row| cell(*row) != of_first);
        let end = next.unwrap_or(batch.num_rows());
        rows.entry(of_first).or_default().extend(first as u32..end as u32);
        first = end;
    }
    let take = |rows: Vec<u32>| {
        let is_whole = rows.len() == batch.num_rows();
        let taken = || taken(batch, &UInt32Array::from(rows));
        Observations::new(if is_whole { batch.clone() } else { taken() })
    };
    rows.into_iter()
        .map(|((month, bucket), rows)| (Cell { month: month.to_owned(), bucket }, take(rows)))
        .collect()
}
