//! Where a list is read on: what a manifest keeps, and what only one run remembers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::page::{self, Page, Record};

/// What a manifest keeps of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
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

    /// Remembers the records of a page that lately changed, those of the last `overlap`
    /// microseconds.
    pub(super) fn remember(&mut self, records: &[Record], overlap: i64) {
        self.lately.extend(records.iter().map(|record| (record.changed, record.hash)));
        let latest = self.lately.iter().map(|(changed, _)| *changed).max().unwrap_or_default();
        self.lately.retain(|(changed, _)| *changed >= latest.saturating_sub(overlap));
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

    /// Remembers the records of a page; returns how many were not seen before.
    pub(super) fn add(&mut self, records: &[Record]) -> u64 {
        records.iter().map(|record| u64::from(self.records.insert(record.hash))).sum()
    }

    /// Whether a record of the page was seen: the page joins on to those before.
    pub(super) fn knows_any(&self, records: &[Record]) -> bool {
        records.iter().any(|record| self.records.contains(&record.hash))
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
