//! Tries each source and says what it is found to be; lands nothing.

use crate::pipeline::Pipeline;
use crate::source::{Fault, reach};

/// What was found at each source.
#[derive(Debug)]
pub struct Connections(Vec<Connection>);

#[derive(Debug)]
struct Connection {
    unit: String,
    feed: String,
    location: String,
    found: Result<String, Fault>,
}

/// Tries the source of every feed.
pub fn connect(pipeline: &Pipeline) -> Connections {
    let connection = |feed: &crate::pipeline::feed::Feed| Connection {
        unit: feed.unit.clone(),
        feed: feed.feed.clone(),
        location: feed.source.location().to_owned(),
        found: reach(feed, &pipeline.settings).and_then(|source| source.probe()),
    };
    Connections(pipeline.feeds.iter().map(connection).collect())
}

impl Connections {
    /// Returns how many sources there are and how many answered.
    pub fn counts(&self) -> (usize, usize) {
        (self.0.len(), self.0.iter().filter(|connection| connection.found.is_ok()).count())
    }

    /// Tells what was found, a source a line.
    pub fn found(&self) -> String {
        let line = |connection: &Connection| {
            let found = connection.found.as_ref().ok()?;
            let Connection { unit, feed, location, .. } = connection;
            Some(format!("{unit} {feed}: `{location}`: {found}\n"))
        };
        self.0.iter().filter_map(line).collect()
    }

    /// Tells what was not reached, a source a line.
    pub fn missing(&self) -> String {
        let line = |connection: &Connection| {
            let fault = connection.found.as_ref().err()?;
            Some(format!("not reached: {} {}: {fault}\n", connection.unit, connection.feed))
        };
        self.0.iter().filter_map(line).collect()
    }
}
