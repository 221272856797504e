//! The rows of a PostgreSQL table or query, as the CSV that the server itself writes.

mod session;
mod window;

use std::io::Write as _;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::TryStreamExt as _;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, IsolationLevel, Transaction};

use crate::pipeline::hash_of;
use crate::pipeline::source::postgres::{self, Rows};
use crate::pipeline::text::{closest, fold};
use crate::store::RUNTIME;
use crate::store::raw::Spool;

use super::fault::retry;
use super::secrets::Secrets;
use super::{Context, Fault, Log, Part, no_room, read_cursor};

use session::{Login, fault};
use window::{Cursor, Window, horizon, quoted};

/// A database, with what reaches it.
pub(super) struct Postgres<'a> {
    kind: &'a postgres::Postgres,
    context: Context<'a>,
    login: Login,
}

/// A column of what is read.
struct Column {
    name: String,
    kind: Type,
}

impl<'a> Postgres<'a> {
    pub(super) fn reach(
        kind: &'a postgres::Postgres,
        context: Context<'a>,
        secrets: &Secrets,
    ) -> Result<Self, Fault> {
        Ok(Self { kind, context, login: Login::new(kind, context, secrets)? })
    }

    /// Reads the rows that are new, in one snapshot.
    async fn pull(&self, cursor: Option<&str>) -> Result<Part, Fault> {
        let mut client = self.login.connect().await?;
        let horizon = match &self.kind.rows {
            Rows::Since { .. } => Some(horizon(&client).await?),
            Rows::Table(_) | Rows::Whole(_) => None,
        };
        let snapshot = begin(&mut client).await?;
        let relation = self.relation(&snapshot).await?;
        let (taken_at, place) = self.taken_at(&snapshot).await?;
        let (cursor, is_elsewhere): (Cursor, bool) = read_cursor(cursor, &place)?;
        let columns = self.columns(&snapshot, &relation, &cursor).await?;
        let added = self.added(&columns, &cursor);
        // Rows that were read without it do not tell it.
        let cursor = &if added.is_some() { Cursor::default() } else { cursor };
        let window = match (&self.kind.rows, horizon) {
            (Rows::Table(_), _) => Window::of_table(&snapshot, &relation, cursor, taken_at).await?,
            (rows @ Rows::Since { .. }, Some(horizon)) => {
                Window::of_query(&snapshot, rows, cursor, horizon, taken_at).await?
            }
            _ => Window::of_all(taken_at),
        };
        let (spool, n_rows) = copy(&snapshot, &relation, &columns, &window).await?;
        drop(snapshot);
        Ok(Part {
            name: self.name(),
            bytes: spool.finish().map_err(|error| no_room(&error))?,
            n_new: (!matches!(self.kind.rows, Rows::Whole(_))).then_some(n_rows),
            period: window.until.and_then(|until| self.period(cursor.until, until)),
            cursor: serde_json::to_string(&Cursor {
                place,
                xid: window.xid,
                partitions: window.partitions,
                until: window.until.or(cursor.until),
                columns: columns.into_iter().map(|column| column.name).collect(),
            })
            .expect("numbers and texts are JSON"),
            is_whole: true,
            observed_at: Some(taken_at),
            has_more: false,
            fault: None,
            note: match window.n_waiting {
                0 if added.is_some() => added.map(|column| {
                    format!("`{column}` was not read before: {} read anew", self.shown())
                }),
                0 if is_elsewhere => Some(format!(
                    "{} is not what was read before: read from its beginning",
                    self.shown()
                )),
                0 => None,
                n => Some(format!("{n} rows wait for transactions that are still open")),
            },
        })
    }

    /// Returns what stands behind FROM.
    async fn relation(&self, snapshot: &Transaction<'_>) -> Result<String, Fault> {
        let table = match &self.kind.rows {
            Rows::Table(table) => table,
            Rows::Since { query, .. } | Rows::Whole(query) => {
                return Ok(format!("({query}) AS rows"));
            }
        };
        let sql = "SELECT c.oid::regclass::text, c.relkind::text FROM pg_class AS c \
             WHERE c.oid = to_regclass($1)";
        let found = snapshot.query_opt(sql, &[table]).await;
        let found = found.map_err(|error| fault("failed to look for the table", &error))?;
        let Some(found) = found else {
            return Err(Fault::lasting(format!("there is no table `{table}`"))
                .advise("look whether its schema is named and may be used"));
        };
        // Partitions keep their rows' transactions, views do not.
        match found.get(1) {
            "r" | "p" => Ok(found.get(0)),
            _ => {
                Err(Fault::lasting(format!("`{table}` is no table: its rows tell no transaction"))
                    .advise("read it as a `query`, with a `cursor` or whole"))
            }
        }
    }

    /// Finds the columns that the profile reads: nothing else leaves the database.
    async fn columns(
        &self,
        snapshot: &Transaction<'_>,
        relation: &str,
        cursor: &Cursor,
    ) -> Result<Vec<Column>, Fault> {
        let described = snapshot.prepare(&format!("SELECT * FROM {relation}")).await;
        let described =
            described.map_err(|error| fault("failed to look at the columns", &error))?;
        let all: Vec<Column> = described
            .columns()
            .iter()
            .map(|column| Column { name: column.name().to_owned(), kind: column.type_().clone() })
            .collect();
        let profile = &self.context.feed.profile;
        let has = |heading: &str| all.iter().any(|column| fold(&column.name) == fold(heading));
        let read_before = cursor.columns.iter().filter(|name| profile.reads(name));
        if let Some(gone) = profile.required.iter().chain(read_before).find(|name| !has(name)) {
            let what = format!("{} has no column `{gone}`, which is read", self.shown());
            let others = all.iter().map(|column| &*column.name).filter(|name| !profile.reads(name));
            let near =
                closest(gone, others).map_or_else(String::new, |near| format!(" (`{near}`?)"));
            return Err(Fault::lasting(what + &near)
                .advise("name the column's new heading in the profile, or take the old one out"));
        }
        if let Rows::Since { cursor, .. } = &self.kind.rows
            && let Some(column) = all.iter().find(|column| column.name == *cursor)
            && column.kind != Type::TIMESTAMPTZ
        {
            let what = format!("`{cursor}` is a {}, no timestamptz", column.kind);
            return Err(Fault::lasting(what).advise(format!(
                "say in the query which time it is: {cursor} AT TIME ZONE 'UTC' AS {cursor}"
            )));
        }
        let is_read = |name: &str| {
            profile.reads(name)
                || profile.required.iter().any(|heading| fold(heading) == fold(name))
        };
        Ok(all.into_iter().filter(|column| is_read(&column.name)).collect())
    }

    /// Names a column that is read now and was not read of the rows before.
    fn added(&self, columns: &[Column], cursor: &Cursor) -> Option<String> {
        let is_all = matches!(self.kind.rows, Rows::Whole(_)) || cursor.columns.is_empty();
        let mut added = columns.iter().filter(|column| !cursor.columns.contains(&column.name));
        added.next().filter(|_| !is_all).map(|column| column.name.clone())
    }

    /// Returns the days that the rows of a window tell of.
    fn period(
        &self,
        from: Option<DateTime<Utc>>,
        until: DateTime<Utc>,
    ) -> Option<(NaiveDate, NaiveDate)> {
        let offset = TimeDelta::seconds(self.context.settings.utc_offset_seconds.into());
        let day = |time: DateTime<Utc>| (time + offset).date_naive();
        // What is read whole tells of all days each time.
        let from = from.filter(|_| !matches!(self.kind.rows, Rows::Whole(_)));
        Some((from.map_or(self.context.settings.since, day), day(until).succ_opt()?))
    }

    /// Takes the snapshot, if it is not taken, and tells when by the server's clock, and of what.
    async fn taken_at(&self, snapshot: &Transaction<'_>) -> Result<(DateTime<Utc>, String), Fault> {
        let sql = "SELECT now(), current_database()::text, system_identifier::text, \
             coalesce(to_regclass($1)::oid::text, $1) FROM pg_control_system()";
        // A table that took another's name is another table.
        let what = match &self.kind.rows {
            Rows::Table(table) => table,
            Rows::Since { query, .. } | Rows::Whole(query) => query,
        };
        let what =
            if matches!(self.kind.rows, Rows::Table(_)) { what } else { &hash_of([what.as_str()]) };
        let row = snapshot.query_one(sql, &[what]).await;
        let row = row.map_err(|error| fault("failed to take a snapshot", &error))?;
        Ok((row.get(0), hash_of([row.get(1), row.get(2), row.get(3)])))
    }

    fn name(&self) -> String {
        match &self.kind.rows {
            Rows::Table(table) => table.clone(),
            Rows::Since { .. } | Rows::Whole(_) => "query".to_owned(),
        }
    }

    fn shown(&self) -> String {
        match &self.kind.rows {
            Rows::Table(table) => format!("`{table}`"),
            Rows::Since { .. } | Rows::Whole(_) => "the query".to_owned(),
        }
    }

    fn at_place(&self, fault: Fault) -> Fault {
        let (what, place) = (self.shown(), &self.kind.location);
        fault.while_doing(format!("failed to read {what} of `{place}`"))
    }
}

impl Log for Postgres<'_> {
    fn read_on(&self, cursor: Option<&str>) -> Result<Part, Fault> {
        let pulled = retry(self.context.settings.retry_budget, || self.pull(cursor));
        RUNTIME.block_on(pulled).map_err(|fault| self.at_place(fault))
    }

    fn probe(&self) -> Result<String, Fault> {
        let probed = retry(self.context.settings.retry_budget, || async {
            let mut client = self.login.connect().await?;
            if matches!(self.kind.rows, Rows::Since { .. }) {
                horizon(&client).await?;
            }
            let snapshot = begin(&mut client).await?;
            let relation = self.relation(&snapshot).await?;
            let columns = self.columns(&snapshot, &relation, &Cursor::default()).await?;
            let row = snapshot.query_one("SHOW server_version", &[]).await;
            let row = row.map_err(|error| fault("failed to ask for the version", &error))?;
            let version: &str = row.get(0);
            Ok(format!(
                "PostgreSQL {version}, {} columns are read of {}",
                columns.len(),
                self.shown()
            ))
        });
        RUNTIME.block_on(probed).map_err(|fault| self.at_place(fault))
    }
}

async fn begin(client: &mut Client) -> Result<Transaction<'_>, Fault> {
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await;
    transaction.map_err(|error| fault("failed to begin a transaction", &error))
}

/// Copies the rows of a window; returns how many there were.
async fn copy(
    snapshot: &Transaction<'_>,
    relation: &str,
    columns: &[Column],
    window: &Window,
) -> Result<(Spool, u64), Fault> {
    let expressions: Vec<String> = columns.iter().map(Column::expression).collect();
    let condition =
        window.condition.as_ref().map_or_else(String::new, |text| format!(" WHERE {text}"));
    let sql = format!(
        "COPY (SELECT {} FROM {relation}{condition}) TO STDOUT (FORMAT csv, HEADER)",
        expressions.join(", ")
    );
    let failed = |error| fault("failed to copy the rows", &error);
    let rows = snapshot.copy_out(&sql).await.map_err(failed)?;
    let mut rows = std::pin::pin!(rows);
    let mut spool = Spool::new().map_err(|error| no_room(&error))?;
    let mut n_lines: u64 = 0;
    while let Some(line) = rows.try_next().await.map_err(failed)? {
        spool.write_all(&line).map_err(|error| no_room(&error))?;
        n_lines += 1;
    }
    // The first line is that of the headings.
    Ok((spool, n_lines.saturating_sub(1)))
}

impl Column {
    /// Writes a value as logs do: points in time in local time, flags in words, whole numbers
    /// without decimals.
    fn expression(&self) -> String {
        let name = quoted(&self.name);
        match self.kind {
            Type::TIMESTAMPTZ => format!("{name}::timestamp AS {name}"),
            Type::BOOL => format!("{name}::text AS {name}"),
            // Three decimals would read as thousands.
            Type::NUMERIC => format!("trim_scale({name})::text AS {name}"),
            _ => name,
        }
    }
}
