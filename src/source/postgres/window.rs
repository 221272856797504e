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
    /// Tells the server and what was read of it: numbers of another mean nothing here.
    pub(super) place: String,
    /// The first transaction that was not read.
    pub(super) xid: Option<i64>,
    /// Up to when all is read.
    pub(super) until: Option<DateTime<Utc>>,
    /// The partitions that were read, by their object identifiers.
    pub(super) partitions: Vec<i64>,
    /// The columns that were read.
    pub(super) columns: Vec<String>,
}

/// A window of rows, as a condition.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) condition: Option<String>,
    pub(super) xid: Option<i64>,
    pub(super) partitions: Vec<i64>,
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
         (SELECT min(xact_start) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()), \
         (SELECT now())), \
         (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND (query = '<insufficient privilege>' OR state = 'disabled')), pg_is_in_recovery(), \
         (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database())";
    let row = client.query_one(sql, &[]).await;
    let row = row.map_err(|error| fault("failed to see the open transactions", &error))?;
    if row.get(2) {
        return Err(Fault::lasting("a standby does not see which transactions are open")
            .advise("read the primary, or a `table`"));
    }
    let n_hidden: i64 = row.get(1);
    if n_hidden > 0 {
        let what =
            format!("{n_hidden} sessions do not show since when their transactions are open");
        return Err(Fault::lasting(what).advise(
            "GRANT pg_read_all_stats to the user of `location`; `track_activities` must be on",
        ));
    }
    // A prepared transaction tells when it was prepared, not when it began.
    let n_prepared: i64 = row.get(3);
    if n_prepared > 0 {
        let what = format!("{n_prepared} prepared transactions are open");
        return Err(Fault::lasting(what).advise("commit or roll them back, or read a `table`"));
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
        // Numbers that went back are those of a server that was set back.
        let first = cursor.xid.filter(|xid| (0..MAX_AGE).contains(&(next - xid)));
        let partitions = partitions(snapshot, table).await?;
        let added: Vec<String> = partitions
            .iter()
            .filter(|oid| !cursor.partitions.contains(oid))
            .map(ToString::to_string)
            .collect();
        let mut conditions = Vec::new();
        if min_age > 0 {
            conditions.push(format!("({age} > {min_age} OR xmin::text::bigint < 3)"));
        }
        if let Some(first) = first {
            let mut younger = format!("({age} <= {} AND xmin::text::bigint >= 3)", next - first);
            // A partition that was attached brings rows of older transactions.
            if !added.is_empty() {
                younger = format!("({younger} OR tableoid IN ({}))", added.join(", "));
            }
            conditions.push(younger);
        }
        let mut n_waiting = 0;
        if min_age > 0 {
            let sql = format!("SELECT count(*) FROM {table} WHERE {age} <= {min_age}");
            n_waiting = snapshot.query_one(&sql, &[]).await.map_err(failed)?.get(0);
        }
        Ok(Self {
            condition: Some(conditions.join(" AND ")).filter(|text| !text.is_empty()),
            xid: Some(oldest_open),
            partitions,
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
        taken_at: DateTime<Utc>,
    ) -> Result<Self, Fault> {
        let Rows::Since { query, cursor: column, margin } = rows else {
            unreachable!("only a query with a cursor has a window of time")
        };
        let column = quoted(column);
        let margin = TimeDelta::from_std(*margin).unwrap_or(TimeDelta::MAX);
        let until = horizon.checked_sub_signed(margin).unwrap_or(horizon);
        let until = cursor.until.map_or(until, |before| before.max(until));
        let literal = |at: DateTime<Utc>| {
            format!("TIMESTAMPTZ '{}'", at.to_rfc3339_opts(SecondsFormat::Micros, true))
        };
        let sql = format!(
            "SELECT count(*) FILTER (WHERE {column} IS NULL), \
             count(*) FILTER (WHERE {column} >= {}) FROM ({query}) AS rows",
            literal(until)
        );
        let row = snapshot.query_one(&sql, &[]).await;
        let row = row.map_err(|error| fault("failed to look at the cursor", &error))?;
        let (n_never, n_younger): (i64, i64) = (row.get(0), row.get(1));
        if n_never > 0 {
            let what = format!("{n_never} rows have no {column}: they would never be read");
            return Err(Fault::lasting(what).advise("coalesce it in the query with another time"));
        }
        let mut condition = format!("{column} < {}", literal(until));
        if let Some(from) = cursor.until {
            condition += &format!(" AND {column} >= {}", literal(from));
        }
        // What waits for the margin alone is not worth a word.
        let n_waiting = if horizon < taken_at - TimeDelta::seconds(1) { n_younger } else { 0 };
        let condition = Some(condition);
        Ok(Self { condition, xid: None, partitions: Vec::new(), until: Some(until), n_waiting })
    }

    /// All rows there are.
    pub(super) fn of_all(taken_at: DateTime<Utc>) -> Self {
        let partitions = Vec::new();
        Self { condition: None, xid: None, partitions, until: Some(taken_at), n_waiting: 0 }
    }
}

/// Lists the partitions of a table, at any depth.
async fn partitions(snapshot: &Transaction<'_>, table: &str) -> Result<Vec<i64>, Fault> {
    let sql = "SELECT relid::oid::bigint FROM pg_partition_tree($1::text::regclass) \
         WHERE isleaf ORDER BY 1";
    let rows = snapshot.query(sql, &[&table]).await;
    let rows = rows.map_err(|error| fault("failed to look for partitions", &error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Quotes a name for SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
