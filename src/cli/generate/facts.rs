//! What was planted, counted while it is written: `FACTS.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::days::{DAY, Moment};
use super::dossier::{Dossier, Status};
use super::fault::Fault;
use super::others::Record;
use super::plan::Plan;

/// The feeds, by the names that the pipeline has for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Feed {
    Dossier,
    Payment,
    Postal,
    Portal,
}

impl Feed {
    fn name(self) -> &'static str {
        match self {
            Self::Dossier => "dossier",
            Self::Payment => "payment",
            Self::Postal => "postal",
            Self::Portal => "portal",
        }
    }
}

/// The records of a feed, by what becomes of them.
#[derive(Debug, Default)]
struct Fates {
    n_files: u64,
    n_accepted: u64,
    n_duplicate: u64,
    rejected: BTreeMap<&'static str, u64>,
    out_of_scope: BTreeMap<&'static str, u64>,
}

/// Everything that was planted.
#[derive(Debug, Default)]
pub(super) struct Facts {
    feeds: BTreeMap<Feed, Fates>,
    /// Dossiers, by what is worth knowing of them.
    dossiers: BTreeMap<&'static str, u64>,
    statuses: BTreeMap<&'static str, u64>,
    unmatched: BTreeMap<Feed, u64>,
    n_late_files: u64,
    n_bytes: u64,
}

impl Facts {
    /// Counts a file.
    pub(super) fn add_file(&mut self, feed: Feed, n_bytes: u64, is_late: bool) {
        self.feeds.entry(feed).or_default().n_files += 1;
        self.n_late_files += u64::from(is_late);
        self.n_bytes += n_bytes;
    }

    /// Counts a record, and the one that repeats it.
    pub(super) fn add_record(&mut self, feed: Feed, fault: Option<Fault>, is_repeated: bool) {
        let fates = self.feeds.entry(feed).or_default();
        match fault {
            Some(fault) => *fates.rejected.entry(fault.rule()).or_default() += 1,
            None => fates.n_accepted += 1,
        }
        fates.n_duplicate += u64::from(is_repeated);
    }

    /// Counts a row that is no record of a dossier.
    pub(super) fn add_beside(&mut self, feed: Feed, rule: &'static str) {
        let fates = self.feeds.entry(feed).or_default();
        *fates.out_of_scope.entry(rule).or_default() += 1;
    }

    /// Counts a dossier, with what all months together tell of it.
    pub(super) fn add_dossier(&mut self, dossier: &Dossier, n_months: u32) {
        let months: BTreeSet<u32> = dossier.tellings.iter().map(|told| told.month).collect();
        let is_told = |month: &u32| *month < n_months;
        let n_told = months.iter().filter(|month| is_told(month)).count();
        let last = dossier.last_known(n_months);
        let is_after = |(end, due): (Moment, Moment)| end / DAY > due / DAY;
        let is_late = last.is_some_and(|told| {
            told.status == Status::Completed && told.ended.zip(told.due).is_some_and(is_after)
        });
        for (fact, holds) in [
            ("made", true),
            ("told", n_told > 0),
            ("known", last.is_some()),
            ("received", last.is_some_and(|told| told.status != Status::New)),
            ("carried_over", n_told > 1),
            ("supplemented", dossier.is_supplemented),
            ("corrected", dossier.is_corrected),
            ("entered_late", dossier.is_entered_late),
            ("completed_late", is_late),
        ] {
            *self.dossiers.entry(fact).or_default() += u64::from(holds);
        }
        if let Some(last) = last {
            *self.statuses.entry(last.status.name()).or_default() += 1;
        }
        self.add_unmatched(dossier, n_months);
    }

    /// Counts the dossiers that other feeds tell of and no unit does: strays, and the dossier itself
    /// where no record of its unit is in order.
    fn add_unmatched(&mut self, dossier: &Dossier, n_months: u32) {
        let is_known = dossier.is_known(n_months);
        let payments = dossier.payments.iter().map(|payment| payment.record);
        let parcels = dossier.parcels.iter().map(|parcel| parcel.record);
        let sent = dossier.sent.iter().map(|sent| sent.record);
        self.count_unmatched(Feed::Payment, payments, is_known, n_months);
        self.count_unmatched(Feed::Postal, parcels, is_known, n_months);
        self.count_unmatched(Feed::Portal, sent, is_known, n_months);
    }

    fn count_unmatched(
        &mut self,
        feed: Feed,
        records: impl Iterator<Item = Record>,
        is_known: bool,
        n_months: u32,
    ) {
        let good = records.filter(|record| record.month < n_months && record.fault.is_none());
        let (mut has_stray, mut has_own) = (false, false);
        for record in good {
            has_stray |= record.is_stray;
            has_own |= !record.is_stray;
        }
        let n = u64::from(has_stray) + u64::from(has_own && !is_known);
        *self.unmatched.entry(feed).or_default() += n;
    }

    /// Adds what was counted elsewhere.
    pub(super) fn merge(mut self, other: Self) -> Self {
        for (feed, fates) in other.feeds {
            let own = self.feeds.entry(feed).or_default();
            own.n_files += fates.n_files;
            own.n_accepted += fates.n_accepted;
            own.n_duplicate += fates.n_duplicate;
            add(&mut own.rejected, fates.rejected);
            add(&mut own.out_of_scope, fates.out_of_scope);
        }
        add(&mut self.dossiers, other.dossiers);
        add(&mut self.statuses, other.statuses);
        add(&mut self.unmatched, other.unmatched);
        self.n_late_files += other.n_late_files;
        self.n_bytes += other.n_bytes;
        self
    }

    /// Returns the number of files, of records and of bytes.
    pub(super) fn totals(&self) -> [u64; 3] {
        let n_files = self.feeds.values().map(|fates| fates.n_files).sum();
        [n_files, self.feeds.values().map(Fates::n_read).sum(), self.n_bytes]
    }

    /// Returns all of it as JSON.
    pub(super) fn json(&self, plan: &Plan) -> Value {
        let feeds: BTreeMap<&str, Value> =
            self.feeds.iter().map(|(feed, fates)| (feed.name(), fates.json())).collect();
        let unmatched: BTreeMap<&str, u64> =
            self.unmatched.iter().map(|(feed, n)| (feed.name(), *n)).collect();
        json!({
            "arguments": {
                "rows": plan.n_rows,
                "units": plan.n_units,
                "seed": plan.seed,
                "from": plan.from.format("%Y-%m").to_string(),
                "months": plan.n_months,
            },
            "as_of": plan.as_of().to_string(),
            "dossiers": self.dossiers,
            "statuses": self.statuses,
            "feeds": feeds,
            "unmatched": unmatched,
            "late_files": self.n_late_files,
            "bytes": self.n_bytes,
        })
    }
}

impl Fates {
    fn n_read(&self) -> u64 {
        let others = self.rejected.values().chain(self.out_of_scope.values());
        self.n_accepted + self.n_duplicate + others.sum::<u64>()
    }

    fn json(&self) -> Value {
        json!({
            "files": self.n_files,
            "read": self.n_read(),
            "accepted": self.n_accepted,
            "duplicate": self.n_duplicate,
            "rejected": self.rejected.values().sum::<u64>(),
            "out_of_scope": self.out_of_scope.values().sum::<u64>(),
            "rejected_by_rule": self.rejected,
            "out_of_scope_by_rule": self.out_of_scope,
        })
    }
}

fn add<K: Ord>(own: &mut BTreeMap<K, u64>, other: BTreeMap<K, u64>) {
    for (key, n) in other {
        *own.entry(key).or_default() += n;
    }
}
