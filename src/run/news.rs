//! What was judged since the last release: what the guards look at, and what explains a revision.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::NaiveDate;

use crate::indicators::completeness::Completeness;
use crate::indicators::coverage::Covered;
use crate::indicators::revise::{Cause, News};
use crate::pipeline::Pipeline;
use crate::pipeline::columns::FeedKind;
use crate::pipeline::tables::Table;
use crate::store::Store;
use crate::store::releases::Release;

use super::ledger::{Judgement, Ledger};

/// What a release already knew.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The number of the release.
    release: Option<u64>,
    ledger: Ledger,
    /// The judgement of each delivery.
    judgements: BTreeMap<String, i64>,
}

impl Known {
    /// Reads the ledger as the last release has read it; without a release nothing is known.
    pub(super) fn by(last: Option<&Release>, store: &Store) -> anyhow::Result<Self> {
        let Some(last) = last else { return Ok(Self::default()) };
        let version = last.source_versions.get(Table::Deliveries.name()).copied();
        let version = version.context("the last release does not say which ledger it has read")?;
        let ledger = Ledger::at(&store.snapshot_at(Table::Deliveries, version)?, store)?;
        let known = ledger.judgements().map(|known| (known.delivery(), known.judgement));
        Ok(Self { release: Some(last.number), judgements: known.collect(), ledger })
    }

    /// Returns which reports it had received, of those that are looked at as of a day.
    pub(super) fn completeness(&self, pipeline: &Pipeline, as_of: NaiveDate) -> Completeness {
        Completeness::new(pipeline, &self.ledger.covered(pipeline), as_of)
    }

    /// Lists what it knew that an earlier one did not.
    pub(super) fn since(&self, before: &Self) -> Vec<Judgement> {
        self.ledger.judgements().filter(|judgement| before.is_new(judgement)).cloned().collect()
    }

    /// Whether nothing was ever released.
    pub(super) fn is_nothing(&self) -> bool {
        self.release.is_none()
    }

    /// Whether a judgement was made since.
    pub(super) fn is_new(&self, judgement: &Judgement) -> bool {
        self.judgements.get(&judgement.delivery()) != Some(&judgement.judgement)
    }

    /// Whether what a delivery covers was judged since.
    pub(super) fn is_news(&self, covered: &Covered) -> bool {
        let (delivery, judgement) = &covered.judgement;
        self.judgements.get(delivery) != Some(judgement)
    }

    /// Lists what was judged since: each delivery, whose figures it may change, and how.
    pub(super) fn news(&self, ledger: &Ledger, pipeline: &Pipeline) -> Vec<News> {
        let news = |judgement: &Judgement| News {
            delivery: judgement.delivery(),
            units: units_of(&judgement.unit, &judgement.feed, pipeline),
            cause: if judgement.is_withdrawn() {
                Cause::Withdrawal
            } else if self.judgements.contains_key(&judgement.delivery()) {
                Cause::Replay
            } else if ledger.replaces(judgement).is_empty() {
                Cause::LateData
            } else {
                Cause::CorrectedFile
            },
        };
        // What was refused from the first changes nothing.
        let tells = |judgement: &&Judgement| {
            judgement.is_accepted() || self.judgements.contains_key(&judgement.delivery())
        };
        let new = ledger.judgements().filter(|judgement| self.is_new(judgement));
        new.filter(tells).map(news).collect()
    }
}

/// Returns the units whose own figures a feed's deliveries may change; none means any unit's.
pub(super) fn units_of(unit: &str, feed: &str, pipeline: &Pipeline) -> BTreeSet<String> {
    if feed != FeedKind::Dossier.name() {
        return BTreeSet::new();
    }
    let units = &pipeline.reference.units;
    let below = units.iter().filter(|below| below.parent.as_deref() == Some(unit));
    let told_of = below.map(|unit| unit.code.as_str()).chain([unit]);
    told_of.flat_map(|code| units.wholes(code)).map(str::to_owned).collect()
}
