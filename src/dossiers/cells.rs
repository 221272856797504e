//! Observations split over the cells they belong to.

use std::collections::BTreeMap;

use arrow::array::UInt32Array;
use arrow::array::cast::AsArray as _;
use arrow::compute::take_record_batch;
use arrow::datatypes::Int32Type;

use crate::normalise::Observations;
use crate::pipeline::tables::Cell;

/// Splits a batch by cell; the rows of each keep their order.
pub fn split(observations: &Observations) -> BTreeMap<Cell, Observations> {
    let batch = observations.batch();
    let months = batch.column(1).as_string::<i32>();
    let buckets = batch.column(2).as_primitive::<Int32Type>();
    let mut rows: BTreeMap<(&str, i32), Vec<u32>> = BTreeMap::new();
    for row in 0..batch.num_rows() {
        let cell = (months.value(row), buckets.value(row));
        rows.entry(cell).or_default().push(row as u32);
    }
    let take = |rows: Vec<u32>| {
        let taken = take_record_batch(batch, &UInt32Array::from(rows));
        Observations::new(taken.expect("the rows are the batch's own"))
    };
    rows.into_iter()
        .map(|((month, bucket), rows)| (Cell { month: month.to_owned(), bucket }, take(rows)))
        .collect()
}
