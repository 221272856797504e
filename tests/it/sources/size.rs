//! However much a source has, it is read in little memory.

use std::fs::{self, File};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use super::super::servers::postgres::Postgres;
use super::super::servers::s3::S3;
use super::super::world::World;
use super::ways::{feed, password};
use super::world_of;

const MAX_KIB: u64 = 256 << 10;

/// Runs until the first delivery has landed; returns the most memory that the process held by then,
/// in KiB.
fn peak_of_landing(world: &World) -> u64 {
    let mut run = world.command(&["run"]).stderr(Stdio::piped()).spawn().unwrap();
    let landed = world.path("warehouse/landed/G99.01/dossier/00000001.json");
    let peak = loop {
        let peak = peak(&run);
        if landed.exists() {
            break peak;
        }
        assert!(run.try_wait().unwrap().is_none(), "the run ended before anything landed");
        thread::sleep(Duration::from_millis(5));
    };
    run.kill().unwrap();
    run.wait().unwrap();
    peak.unwrap()
}

fn peak(run: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", run.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[test]
fn an_object_of_five_gigabytes() {
    let s3 = S3::start();
    let object = File::create(s3.bucket("unit").join("2020-01.csv")).unwrap();
    object.set_len(5 << 30).unwrap();
    let source =
        "location = \"s3://unit\"\nname = '^(?<period>\\d{4}-\\d{2})\\.csv$'\nslot = \"none\"\n";
    let world = world_of(source).env(s3.env());
    let peak = peak_of_landing(&world);
    assert!(peak <= MAX_KIB, "{peak} KiB");
    let manifest = fs::read_to_string(world.path("warehouse/landed/G99.01/dossier/00000001.json"));
    assert!(manifest.unwrap().contains("\"size_bytes\": 5368709120"));
}

#[test]
fn two_million_rows_of_twenty_columns() {
    let server = Postgres::start();
    let client = server.client();
    client.execute(
        "CREATE TABLE logs AS SELECT 'G99.01-200110-' || n AS \"Mã hồ sơ\", \
         '10/01/2020' AS \"Ngày tiếp nhận\", 'Đang xử lý' AS \"Trạng thái\", \
         repeat(md5(n::text), 3) AS a, n AS b, n * 2 AS c, n::text AS d, now() AS e, now() AS f, \
         random() AS g, md5(n::text) AS h, 'x' AS i, 'y' AS j, n AS k, n AS l, n AS m, n AS o, n AS p, \
         n AS q, true AS r FROM generate_series(1, 2000000) AS n",
    );
    let world = world_of(&feed(&server, "table = \"logs\"")).env(password(&server));
    // All twenty are read.
    let columns = ('a'..='r').filter(|c| *c != 'n').map(|c| format!(", \"{c}\""));
    let columns: String = columns.collect();
    for list in ["ignored = [\"STT\"", "required = [\"Mã hồ sơ\""] {
        world.edit("profiles/list.toml", list, &format!("{list}{columns}"));
    }
    let peak = peak_of_landing(&world);
    assert!(peak <= MAX_KIB, "{peak} KiB");
    let manifest = fs::read_to_string(world.path("warehouse/landed/G99.01/dossier/00000001.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest.unwrap()).unwrap();
    assert!(manifest["size_bytes"].as_u64().unwrap() > 500_000_000, "{manifest}");
}
