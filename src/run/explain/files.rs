//! How many of the dossiers that a figure counts come from each delivery.

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use chrono::NaiveDate;
use rayon::prelude::*;

use crate::measures::rows::{counted, needed_columns};
use crate::pipeline::definitions::Measure;
use crate::pipeline::tables::Table;
use crate::store::Store;
use crate::store::parquet::DataFile;
use crate::store::table::Snapshot;

use super::Sums;

/// Counts the dossiers of numerator and denominator by delivery. A dossier counts under its last
/// observation, so that the counts add up to the figure.
pub(super) fn by_delivery(
    measures: [Option<&Measure>; 2],
    days: (NaiveDate, NaiveDate),
    unit: Option<&str>,
    dossiers: &Snapshot,
    store: &Store,
) -> anyhow::Result<[Option<Sums>; 2]> {
    let mut sums = measures.map(|measure| measure.map(|_| Sums::new()));
    if measures.iter().all(Option::is_none) {
        return Ok(sums);
    }
    let count = |file: &DataFile| {
        let is_counted = rows_of(file, measures, days, unit, store)?;
        last_deliveries(file, &is_counted, store)
    };
    let cells: anyhow::Result<Vec<_>> = dossiers.files.par_iter().map(count).collect();
    for cell in cells? {
        for (sums, counts) in sums.iter_mut().zip(cell) {
            let Some(sums) = sums else { continue };
            for (delivery, n_dossiers) in counts {
                *sums.entry(delivery).or_default() += n_dossiers;
            }
        }
    }
    Ok(sums)
}

/// Tells for each dossier of a file whether numerator and denominator count it.
fn rows_of(
    file: &DataFile,
    measures: [Option<&Measure>; 2],
    days: (NaiveDate, NaiveDate),
    unit: Option<&str>,
    store: &Store,
) -> anyhow::Result<[Vec<bool>; 2]> {
    let mut columns: Vec<&str> =
        measures.into_iter().flatten().flat_map(needed_columns).chain(["unit_code"]).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut is_counted = [Vec::new(), Vec::new()];
    for batch in store.read(Table::Dossiers, file, Some(&columns))? {
        let batch = batch?;
        let units = batch.column_by_name("unit_code").expect("it was asked for").as_string::<i32>();
        for (is_counted, measure) in is_counted.iter_mut().zip(measures) {
            let Some(measure) = measure else { continue };
            let flags = counted(measure, days, &batch)?;
            let is_ours = |row: usize| unit.is_none_or(|unit| units.value(row) == unit);
            is_counted.extend(flags.iter().enumerate().map(|(row, flag)| *flag && is_ours(row)));
        }
    }
    Ok(is_counted)
}

/// Counts the dossiers of a file by the delivery that each was last told of in.
fn last_deliveries(
    file: &DataFile,
    is_counted: &[Vec<bool>; 2],
    store: &Store,
) -> anyhow::Result<[Sums; 2]> {
    let mut sums = [Sums::new(), Sums::new()];
    // Few cells hold what one period counts, and `history` is the largest column.
    if !is_counted.iter().flatten().any(|is_counted| *is_counted) {
        return Ok(sums);
    }
    let mut n_before = 0;
    for batch in store.read(Table::Dossiers, file, Some(&["history"]))? {
        let batch = batch?;
        let history = batch.column(0).as_list::<i32>();
        let observations = history.values().as_struct();
        let deliveries = observations.column(0).as_string::<i32>();
        for (row, end) in history.value_offsets().iter().skip(1).enumerate() {
            let last = usize::try_from(*end).expect("offsets ascend from 0").checked_sub(1);
            let last = last.filter(|_| history.is_valid(row) && history.value_length(row) > 0);
            for (sums, is_counted) in sums.iter_mut().zip(is_counted) {
                if is_counted.get(n_before + row) == Some(&true) {
                    let delivery = last.map(|last| deliveries.value(last).to_owned());
                    *sums.entry(delivery).or_default() += 1;
                }
            }
        }
        n_before += batch.num_rows();
    }
    Ok(sums)
}
