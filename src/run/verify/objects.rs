//! Objects: manifests, raw bytes, the files of the tables, and the releases with their copies.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::{DateTime, Days, Utc};
use rayon::prelude::*;

use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::run::copy;
use crate::run::ledger::Ledger;
use crate::run::release::RELEASED;
use crate::store::landed::Delivery;
use crate::store::parquet::DataFile;
use crate::store::releases::{Release, ReleaseFile};
use crate::store::{Store, StoreError};

use super::Account;

/// Holds manifests and judgements against each other, and the numbers of each feed to no gap.
pub(super) fn deliveries(store: &Store) -> anyhow::Result<Account> {
    // The ledger first: what is in it landed before.
    let ledger = Ledger::read(store)?;
    let landed = store.landed().context("failed to read the manifests")?;
    let n_pending = landed.iter().filter(|delivery| !ledger.is_judged(delivery)).count();
    let mut account =
        Account::new([("manifests", landed.len() as i64), ("pending", n_pending as i64)]);
    let manifests: BTreeMap<String, &Delivery> =
        landed.iter().map(|delivery| (delivery.id(), delivery)).collect();
    for judgement in ledger.judgements() {
        let id = judgement.delivery();
        match manifests.get(&id) {
            None => account.find(format!("`{id}` is judged, and its manifest is missing")),
            Some(delivery) if delivery.manifest.sha256 != judgement.sha256 => {
                account.find(format!("`{id}` was judged from other bytes than its manifest names"));
            }
            Some(_) => {}
        }
    }
    for feed in landed.chunk_by(|a, b| (&a.unit, &a.feed) == (&b.unit, &b.feed)) {
        let mut next = 1;
        for delivery in feed {
            let Delivery { unit, feed, n, .. } = delivery;
            if *n != next {
                account.find(format!("`{unit}/{feed}` has no delivery {next}, but a later one"));
            }
            next = n + 1;
        }
    }
    Ok(account)
}

/// Hashes the raw bytes of every delivery again; those that have expired are counted.
pub(super) fn raw(
    pipeline: &Pipeline,
    store: &Store,
    now: DateTime<Utc>,
) -> anyhow::Result<Account> {
    let ledger = Ledger::read(store)?;
    let landed = store.landed().context("failed to read the manifests")?;
    let limit = pipeline.settings.raw_retention_days;
    let limit = limit.and_then(|days| now.checked_sub_days(Days::new(days)));
    let may_expire = |delivery: &Delivery| {
        let is_old = delivery.manifest.landed_at.zip(limit).is_some_and(|(at, limit)| at < limit);
        is_old && ledger.is_judged(delivery)
    };
    // Each hash, with a delivery whose bytes must be there, if there is one.
    let mut wanted: BTreeMap<&str, Option<&Delivery>> = BTreeMap::new();
    for delivery in landed.iter().filter(|delivery| delivery.manifest.refused.is_none()) {
        let keeping = wanted.entry(&delivery.manifest.sha256).or_default();
        *keeping = keeping.or(Some(delivery).filter(|delivery| !may_expire(delivery)));
    }
    let look = |(sha256, keeping): (&&str, &Option<&Delivery>)| look(sha256, *keeping, store);
    let seen: Vec<Bytes> = wanted.par_iter().map(look).collect();
    let n_expired = seen.iter().filter(|seen| matches!(seen, Bytes::Expired)).count();
    let mut account =
        Account::new([("objects", wanted.len() as i64), ("expired", n_expired as i64)]);
    for seen in seen {
        if let Bytes::Wrong(finding) = seen {
            account.find(finding);
        }
    }
    Ok(account)
}

/// What became of raw bytes.
enum Bytes {
    Whole,
    Expired,
    Wrong(String),
}

fn look(sha256: &str, keeping: Option<&Delivery>, store: &Store) -> Bytes {
    match (store.hash_raw(sha256), keeping) {
        (Ok(found), _) if found == sha256 => Bytes::Whole,
        (Ok(_), _) => Bytes::Wrong(format!("`raw/{sha256}.zst` holds other bytes than its name")),
        (Err(StoreError::NotFound { path }), Some(delivery)) => {
            let of = delivery.id();
            Bytes::Wrong(format!("`{path}` is missing, and those of `{of}` have not expired"))
        }
        (Err(StoreError::NotFound { .. }), None) => Bytes::Expired,
        (Err(error), _) => Bytes::Wrong(format!("{:#}", anyhow::Error::from(error))),
    }
}

/// Holds the files that the tables refer to against those that lie there; what neither the newest
/// versions, nor those that the last release read, nor any release refers to is counted.
pub(super) fn orphans(store: &Store) -> anyhow::Result<Account> {
    let numbers = store.release_numbers().context("failed to list the releases")?;
    let mut last = None;
    let mut released: BTreeSet<(String, String)> = BTreeSet::new();
    for number in numbers {
        let release = store.release(number).context("failed to read a release")?;
        let files = release.files.iter();
        released.extend(files.map(|(table, file)| (table.clone(), file.path.clone())));
        last = Some(release);
    }
    let mut account = Account::new([]);
    let (mut n_files, mut n_left_over) = (0, 0);
    for table in Table::ALL {
        let failed = || format!("failed to read `{}`", table.name());
        let mut files: Vec<DataFile> = store.snapshot(table).with_context(failed)?.files;
        let versions = last.as_ref().map(|last| &last.source_versions);
        if let Some(version) = versions.and_then(|versions| versions.get(table.name())) {
            files.extend(store.snapshot_at(table, *version).with_context(failed)?.files);
        }
        let live: BTreeMap<&str, u64> =
            files.iter().map(|file| (file.path.as_str(), file.size_bytes)).collect();
        let lying = store.files_in_folder(table).with_context(failed)?;
        for (path, size_bytes) in &live {
            lying_as(path, *size_bytes, table, &lying, &mut account);
        }
        if table == Table::Dossiers {
            let other = |path: &&str| other_content(path, table, &lying, store);
            let paths: Vec<&str> = live.keys().copied().collect();
            let others: Vec<String> = paths.par_iter().filter_map(other).collect();
            others.into_iter().for_each(|finding| account.find(finding));
        }
        let is_released =
            |path: &String| released.contains(&(table.name().to_owned(), path.clone()));
        let is_left_over = |path: &&String| !live.contains_key(path.as_str()) && !is_released(path);
        n_files += lying.len() as i64;
        n_left_over += lying.keys().filter(is_left_over).count() as i64;
    }
    account.counts = vec![("files", n_files), ("left_over", n_left_over)];
    Ok(account)
}

/// Holds the releases to no gap, each to its files, and the tables and the plain copies to the last.
pub(super) fn releases(pipeline: &Pipeline, store: &Store) -> anyhow::Result<Account> {
    // The tables first: what they were rolled forward to was released before.
    let mut rolled = Vec::new();
    for (table, _) in RELEASED {
        let snapshot = store.snapshot(table);
        let snapshot = snapshot.with_context(|| format!("failed to read `{}`", table.name()))?;
        rolled.push(snapshot.release()?.unwrap_or(0));
    }
    let numbers = store.release_numbers().context("failed to list the releases")?;
    let newest = numbers.last().copied();
    let last = numbers.iter().chain(&rolled).max().copied().unwrap_or(0);
    let mut account = Account::new([("releases", numbers.len() as i64)]);
    for missing in (1..=last).filter(|number| !numbers.contains(number)) {
        account.find(format!("release {missing} is missing"));
    }
    let mut lying = BTreeMap::new();
    for (table, _) in RELEASED {
        lying.insert(table, store.files_in_folder(table)?);
    }
    for number in numbers {
        let release = match store.release(number) {
            Ok(release) => release,
            Err(error) => {
                account.find(format!("release {number}: {:#}", anyhow::Error::from(error)));
                continue;
            }
        };
        for (table, lying) in &lying {
            match release.files.get(table.name()) {
                Some(ReleaseFile { path, size_bytes, .. }) => {
                    lying_as(path, *size_bytes, *table, lying, &mut account);
                    if let Some(finding) = other_content(path, *table, lying, store) {
                        account.find(finding);
                    }
                }
                None => account.find(format!("release {number} has no `{}`", table.name())),
            }
        }
    }
    for ((table, _), rolled) in RELEASED.into_iter().zip(rolled) {
        if rolled < last {
            let name = table.name();
            account.find(format!(
                "`{name}` stands at release {rolled} of {last}: `hoso run` rolls it forward"
            ));
        }
    }
    if let Some(newest) = newest {
        let newest = store.release(newest).context("failed to read the last release")?;
        copies(pipeline, store, &newest, &mut account)?;
    }
    Ok(account)
}

/// Holds the plain copies to what would be copied.
fn copies(
    pipeline: &Pipeline,
    store: &Store,
    release: &Release,
    account: &mut Account,
) -> anyhow::Result<()> {
    for (name, wanted) in copy::made(pipeline, store, release).context("failed to copy")? {
        let found = store.read_public(&name).with_context(|| format!("failed to read `{name}`"))?;
        let number = release.number;
        match found {
            Some(found) if found == wanted => {}
            Some(_) => account.find(format!(
                "`publish/{name}` is not what release {number} and `suppress_below` come to: \
                 take it away, and `hoso run` writes it again"
            )),
            None => {
                account.find(format!("`publish/{name}` is missing: `hoso run` writes it again"));
            }
        }
    }
    Ok(())
}

/// Tells a file whose bytes are not those that its name ends with the hash of.
fn other_content(
    path: &str,
    table: Table,
    lying: &BTreeMap<String, u64>,
    store: &Store,
) -> Option<String> {
    lying.get(path)?;
    let name = table.name();
    match store.has_named_content(table, path) {
        Ok(true) => None,
        Ok(false) => Some(format!("`{name}/{path}` holds other bytes than its name")),
        Err(error) => Some(format!("{:#}", anyhow::Error::from(error))),
    }
}

/// Finds a file that is referred to and does not lie there, or not in its size.
fn lying_as(
    path: &str,
    size_bytes: u64,
    table: Table,
    lying: &BTreeMap<String, u64>,
    account: &mut Account,
) {
    let name = table.name();
    match lying.get(path) {
        Some(found) if *found == size_bytes => {}
        Some(found) => {
            account.find(format!("`{name}/{path}` has {found} bytes instead of {size_bytes}"));
        }
        None => account.find(format!("`{name}/{path}` is missing")),
    }
}
