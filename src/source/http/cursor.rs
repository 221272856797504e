//! Where a list is read on: what a manifest keeps, and what only one run remembers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::page::{self, Page, Record};

/// So many pages in a row without anything new are no list that ends.
pub(super) const MAX_IDLE: u64 = 100;
/// So many records that lately changed are told apart from new ones.
const MAX_LATELY: usize = 20_000;

/// What a manifest keeps of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// Tells the list: places and tokens of another mean nothing here.
    pub(super) place: String,
    /// When the last record changed that the readings before saw, in UTC microseconds.
    pub(super) changed: Option<i64>,
    /// Hashes of the records that the next reading asks for again.
    pub(super) recent: BTreeSet<u64>,
    /// A reading that has not come to its end.
    pub(super) walk: Option<Walk>,
}

/// A reading on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Walk {
    pub(super) next: Next,
    /// When it began, by the server's clock, in UTC microseconds.
    pub(super) began: Option<i64>,
    /// Pages read so far.
    pub(super) n_pages: u64,
    /// Different records seen so far.
    pub(super) n_seen: u64,
    /// Hashes of the last page's records: the next page must join on to them.
    pub(super) tail: Vec<u64>,
    /// Records that changed lately: when, and their hash.
    pub(super) lately: Vec<(i64, u64)>,
}

/// What asks for the next page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Next {
    First,
    Number(u64),
    /// So many records are skipped; the first `overlap` of the page were seen before, unless the
    /// list has moved. `is_back`: looked for where the list went on.
    Offset {
        at: u64,
        overlap: u64,
        is_back: bool,
    },
    Cursor(String),
    Link(String),
}

impl Walk {
    pub(super) fn new() -> Self {
        let (tail, lately) = (Vec::new(), Vec::new());
        Self { next: Next::First, began: None, n_pages: 0, n_seen: 0, tail, lately }
    }

    /// Remembers the records of a page that lately changed: those of the last `overlap`
    /// microseconds, from the beginning of that day on, for some servers are asked for days.
    pub(super) fn remember(&mut self, records: &[Record], overlap: i64, offset_seconds: i32) {
        const DAY: i64 = 24 * 3600 * 1_000_000;
        self.lately.extend(records.iter().map(|record| (record.changed, record.hash)));
        let from = self.latest().unwrap_or_default().saturating_sub(overlap);
        let offset = i64::from(offset_seconds) * 1_000_000;
        let from = (from + offset).div_euclid(DAY) * DAY - offset;
        self.lately.retain(|(changed, _)| *changed >= from);
        // So many at once would swell every manifest: they are taken again instead.
        if self.lately.len() > MAX_LATELY {
            let latest = self.latest();
            self.lately = latest.map(|latest| (latest, 0)).into_iter().collect();
        }
    }

    /// Returns when the last record changed. No record changes after it was read: a slip of the pen
    /// in a year to come would hide all that changes until then.
    pub(super) fn latest(&self) -> Option<i64> {
        let moments = self.lately.iter().map(|(changed, _)| *changed);
        moments.map(|changed| self.began.map_or(changed, |began| changed.min(began))).max()
    }
}

/// What one run remembers of a reading: every record and every page of it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    records: BTreeSet<u64>,
    /// Hashes of pages, in whatever order they came.
    pages: BTreeSet<u64>,
    /// The hash of each page by its number, as it was read last.
    numbered: BTreeMap<u64, u64>,
    asked: BTreeSet<Next>,
    /// How often a page was the very same as one before.
    pub(super) n_same: u64,
    /// How many pages in a row held nothing new.
    n_idle: u64,
    /// How often the run went back to see where a list went on.
    pub(super) n_back: u64,
}

impl Seen {
    /// Remembers what a walk carries over from an earlier run.
    pub(super) fn of(walk: &Walk) -> Self {
        let mut seen = Self { records: walk.tail.iter().copied().collect(), ..Self::default() };
        if let Next::Number(next) = walk.next
            && next > 0
        {
            seen.numbered.insert(next - 1, page::hash_of(walk.tail.iter().copied()));
        }
        seen
    }

    /// Remembers the records of a page; returns how many were on no page before. Equal records of
    /// one page count each.
    pub(super) fn add(&mut self, records: &[Record]) -> u64 {
        let n_new = records.iter().filter(|record| !self.has(record)).count();
        self.records.extend(records.iter().map(|record| record.hash));
        n_new as u64
    }

    /// Counts pages in a row that hold nothing new; `true` where no end will come.
    pub(super) fn is_endless(&mut self, is_new: bool) -> bool {
        self.n_idle = if is_new { 0 } else { self.n_idle + 1 };
        self.n_idle >= MAX_IDLE
    }

    /// Whether a record was seen.
    pub(super) fn has(&self, record: &Record) -> bool {
        self.records.contains(&record.hash)
    }

    /// Whether this run has read what the walk has.
    pub(super) fn knows(&self, walk: &Walk) -> bool {
        !walk.tail.is_empty() && walk.tail.iter().all(|hash| self.records.contains(hash))
    }

    /// Whether the very same page was read before; remembers it.
    pub(super) fn is_repeated(&mut self, page: &Page) -> bool {
        !page.records.is_empty() && !self.pages.insert(page.hash())
    }

    /// Remembers a page by its number; returns the hash of the page before.
    pub(super) fn put_page(&mut self, number: u64, hash: u64) -> Option<u64> {
        self.numbered.insert(number, hash);
        self.numbered.get(&number.checked_sub(1)?).copied()
    }

    /// Whether a page is as it was read last; remembers it as it is.
    pub(super) fn is_page(&mut self, number: u64, hash: u64) -> bool {
        self.numbered.insert(number, hash) == Some(hash)
    }

    /// Whether the same was asked before; remembers it.
    pub(super) fn was_asked(&mut self, next: &Next) -> bool {
        !self.asked.insert(next.clone())
    }
}
