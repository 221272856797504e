//! Landing: what the sources offer is kept, byte for byte, and numbered.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
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
    let latest = known.latest(feed, slot.as_deref(), &name, facts);
    if latest.is_some_and(|latest| latest.name == name && latest.cursor == offer.cursor) {
        return Ok(None);
    }
    let mut bytes = source.open(offer).map_err(|e| anyhow::Error::from(e).context(AtSource))?;
    let spooled = spool(&mut bytes).with_context(|| format!("failed to read `{name}`"));
    let spooled = spooled.map_err(|error| error.context(AtSource))?;
    if latest.is_some_and(|latest| latest.sha256 == spooled.sha256()) {
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
        observed_at: facts.observed_on.map(|day| local_midnight(day, pipeline)),
        refused: (!is_expected).then(refusal),
        cursor: offer.cursor.clone(),
        name,
    };
    let delivery = store.land(&feed.unit, &feed.feed, manifest).context("failed to land")?;
    Ok(Some(delivery))
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

fn local_midnight(day: NaiveDate, pipeline: &Pipeline) -> DateTime<Utc> {
    let offset = TimeDelta::seconds(pipeline.settings.utc_offset_seconds.into());
    // The export was made on that day: its end is the first moment known to be after it.
    ((day + Days::new(1)).and_time(NaiveTime::MIN) - offset - TimeDelta::microseconds(1)).and_utc()
}

/// The latest manifest of each slot; without one, of each name and period.
struct Known(BTreeMap<(String, String, Place), Manifest>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Slot(String),
    Name(String, Option<NaiveDate>, Option<NaiveDate>),
}

impl Known {
    fn new(landed: &[Delivery]) -> Self {
        let mut latest = BTreeMap::new();
        // In order of landing: the later stands.
        for Delivery { unit, feed, manifest, .. } in landed {
            let by_name =
                Place::Name(manifest.name.clone(), manifest.period_start, manifest.period_end);
            let place = manifest.slot.clone().map_or(by_name, Place::Slot);
            latest.insert((unit.clone(), feed.clone(), place), manifest.clone());
        }
        Self(latest)
    }

    fn latest(
        &self,
        feed: &Feed,
        slot: Option<&str>,
        name: &str,
        facts: NameFacts,
    ) -> Option<&Manifest> {
        let (start, end) = facts.period.unzip();
        let by_name = || Place::Name(name.to_owned(), start, end);
        let place = slot.map_or_else(by_name, |slot| Place::Slot(slot.to_owned()));
        self.0.get(&(feed.unit.clone(), feed.feed.clone(), place))
    }
}

/// Marks an error as the source's: the other units go on.
#[derive(Debug)]
struct AtSource;

impl std::fmt::Display for AtSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the source was not reached")
    }
}

fn is_of_source(error: &anyhow::Error) -> bool {
    error.downcast_ref::<AtSource>().is_some()
}
