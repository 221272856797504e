//! One delivery judged: its bytes decoded, its records normalised, each with one fate.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};

use crate::decode::{Header, Log, Records, decode};
use crate::normalise::{Control, Fates, Judge, Observations, Origin};
use crate::pipeline::Pipeline;
use crate::pipeline::columns::FeedKind;
use crate::pipeline::date_form::parse_any;
use crate::pipeline::feed::Feed;
use crate::pipeline::pattern::Pattern;
use crate::pipeline::rules::{Note, Refusal};
use crate::pipeline::tables::Cell;
use crate::pipeline::withdrawal::Withdrawal;
use crate::store::landed::{Delivery, Manifest};
use crate::store::{Store, StoreError};

use super::ledger::Judgement;
use super::spill::{Place, ROWS_IN_A_RUN, RunWriter, Runs, Spill};
use super::threads::end_of;

/// How many batches of records may wait to be judged.
const BATCHES_AHEAD: usize = 1;
/// How many runs may wait to be sorted: none, beside the one that is sorted.
const RUNS_AHEAD: usize = 0;

/// A delivery's judgement with what it brings.
#[derive(Debug)]
pub(super) struct Judged {
    /// What its runs repeat of one another counts as accepted here.
    pub(super) judgement: Judgement,
    pub(super) observations: Runs,
    pub(super) rejects: Rejected,
    /// The cells of the judgement that this one replaces.
    pub(super) cells_before: BTreeSet<Cell>,
}

/// The rejects of a delivery: where they lie, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Rejected {
    pub(super) places: Vec<Place>,
    pub(super) n: i64,
}

impl Judged {
    /// Returns the judgement with what was found to be repeated, as the duplicates that they are.
    pub(super) fn settled(&self, n_repeated: i64) -> Judgement {
        let mut judgement = self.judgement.clone();
        judgement.fates.accepted -= n_repeated;
        judgement.fates.duplicate += n_repeated;
        judgement
    }
}

/// Judges a delivery from its raw bytes; a refusal is a judgement, too. What it brings is spilled.
pub(super) fn judge(
    delivery: &Delivery,
    number: i64,
    pipeline: &Pipeline,
    store: &Store,
    spill: &Spill,
) -> anyhow::Result<Judged> {
    let manifest = &delivery.manifest;
    let feed = pipeline.feed(&delivery.unit, &delivery.feed).with_context(|| {
        format!("delivery `{}` has no feed in the pipeline any more", delivery.id())
    })?;
    let withdrawal = feed.withdrawal(&manifest.name, &manifest.sha256);
    let place = PlaceInTime::of(manifest, feed, pipeline);
    let mut judgement = Judgement {
        unit: delivery.unit.clone(),
        feed: delivery.feed.clone(),
        n: delivery.n as i64,
        name: manifest.name.clone(),
        sha256: manifest.sha256.clone(),
        slot: place.slot,
        judgement: number,
        profile_hash: feed.judged_by(&manifest.name, &manifest.sha256),
        period: place.period,
        observed_at: place.observed_at.map(|at| at.timestamp_micros()),
        refusal: withdrawal.map(Withdrawal::refusal).or_else(|| manifest.refused.clone()),
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
                let read = read(bytes, &mut judgement, feed, pipeline, spill);
                // What the storage does not give is no fault of the delivery.
                failure.check(&manifest.sha256)?;
                read?
            }
        };
        match read {
            Ok((observations, rejects)) => return Ok(brought(judgement, observations, rejects)),
            Err(refusal) => judgement.refusal = Some(refusal),
        }
        // A refused delivery is refused whole: no record of it was read.
        judgement.fates = Fates::default();
    }
    Ok(brought(judgement, Runs::default(), Rejected::default()))
}

/// What a delivery replaces, and which days it tells of.
struct PlaceInTime {
    slot: Option<String>,
    period: Option<(NaiveDate, NaiveDate)>,
    observed_at: Option<DateTime<Utc>>,
}

impl PlaceInTime {
    /// Reads the name of an object as the feed reads it now; of all else the manifest tells.
    fn of(manifest: &Manifest, feed: &Feed, pipeline: &Pipeline) -> Self {
        match feed.name_facts(&manifest.name) {
            Some(facts) => Self {
                slot: feed.slot_of(&manifest.name, &facts),
                period: facts.period,
                observed_at: facts.observed_on.map(|day| pipeline.settings.end_of_day(day)),
            },
            None => Self {
                slot: manifest.slot.clone(),
                period: manifest.period_start.zip(manifest.period_end),
                observed_at: manifest.observed_at,
            },
        }
    }
}

/// Says what a delivery brings.
fn brought(mut judgement: Judgement, observations: Runs, rejects: Rejected) -> Judged {
    judgement.fates.duplicate += observations.n_duplicates;
    judgement.fates.accepted += observations.n_observations;
    judgement.cells = observations.cells().cloned().collect();
    Judged { judgement, observations, rejects, cells_before: BTreeSet::new() }
}

/// What was read of a delivery that is not refused.
type Read = Result<(Runs, Rejected), Refusal>;

fn read(
    bytes: Box<dyn std::io::Read + Send>,
    judgement: &mut Judgement,
    feed: &Feed,
    pipeline: &Pipeline,
    spill: &Spill,
) -> anyhow::Result<Read> {
    let log = match decode(bytes, &feed.profile) {
        Ok(log) => log,
        Err(refusal) => return Ok(Err(refusal)),
    };
    judgement.written = Some(log.written.clone());
    read_titles(&log.header, judgement, feed, pipeline);
    judgement.unknown_headings = log.header.unknown.iter().map(ToString::to_string).collect();
    if feed.profile.feed == FeedKind::Control {
        let read = read_control(log, judgement, feed, pipeline);
        return Ok(read.map(|()| (Runs::default(), Rejected::default())));
    }
    read_records(log, judgement, feed, pipeline, spill)
}

/// Reads a form, whose figures are held against the logs.
fn read_control(
    log: Log<'_>,
    judgement: &mut Judgement,
    feed: &Feed,
    pipeline: &Pipeline,
) -> Result<(), Refusal> {
    let mut control = Control::new(pipeline, &feed.profile, &log.header);
    for records in log.records {
        control.add(&records?, &mut judgement.fates);
    }
    let (figures, notes) = control.finish();
    judgement.control = Some(figures);
    judgement.notes = log.notes.take();
    judgement.notes.extend(notes);
    Ok(())
}

/// Reads the records: decoded here, judged and sorted on a thread each, so that one large delivery
/// keeps more than one core busy.
fn read_records(
    log: Log<'_>,
    judgement: &mut Judgement,
    feed: &Feed,
    pipeline: &Pipeline,
    spill: &Spill,
) -> anyhow::Result<Read> {
    let Log { header, records, notes, .. } = log;
    let origin = origin(judgement, pipeline);
    let (to_judge, decoded) = sync_channel(BATCHES_AHEAD);
    let judged = thread::scope(|scope| {
        let judging = scope.spawn(|| {
            let judge = Judge::new(pipeline, feed, &origin, &header);
            judge_records(decoded, judge, spill)
        });
        for records in records {
            if to_judge.send(records).is_err() {
                // Who judges has seen enough.
                break;
            }
        }
        drop(to_judge);
        end_of(judging)
    });
    let JudgedRecords { fates, told, runs, rejects } = match judged? {
        Ok(judged) => judged,
        Err(refusal) => return Ok(Err(refusal)),
    };
    judgement.fates = fates;
    judgement.notes = notes.take();
    judgement.notes.extend(told);
    Ok(Ok((runs, rejects)))
}

/// What the records of a delivery came to.
struct JudgedRecords {
    fates: Fates,
    told: Vec<Note>,
    runs: Runs,
    rejects: Rejected,
}

/// Judges records batch by batch; what is accepted is sorted on another thread.
fn judge_records(
    decoded: Receiver<Result<Records, Refusal>>,
    mut judge: Judge<'_>,
    spill: &Spill,
) -> anyhow::Result<Result<JudgedRecords, Refusal>> {
    let (mut fates, mut rejects) = (Fates::default(), Rejected::default());
    let (to_sort, accepted) = sync_channel(RUNS_AHEAD);
    thread::scope(|scope| {
        let sorting = scope.spawn(|| sort(accepted, spill));
        for records in decoded {
            let records = match records {
                Ok(records) => records,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let rejected = judge.normalise(&records, &mut fates);
            if let Some(refusal) = judge.refusal() {
                return Ok(Err(refusal.clone()));
            }
            let n_rejected = rejected.batch().num_rows() as i64;
            if n_rejected > 0 {
                rejects.places.push(spill.put(rejected.batch())?);
                rejects.n += n_rejected;
            }
            if judge.n_waiting() >= ROWS_IN_A_RUN && to_sort.send(judge.take()).is_err() {
                // It has failed, and tells why below.
                break;
            }
        }
        if judge.n_waiting() > 0 {
            to_sort.send(judge.take()).ok();
        }
        drop(to_sort);
        let runs = end_of(sorting)?;
        let told = judge.finish(&fates);
        Ok(told.map(|told| JudgedRecords { fates, told, runs, rejects }))
    })
}

/// Sorts observations into runs.
fn sort(accepted: Receiver<Observations>, spill: &Spill) -> anyhow::Result<Runs> {
    let mut runs = RunWriter::new(spill);
    accepted.into_iter().try_for_each(|observations| runs.push(&observations))?;
    runs.finish()
}

/// Takes from the rows above the headings what the name did not tell.
fn read_titles(header: &Header, judgement: &mut Judgement, feed: &Feed, pipeline: &Pipeline) {
    let (dates, offset) = (&feed.profile.dates, pipeline.settings.utc_offset_seconds);
    let find = |pattern: &Option<Pattern>, groups: &[&str]| -> Option<Vec<NaiveDate>> {
        let found = header.titles.iter().find_map(|row| pattern.as_ref()?.captures(row))?;
        let day = |group: &&str| {
            let text = found(group)?.trim_end_matches([')', '.', ',']);
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
        period: judgement.period,
        observed: judgement.observed_at.zip(pipeline.settings.local_day(judgement.observed_at)),
        landed_on: pipeline.settings.local_day(judgement.landed_at),
    }
}
