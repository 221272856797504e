//! One delivery judged: its bytes decoded, its records normalised, each with one fate.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use regex::Regex;

use crate::decode::{Header, decode};
use crate::dossiers::{Arranged, split};
use crate::normalise::{Control, Fates, Judge, Observations, Origin, Rejects};
use crate::pipeline::Pipeline;
use crate::pipeline::columns::FeedKind;
use crate::pipeline::date_form::parse_any;
use crate::pipeline::feed::Feed;
use crate::pipeline::rules::Refusal;
use crate::pipeline::tables::Cell;
use crate::store::landed::Delivery;
use crate::store::{Store, StoreError};

use super::ledger::Judgement;

/// A delivery's judgement with what it brings.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) judgement: Judgement,
    pub(super) observations: BTreeMap<Cell, Arranged>,
    pub(super) rejects: Vec<RecordBatch>,
    /// The cells of the judgement that this one replaces.
    pub(super) cells_before: BTreeSet<Cell>,
}

/// Judges a delivery from its raw bytes; a refusal is a judgement, too.
pub(super) fn judge(
    delivery: &Delivery,
    number: i64,
    pipeline: &Pipeline,
    store: &Store,
) -> anyhow::Result<Judged> {
    let manifest = &delivery.manifest;
    let feed = pipeline.feed(&delivery.unit, &delivery.feed).with_context(|| {
        format!("delivery `{}` has no feed in the pipeline any more", delivery.id())
    })?;
    let mut judgement = Judgement {
        unit: delivery.unit.clone(),
        feed: delivery.feed.clone(),
        n: delivery.n as i64,
        name: manifest.name.clone(),
        sha256: manifest.sha256.clone(),
        slot: manifest.slot.clone(),
        judgement: number,
        profile_hash: feed.profile_hash.clone(),
        period: manifest.period_start.zip(manifest.period_end),
        observed_at: manifest.observed_at.map(|at| at.timestamp_micros()),
        refusal: manifest.refused.clone(),
        fates: Fates::default(),
        cells: [].into(),
        unknown_headings: Vec::new(),
        written: None,
        notes: Vec::new(),
        control: None,
        landed_at: manifest.landed_at.map(|at| at.timestamp_micros()),
    };
    if judgement.refusal.is_none() {
        let read = match store.read_raw(&manifest.sha256) {
            Err(StoreError::NotFound { .. }) => Err(Refusal::new("raw_missing", [])),
            opened => {
                let (bytes, failure) = opened.context("failed to read the raw bytes")?;
                let read = read(bytes, &mut judgement, feed, pipeline);
                // What the storage does not give is no fault of the delivery.
                failure.check(&manifest.sha256)?;
                read
            }
        };
        match read {
            Ok((observations, rejects)) => return Ok(arrange(judgement, observations, &rejects)),
            Err(refusal) => judgement.refusal = Some(refusal),
        }
        // A refused delivery is refused whole: no record of it was read.
        judgement.fates = Fates::default();
    }
    Ok(Judged {
        judgement,
        observations: BTreeMap::new(),
        rejects: Vec::new(),
        cells_before: BTreeSet::new(),
    })
}

fn read(
    bytes: Box<dyn std::io::Read + Send>,
    judgement: &mut Judgement,
    feed: &Feed,
    pipeline: &Pipeline,
) -> Result<(Vec<Observations>, Vec<Rejects>), Refusal> {
    let log = decode(bytes, &feed.profile)?;
    judgement.written = Some(log.written);
    read_titles(&log.header, judgement, feed, pipeline);
    judgement.unknown_headings = log.header.unknown.iter().map(ToString::to_string).collect();
    if feed.profile.feed == FeedKind::Control {
        let mut control = Control::new(pipeline, &feed.profile, &log.header);
        for records in log.records {
            control.add(&records?, &mut judgement.fates);
        }
        let (figures, notes) = control.finish();
        judgement.control = Some(figures);
        judgement.notes = log.notes.take();
        judgement.notes.extend(notes);
        return Ok((Vec::new(), Vec::new()));
    }
    let origin = origin(judgement, pipeline);
    let mut judge = Judge::new(pipeline, feed, &origin, &log.header);
    let (mut observations, mut rejects) = (Vec::new(), Vec::new());
    for records in log.records {
        let (accepted, rejected) = judge.normalise(&records?, &mut judgement.fates);
        if let Some(refusal) = judge.refusal() {
            return Err(refusal.clone());
        }
        observations.push(accepted);
        rejects.push(rejected);
    }
    let told = judge.finish(&judgement.fates)?;
    judgement.notes = log.notes.take();
    judgement.notes.extend(told);
    Ok((observations, rejects))
}

/// Takes from the rows above the headings what the name did not tell.
fn read_titles(header: &Header, judgement: &mut Judgement, feed: &Feed, pipeline: &Pipeline) {
    let (dates, offset) = (&feed.profile.dates, pipeline.settings.utc_offset_seconds);
    let find = |pattern: &Option<Regex>, groups: &[&str]| -> Option<Vec<NaiveDate>> {
        let found = header.titles.iter().find_map(|row| pattern.as_ref()?.captures(row))?;
        let day = |group: &&str| {
            let text = found.name(group)?.as_str().trim_end_matches([')', '.', ',']);
            parse_any(dates, text, offset).map(|stamp| stamp.day)
        };
        groups.iter().map(day).collect()
    };
    if let Some([from, to]) = find(&feed.profile.period_title, &["from", "to"]).as_deref() {
        // Days in the wrong order are no period.
        let period = to.succ_opt().map(|end| (*from, end)).filter(|_| from <= to);
        judgement.period = judgement.period.or(period);
    }
    if let Some([day]) = find(&feed.profile.observed_title, &["observed"]).as_deref() {
        let end_of_day = pipeline.settings.end_of_day(*day).timestamp_micros();
        judgement.observed_at = judgement.observed_at.or(Some(end_of_day));
    }
}

fn origin(judgement: &Judgement, pipeline: &Pipeline) -> Origin {
    Origin {
        delivery: judgement.delivery(),
        judgement: judgement.judgement,
        unit: judgement.unit.clone(),
        feed: judgement.feed.clone(),
        observed: judgement.observed_at.zip(pipeline.settings.local_day(judgement.observed_at)),
    }
}

/// Splits the observations over their cells and tells duplicates from accepted ones.
fn arrange(
    mut judgement: Judgement,
    observations: Vec<Observations>,
    rejects: &[Rejects],
) -> Judged {
    let mut by_cell: BTreeMap<Cell, Vec<Observations>> = BTreeMap::new();
    for batch in observations {
        for (cell, part) in split(&batch) {
            by_cell.entry(cell).or_default().push(part);
        }
    }
    let mut arranged = BTreeMap::new();
    for (cell, batches) in by_cell {
        let (part, n_duplicates) = Arranged::without_duplicates(&batches);
        judgement.fates.duplicate += n_duplicates;
        judgement.fates.accepted += part.len() as i64;
        arranged.insert(cell, part);
    }
    judgement.cells = arranged.keys().cloned().collect();
    let rejects = rejects.iter().map(|rejects| rejects.batch().clone()).collect();
    Judged { judgement, observations: arranged, rejects, cells_before: BTreeSet::new() }
}
