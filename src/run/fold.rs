//! Judged deliveries folded into the cells of `dossiers`, each cell checked for conservation and
//! committed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use rayon::prelude::*;

use crate::dossiers::{CellUpdate, Dossiers, merge};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::{Cell, Table};
use crate::store::Store;
use crate::store::commit::CellChange;
use crate::store::intents::Intent;
use crate::store::parquet::{DataFile, FileName};
use crate::store::table::Snapshot;

use super::conservation;
use super::judge::Judged;
use super::ledger::{Judgement, Ledger};
use super::spill::{Runs, Spill, Sweep};
use super::stop::Failure;

/// A batch's changes to the dossiers table, ready to be folded into any snapshot of it.
pub(super) struct Folding<'a> {
    judged: &'a [Judged],
    /// Deliveries whose observations do not stand: replaced, or judged again.
    without: BTreeSet<String>,
    /// Deliveries judged in this batch that no later one replaces.
    standing: BTreeSet<String>,
    touched: BTreeSet<Cell>,
    new: BTreeMap<Cell, Vec<&'a Runs>>,
    spill: &'a Spill,
    pipeline: &'a Pipeline,
    store: &'a Store,
}

/// A folded cell: the change, and by delivery how many observations its new file holds and how many
/// were told again.
struct Folded {
    change: CellChange,
    n_held: BTreeMap<String, i64>,
    n_repeated: BTreeMap<String, i64>,
}

/// What folding a batch came to.
#[derive(Debug)]
pub(super) struct Committed {
    pub(super) n_rewritten: usize,
    /// The judgements of the batch, in its order, with what was found to be repeated.
    pub(super) judgements: Vec<Judgement>,
    /// The version of `dossiers` that holds it.
    pub(super) version: i64,
    /// The name of the intent, to be taken away when all is entered.
    pub(super) intent: Option<String>,
}

impl<'a> Folding<'a> {
    pub(super) fn new(
        judged: &'a [Judged],
        ledger: &Ledger,
        left_over: &[(String, Intent)],
        spill: &'a Spill,
        pipeline: &'a Pipeline,
        store: &'a Store,
    ) -> Self {
        let mut folding = Self {
            judged,
            without: BTreeSet::new(),
            standing: BTreeSet::new(),
            touched: BTreeSet::new(),
            new: BTreeMap::new(),
            spill,
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
                for cell in observations.cells() {
                    folding.new.entry(cell.clone()).or_default().push(observations);
                }
            }
        }
        folding
    }

    /// Whether another ledger comes to the same: nothing else is replaced by now.
    pub(super) fn is_settled(&self, newer: &Self) -> bool {
        (&self.without, &self.standing) == (&newer.without, &newer.standing)
    }

    /// Folds the touched cells and commits them. The intent is put right before: another run takes
    /// away those that it finds when it begins.
    pub(super) fn commit(&self, intent: Option<&Intent>) -> anyhow::Result<Committed> {
        let base = self.store.snapshot(Table::Dossiers)?;
        let touched: Vec<&Cell> = self.touched.iter().collect();
        let fold = |cell: &&Cell| Ok(((*cell).clone(), self.fold(&base, cell)?));
        let folded: Result<BTreeMap<Cell, Folded>, Failure> =
            touched.par_iter().map(fold).collect();
        let mut folded = folded?;
        let mut judgements = self.judgements(&folded)?;
        let changes = folded.values().map(|folded| folded.change.clone()).collect();
        let put_intent = || {
            let put = intent.map(|intent| self.store.put_intent(intent)).transpose();
            put.context("failed to put the intent")
        };
        let name_of_intent = put_intent()?;
        // What is folded again is held against what was read again.
        let mut refold = |snapshot: &Snapshot, cell: &Cell| {
            let again = self.fold(snapshot, cell)?;
            let change = again.change.clone();
            folded.insert(cell.clone(), again);
            judgements = self.judgements(&folded)?;
            put_intent()?;
            Ok::<_, Failure>(change)
        };
        let version = self.store.commit_cells(Table::Dossiers, base, changes, &mut refold)?;
        let n_rewritten = folded.values().filter(|f| f.change.old != f.change.new).count();
        Ok(Committed { n_rewritten, judgements, version, intent: name_of_intent })
    }

    /// Folds one cell from its live file and writes the file that takes its place.
    fn fold(&self, snapshot: &Snapshot, cell: &Cell) -> Result<Folded, Failure> {
        let old = snapshot.cells()?.remove(cell);
        let existing: Box<dyn Iterator<Item = Result<Dossiers, Failure>>> = match &old {
            Some(file) => {
                let batches = self.store.read(Table::Dossiers, file, None)?;
                Box::new(batches.map(|batch| Ok(Dossiers::new(batch?))))
            }
            None => Box::new(std::iter::empty()),
        };
        let (mut n_held, mut n_repeated) = (BTreeMap::new(), BTreeMap::new());
        let runs = self.new.get(cell).into_iter().flatten().copied();
        let new = Sweep::new(self.spill, cell, runs)?.map(|part| {
            let (part, repeated) = part?.without_duplicates();
            add(&mut n_repeated, repeated);
            Ok(part)
        });
        let prefix = reference_prefix(self.pipeline);
        let is_stale = old.as_ref().is_some_and(|file| is_stale(file, &prefix));
        let update = CellUpdate { new, without: &self.without, is_stale };
        let mut n_rows = 0;
        let rows = merge(existing, update, self.pipeline).map(|dossiers| {
            let dossiers = dossiers?;
            n_rows += dossiers.batch().num_rows();
            add(&mut n_held, dossiers.observations_by_delivery());
            Ok::<_, Failure>(dossiers.into_batch())
        });
        let name = FileName::Prefixed(&prefix);
        let written: DataFile = self.store.write(Table::Dossiers, Some(cell), name, rows)?;
        let new = (n_rows > 0).then_some(written);
        Ok(Folded { change: CellChange { cell: cell.clone(), old, new }, n_held, n_repeated })
    }

    /// Holds what lies in the folded cells against what was read, delivery by delivery.
    fn judgements(&self, folded: &BTreeMap<Cell, Folded>) -> anyhow::Result<Vec<Judgement>> {
        let (mut n_held, mut n_repeated) = (BTreeMap::new(), BTreeMap::new());
        for cell in folded.values() {
            add(&mut n_held, cell.n_held.clone());
            add(&mut n_repeated, cell.n_repeated.clone());
        }
        let mut judgements = Vec::new();
        for judged in self.judged {
            let delivery = judged.judgement.delivery();
            let of = |counts: &BTreeMap<String, i64>| counts.get(&delivery).copied().unwrap_or(0);
            let is_standing = self.standing.contains(&delivery);
            let judgement = judged.settled(match is_standing {
                true => of(&n_repeated),
                false => judged.observations.count_repeated(self.spill)?,
            });
            let n_expected = if is_standing { judgement.fates.accepted } else { 0 };
            conservation::check_folded(&judgement, n_expected, of(&n_held), judged.rejects.n)?;
            judgements.push(judgement);
        }
        Ok(judgements)
    }
}

fn add(sums: &mut BTreeMap<String, i64>, counts: BTreeMap<String, i64>) {
    for (delivery, n) in counts {
        *sums.entry(delivery).or_default() += n;
    }
}

/// Takes out of cells what runs that were killed have left there of deliveries that do not stand;
/// returns how many cells that changes.
pub(super) fn take_out_left_over(
    left_over: &[(String, Intent)],
    ledger: &Ledger,
    pipeline: &Pipeline,
    store: &Store,
) -> anyhow::Result<usize> {
    let intents = || left_over.iter().map(|(_, intent)| intent);
    let without = ledger.fallen(intents());
    let cells = intents().flat_map(|intent| &intent.cells);
    let cells =
        cells.filter(|(delivery, _)| without.contains(*delivery)).flat_map(|(_, cells)| cells);
    let touched: BTreeSet<Cell> = cells.filter_map(|cell| cell.parse().ok()).collect();
    if touched.is_empty() {
        return Ok(0);
    }
    let spill = Spill::new()?;
    let nothing = Folding::new(&[], ledger, &[], &spill, pipeline, store);
    Ok(Folding { touched, without, ..nothing }.commit(None)?.n_rewritten)
}

/// Folds the cells again whose derived columns come from other reference data.
pub(super) fn refold_stale(
    ledger: &Ledger,
    pipeline: &Pipeline,
    store: &Store,
) -> anyhow::Result<usize> {
    let base = store.snapshot(Table::Dossiers)?;
    let prefix = reference_prefix(pipeline);
    let cells = base.cells()?.into_iter().filter(|(_, file)| is_stale(file, &prefix));
    let touched: BTreeSet<Cell> = cells.map(|(cell, _)| cell).collect();
    if touched.is_empty() {
        return Ok(0);
    }
    let spill = Spill::new()?;
    let folding = Folding { touched, ..Folding::new(&[], ledger, &[], &spill, pipeline, store) };
    Ok(folding.commit(None)?.n_rewritten)
}

fn is_stale(file: &DataFile, prefix: &str) -> bool {
    !file.path.rsplit('/').next().is_some_and(|name| name.starts_with(prefix))
}

/// A dossiers file is named by the reference data that its derived columns come from.
fn reference_prefix(pipeline: &Pipeline) -> String {
    format!("{}-", pipeline.reference.hash)
}
