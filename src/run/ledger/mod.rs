//! The ledger: every judgement of every delivery, and what follows from them all.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::NaiveDate;
use rayon::prelude::*;

use crate::decode::Written;
use crate::indicators::coverage::Covered;
use crate::normalise::{Fates, Figures};
use crate::pipeline::Pipeline;
use crate::pipeline::rules::{Note, Refusal};
use crate::pipeline::tables::{Cell, Table};
use crate::pipeline::withdrawal;
use crate::store::Store;
use crate::store::intents::{Intent, Judging};
use crate::store::landed::{Delivery, Manifest};
use crate::store::parquet::DataFile;
use crate::store::table::Snapshot;

use super::ingest::Work;
use super::judge::Judged;

pub(super) use rows::row;

/// One judgement of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) unit: String,
    pub(super) feed: String,
    pub(super) n: i64,
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) slot: Option<String>,
    pub(super) judgement: i64,
    pub(super) profile_hash: String,
    pub(super) period: Option<(NaiveDate, NaiveDate)>,
    /// UTC microseconds.
    pub(super) observed_at: Option<i64>,
    /// Why the delivery was refused; `None` where it was accepted.
    pub(super) refusal: Option<Refusal>,
    pub(super) fates: Fates,
    pub(super) cells: BTreeSet<Cell>,
    /// Positions of headings that the profile neither reads nor ignores.
    pub(super) unknown_headings: Vec<String>,
    /// The format with what it is packed in, and the encoding; `None` where nothing was read.
    pub(super) written: Option<Written>,
    pub(super) notes: Vec<Note>,
    /// The figures of a form II.06a.
    pub(super) control: Option<Figures>,
    /// When the delivery landed, in UTC microseconds.
    pub(super) landed_at: Option<i64>,
}

impl Judgement {
    /// Returns the delivery's id, `<unit>/<feed>/<n>`.
    pub(super) fn delivery(&self) -> String {
        format!("{}/{}/{:08}", self.unit, self.feed, self.n)
    }

    fn key(&self) -> (String, String, i64) {
        (self.unit.clone(), self.feed.clone(), self.n)
    }

    /// Whether the delivery was accepted.
    pub(super) fn is_accepted(&self) -> bool {
        self.refusal.is_none()
    }

    /// Whether the delivery was refused because it is withdrawn.
    pub(super) fn is_withdrawn(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.rule == withdrawal::RULE)
    }

    /// Whether what was refused is a file that the feed never asked for.
    fn is_of_no_part(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.rule == "name_outside_pattern")
    }

    /// Returns the name of the judgement's files.
    pub(super) fn file_name(&self) -> String {
        format!("{}_{}_{:08}_j{}", self.unit, self.feed, self.n, self.judgement)
    }
}

/// The latest judgement of each delivery, by unit, feed and number.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    latest: BTreeMap<(String, String, i64), Judgement>,
}

impl Ledger {
    /// Reads the ledger.
    pub(super) fn read(store: &Store) -> anyhow::Result<Self> {
        let newest = store.snapshot(Table::Deliveries).context("failed to read the ledger")?;
        Self::at(&newest, store)
    }

    /// Reads the ledger at a version.
    pub(super) fn at(snapshot: &Snapshot, store: &Store) -> anyhow::Result<Self> {
        let read = |file: &DataFile| -> anyhow::Result<Vec<Judgement>> {
            let mut read = Vec::new();
            for batch in store.read(Table::Deliveries, file, None)? {
                read.extend(rows::judgements(&batch?)?);
            }
            Ok(read)
        };
        let read: anyhow::Result<Vec<_>> = snapshot.files.par_iter().map(read).collect();
        let mut ledger = Self::default();
        read?.into_iter().flatten().for_each(|judgement| ledger.add(judgement));
        Ok(ledger)
    }

    /// Adds a judgement; the later one of a delivery stands.
    pub(super) fn add(&mut self, judgement: Judgement) {
        let key = judgement.key();
        let is_later =
            self.latest.get(&key).is_none_or(|known| known.judgement <= judgement.judgement);
        if is_later {
            self.latest.insert(key, judgement);
        }
    }

    /// The judgements that stand for their deliveries, by unit, feed and number.
    pub(super) fn judgements(&self) -> impl Iterator<Item = &Judgement> {
        self.latest.values()
    }

    /// Returns the judgement that stands for a delivery.
    pub(super) fn judgement_of(&self, delivery: &Delivery) -> Option<&Judgement> {
        self.latest.get(&key_of(delivery))
    }

    /// Returns what is to be judged, in the order of landing: what has landed and is not judged
    /// yet, what is to be judged again, what is withdrawn, or is no more, and what a run that was
    /// killed was judging otherwise than it is entered. The files of a judgement bear its number:
    /// what a run has begun by another profile is another judgement. What no feed of the pipeline
    /// reads is left.
    pub(super) fn work(
        &self,
        landed: &[Delivery],
        again: &BTreeSet<String>,
        left_over: &[(String, Intent)],
        pipeline: &Pipeline,
    ) -> Vec<Work> {
        let work = |delivery: &Delivery| {
            let id = delivery.id();
            let standing = self.judgement_of(delivery);
            let last = standing.map_or(0, |standing| standing.judgement);
            let begun = left_over.iter().filter_map(|(_, intent)| intent.judgements.get(&id));
            let is_entered = |begun: &Judging| {
                let entered = standing.map(|of| (of.judgement, &of.profile_hash));
                entered == Some((begun.judgement, &begun.profile_hash))
            };
            let is_begun = begun.clone().any(|begun| !is_entered(begun));
            let Manifest { name, sha256, .. } = &delivery.manifest;
            let feed = pipeline.feed(&delivery.unit, &delivery.feed)?;
            let judged_by = feed.judged_by(name, sha256);
            let is_turned = standing.is_some_and(|standing| {
                let is_withdrawn = feed.withdrawal(name, sha256).is_some();
                (is_withdrawn || standing.is_withdrawn()) && judged_by != standing.profile_hash
            });
            let is_wanted = last == 0 || again.contains(&id) || is_begun || is_turned;
            let others = begun.filter(|begun| begun.profile_hash != judged_by);
            let last = others.map(|begun| begun.judgement).fold(last, i64::max);
            is_wanted.then(|| Work { delivery: delivery.clone(), judgement: last + 1 })
        };
        landed.iter().filter_map(work).collect()
    }

    /// Returns the deliveries that stand again because what replaced them is refused now: their
    /// observations left `dossiers` when they were replaced, perhaps by a run that was killed before
    /// the ledger knew of it.
    pub(super) fn revealed(
        &self,
        judged: &[Judged],
        landed: &[Delivery],
        left_over: &[(String, Intent)],
    ) -> Vec<Work> {
        let is_left_over = |judgement: &Judgement| {
            let id = judgement.delivery();
            left_over.iter().any(|(_, intent)| intent.judgements.contains_key(&id))
        };
        let has_replaced = |judgement: &&Judgement| {
            let before = self.latest.get(&judgement.key());
            before.is_some_and(Judgement::is_accepted) || is_left_over(judgement)
        };
        let refused = judged.iter().map(|judged| &judged.judgement).filter(|j| !j.is_accepted());
        let replaced = refused.filter(has_replaced).flat_map(|refused| self.replaces(refused));
        let mut replaced: BTreeMap<_, _> = replaced.map(|old| (old.key(), old)).collect();
        if replaced.is_empty() {
            return Vec::new();
        }
        let mut newer = self.clone();
        for Judged { judgement, .. } in judged {
            newer.add(judgement.clone());
            replaced.remove(&judgement.key());
        }
        replaced.retain(|_, old| newer.replaced_by(old).is_none());
        let work = |delivery: &Delivery| {
            let judgement = replaced.get(&key_of(delivery))?.judgement + 1;
            Some(Work { delivery: delivery.clone(), judgement })
        };
        landed.iter().filter_map(work).collect()
    }

    /// Names the deliveries of intents that do not stand: refused, or replaced.
    pub(super) fn fallen<'a>(&self, intents: impl Iterator<Item = &'a Intent>) -> BTreeSet<String> {
        let named: BTreeSet<&String> =
            intents.flat_map(|intent| intent.judgements.keys()).collect();
        let is_fallen = |j: &&Judgement| !j.is_accepted() || self.replaced_by(j).is_some();
        let fallen = self.judgements().filter(|j| named.contains(&j.delivery())).filter(is_fallen);
        fallen.map(Judgement::delivery).collect()
    }

    /// Whether it holds another judgement of the same delivery: a later one, or one that another run
    /// has entered under the same number.
    pub(super) fn has_other(&self, judgement: &Judgement) -> bool {
        self.latest.get(&judgement.key()).is_some_and(|standing| standing != judgement)
    }

    /// Whether a delivery is judged.
    pub(super) fn is_judged(&self, delivery: &Delivery) -> bool {
        self.judgement_of(delivery).is_some()
    }

    /// Returns the accepted delivery that replaces this one, if its slot holds a later one.
    pub(super) fn replaced_by(&self, judgement: &Judgement) -> Option<&Judgement> {
        let slot = judgement.slot.as_ref()?;
        let first = (judgement.unit.clone(), judgement.feed.clone(), judgement.n + 1);
        let later = self.latest.range(first..).map(|(_, later)| later);
        later
            .take_while(|later| later.unit == judgement.unit && later.feed == judgement.feed)
            .filter(|later| later.is_accepted() && later.slot.as_ref() == Some(slot))
            .last()
    }

    /// Returns the accepted deliveries that an accepted one replaces.
    pub(super) fn replaces(&self, judgement: &Judgement) -> Vec<&Judgement> {
        let Some(slot) = &judgement.slot else { return Vec::new() };
        let at = |n: i64| (judgement.unit.clone(), judgement.feed.clone(), n);
        let earlier = self.latest.range(at(0)..at(judgement.n)).map(|(_, earlier)| earlier);
        let is_replaced =
            |earlier: &&Judgement| earlier.is_accepted() && earlier.slot.as_ref() == Some(slot);
        earlier.filter(is_replaced).collect()
    }

    /// Returns what the accepted deliveries cover, in the order of landing.
    ///
    /// The parts of a reading come one after another, and the last tells the period of all: it
    /// covers nothing where one of them was refused. Neither does a delivery tell anything of which
    /// no record was accepted.
    pub(super) fn covered(&self, pipeline: &Pipeline) -> Vec<Covered> {
        let is_part = |judgement: &Judgement| {
            let feed = pipeline.feed(&judgement.unit, &judgement.feed);
            feed.is_some_and(|feed| feed.source.objects().is_none())
        };
        let mut covered = Vec::new();
        let mut broken: BTreeSet<(&str, &str)> = BTreeSet::new();
        // What the parts before the last have told: records, rejected ones.
        let mut carried: BTreeMap<(&str, &str), (i64, i64)> = BTreeMap::new();
        for judgement in self.judgements() {
            let feed = (&*judgement.unit, &*judgement.feed);
            let is_end = judgement.period.is_some();
            if judgement.is_accepted() {
                let Fates { read, rejected, out_of_scope, .. } = judgement.fates;
                let (n_before, n_rejected_before) = carried.remove(&feed).unwrap_or_default();
                let n_records = n_before + read - out_of_scope;
                let n_rejected = n_rejected_before + rejected;
                if !is_end && is_part(judgement) {
                    carried.insert(feed, (n_records, n_rejected));
                }
                covered.push(Covered {
                    unit: judgement.unit.clone(),
                    feed: judgement.feed.clone(),
                    period: judgement.period.filter(|_| !broken.contains(&feed)),
                    landed_on: pipeline.settings.local_day(judgement.landed_at),
                    n_records,
                    n_rejected,
                    is_telling: n_records == 0 || n_rejected < n_records,
                    judgement: (judgement.delivery(), judgement.judgement),
                    is_standing: self.replaced_by(judgement).is_none(),
                });
            } else if is_part(judgement) && !judgement.is_of_no_part() {
                broken.insert(feed);
            }
            if is_end {
                broken.remove(&feed);
            }
        }
        silence_empty_ones(&mut covered);
        covered
    }
}

/// Returns where the judgements of a delivery stand.
fn key_of(delivery: &Delivery) -> (String, String, i64) {
    (delivery.unit.clone(), delivery.feed.clone(), delivery.n as i64)
}

/// An empty delivery beside one of which nothing could be read is no report of nothing.
fn silence_empty_ones(covered: &mut [Covered]) {
    let silent: Vec<Covered> =
        covered.iter().filter(|c| c.is_standing && !c.is_telling).cloned().collect();
    for empty in covered.iter_mut().filter(|covered| covered.n_records == 0) {
        let Some((start, end)) = empty.period else { continue };
        let is_own = |c: &&Covered| (&c.unit, &c.feed) == (&empty.unit, &empty.feed);
        empty.is_telling = !silent.iter().filter(is_own).any(|c| c.touches(start, end));
    }
}
