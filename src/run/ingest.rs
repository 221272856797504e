//! Deliveries into cells: judged, folded, committed, entered in the ledger. A batch is one commit
//! each of `dossiers`, `quarantine` and `deliveries`, the ledger last.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use arrow::array::RecordBatch;
use rayon::prelude::*;
use tracing::info;

use crate::dossiers::{Arranged, CellUpdate, Dossiers, merge};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::{Cell, Table};
use crate::store::Store;
use crate::store::commit::CellChange;
use crate::store::intents::Intent;
use crate::store::landed::Delivery;
use crate::store::parquet::{DataFile, FileName};
use crate::store::table::Snapshot;

use super::conservation;
use super::judge::{Judged, judge};
use super::ledger::{self, Judgement, Ledger};
use super::stop::Failure;
use super::watch::Watch;

/// What ingestion did.
#[derive(Debug, Default)]
pub(super) struct Ingested {
    /// The judgements made in this run, in the order of landing.
    pub(super) judgements: Vec<Judgement>,
    pub(super) n_cells_rewritten: usize,
}

/// Brings every delivery that has landed and is not judged yet into `dossiers`.
pub(super) fn ingest(
    pipeline: &Pipeline,
    store: &Store,
    watch: &Watch,
) -> anyhow::Result<Ingested> {
    let mut ledger = Ledger::read(store)?;
    let left_over = store.intents().context("failed to read the intents")?;
    let pending = ledger.pending(store.landed().context("failed to read the manifests")?);
    let mut ingested = Ingested::default();
    watch.progress.begin("judging", pending.len());
    for batch in batches(pending, pipeline.settings.batch_bytes) {
        watch.stop.check()?;
        let judged = judge_all(&batch, pipeline, store, watch)?;
        let intent = store.put_intent(&intent(&judged)).context("failed to put the intent")?;
        loop {
            judged.iter().for_each(|judged| ledger.add(judged.judgement.clone()));
            let folding = Folding::new(&judged, &ledger, &left_over, pipeline, store);
            ingested.n_cells_rewritten += folding.commit()?;
            quarantine(&judged, store)?;
            enter(&judged, store)?;
            // Another run may have entered what replaces ours, or what ours replaces.
            ledger = Ledger::read(store)?;
            if folding.is_settled(&Folding::new(&judged, &ledger, &left_over, pipeline, store)) {
                break;
            }
        }
        store.remove_intent(&intent).context("failed to take the intent away")?;
        ingested.judgements.extend(judged.into_iter().map(|judged| judged.judgement));
    }
    watch.progress.end();
    for (name, _) in &left_over {
        store.remove_intent(name).context("failed to take an intent away")?;
    }
    ingested.n_cells_rewritten += refold_stale(&ledger, pipeline, store)?;
    let n_judged = ingested.judgements.len();
    info!(stage = "ingest", n_judged, n_cells = ingested.n_cells_rewritten, "ingested");
    Ok(ingested)
}

/// Says which cells the observations of each delivery go to.
fn intent(judged: &[Judged]) -> Intent {
    let cells = |judged: &Judged| {
        let cells = judged.judgement.cells.iter().map(ToString::to_string).collect();
        (judged.judgement.delivery(), cells)
    };
    Intent { cells: judged.iter().map(cells).collect() }
}

/// Cuts the deliveries into batches of about so many bytes.
fn batches(pending: Vec<Delivery>, batch_bytes: u64) -> Vec<Vec<Delivery>> {
    let mut batches: Vec<Vec<Delivery>> = Vec::new();
    let mut size_bytes = u64::MAX;
    for delivery in pending {
        size_bytes = size_bytes.saturating_add(delivery.manifest.size_bytes);
        if size_bytes > batch_bytes {
            batches.push(Vec::new());
            size_bytes = delivery.manifest.size_bytes;
        }
        batches.last_mut().expect("a batch was begun").push(delivery);
    }
    batches
}

fn judge_all(
    deliveries: &[Delivery],
    pipeline: &Pipeline,
    store: &Store,
    watch: &Watch,
) -> anyhow::Result<Vec<Judged>> {
    let judge_one = |delivery: &Delivery| {
        watch.stop.check()?;
        let judged = judge(delivery, 1, pipeline, store)
            .with_context(|| format!("failed to judge delivery `{}`", delivery.id()))?;
        if let Some(refusal) = &judged.judgement.refusal {
            info!(delivery = delivery.id(), rule = refusal.rule, "delivery refused");
        }
        watch.progress.step();
        Ok(judged)
    };
    deliveries.par_iter().map(judge_one).collect()
}

/// A batch's changes to the dossiers table, ready to be folded into any snapshot of it.
struct Folding<'a> {
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
    fn new(
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
        for Judged { judgement, observations, .. } in judged {
            folding.without.insert(judgement.delivery());
            folding.touched.extend(judgement.cells.iter().cloned());
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
    fn is_settled(&self, newer: &Self) -> bool {
        (&self.without, &self.standing) == (&newer.without, &newer.standing)
    }

    /// Folds the touched cells and commits them; returns how many were rewritten.
    fn commit(&self) -> anyhow::Result<usize> {
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
fn refold_stale(ledger: &Ledger, pipeline: &Pipeline, store: &Store) -> anyhow::Result<usize> {
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

/// Puts the rejects of each judgement into a file of its own.
fn quarantine(judged: &[Judged], store: &Store) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for Judged { judgement, rejects, .. } in
        judged.iter().filter(|j| j.judgement.fates.rejected > 0)
    {
        let name = judgement.file_name();
        let rows = rejects.iter().map(|rejects| Ok::<_, Failure>(rejects.clone()));
        files.push(store.write(Table::Quarantine, None, FileName::Named(&name), rows)?);
    }
    store.append(Table::Quarantine, files).context("failed to commit the quarantine")?;
    Ok(())
}

/// Enters the judgements in the ledger: from here on they are made.
fn enter(judged: &[Judged], store: &Store) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for Judged { judgement, .. } in judged {
        let row = [Ok::<_, Failure>(ledger::row(judgement))];
        let name = judgement.file_name();
        files.push(store.write(Table::Deliveries, None, FileName::Named(&name), row)?);
    }
    store.append(Table::Deliveries, files).context("failed to commit the ledger")?;
    Ok(())
}
