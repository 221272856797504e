//! A dossier's only observation lives in its row: `history` does not say its values again, where the
//! row gives every one of them back.

use std::sync::Arc;

use arrow::array::cast::AsArray as _;
use arrow::array::{
    Array as _, ArrayRef, BooleanArray, BooleanBufferBuilder, ListArray, Scalar, StringArray,
    StructArray, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::kernels::cmp::{eq, not_distinct};
use arrow::compute::{interleave, nullif};

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
            return new_null_array(said.data_type(), said.len());
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use arrow::array::RecordBatch;

    use crate::decode::decode;
    use crate::dossiers::arrange::Arranged;
    use crate::dossiers::fold::fold;
    use crate::normalise::{Fates, Judge, Origin};
    use crate::pipeline::Pipeline;

    use super::*;

    const LOG: &str = "\
Mã hồ sơ,Ngày tiếp nhận,Trạng thái,Ngày có kết quả,Hình thức nộp
G99.01-200110-0001,10/01/2020,Đang xử lý,,Trực tuyến
G99.01-200110-0002,10/01/2020,Đã xong,15/01/2020,
G99.01-200110-0003,10/01/2020,Từ chối,16/01/2020,Trực tiếp
G99.01-200110-0004,10/01/2020,Đang xử lý,,
G99.01-200110-0004,10/01/2020,Đã xong,17/01/2020,
";

    fn observations(pipeline: &Pipeline) -> Arranged {
        let feed = &pipeline.feeds[0];
        let origin = Origin {
            delivery: "G99.01/dossier/00000001".to_owned(),
            judgement: 1,
            unit: feed.unit.clone(),
            feed: feed.feed.clone(),
            observed: None,
        };
        let mut log = decode(LOG.as_bytes(), &feed.profile).unwrap();
        let mut judge = Judge::new(pipeline, feed, &origin, &log.header);
        let records = log.records.next().unwrap().unwrap();
        let (accepted, _) = judge.normalise(&records, &mut Fates::default());
        Arranged::by_cell(&[accepted]).remove(0).1
    }

    /// Leaves out the cell, which rows do not tell.
    fn told(observations: &Arranged) -> RecordBatch {
        let batch = observations.batch();
        let columns: Vec<usize> = (0..batch.num_columns()).filter(|at| *at != 1).collect();
        batch.project(&columns).unwrap()
    }

    #[test]
    fn an_only_observation_is_said_by_the_row_alone_and_given_back_whole() {
        let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pipelines/small");
        let pipeline = Pipeline::load(&small).unwrap();
        let observed = observations(&pipeline);
        let dossiers = fold(&observed, &pipeline);
        let batch = dossiers.batch();
        let history: &ListArray = batch.column(batch.num_columns() - 1).as_list();
        let values = history.values().as_struct().column_by_name("values").unwrap().clone();
        let said: Vec<bool> = (0..5).map(|at| values.is_valid(at)).collect();
        assert_eq!(said, [false, false, false, true, true]);
        let nothing = BTreeSet::new();
        assert_eq!(told(&Arranged::from_history(&dossiers, &nothing)), told(&observed));
        // The same where every observation is the only one.
        let (lone, _) = observed.split_before("G99.01-200110-0004");
        let given_back = Arranged::from_history(&fold(&lone, &pipeline), &nothing);
        assert_eq!(told(&given_back), told(&lone));
    }
}
