//! Deliveries into cells: judged, folded, committed, entered in the ledger. A batch is one commit
//! each of `dossiers`, `quarantine` and `deliveries`, the ledger last.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use rayon::prelude::*;
use tracing::info;

use crate::pipeline::Pipeline;
use crate::pipeline::feed::Feed;
use crate::pipeline::tables::Table;
use crate::pipeline::withdrawal::Withdrawal;
use crate::store::Store;
use crate::store::intents::{Intent, Judging};
use crate::store::landed::Delivery;
use crate::store::parquet::FileName;

use super::fold::{Committed, Folding, refold_stale, take_out_left_over};
use super::judge::{Judged, judge};
use super::land::AtSource;
use super::ledger::{self, Judgement, Ledger};
use super::replay::is_outdated;
use super::spill::Spill;
use super::stop::{Failure, Stop};
use super::watch::Watch;

/// What ingestion did.
#[derive(Debug, Default)]
pub(super) struct Ingested {
    /// The judgements made in this run, in the order of landing.
    pub(super) judgements: Vec<Judgement>,
    pub(super) n_cells_rewritten: usize,
    /// What is worth knowing of feeds.
    pub(super) notes: Vec<AtSource>,
}

/// A delivery, and the number of the judgement that is to be made of it.
pub(super) struct Work {
    pub(super) delivery: Delivery,
    pub(super) judgement: i64,
}

/// Brings every delivery that has landed and is not judged yet into `dossiers`, and judges some
/// again: their new judgement replaces the old one whole.
pub(super) fn ingest(
    pipeline: &Pipeline,
    store: &Store,
    again: &BTreeSet<String>,
    watch: &Watch,
) -> anyhow::Result<Ingested> {
    let mut ledger = Ledger::read(store)?;
    let left_over = store.intents().context("failed to read the intents")?;
    let landed = store.landed().context("failed to read the manifests")?;
    let work = ledger.work(&landed, again, &left_over, pipeline);
    let mut ingested =
        Ingested { notes: withdrawn_in_vain(pipeline, &landed), ..Ingested::default() };
    watch.progress.begin("judging", work.len());
    for batch in batches(work, pipeline.settings.batch_bytes) {
        watch.stop.check()?;
        let spill = Spill::new()?;
        let judge_all = |work: &[Work], ledger: &Ledger| {
            judge_all(work, ledger, pipeline, store, &spill, watch)
        };
        let mut judged = judge_all(&batch, &ledger)?;
        // What a delivery had replaced that is refused now stands again, and is judged again.
        loop {
            let revealed = ledger.revealed(&judged, &landed, &left_over);
            if revealed.is_empty() {
                break;
            }
            judged.extend(judge_all(&revealed, &ledger)?);
        }
        let intended = intent(&judged);
        let (judgements, intent) = loop {
            judged.iter().for_each(|judged| ledger.add(judged.judgement.clone()));
            let folding = |ledger: &Ledger| {
                Folding::new(&judged, ledger, &left_over, &spill, pipeline, store)
            };
            let folded = folding(&ledger);
            let Committed { n_rewritten, judgements, version, intent } =
                folded.commit(Some(&intended))?;
            ingested.n_cells_rewritten += n_rewritten;
            quarantine(&judged, &spill, store)?;
            enter(&judgements, store)?;
            // Another run may have entered what replaces ours, or what ours replaces; or have folded,
            // not knowing of ours yet, what ours replaces.
            ledger = Ledger::read(store)?;
            if judgements.iter().any(|judgement| ledger.has_other(judgement)) {
                // It stands, but the cells may hold ours: the intent tells the next run of them,
                // put again where the other run took it away.
                store.put_intent(&intended).context("failed to put the intent")?;
                return Err(Stop::Contended.into());
            }
            let is_last = store.snapshot(Table::Dossiers)?.version == version;
            if is_last && folded.is_settled(&folding(&ledger)) {
                break (judgements, intent);
            }
        };
        if let Some(name) = intent {
            store.remove_intent(&name).context("failed to take the intent away")?;
        }
        ingested.judgements.extend(judgements);
    }
    watch.progress.end();
    ingested.n_cells_rewritten += take_out_left_over(&left_over, &ledger, pipeline, store)?;
    for (name, _) in &left_over {
        store.remove_intent(name).context("failed to take an intent away")?;
    }
    ingested.n_cells_rewritten += refold_stale(&ledger, pipeline, store)?;
    ingested.notes.extend(outdated(pipeline, &landed, &ledger));
    ingested.notes.extend(of_no_feed(pipeline, &landed));
    let n_judged = ingested.judgements.len();
    info!(stage = "ingest", n_judged, n_cells = ingested.n_cells_rewritten, "ingested");
    Ok(ingested)
}

/// Tells what is withdrawn and has not landed: its name or its hash may be mistyped.
fn withdrawn_in_vain(pipeline: &Pipeline, landed: &[Delivery]) -> Vec<AtSource> {
    let has_landed = |feed: &Feed, withdrawal: &Withdrawal| {
        landed.iter().any(|Delivery { unit, feed: kind, manifest, .. }| {
            (unit, kind) == (&feed.unit, &feed.feed)
                && withdrawal.is_of(&manifest.name, &manifest.sha256)
        })
    };
    let note = |feed: &Feed, Withdrawal { name, sha256, .. }: &Withdrawal| AtSource {
        unit: feed.unit.clone(),
        feed: feed.feed.clone(),
        why: format!("`{name}` is withdrawn, but has not landed with the bytes of {sha256}"),
    };
    let of_feed = |feed: &Feed| {
        let in_vain = feed.withdrawn.iter().filter(|withdrawal| !has_landed(feed, withdrawal));
        in_vain.map(|withdrawal| note(feed, withdrawal)).collect::<Vec<_>>()
    };
    pipeline.feeds.iter().flat_map(of_feed).collect()
}

/// Tells of each feed how many of its deliveries stand as another profile judged them.
fn outdated(pipeline: &Pipeline, landed: &[Delivery], ledger: &Ledger) -> Vec<AtSource> {
    let mut n_outdated: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for delivery in landed.iter().filter(|delivery| is_outdated(delivery, ledger, pipeline)) {
        *n_outdated.entry((&delivery.unit, &delivery.feed)).or_default() += 1;
    }
    let note = |((unit, feed), n): ((&str, &str), usize)| AtSource {
        unit: unit.to_owned(),
        feed: feed.to_owned(),
        why: format!(
            "{n} deliveries stand as another profile, contract or catalogue judged them, or \
             another version of hoso: `hoso quarantine replay`"
        ),
    };
    n_outdated.into_iter().map(note).collect()
}

/// Tells of feeds that the pipeline no longer has, and of which deliveries lie in the store.
fn of_no_feed(pipeline: &Pipeline, landed: &[Delivery]) -> Vec<AtSource> {
    let mut n_left: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for Delivery { unit, feed, .. } in landed.iter() {
        if pipeline.feed(unit, feed).is_none() {
            *n_left.entry((unit, feed)).or_default() += 1;
        }
    }
    let note = |((unit, feed), n): ((&str, &str), usize)| AtSource {
        unit: unit.to_owned(),
        feed: feed.to_owned(),
        why: format!(
            "no feed of the pipeline, but {n} deliveries have landed of it: what was judged counts on, \
             beside what other feeds tell of the same dossiers; to take them out, put the feed's \
             file back and withdraw them"
        ),
    };
    n_left.into_iter().map(note).collect()
}

/// Says which judgement is made of each delivery, and which cells its observations go to.
fn intent(judged: &[Judged]) -> Intent {
    let cells = |judged: &Judged| {
        let cells = judged.judgement.cells.iter().map(ToString::to_string).collect();
        (judged.judgement.delivery(), cells)
    };
    let judging = |Judged { judgement, .. }: &Judged| {
        let profile_hash = judgement.profile_hash.clone();
        (judgement.delivery(), Judging { judgement: judgement.judgement, profile_hash })
    };
    Intent {
        cells: judged.iter().map(cells).collect(),
        judgements: judged.iter().map(judging).collect(),
    }
}

/// Cuts the deliveries into batches of about so many bytes.
fn batches(work: Vec<Work>, batch_bytes: u64) -> Vec<Vec<Work>> {
    let mut batches: Vec<Vec<Work>> = Vec::new();
    let mut size_bytes = u64::MAX;
    for work in work {
        let work_bytes = work.delivery.manifest.size_bytes;
        size_bytes = size_bytes.saturating_add(work_bytes);
        if size_bytes > batch_bytes {
            batches.push(Vec::new());
            size_bytes = work_bytes;
        }
        batches.last_mut().expect("a batch was begun").push(work);
    }
    batches
}

fn judge_all(
    work: &[Work],
    ledger: &Ledger,
    pipeline: &Pipeline,
    store: &Store,
    spill: &Spill,
    watch: &Watch,
) -> anyhow::Result<Vec<Judged>> {
    let judge_one = |Work { delivery, judgement }: &Work| {
        watch.stop.check()?;
        let mut judged = judge(delivery, *judgement, pipeline, store, spill)
            .with_context(|| format!("failed to judge delivery `{}`", delivery.id()))?;
        if let Some(refusal) = &judged.judgement.refusal {
            info!(delivery = delivery.id(), rule = refusal.rule, "delivery refused");
        }
        if let Some(before) = ledger.judgement_of(delivery) {
            judged.cells_before.clone_from(&before.cells);
        }
        watch.progress.step();
        Ok(judged)
    };
    work.par_iter().map(judge_one).collect()
}

/// Puts the rejects of each judgement into a file of its own.
fn quarantine(judged: &[Judged], spill: &Spill, store: &Store) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for Judged { judgement, rejects, .. } in judged.iter().filter(|j| j.rejects.n > 0) {
        let name = judgement.file_name();
        let rows = rejects.places.iter().map(|place| Ok::<_, Failure>(spill.get(*place)?));
        files.push(store.write(Table::Quarantine, None, FileName::Named(&name), rows)?);
    }
    store.append(Table::Quarantine, files).context("failed to commit the quarantine")?;
    Ok(())
}

/// Enters the judgements in the ledger: from here on they are made.
fn enter(judgements: &[Judgement], store: &Store) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for judgement in judgements {
        let row = [Ok::<_, Failure>(ledger::row(judgement))];
        let name = judgement.file_name();
        files.push(store.write(Table::Deliveries, None, FileName::Named(&name), row)?);
    }
    store.append(Table::Deliveries, files).context("failed to commit the ledger")?;
    Ok(())
}
