//! What a database refuses is told with the unit, the feed, what was tried and what to do.

use super::super::servers::postgres::Postgres;
use super::super::world::World;
use super::ways::{create_table, feed, insert, password};
use super::world_of;

/// Runs and returns what is told of the source, with the exit code.
fn told(server: &Postgres, rows: &str) -> String {
    told_of(server, &world_of(&feed(server, rows)).env(password(server)))
}

fn told_of(server: &Postgres, world: &World) -> String {
    let ran = world.hoso(&["run"]);
    let line = ran.stderr.lines().find(|line| line.contains("G99.01 dossier: "));
    let line = line.unwrap_or_else(|| panic!("{ran}")).split("G99.01 dossier: ").nth(1).unwrap();
    let place = format!("127.0.0.1:{}", server.port());
    format!("{}: {}", ran.code, line.replace(&place, "host").replace("//postgres@", "//me@"))
}

#[test]
fn what_is_not_there_or_has_changed() {
    let server = Postgres::start();
    let client = server.client();
    assert_eq!(
        told(&server, "table = \"nowhere.logs\""),
        "4: failed to read `nowhere.logs` of `postgres://me@host/postgres`: there is no table \
         `nowhere.logs`; look whether its schema is named and may be used"
    );
    client.execute(&create_table("logs"));
    client.execute(&insert("logs", 0, 5));
    client.execute("CREATE VIEW seen AS SELECT * FROM logs");
    assert_eq!(
        told(&server, "table = \"seen\""),
        "4: failed to read `seen` of `postgres://me@host/postgres`: `seen` is no table: its rows \
         tell no transaction; read it as a `query`, with a `cursor` or whole"
    );
    assert_eq!(
        told(&server, "query = \"SELECT * FROM logs WHERE nothing = 1\""),
        "4: failed to read the query of `postgres://me@host/postgres`: failed to look at the \
         columns: SQLSTATE 42703 column \"nothing\" does not exist; look whether what is read \
         exists and may be read"
    );
    assert_eq!(
        told(&server, "query = \"SELECT \\\"Mã hồ sơ\\\", \\\"Ngày tiếp nhận\\\" FROM logs\""),
        "4: failed to read the query of `postgres://me@host/postgres`: the query has no column \
         `Trạng thái`, which is read; name the column's new heading in the profile, or take the \
         old one out"
    );

    // A column that was read is gone; it was not required.
    let world = world_of(&feed(&server, "table = \"logs\"")).env(password(&server));
    world.run(0);
    client.execute("ALTER TABLE logs RENAME COLUMN \"Hình thức nộp\" TO \"Hình thức nhận nộp\"");
    client.execute(&insert("logs", 7, 9).replace("Hình thức nộp", "Hình thức nhận nộp"));
    assert_eq!(
        told_of(&server, &world),
        "4: failed to read `logs` of `postgres://me@host/postgres`: `logs` has no column `Hình \
         thức nộp`, which is read (`Hình thức nhận nộp`?); name the column's new heading in the \
         profile, or take the old one out"
    );
    world.edit("profiles/list.toml", "\"Hình thức nộp\"", "\"Hình thức nhận nộp\"");
    // Whether it is the same column under another name, nobody can tell: all rows are read anew.
    world.run(0);
    assert_eq!(super::counts(&world), (7, 12));
}

#[test]
fn who_may_not_see_and_rows_that_would_never_be_read() {
    let server = Postgres::start();
    let (client, _other) = (server.client(), server.client());
    client.execute(&create_table("logs"));
    client.execute(&insert("logs", 0, 5));
    client.execute(
        "CREATE ROLE reader LOGIN PASSWORD 'of-the-reader'; GRANT SELECT ON logs TO reader",
    );
    let since = "query = \"SELECT * FROM logs\"\ncursor = \"changed_at\"";
    let source = feed(&server, since).replace("//postgres@", "//reader@");
    let secret = |text: &str| [("U1_PASSWORD".to_owned(), text.to_owned())];
    let reader = || world_of(&source).env(secret("of-the-reader"));
    let hidden = told_of(&server, &reader());
    assert!(
        hidden.ends_with(
            "sessions do not show since when their transactions are open; GRANT pg_read_all_stats \
             to the user of `location`; `track_activities` must be on"
        ),
        "{hidden}"
    );
    client.execute("GRANT pg_read_all_stats TO reader");
    client.execute("UPDATE logs SET changed_at = now() - interval '1 hour'");
    let world = reader();
    world.run(0);
    assert_eq!(super::counts(&world), (5, 5));

    client.execute(
        "ALTER TABLE logs ALTER changed_at DROP NOT NULL; UPDATE logs SET changed_at = NULL",
    );
    assert_eq!(
        told_of(&server, &world),
        "4: failed to read the query of `postgres://reader@host/postgres`: 5 rows have no \
         \"changed_at\": they would never be read; coalesce it in the query with another time"
    );
    assert_eq!(
        told_of(&server, &world_of(&source).env(secret("of-another"))),
        "4: failed to read the query of `postgres://reader@host/postgres`: the connection failed: \
         SQLSTATE 28P01 password authentication failed for user \"reader\"; look whether user and \
         password are right"
    );
}

#[test]
fn a_cursor_that_is_no_point_in_time() {
    let server = Postgres::start();
    let client = server.client();
    client.execute(&create_table("logs"));
    client.execute(&insert("logs", 0, 5));
    let query =
        "query = 'SELECT *, changed_at::date AS changed_on FROM logs'\ncursor = \"changed_on\"";
    assert_eq!(
        told(&server, query),
        "4: failed to read the query of `postgres://me@host/postgres`: `changed_on` is a date, no \
         timestamptz; say in the query which time it is: changed_on AT TIME ZONE 'UTC' AS changed_on"
    );
}

#[test]
fn slow_statements_values_and_certificates() {
    let server = Postgres::start();
    let client = server.client();
    client.execute(&create_table("logs"));
    client.execute(&insert("logs", 0, 5));
    assert_eq!(
        told(
            &server,
            "query = \"SELECT logs.* FROM logs, pg_sleep(5)\"\nstatement_timeout_seconds = 1"
        ),
        "4: failed to read the query of `postgres://me@host/postgres`: failed to copy the rows: \
         SQLSTATE 57014 canceling statement due to statement timeout; give it more \
         `statement_timeout_seconds`, or an index"
    );
    // The server's own words would quote the value.
    assert_eq!(
        told(
            &server,
            "query = 'SELECT \"Mã hồ sơ\", \"Ngày tiếp nhận\", \"Trạng thái\", \
             \"Người nộp\"::date AS \"Ngày hẹn trả\" FROM logs'"
        ),
        "4: failed to read the query of `postgres://me@host/postgres`: failed to copy the rows: \
         SQLSTATE 22007; try the query by hand"
    );
    let other = Postgres::start();
    let source = feed(&server, "table = \"logs\"")
        .replace(server.ca_file().to_str().unwrap(), other.ca_file().to_str().unwrap());
    let untrusted = told_of(&server, &world_of(&source).env(password(&server)));
    assert!(
        untrusted.starts_with(
            "4: failed to read `logs` of `postgres://me@host/postgres`: the connection failed: error \
             performing TLS handshake: invalid peer certificate:"
        ),
        "{untrusted}"
    );
    let world = world_of(&feed(&server, "table = \"logs\"")).env(password(&server));
    let check = world.hoso(&["check", "--connect"]);
    assert!(check.stdout.contains("PostgreSQL 15."), "{check}");
    assert!(check.stdout.contains("8 columns are read of `logs`"), "{check}");
    // The server's own certificates go with it.
    let authority = world.path("ca.pem");
    std::fs::copy(server.ca_file(), &authority).unwrap();
    world.edit("feeds/u1.toml", server.ca_file().to_str().unwrap(), authority.to_str().unwrap());
    let (port, user) = (server.port(), server.user());
    drop((client, server));
    let ran = world.run(4);
    assert!(
        ran.stderr.contains(&format!(
            "error: G99.01 dossier: failed to read `logs` of `postgres://{user}@127.0.0.1:{port}/\
             postgres`: the connection failed: error connecting to server: Connection refused (os \
             error 111); look whether the server is up, and `tls` and `ca` are right"
        )),
        "{ran}"
    );
}
