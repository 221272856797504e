//! Deliveries judged again: after a profile was mended, whole, and never by halves.

use std::fs;

use insta::assert_snapshot;

use super::world::World;

const LOG: &str = "
    G99.01-200110-0001 | 1.000001 | 10/01/2020 | 20/01/2020 | 15/01/2020 | Hoàn thành | Trực tuyến |
    G99.01-200111-0002 | 1.000001 | 11/01/2020 | | | Đang xử lý | Trực tiếp |";

const REPLAY: [&str; 2] = ["quarantine", "replay"];

/// A world with a reject whose profile was mended since.
fn mended() -> World {
    let world = World::small();
    world.log("u1/2020-01.csv", LOG);
    world.log("u2/2020-01.csv", "G99.02-200110-0001 | 1.000002 | 10/01/2020 | | | Đang xử lý | |");
    world.run(0);
    world.edit("profiles/list.toml", "completed = [\"Đã xong\"]", "completed = [\"Hoàn thành\"]");
    world
}

fn received(world: &World) -> String {
    world.query(
        "SELECT numerator, release FROM indicators WHERE indicator = 'received' \
         AND scope = 'ministry' AND period_kind = 'year'",
    )
}

#[test]
fn what_a_mended_profile_reads_is_published_and_its_rejects_are_gone() {
    let world = mended();
    assert_eq!(received(&world), "numerator,release\n2,1\n");
    let ran = world.hoso(&[&REPLAY[..], &["--rule", "unknown_status"]].concat());
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("1 deliveries are judged again"), "{ran}");
    assert_eq!(received(&world), "numerator,release\n3,2\n");
    assert_eq!(world.hoso(&["quarantine", "list"]).stdout, "0 rejected records\n");
    let ledger = world.query(
        "SELECT judgement, accepted, rejected FROM deliveries WHERE unit_code = 'G99.01' \
         ORDER BY judgement",
    );
    assert_eq!(ledger, "judgement,accepted,rejected\n1,1,1\n2,2,0\n");
    let causes = world
        .query("SELECT cause FROM revisions WHERE release = 2 AND cause <> 'first' GROUP BY cause");
    assert_eq!(causes, "cause\nreplay\n");
    assert_eq!(world.hoso(&["verify"]).code, 0);
}

#[test]
fn nothing_is_judged_again_that_was_judged_by_what_holds_now() {
    let world = mended();
    world.hoso(&REPLAY);
    let ran = world.hoso(&REPLAY);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("0 deliveries are judged again; 2 were judged by"), "{ran}");
    assert!(ran.stderr.contains("no_new_data"), "{ran}");
    assert_eq!(world.query("SELECT MAX(judgement) AS n FROM deliveries"), "n\n2\n");
}

#[test]
fn a_unit_alone_is_judged_again_and_a_slip_is_told() {
    let world = mended();
    let ran = world.hoso(&[&REPLAY[..], &["--unit", "G99.02"]].concat());
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(received(&world), "numerator,release\n2,1\n");
    let ran = world.hoso(&[&REPLAY[..], &["--unit", "G99.03"]].concat());
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("unknown unit `G99.03`, did you mean"), "{ran}");
    assert_eq!(world.hoso(&[&REPLAY[..], &["--rule", "unknown_statsu"]].concat()).code, 2);
}

#[test]
fn what_is_refused_now_leaves_and_what_it_had_replaced_stands_again() {
    let world = World::small();
    world.edit("feeds/u1.toml", "slot = \"none\"", "slot = \"name\"");
    world.log("u1/2020-01.csv", &LOG.replace("Hoàn thành", "Đã xong"));
    world.run(0);
    // The correction has one dossier more; then its profile promises at most two.
    let third = "\n G99.01-200112-0003 | 1.000001 | 12/01/2020 | | | Đang xử lý | Trực tiếp |";
    world.log("u1/2020-01.csv", &(LOG.replace("Hoàn thành", "Đã xong") + third));
    world.run(0);
    assert_eq!(received(&world), "numerator,release\n3,2\n");
    let profile = fs::read_to_string(world.path("profiles/list.toml")).unwrap();
    let contract = "[contract.most]\nname = { vi = \"quá nhiều\", en = \"too many\" }\n\
                    records = { max = 2 }\nseverity = \"refuse\"\n";
    world.write("profiles/list.toml", format!("{profile}\n{contract}"));
    let ran = world.hoso(&REPLAY);
    assert_eq!(ran.code, 6, "{ran}");
    assert_eq!(received(&world), "numerator,release\n2,3\n");
    assert_eq!(world.hoso(&["verify"]).code, 0);
}

#[test]
fn what_it_had_replaced_stands_again_when_it_is_judged_again_alone() {
    let world = World::small();
    world.edit("feeds/u1.toml", "slot = \"none\"", "slot = \"name\"");
    world.log("u1/2020-01.csv", &LOG.replace("Hoàn thành", "Đã xong"));
    world.run(0);
    // The correction has a reject; by its rule it alone is judged again, and refused.
    world.log("u1/2020-01.csv", LOG);
    world.run(0);
    assert_eq!(received(&world), "numerator,release\n1,2\n");
    let profile = fs::read_to_string(world.path("profiles/list.toml")).unwrap();
    let contract = "[contract.done]\nname = { vi = \"chưa xong\", en = \"not done\" }\n\
                    check = \"status <> 'processing' or completed_on is null\"\n\
                    severity = \"refuse\"\n";
    let profile = profile
        .replace("completed = [\"Đã xong\"]", "completed = [\"Đã xong\"]\n")
        .replace("[\"Đang xử lý\"]", "[\"Đang xử lý\", \"Hoàn thành\"]");
    world.write("profiles/list.toml", format!("{profile}\n{contract}"));
    let ran = world.hoso(&[&REPLAY[..], &["--rule", "unknown_status"]].concat());
    assert!(ran.stderr.contains("1 deliveries are judged again"), "{ran}");
    assert_eq!(received(&world), "numerator,release\n2,3\n", "{ran}");
    assert_eq!(world.hoso(&["verify"]).code, 0);
}

#[test]
fn what_its_source_refused_unread_is_not_judged_again() {
    let world = mended();
    world.log("u1/Nguyễn Văn A.csv", LOG);
    world.run(5);
    let ran = world.hoso(&REPLAY);
    assert!(ran.stderr.contains("2 deliveries are judged again; 0 were"), "{ran}");
}

#[test]
fn a_profile_that_refuses_what_was_published_stops_the_release_until_that_is_accepted() {
    let world = World::small();
    for unit in 1..=2 {
        let log = LOG.replace("Hoàn thành", "Đã xong").replace("G99.01", &format!("G99.0{unit}"));
        world.log(&format!("u{unit}/2020-01.csv"), &log);
    }
    world.run(0);
    let profile = fs::read_to_string(world.path("profiles/list.toml")).unwrap();
    world.write("profiles/list.toml", profile.replace("Ngày tiếp nhận", "Ngày nộp"));
    let ran = world.hoso(&REPLAY);
    assert_eq!(ran.code, 5, "{ran}");
    // All of it is refused now; the next run does not take its silence for an answer.
    let ran = world.run(5);
    assert!(ran.stderr.contains("guard `reports_withdrawn`: the whole ministry"), "{ran}");
    assert_eq!(received(&world), "numerator,release\n4,1\n");
    world.write("profiles/list.toml", profile);
    assert_eq!(world.hoso(&REPLAY).code, 0);
    assert_eq!(received(&world), "numerator,release\n4,1\n");
    assert_eq!(world.hoso(&["verify"]).code, 0);
}

#[test]
fn a_replay_that_was_killed_after_folding_is_finished_by_the_next_run() {
    let world = mended();
    let done = mended();
    done.hoso(&REPLAY);
    // As if it had been killed before the ledger had it: the new fold lies there, and the intent.
    let ledger = world.path("warehouse/deliveries");
    let before = world.path("before");
    super::world::copy(&ledger, &before);
    world.hoso(&REPLAY);
    fs::remove_dir_all(&ledger).unwrap();
    super::world::copy(&before, &ledger);
    let intent = r#"{ "cells": { "G99.01/dossier/00000001": ["2020-01/0"] },
        "judgements": { "G99.01/dossier/00000001": { "judgement": 2, "profile_hash": "" } } }"#;
    world.write("warehouse/intents/0.json", intent);
    let ran = world.run(0);
    assert!(ran.stderr.contains("1 deliveries: 2 records read = 2 accepted"), "{ran}");
    assert_eq!(received(&world), received(&done));
    assert_eq!(world.dossiers(), done.dossiers());
    assert_eq!(world.hoso(&["quarantine", "list"]).stdout, "0 rejected records\n");
}

#[test]
fn a_reject_whose_bytes_have_expired_stays_and_is_said_to() {
    let world = mended();
    for entry in fs::read_dir(world.path("warehouse/raw")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let ran = world.hoso(&[&REPLAY[..], &["--rule", "unknown_status"]].concat());
    assert_eq!(ran.code, 6, "{ran}");
    let told = "expired: `G99.01/dossier/00000001` cannot be judged again, its bytes are no longer \
                kept; its 1 rejected records stay";
    assert!(ran.stderr.contains(told), "{ran}");
    assert_eq!(received(&world), "numerator,release\n2,1\n");
    assert_snapshot!(world.hoso(&["quarantine", "list"]).stdout, @"
    G99.01/dossier/00000001#1        unknown_status       unknown status `Xxxx xxxxx`
    1 rejected records
    ");
}

#[test]
fn rejects_are_those_of_their_own_unit_though_anothers_code_ends_alike() {
    let world = World::small();
    for file in ["units.csv", "services.csv", "feeds/u2.toml"] {
        world.edit(file, "G99.02", "AG99.01");
    }
    world.log("u1/2020-01.csv", LOG);
    world.log("u2/2020-01.csv", "AG99.01-200110-0001 | 1.000002 | ??? | | | Đang xử lý | |");
    world.run(0);
    for unit in ["G99.01", "AG99.01"] {
        let listed = world.hoso(&["quarantine", "list", "--unit", unit]).stdout;
        assert!(listed.starts_with(&format!("{unit}/dossier/00000001#")), "{unit}: {listed}");
        assert_eq!(listed.matches("/dossier/").count(), 1, "{unit}: {listed}");
    }
}

#[test]
fn what_a_name_tells_is_read_anew_where_the_feed_reads_it_otherwise() {
    let world = World::small();
    let feed = "feeds/u1.toml";
    let name = r"'^(?<period>\d{4}-\d{2})[a-z]?\.csv$'";
    world.edit(feed, name, r"'^(?<period>\d{4}-\d{2})_\d{4}-\d{2}[a-z]?\.csv$'");
    world.log("u1/2020-02_2020-01.csv", &LOG.replace("Hoàn thành", "Đã xong"));
    world.log("u1/2020-02_2020-01b.csv", LOG.trim().lines().last().unwrap());
    world.run(0);
    let periods = "SELECT period_start, slot FROM deliveries ORDER BY judgement, n";
    assert_eq!(world.query(periods), "period_start,slot\n2020-02-01,\n2020-02-01,\n");
    // The first month was that of the export; and a list replaces the one of its period.
    let earlier = r"'^(?<period>\d{4}-\d{2})_\d{4}-\d{2}[a-z]?\.csv$'";
    world.edit(feed, earlier, r"'^\d{4}-\d{2}_(?<period>\d{4}-\d{2})[a-z]?\.csv$'");
    world.edit(feed, "slot = \"none\"", "slot = \"period\"");
    let ran = world.run(0);
    assert!(ran.stderr.contains("2 deliveries stand as another profile"), "{ran}");
    assert_eq!(world.hoso(&REPLAY).code, 5);
    let ran = world.hoso(&["run", "--accept", "reports_withdrawn", "--reason", "it was January"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(
        world.query(&format!("{periods} LIMIT 2 OFFSET 2")),
        "period_start,slot\n2020-01-01,2020-01-01/2020-02-01\n2020-01-01,2020-01-01/2020-02-01\n"
    );
    assert_eq!(received(&world), "numerator,release\n1,2\n");
    assert_eq!(world.hoso(&["verify"]).code, 0);
    assert!(!world.run(0).stderr.contains("another profile"));
}
