//! A list read page by page, so that none is lost, none is taken twice, and every end is a real
//! one: a list may move while it is read.

use std::io::Write as _;
use std::time::{Duration, Instant};

use chrono::DateTime;

use crate::pipeline::source::http::{List, Style};
use crate::store::raw::Spool;

use super::super::{Fault, Part, no_room};
use super::Http;
use super::address::micros;
use super::client::plain;
use super::cursor::{Cursor, MAX_IDLE, Next, Seen, Walk};
use super::page::Page;

/// A part of a list that is read on from day to day ends after so many bytes or so long.
const PART_BYTES: u64 = 16 << 20;
const PART_TIME: Duration = Duration::from_secs(30);

/// A part being read.
pub(super) struct Reading<'a> {
    pub(super) list: &'a List,
    pub(super) cursor: Cursor,
    pub(super) walk: Walk,
    spool: Spool,
    /// Records that no reading before saw.
    n_new: u64,
    /// When the first page of the part came, by the server's clock.
    observed: Option<i64>,
    /// How many records the last page declared.
    total: Option<u64>,
    pub(super) is_ended: bool,
    /// Whether its first page goes on from an earlier run.
    pub(super) is_resumed: bool,
}

impl Http<'_> {
    /// Reads the next part of a list.
    pub(super) async fn read_list(&self, list: &List, cursor: Cursor) -> Result<Part, Fault> {
        let is_begun = cursor.walk.is_some();
        let walk = cursor.walk.clone().unwrap_or_else(Walk::new);
        let is_resumed = is_begun && !self.seen.borrow().knows(&walk);
        if is_resumed || !is_begun {
            *self.seen.borrow_mut() = Seen::of(&walk);
        }
        let spool = Spool::new().map_err(|error| no_room(&error))?;
        let mut reading = Reading {
            list,
            cursor,
            walk,
            spool,
            n_new: 0,
            observed: None,
            total: None,
            is_ended: false,
            is_resumed,
        };
        let began = Instant::now();
        let mut fault = None;
        while !reading.is_ended && !reading.is_full(began) {
            match self.step(&mut reading).await {
                Ok(()) => {}
                // What the server told to go on with is of no use any more: from the beginning.
                Err(fault) if reading.is_resumed && fault.is_refused() => {
                    self.begin_again(&mut reading);
                }
                Err(fault) if reading.is_empty() => return Err(fault),
                Err(stopped) => {
                    fault = Some(stopped);
                    break;
                }
            }
        }
        self.finish(reading, is_begun, fault)
    }

    /// Reads one page.
    async fn step(&self, reading: &mut Reading<'_>) -> Result<(), Fault> {
        let url = self.page_url(reading.list, &reading.cursor, &reading.walk)?;
        let page = self.page(&url, reading.walk.n_pages + 1, reading.list).await?;
        let next = reading.walk.next.clone();
        match &reading.list.style {
            Style::Number { first, is_still, .. } => {
                let number = if let Next::Number(number) = next { number } else { *first };
                self.step_by_number(page, number, *first, *is_still, reading).await?;
            }
            Style::Offset { overlap, .. } => self.step_by_offset(page, *overlap, reading)?,
            Style::Cursor { .. } | Style::Link { .. } => {
                self.refuse_repeated(&page, reading)?;
                let is_link = matches!(reading.list.style, Style::Link { .. });
                let next = match page.next.clone() {
                    Some(link) if is_link => Some(Next::Link(self.linked(&link)?.to_string())),
                    next => next.map(Next::Cursor),
                };
                self.take(page, reading)?;
                match next {
                    Some(next) if self.seen.borrow_mut().was_asked(&next) => {
                        return Err(Fault::lasting("the list leads back to a page already read")
                            .advise("ask the server's keeper: no end would come")
                            .while_doing(self.after(reading)));
                    }
                    Some(next) => reading.walk.next = next,
                    None => reading.is_ended = true,
                }
            }
        }
        if reading.is_ended { self.check_total(reading) } else { Ok(()) }
    }

    /// Forgets what was read of a list that is not as it was left.
    pub(super) fn begin_again(&self, reading: &mut Reading<'_>) {
        reading.walk = Walk::new();
        reading.is_resumed = false;
        *self.seen.borrow_mut() = Seen::default();
    }

    /// Takes a page's records.
    pub(super) fn take(&self, page: Page, reading: &mut Reading<'_>) -> Result<(), Fault> {
        let date = page.told.date.map(|date| date.timestamp_micros());
        reading.walk.began = reading.walk.began.or(date);
        reading.observed = reading.observed.or(date);
        reading.walk.n_pages += 1;
        let n_seen = self.seen.borrow_mut().add(&page.records);
        reading.walk.n_seen += n_seen;
        if self.seen.borrow_mut().is_endless(n_seen > 0) {
            return Err(Fault::lasting(format!("{MAX_IDLE} pages in a row held nothing new"))
                .advise("ask the server's keeper: no end would come")
                .while_doing(self.after(reading)));
        }
        reading.is_resumed = false;
        // A list may grow while it is read.
        reading.total = page.total.map(|total| reading.total.map_or(total, |t| t.min(total)));
        if let Some(since) = &reading.list.since {
            if reading.walk.began.is_none() {
                return Err(Fault::lasting("the server does not tell the time (`Date`)")
                    .advise("`since` needs it: read the list whole"));
            }
            let is_new = |hash| !reading.cursor.recent.contains(&hash);
            let n_new = page.records.iter().filter(|record| is_new(record.hash)).count();
            reading.n_new += n_new as u64;
            let zone = self.context.settings.utc_offset_seconds;
            reading.walk.remember(&page.records, micros(since.overlap), zone);
        }
        reading.walk.tail = page.records.iter().map(|record| record.hash).collect();
        reading.spool.write_all(&page.body).map_err(|error| no_room(&error))?;
        reading.spool.write_all(b"\n").map_err(|error| no_room(&error))
    }

    fn check_total(&self, reading: &Reading<'_>) -> Result<(), Fault> {
        let n_seen = reading.walk.n_seen;
        match reading.total {
            Some(total) if n_seen < total => {
                let what = format!("the list declares {total} records, {n_seen} came");
                Err(Fault::lasting(what)
                    .advise("the next run reads it from its beginning")
                    .while_doing(self.after(reading)))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn after(&self, reading: &Reading<'_>) -> String {
        format!("after {} pages of `{}`", reading.walk.n_pages, plain(&self.url))
    }

    fn finish(
        &self,
        reading: Reading<'_>,
        is_begun: bool,
        fault: Option<Fault>,
    ) -> Result<Part, Fault> {
        let Reading { list, cursor, walk, spool, n_new, observed, is_ended, .. } = reading;
        let moment = |micros: i64| DateTime::from_timestamp_micros(micros);
        let is_over = is_ended && fault.is_none();
        let began = walk.began.and_then(moment).filter(|_| is_over);
        let period = began.and_then(|at| self.period(self.changed_since(list, &cursor), at));
        let first_page = walk.n_pages;
        let after = if is_over {
            let changed = walk.latest();
            let recent = walk.lately.iter().map(|(_, hash)| *hash).collect();
            let recent = if changed.is_some() { recent } else { cursor.recent.clone() };
            Cursor { changed: changed.max(cursor.changed), recent, walk: None, ..cursor }
        } else {
            // A list that did not add up is read from its beginning.
            Cursor { walk: Some(walk).filter(|_| !is_ended), ..cursor }
        };
        let name = match is_begun {
            true => format!("{} up to page {first_page}", self.url.path()),
            false => self.url.path().to_owned(),
        };
        Ok(Part {
            name,
            bytes: spool.finish().map_err(|error| no_room(&error))?,
            n_new: list.since.is_some().then_some(n_new),
            cursor: serde_json::to_string(&after).expect("numbers and texts are JSON"),
            is_whole: is_over && !is_begun,
            period,
            observed_at: observed.and_then(moment),
            has_more: !is_ended && fault.is_none(),
            fault,
            note: None,
        })
    }
}

impl Reading<'_> {
    /// A list that is read whole each time is one part.
    fn is_full(&self, began: Instant) -> bool {
        self.list.since.is_some()
            && (self.spool.size_bytes() >= PART_BYTES || began.elapsed() >= PART_TIME)
    }

    fn is_empty(&self) -> bool {
        self.spool.size_bytes() == 0
    }

    /// Whether all records that are declared were seen.
    pub(super) fn is_complete(&self) -> bool {
        self.total.is_some_and(|total| self.walk.n_seen >= total)
    }
}
