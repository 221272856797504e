//! Bytes from a unit: how each kind of source is reached, and what is read of it.
//!
//! A source keeps nothing: where it goes on stands in the manifest of what was landed.

mod fault;
mod files;
mod folder;
mod http;
mod postgres;
mod secrets;
mod sftp;

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::pipeline::feed::Feed;
use crate::pipeline::settings::Settings;
use crate::pipeline::source::Source as Kind;
use crate::store::raw::Spooled;

pub use fault::Fault;
use folder::Found;
pub use folder::{Folder, Object};
use secrets::Secrets;

/// A feed's source, reached.
pub enum Source<'a> {
    /// A place with many objects.
    Folder(Folder<'a>),
    /// A log that is read on from where the part before ended.
    Stream(Stream<'a>),
}

/// A log that grows.
pub struct Stream<'a> {
    log: Box<dyn Log + 'a>,
    secrets: Secrets,
}

/// A part of a stream.
#[derive(Debug)]
pub struct Part {
    pub name: String,
    pub bytes: Spooled,
    /// How many records it holds that did not come before; `None` where nobody counted.
    pub n_new: Option<u64>,
    /// Where the next part begins.
    pub cursor: String,
    /// The days it tells of, half-open, where it ends a reading of all there was.
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// When the data were taken, as the source's clock says.
    pub observed_at: Option<DateTime<Utc>>,
    /// Whether this part alone is a reading of all there was.
    pub is_whole: bool,
    /// Whether more is there to be read.
    pub has_more: bool,
    /// What cut it short; what came before is whole.
    pub fault: Option<Fault>,
    /// What is worth knowing.
    pub note: Option<String>,
}

/// What reads a kind of log.
trait Log {
    /// Reads the next part; `cursor` is that of the part before.
    fn read_on(&self, cursor: Option<&str>) -> Result<Part, Fault>;

    /// Says what is found there.
    fn probe(&self) -> Result<String, Fault>;
}

/// What reading a source takes from the pipeline.
#[derive(Debug, Clone, Copy)]
struct Context<'a> {
    feed: &'a Feed,
    settings: &'a Settings,
}

/// Reaches the source of a feed.
///
/// # Errors
///
/// Where the place does not answer, is not there, or a secret is not set.
pub fn reach<'a>(feed: &'a Feed, settings: &'a Settings) -> Result<Source<'a>, Fault> {
    let secrets = Secrets::default();
    let context = Context { feed, settings };
    reach_kind(context, &secrets).map_err(|fault| fault.without(&secrets))
}

fn reach_kind<'a>(context: Context<'a>, secrets: &Secrets) -> Result<Source<'a>, Fault> {
    let folder = |objects, place| Folder::new(objects, place, secrets.clone());
    let stream = |log| Stream { log, secrets: secrets.clone() };
    Ok(match &context.feed.source {
        Kind::Files(kind) => Source::Folder(folder(
            &kind.objects,
            Box::new(files::Files::reach(kind, context, secrets)?),
        )),
        Kind::Sftp(kind) => Source::Folder(folder(
            &kind.objects,
            Box::new(sftp::Sftp::reach(kind, context, secrets)?),
        )),
        Kind::Http(kind) => {
            Source::Stream(stream(Box::new(http::Http::reach(kind, context, secrets)?)))
        }
        Kind::Postgres(kind) => {
            Source::Stream(stream(Box::new(postgres::Postgres::reach(kind, context, secrets)?)))
        }
    })
}

impl Source<'_> {
    /// Says what is found there.
    pub fn probe(&self) -> Result<String, Fault> {
        match self {
            Self::Folder(folder) => folder.probe(),
            Self::Stream(stream) => {
                stream.log.probe().map_err(|fault| fault.without(&stream.secrets))
            }
        }
    }
}

impl Stream<'_> {
    /// Reads the next part; `cursor` is that of the part before.
    pub fn read_on(&self, cursor: Option<&str>) -> Result<Part, Fault> {
        let part = self.log.read_on(cursor);
        let mut part = part.map_err(|fault| fault.without(&self.secrets))?;
        part.fault = part.fault.map(|fault| fault.without(&self.secrets));
        Ok(part)
    }
}

/// How long a connection may take.
fn connect_timeout(settings: &Settings) -> Duration {
    settings.retry_budget.clamp(Duration::from_secs(1), Duration::from_secs(10))
}

/// There is no room for what was read.
fn no_room(error: &std::io::Error) -> Fault {
    Fault::lasting("failed to write a temporary file").because(error).advise("make room for it")
}

/// Reads the cursor of a place; that of another place means nothing here, which is told.
///
/// # Errors
///
/// Where it is of this place and cannot be read: to begin anew would take everything twice.
fn read_cursor<C: DeserializeOwned + Default>(
    text: Option<&str>,
    place: &str,
) -> Result<(C, bool), Fault> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok((C::default(), false)) };
    let value: Option<Value> = serde_json::from_str(text).ok();
    let is_here = value.as_ref().and_then(|value| value.get("place")?.as_str()) == Some(place);
    if !is_here {
        return Ok((C::default(), true));
    }
    let cursor = serde_json::from_str(text).map_err(|error| {
        Fault::lasting("the cursor of the last delivery cannot be read")
            .because(&error)
            .advise("a newer hoso wrote it: run that one")
    })?;
    Ok((cursor, false))
}
