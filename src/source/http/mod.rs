//! A file, or a list in pages, behind an HTTP address.

mod address;
mod client;
mod cursor;
mod moving;
mod page;
mod walk;

use std::cell::RefCell;
use std::io::Write as _;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use reqwest::Response;
use url::Url;

use crate::pipeline::hash_of;
use crate::pipeline::source::http::{self, List, Pages};
use crate::store::RUNTIME;
use crate::store::raw::{Spool, Spooled};

use super::secrets::Secrets;
use super::{Context, Fault, Log, Part, no_room, read_cursor};

use client::{Client, Told, broken_off};
use cursor::{Cursor, Seen, Walk};
use page::Page;

/// A page larger than this is none.
const MAX_PAGE_BYTES: usize = 64 << 20;

/// An address, with what asks it.
pub(super) struct Http<'a> {
    kind: &'a http::Http,
    context: Context<'a>,
    url: Url,
    client: Client,
    seen: RefCell<Seen>,
}

impl<'a> Http<'a> {
    pub(super) fn reach(
        kind: &'a http::Http,
        context: Context<'a>,
        secrets: &Secrets,
    ) -> Result<Self, Fault> {
        let mut url = Url::parse(&kind.location).expect("checked when the pipeline was read");
        for (name, value) in &kind.parameters {
            url.query_pairs_mut().append_pair(name, value);
        }
        let client = Client::new(kind, context, secrets)?;
        Ok(Self { kind, context, url, client, seen: RefCell::default() })
    }

    /// Reads a file to its end.
    async fn file(&self) -> Result<(Spooled, Told), Fault> {
        let read = |answer: Response, told| async move {
            let mut spool = Spool::new().map_err(|error| no_room(&error))?;
            let mut answer = answer;
            while let Some(bytes) = answer.chunk().await.map_err(broken_off)? {
                spool.write_all(&bytes).map_err(|error| no_room(&error))?;
            }
            if spool.size_bytes() == 0 {
                return Err(Fault::passing("the server answered with nothing"));
            }
            Ok((spool.finish().map_err(|error| no_room(&error))?, told))
        };
        self.client.get(&self.url, "the file", read).await
    }

    /// Reads a page of a list.
    async fn page(&self, url: &Url, number: u64, list: &List) -> Result<Page, Fault> {
        let read = |answer: Response, told| async move {
            let (mut answer, mut body) = (answer, Vec::new());
            while let Some(bytes) = answer.chunk().await.map_err(broken_off)? {
                body.extend_from_slice(&bytes);
                if body.len() > MAX_PAGE_BYTES {
                    let what = format!("the page has more than {} MiB", MAX_PAGE_BYTES >> 20);
                    return Err(Fault::lasting(what).advise("ask for fewer records with `size`"));
                }
            }
            Page::read(body, told, list, url, self.context)
        };
        self.client.get(url, &format!("page {number}"), read).await
    }

    /// Returns the days that a reading tells of which began at a moment.
    fn period(&self, from: DateTime<Utc>, at: DateTime<Utc>) -> Option<(NaiveDate, NaiveDate)> {
        let day = |time: DateTime<Utc>| {
            let offset = TimeDelta::seconds(self.context.settings.utc_offset_seconds.into());
            (time + offset).date_naive()
        };
        Some((day(from), day(at).succ_opt()?))
    }

    /// Returns the moment from which on the pipeline wants to know.
    fn since(&self) -> DateTime<Utc> {
        self.context.settings.start_of_day(self.context.settings.since)
    }
}

impl Log for Http<'_> {
    fn read_on(&self, cursor: Option<&str>) -> Result<Part, Fault> {
        match &self.kind.pages {
            Pages::None => {
                let (bytes, told) = RUNTIME.block_on(self.file())?;
                let period = told.date.and_then(|date| self.period(self.since(), date));
                Ok(Part {
                    name: self.url.path().to_owned(),
                    bytes,
                    n_new: None,
                    cursor: String::new(),
                    is_whole: true,
                    period,
                    observed_at: told.date,
                    has_more: false,
                    fault: None,
                    note: None,
                })
            }
            Pages::Of(list) => {
                let field = list.since.as_ref().map_or("", |since| &since.field);
                let place = hash_of([self.url.as_str(), &format!("{:?}", list.style), field]);
                let (cursor, is_elsewhere) = read_cursor(cursor, &place)?;
                let cursor = Cursor { place, ..cursor };
                let mut part = RUNTIME.block_on(self.read_list(list, cursor))?;
                if is_elsewhere {
                    part.note = Some(
                        "not the list that was read before: read from its beginning".to_owned(),
                    );
                }
                Ok(part)
            }
        }
    }

    fn probe(&self) -> Result<String, Fault> {
        match &self.kind.pages {
            Pages::None => {
                let (bytes, _) = RUNTIME.block_on(self.file())?;
                Ok(format!("a file of {} bytes", bytes.size_bytes()))
            }
            Pages::Of(list) => {
                let url = self.page_url(list, &Cursor::default(), &Walk::new())?;
                let page = RUNTIME.block_on(self.page(&url, 1, list))?;
                let total = page.total.map_or_else(String::new, |total| format!(" of {total}"));
                let more = if page.next.is_some() { ", more follow" } else { "" };
                Ok(format!("a first page of {}{total} records{more}", page.records.len()))
            }
        }
    }
}
