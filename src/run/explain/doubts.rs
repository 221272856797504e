//! What could change a figure: rejected records, missing reports and refused deliveries.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::indicators::completeness::{Completeness, Report};
use crate::indicators::row::{Row, RowKey};
use crate::pipeline::Pipeline;
use crate::pipeline::columns::FeedKind;
use crate::pipeline::definitions::{Measure, Subject};
use crate::run::ledger::{Judgement, Ledger};
use crate::run::news::units_of;
use crate::run::{mended, quarantine};
use crate::store::Store;
use crate::store::table::Snapshot;

use super::days_of;

/// What could change a figure.
#[derive(Debug)]
pub(super) struct Doubts {
    pub(super) rejects: Vec<Rejects>,
    /// Reports that are expected and not there, or not whole.
    pub(super) missing: Vec<Report>,
    pub(super) refused: Vec<Judgement>,
}

/// How many records of a delivery a rule rejected.
#[derive(Debug)]
pub(super) struct Rejects {
    pub(super) unit: String,
    pub(super) delivery: String,
    pub(super) name: String,
    pub(super) rule: String,
    pub(super) n_records: i64,
}

/// A figure, to find what tells of its units and its days.
pub(super) struct InCell<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) row: &'a Row,
}

impl InCell<'_> {
    /// Counts the rejected records of standing deliveries that were not mended since, by delivery and
    /// rule.
    pub(super) fn rejects(
        &self,
        ledger: &Ledger,
        [quarantine, dossiers]: [&Snapshot; 2],
        store: &Store,
    ) -> anyhow::Result<Vec<Rejects>> {
        let mut counted = Vec::new();
        let is_standing = |judgement: &&Judgement| {
            judgement.is_accepted() && ledger.replaced_by(judgement).is_none()
        };
        for judgement in ledger.judgements().filter(is_standing) {
            if !self.reads(Subject::is_logged) || !self.is_touched_by(judgement) {
                continue;
            }
            let mut rejects = quarantine::of_judgement(judgement, quarantine, store)?;
            mended::mark(&mut rejects, ledger, self.pipeline, dossiers, store)?;
            let mut by_rule: BTreeMap<String, i64> = BTreeMap::new();
            for reject in rejects.into_iter().filter(|reject| !reject.is_mended) {
                *by_rule.entry(reject.rule).or_default() += 1;
            }
            counted.extend(by_rule.into_iter().map(|(rule, n_records)| Rejects {
                unit: judgement.unit.clone(),
                delivery: judgement.delivery(),
                name: judgement.name.clone(),
                rule,
                n_records,
            }));
        }
        Ok(counted)
    }

    /// Lists the reports that the figure lacks, by unit, feed and period.
    pub(super) fn missing(&self, completeness: &Completeness) -> Vec<Report> {
        let (start, end) = self.days();
        let is_missing = |report: &&Report| {
            report.is_expected
                && !report.is_received
                && report.start < end
                && start < report.end
                && self.reads(|of| of != Subject::Services)
                && self.may_be_changed_by(&report.unit, &report.feed)
        };
        completeness.reports.iter().filter(is_missing).cloned().collect()
    }

    /// Lists the refused deliveries that nothing accepted later makes good.
    pub(super) fn refused(&self, ledger: &Ledger) -> Vec<Judgement> {
        let is_made_good = |refused: &Judgement| {
            ledger.judgements().any(|later| {
                let is_of_feed = (&later.unit, &later.feed) == (&refused.unit, &refused.feed);
                is_of_feed && later.n > refused.n && later.is_accepted() && covers(later, refused)
            })
        };
        let is_open = |judgement: &&Judgement| {
            !judgement.is_accepted()
                && self.reads(|of| of != Subject::Services)
                && self.is_touched_by(judgement)
                && !is_made_good(judgement)
        };
        ledger.judgements().filter(is_open).cloned().collect()
    }

    fn reads(&self, is_meant: impl Fn(Subject) -> bool) -> bool {
        self.measures().any(|measure| is_meant(measure.of))
    }

    /// The measures that the figure reads, itself and through others.
    fn measures(&self) -> impl Iterator<Item = &Measure> {
        let definitions = &self.pipeline.definitions;
        let RowKey { indicator, version, .. } = &self.row.key;
        let version = definitions.version(indicator, *version).into_iter();
        let names = version.flat_map(|version| definitions.measures_of(&version.formula));
        names.filter_map(|name| definitions.measures.get(name))
    }

    /// Whether a delivery tells of the figure's units, and of its days or of none.
    pub(super) fn is_touched_by(&self, judgement: &Judgement) -> bool {
        let (start, end) = self.days();
        self.may_be_changed_by(&judgement.unit, &judgement.feed)
            && judgement.period.is_none_or(|(from, to)| from < end && start < to)
    }

    /// Returns the days that the figure counts, half-open: a stock, whatever began before its end.
    fn days(&self) -> (NaiveDate, NaiveDate) {
        let (start, end) = days_of(self.row);
        let is_stock = self.measures().any(Measure::is_stock);
        (if is_stock { NaiveDate::MIN } else { start }, end)
    }

    /// Whether what a feed tells may change the figure. Forms are compared with figures only.
    fn may_be_changed_by(&self, unit: &str, feed: &str) -> bool {
        let is_of_scope = |code: &str| {
            let units = units_of(unit, feed, self.pipeline);
            units.is_empty() || units.contains(code)
        };
        feed != FeedKind::Control.name()
            && self.row.key.scope.unit().is_none_or(|code| is_of_scope(code))
    }
}

/// Whether a delivery tells what a refused one should have told.
fn covers(later: &Judgement, refused: &Judgement) -> bool {
    let is_of_slot = refused.slot.is_some() && later.slot == refused.slot;
    let holds_period = later
        .period
        .zip(refused.period)
        .is_some_and(|(later, refused)| later.0 <= refused.0 && refused.1 <= later.1);
    is_of_slot || holds_period || later.name == refused.name
}
