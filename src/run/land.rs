//! Landing: what the sources offer is kept, byte for byte, and numbered.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use rayon::prelude::*;
use tracing::info;

use crate::pipeline::feed::{Expected, Feed, Slot};
use crate::pipeline::rules::Refusal;
use crate::pipeline::{Pipeline, hash_of};
use crate::source::{Fault, Folder, Object, Part, Source, Stream, reach};
use crate::store::Store;
use crate::store::landed::{Delivery, Manifest, Order};
use crate::store::raw::Spooled;

use super::Options;
use super::wanted::Wanted;
use super::watch::Watch;

/// What landing found.
#[derive(Debug, Default)]
pub(super) struct Landed {
    pub(super) n_new: usize,
    pub(super) n_sources: usize,
    /// The sources that could not be read, or not to their end.
    pub(super) unreachable: Vec<AtSource>,
    /// What is worth knowing of sources that were read.
    pub(super) notes: Vec<AtSource>,
}

/// What is told of a source.
#[derive(Debug, Clone)]
pub(super) struct AtSource {
    pub(super) unit: String,
    pub(super) feed: String,
    pub(super) why: String,
}

impl std::fmt::Display for AtSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.unit, self.feed, self.why)
    }
}

impl Landed {
    /// Whether no source could be read at all.
    pub(super) fn is_nothing_reached(&self) -> bool {
        self.n_sources > 0 && self.n_new == 0 && self.unreachable.len() == self.n_sources
    }
}

/// Lands what is new at the sources, of what the run was asked for.
pub(super) fn land(
    pipeline: &Pipeline,
    store: &Store,
    options: &Options,
    watch: &Watch,
) -> anyhow::Result<Landed> {
    let known = Known::new(store.landed().context("failed to read the manifests")?);
    let wanted = Wanted::new(pipeline, store, options)?;
    let units = &options.units;
    let is_wanted =
        |feed: &&Feed| (units.is_empty() || units.contains(&feed.unit)) && wanted.may_have(feed);
    let feeds: Vec<&Feed> = pipeline.feeds.iter().filter(is_wanted).collect();
    let mut landed = Landed { n_sources: feeds.len(), ..Landed::default() };
    let began = Instant::now();
    watch.progress.begin("landing", feeds.len());
    let land_one = |feed: &&Feed| {
        watch.stop.check()?;
        let now = options.now + began.elapsed();
        let mut landing = Landing {
            feed,
            pipeline,
            store,
            known: &known,
            wanted: &wanted,
            watch,
            now,
            n_new: 0,
            n_replaced: 0,
            notes: Vec::new(),
        };
        let done = landing.land();
        watch.progress.step();
        Ok((
            landing.n_new,
            landing.notes,
            done.err().map(anyhow::Error::downcast::<Fault>).transpose()?,
        ))
    };
    // What a feed lands follows from its own manifests alone.
    let done: anyhow::Result<Vec<_>> = feeds.par_iter().map(land_one).collect();
    for (feed, (n_new, notes, fault)) in feeds.iter().zip(done?) {
        landed.n_new += n_new;
        let at = |why| AtSource { unit: feed.unit.clone(), feed: feed.feed.clone(), why };
        landed.notes.extend(notes.into_iter().map(at));
        if let Some(fault) = fault {
            info!(unit = feed.unit, feed = feed.feed, why = %fault, "source not reached");
            landed.unreachable.push(at(fault.to_string()));
        }
    }
    watch.progress.end();
    info!(stage = "land", n_new = landed.n_new, n_sources = landed.n_sources, "landed");
    Ok(landed)
}

/// One feed being landed.
struct Landing<'a> {
    feed: &'a Feed,
    pipeline: &'a Pipeline,
    store: &'a Store,
    known: &'a Known,
    wanted: &'a Wanted,
    watch: &'a Watch,
    now: DateTime<Utc>,
    n_new: usize,
    /// How many objects have other bytes than what took their place, and those that they had before.
    n_replaced: usize,
    notes: Vec<String>,
}

impl Landing<'_> {
    /// Lands what is new; a [`Fault`] is the source's, any other error the store's.
    fn land(&mut self) -> anyhow::Result<()> {
        match reach(self.feed, &self.pipeline.settings)? {
            Source::Folder(folder) => self.land_folder(&folder),
            Source::Stream(stream) => self.land_stream(&stream),
        }
    }

    fn land_folder(&mut self, folder: &Folder<'_>) -> anyhow::Result<()> {
        let is_new = |object: &Object| {
            let latest = self.known.latest(self.feed, &self.name(object), None);
            self.wanted.has(self.feed, object.facts)
                && !self.is_anothers(object)
                && latest.is_none_or(|m| m.cursor != object.version())
        };
        let (objects, mut n_unwhole) = folder.list(self.now, is_new)?;
        for object in objects {
            self.watch.stop.check()?;
            match folder.read(&object)? {
                Some(bytes) => self.land_object(&object, bytes)?,
                None => n_unwhole += 1,
            }
        }
        if n_unwhole > 0 {
            self.notes
                .push(format!("{n_unwhole} files are still being written: left for the next run"));
        }
        if self.n_replaced > 0 {
            let n = self.n_replaced;
            self.notes.push(format!(
                "{n} files came again as they were before others took their place, and change \
                 nothing: to make one stand, send it under another name"
            ));
        }
        Ok(())
    }

    /// Lands an object, unless its bytes are those that already lie there.
    fn land_object(&mut self, object: &Object, bytes: Spooled) -> anyhow::Result<()> {
        let name = self.name(object);
        let is_expected = object.facts.is_some();
        let facts = object.facts.unwrap_or_default();
        let slot = object.facts.and_then(|facts| self.feed.slot_of(&name, &facts));
        let of_name = self.known.latest(self.feed, &name, None);
        let of_slot =
            slot.as_deref().and_then(|slot| self.known.latest(self.feed, &name, Some(slot)));
        let is_same = |latest: &Manifest| latest.sha256 == bytes.sha256();
        if of_name.into_iter().chain(of_slot).any(is_same) {
            // Copied anew, all files of a folder look new: the order of their names tells nothing.
            self.n_replaced += usize::from(of_slot.is_some_and(|latest| !is_same(latest)));
            // What was lost, or has expired, can be judged again from now on.
            self.store.put_raw(&bytes).context("failed to keep the raw bytes")?;
            return Ok(());
        }
        let refusal = || Refusal::new("name_outside_pattern", [("hash", name.clone())]);
        let manifest = Manifest {
            sha256: String::new(),
            size_bytes: 0,
            slot,
            period_start: facts.period.map(|(start, _)| start),
            period_end: facts.period.map(|(_, end)| end),
            observed_at: facts.observed_on.map(|day| self.pipeline.settings.end_of_day(day)),
            landed_at: None,
            refused: (!is_expected).then(refusal),
            cursor: object.version().to_owned(),
            name,
        };
        self.keep(bytes, manifest, Order::Any)
    }

    /// Returns the object's name where it may be shown: one outside the pattern may tell anything.
    fn name(&self, object: &Object) -> String {
        match object.facts {
            Some(_) => object.name().to_owned(),
            None => hash_of([object.name()]),
        }
    }

    /// Whether the object fits another feed that reads the same place.
    fn is_anothers(&self, object: &Object) -> bool {
        let place = self.feed.source.location();
        let others = self.pipeline.feeds.iter().filter(|other| other.source.location() == place);
        let is_first = others.clone().next().is_some_and(|first| std::ptr::eq(first, self.feed));
        let fits = |other: &Feed| {
            other.source.objects().is_some_and(|o| o.read_name(object.name()).is_some())
        };
        object.facts.is_none() && (!is_first || others.into_iter().any(fits))
    }

    fn land_stream(&mut self, stream: &Stream<'_>) -> anyhow::Result<()> {
        let last = self.known.last(self.feed);
        let mut cursor = last.map(|delivery| delivery.manifest.cursor.clone());
        loop {
            self.watch.stop.check()?;
            let part = stream.read_on(cursor.as_deref())?;
            self.notes.extend(part.note.clone());
            let (has_more, fault) = (part.has_more, part.fault.clone());
            cursor = Some(part.cursor.clone());
            self.land_part(part)?;
            match fault {
                Some(fault) => return Err(fault.into()),
                None if has_more => {}
                None => return Ok(()),
            }
        }
    }

    /// Lands a part of a stream, unless nothing is new and it reports on no new period.
    fn land_part(&mut self, part: Part) -> anyhow::Result<()> {
        let slot = (self.feed.slot == Slot::Name).then(|| part.name.clone());
        // A part must not stand for the whole that it would replace.
        if slot.is_some() && part.fault.is_some() {
            return Ok(());
        }
        let latest = self.known.latest(self.feed, &part.name, None);
        let is_same = match part.n_new {
            Some(n_new) => n_new == 0,
            None => latest.is_some_and(|latest| latest.sha256 == part.bytes.sha256()),
        };
        if part.is_whole && is_same && !self.opens_period(part.period) {
            return Ok(());
        }
        let manifest = Manifest {
            sha256: String::new(),
            size_bytes: 0,
            name: part.name,
            slot,
            period_start: part.period.map(|(start, _)| start),
            period_end: part.period.map(|(_, end)| end),
            observed_at: part.observed_at,
            landed_at: None,
            refused: None,
            cursor: part.cursor,
        };
        self.keep(part.bytes, manifest, Order::Next)
    }

    /// Whether a reading reports to the end of a period that no reading before did.
    fn opens_period(&self, period: Option<(NaiveDate, NaiveDate)>) -> bool {
        let reported = self.known.reported_until(self.feed);
        period.is_some_and(|(_, end)| {
            reported.is_none_or(|before| is_later(self.feed.expected, before, end))
        })
    }

    fn keep(&mut self, bytes: Spooled, manifest: Manifest, order: Order) -> anyhow::Result<()> {
        let raw = self.store.put_raw(&bytes).context("failed to keep the raw bytes")?;
        let manifest = Manifest {
            sha256: raw.sha256,
            size_bytes: raw.size_bytes,
            landed_at: Some(self.now),
            ..manifest
        };
        let known_n = self.known.last(self.feed).map_or(0, |delivery| delivery.n)
            + match order {
                Order::Any => 0,
                Order::Next => self.n_new as u64,
            };
        let (unit, feed) = (&self.feed.unit, &self.feed.feed);
        let landed = self.store.land(unit, feed, manifest, known_n, order);
        self.n_new += usize::from(landed.context("failed to land")?.is_some());
        // `maintain` may have taken bytes away that nothing named before, or be about to.
        self.store.renew_raw(&bytes, self.now).context("failed to keep the raw bytes")?;
        Ok(())
    }
}

/// What has landed before: the latest manifest of each name and of each slot, and the last delivery
/// of each feed.
struct Known {
    latest: BTreeMap<(String, String, Place), Manifest>,
    last: BTreeMap<(String, String), Delivery>,
    reported_until: BTreeMap<(String, String), NaiveDate>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Slot(String),
    Name(String),
}

impl Known {
    fn new(landed: Vec<Delivery>) -> Self {
        let (mut latest, mut last) = (BTreeMap::new(), BTreeMap::new());
        let mut reported_until: BTreeMap<(String, String), NaiveDate> = BTreeMap::new();
        // In order of landing: the later stands.
        for delivery in landed {
            let Delivery { unit, feed, manifest, .. } = &delivery;
            let slot = manifest.slot.clone().map(Place::Slot);
            for place in [Some(Place::Name(manifest.name.clone())), slot].into_iter().flatten() {
                latest.insert((unit.clone(), feed.clone(), place), manifest.clone());
            }
            let key = (unit.clone(), feed.clone());
            if let Some(end) = manifest.period_end {
                let until = reported_until.entry(key.clone()).or_insert(end);
                *until = end.max(*until);
            }
            last.insert(key, delivery);
        }
        Self { latest, last, reported_until }
    }

    /// Returns the feed's last delivery.
    fn last(&self, feed: &Feed) -> Option<&Delivery> {
        self.last.get(&(feed.unit.clone(), feed.feed.clone()))
    }

    /// Returns up to which day the feed has reported.
    fn reported_until(&self, feed: &Feed) -> Option<NaiveDate> {
        self.reported_until.get(&(feed.unit.clone(), feed.feed.clone())).copied()
    }

    /// Returns the latest manifest of a slot, else of a name.
    fn latest(&self, feed: &Feed, name: &str, slot: Option<&str>) -> Option<&Manifest> {
        let place = match slot {
            Some(slot) => Place::Slot(slot.to_owned()),
            None => Place::Name(name.to_owned()),
        };
        self.latest.get(&(feed.unit.clone(), feed.feed.clone(), place))
    }
}

/// Whether a day lies in a later period than another, by the rhythm of a feed.
fn is_later(expected: Expected, before: NaiveDate, day: NaiveDate) -> bool {
    let number = |day: NaiveDate| match expected {
        Expected::Month => day.year() * 12 + day.month0() as i32,
        Expected::Quarter => day.year() * 4 + day.quarter() as i32,
        Expected::Year => day.year(),
        Expected::Never => 0,
    };
    number(before) < number(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_of_a_later_period_by_the_rhythm_of_its_feed() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (expected, before, later, is_expected) in [
            (Expected::Month, "2020-10-05", "2020-10-31", false),
            (Expected::Month, "2020-10-31", "2020-11-01", true),
            (Expected::Month, "2020-11-01", "2020-10-31", false),
            (Expected::Quarter, "2020-10-01", "2020-12-31", false),
            (Expected::Quarter, "2020-12-31", "2021-01-01", true),
            (Expected::Year, "2020-01-01", "2020-12-31", false),
            (Expected::Year, "2020-12-31", "2021-01-01", true),
            (Expected::Never, "2020-10-31", "2021-11-01", false),
        ] {
            let told = format!("{before} to {later}");
            assert_eq!(is_later(expected, day(before), day(later)), is_expected, "{told}");
        }
    }
}
