//! Stale cells measured: a measures file is named by its dossiers file, the reference data and the
//! definitions, so a cell is stale exactly when that name is missing. What an older file of the same
//! dossiers counted by the same definition is taken over.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use rayon::prelude::*;
use tracing::{info, warn};

use crate::indicators::roll_up::RollUp;
use crate::measures::{self, Measures};
use crate::pipeline::definitions::{Measure, Subject};
use crate::pipeline::tables::{Cell, Table};
use crate::pipeline::{Pipeline, hash_of};
use crate::store::commit::CellChange;
use crate::store::parquet::{DataFile, FileName, Notes, Spooled};
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
    let is_stale = |(cell, wanted): &(&Cell, &Wanted)| !wanted.is_there(measured.get(cell));
    let stale: Vec<(&Cell, &Wanted)> = wanted.iter().filter(is_stale).collect();
    watch.progress.begin("measuring", stale.len());
    let count = |(cell, wanted): &(&Cell, &Wanted)| {
        watch.stop.check()?;
        let old = measured.get(cell).cloned();
        let new = count_cell(cell, wanted, dossiers.get(cell), old.as_ref(), pipeline, store)?;
        watch.progress.step();
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
        let old = snapshot.cells()?.remove(cell);
        let count = |wanted: &Wanted| {
            count_cell(cell, wanted, dossiers.get(cell), old.as_ref(), pipeline, store)
        };
        let new = self::wanted(&dossiers, pipeline).get(cell).map(count).transpose()?;
        Ok(CellChange { cell: cell.clone(), old, new })
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
    let is_there = |(cell, wanted): (&Cell, &Wanted)| wanted.is_there(measured.get(cell));
    Ok(wanted.len() == measured.len() && wanted.iter().all(is_there))
}

/// What the measures file of a cell is named by.
struct Wanted {
    /// Identifies what is counted: the dossiers or the catalogue, and the reference data.
    input: String,
    /// Identifies the definitions that it is counted by.
    definitions: String,
}

impl Wanted {
    fn name(&self) -> String {
        format!("{}-{}", self.input, self.definitions)
    }

    /// Whether a cell's measures file is the one.
    fn is_there(&self, file: Option<&DataFile>) -> bool {
        file.is_some_and(|file| file.path.ends_with(&format!("/{}.parquet", self.name())))
    }

    /// Whether a file counted the same, perhaps by other definitions.
    fn has_input_of(&self, file: &DataFile) -> bool {
        file.path.contains(&format!("/{}-", self.input))
    }
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
    let of_cells = |files: &&[DataFile]| {
        let mut rolled_up = RollUp::new(pipeline);
        for file in *files {
            for batch in store.read(Table::Measures, file, None)? {
                rolled_up.add(&batch?);
            }
        }
        Ok::<_, StoreError>(rolled_up)
    };
    // One a thread and no more: each is nearly as large as what they come to.
    let n_files = files.len().div_ceil(rayon::current_num_threads()).max(1);
    let parts = on_threads(&files.chunks(n_files).collect::<Vec<_>>(), of_cells)?;
    Ok(parts.into_iter().reduce(RollUp::with).unwrap_or_else(|| RollUp::new(pipeline)))
}

/// Reads the measures of a cell.
pub(super) fn read_cell(file: &DataFile, store: &Store) -> anyhow::Result<Measures> {
    Measures::new(read_rows(file, store)?)
        .with_context(|| format!("failed to read `measures/{}`", file.path))
}

fn read_rows(file: &DataFile, store: &Store) -> anyhow::Result<RecordBatch> {
    let batches = store.read(Table::Measures, file, None)?;
    let batches: Vec<RecordBatch> = batches.collect::<Result<_, _>>()?;
    Ok(concat_batches(&Table::Measures.schema(), &batches)?)
}

/// The measures file that each cell should have; the service catalogue is a cell, too.
fn wanted(dossiers: &BTreeMap<Cell, DataFile>, pipeline: &Pipeline) -> BTreeMap<Cell, Wanted> {
    let wanted_of = |input: &str| Wanted {
        input: hash_of([input, &pipeline.reference.hash]),
        definitions: pipeline.definitions.measures_hash.clone(),
    };
    let mut wanted: BTreeMap<Cell, Wanted> =
        dossiers.iter().map(|(cell, file)| (cell.clone(), wanted_of(&file.path))).collect();
    wanted.insert(catalogue(), wanted_of("catalogue"));
    wanted
}

/// The cell of what is counted over the service catalogue.
pub(super) fn catalogue() -> Cell {
    Cell { month: "catalogue".to_owned(), bucket: 0 }
}

fn count_cell(
    cell: &Cell,
    wanted: &Wanted,
    dossiers: Option<&DataFile>,
    before: Option<&DataFile>,
    pipeline: &Pipeline,
    store: &Store,
) -> Result<DataFile, Failure> {
    let subjects = if dossiers.is_some() { &Subject::IN_CELLS[..] } else { &[Subject::Services] };
    let mut missing = pipeline.definitions.measures.clone();
    missing.retain(|_, measure| subjects.contains(&measure.of));
    let notes = notes(&missing);
    let mut parts = Vec::new();
    if let Some(before) = before.filter(|file| wanted.has_input_of(file)) {
        match taken_over(before, &mut missing, store) {
            Ok(rows) => parts.extend(rows),
            Err(error) => {
                let error = format!("{error:#}");
                warn!(cell = cell.to_string(), error, "measures counted anew: they cannot be read");
            }
        }
    }
    if !missing.is_empty() {
        parts.push(count(cell, dossiers, &missing, pipeline, store)?.into_batch());
    }
    let rows = Measures::together(&parts).context("failed to put the measures together")?;
    let rows = [Ok::<_, Failure>(rows.into_batch())];
    let spooled = Spooled::noted(Table::Measures, Some(cell), &notes, rows)?;
    Ok(store.put(spooled, FileName::Named(&wanted.name()))?)
}

/// Counts some measures of the dossiers of a cell; where there are none, of the service catalogue.
pub(super) fn count(
    cell: &Cell,
    dossiers: Option<&DataFile>,
    measures: &BTreeMap<String, Measure>,
    pipeline: &Pipeline,
    store: &Store,
) -> anyhow::Result<Measures> {
    let counted = match dossiers {
        Some(file) => {
            let columns = measures::needed_columns(measures);
            let batches = store.read(Table::Dossiers, file, Some(&columns))?;
            measures::count_cell(measures, batches)
        }
        None => {
            let services = measures::services::catalogue(&pipeline.reference.services);
            let batches = std::iter::once(Ok::<_, StoreError>(services));
            measures::count(measures, Subject::Services, batches)
        }
    };
    counted.with_context(|| format!("failed to measure cell `{cell}`"))
}

/// Notes by which definition a file counts each measure.
fn notes(measures: &BTreeMap<String, Measure>) -> Notes {
    measures.iter().map(|(name, measure)| (noted(name), hash_of_measure(measure))).collect()
}

/// Takes from a file what it counts by the same definitions as some measures; what is left of them
/// it does not count.
fn taken_over(
    file: &DataFile,
    measures: &mut BTreeMap<String, Measure>,
    store: &Store,
) -> anyhow::Result<Option<RecordBatch>> {
    let alike: BTreeSet<String> =
        alike(file, measures, store)?.into_iter().map(str::to_owned).collect();
    if alike.is_empty() {
        return Ok(None);
    }
    let names = alike.iter().map(String::as_str).collect();
    // They are sorted when they are put together.
    let rows = measures::rows_of(&read_rows(file, store)?, &names);
    measures.retain(|name, _| !alike.contains(name));
    Ok(Some(rows))
}

/// Names the measures that a file counts by the same definitions as these.
pub(super) fn alike<'a>(
    file: &DataFile,
    measures: &'a BTreeMap<String, Measure>,
    store: &Store,
) -> anyhow::Result<BTreeSet<&'a str>> {
    let notes = store.notes(Table::Measures, file)?;
    let is_alike = |(name, measure): &(&String, &Measure)| {
        notes.get(&noted(name)) == Some(&hash_of_measure(measure))
    };
    Ok(measures.iter().filter(is_alike).map(|(name, _)| &**name).collect())
}

/// The note that tells of a measure.
fn noted(measure: &str) -> String {
    format!("hoso.measure.{measure}")
}

fn hash_of_measure(measure: &Measure) -> String {
    hash_of([format!("{measure:?}").as_str()])
}
