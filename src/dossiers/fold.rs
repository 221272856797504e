//! Arranged observations to rows: each column from the latest observation that supplies it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{
    ArrayRef, BooleanBuilder, ListArray, RecordBatch, StringArray, StringBuilder, StructArray,
    UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Int64Type};

use crate::normalise::{N_FACTS, names_of, nulls, position_of};
use crate::pipeline::columns::FeedKind;
use crate::pipeline::tables::{Table, history_field};
use crate::pipeline::{Pipeline, columns};

use super::arrange::Arranged;
use super::derive::derive;
use super::marks::Marker;
use super::pauses::Pauses;
use super::rows::take;
use super::{Dossiers, arrange, items, only};

const NUMBER: usize = columns::position("dossier_number");

/// Folds the observations of whole dossiers into their rows.
pub(super) fn fold(observations: &Arranged, pipeline: &Pipeline) -> Dossiers {
    let batch = observations.batch();
    let groups = groups(batch);
    let supplied = supplied_masks(batch);
    let mut values = latest_supplied(batch, &groups, &supplied);
    let told = values.clone();
    let payments = items::fold(batch, &groups, &supplied, &mut values);
    let first_due = earliest_due(batch, &groups);
    let mut pauses = Pauses::gather(batch, &groups, pipeline);
    let derived = derive(&mut values, &first_due, &mut pauses, &pipeline.reference);
    let pauses = pauses.column(derived_column(&derived, "overdue_from"));
    let enterprise_check = derived_column(&derived, "enterprise_check");
    let marker = Marker { batch, supplied: &supplied, values: &values, enterprise_check, pipeline };
    let marks = marker.marks(&groups);

    let said = only::in_history(&groups, &told, &values);
    let mut columns = vec![first_of(batch.column(arrange::KEY), &groups)];
    columns.extend(values);
    columns.extend(derived);
    let (has_dossier, feeds) = feeds(batch, &groups);
    let history = history(batch, &groups, &supplied, said);
    columns.extend([has_dossier, feeds, marks, payments, pauses, history]);
    let rows = RecordBatch::try_new(Table::Dossiers.schema(), columns);
    Dossiers::new(rows.expect("each column has one value a dossier"))
}

/// Returns where each dossier's observations begin, and the end of the last.
fn groups(batch: &RecordBatch) -> Vec<usize> {
    let keys = batch.column(arrange::KEY).as_string::<i32>();
    let is_first = |row: &usize| *row == 0 || keys.value(*row) != keys.value(*row - 1);
    let mut groups: Vec<usize> = (0..batch.num_rows()).filter(is_first).collect();
    groups.push(batch.num_rows());
    groups
}

/// Takes each supplied column from the latest observation that supplies it; a number that no unit
/// tells, from the latest that another feed does.
fn latest_supplied(batch: &RecordBatch, groups: &[usize], supplied: &[u64]) -> Vec<ArrayRef> {
    let n_dossiers = groups.len() - 1;
    let column = |at: usize| batch.column(N_FACTS + at);
    let uniform = supplied.first().filter(|first| supplied.iter().all(|mask| mask == *first));
    if let Some(mask) = uniform {
        // Every observation supplies the same columns: the last of each dossier has them all.
        let last = groups[1..].iter().map(|end| *end as u32 - 1);
        let last = UInt32Array::from_iter_values(last);
        let is_each = n_dossiers == batch.num_rows();
        let of = |at: usize| match mask >> at & 1 == 1 || at == NUMBER {
            true if is_each => Arc::clone(column(at)),
            true => take(column(at), &last),
            false => nulls(column(at).data_type(), n_dossiers),
        };
        return (0..columns::SUPPLIED.len()).map(of).collect();
    }
    let latest = latest_rows(groups, supplied);
    let latest = latest.into_iter().map(UInt32Array::from).enumerate();
    latest.map(|(at, rows)| take(column(at), &rows)).collect()
}

/// Returns for each column and dossier the row of the latest observation that supplies it.
fn latest_rows(groups: &[usize], supplied: &[u64]) -> Vec<Vec<Option<u32>>> {
    let mut latest: Vec<Vec<Option<u32>>> =
        columns::SUPPLIED.iter().map(|_| vec![None; groups.len() - 1]).collect();
    for (dossier, group) in groups.windows(2).enumerate() {
        let mut missing = u64::MAX;
        for row in (group[0]..group[1]).rev() {
            let mut found = supplied[row] & missing;
            missing &= !found;
            while found != 0 {
                latest[found.trailing_zeros() as usize][dossier] = Some(row as u32);
                found &= found - 1;
            }
        }
        let told = &mut latest[NUMBER][dossier];
        *told = told.or(Some(group[1] as u32 - 1));
    }
    latest
}

/// Returns for each observation a bit for each column that it supplies.
fn supplied_masks(batch: &RecordBatch) -> Vec<u64> {
    let masks = batch.column(arrange::SUPPLIED).as_primitive::<Int64Type>();
    masks.values().iter().map(|mask| mask.cast_unsigned()).collect()
}

/// Names the columns that each observation supplies, joined by spaces.
fn supplied_names(supplied: &[u64]) -> StringArray {
    let mut known: BTreeMap<u64, String> = BTreeMap::new();
    let n_bytes = supplied.first().map_or(0, |first| names_of(*first).len() * supplied.len());
    let mut told = StringBuilder::with_capacity(supplied.len(), n_bytes);
    for same in supplied.chunk_by(|a, b| a == b) {
        let names = known.entry(same[0]).or_insert_with(|| names_of(same[0]));
        same.iter().for_each(|_| told.append_value(&*names));
    }
    told.finish()
}

/// Returns the row of each dossier's first observation that tells a due day.
fn earliest_due(batch: &RecordBatch, groups: &[usize]) -> ArrayRef {
    let due = batch.column(position_of("due_on"));
    let first =
        |group: &[usize]| (group[0]..group[1]).find(|row| due.is_valid(*row)).map(|row| row as u32);
    take(due, &groups.windows(2).map(first).collect())
}

fn first_of(column: &ArrayRef, groups: &[usize]) -> ArrayRef {
    let rows = groups[..groups.len() - 1].iter().map(|row| *row as u32);
    take(column, &UInt32Array::from_iter_values(rows))
}

fn derived_column<'a>(derived: &'a [ArrayRef], name: &str) -> &'a ArrayRef {
    let at = columns::DERIVED.iter().position(|column| column.name == name);
    &derived[at.expect("a derived column")]
}

/// Tells of each dossier whether a unit's own log does, and names the feeds that tell of it, joined
/// by spaces.
fn feeds(batch: &RecordBatch, groups: &[usize]) -> (ArrayRef, ArrayRef) {
    let feeds = batch.column(arrange::FEED).as_string::<i32>();
    let own = FeedKind::Dossier.name();
    let mut has_dossier = BooleanBuilder::with_capacity(groups.len() - 1);
    let mut joined = StringBuilder::with_capacity(groups.len() - 1, 0);
    for group in groups.windows(2) {
        let mut rows = group[0]..group[1];
        let first = feeds.value(group[0]);
        if rows.clone().all(|row| feeds.value(row) == first) {
            has_dossier.append_value(first == own);
            joined.append_value(first);
            continue;
        }
        has_dossier.append_value(rows.any(|row| feeds.value(row) == own));
        let names: BTreeSet<&str> = (group[0]..group[1]).map(|row| feeds.value(row)).collect();
        joined.append_value(names.into_iter().collect::<Vec<_>>().join(" "));
    }
    (Arc::new(has_dossier.finish()), Arc::new(joined.finish()))
}

/// Makes `history`: every observation in the order of the fold, with its values where they are to be
/// said.
fn history(batch: &RecordBatch, groups: &[usize], supplied: &[u64], said: NullBuffer) -> ArrayRef {
    let field = history_field();
    let DataType::List(item) = field.data_type() else { unreachable!("history is a list") };
    let DataType::Struct(fields) = item.data_type() else { unreachable!("of observations") };
    let (facts, values) =
        batch.columns()[arrange::DELIVERY..].split_at(arrange::SUPPLIED - arrange::DELIVERY);
    let value_fields = columns::fields(columns::SUPPLIED).into();
    let values = StructArray::new(value_fields, values[1..].to_vec(), Some(said));
    let mut columns = facts.to_vec();
    columns.push(Arc::new(supplied_names(supplied)));
    columns.push(Arc::new(values));
    let observations = StructArray::new(fields.clone(), columns, None);
    let lengths = groups.windows(2).map(|group| group[1] - group[0]);
    let offsets = OffsetBuffer::from_lengths(lengths);
    Arc::new(ListArray::new(Arc::clone(item), offsets, Arc::new(observations), None))
}
