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

use crate::decode::Written;
use crate::indicators::coverage::Covered;
use crate::normalise::{Fates, Figures};
use crate::pipeline::Pipeline;
use crate::pipeline::encoding::Encoding;
use crate::pipeline::rules::{Note, Refusal};
use crate::pipeline::tables::{Cell, Table};
use crate::store::Store;
use crate::store::landed::Delivery;
use crate::store::table::Snapshot;

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
        let mut ledger = Self::default();
        for file in &snapshot.files {
            for batch in store.read(Table::Deliveries, file, None)? {
                judgements(&batch?)?.into_iter().for_each(|judgement| ledger.add(judgement));
            }
        }
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

    /// Returns the deliveries that have landed and are not judged yet, in the order of landing.
    pub(super) fn pending(&self, landed: Vec<Delivery>) -> Vec<Delivery> {
        landed.into_iter().filter(|delivery| !self.is_judged(delivery)).collect()
    }

    /// Whether a delivery is judged.
    pub(super) fn is_judged(&self, delivery: &Delivery) -> bool {
        let key = (delivery.unit.clone(), delivery.feed.clone(), delivery.n as i64);
        self.latest.contains_key(&key)
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

    /// Returns what the accepted deliveries cover that no later one replaces.
    ///
    /// The parts of a reading come one after another, and the last tells the period of all: it
    /// covers nothing where one of them was refused.
    pub(super) fn covered(&self, pipeline: &Pipeline) -> Vec<Covered> {
        let is_part = |judgement: &Judgement| {
            let feed = pipeline.feed(&judgement.unit, &judgement.feed);
            feed.is_some_and(|feed| feed.source.objects().is_none())
        };
        let mut covered = Vec::new();
        let mut broken: BTreeSet<(&str, &str)> = BTreeSet::new();
        for judgement in self.judgements() {
            let feed = (&*judgement.unit, &*judgement.feed);
            let is_end = judgement.period.is_some();
            if judgement.is_accepted() && self.replaced_by(judgement).is_none() {
                let period = judgement.period.filter(|_| !broken.contains(&feed));
                let (unit, feed) = (judgement.unit.clone(), judgement.feed.clone());
                covered.push(Covered { unit, feed, period });
            } else if !judgement.is_accepted() && is_part(judgement) {
                broken.insert(feed);
            }
            if is_end {
                broken.remove(&feed);
            }
        }
        covered
    }
}

/// Makes the ledger row of a judgement.
pub(super) fn row(judgement: &Judgement) -> RecordBatch {
    let text = |text: Option<&str>| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let integer = |number: i64| Arc::new(Int64Array::from(vec![number])) as ArrayRef;
    let day = |day: Option<NaiveDate>| {
        Arc::new(Date32Array::from(vec![day.map(Date32Type::from_naive_date)])) as ArrayRef
    };
    let observed = TimestampMicrosecondArray::from(vec![judgement.observed_at]);
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
        Arc::new(observed.with_timezone("UTC")),
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
        })
    };
    (0..batch.num_rows()).map(read).collect()
}
