//! How many of the dossiers that a figure counts come from each delivery.

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use chrono::NaiveDate;
use rayon::prelude::*;

use crate::measures::rows::{counted, needed_columns};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::store::Store;
use crate::store::parquet::DataFile;
use crate::store::table::Snapshot;

use super::Sums;
use super::sides::Term;

/// The measures of dossiers that add up to numerator and denominator.
pub(super) struct InFigure<'a> {
    pub(super) counted: [Option<Vec<&'a Term>>; 2],
    pub(super) days: (NaiveDate, NaiveDate),
    pub(super) unit: Option<&'a str>,
    pub(super) pipeline: &'a Pipeline,
}

/// How often each dossier of a file is in numerator and denominator.
type Weights = [Vec<i64>; 2];

impl InFigure<'_> {
    /// Counts the dossiers of numerator and denominator by delivery. A dossier counts under its last
    /// observation, so that the counts add up to the figure.
    pub(super) fn by_delivery(
        &self,
        dossiers: &Snapshot,
        store: &Store,
    ) -> anyhow::Result<[Option<Sums>; 2]> {
        let mut sums = self.counted.each_ref().map(|side| side.as_ref().map(|_| Sums::new()));
        if sums.iter().all(Option::is_none) {
            return Ok(sums);
        }
        let count = |file: &DataFile| last_deliveries(file, &self.weights(file, store)?, store);
        let cells: anyhow::Result<Vec<_>> = dossiers.files.par_iter().map(count).collect();
        for cell in cells? {
            for (sums, counts) in sums.iter_mut().zip(cell) {
                let Some(sums) = sums else { continue };
                for (delivery, n_dossiers) in counts {
                    *sums.entry(delivery).or_default() += n_dossiers;
                }
            }
        }
        for sums in sums.iter_mut().flatten() {
            sums.retain(|_, n_dossiers| *n_dossiers != 0);
        }
        Ok(sums)
    }

    /// Tells for each dossier of a file how often numerator and denominator count it.
    fn weights(&self, file: &DataFile, store: &Store) -> anyhow::Result<Weights> {
        let measures = self.counted.iter().flatten().flatten().map(|term| &term.measure);
        let mut columns: Vec<&str> =
            measures.flat_map(needed_columns).chain(["unit_code"]).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut weights = [Vec::new(), Vec::new()];
        for batch in store.read(Table::Dossiers, file, Some(&columns))? {
            let batch = batch?;
            let units =
                batch.column_by_name("unit_code").expect("it was asked for").as_string::<i32>();
            for (weights, side) in weights.iter_mut().zip(&self.counted) {
                let mut own = vec![0; batch.num_rows()];
                for term in side.iter().flatten() {
                    let rows = counted(&term.measure, term.days(self.days), &batch)?;
                    for (row, is_counted) in rows.iter().enumerate() {
                        if *is_counted && self.is_ours(units.value(row)) {
                            own[row] += term.sign;
                        }
                    }
                }
                weights.extend(own);
            }
        }
        Ok(weights)
    }

    fn is_ours(&self, unit: &str) -> bool {
        let units = &self.pipeline.reference.units;
        self.unit.is_none_or(|whole| units.wholes(unit).any(|of| of == whole))
    }
}

/// Counts the dossiers of a file by the delivery that each was last told of in.
fn last_deliveries(file: &DataFile, weights: &Weights, store: &Store) -> anyhow::Result<[Sums; 2]> {
    let mut sums = [Sums::new(), Sums::new()];
    // Few cells hold what one period counts, and `history` is the largest column.
    if weights.iter().flatten().all(|weight| *weight == 0) {
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
            for (sums, weights) in sums.iter_mut().zip(weights) {
                let Some(weight) = weights.get(n_before + row).filter(|weight| **weight != 0)
                else {
                    continue;
                };
                let delivery = last.map(|last| deliveries.value(last).to_owned());
                *sums.entry(delivery).or_default() += weight;
            }
        }
        n_before += batch.num_rows();
    }
    Ok(sums)
}
