//! One page of a list: its records told apart by their hashes, its total, its way on.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::pipeline::date_form::{parse_any, parse_cell};
use crate::pipeline::source::http::{List, Style};
use crate::pipeline::text::fold;

use super::super::{Context, Fault};
use super::client::Told;

/// A page, read.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) body: Vec<u8>,
    pub(super) records: Vec<Record>,
    /// How many records the list is declared to have.
    pub(super) total: Option<u64>,
    /// What leads to the next page; `None` on the last.
    pub(super) next: Option<String>,
    pub(super) told: Told,
}

/// What is remembered of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) hash: u64,
    /// When it changed, in UTC microseconds; 0 where nobody asks.
    pub(super) changed: i64,
}

impl Page {
    /// Reads a page's body.
    ///
    /// # Errors
    ///
    /// A passing fault where the body may have been cut off; a lasting one where it is no list.
    pub(super) fn read(
        body: Vec<u8>,
        told: Told,
        list: &List,
        url: &Url,
        context: Context<'_>,
    ) -> Result<Self, Fault> {
        if body.trim_ascii().is_empty() {
            return Err(Fault::passing("the server answered with nothing"));
        }
        if body.trim_ascii().starts_with(b"<") {
            return Err(Fault::lasting(
                "the server answered with a web page, perhaps a login page",
            )
            .advise("look whether the login is taken and the address is that of the list"));
        }
        let value: Value = serde_json::from_slice(&body).map_err(|error| {
            // Its own words may quote what the body holds.
            let (line, column) = (error.line(), error.column());
            Fault::passing(format!(
                "the answer is cut off or no JSON (line {line}, column {column})"
            ))
        })?;
        let path = context.feed.profile.records.as_deref().unwrap_or_default();
        let Some(found) = at(&value, path).and_then(Value::as_array) else {
            let place =
                if path.is_empty() { "at its top".to_owned() } else { format!("at `{path}`") };
            return Err(Fault::lasting(format!("the answer has no list {place}"))
                .advise("say in the profile's `records` where the records lie"));
        };
        let mut records = Vec::with_capacity(found.len());
        for record in found {
            let digest = Sha256::digest(record.to_string());
            let hash = u64::from_be_bytes(*digest.first_chunk().expect("a hash has 32 bytes"));
            let changed = match &list.since {
                Some(since) => changed(record, &since.field, context)?,
                None => 0,
            };
            records.push(Record { hash, changed });
        }
        let total = match &list.total {
            Some(path) => Some(total(&value, path)?),
            None => None,
        };
        let next = match &list.style {
            Style::Cursor { next, .. } | Style::Link { next: Some(next) } => way_on(&value, next)?,
            Style::Link { next: None } => next_link(&told.links, url)?,
            Style::Number { .. } | Style::Offset { .. } => None,
        };
        Ok(Self { body, records, total, next, told })
    }

    /// Returns a hash of the page's records.
    pub(super) fn hash(&self) -> u64 {
        hash_of(self.records.iter().map(|record| record.hash))
    }
}

/// Returns a hash of a page from those of its records.
pub(super) fn hash_of(records: impl IntoIterator<Item = u64>) -> u64 {
    let mut digest = Sha256::new();
    records.into_iter().for_each(|hash| digest.update(hash.to_be_bytes()));
    u64::from_be_bytes(*digest.finalize().first_chunk().expect("a hash has 32 bytes"))
}

/// Finds a value by a path of keys joined by dots.
fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').filter(|key| !key.is_empty()).try_fold(value, |value, key| {
        let object = value.as_object()?;
        object.get(key).or_else(|| {
            let folded = fold(key);
            object.iter().find(|(name, _)| fold(name) == folded).map(|(_, value)| value)
        })
    })
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn total(value: &Value, path: &str) -> Result<u64, Fault> {
    let total = text(at(value, path)).and_then(|text| text.parse().ok());
    total.ok_or_else(|| {
        Fault::lasting(format!("the answer declares no total at `{path}`"))
            .advise("say in `total` where it stands, or take `total` out")
    })
}

fn changed(record: &Value, field: &str, context: Context<'_>) -> Result<i64, Fault> {
    let offset = context.settings.utc_offset_seconds;
    let text = text(at(record, field));
    let stamp = text.as_deref().and_then(|text| {
        parse_any(&context.feed.profile.dates, text, offset).or_else(|| parse_cell(text, offset))
    });
    stamp.map(|stamp| stamp.micros).ok_or_else(|| {
        Fault::lasting(format!("a record has no point in time at `{field}`"))
            .advise("`since` needs a field that every record has, in one of the profile's `dates`")
    })
}

/// Reads what leads to the next page; nothing there means the end, anything unclear does not.
fn way_on(value: &Value, path: &str) -> Result<Option<String>, Fault> {
    match at(value, path) {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::Object(_) | Value::Array(_) | Value::Bool(true)) => {
            let what = format!("what stands at `{path}` leads to no page");
            Err(Fault::lasting(what).advise("say in `next` where its text stands"))
        }
        found => Ok(text(found)),
    }
}

/// Finds the link to the next page among the headers, RFC 8288.
fn next_link(links: &[String], url: &Url) -> Result<Option<String>, Fault> {
    for link in links {
        let parsed = http_link::parse_link_header(link, url).map_err(|error| {
            Fault::lasting("the header `Link` cannot be read")
                .because(&error)
                .advise("ask the server's keeper")
        })?;
        let is_next = |link: &&http_link::Link| {
            link.rel.split_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
        };
        if let Some(next) = parsed.iter().find(is_next) {
            return Ok(Some(next.target.to_string()));
        }
    }
    Ok(None)
}
