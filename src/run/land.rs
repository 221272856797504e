//! Landing: what the sources offer is kept, byte for byte, and numbered.

use std::collections::BTreeMap;

use anyhow::Context as _;
use tracing::info;

use crate::pipeline::feed::{Feed, NameFacts, Slot};
use crate::pipeline::rules::Refusal;
use crate::pipeline::{Pipeline, hash_of};
use crate::source::{Offer, Source, reach};
use crate::store::landed::{Delivery, Manifest};
use crate::store::raw::spool;
use crate::store::{Store, StoreError};

use super::watch::Watch;

/// What landing found.
#[derive(Debug, Default)]
pub(super) struct Landed {
    pub(super) n_new: usize,
    pub(super) n_sources: usize,
    /// The sources that could not be reached: unit, feed and why.
    pub(super) unreachable: Vec<Unreachable>,
}

/// A source that could not be reached.
#[derive(Debug, Clone)]
pub(super) struct Unreachable {
    pub(super) unit: String,
    pub(super) feed: String,
    pub(super) why: String,
}

impl std::fmt::Display for Unreachable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.unit, self.feed, self.why)
    }
}

/// Lands what is new at the sources of some units; no unit named means every unit.
pub(super) fn land(
    pipeline: &Pipeline,
    store: &Store,
    units: &[String],
    watch: &Watch,
) -> anyhow::Result<Landed> {
    let known = Known::new(&store.landed().context("failed to read the manifests")?);
    let is_wanted = |feed: &&Feed| units.is_empty() || units.contains(&feed.unit);
    let feeds: Vec<&Feed> = pipeline.feeds.iter().filter(is_wanted).collect();
    let mut landed = Landed { n_sources: feeds.len(), ..Landed::default() };
    watch.progress.begin("landing", feeds.len());
    for feed in feeds {
        watch.stop.check()?;
        match land_feed(feed, pipeline, store, &known, watch) {
            Ok(n_new) => landed.n_new += n_new,
            Err(error) if is_of_source(&error) => {
                let why = format!("{error:#}");
                info!(unit = feed.unit, feed = feed.feed, why, "source not reached");
                let (unit, feed) = (feed.unit.clone(), feed.feed.clone());
                landed.unreachable.push(Unreachable { unit, feed, why });
            }
            Err(error) => return Err(error),
        }
        watch.progress.step();
    }
    watch.progress.end();
    info!(stage = "land", n_new = landed.n_new, n_sources = landed.n_sources, "landed");
    Ok(landed)
}

fn land_feed(
    feed: &Feed,
    pipeline: &Pipeline,
    store: &Store,
    known: &Known,
    watch: &Watch,
) -> anyhow::Result<usize> {
    let at_source = |error: StoreError| anyhow::Error::from(error).context(AtSource);
    let source = reach(feed).map_err(at_source)?;
    let mut n_new = 0;
    for offer in source.offers().map_err(at_source)? {
        watch.stop.check()?;
        if offer.facts.is_none() && is_anothers(&offer, feed, pipeline) {
            continue;
        }
        let delivery = land_offer(&offer, source.as_ref(), feed, pipeline, store, known)?;
        n_new += usize::from(delivery.is_some());
    }
    Ok(n_new)
}

/// Lands one offer, unless its bytes are those that already lie there.
fn land_offer(
    offer: &Offer,
    source: &dyn Source,
    feed: &Feed,
    pipeline: &Pipeline,
    store: &Store,
    known: &Known,
) -> anyhow::Result<Option<Delivery>> {
    // A name outside the pattern may tell anything: it is kept as its hash alone.
    let is_expected = offer.facts.is_some();
    let name = if is_expected { offer.name.clone() } else { hash_of([offer.name.as_str()]) };
    let facts = offer.facts.unwrap_or_default();
    let slot = slot(feed, &name, facts).filter(|_| is_expected);
    let latest = known.latest(feed, slot.as_deref(), &name);
    if latest.iter().any(|latest| latest.name == name && latest.cursor == offer.cursor) {
        return Ok(None);
    }
    let unreadable = |cause: anyhow::Error| {
        let deed = format!("failed to read `{name}`");
        // The source's own words would tell a name that may not be shown.
        let error = if is_expected { cause.context(deed) } else { anyhow::Error::msg(deed) };
        error.context(AtSource)
    };
    let mut bytes = source.open(offer).map_err(|error| unreadable(error.into()))?;
    let spooled = spool(&mut bytes).map_err(|error| unreadable(error.into()))?;
    if latest.iter().any(|latest| latest.sha256 == spooled.sha256()) {
        return Ok(None);
    }
    let raw = store.put_raw(spooled).context("failed to keep the raw bytes")?;
    let refusal = || Refusal::new("name_outside_pattern", [("hash", name.clone())]);
    let manifest = Manifest {
        sha256: raw.sha256,
        size_bytes: raw.size_bytes,
        slot,
        period_start: facts.period.map(|(start, _)| start),
        period_end: facts.period.map(|(_, end)| end),
        observed_at: facts.observed_on.map(|day| pipeline.settings.end_of_day(day)),
        refused: (!is_expected).then(refusal),
        cursor: offer.cursor.clone(),
        name,
    };
    store.land(&feed.unit, &feed.feed, manifest, known.last_n(feed)).context("failed to land")
}

/// Whether the object fits another feed that reads the same place.
fn is_anothers(offer: &Offer, feed: &Feed, pipeline: &Pipeline) -> bool {
    let others = pipeline.feeds.iter().filter(|other| other.location == feed.location);
    let is_first = others.clone().next().is_some_and(|first| std::ptr::eq(first, feed));
    !is_first || others.into_iter().any(|other| other.read_name(&offer.name).is_some())
}

fn slot(feed: &Feed, name: &str, facts: NameFacts) -> Option<String> {
    match feed.slot {
        Slot::None => None,
        Slot::Name => Some(name.to_owned()),
        Slot::Period => facts.period.map(|(start, end)| format!("{start}/{end}")),
    }
}

/// What has landed before: the latest manifest of each name and of each slot, by feed.
struct Known {
    latest: BTreeMap<(String, String, Place), Manifest>,
    last_n: BTreeMap<(String, String), u64>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Slot(String),
    Name(String),
}

impl Known {
    fn new(landed: &[Delivery]) -> Self {
        let (mut latest, mut last_n) = (BTreeMap::new(), BTreeMap::new());
        // In order of landing: the later stands.
        for Delivery { unit, feed, n, manifest } in landed {
            last_n.insert((unit.clone(), feed.clone()), *n);
            let slot = manifest.slot.clone().map(Place::Slot);
            for place in [Some(Place::Name(manifest.name.clone())), slot].into_iter().flatten() {
                latest.insert((unit.clone(), feed.clone(), place), manifest.clone());
            }
        }
        Self { latest, last_n }
    }

    /// Returns the number of the feed's last delivery.
    fn last_n(&self, feed: &Feed) -> u64 {
        self.last_n.get(&(feed.unit.clone(), feed.feed.clone())).copied().unwrap_or(0)
    }

    /// Returns the latest manifests of a name and of a slot.
    fn latest(&self, feed: &Feed, slot: Option<&str>, name: &str) -> Vec<&Manifest> {
        let slot = slot.map(|slot| Place::Slot(slot.to_owned()));
        let places = [Some(Place::Name(name.to_owned())), slot].into_iter().flatten();
        let key = |place| (feed.unit.clone(), feed.feed.clone(), place);
        places.filter_map(|place| self.latest.get(&key(place))).collect()
    }
}

/// Marks an error as the source's: the other units go on.
#[derive(Debug)]
struct AtSource;

impl std::fmt::Display for AtSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the source did not answer")
    }
}

fn is_of_source(error: &anyhow::Error) -> bool {
    error.downcast_ref::<AtSource>().is_some()
}
