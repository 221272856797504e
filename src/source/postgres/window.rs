//! Which rows are new. A window closes only when nothing can enter it any more, so that each row
//! is read once, however late it was committed.
//!
//! The rows of a table are told by the transaction that wrote them. A window of transactions ends
//! before the oldest that is open: all that are older have ended, with their subtransactions. The
//! rows of a query are told by a point in time; its window ends before the oldest open
//! transaction began.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Transaction};

use crate::pipeline::source::postgres::Rows;

use super::super::Fault;
use super::session::fault;

/// What a manifest keeps of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// The first transaction that was not read.
    pub(super) xid: Option<i64>,
    /// Up to when all is read.
    pub(super) until: Option<DateTime<Utc>>,
    /// The columns that were read.
    pub(super) columns: Vec<String>,
}

/// A window of rows, as a condition.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) condition: Option<String>,
    pub(super) xid: Option<i64>,
    /// Up to when all is read; `None` where rows wait for open transactions.
    pub(super) until: Option<DateTime<Utc>>,
    /// How many rows wait for open transactions.
    pub(super) n_waiting: i64,
}

/// Half of all transaction numbers: an older number cannot be told from a younger one.
const MAX_AGE: i64 = 1 << 31;

/// Returns the moment before which every transaction has ended that this database knows.
///
/// To be asked before the snapshot is taken.
///
/// # Errors
///
/// A lasting fault where the user may not see the other sessions.
pub(super) async fn horizon(client: &Client) -> Result<DateTime<Utc>, Fault> {
    let sql = "SELECT LEAST(clock_timestamp(), \
         (SELECT min(xact_start) FROM pg_stat_activity WHERE pid <> pg_backend_pid()), \
         (SELECT min(prepared) FROM pg_prepared_xacts)), \
         (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND query = '<insufficient privilege>')";
    let row = client.query_one(sql, &[]).await;
    let row = row.map_err(|error| fault("failed to see the open transactions", &error))?;
    let n_hidden: i64 = row.get(1);
    if n_hidden > 0 {
        let what = format!("{n_hidden} sessions of other users are hidden");
        return Err(
            Fault::lasting(what).advise("GRANT pg_read_all_stats to the user of `location`")
        );
    }
    Ok(row.get(0))
}

impl Window {
    /// Opens the window of a table, in a transaction whose snapshot is taken.
    pub(super) async fn of_table(
        snapshot: &Transaction<'_>,
        table: &str,
        cursor: &Cursor,
        taken_at: DateTime<Utc>,
    ) -> Result<Self, Fault> {
        let failed = |error| fault("failed to read the snapshot", &error);
        let sql = "SELECT txid_snapshot_xmin(s), txid_snapshot_xmax(s) \
             FROM (SELECT txid_current_snapshot() AS s) AS snapshot";
        let row = snapshot.query_one(sql, &[]).await.map_err(failed)?;
        let (oldest_open, next): (i64, i64) = (row.get(0), row.get(1));
        // A row tells the last 32 bits of its transaction's number: enough to tell its age.
        let age = format!("(({next} - xmin::text::bigint) & 4294967295)");
        let min_age = next - oldest_open;
        let first = cursor.xid.filter(|xid| next - xid < MAX_AGE);
        let mut conditions = Vec::new();
        if min_age > 0 {
            conditions.push(format!("({age} > {min_age} OR xmin::text::bigint < 3)"));
        }
        if let Some(first) = first {
            conditions.push(format!("({age} <= {} AND xmin::text::bigint >= 3)", next - first));
        }
        let mut n_waiting = 0;
        if min_age > 0 {
            let sql = format!("SELECT count(*) FROM {table} WHERE {age} <= {min_age}");
            n_waiting = snapshot.query_one(&sql, &[]).await.map_err(failed)?.get(0);
        }
        Ok(Self {
            condition: Some(conditions.join(" AND ")).filter(|text| !text.is_empty()),
            xid: Some(oldest_open),
            until: Some(taken_at).filter(|_| n_waiting == 0),
            n_waiting,
        })
    }

    /// Opens the window of a query, which ends before `horizon`.
    pub(super) async fn of_query(
        snapshot: &Transaction<'_>,
        rows: &Rows,
        cursor: &Cursor,
        horizon: DateTime<Utc>,
    ) -> Result<Self, Fault> {
        let Rows::Since { query, cursor: column, margin } = rows else {
            unreachable!("only a query with a cursor has a window of time")
        };
        let column = quoted(column);
        let sql = format!("SELECT count(*) FROM ({query}) AS rows WHERE {column} IS NULL");
        let row = snapshot.query_one(&sql, &[]).await;
        let n_never: i64 =
            row.map_err(|error| fault("failed to look at the cursor", &error))?.get(0);
        if n_never > 0 {
            let what = format!("{n_never} rows have no {column}: they would never be read");
            return Err(Fault::lasting(what).advise("coalesce it in the query with another time"));
        }
        let margin = TimeDelta::from_std(*margin).unwrap_or(TimeDelta::MAX);
        let until = horizon.checked_sub_signed(margin).unwrap_or(horizon);
        let until = cursor.until.map_or(until, |before| before.max(until));
        let literal = |at: DateTime<Utc>| {
            format!("TIMESTAMPTZ '{}'", at.to_rfc3339_opts(SecondsFormat::Micros, true))
        };
        let mut condition = format!("{column} < {}", literal(until));
        if let Some(from) = cursor.until {
            condition += &format!(" AND {column} >= {}", literal(from));
        }
        Ok(Self { condition: Some(condition), xid: None, until: Some(until), n_waiting: 0 })
    }

    /// All rows there are.
    pub(super) fn of_all(taken_at: DateTime<Utc>) -> Self {
        Self { condition: None, xid: None, until: Some(taken_at), n_waiting: 0 }
    }
}

/// Quotes a name for SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
