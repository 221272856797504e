//! Deliveries that were sent by mistake: withdrawn with a reason, and taken back.

use std::fs;

use insta::assert_snapshot;

use super::world::{World, copy};

const RIGHT: &str = "
    G99.01-200110-0001 | 1.000001 | 10/01/2020 | 20/01/2020 | 15/01/2020 | Đã xong | Trực tuyến |
    G99.01-200111-0002 | 1.000001 | 11/01/2020 | | | Đang xử lý | Trực tiếp |";
const WRONG: &str = "
    G99.01-200113-0007 | 1.000001 | 13/01/2020 | | | Đang xử lý | Trực tuyến |
    G99.01-200114-0008 | 1.000001 | 14/01/2020 | | | ??? | Trực tuyến |";

/// A world whose first unit's list of January was replaced by a wrong one.
fn replaced() -> World {
    let world = World::small();
    world.edit("feeds/u1.toml", "slot = \"none\"", "slot = \"name\"");
    world.log("u1/2020-01.csv", RIGHT);
    world.run(0);
    world.log("u1/2020-01.csv", WRONG);
    world.run(0);
    world
}

/// Withdraws a delivery of the first unit by its number.
fn withdraw(world: &World, n: u32, reason: &str) {
    let column = |column| {
        let sql = format!("SELECT {column} FROM deliveries WHERE unit_code = 'G99.01' AND n = {n}");
        world.query(&sql).lines().nth(1).unwrap().to_owned()
    };
    declare(world, &column("name"), &column("sha256"), reason);
}

fn declare(world: &World, name: &str, sha256: &str, reason: &str) {
    let feed = fs::read_to_string(world.path("feeds/u1.toml")).unwrap();
    let withdrawn = format!(
        "\n[[withdrawn]]\nname = \"{name}\"\nsha256 = \"{sha256}\"\nreason = \"{reason}\"\n"
    );
    world.write("feeds/u1.toml", feed + &withdrawn);
}

/// Declares nothing withdrawn any more.
fn take_back(world: &World) {
    let feed = fs::read_to_string(world.path("feeds/u1.toml")).unwrap();
    let (before, _) = feed.split_once("\n[[withdrawn]]").unwrap();
    world.write("feeds/u1.toml", before);
}

fn received(world: &World) -> String {
    world.query(
        "SELECT numerator, release FROM indicators WHERE indicator = 'received' \
         AND scope = 'ministry' AND period_kind = 'year'",
    )
}

fn causes(world: &World, release: u64) -> String {
    world.query(&format!(
        "SELECT cause, deliveries FROM revisions WHERE release = {release} AND cause <> 'first' \
         GROUP BY cause, deliveries"
    ))
}

#[test]
fn what_a_withdrawn_delivery_had_replaced_stands_again() {
    let world = replaced();
    assert_eq!(received(&world), "numerator,release\n1,2\n");
    withdraw(&world, 2, "another month's list");
    let plan = world.hoso(&["plan"]).stdout;
    assert_snapshot!(plan.lines().take(5).collect::<Vec<_>>().join("\n"), @"
    would land: 0 deliveries
    would judge again: 2 deliveries
      G99.01/dossier/00000002 `2020-01.csv`: refused by `withdrawn`
      G99.01/dossier/00000001 `2020-01.csv`: 2 records, 0 of them rejected
    would rewrite: 1 cells 2020-01/0
    ");
    let ran = world.run(0);
    let refused = "refused: G99.01/dossier/00000002 `2020-01.csv`: withdrawn: another month's list";
    assert!(ran.stderr.contains(refused), "{ran}");
    assert_eq!(received(&world), "numerator,release\n2,3\n");
    let deliveries = "G99.01/dossier/00000001 G99.01/dossier/00000002";
    let causes = causes(&world, 3);
    assert_eq!(causes, format!("cause,deliveries\ndelivery_withdrawn,{deliveries}\n"));
    assert_eq!(world.hoso(&["quarantine", "list"]).stdout, "0 rejected records\n");
    assert_eq!(world.hoso(&["verify"]).code, 0);
    assert!(world.run(0).stderr.contains("no_new_data"));
}

#[test]
fn a_withdrawal_that_is_taken_back_leaves_the_delivery_as_it_was() {
    let world = replaced();
    let before = world.dossiers();
    withdraw(&world, 2, "another month's list");
    world.run(0);
    take_back(&world);
    world.run(0);
    assert_eq!(received(&world), "numerator,release\n1,4\n");
    assert_eq!(causes(&world, 4), "cause,deliveries\nreplay,G99.01/dossier/00000002\n");
    assert_eq!(world.dossiers(), before);
    assert_eq!(world.hoso(&["verify"]).code, 0);
}

#[test]
fn a_report_that_is_withdrawn_is_missing() {
    let world = World::small();
    world.log("u1/2020-01.csv", RIGHT);
    world.log("u1/2020-02.csv", WRONG);
    world.log("u2/2020-02.csv", "G99.02-200210-0001 | 1.000002 | 10/02/2020 | | | Đang xử lý | |");
    world.run(0);
    withdraw(&world, 2, "January once more");
    let ran = world.run(6);
    assert!(ran.stderr.contains("missing: G99.01 dossier: 2020-02, 2020-03"), "{ran}");
    assert!(
        ran.stderr.contains("guard: G99.01 dossier, 2020-02-01 to 2020-02-29: 1 of 1"),
        "{ran}"
    );
    assert_eq!(received(&world), "numerator,release\n3,2\n");
    assert_eq!(world.hoso(&["verify"]).code, 0);
    // An officer has nothing to mend in it.
    let ran = world.hoso(&["quarantine", "export", "--unit", "G99.01", "--out", "out"]);
    assert!(!ran.stderr.contains("refused"), "{ran}");
    let explained = world.hoso(&["explain", "received"]).stdout;
    assert!(explained.contains("`2020-02.csv`: withdrawn: January once more"), "{explained}");
}

#[test]
fn what_is_withdrawn_before_it_lands_never_counts() {
    let world = World::small();
    world.log("u1/2020-01.csv", RIGHT);
    world.run(0);
    withdraw(&world, 1, "a trial");
    let landing = World::small();
    fs::copy(world.path("feeds/u1.toml"), landing.path("feeds/u1.toml")).unwrap();
    landing.log("u1/2020-01.csv", RIGHT);
    landing.log("u1/2020-02.csv", WRONG);
    landing.run(0);
    assert_eq!(received(&landing), "numerator,release\n1,1\n");
    assert_eq!(landing.hoso(&["verify"]).code, 0);
}

#[test]
fn a_withdrawal_that_meets_no_delivery_is_told() {
    let world = World::small();
    world.log("u1/2020-01.csv", RIGHT);
    world.run(0);
    let sha256 = "0".repeat(64);
    declare(&world, "2020-01.csv", &sha256, "mistyped");
    let told = format!(
        "note: G99.01 dossier: `2020-01.csv` is withdrawn, but has not landed with the bytes of {sha256}"
    );
    for command in ["plan", "run"] {
        let ran = world.hoso(&[command]);
        assert_eq!(ran.code, 0, "{ran}");
        assert!(ran.stdout.contains(&told) || ran.stderr.contains(&told), "{ran}");
    }
    assert_eq!(received(&world), "numerator,release\n2,1\n");
}

#[test]
fn another_profile_judges_nothing_again_that_is_withdrawn() {
    let world = replaced();
    withdraw(&world, 2, "another month's list");
    world.run(0);
    world.edit(
        "profiles/list.toml",
        "completed = [\"Đã xong\"]",
        "completed = [\"Đã xong\", \"Xong\"]",
    );
    let plan = world.hoso(&["plan"]).stdout;
    assert!(plan.contains("  G99.01/dossier/00000001\n"), "{plan}");
    assert!(!plan.contains("  G99.01/dossier/00000002\n"), "{plan}");
    let ran = world.hoso(&["quarantine", "replay"]);
    assert!(ran.stderr.contains("1 deliveries are judged again; 1 were judged"), "{ran}");
    assert_eq!(world.hoso(&["verify"]).code, 0);
}

#[test]
fn a_judgement_that_a_killed_run_had_begun_is_not_taken_for_the_withdrawal_that_follows() {
    let world = replaced();
    let ledger = world.path("warehouse/deliveries");
    let profile_hash = world.query("SELECT profile_hash FROM deliveries WHERE n = 2");
    let profile_hash = profile_hash.lines().nth(1).unwrap();
    withdraw(&world, 2, "another month's list");
    world.run(0);
    copy(&ledger, &world.path("before"));
    // As if this run had been killed before the ledger had it: the rejects lie in quarantine.
    take_back(&world);
    world.run(0);
    fs::remove_dir_all(&ledger).unwrap();
    copy(&world.path("before"), &ledger);
    let intent = format!(
        r#"{{ "cells": {{ "G99.01/dossier/00000002": ["2020-01/0"] }}, "judgements":
        {{ "G99.01/dossier/00000002": {{ "judgement": 3, "profile_hash": "{profile_hash}" }} }} }}"#
    );
    world.write("warehouse/intents/0.json", intent);
    withdraw(&world, 2, "another month's list");
    world.hoso(&["run"]);
    let judged =
        world.query("SELECT judgement, rule FROM deliveries WHERE n = 2 ORDER BY judgement");
    assert_eq!(judged, "judgement,rule\n1,\n2,withdrawn\n4,withdrawn\n");
    assert_eq!(world.hoso(&["verify"]).code, 0, "{}", world.hoso(&["verify"]));
}

#[test]
fn a_withdrawal_is_declared_whole() {
    let sha256 = "0".repeat(64);
    for (name, sha256, reason, told) in [
        ("2020-01.csv", "0123", "wrong", "`sha256` must have 64 hexadecimal digits"),
        ("2020-01.csv", &*sha256, " ", "`reason` is empty"),
        ("2020-02.csv", &*sha256, "wrong", "`2020-02.csv` with these bytes is withdrawn twice"),
    ] {
        let world = World::small();
        declare(&world, "2020-02.csv", &sha256.to_uppercase(), "wrong");
        declare(&world, name, sha256, reason);
        let ran = world.hoso(&["check"]);
        assert_eq!(ran.code, 3, "{ran}");
        assert!(ran.stderr.contains(told), "{ran}");
        assert!(ran.stderr.contains("./feeds/u1.toml:"), "{ran}");
    }
    let world = World::small();
    declare(&world, "2020-01.csv", &sha256, "wrong");
    world.edit("feeds/u1.toml", "reason =", "reasn =");
    let ran = world.hoso(&["check"]);
    assert!(ran.stderr.contains("missing key `reason`"), "{ran}");
    assert!(ran.stderr.contains("did you mean `reason`?"), "{ran}");
}

#[test]
fn what_was_taken_away_meanwhile_is_sent_again_and_judged_again() {
    let world = World::small();
    world.log("u1/2020-01.csv", RIGHT);
    world.run(0);
    withdraw(&world, 1, "too early");
    world.hoso(&["run", "--accept", "reports_withdrawn", "--reason", "a trial"]);
    fs::remove_dir_all(world.path("warehouse/raw")).unwrap();
    take_back(&world);
    let ran = world.run(5);
    assert!(ran.stderr.contains("send the file again"), "{ran}");
    world.log("u1/2020-01.csv", RIGHT);
    world.run(0);
    let replayed = world.hoso(&["quarantine", "replay"]);
    assert_eq!(replayed.code, 0, "{replayed}");
    assert!(replayed.stderr.contains("= 2 accepted"), "{replayed}");
    assert_eq!(world.hoso(&["verify"]).code, 0);
}
