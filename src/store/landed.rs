//! Manifests of deliveries, `landed/<unit>/<feed>/<n>.json`: n is the only record of order.

use chrono::{DateTime, NaiveDate, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use crate::pipeline::rules::Refusal;

use super::{RUNTIME, Store, StoreError};

const READS_IN_FLIGHT: usize = 32;

/// What landing records of a delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The hash of the plain bytes, which names them in `raw/`.
    pub sha256: String,
    pub size_bytes: u64,
    /// The name that the source gave.
    pub name: String,
    /// What this delivery replaces: an earlier one of the same slot.
    pub slot: Option<String>,
    /// The first day covered.
    pub period_start: Option<NaiveDate>,
    /// The first day that is covered no more.
    pub period_end: Option<NaiveDate>,
    /// When the data were taken, as the data say.
    pub observed_at: Option<DateTime<Utc>>,
    /// When it landed: whether a report is late, and when its bytes expire, is told by this; no
    /// fate of a record is.
    pub landed_at: Option<DateTime<Utc>>,
    /// Why the source refuses it unread.
    pub refused: Option<Refusal>,
    /// Where the source goes on after this delivery.
    pub cursor: String,
}

/// A manifest and its place in the order.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    pub unit: String,
    pub feed: String,
    pub n: u64,
    pub manifest: Manifest,
}

/// Which number a delivery may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The next that is free.
    Any,
    /// The one after the last that was seen, or none: what was read follows that one alone.
    Next,
}

impl Delivery {
    /// Returns `<unit>/<feed>/<n>`, n with eight digits.
    pub fn id(&self) -> String {
        format!("{}/{}/{:08}", self.unit, self.feed, self.n)
    }
}

impl Store {
    /// Records a delivery under the next number; who finds a number taken takes the next.
    ///
    /// `known_n` is the last number that the caller has seen: where another run has landed the
    /// same bytes under the same name since, or anything that ours would have to follow, there is
    /// nothing to land and `None` is returned.
    pub fn land(
        &self,
        unit: &str,
        feed: &str,
        manifest: Manifest,
        known_n: u64,
        order: Order,
    ) -> Result<Option<Delivery>, StoreError> {
        let bytes = serde_json::to_vec_pretty(&manifest).expect("a manifest is plain data");
        let is_same = |other: &Manifest| {
            (&other.sha256, &other.name, &other.slot)
                == (&manifest.sha256, &manifest.name, &manifest.slot)
        };
        let mut last_n = known_n;
        for object in self.root.list(&format!("landed/{unit}/{feed}/"))? {
            let n = parse_name(&object.name)?.2;
            last_n = last_n.max(n);
            if n > known_n && (order == Order::Next || is_same(&self.manifest(&object.name)?)) {
                return Ok(None);
            }
        }
        let mut delivery =
            Delivery { unit: unit.to_owned(), feed: feed.to_owned(), n: last_n + 1, manifest };
        loop {
            let name = manifest_name(&delivery.id());
            if self.root.put_if_absent(&name, bytes.clone())? {
                return Ok(Some(delivery));
            }
            let other = self.manifest(&name)?;
            if order == Order::Next {
                return Ok(None);
            }
            if (&other.sha256, &other.name) == (&delivery.manifest.sha256, &delivery.manifest.name)
            {
                return Ok(None);
            }
            delivery.n += 1;
        }
    }

    fn manifest(&self, name: &str) -> Result<Manifest, StoreError> {
        serde_json::from_slice(&self.root.read(name)?)
            .map_err(|error| StoreError::corrupt(name, error))
    }

    /// Reads every delivery, by unit, feed and number.
    pub fn landed(&self) -> Result<Vec<Delivery>, StoreError> {
        let objects = self.root.list("landed/")?;
        let reads = objects.iter().map(async |object| {
            let (unit, feed, n) = parse_name(&object.name)?;
            let bytes = self.root.fetch(&object.name).await?;
            let manifest = serde_json::from_slice(&bytes)
                .map_err(|error| StoreError::corrupt(&object.name, error))?;
            Ok(Delivery { unit, feed, n, manifest })
        });
        let mut deliveries: Vec<Delivery> =
            RUNTIME.block_on(stream::iter(reads).buffered(READS_IN_FLIGHT).try_collect())?;
        deliveries.sort_by(|a, b| (&a.unit, &a.feed, a.n).cmp(&(&b.unit, &b.feed, b.n)));
        Ok(deliveries)
    }
}

fn manifest_name(id: &str) -> String {
    format!("landed/{id}.json")
}

fn parse_name(name: &str) -> Result<(String, String, u64), StoreError> {
    let parts: Vec<&str> = name.split('/').collect();
    if let ["landed", unit, feed, file] = parts[..]
        && let Some(n) = file.strip_suffix(".json").and_then(|n| n.parse().ok())
    {
        return Ok((unit.to_owned(), feed.to_owned(), n));
    }
    Err(StoreError::corrupt(name, "not the name of a manifest"))
}
