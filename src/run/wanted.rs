//! What a run is asked to pull: everything, a period, or what fills a gap.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::indicators::completeness::Completeness;
use crate::pipeline::Pipeline;
use crate::pipeline::feed::{Feed, NameFacts};
use crate::store::Store;

use super::Options;
use super::ledger::Ledger;

type Range = (NaiveDate, NaiveDate);

/// Which periods are wanted of a feed.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    period: Option<Range>,
    /// The periods that are missing, by unit and feed; `None` where gaps were not asked for.
    gaps: Option<BTreeMap<(String, String), Vec<Range>>>,
}

impl Wanted {
    pub(super) fn new(
        pipeline: &Pipeline,
        store: &Store,
        options: &Options,
    ) -> anyhow::Result<Self> {
        let mut wanted = Self { period: options.period, gaps: None };
        if options.missing {
            let covered = Ledger::read(store)?.covered(pipeline);
            let gaps = wanted.gaps.insert(BTreeMap::new());
            for report in Completeness::new(pipeline, &covered, options.as_of).reports {
                if report.is_expected && !report.is_received {
                    let feed = (report.unit, report.feed);
                    gaps.entry(feed).or_default().push((report.start, report.end));
                }
            }
        }
        Ok(wanted)
    }

    /// Whether anything may be wanted of a feed. A source that tells a period only when it is read
    /// is not pulled for a period, and for a gap as a whole.
    pub(super) fn may_have(&self, feed: &Feed) -> bool {
        let has_gap = self.gaps_of(feed).is_none_or(|gaps| !gaps.is_empty());
        has_gap && (self.period.is_none() || feed.source.objects().is_some())
    }

    /// Whether an object is wanted, by what its name tells.
    pub(super) fn has(&self, feed: &Feed, facts: Option<NameFacts>) -> bool {
        if self.period.is_none() && self.gaps.is_none() {
            return true;
        }
        let Some((from, to)) = facts.and_then(|facts| facts.period) else { return false };
        let touches = |(start, end): &Range| *start < to && from < *end;
        self.period.as_ref().is_none_or(touches)
            && self.gaps_of(feed).is_none_or(|gaps| gaps.iter().any(touches))
    }

    /// Returns the gaps of a feed, where gaps were asked for.
    fn gaps_of(&self, feed: &Feed) -> Option<&[Range]> {
        let gaps = self.gaps.as_ref()?;
        let own = gaps.get(&(feed.unit.clone(), feed.feed.clone()));
        Some(own.map_or(&[], Vec::as_slice))
    }
}
