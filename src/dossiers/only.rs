//! A dossier's only observation lives in its row: `history` does not say its values again, where the
//! row gives every one of them back.

use std::sync::Arc;

use arrow::array::cast::AsArray as _;
use arrow::array::{
    Array as _, ArrayRef, BooleanArray, BooleanBufferBuilder, ListArray, Scalar, StringArray,
    StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::kernels::cmp::{eq, not_distinct};
use arrow::compute::{interleave, nullif};

use crate::normalise::nulls;
use crate::pipeline::columns::{SUPPLIED, position};

use super::Dossiers;

const STATUS: usize = position("status");
const ENDED_ON: usize = position("ended_on");
const SETTLED: [usize; 2] = [position("channel"), position("applicant_kind")];

/// Tells of which observations `history` is to say the values: of all but those that are alone and
/// that the row gives back. `told` are the columns as observed, `rows` as the row has them.
pub(super) fn in_history(groups: &[usize], told: &[ArrayRef], rows: &[ArrayRef]) -> NullBuffer {
    let given_back = observed(rows);
    let differing = told.iter().zip(&given_back).filter(|(told, back)| !Arc::ptr_eq(told, back));
    let same: Vec<BooleanArray> = differing
        .map(|(told, back)| not_distinct(told, back).expect("both are the column's values"))
        .collect();
    let mut said = BooleanBufferBuilder::new(groups.last().copied().unwrap_or_default());
    for (row, group) in groups.windows(2).enumerate() {
        let n = group[1] - group[0];
        said.append_n(n, n > 1 || !same.iter().all(|same| same.value(row)));
    }
    NullBuffer::new(said.finish())
}

/// Puts the values of observations that live in the row alone among those that `history` says.
/// `values` are those of each observation, `history` the lists that they come from.
pub(super) fn with_rows(
    dossiers: &Dossiers,
    history: &ListArray,
    values: &StructArray,
) -> Vec<ArrayRef> {
    if values.null_count() == 0 {
        return values.columns().to_vec();
    }
    let rows = observed(&dossiers.batch().columns()[1..=SUPPLIED.len()]);
    if values.null_count() == values.len() && values.len() == history.len() {
        return rows;
    }
    let lengths = history.value_offsets().windows(2).map(|range| (range[1] - range[0]) as usize);
    let row_of = lengths.enumerate().flat_map(|(row, n)| std::iter::repeat_n(row, n));
    let places = row_of.enumerate().map(|(at, row)| match values.is_null(at) {
        true => (1, row),
        false => (0, at),
    });
    let places: Vec<(usize, usize)> = places.collect();
    let whole = |(said, row): (&ArrayRef, &ArrayRef)| {
        if said.null_count() == said.len() && row.null_count() == row.len() {
            return nulls(said.data_type(), said.len());
        }
        interleave(&[said, row], &places).expect("both are the column's values")
    };
    values.columns().iter().zip(&rows).map(whole).collect()
}

/// Returns what rows tell of their only observation: what was settled is taken back. A value that
/// was observed as the row settles others is not given back.
fn observed(rows: &[ArrayRef]) -> Vec<ArrayRef> {
    let is = |column: &ArrayRef, text: &str| {
        let text = Scalar::new(StringArray::from_iter_values([text]));
        eq(&column.as_string::<i32>(), &text).expect("both are texts")
    };
    let without = |column: &ArrayRef, mask: &BooleanArray| match mask.has_true() {
        true => nullif(column, mask).expect("the mask has every row"),
        false => Arc::clone(column),
    };
    let mut observed = rows.to_vec();
    for at in SETTLED {
        observed[at] = without(&rows[at], &is(&rows[at], "unknown"));
    }
    observed[ENDED_ON] = without(&rows[ENDED_ON], &is(&rows[STATUS], "completed"));
    observed
}
