//! Judged deliveries folded into the cells of `dossiers`, each cell checked for conservation and
//! committed.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;
use rayon::prelude::*;

use crate::dossiers::{Arranged, CellUpdate, Dossiers, merge};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::{Cell, Table};
use crate::store::Store;
use crate::store::commit::CellChange;
use crate::store::intents::Intent;
use crate::store::parquet::{DataFile, FileName};
use crate::store::table::Snapshot;

use super::conservation;
use super::judge::Judged;
use super::ledger::Ledger;
use super::stop::Failure;

/// A batch's changes to the dossiers table, ready to be folded into any snapshot of it.
pub(super) struct Folding<'a> {
    judged: &'a [Judged],
    /// Deliveries whose observations do not stand: replaced, or judged again.
    without: BTreeSet<String>,
    /// Deliveries judged in this batch that no later one replaces.
    standing: BTreeSet<String>,
    touched: BTreeSet<Cell>,
    new: BTreeMap<Cell, Vec<&'a Arranged>>,
    pipeline: &'a Pipeline,
    store: &'a Store,
}

/// A folded cell: the change, and how many observations of each delivery its new file holds.
type Folded = (CellChange, BTreeMap<String, i64>);

impl<'a> Folding<'a> {
    pub(super) fn new(
        judged: &'a [Judged],
        ledger: &Ledger,
        left_over: &[(String, Intent)],
        pipeline: &'a Pipeline,
        store: &'a Store,
    ) -> Self {
        let mut folding = Self {
            judged,
            without: BTreeSet::new(),
            standing: BTreeSet::new(),
            touched: BTreeSet::new(),
            new: BTreeMap::new(),
            pipeline,
            store,
        };
        for Judged { judgement, observations, cells_before, .. } in judged {
            folding.without.insert(judgement.delivery());
            folding.touched.extend(judgement.cells.iter().chain(cells_before).cloned());
            // A run that was killed may have folded another judgement of it into other cells.
            let left = left_over.iter().filter_map(|(_, i)| i.cells.get(&judgement.delivery()));
            folding.touched.extend(left.flatten().filter_map(|cell| cell.parse::<Cell>().ok()));
            if !judgement.is_accepted() {
                continue;
            }
            for replaced in ledger.replaces(judgement) {
                folding.without.insert(replaced.delivery());
                folding.touched.extend(replaced.cells.iter().cloned());
            }
            if ledger.replaced_by(judgement).is_none() {
                folding.standing.insert(judgement.delivery());
                for (cell, part) in observations {
                    folding.new.entry(cell.clone()).or_default().push(part);
                }
            }
        }
        folding
    }

    /// Whether another ledger comes to the same: nothing else is replaced by now.
    pub(super) fn is_settled(&self, newer: &Self) -> bool {
        (&self.without, &self.standing) == (&newer.without, &newer.standing)
    }

    /// Folds the touched cells and commits them; returns how many were rewritten.
    pub(super) fn commit(&self) -> anyhow::Result<usize> {
        let base = self.store.snapshot(Table::Dossiers)?;
        let touched: Vec<&Cell> = self.touched.iter().collect();
        let folded: Result<Vec<Folded>, Failure> =
            touched.par_iter().map(|cell| self.fold(&base, cell)).collect();
        let folded = folded?;
        self.check_conservation(&folded)?;
        let changes: Vec<CellChange> = folded.into_iter().map(|(change, _)| change).collect();
        let n_rewritten = changes.iter().filter(|change| change.old != change.new).count();
        let mut refold = |snapshot: &Snapshot, cell: &Cell| Ok(self.fold(snapshot, cell)?.0);
        self.store.commit_cells::<Failure>(Table::Dossiers, base, changes, &mut refold)?;
        Ok(n_rewritten)
    }

    fn fold(&self, snapshot: &Snapshot, cell: &Cell) -> Result<Folded, Failure> {
        let parts = self.new.get(cell).map_or(&[][..], Vec::as_slice);
        let parts: Vec<Arranged> = parts.iter().map(|part| (*part).clone()).collect();
        let new = Arranged::together(&parts);
        fold_cell(
            snapshot,
            CellUpdate { cell, new, without: &self.without },
            self.pipeline,
            self.store,
        )
    }

    /// Holds what lies in the folded cells against what was read, delivery by delivery.
    fn check_conservation(&self, folded: &[Folded]) -> anyhow::Result<()> {
        let mut folded_in: BTreeMap<&str, i64> = BTreeMap::new();
        for (delivery, n) in folded.iter().flat_map(|(_, counts)| counts) {
            *folded_in.entry(delivery).or_default() += n;
        }
        for Judged { judgement, rejects, .. } in self.judged {
            let is_standing = self.standing.contains(&judgement.delivery());
            let n_expected = if is_standing { judgement.fates.accepted } else { 0 };
            let n_folded = folded_in.get(&*judgement.delivery()).copied().unwrap_or(0);
            let n_rejected: usize = rejects.iter().map(RecordBatch::num_rows).sum();
            conservation::check_folded(judgement, n_expected, n_folded, n_rejected as i64)?;
        }
        Ok(())
    }
}

/// Folds one cell from its live file and writes the file that takes its place.
fn fold_cell(
    snapshot: &Snapshot,
    update: CellUpdate<'_>,
    pipeline: &Pipeline,
    store: &Store,
) -> Result<Folded, Failure> {
    let cell = update.cell;
    let old = snapshot.cells()?.remove(cell);
    let existing: Box<dyn Iterator<Item = Result<Dossiers, Failure>>> = match &old {
        Some(file) => {
            let batches = store.read(Table::Dossiers, file, None)?;
            Box::new(batches.map(|batch| Ok(Dossiers::new(batch?))))
        }
        None => Box::new(std::iter::empty()),
    };
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    let mut n_rows = 0;
    let rows = merge(existing, update, pipeline).map(|dossiers| {
        let dossiers = dossiers?;
        n_rows += dossiers.batch().num_rows();
        for (delivery, n) in dossiers.observations_by_delivery() {
            *counts.entry(delivery).or_default() += n;
        }
        Ok::<_, Failure>(dossiers.into_batch())
    });
    let prefix = reference_prefix(pipeline);
    let written: DataFile =
        store.write(Table::Dossiers, Some(cell), FileName::Prefixed(&prefix), rows)?;
    let new = (n_rows > 0).then_some(written);
    Ok((CellChange { cell: cell.clone(), old, new }, counts))
}

/// Folds the cells again whose derived columns come from other reference data.
pub(super) fn refold_stale(
    ledger: &Ledger,
    pipeline: &Pipeline,
    store: &Store,
) -> anyhow::Result<usize> {
    let base = store.snapshot(Table::Dossiers)?;
    let prefix = reference_prefix(pipeline);
    let is_stale = |file: &DataFile| {
        !file.path.rsplit('/').next().is_some_and(|name| name.starts_with(&prefix))
    };
    let cells = base.cells()?;
    let touched = cells.into_iter().filter(|(_, file)| is_stale(file)).map(|(cell, _)| cell);
    let mut folding = Folding::new(&[], ledger, &[], pipeline, store);
    folding.touched = touched.collect();
    if folding.touched.is_empty() { Ok(0) } else { folding.commit() }
}

/// A dossiers file is named by the reference data that its derived columns come from.
fn reference_prefix(pipeline: &Pipeline) -> String {
    format!("{}-", pipeline.reference.hash)
}
