//! A database read while others write: no row is lost, none is taken twice.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::super::servers::postgres::{Client, Postgres};
use super::super::world::World;
use super::ways::{create_table, feed, insert, password};
use super::{counts, is_missing, records, world_of};

const TABLE: &str = "table = \"logs\"";
const SINCE: &str = "query = \"SELECT * FROM logs\"\ncursor = \"changed_at\"\nmargin_seconds = 0";

/// The first unit reads the table, the second the query; each keeps its own dossiers.
fn two_readers(server: &Postgres) -> World {
    let world = world_of(&feed(server, TABLE)).env(password(server));
    world.edit("profiles/list.toml", "numbers = \"national\"", "numbers = \"unit\"");
    let head = "unit = \"G99.02\"\nfeed = \"dossier\"\nprofile = \"list\"\nexpected = \"month\"\n";
    world.write("feeds/u2.toml", format!("{head}{}", feed(server, SINCE)));
    world
}

/// Holds what both readers have against the table: every row once for each version seen, and the
/// last version of each. A version is told by its `Cập nhật`.
fn check(world: &World, client: &Client) {
    let table = client.query_text("SELECT \"Mã hồ sơ\", \"Cập nhật\" FROM logs ORDER BY 1");
    let table: BTreeMap<String, String> =
        table.lines().map(|row| row.split_once('|').unwrap()).map(owned).collect();
    let mut seen: BTreeMap<&str, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    let text = world.dossiers();
    for line in text.lines() {
        let dossier: Value = serde_json::from_str(line).unwrap();
        let key = dossier["dossier_key"].as_str().unwrap();
        let reader =
            if key.contains("G99.02") && !key.starts_with("G99.01") { "since" } else { "table" };
        let number = dossier["dossier_number"].as_str().unwrap().to_owned();
        let history = dossier["history"].as_array().unwrap();
        let versions = history.iter().map(|o| o["event_time"].as_str().unwrap().to_owned());
        seen.entry(reader).or_default().insert(number, versions.collect());
    }
    for reader in ["table", "since"] {
        let seen = &seen[reader];
        assert_eq!(seen.keys().collect::<Vec<_>>(), table.keys().collect::<Vec<_>>(), "{reader}");
        for (number, versions) in seen {
            let mut once = versions.clone();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), versions.len(), "{reader} has {number} twice: {versions:?}");
            let last = utc(&table[number]);
            assert!(versions.contains(&last), "{reader} lost {last} of {number}: {versions:?}");
        }
    }
}

fn owned((a, b): (&str, &str)) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

/// Writes `05/01/2020 08:30` of Hanoi as the store keeps it.
fn utc(text: &str) -> String {
    let local = chrono::NaiveDateTime::parse_from_str(text, "%d/%m/%Y %H:%M").unwrap();
    format!("{}+00:00", (local - chrono::TimeDelta::hours(7)).format("%Y-%m-%d %H:%M:%S"))
}

/// Writes the n-th version of a row as the n-th minute of the year.
fn version(n: usize) -> String {
    let start = chrono::NaiveDate::from_ymd_opt(2020, 2, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
    (start + chrono::TimeDelta::minutes(n as i64)).format("%d/%m/%Y %H:%M").to_string()
}

/// A sequence that is the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

#[test]
fn rows_committed_late_are_taken_once_over_a_hundred_runs() {
    let server = Postgres::start();
    let clients: Vec<Client> = (0..5).map(|_| server.client()).collect();
    clients[0].execute(&create_table("logs"));
    clients[0].execute(&insert("logs", 0, 30));
    let world = two_readers(&server);
    let mut is_open = [false; 5];
    let (mut dice, mut n_rows, mut n_versions) = (Dice(20_201_031), 30, 0);
    for _ in 0..100 {
        for _ in 0..4 {
            let which = dice.roll(5);
            let client = &clients[which];
            if !is_open[which] {
                client.execute("BEGIN");
                is_open[which] = true;
            }
            match dice.roll(6) {
                0 | 1 => {
                    // A subtransaction has a number of its own.
                    client.execute("SAVEPOINT a");
                    client.execute(&insert("logs", n_rows, n_rows + 2));
                    client.execute("RELEASE a");
                    n_rows += 2;
                }
                // Each client has rows of its own to change: none waits for another.
                2 | 3 => {
                    n_versions += 1;
                    let row = dice.roll(6) * 5 + which;
                    let number = &records(row, row + 1)[0]["Mã hồ sơ"].as_str().unwrap().to_owned();
                    let version = version(n_versions);
                    client.execute(&format!(
                        "UPDATE logs SET \"Cập nhật\" = '{version}', changed_at = now() \
                         WHERE \"Mã hồ sơ\" = '{number}'"
                    ));
                }
                4 => {
                    client.execute("COMMIT");
                    is_open[which] = false;
                }
                _ => {
                    client.execute(if dice.roll(3) == 0 { "ROLLBACK" } else { "COMMIT" });
                    is_open[which] = false;
                }
            }
        }
        world.run(0);
    }
    for (client, _) in clients.iter().zip(is_open).filter(|(_, is_open)| *is_open) {
        client.execute("COMMIT");
    }
    world.run(0);
    check(&world, &clients[0]);
    assert!(world.run(0).stderr.contains("no_new_data"));
}

#[test]
fn rows_changed_while_they_are_read_and_runs_killed_lose_and_double_none() {
    let server = Postgres::start();
    let client = server.client();
    client.execute(&create_table("logs"));
    client.execute(&insert("logs", 0, 3000));
    let world = two_readers(&server);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let client = server.client();
            for n in 1..400 {
                let version = version(n);
                client.execute(&format!(
                    "UPDATE logs SET \"Cập nhật\" = '{version}', changed_at = now() \
                     WHERE hashtext(\"Mã hồ sơ\") % 400 = {n}"
                ));
                thread::sleep(Duration::from_millis(10));
            }
        });
        // Runs are killed at any point of their way.
        let mut n_killed = 0;
        for pause_ms in (0..).map(|n: u64| n * 37 % 1200) {
            if writer.is_finished() {
                break;
            }
            let mut run =
                world.command(&["run"]).stderr(std::process::Stdio::null()).spawn().unwrap();
            thread::sleep(Duration::from_millis(pause_ms));
            n_killed += usize::from(run.try_wait().unwrap().is_none());
            run.kill().unwrap();
            run.wait().unwrap();
        }
        assert!(n_killed > 3, "{n_killed} runs were killed");
    });
    world.run(0);
    check(&world, &client);
    assert!(world.run(0).stderr.contains("no_new_data"));
}

#[test]
fn what_waits_for_an_open_transaction_is_told_and_comes_later() {
    for source in [TABLE, SINCE] {
        wait_for_an_open_transaction(source);
    }
}

fn wait_for_an_open_transaction(source: &str) {
    let server = Postgres::start();
    let (client, other) = (server.client(), server.client());
    client.execute(&create_table("logs"));
    client.execute(&insert("logs", 0, 10));
    other.execute(&format!("BEGIN; {}", insert("logs", 20, 21)));
    client.execute(&insert("logs", 10, 13));
    thread::sleep(Duration::from_millis(1100));
    let world = world_of(&feed(&server, source)).env(password(&server));
    let ran = world.run(0);
    let note = "note: G99.01 dossier: 3 rows wait for transactions that are still open";
    assert!(ran.stderr.contains(note), "{ran}");
    assert_eq!(counts(&world), (10, 10));
    // A prepared transaction is open, too; since when, no query is told.
    other.execute("PREPARE TRANSACTION 'later'");
    if source == TABLE {
        assert!(world.run(0).stderr.contains(note));
    } else {
        let told = "1 prepared transactions are open; commit or roll them back, or read a `table`";
        assert!(world.run(4).stderr.contains(told));
    }
    other.execute("COMMIT PREPARED 'later'");
    let ran = world.run(0);
    assert!(!ran.stderr.contains("note:"), "{ran}");
    assert_eq!(counts(&world), (14, 14));
}

#[test]
fn runs_at_once_take_each_row_once() {
    let server = Postgres::start();
    let client = server.client();
    client.execute(&create_table("logs"));
    let world = world_of(&feed(&server, TABLE)).env(password(&server));
    for n in 0..6 {
        client.execute(&insert("logs", n * 10, n * 10 + 10));
        let runs = (0..3).map(|_| world.command(&["-q", "run"]).spawn().unwrap());
        for mut run in runs.collect::<Vec<_>>() {
            let code = run.wait().unwrap().code();
            assert!(matches!(code, Some(0 | 7)), "{code:?}");
        }
    }
    world.run(0);
    assert_eq!(counts(&world), (60, 60));
}

#[test]
fn another_table_is_read_from_its_beginning() {
    let server = Postgres::start();
    let client = server.client();
    client.execute(&format!("{}; {}", create_table("old"), create_table("logs")));
    client.execute(&insert("old", 0, 10));
    client.execute(&insert("logs", 10, 30));
    for source in [TABLE, SINCE] {
        let world = world_of(&feed(&server, &source.replace("logs", "old"))).env(password(&server));
        world.run(0);
        world.write("feeds/u1.toml", {
            let head =
                "unit = \"G99.01\"\nfeed = \"dossier\"\nprofile = \"list\"\nexpected = \"month\"\n";
            format!("{head}{}", feed(&server, source))
        });
        let ran = world.run(0);
        assert!(
            ran.stderr.contains("is not what was read before: read from its beginning"),
            "{ran}"
        );
        assert_eq!(counts(&world), (30, 30));
    }
}

#[test]
fn a_partition_that_is_attached_later_is_read() {
    let server = Postgres::start();
    let client = server.client();
    client.execute(&create_table("first"));
    client.execute(&create_table("second"));
    client.execute(&insert("first", 0, 10));
    client.execute(&insert("second", 10, 25));
    let parent =
        create_table("logs").replace("PRIMARY KEY (\"Mã hồ sơ\")", "PRIMARY KEY (\"Mã hồ sơ\"))");
    let parent = parent.strip_suffix(')').unwrap();
    client.execute(&format!("{parent} PARTITION BY RANGE (\"Mã hồ sơ\")"));
    let attach = |table: &str, from: &str, to: &str| {
        format!("ALTER TABLE logs ATTACH PARTITION {table} FOR VALUES FROM ('{from}') TO ('{to}')")
    };
    client.execute(
        "DELETE FROM second WHERE \"Mã hồ sơ\" < 'G99.01-2003'; \
        DELETE FROM first WHERE \"Mã hồ sơ\" >= 'G99.01-2003'",
    );
    client.execute(&attach("first", "A", "G99.01-2003"));
    let world = world_of(&feed(&server, TABLE)).env(password(&server));
    world.run(0);
    client.execute(&attach("second", "G99.01-2003", "Z"));
    world.run(0);
    let n_rows = client.query_text("SELECT count(*) FROM logs").trim().parse().unwrap();
    assert_eq!(counts(&world), (n_rows, n_rows));
}

#[test]
fn a_query_that_is_read_whole_tells_of_all_days_each_time() {
    let server = Postgres::start();
    let client = server.client();
    client.execute(&create_table("logs"));
    client.execute(&insert("logs", 0, 10));
    let source = feed(&server, "query = \"SELECT * FROM logs\"");
    let world =
        world_of(&source.replace("slot = \"none\"", "slot = \"name\"")).env(password(&server));
    world.run(0);
    client.execute("DELETE FROM logs WHERE \"Mã hồ sơ\" LIKE '%-0003'");
    world.run(0);
    assert_eq!(counts(&world), (9, 9));
    assert!(!is_missing(&world));
}

#[test]
fn only_what_the_profile_reads_leaves_the_database() {
    let server = Postgres::start();
    let client = server.client();
    client.execute(
        "CREATE TABLE logs (\"Mã hồ sơ\" text, \"Mã TTHC\" text, \"Ngày tiếp nhận\" date, \
         \"Ngày có kết quả\" date, \"Trạng thái\" text, \"Người nộp\" text, \"Số CMND\" text, \
         \"Cập nhật\" timestamptz)",
    );
    client.execute(
        "INSERT INTO logs VALUES ('G99.01-200110-0001', '1.000001', '2020-01-10', NULL, \
         'Đang xử lý', 'Nguyễn, Văn \"A\"', '012345678', '2020-01-09 17:30:00.25+00')",
    );
    let world = world_of(&feed(&server, TABLE)).env(password(&server));
    let dates = "dates = [\"%Y-%m-%d\", \"%Y-%m-%d %H:%M:%S%.f\"";
    world.edit("profiles/list.toml", "dates = [\"%d/%m/%Y %H:%M\"", dates);
    world.run(0);
    let text = world.dossiers();
    assert!(text.contains("\"received_on\": \"2020-01-10\""), "{text}");
    assert!(text.contains("\"event_time\": \"2020-01-09 17:30:00.250000+00:00\""), "{text}");
    let raw = std::fs::read_dir(world.path("warehouse/raw")).unwrap().next().unwrap().unwrap();
    let raw = zstd::decode_all(std::fs::File::open(raw.path()).unwrap()).unwrap();
    assert_eq!(
        String::from_utf8(raw).unwrap(),
        "Mã hồ sơ,Mã TTHC,Ngày tiếp nhận,Ngày có kết quả,Trạng thái,Cập nhật\n\
         G99.01-200110-0001,1.000001,2020-01-10,,Đang xử lý,2020-01-10 00:30:00.25\n"
    );
}

#[test]
fn a_column_that_is_read_from_now_on_is_read_of_the_rows_before() {
    let server = Postgres::start();
    let client = server.client();
    client.execute(&create_table("logs"));
    // Three decimals are no thousands.
    client.execute("ALTER TABLE logs ADD COLUMN \"Lệ phí\" numeric(12, 3) DEFAULT 500");
    client.execute(&insert("logs", 0, 10));
    for source in [TABLE, SINCE] {
        let world = world_of(&feed(&server, source)).env(password(&server));
        world.run(0);
        world.edit("profiles/list.toml", "[columns]", "[columns]\nfee_vnd = [\"Lệ phí\"]");
        let ran = world.run(0);
        assert!(ran.stderr.contains("`Lệ phí` was not read before"), "{ran}");
        let dossiers = world.dossiers();
        let paid = dossiers.lines().filter(|dossier| dossier.contains("\"fee_vnd\": 500,"));
        assert_eq!((paid.count(), dossiers.lines().count()), (10, 10));
        assert!(world.run(0).stderr.contains("no_new_data"));
    }
}
