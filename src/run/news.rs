//! What was judged since the last release: what the guards look at, and what explains a revision.

use std::collections::BTreeSet;

use anyhow::Context as _;

use crate::indicators::coverage::Covered;
use crate::indicators::revise::{Cause, News};
use crate::pipeline::Pipeline;
use crate::pipeline::columns::FeedKind;
use crate::pipeline::tables::Table;
use crate::store::Store;
use crate::store::releases::Release;

use super::ledger::{Judgement, Ledger};

/// The judgements that a release already knew.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeSet<(String, i64)>);

impl Known {
    /// Reads the ledger as the last release has read it; without a release nothing is known.
    pub(super) fn by(last: Option<&Release>, store: &Store) -> anyhow::Result<Self> {
        let Some(last) = last else { return Ok(Self::default()) };
        let version = last.source_versions.get(Table::Deliveries.name()).copied();
        let version = version.context("the last release does not say which ledger it has read")?;
        let ledger = Ledger::at(&store.snapshot_at(Table::Deliveries, version)?, store)?;
        let known = ledger.judgements().map(|known| (known.delivery(), known.judgement));
        Ok(Self(known.collect()))
    }

    /// Whether a delivery was judged since.
    pub(super) fn is_news(&self, covered: &Covered) -> bool {
        !self.0.contains(&covered.judgement)
    }

    /// Lists what was judged since: each delivery, whose figures it may change, and how.
    pub(super) fn news(&self, ledger: &Ledger, pipeline: &Pipeline) -> Vec<News> {
        let is_news =
            |judgement: &&Judgement| !self.0.contains(&(judgement.delivery(), judgement.judgement));
        let news = |judgement: &Judgement| News {
            delivery: judgement.delivery(),
            units: units_of(&judgement.unit, &judgement.feed, pipeline),
            cause: if judgement.judgement > 1 {
                Cause::Replay
            } else if ledger.replaces(judgement).is_empty() {
                Cause::LateData
            } else {
                Cause::CorrectedFile
            },
        };
        ledger.judgements().filter(is_news).map(news).collect()
    }
}

/// Returns the units whose own figures a feed's deliveries may change; none means any unit's.
pub(super) fn units_of(unit: &str, feed: &str, pipeline: &Pipeline) -> BTreeSet<String> {
    if feed != FeedKind::Dossier.name() {
        return BTreeSet::new();
    }
    let units = pipeline.reference.units.iter();
    let below = units.filter(|below| below.parent.as_deref() == Some(unit));
    below.map(|unit| unit.code.clone()).chain([unit.to_owned()]).collect()
}
