//! Stale cells measured: a measures file is named by its dossiers file, the definitions and the
//! reference data, so a cell is stale exactly when that name is missing.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use rayon::prelude::*;
use tracing::info;

use crate::indicators::roll_up::RollUp;
use crate::measures::{self, Measures};
use crate::pipeline::definitions::Subject;
use crate::pipeline::tables::{Cell, Table};
use crate::pipeline::{Pipeline, hash_of};
use crate::store::commit::CellChange;
use crate::store::parquet::{DataFile, FileName};
use crate::store::table::Snapshot;
use crate::store::{Store, StoreError};

use super::stop::Failure;
use super::threads::on_threads;
use super::watch::Watch;

/// Counts the cells whose measures are stale; returns how many there were.
pub(super) fn measure(pipeline: &Pipeline, store: &Store, watch: &Watch) -> anyhow::Result<usize> {
    let dossiers = store.snapshot(Table::Dossiers)?.cells()?;
    let base = store.snapshot(Table::Measures)?;
    let measured = base.cells()?;
    let wanted = wanted(&dossiers, pipeline);
    let stale: Vec<(&Cell, &String)> =
        wanted.iter().filter(|(cell, name)| !is_current(measured.get(cell), name)).collect();
    watch.progress.begin("measuring", stale.len());
    let count = |(cell, name): &(&Cell, &String)| {
        watch.stop.check()?;
        let new = count_cell(cell, name, dossiers.get(cell), pipeline, store)?;
        watch.progress.step();
        let old = measured.get(cell).cloned();
        Ok::<_, Failure>(CellChange { cell: (*cell).clone(), old, new: Some(new) })
    };
    let mut changes: Vec<CellChange> = on_threads(&stale, count)?;
    watch.progress.end();
    let n_measured = changes.len();
    let gone = measured.iter().filter(|(cell, _)| !wanted.contains_key(cell));
    changes.extend(gone.map(|(cell, file)| CellChange {
        cell: cell.clone(),
        old: Some(file.clone()),
        new: None,
    }));
    // Where another run has measured a cell meanwhile, the newest dossiers decide.
    let mut again = |snapshot: &Snapshot, cell: &Cell| {
        let dossiers = store.snapshot(Table::Dossiers)?.cells()?;
        let names = self::wanted(&dossiers, pipeline);
        let count = |name: &String| count_cell(cell, name, dossiers.get(cell), pipeline, store);
        let new = names.get(cell).map(count).transpose()?;
        Ok(CellChange { cell: cell.clone(), old: snapshot.cells()?.remove(cell), new })
    };
    store.commit_cells::<Failure>(Table::Measures, base, changes, &mut again)?;
    info!(stage = "measure", n_measured, n_cells = wanted.len(), "measured");
    Ok(n_measured)
}

/// Whether the measures are those of these dossiers, cell by cell.
pub(super) fn are_current(
    dossiers: &Snapshot,
    measured: &Snapshot,
    pipeline: &Pipeline,
) -> Result<bool, StoreError> {
    let (wanted, measured) = (wanted(&dossiers.cells()?, pipeline), measured.cells()?);
    let is_current = |(cell, name): (&Cell, &String)| is_current(measured.get(cell), name);
    Ok(wanted.len() == measured.len() && wanted.iter().all(is_current))
}

fn is_current(measured: Option<&DataFile>, name: &str) -> bool {
    measured.is_some_and(|file| file.path.ends_with(&format!("/{name}.parquet")))
}

/// Reads some measures of some cells, each of them sorted.
pub(super) fn read(
    files: &[DataFile],
    names: &BTreeSet<&str>,
    store: &Store,
) -> anyhow::Result<Vec<Measures>> {
    files.par_iter().map(|file| Ok(read_cell(file, store)?.of(names))).collect()
}

/// Rolls the measures of some cells up, which are read only while they are added.
pub(super) fn roll_up<'a>(
    files: &[DataFile],
    pipeline: &'a Pipeline,
    store: &Store,
) -> anyhow::Result<RollUp<'a>> {
    let nothing = || RollUp::new(pipeline);
    let with_cell = |mut rolled_up: RollUp<'a>, file: &DataFile| {
        for batch in store.read(Table::Measures, file, None)? {
            rolled_up.add(&batch?);
        }
        Ok(rolled_up)
    };
    let parts = files.par_iter().try_fold(nothing, with_cell);
    parts.try_reduce(nothing, |one, other| Ok(one.with(other)))
}

/// Reads the measures of a cell.
pub(super) fn read_cell(file: &DataFile, store: &Store) -> anyhow::Result<Measures> {
    let batches = store.read(Table::Measures, file, None)?;
    let batches: Vec<RecordBatch> = batches.collect::<Result<_, _>>()?;
    let rows = concat_batches(&Table::Measures.schema(), &batches)?;
    Measures::new(rows).with_context(|| format!("failed to read `measures/{}`", file.path))
}

/// The name of the measures file that each cell should have; the service catalogue is a cell, too.
fn wanted(dossiers: &BTreeMap<Cell, DataFile>, pipeline: &Pipeline) -> BTreeMap<Cell, String> {
    let hashes = [&*pipeline.definitions.measures_hash, &*pipeline.reference.hash];
    let name = |input: &str| hash_of([input, hashes[0], hashes[1]]);
    let mut wanted: BTreeMap<Cell, String> =
        dossiers.iter().map(|(cell, file)| (cell.clone(), name(&file.path))).collect();
    wanted.insert(catalogue(), name("catalogue"));
    wanted
}

/// The cell of what is counted over the service catalogue.
pub(super) fn catalogue() -> Cell {
    Cell { month: "catalogue".to_owned(), bucket: 0 }
}

fn count_cell(
    cell: &Cell,
    name: &str,
    dossiers: Option<&DataFile>,
    pipeline: &Pipeline,
    store: &Store,
) -> Result<DataFile, Failure> {
    let counted = count(cell, dossiers, pipeline, store)?;
    let rows = [Ok::<_, Failure>(counted.into_batch())];
    store.write(Table::Measures, Some(cell), FileName::Named(name), rows)
}

/// Counts the dossiers of a cell; where there are none, the service catalogue.
pub(super) fn count(
    cell: &Cell,
    dossiers: Option<&DataFile>,
    pipeline: &Pipeline,
    store: &Store,
) -> anyhow::Result<Measures> {
    let definitions = &pipeline.definitions;
    let counted = match dossiers {
        Some(file) => {
            let columns = measures::needed_columns(definitions);
            let batches = store.read(Table::Dossiers, file, Some(&columns))?;
            measures::count_cell(definitions, batches)
        }
        None => {
            let services = measures::services::catalogue(&pipeline.reference.services);
            let batches = std::iter::once(Ok::<_, StoreError>(services));
            measures::count(definitions, Subject::Services, batches)
        }
    };
    counted.with_context(|| format!("failed to measure cell `{cell}`"))
}
