//! What a dossier's observations tell against one another. Nothing is mended: it is marked.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{ArrayRef, ListBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{Date32Type, Int64Type, TimestampMicrosecondType};

use crate::normalise::{mark, position_of};
use crate::pipeline::Pipeline;
use crate::pipeline::columns::{FeedKind, is_ended, position, supplied_bit, supplied_index};
use crate::pipeline::contract::Clause;

use super::arrange;

/// The rows of a batch of observations, one range a dossier, with what was folded of them.
pub(super) struct Marker<'a> {
    pub(super) batch: &'a RecordBatch,
    /// A bit for each column that an observation supplies.
    pub(super) supplied: &'a [u64],
    /// The folded columns of `columns::SUPPLIED`.
    pub(super) values: &'a [ArrayRef],
    pub(super) enterprise_check: &'a ArrayRef,
    pub(super) pipeline: &'a Pipeline,
}

/// A bit for each column that the portal tells and that a mark rests on.
const PORTAL: u64 = 1 << position("portal_status")
    | 1 << position("portal_paid_online")
    | 1 << position("portal_fee_vnd");

impl Marker<'_> {
    /// Gathers each dossier's marks: those of its observations and those of them together.
    pub(super) fn marks(&self, groups: &[usize]) -> ArrayRef {
        let observed = self.batch.column(arrange::MARKS).as_list::<i32>();
        let promises_no_change = self.pipeline.feeds.iter().any(|feed| {
            feed.profile.contracts.values().any(|c| matches!(c.clause, Clause::NoChange(_)))
        });
        let own = observed.values().as_string::<i32>();
        // Most dossiers are told of by their own unit alone.
        let has_portal = self.supplied.iter().any(|mask| mask & PORTAL != 0);
        let mut marks = ListBuilder::new(StringBuilder::new());
        let mut gathered: BTreeSet<Cow<'_, str>> = BTreeSet::new();
        for (dossier, group) in groups.windows(2).enumerate() {
            let rows = group[0]..group[1];
            let (from, to) =
                (observed.value_offsets()[group[0]], observed.value_offsets()[group[1]]);
            let of_observations = (from as usize..to as usize).map(|at| own.value(at));
            gathered.extend(of_observations.map(Cow::Borrowed));
            let portal = has_portal.then(|| self.of_portal(dossier, rows.clone()));
            let together = self.together(dossier, rows.clone());
            for (mark, holds) in together.into_iter().chain(portal.into_iter().flatten()) {
                if holds {
                    gathered.insert(Cow::Borrowed(mark));
                }
            }
            if promises_no_change {
                gathered.extend(self.changes(rows).iter().map(|mark| mark.to_string().into()));
            }
            while let Some(mark) = gathered.pop_first() {
                marks.values().append_value(mark);
            }
            marks.append(true);
        }
        Arc::new(marks.finish())
    }

    /// Returns what the unit's own observations tell together, of each mark whether it holds.
    fn together(&self, dossier: usize, rows: Range<usize>) -> [(&'static str, bool); 3] {
        let check = self.enterprise_check.as_boolean();
        [
            ("no_dossier", !self.has_feed(FeedKind::Dossier, rows.clone())),
            ("due_moved_after_due", self.due_moved_after_due(rows)),
            ("enterprise_check_failed", check.is_valid(dossier) && !check.value(dossier)),
        ]
    }

    /// Returns what the portal tells against the unit, of each mark whether it holds.
    fn of_portal(&self, dossier: usize, rows: Range<usize>) -> [(&'static str, bool); 4] {
        let (status, portal) = (self.text("status", dossier), self.text("portal_status", dossier));
        let is_portal_completed = portal == Some("completed");
        let cash = self.text("payment_channel", dossier) == Some("cash");
        [
            (
                "portal_end_while_paused",
                is_portal_completed && matches!(status, Some("supplement" | "paused")),
            ),
            ("portal_reopened", self.portal_reopened(rows.clone())),
            (
                "paid_online_by_cash",
                cash && self.flag("portal_paid_online", dossier)
                    && !self.flag("paid_online", dossier),
            ),
            ("zero_fee_not_sent", self.zero_fee_not_sent(dossier, rows)),
        ]
    }

    /// Returns the marks of the contracts that a change of the unit's own status breaks: those of
    /// the feed that tells the later status.
    fn changes(&self, rows: Range<usize>) -> Vec<Arc<str>> {
        let statuses = self.batch.column(position_of("status")).as_string::<i32>();
        let deliveries = self.batch.column(arrange::DELIVERY).as_string::<i32>();
        let told: Vec<usize> = rows.filter(|row| statuses.is_valid(*row)).collect();
        let mut marks = Vec::new();
        for two in told.windows(2) {
            let change = (statuses.value(two[0]), statuses.value(two[1]));
            let mut place = deliveries.value(two[1]).split('/');
            let feed = place.next().zip(place.next());
            let feed = feed.and_then(|(unit, feed)| self.pipeline.feed(unit, feed));
            for (id, contract) in feed.into_iter().flat_map(|feed| &feed.profile.contracts) {
                if matches!(&contract.clause, Clause::NoChange(never) if never.contains(&change)) {
                    marks.push(mark(id));
                }
            }
        }
        marks
    }

    fn has_feed(&self, kind: FeedKind, mut rows: Range<usize>) -> bool {
        let feeds = self.batch.column(arrange::FEED).as_string::<i32>();
        rows.any(|row| feeds.value(row) == kind.name())
    }

    /// Whether the portal has said that the dossier is finished, and later that it is not.
    fn portal_reopened(&self, rows: Range<usize>) -> bool {
        let statuses = self.batch.column(position_of("portal_status")).as_string::<i32>();
        let mut told = rows.filter(|row| statuses.is_valid(*row)).map(|row| statuses.value(row));
        told.any(|status| status == "completed") && told.any(|status| !is_ended(status))
    }

    /// Whether the unit's fee is 0 and the portal, which should know fees, knows of none.
    fn zero_fee_not_sent(&self, dossier: usize, mut rows: Range<usize>) -> bool {
        let fee = |column: &str| {
            let fees = self.value(column).as_primitive::<Int64Type>();
            fees.is_valid(dossier).then(|| fees.value(dossier))
        };
        let is_told = |row: usize| self.supplied[row] & supplied_bit("portal_fee_vnd") != 0;
        fee("fee_vnd") == Some(0) && fee("portal_fee_vnd").is_none() && rows.any(is_told)
    }

    /// Whether the due day was moved after it had passed.
    fn due_moved_after_due(&self, rows: Range<usize>) -> bool {
        let due = self.batch.column(position_of("due_on")).as_primitive::<Date32Type>();
        let time = |column: usize, row: usize| {
            let times = self.batch.column(column).as_primitive::<TimestampMicrosecondType>();
            times.is_valid(row).then(|| times.value(row))
        };
        if rows.len() == 1 {
            return false;
        }
        let mut last_due = None;
        for row in rows.filter(|row| due.is_valid(*row)) {
            let told_at =
                time(arrange::EVENT_TIME, row).or_else(|| time(arrange::OBSERVED_AT, row));
            let told_on = told_at.map(|micros| {
                (micros / 1_000_000 + i64::from(self.pipeline.settings.utc_offset_seconds))
                    .div_euclid(86_400)
            });
            let is_moved = last_due.is_some_and(|last| last != due.value(row));
            let had_passed = told_on.zip(last_due).is_some_and(|(day, last)| day > i64::from(last));
            if is_moved && had_passed {
                return true;
            }
            last_due = Some(due.value(row));
        }
        false
    }

    fn value(&self, column: &str) -> &ArrayRef {
        &self.values[supplied_index(column).expect("a supplied column")]
    }

    fn text(&self, column: &str, dossier: usize) -> Option<&str> {
        let texts = self.value(column).as_string::<i32>();
        texts.is_valid(dossier).then(|| texts.value(dossier))
    }

    fn flag(&self, column: &str, dossier: usize) -> bool {
        let flags = self.value(column).as_boolean();
        flags.is_valid(dossier) && flags.value(dossier)
    }
}
