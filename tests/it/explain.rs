//! One published figure explained: its parts, its deliveries, its doubts, what it was before.

use insta::assert_snapshot;
use serde_json::Value;

use super::world::World;

const RATE: [&str; 4] = ["explain", "online_resolution_rate", "--period", "ytd-2020-02"];

/// Two releases: the second after a corrected log of February. One record is rejected, and the
/// second unit has not reported on February.
fn corrected() -> World {
    let world = World::small();
    world.edit("feeds/u1.toml", "slot = \"none\"", "slot = \"name\"");
    let february = "
        G99.01-200203-0001|1.000001|03/02/2020|20/02/2020|10/02/2020|Đã xong|Trực tuyến|
        G99.01-200204-0002|1.000001|04/02/2020|20/02/2020|12/02/2020|Đã xong|Trực tiếp|
        G99.01-200205-0003|1.000001|05/02/2020|20/02/2020|13/02/2020|Hoàn thành|Trực tiếp|";
    world.log(
        "u1/2020-01.csv",
        "G99.01-200110-0001|1.000001|10/01/2020|20/01/2020|15/01/2020|Đã xong|Trực tiếp|",
    );
    world.log("u1/2020-02.csv", february);
    world.log(
        "u2/2020-01.csv",
        "G99.02-200110-0001|1.000002|10/01/2020|20/01/2020|15/01/2020|Đã xong|Trực tuyến|",
    );
    world.run(0);
    world.log("u1/2020-02.csv", &february.replacen("Trực tiếp", "Trực tuyến", 1));
    world.run(0);
    world
}

fn json(world: &World, args: &[&str]) -> Value {
    let ran = world.hoso(&[args, &["--json"]].concat());
    assert_eq!(ran.code, 0, "{ran}");
    serde_json::from_str(&ran.stdout).unwrap()
}

/// Sums numerator and denominator of parts or files.
fn summed(explained: &Value, list: &str) -> [i64; 2] {
    let parts = explained[list].as_array().unwrap();
    ["numerator", "denominator"]
        .map(|side| parts.iter().map(|part| part[side].as_i64().unwrap()).sum())
}

#[test]
fn a_rate_is_told_from_its_parts_to_what_it_was_before() {
    let world = corrected();
    let mut told = world.hoso(&RATE).stdout;
    for earlier in json(&world, &RATE)["earlier"].as_array().unwrap() {
        told = told.replace(earlier["published_at"].as_str().unwrap(), "@@TIME@@");
    }
    assert_snapshot!(told, @"
    online_resolution_rate: Resolved online, definition version 1
    ministry, ytd-2020-02 (2020-01-01 to 2020-02-29), as of release 2: 75.00 % 3 / 4 target 20 % met
      value; provisional; 1 of 2 units included; last published in release 2, @@TIME@@
    numerator resolved_online: dossiers by completed_on, where status = 'completed' AND channel = 'online' AND service_level IN ('partial', 'full')
    denominator resolved: dossiers by completed_on, where status = 'completed'
    target 20 from 2020-01-01: test
    by unit
      G99.01: 2 / 3
      G99.02: 1 / 1
    by delivery, each dossier under the last that tells of it
      G99.01/dossier/00000003 `2020-02.csv`: 2 / 2
      G99.02/dossier/00000001 `2020-01.csv`: 1 / 1
      G99.01/dossier/00000001 `2020-01.csv`: 0 / 1
    rejected records that could change it: 1
      G99.01/dossier/00000003 `2020-02.csv` unknown_status: 1
    missing reports: 1
      G99.02 dossier: 2020-02-01 to 2020-02-29
    refused deliveries that could change it: 0
    as published
      release 1, @@TIME@@, first: 2 / 4
      release 2, @@TIME@@, corrected_file: 2 / 4 -> 3 / 4, after G99.01/dossier/00000003
    ");
}

#[test]
fn parts_and_files_add_up_to_what_was_published_now_and_before() {
    let world = corrected();
    for (release, published) in [("1", [2, 4]), ("2", [3, 4])] {
        let explained = json(&world, &[&RATE[..], &["--release", release]].concat());
        let cell = &explained["cell"];
        assert_eq!([&cell["numerator"], &cell["denominator"]], published.each_ref(), "{release}");
        assert_eq!(summed(&explained, "parts"), published, "{explained:#}");
        assert_eq!(summed(&explained, "files"), published, "{explained:#}");
        assert_eq!(explained["disagreements"], Value::Array(Vec::new()), "{release}");
        assert_eq!(explained["earlier"].as_array().unwrap().len().to_string(), release);
    }
    // The rejects of the log that was replaced are told of the release that knew no other.
    let first = json(&world, &[&RATE[..], &["--release", "1"]].concat());
    assert_eq!(first["rejects"][0]["delivery"], "G99.01/dossier/00000002");
}

#[test]
fn a_unit_is_told_by_procedure_and_a_stock_at_its_end() {
    let world = corrected();
    let unit = json(&world, &[&RATE[..], &["--unit", "G99.01"]].concat());
    assert_eq!(summed(&unit, "files"), [2, 3], "{unit:#}");
    assert_eq!(unit["parts"][0]["procedure_code"], "1.000001");
    assert_eq!(unit["missing"], Value::Array(Vec::new()), "another unit's report changes nothing");
    world.log("u2/2020-02.csv", "G99.02-200203-0001|1.000002|03/02/2020|||Đang xử lý|Trực tiếp|");
    world.run(0);
    let open = json(&world, &["explain", "open_at_end", "--period", "2020-Q1"]);
    assert_eq!(open["cell"]["numerator"], 1, "{open:#}");
    assert_eq!(open["files"][0]["delivery"], "G99.02/dossier/00000002", "{open:#}");
    assert_eq!(open["files"][0]["denominator"], Value::Null);
}

#[test]
fn services_have_no_files_and_say_so() {
    let world = corrected();
    let ran = world.hoso(&["explain", "services_online_rate"]);
    assert_eq!(ran.code, 0, "{ran}");
    let told = "the numerator comes from no delivery: it is counted over services.csv";
    assert!(ran.stdout.contains(told), "{ran}");
    assert!(ran.stdout.contains("services at the end, from valid_from until valid_to"), "{ran}");
    assert!(!ran.stdout.contains("comes to"), "{ran}");
}

#[test]
fn what_was_judged_since_the_release_is_told_apart() {
    let world = World::small();
    world.edit("pipeline.toml", "final_after_days = 1000", "final_after_days = 10");
    let row =
        |n: u32, status: &str| format!("G99.01-200110-{n:04}|1.000001|10/01/2020|||{status}||");
    world.log("u1/2020-01.csv", &row(1, "Đang xử lý"));
    world.write("in/u2/2020-01.csv", "<html><body>Đăng nhập</body></html>");
    world.run(6);
    world.log("u1/2020-01b.csv", &format!("{}\n{}", row(2, "Đang xử lý"), row(3, "?")));
    world.run(5);
    let asked = ["explain", "received", "--period", "2020-01"];
    let told = world.hoso(&asked).stdout;
    assert!(told.contains("rejected records that could change it: 0"), "{told}");
    assert!(told.contains("00000001 `2020-01.csv`: the file is a web page"), "{told}");
    let since = "judged since, and in no release yet: 1 deliveries that could change it, 1 of their \
                 records rejected";
    assert!(told.contains(since), "{told}");
    let since = json(&world, &asked)["since"].clone();
    assert_eq!(since, serde_json::json!({ "deliveries": 1, "rejected": 1 }));
    let asked = world.hoso(&[&asked[..], &["--release", "1"]].concat()).stdout;
    assert!(!asked.contains("judged since"), "{asked}");
}

#[test]
fn other_definitions_than_the_releases_are_told() {
    let world = corrected();
    world.edit("indicators.toml", "channel = 'online' AND service", "service");
    let explained = json(&world, &RATE);
    assert_eq!(summed(&explained, "files"), [3, 4], "one is of the time before the service");
    let told = "release 2 was made with other definitions than this pipeline's";
    assert_eq!(explained["disagreements"], serde_json::json!([told]));
    world.edit("indicators.toml", " AND service_level IN ('partial', 'full')", "");
    let told = "the numerator by delivery comes to 4, and 3 was published";
    assert_eq!(json(&world, &RATE)["disagreements"][0], told);
}

#[test]
fn a_slip_is_told_with_what_there_is() {
    let world = corrected();
    for (args, told) in [
        (&["--period", "May"][..], "`May` is no period: a period is a month 2020-05"),
        (&["--period", "2021-01"], "2020-01 to 2020-03, 2020-Q1, 2020, ytd-2020-01 to ytd-2020-03"),
        (&["--unit", "G99.03"], "unknown unit `G99.03`, did you mean"),
        (&["--release", "3"], "no release 3: there are the releases 1 to 2"),
        (&["--release", "first"], "`first` is no release"),
        (&["--release", "2020-01-01"], "nothing was published by 2020-01-01: release 1 is of"),
    ] {
        let ran = world.hoso(&[&["explain", "online_resolution_rate"], args].concat());
        assert_eq!(ran.code, 2, "{ran}");
        assert!(ran.stderr.contains(told), "{ran}");
    }
    let ran = world.hoso(&["explain", "online_resolution_rat"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("did you mean `online_resolution_rate`?"), "{ran}");
}

#[test]
fn show_tells_figures_as_a_release_published_them() {
    let world = corrected();
    let show = ["show", "online_resolution_rate", "--period", "year", "--release"];
    for (release, told) in [("1", "2 / 4"), ("2", "3 / 4"), ("2100-01-01", "3 / 4")] {
        let ran = world.hoso(&[&show[..], &[release]].concat());
        assert_eq!(ran.code, 0, "{ran}");
        assert!(ran.stdout.contains(told), "{ran}");
    }
    assert_eq!(world.hoso(&[&show[..], &["7"]].concat()).code, 2);
}
