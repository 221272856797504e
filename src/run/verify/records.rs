//! Records and dossiers: each record read has one fate, and each dossier lies in its own cell.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use arrow::array::cast::AsArray as _;
use arrow::datatypes::Int64Type;
use rayon::prelude::*;

use crate::dossiers::Dossiers;
use crate::normalise::{Fates, cell_of};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::{Cell, Table};
use crate::run::conservation::breach;
use crate::run::ledger::{Judgement, Ledger};
use crate::store::Store;
use crate::store::parquet::DataFile;
use crate::store::table::Snapshot;

use super::Account;

/// Holds every judgement of the ledger against what lies in `dossiers` and in `quarantine`.
pub(super) fn conservation(store: &Store) -> anyhow::Result<Account> {
    let snapshot = |table: Table| {
        store.snapshot(table).with_context(|| format!("failed to read `{}`", table.name()))
    };
    let entered = snapshot(Table::Deliveries)?;
    let (dossiers, quarantine) = (snapshot(Table::Dossiers)?, snapshot(Table::Quarantine)?);
    // From an intent to the ledger, cells hold what the ledger does not tell.
    let intents = store.intents().context("failed to read the intents")?;
    let is_quiet = intents.is_empty() && snapshot(Table::Deliveries)?.version == entered.version;
    ensure!(
        is_quiet,
        "a run goes on, or was stopped before it entered what it folded: `hoso run` ends it, then \
         verify again"
    );
    let ledger = Ledger::at(&entered, store)?;
    let folded = observations(&dossiers, store)?;
    let quarantined = quarantined(&quarantine, store)?;
    Ok(compare(&ledger, folded, quarantined))
}

/// Holds each cell to one live file, and each dossier to the cell of its number.
pub(super) fn cells(pipeline: &Pipeline, store: &Store) -> anyhow::Result<Account> {
    let dossiers = store.snapshot(Table::Dossiers).context("failed to read `dossiers`")?;
    let measures = store.snapshot(Table::Measures).context("failed to read `measures`")?;
    let count = |file: &DataFile| count_misplaced(file, pipeline, store);
    let counted: Vec<(i64, i64)> =
        dossiers.files.par_iter().map(count).collect::<anyhow::Result<_>>()?;
    let n_dossiers = counted.iter().map(|(n, _)| n).sum();
    let mut account =
        Account::new([("files", dossiers.files.len() as i64), ("dossiers", n_dossiers)]);
    for snapshot in [&dossiers, &measures] {
        if let Err(error) = snapshot.cells() {
            account.find(format!("{:#}", anyhow::Error::from(error)));
        }
    }
    for (file, (_, n_misplaced)) in dossiers.files.iter().zip(&counted) {
        if *n_misplaced > 0 {
            let path = &file.path;
            account.find(format!("`dossiers/{path}`: {n_misplaced} dossiers are of other cells"));
        }
    }
    Ok(account)
}

/// The rows of each delivery's judgements.
type Rows = BTreeMap<(String, i64), i64>;

fn compare(ledger: &Ledger, mut folded: BTreeMap<String, i64>, mut quarantined: Rows) -> Account {
    let judged: BTreeMap<String, &Judgement> =
        ledger.judgements().map(|judgement| (judgement.delivery(), judgement)).collect();
    // What an earlier judgement rejected stays beside what the one that stands did.
    quarantined.retain(|(delivery, number), _| {
        judged.get(delivery).is_none_or(|judgement| judgement.judgement <= *number)
    });
    let (n_folded, n_quarantined): (i64, i64) = (folded.values().sum(), quarantined.values().sum());
    let is_standing = |judgement: &Judgement| ledger.replaced_by(judgement).is_none();
    let sum = |of: fn(&Fates) -> i64| ledger.judgements().map(|j| of(&j.fates)).sum::<i64>();
    let standing = ledger.judgements().filter(|judgement| is_standing(judgement));
    let n_standing: i64 = standing.map(|judgement| judgement.fates.accepted).sum();
    let (accepted, rejected) = (sum(|fates| fates.accepted), sum(|fates| fates.rejected));
    let mut account = Account::new([
        ("judgements", judged.len() as i64),
        ("read", sum(|fates| fates.read)),
        ("accepted", accepted),
        ("replaced", accepted - n_standing),
        ("duplicate", sum(|fates| fates.duplicate)),
        ("rejected", rejected),
        ("out_of_scope", sum(|fates| fates.out_of_scope)),
    ]);
    if n_folded != n_standing {
        account.find(format!("in all: {n_standing} accepted, {n_folded} in `dossiers`"));
    }
    if n_quarantined != rejected {
        account.find(format!("in all: {rejected} rejected, {n_quarantined} in quarantine"));
    }
    for (delivery, judgement) in judged {
        let n_expected = if is_standing(judgement) { judgement.fates.accepted } else { 0 };
        let n_folded = folded.remove(&delivery).unwrap_or(0);
        let rows = quarantined.remove(&(delivery.clone(), judgement.judgement));
        if let Some(breach) = breach(judgement, n_expected, n_folded, rows.unwrap_or(0)) {
            account.find(format!("`{delivery}`: {breach}"));
        }
    }
    for (delivery, n) in folded {
        account.find(format!("`{delivery}` is not in the ledger: {n} in `dossiers`"));
    }
    for ((delivery, number), n) in quarantined {
        let of = format!("judgement {number} of `{delivery}`");
        account.find(format!("{of} is not in the ledger: {n} in quarantine"));
    }
    account
}

/// Counts the observations of each delivery.
fn observations(dossiers: &Snapshot, store: &Store) -> anyhow::Result<BTreeMap<String, i64>> {
    let count = |file: &DataFile| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for batch in store.read(Table::Dossiers, file, None)? {
            for (delivery, n) in Dossiers::new(batch?).observations_by_delivery() {
                *counts.entry(delivery).or_default() += n;
            }
        }
        Ok(counts)
    };
    let by_file: anyhow::Result<Vec<_>> = dossiers.files.par_iter().map(count).collect();
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for (delivery, n) in by_file?.into_iter().flatten() {
        *counts.entry(delivery).or_default() += n;
    }
    Ok(counts)
}

fn quarantined(quarantine: &Snapshot, store: &Store) -> anyhow::Result<Rows> {
    let mut rows = Rows::new();
    for file in &quarantine.files {
        for batch in store.read(Table::Quarantine, file, Some(&["delivery", "judgement"]))? {
            let batch = batch?;
            let deliveries = batch.column(0).as_string::<i32>();
            let judgements = batch.column(1).as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                let key = (deliveries.value(row).to_owned(), judgements.value(row));
                *rows.entry(key).or_default() += 1;
            }
        }
    }
    Ok(rows)
}

/// Counts the dossiers of a file, and those of them whose number is of another cell.
fn count_misplaced(
    file: &DataFile,
    pipeline: &Pipeline,
    store: &Store,
) -> anyhow::Result<(i64, i64)> {
    let is_misplaced = |key: &&str| {
        let cell: Cell = cell_of(key, pipeline);
        file.cell.as_ref() != Some(&cell)
    };
    let (mut n_dossiers, mut n_misplaced) = (0, 0);
    for batch in store.read(Table::Dossiers, file, Some(&["dossier_key"]))? {
        let batch = batch?;
        let keys = batch.column(0).as_string::<i32>().iter().flatten();
        n_dossiers += batch.num_rows() as i64;
        n_misplaced += keys.filter(is_misplaced).count() as i64;
    }
    Ok((n_dossiers, n_misplaced))
}
