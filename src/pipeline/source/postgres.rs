//! PostgreSQL databases: a table whose changes are told by its transactions, or a query.

use std::path::PathBuf;
use std::time::Duration;

use super::super::fault::Faults;
use super::super::feed::Slot;
use super::super::secret::Secret;
use super::super::section::Section;
use super::{path, refuse_names};

/// What is read of a database.
#[derive(Debug, Clone)]
pub struct Postgres {
    /// `postgres://user@host:port/database`.
    pub location: String,
    pub password: Option<Secret>,
    pub rows: Rows,
    /// Whether the connection must be encrypted; the server is known by its certificate.
    pub tls: bool,
    /// Certificates trusted in place of the system's.
    pub ca: Option<PathBuf>,
    pub statement_timeout: Duration,
}

/// Which rows are read, and how the new ones are told.
#[derive(Debug, Clone)]
pub enum Rows {
    /// A table: each row once for each transaction that wrote it.
    Table(String),
    /// A query with a column of points in time that never go back: each row once it is as old as
    /// the oldest transaction that is open, and a margin older.
    Since { query: String, cursor: String, margin: Duration },
    /// A query, whole each time.
    Whole(String),
}

impl Rows {
    /// Returns what is read, for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Table(table) => table,
            Self::Since { .. } | Self::Whole(_) => "the query",
        }
    }
}

const STATEMENT_TIMEOUT_SECONDS: u64 = 1800;
const MARGIN_SECONDS: u64 = 60;

impl Postgres {
    pub(super) fn read(
        location: String,
        slot: Slot,
        section: &Section<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        refuse_names(slot, section, faults);
        section.require_table("postgres", "`password`, and `table` or `query`", faults);
        let postgres = section.section("postgres", faults)?;
        let password = Secret::read("password", &postgres, faults);
        let rows = read_rows(slot, &postgres, faults);
        let tls = postgres.flag("tls", faults).unwrap_or(true);
        let ca = postgres.text("ca", faults).map(|ca| path(ca, &postgres));
        let seconds = postgres.count("statement_timeout_seconds", faults);
        postgres.finish(faults);
        let seconds = seconds.unwrap_or(STATEMENT_TIMEOUT_SECONDS);
        let statement_timeout = Duration::from_secs(seconds);
        Some(Self { location, password, rows: rows?, tls, ca, statement_timeout })
    }
}

fn read_rows(slot: Slot, section: &Section<'_>, faults: &mut Faults) -> Option<Rows> {
    let table = section.text("table", faults).map(|text| text.value);
    let query = section.text("query", faults).map(|text| text.value);
    let cursor = section.text("cursor", faults).map(|text| text.value);
    let margin = section.count("margin_seconds", faults).unwrap_or(MARGIN_SECONDS);
    let is_slotted = slot != Slot::None;
    let mut fault = |message: &str, hint: &str| {
        faults.add(section.file, section.span.clone(), message).hint(hint);
        None
    };
    match (table, query, cursor) {
        (Some(_), None, Some(_)) => fault(
            "a table needs no `cursor`: its rows are told by their transactions",
            "take `cursor` out, or read a `query`",
        ),
        (Some(_), None, None) | (None, Some(_), Some(_)) if is_slotted => fault(
            "what is read in parts replaces nothing",
            "slot = \"none\", or a `query` without `cursor`",
        ),
        (Some(table), None, None) => Some(Rows::Table(table)),
        (None, Some(query), Some(cursor)) => {
            Some(Rows::Since { query, cursor, margin: Duration::from_secs(margin) })
        }
        (None, Some(query), None) => Some(Rows::Whole(query)),
        _ => fault("`postgres` reads a `table` or a `query`", "one of the two"),
    }
}
