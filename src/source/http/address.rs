//! The address of a page.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, Utc};
use url::Url;

use crate::pipeline::source::http::{List, Style};

use super::super::Fault;
use super::Http;
use super::client::plain;
use super::cursor::{Cursor, Next, Walk};

impl Http<'_> {
    /// Makes the address of the next page.
    pub(super) fn page_url(&self, list: &List, cursor: &Cursor, walk: &Walk) -> Result<Url, Fault> {
        if let Next::Link(link) = &walk.next {
            return self.linked(link);
        }
        let mut url = self.url.clone();
        let mut query = url.query_pairs_mut();
        if let Some((parameter, size)) = &list.size {
            query.append_pair(parameter, &size.to_string());
        }
        if let Some(since) = &list.since {
            let zone = FixedOffset::east_opt(self.context.settings.utc_offset_seconds);
            let zone = zone.expect("checked when the pipeline was read");
            let from = self.changed_since(list, cursor).with_timezone(&zone);
            query.append_pair(&since.parameter, &from.format(&since.form).to_string());
        }
        match (&list.style, &walk.next) {
            (Style::Number { parameter, first, .. }, Next::First) => {
                query.append_pair(parameter, &first.to_string());
            }
            (Style::Number { parameter, .. }, Next::Number(number)) => {
                query.append_pair(parameter, &number.to_string());
            }
            (Style::Offset { parameter, .. }, Next::Offset { at, .. }) => {
                query.append_pair(parameter, &at.to_string());
            }
            (Style::Offset { parameter, .. }, _) => {
                query.append_pair(parameter, "0");
            }
            (Style::Cursor { parameter, .. }, Next::Cursor(token)) => {
                query.append_pair(parameter, token);
            }
            _ => {}
        }
        drop(query);
        Ok(url)
    }

    /// Follows a link, on the same server alone: the login is meant for no other.
    pub(super) fn linked(&self, link: &str) -> Result<Url, Fault> {
        let url = self.url.join(link).map_err(|error| {
            Fault::lasting("the link to the next page is no address").because(&error)
        })?;
        if url.origin() != self.url.origin() {
            let host = url.host_str().unwrap_or_default();
            let what = format!("the next page of `{}` lies on `{host}`", plain(&self.url));
            return Err(Fault::lasting(what).advise("no login is sent to another server"));
        }
        Ok(self.client.without_key(url))
    }

    /// Returns from when on changes are asked for.
    pub(super) fn changed_since(&self, list: &List, cursor: &Cursor) -> DateTime<Utc> {
        let Some(since) = &list.since else { return self.since() };
        let changed = cursor.changed.and_then(|changed| {
            DateTime::from_timestamp_micros(changed.saturating_sub(micros(since.overlap)))
        });
        let start = since.start.map(|day| self.context.settings.start_of_day(day));
        changed.or(start).unwrap_or_else(|| self.since())
    }
}

/// Returns a duration in microseconds.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
