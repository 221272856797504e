//! Raw bytes taken away: those of deliveries that landed longer ago than they are kept, and those
//! that a stopped run left before anything named them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::{DateTime, Days, Utc};
use rayon::prelude::*;
use serde_json::{Value, json};
use tracing::info;

use crate::pipeline::Pipeline;
use crate::store::Store;
use crate::store::landed::Delivery;
use crate::store::raw::KeptRaw;

use super::identify;
use super::ledger::Ledger;

/// How old raw bytes that nothing names must be: a run keeps them before it names them.
const LEFT_OVER_DAYS: Days = Days::new(1);

/// What maintenance came to, or would.
#[derive(Debug)]
pub struct Maintained {
    retention_days: Option<u64>,
    is_dry_run: bool,
    fates: BTreeMap<Fate, u64>,
    freed_bytes: u64,
}

/// What becomes of raw bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Kept,
    /// Kept because a manifest does not say when it landed.
    Undated,
    Expired,
    /// No manifest and no judgement names them.
    LeftOver,
}

/// Takes away the raw bytes that are no longer to be kept; a dry run only counts them.
///
/// # Errors
///
/// [`super::stop::Stop::OtherStore`] where the store is another pipeline's: nothing is taken away.
pub fn maintain(
    pipeline: &Pipeline,
    store: &Store,
    now: DateTime<Utc>,
    is_dry_run: bool,
) -> anyhow::Result<Maintained> {
    identify(pipeline, store)?;
    // The manifests last: what has landed by now keeps its bytes.
    let objects = store.list_raw().context("failed to list the raw bytes")?;
    let ledger = Ledger::read(store)?;
    let landed = store.landed().context("failed to read the manifests")?;
    let retention_days = pipeline.settings.raw_retention_days;
    let limits = Limits {
        expired_before: retention_days.and_then(|days| now.checked_sub_days(Days::new(days))),
        left_over_before: now - LEFT_OVER_DAYS,
    };
    let mut deliveries: BTreeMap<&str, Vec<&Delivery>> = BTreeMap::new();
    for delivery in &landed {
        deliveries.entry(&delivery.manifest.sha256).or_default().push(delivery);
    }
    // A run that was killed left them to be judged again.
    let intents = store.intents().context("failed to read the intents")?;
    let begun: BTreeSet<&String> =
        intents.iter().flat_map(|(_, intent)| intent.judgements.keys()).collect();
    let judged: BTreeSet<&str> = ledger.judgements().map(|j| j.sha256.as_str()).collect();
    let fate = |object: &KeptRaw| match deliveries.get(&*object.sha256) {
        Some(named) if named.iter().any(|delivery| begun.contains(&delivery.id())) => Fate::Kept,
        Some(deliveries) => limits.fate_of_named(deliveries, &ledger),
        None if judged.contains(&*object.sha256) => Fate::Kept,
        None if object.put_at < limits.left_over_before => Fate::LeftOver,
        None => Fate::Kept,
    };
    let mut maintained =
        Maintained { retention_days, is_dry_run, fates: BTreeMap::new(), freed_bytes: 0 };
    let mut gone = Vec::new();
    for object in &objects {
        let fate = fate(object);
        *maintained.fates.entry(fate).or_default() += 1;
        if matches!(fate, Fate::Expired | Fate::LeftOver) {
            maintained.freed_bytes += object.size_bytes;
            gone.push(object);
        }
    }
    if !is_dry_run {
        let remove = |object: &&KeptRaw| store.remove_raw(object).map(drop);
        gone.par_iter().try_for_each(remove).context("failed to take raw bytes away")?;
    }
    info!(n_gone = gone.len(), n_bytes = maintained.freed_bytes, is_dry_run, "maintained");
    Ok(maintained)
}

/// Before when bytes may go.
struct Limits {
    /// The moment of landing; `None` where bytes are kept for ever.
    expired_before: Option<DateTime<Utc>>,
    /// The moment in which bytes that nothing names were put.
    left_over_before: DateTime<Utc>,
}

impl Limits {
    /// Bytes go once every delivery that brought them is judged and landed long enough ago.
    fn fate_of_named(&self, deliveries: &[&Delivery], ledger: &Ledger) -> Fate {
        let Some(limit) = self.expired_before else { return Fate::Kept };
        let landed_at = deliveries.iter().map(|delivery| delivery.manifest.landed_at);
        let latest = landed_at.collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max());
        match latest {
            None => Fate::Undated,
            Some(at) if at < limit && deliveries.iter().all(|d| ledger.is_judged(d)) => {
                Fate::Expired
            }
            Some(_) => Fate::Kept,
        }
    }
}

impl Maintained {
    /// Tells what was kept and what was taken away.
    pub fn text(&self) -> String {
        let (n_kept, n_undated) = (self.n_kept(), self.n(Fate::Undated));
        let (n_expired, n_left_over) = (self.n(Fate::Expired), self.n(Fate::LeftOver));
        let freed = if self.is_dry_run { "would be freed" } else { "freed" };
        let mut text = format!(
            "raw bytes: {n_kept} kept, {n_expired} expired, {n_left_over} left over; {} bytes {freed}\n",
            self.freed_bytes
        );
        if n_undated > 0 {
            text.push_str(&format!(
                "{n_undated} are kept because a manifest does not say when it landed\n"
            ));
        }
        if self.retention_days.is_none() {
            text.push_str("`raw_retention_days` is not in `pipeline.toml`: none expire\n");
        }
        text
    }

    /// Returns it as JSON, as `docs/schemas/maintain.schema.json` describes.
    pub fn json(&self) -> Value {
        json!({
            "dry_run": self.is_dry_run,
            "raw_retention_days": self.retention_days,
            "kept": self.n_kept(),
            "undated": self.n(Fate::Undated),
            "expired": self.n(Fate::Expired),
            "left_over": self.n(Fate::LeftOver),
            "freed_bytes": self.freed_bytes,
        })
    }

    fn n_kept(&self) -> u64 {
        self.n(Fate::Kept) + self.n(Fate::Undated)
    }

    fn n(&self, fate: Fate) -> u64 {
        self.fates.get(&fate).copied().unwrap_or(0)
    }
}
