//! Deliveries judged again, from the bytes received, after a profile, the catalogue or a contract
//! was mended.

use std::collections::BTreeSet;

use anyhow::Context as _;

use crate::pipeline::Pipeline;
use crate::store::Store;
use crate::store::landed::Delivery;

use super::ledger::{Judgement, Ledger};
use super::quarantine::{Filter, read};

/// Which deliveries are judged again, and which cannot be.
#[derive(Debug, Default)]
pub struct Selection {
    /// The ids of the deliveries to be judged again.
    pub(super) again: BTreeSet<String>,
    /// Deliveries that were judged by what holds now: nothing of theirs was mended.
    pub n_unmended: usize,
    /// Deliveries whose bytes have expired, with the number of their rejected records.
    pub expired: Vec<(String, i64)>,
}

impl Selection {
    /// Returns how many deliveries are judged again.
    pub fn len(&self) -> usize {
        self.again.len()
    }

    /// Whether nothing is to be judged again.
    pub fn is_empty(&self) -> bool {
        self.again.is_empty()
    }
}

/// Chooses the deliveries that are judged again.
///
/// They are those of the filter that were judged by another profile, contract or catalogue than holds
/// now. A rule chooses those it rejects records of, or refuses whole.
pub fn select(pipeline: &Pipeline, store: &Store, filter: &Filter) -> anyhow::Result<Selection> {
    let ledger = Ledger::read(store)?;
    let landed = store.landed().context("failed to read the manifests")?;
    let broken: Option<BTreeSet<String>> = match &filter.rule {
        Some(_) => {
            Some(read(pipeline, store, filter)?.into_iter().map(|reject| reject.delivery).collect())
        }
        None => None,
    };
    let mut selection = Selection::default();
    for delivery in &landed {
        let Some(judgement) = ledger.judgement_of(delivery) else { continue };
        let breaks_rule = broken.as_ref().is_none_or(|broken| {
            let refused_by = judgement.refusal.as_ref().map(|refusal| &refusal.rule);
            broken.contains(&judgement.delivery()) || refused_by == filter.rule.as_ref()
        });
        let is_unit = filter.unit.as_ref().is_none_or(|unit| *unit == judgement.unit);
        if !is_unit || !breaks_rule || !may_differ(judgement, delivery) {
            continue;
        }
        let is_missing = judgement.refusal.as_ref().is_some_and(|of| of.rule == "raw_missing");
        if is_judged_so(judgement, pipeline) && !is_missing {
            selection.n_unmended += 1;
        } else if store.has_raw(&judgement.sha256).context("failed to look for the raw bytes")? {
            selection.again.insert(judgement.delivery());
        } else {
            selection.expired.push((judgement.delivery(), judgement.fates.rejected));
        }
    }
    Ok(selection)
}

/// Lists the deliveries that were judged by another profile, contract or catalogue than holds now.
pub(super) fn outdated(pipeline: &Pipeline, store: &Store) -> anyhow::Result<Vec<String>> {
    let ledger = Ledger::read(store)?;
    let landed = store.landed().context("failed to read the manifests")?;
    let outdated = landed.iter().filter(|delivery| is_outdated(delivery, &ledger, pipeline));
    Ok(outdated.map(Delivery::id).collect())
}

/// Whether a delivery was judged by another profile, contract or catalogue than holds now.
pub(super) fn is_outdated(delivery: &Delivery, ledger: &Ledger, pipeline: &Pipeline) -> bool {
    ledger.judgement_of(delivery).is_some_and(|judgement| {
        may_differ(judgement, delivery) && !is_judged_so(judgement, pipeline)
    })
}

/// Whether another profile could judge it otherwise: what its source refused unread stays refused.
fn may_differ(judgement: &Judgement, delivery: &Delivery) -> bool {
    judgement.refusal.is_none() || delivery.manifest.refused.is_none()
}

/// Whether it was judged by the profile, the contract and the catalogue that hold now, with its name
/// read as it is now, or is withdrawn as it is now.
fn is_judged_so(judgement: &Judgement, pipeline: &Pipeline) -> bool {
    let Judgement { unit, feed, name, sha256, profile_hash, .. } = judgement;
    let Some(feed) = pipeline.feed(unit, feed) else { return true };
    let is_placed_so = feed.name_facts(name).is_none_or(|facts| {
        let is_period = facts.period.is_none() || facts.period == judgement.period;
        is_period && feed.slot_of(name, &facts) == judgement.slot
    });
    is_placed_so && feed.judged_by(name, sha256) == *profile_hash
}
