//! The ledger: every judgement of every delivery, and what follows from them all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{
    Array as _, ArrayRef, Date32Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{Date32Type, Int64Type, TimestampMicrosecondType};
use chrono::NaiveDate;
use rayon::prelude::*;

use crate::decode::Written;
use crate::indicators::coverage::Covered;
use crate::normalise::{Fates, Figures};
use crate::pipeline::Pipeline;
use crate::pipeline::encoding::Encoding;
use crate::pipeline::rules::{Note, Refusal};
use crate::pipeline::tables::{Cell, Table};
use crate::store::Store;
use crate::store::intents::Intent;
use crate::store::landed::Delivery;
use crate::store::parquet::DataFile;
use crate::store::table::Snapshot;

use super::ingest::Work;
use super::judge::Judged;

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

    /// Whether the delivery was accepted.
    pub(super) fn is_accepted(&self) -> bool {
        self.refusal.is_none()
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
                read.extend(judgements(&batch?)?);
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
        let key = (judgement.unit.clone(), judgement.feed.clone(), judgement.n);
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
        let key = (delivery.unit.clone(), delivery.feed.clone(), delivery.n as i64);
        self.latest.get(&key)
    }

    /// Returns what is to be judged, in the order of landing: what has landed and is not judged
    /// yet, what is to be judged again, and what a run that was killed was judging again. The files
    /// of a judgement bear its number: what a run has begun by another profile is another judgement.
    pub(super) fn work(
        &self,
        landed: &[Delivery],
        again: &BTreeSet<String>,
        left_over: &[(String, Intent)],
        pipeline: &Pipeline,
    ) -> Vec<Work> {
        let work = |delivery: &Delivery| {
            let id = delivery.id();
            let last = self.judgement_of(delivery).map_or(0, |last| last.judgement);
            let begun = left_over.iter().filter_map(|(_, intent)| intent.judgements.get(&id));
            let is_begun = begun.clone().any(|begun| begun.judgement > last);
            let is_wanted = last == 0 || again.contains(&id) || is_begun;
            let feed = pipeline.feed(&delivery.unit, &delivery.feed);
            let holds = |hash: &str| feed.is_some_and(|feed| feed.profile_hash == hash);
            let others = begun.filter(|begun| !holds(&begun.profile_hash));
            let last = others.map(|begun| begun.judgement).fold(last, i64::max);
            is_wanted.then(|| Work { delivery: delivery.clone(), judgement: last + 1 })
        };
        landed.iter().filter_map(work).collect()
    }

    /// Returns the deliveries that stand again because what replaced them is refused now: their
    /// observations left `dossiers` when they were replaced.
    pub(super) fn revealed(&self, judged: &[Judged], landed: &[Delivery]) -> Vec<Work> {
        if judged.iter().all(|j| j.judgement.is_accepted() || j.judgement.judgement == 1) {
            return Vec::new();
        }
        let mut newer = self.clone();
        judged.iter().for_each(|judged| newer.add(judged.judgement.clone()));
        let is_revealed = |old: &Judgement| {
            let is_judged =
                judged.iter().any(|judged| judged.judgement.delivery() == old.delivery());
            let was_replaced = self.replaced_by(old).is_some();
            old.is_accepted() && !is_judged && was_replaced && newer.replaced_by(old).is_none()
        };
        let revealed = self.judgements().filter(|old| is_revealed(old));
        let find = |old: &Judgement| {
            let delivery = landed.iter().find(|delivery| delivery.id() == old.delivery())?.clone();
            Some(Work { delivery, judgement: old.judgement + 1 })
        };
        revealed.filter_map(find).collect()
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
        let is_replaced = |earlier: &&Judgement| {
            (&earlier.unit, &earlier.feed) == (&judgement.unit, &judgement.feed)
                && earlier.n < judgement.n
                && earlier.is_accepted()
                && earlier.slot.as_ref() == Some(slot)
        };
        self.latest.values().filter(is_replaced).collect()
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
            } else if is_part(judgement) {
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

/// Makes the ledger row of a judgement.
pub(super) fn row(judgement: &Judgement) -> RecordBatch {
    let text = |text: Option<&str>| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let integer = |number: i64| Arc::new(Int64Array::from(vec![number])) as ArrayRef;
    let day = |day: Option<NaiveDate>| {
        Arc::new(Date32Array::from(vec![day.map(Date32Type::from_naive_date)])) as ArrayRef
    };
    let instant = |micros: Option<i64>| {
        Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC")) as ArrayRef
    };
    let (refusal, written) = (judgement.refusal.as_ref(), judgement.written.as_ref());
    let params = refusal.map(|r| serde_json::to_string(&r.params).expect("texts by text are JSON"));
    let control = judgement.control.as_ref();
    let control = control.map(|c| serde_json::to_string(c).expect("numbers by text are JSON"));
    let Fates { read, accepted, duplicate, rejected, out_of_scope } = judgement.fates;
    let columns = vec![
        text(Some(&judgement.delivery())),
        text(Some(&judgement.unit)),
        text(Some(&judgement.feed)),
        integer(judgement.n),
        text(Some(&judgement.name)),
        text(Some(&judgement.sha256)),
        text(judgement.slot.as_deref()),
        integer(judgement.judgement),
        text(Some(&judgement.profile_hash)),
        day(judgement.period.map(|(start, _)| start)),
        day(judgement.period.map(|(_, end)| end)),
        instant(judgement.observed_at),
        text(Some(if refusal.is_none() { "accepted" } else { "refused" })),
        text(refusal.map(|refusal| refusal.rule.as_str())),
        text(params.as_deref()),
        integer(read),
        integer(accepted),
        integer(duplicate),
        integer(rejected),
        integer(out_of_scope),
        list(judgement.cells.iter().map(ToString::to_string)),
        list(judgement.unknown_headings.iter().cloned()),
        text(written.map(|written| written.format.as_str())),
        text(written.map(|written| written.encoding.name())),
        text(Some(&serde_json::to_string(&judgement.notes).expect("texts by text are JSON"))),
        text(control.as_deref()),
        instant(judgement.landed_at),
    ];
    RecordBatch::try_new(Table::Deliveries.schema(), columns).expect("one value a column")
}

fn list(texts: impl Iterator<Item = String>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    texts.for_each(|text| builder.values().append_value(text));
    builder.append(true);
    Arc::new(builder.finish())
}

/// Reads ledger rows back.
fn judgements(batch: &RecordBatch) -> anyhow::Result<Vec<Judgement>> {
    let column = |name: &str| batch.column_by_name(name).expect("the store checks the schema");
    let text = |name: &str, row: usize| {
        let texts = column(name).as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row).to_owned())
    };
    let integer = |name: &str, row: usize| column(name).as_primitive::<Int64Type>().value(row);
    let day = |name: &str, row: usize| {
        let days = column(name).as_primitive::<Date32Type>();
        days.is_valid(row).then(|| Date32Type::to_naive_date_opt(days.value(row))).flatten()
    };
    let instant = |name: &str, row: usize| {
        let instants = column(name).as_primitive::<TimestampMicrosecondType>();
        instants.is_valid(row).then(|| instants.value(row))
    };
    let texts = |name: &str, row: usize| {
        let values = column(name).as_list::<i32>().value(row);
        values.as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>()
    };
    let read = |row: usize| {
        let params = text("params", row).map(|params| serde_json::from_str(&params)).transpose();
        let params = params.context("the ledger holds parameters that are not JSON")?;
        let notes = text("notes", row).map_or(Ok(Vec::new()), |notes| serde_json::from_str(&notes));
        let control = text("control", row).map(|figures| serde_json::from_str(&figures));
        let control = control.transpose();
        let written = |format| {
            let encoding = Encoding::of_name(&text("encoding", row)?)?;
            Some(Written { format, encoding })
        };
        let cells = texts("cells", row).iter().map(|cell| cell.parse()).collect::<Result<_, _>>();
        Ok(Judgement {
            unit: text("unit_code", row).unwrap_or_default(),
            feed: text("feed", row).unwrap_or_default(),
            n: integer("n", row),
            name: text("name", row).unwrap_or_default(),
            sha256: text("sha256", row).unwrap_or_default(),
            slot: text("slot", row),
            judgement: integer("judgement", row),
            profile_hash: text("profile_hash", row).unwrap_or_default(),
            period: day("period_start", row).zip(day("period_end", row)),
            observed_at: instant("observed_at", row),
            refusal: text("rule", row)
                .map(|rule| Refusal { rule, params: params.unwrap_or_default() }),
            fates: Fates {
                read: integer("read", row),
                accepted: integer("accepted", row),
                duplicate: integer("duplicate", row),
                rejected: integer("rejected", row),
                out_of_scope: integer("out_of_scope", row),
            },
            cells: cells.map_err(anyhow::Error::msg)?,
            unknown_headings: texts("unknown_headings", row),
            written: text("format", row).and_then(written),
            control: control.context("the ledger holds figures that are not JSON")?,
            notes: notes.context("the ledger holds notes that are not JSON")?,
            landed_at: instant("landed_at", row),
        })
    };
    (0..batch.num_rows()).map(read).collect()
}
