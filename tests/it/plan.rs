//! A plan tells what the run then does, down to indicator values, and writes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use super::world::World;

const JANUARY: &str = "
    G99.01-200110-0001 | 1.000001 | 10/01/2020 | 20/01/2020 | 15/01/2020 | Đã xong | Trực tuyến |
    G99.01-200111-0002 | 1.000001 | 11/01/2020 | | | ? | Trực tiếp |";
const FEBRUARY: &str = "G99.01-200203-0001 | 1.000001 | 03/02/2020 | | | Đang xử lý | Trực tiếp |";

/// Every file with its bytes.
fn bytes_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(bytes_below(&path));
        } else {
            all.insert(path.to_str().unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
    all
}

#[test]
fn a_plan_tells_what_the_run_then_does_and_writes_nothing() {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY);
    world.run(0);
    world.log("u1/2020-02.csv", FEBRUARY).write("in/u2/2020-01.csv", "<html><body>x</body></html>");
    let before = bytes_below(&world.path("warehouse"));
    let plan = world.hoso(&["plan"]);
    assert_eq!(plan.code, 6, "{plan}");
    assert!(bytes_below(&world.path("warehouse")) == before, "a plan writes nothing");
    let first: Vec<&str> = plan.stdout.lines().take(6).collect();
    assert_snapshot!(first.join("\n"), @"
    would land: 2 deliveries
      G99.01/dossier/00000002 `2020-02.csv`: 1 records, 0 of them rejected
      G99.02/dossier/00000001 `2020-01.csv`: refused by `web_page`
    would rewrite: 1 cells 2020-02/0
    would publish: 64 rows
      received ministry year from 2020-01-01: 1 (0 of 2 units) -> 2 (0 of 2 units)
    ");
    let told: serde_json::Value =
        serde_json::from_str(&world.hoso(&["plan", "--json"]).stdout).unwrap();
    world.run(6);
    let n_changed = world.query("SELECT COUNT(*) AS n FROM revisions WHERE release = 2");
    let n_told = told["changes"].as_array().unwrap().len();
    assert_eq!(n_changed, format!("n\n{n_told}\n"));
    assert_eq!(world.hoso(&["plan"]).stdout.lines().last(), Some("nothing was written"));
}

#[test]
fn a_guard_that_would_stop_the_run_is_told_with_what_it_would_change() {
    let world = World::small();
    world.edit("pipeline.toml", "final_after_days = 1000", "final_after_days = 10");
    world.log("u1/2020-01.csv", JANUARY);
    world.run(0);
    world.log("u1/2020-01b.csv", "G99.01-200112-0003 | 1.000001 | 12/01/2020 | | | Đang xử lý | |");
    let plan = world.hoso(&["plan"]);
    assert_eq!(plan.code, 5, "{plan}");
    assert!(plan.stdout.contains("guard `final_changed` would stop the release"), "{plan}");
    assert!(plan.stdout.contains("received ministry month from 2020-01-01: 1 (1 of 2 units) -> 2"));
    let accepted = world.hoso(&["plan", "--accept", "final_changed", "--reason", "late"]);
    assert_eq!(accepted.code, 0, "{accepted}");
}

#[test]
fn deliveries_judged_by_another_profile_are_listed() {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY);
    world.run(0);
    world.edit(
        "profiles/list.toml",
        "completed = [\"Đã xong\"]",
        "completed = [\"Đã xong\", \"?\"]",
    );
    let plan = world.hoso(&["plan"]);
    assert_eq!(plan.code, 0, "{plan}");
    assert!(plan.stdout.contains("until `hoso quarantine replay`: 1 deliveries"), "{plan}");
    assert!(plan.stdout.contains("  G99.01/dossier/00000001\n"), "{plan}");
}

#[test]
fn where_there_is_no_store_none_is_made() {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY);
    let plan = world.hoso(&["plan"]);
    assert_eq!(plan.code, 0, "{plan}");
    assert!(plan.stdout.contains("would publish: "), "{plan}");
    assert!(!world.path("warehouse").exists());
}
