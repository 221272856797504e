//! Rejected records that were mended since: a later delivery of their feed tells of their dossiers,
//! and not of an earlier period.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use arrow::array::cast::AsArray as _;
use chrono::NaiveDate;
use rayon::prelude::*;

use crate::normalise::cell_of;
use crate::pipeline::Pipeline;
use crate::pipeline::tables::{Cell, Table};
use crate::store::Store;
use crate::store::parquet::DataFile;
use crate::store::table::Snapshot;

use super::ledger::Ledger;
use super::quarantine::Reject;

/// The deliveries that tell of a dossier, by its key.
type Tellers = BTreeMap<String, Vec<String>>;

/// Marks the rejects that were mended by what `dossiers` hold.
pub(super) fn mark(
    rejects: &mut [Reject],
    ledger: &Ledger,
    pipeline: &Pipeline,
    dossiers: &Snapshot,
    store: &Store,
) -> anyhow::Result<()> {
    let mut wanted: BTreeMap<Cell, BTreeSet<&str>> = BTreeMap::new();
    for key in rejects.iter().filter_map(|reject| reject.dossier_key.as_deref()) {
        wanted.entry(cell_of(key, pipeline)).or_default().insert(key);
    }
    let files = dossiers.cells()?;
    let read = |(cell, keys): (&Cell, &BTreeSet<&str>)| match files.get(cell) {
        Some(file) => tellers(file, keys, store),
        None => Ok(Tellers::new()),
    };
    let told: anyhow::Result<Vec<Tellers>> = wanted.par_iter().map(read).collect();
    let told: Tellers = told?.into_iter().flatten().collect();
    let period_ends: BTreeMap<String, NaiveDate> = ledger
        .judgements()
        .filter_map(|judgement| Some((judgement.delivery(), judgement.period?.1)))
        .collect();
    for reject in rejects {
        let tellers = reject.dossier_key.as_ref().and_then(|key| told.get(key));
        // Deliveries of one feed ascend by their ids.
        let feed = reject.delivery.rsplit_once('/').map_or("", |(feed, _)| feed);
        let end = period_ends.get(&reject.delivery);
        let is_later = |teller: &&String| {
            let is_older = period_ends.get(*teller).zip(end).is_some_and(|(its, end)| its < end);
            **teller > reject.delivery
                && !is_older
                && teller.rsplit_once('/').is_some_and(|of| of.0 == feed)
        };
        reject.is_mended = tellers.into_iter().flatten().any(|teller| is_later(&teller));
    }
    Ok(())
}

/// Reads which deliveries tell of some dossiers of a cell.
fn tellers(file: &DataFile, keys: &BTreeSet<&str>, store: &Store) -> anyhow::Result<Tellers> {
    let mut tellers = Tellers::new();
    for batch in store.read(Table::Dossiers, file, Some(&["dossier_key", "history"]))? {
        let batch = batch.context("failed to read the dossiers")?;
        let found = batch.column(0).as_string::<i32>();
        let history = batch.column(1).as_list::<i32>();
        for row in (0..batch.num_rows()).filter(|row| keys.contains(found.value(*row))) {
            let observations = history.value(row);
            let deliveries = observations.as_struct().column(0).as_string::<i32>();
            let deliveries = deliveries.iter().flatten().map(str::to_owned).collect();
            tellers.insert(found.value(row).to_owned(), deliveries);
        }
    }
    Ok(tellers)
}
