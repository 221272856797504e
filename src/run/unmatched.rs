//! What other feeds tell of dossiers that no unit reports: kept, counted and listed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use arrow::array::RecordBatch;
use arrow::array::cast::AsArray as _;
use serde_json::{Value, json};

use crate::pipeline::columns::FeedKind;
use crate::pipeline::tables::Table;
use crate::store::Store;

/// A dossier that no unit tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    /// The dossier's number, normalised.
    pub dossier_key: String,
    /// The feeds that tell of it.
    pub feeds: Vec<String>,
    /// The deliveries that tell of it.
    pub deliveries: BTreeSet<String>,
}

impl Unmatched {
    /// Returns it as JSON.
    pub fn json(&self) -> Value {
        let Self { dossier_key, feeds, deliveries } = self;
        json!({ "dossier_key": dossier_key, "feeds": feeds, "deliveries": deliveries })
    }
}

/// The feeds that tell of dossiers, but for the units' own.
pub fn others() -> impl Iterator<Item = &'static str> + Clone {
    let kinds = FeedKind::ALL.iter();
    let tells = |kind: &FeedKind| !matches!(kind, FeedKind::Dossier | FeedKind::Control);
    kinds.filter(move |(_, kind)| tells(kind)).map(|(name, _)| *name)
}

/// Counts by feed the dossiers that it tells of and no unit does; reads one small column.
pub fn count(store: &Store) -> anyhow::Result<BTreeMap<String, i64>> {
    let mut counts: BTreeMap<String, i64> = others().map(|feed| (feed.to_owned(), 0)).collect();
    for_each_batch(store, &["feeds"], |batch| {
        for feeds in batch.column(0).as_string::<i32>().iter().flatten() {
            for feed in without_unit(feeds).into_iter().flatten() {
                *counts.entry(feed.to_owned()).or_default() += 1;
            }
        }
    })?;
    Ok(counts)
}

/// Lists them, by number.
pub fn list(store: &Store) -> anyhow::Result<Vec<Unmatched>> {
    let mut unmatched = Vec::new();
    for_each_batch(store, &["dossier_key", "feeds", "history"], |batch| {
        let keys = batch.column(0).as_string::<i32>();
        let told = batch.column(1).as_string::<i32>();
        let history = batch.column(2).as_list::<i32>();
        for row in 0..batch.num_rows() {
            let Some(feeds) = without_unit(told.value(row)) else { continue };
            let observations = history.value(row);
            let deliveries = observations.as_struct().column(0).as_string::<i32>();
            unmatched.push(Unmatched {
                dossier_key: keys.value(row).to_owned(),
                feeds: feeds.map(str::to_owned).collect(),
                deliveries: deliveries.iter().flatten().map(str::to_owned).collect(),
            });
        }
    })?;
    unmatched.sort_by(|a, b| a.dossier_key.cmp(&b.dossier_key));
    Ok(unmatched)
}

/// Returns the feeds that tell of a dossier, where no unit is among them.
fn without_unit(feeds: &str) -> Option<impl Iterator<Item = &str>> {
    let is_units = feeds.split(' ').any(|feed| feed == FeedKind::Dossier.name());
    (!is_units).then(|| feeds.split(' '))
}

fn for_each_batch(
    store: &Store,
    columns: &[&str],
    mut visit: impl FnMut(&RecordBatch),
) -> anyhow::Result<()> {
    let snapshot = store.snapshot(Table::Dossiers).context("failed to read the dossiers")?;
    for file in &snapshot.files {
        for batch in store.read(Table::Dossiers, file, Some(columns))? {
            visit(&batch?);
        }
    }
    Ok(())
}
