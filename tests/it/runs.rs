//! Whole runs: again, in another order, corrected, stopped.

use std::fs;

use super::tamper::{one_more, only_file, rewrite};
use super::world::{World, log};

const JANUARY: &str = "\
    G99.01-200110-0001|1.000001|10/01/2020|20/01/2020|15/01/2020|Đã xong|Trực tuyến|15/01/2020 09:00
    G99.01-200111-0001|1.000001|11/01/2020|20/01/2020||Đang xử lý|Trực tiếp|11/01/2020 09:00";
const FEBRUARY: &str = "\
    G99.01-200111-0001|1.000001|11/01/2020|20/01/2020|03/02/2020|Đã xong|Trực tiếp|03/02/2020 09:00
    G99.01-200203-0001|1.000001|03/02/2020|20/02/2020|10/02/2020|Đã xong|Trực tuyến|10/02/2020 09:00";
const MARCH: &str = "\
    G99.01-200303-0001|1.000001|03/03/2020|20/03/2020|10/03/2020|Đã xong|Trực tuyến|10/03/2020 09:00";

const OTHER_UNIT: &str = "\
    G99.02-200203-0001|1.000002|03/02/2020|20/02/2020||Đang xử lý|Trực tiếp|";

const RECEIVED: &str = "SELECT numerator FROM indicators WHERE indicator = 'received' \
    AND scope = 'ministry' AND period_kind = 'year'";
const ALL_FIGURES: &str = "SELECT indicator, scope, unit_code, field_code, procedure_code, \
    period_kind, period_start, period_end, numerator, denominator, value, status, is_final, \
    units_expected, units_included FROM indicators ORDER BY indicator, scope, unit_code, \
    field_code, procedure_code, period_kind, period_start, period_end";
const ALL_MEASURES: &str = "SELECT unit_code, procedure_code, month, measure, value FROM measures \
    ORDER BY unit_code, procedure_code, month, measure";

#[test]
fn a_second_run_publishes_nothing() {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY).log("u1/2020-02.csv", FEBRUARY);
    assert!(world.run(0).stderr.contains("published release 1"));
    let before = files(&world, "warehouse");
    let ran = world.run(0);
    assert!(ran.stderr.contains("no_new_data"), "{ran}");
    assert_eq!(files(&world, "warehouse"), before, "a quiet run writes nothing");
    // The same bytes under a new time of change are nothing new, either.
    world.log("u1/2020-01.csv", JANUARY);
    assert!(world.run(0).stderr.contains("no_new_data"));
}

#[test]
fn logs_one_by_one_and_in_another_order_give_the_same_figures() {
    let at_once = World::small();
    at_once.log("u1/2020-01.csv", JANUARY);
    at_once.log("u1/2020-02.csv", FEBRUARY);
    at_once.log("u1/2020-03.csv", MARCH);
    at_once.run(0);
    let one_by_one = World::small();
    for (name, rows) in [("2020-03", MARCH), ("2020-01", JANUARY), ("2020-02", FEBRUARY)] {
        one_by_one.log(&format!("u1/{name}.csv"), rows);
        one_by_one.run(0);
    }
    assert_eq!(one_by_one.query(ALL_FIGURES), at_once.query(ALL_FIGURES));
    assert_eq!(one_by_one.query(ALL_MEASURES), at_once.query(ALL_MEASURES));
}

#[test]
fn a_corrected_file_replaces_its_earlier_rows() {
    let corrected = World::small();
    corrected.edit("feeds/u1.toml", "slot = \"none\"", "slot = \"name\"");
    corrected.log("u1/2020-01.csv", JANUARY).log("u1/2020-02.csv", FEBRUARY);
    corrected.run(0);
    let mended = JANUARY
        .replace("G99.01-200110-0001", "G99.01-200109-0001")
        .replace("20/01/2020|15/01/2020", "20/01/2020|03/02/2020");
    corrected.log("u1/2020-01.csv", &mended);
    assert!(corrected.run(0).stderr.contains("published release 2"));

    let clean = World::small();
    clean.log("u1/2020-01.csv", &mended).log("u1/2020-02.csv", FEBRUARY);
    clean.run(0);
    assert_eq!(corrected.query(ALL_FIGURES), clean.query(ALL_FIGURES));
    assert_eq!(corrected.query(ALL_MEASURES), clean.query(ALL_MEASURES));
}

#[test]
fn without_a_slot_a_corrected_file_stands_beside_the_earlier() {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY);
    world.run(0);
    world.log("u1/2020-01.csv", &JANUARY.replace("G99.01-200110-0001", "G99.01-200109-0001"));
    world.run(0);
    assert_eq!(world.query(RECEIVED), "numerator\n3\n");
}

#[test]
fn a_mended_catalogue_measures_again_what_it_changes() {
    let world = World::small();
    world.log("u1/2020-02.csv", FEBRUARY);
    world.run(0);
    let online = "SELECT numerator, denominator FROM indicators WHERE indicator = \
        'online_resolution_rate' AND scope = 'ministry' AND period_kind = 'year'";
    assert_eq!(world.query(online), "numerator,denominator\n1,2\n");
    world.edit("services.csv", "G99.01,full,", "G99.01,information,");
    assert!(world.run(0).stderr.contains("published release 2"));
    assert_eq!(world.query(online), "numerator,denominator\n0,2\n");
    let causes = "SELECT DISTINCT cause FROM revisions WHERE release = 2";
    assert_eq!(world.query(causes), "cause\nservices\n");
}

#[test]
fn a_store_in_which_conservation_is_broken_publishes_nothing_more() {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY);
    world.run(0);
    // One record more was read than has a fate.
    rewrite(&world, &only_file(&world, "deliveries"), "read", |_, read| one_more(read, |_| true));
    world.log("u1/2020-02.csv", FEBRUARY);
    let ran = world.run(5);
    assert!(ran.stderr.contains("conservation does not hold"), "{ran}");
    assert!(ran.stderr.contains("G99.01/dossier/00000001"), "{ran}");
    assert!(!world.path("warehouse/releases/00000002.json").exists());
}

#[test]
fn a_signal_stops_the_run_at_a_safe_point_and_the_next_goes_on() {
    let world = World::small();
    for day in 1..=28 {
        let rows: String = (0..2000)
            .map(|n| {
                format!(
                    "G99.01-2001{day:02}-{n:04}|1.000001|{day:02}/01/2020|||Đang xử lý|Trực tiếp|\n"
                )
            })
            .collect();
        let (letter, unit) = (char::from(b'a' + (day - 1) as u8 % 26), 1 + day / 27);
        let rows = rows.replace("G99.01", &format!("G99.0{unit}"));
        world.log(&format!("u{unit}/2020-01{letter}.csv"), &rows);
    }
    let mut child = world.command(&["run"]).spawn().unwrap();
    let landed = world.path("warehouse/landed");
    while !landed.exists() {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before it could be stopped");
        std::thread::yield_now();
    }
    let killed = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!world.path("warehouse/releases/00000001.json").exists());
    world.run(0);
    assert_eq!(world.query(RECEIVED), "numerator\n56000\n");
}

#[test]
fn a_unit_whose_folder_is_gone_is_named_and_the_others_go_on() {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY);
    fs::remove_dir_all(world.path("in/u2")).unwrap();
    let ran = world.run(6);
    assert!(ran.stderr.contains("not reached: G99.02 dossier"), "{ran}");
    assert!(ran.stderr.contains("published release 1"), "{ran}");
    fs::remove_dir_all(world.path("in/u1")).unwrap();
    let ran = world.run(4);
    assert!(ran.stderr.contains("G99.01 dossier"), "{ran}");
}

/// Lists the files below a folder.
fn files(world: &World, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![world.path(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_log_is_what_it_says() {
    // The vocabulary of these tests, seen once: a row of fields becomes a record.
    let text = log("N-1|1.000001|10/01/2020|||Đang xử lý|Trực tiếp|");
    assert!(text.ends_with("1,N-1,1.000001,Nguyễn Văn A,10/01/2020,,,Đang xử lý,Trực tiếp,\n"));
}

#[test]
fn two_files_of_one_period_do_not_replace_each_other_again_and_again() {
    let world = World::small();
    world.edit("feeds/u1.toml", "slot = \"none\"", "slot = \"period\"");
    world.log("u1/2020-01.csv", JANUARY).log("u1/2020-01a.csv", FEBRUARY);
    world.run(0);
    for _ in 0..2 {
        assert!(world.run(0).stderr.contains("no_new_data"));
    }
    assert_eq!(world.query(RECEIVED), "numerator\n2\n");
}

#[test]
fn a_judgement_lost_in_a_crash_leaves_nothing_behind_when_the_profile_changed() {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY).log("u2/2020-02.csv", OTHER_UNIT);
    world.run(0);
    // As if the run had been killed after folding the first unit's delivery: no ledger row of it,
    // and its intent still there. Then its feed comes to expect another heading.
    let ledger = world.path("warehouse/deliveries");
    fs::remove_dir_all(ledger).unwrap();
    let intent = r#"{ "cells": { "G99.01/dossier/00000001": ["2020-01/0"] } }"#;
    world.write("warehouse/intents/0.json", intent);
    world.edit(
        "feeds/u1.toml",
        "expected",
        "required = [\"Ngày trả\"]\nignored = [\"Ngày trả\"]\nexpected",
    );
    let ran = world.run(6);
    assert!(ran.stderr.contains("`Ngày trả` was not found"), "{ran}");
    assert_eq!(world.query(RECEIVED), "numerator\n1\n");
    assert!(fs::read_dir(world.path("warehouse/intents")).unwrap().next().is_none());
}

#[test]
fn a_store_is_of_one_pipeline_and_one_number_of_buckets() {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY);
    world.run(0);
    world.edit("pipeline.toml", "name = \"small\"", "name = \"small\"\nbuckets = 4");
    let ran = world.run(3);
    assert!(ran.stderr.contains("`small` with 1 buckets"), "{ran}");
    world.edit("pipeline.toml", "name = \"small\"\nbuckets = 4", "name = \"other\"");
    world.run(3);
}

#[test]
fn buckets_cut_cells_and_change_no_figure() {
    let (one, four) = (World::small(), World::small());
    four.edit("pipeline.toml", "name = \"small\"", "name = \"small\"\nbuckets = 4");
    for world in [&one, &four] {
        world.log("u1/2020-01.csv", JANUARY).log("u1/2020-02.csv", FEBRUARY);
        world.log("u2/2020-03.csv", MARCH);
        world.run(0);
    }
    assert_eq!(four.query(ALL_FIGURES), one.query(ALL_FIGURES));
}

#[test]
fn runs_at_the_same_time_come_to_the_same_as_one() {
    let (alone, together) = (World::small(), World::small());
    for world in [&alone, &together] {
        for month in 1..=3 {
            for (unit, rows) in [(1, JANUARY), (2, FEBRUARY)] {
                let rows = rows.replace("G99.01-", &format!("G99.0{unit}-"));
                let rows = rows.replace("-2001", &format!("-20{month:02}"));
                world.log(&format!("u{unit}/2020-{month:02}.csv"), &rows);
            }
        }
    }
    alone.run(0);
    let children: Vec<_> =
        (0..3).map(|_| together.command(&["-q", "run"]).spawn().unwrap()).collect();
    for mut child in children {
        let code = child.wait().unwrap().code();
        assert!(matches!(code, Some(0 | 7)), "{code:?}");
    }
    together.run(0);
    assert_eq!(together.query(ALL_FIGURES), alone.query(ALL_FIGURES));
    let deliveries = "SELECT unit_code, name, accepted FROM deliveries ORDER BY unit_code, name";
    assert_eq!(together.query(deliveries), alone.query(deliveries));
}

#[test]
fn a_day_that_has_not_been_is_no_as_of_day() {
    let world = World::small();
    let ran = world.hoso(&["run", "--as-of", "2999-12-31"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("--as-of 2999-12-31 must be the end of a month that is over"));
    assert!(!world.path("warehouse").exists());
}

#[test]
fn nothing_reads_the_store_of_another_pipeline() {
    let world = World::small();
    world.run(0);
    world.edit("pipeline.toml", "name = \"", "name = \"other-");
    for args in
        [&["show", "received"][..], &["status"], &["query", "SELECT 1"], &["verify"], &["run"]]
    {
        let ran = world.hoso(args);
        assert_eq!(ran.code, 3, "{args:?}: {ran}");
        assert!(ran.stderr.contains("the pipeline is one of `other-"), "{args:?}: {ran}");
    }
}

#[test]
fn who_is_in_a_pipeline_directory_is_told_how_to_name_it() {
    let world = World::small();
    let ran = world.bare(&["status"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(ran.stderr.contains("help: the working directory is one: --pipeline ."), "{ran}");
}

#[test]
fn a_file_that_comes_again_after_another_took_its_place_is_told_and_changes_nothing() {
    let world = World::small();
    world.edit("feeds/u1.toml", "slot = \"none\"", "slot = \"period\"");
    let first = "G99.01-200110-0001|1.000001|10/01/2020|||Đang xử lý|Trực tiếp|";
    let both = format!("{first}\nG99.01-200111-0001|1.000001|11/01/2020|||Đang xử lý|Trực tiếp|");
    world.log("u1/2020-01.csv", first).run(0);
    world.log("u1/2020-01b.csv", &both).run(0);
    world.log("u1/2020-01.csv", first);
    let ran = world.run(0);
    assert!(ran.stderr.contains("note: G99.01 dossier: 1 files came again as they were"), "{ran}");
    assert!(ran.stderr.contains("release 2 stands"), "{ran}");
    // Under another name it takes the place in turn.
    world.log("u1/2020-01c.csv", first);
    assert!(world.run(0).stderr.contains("published release 3"));
}

#[test]
fn the_report_of_a_run_tells_that_the_store_cannot_be_opened() {
    let world = World::small();
    world.hoso(&["run", "--report", "run.json"]);
    let status = |world: &World| {
        let report = std::fs::read(world.path("run.json")).unwrap();
        serde_json::from_slice::<serde_json::Value>(&report).unwrap()["status"].clone()
    };
    assert_eq!(status(&world), "published");
    std::fs::remove_dir_all(world.path("warehouse")).unwrap();
    world.write("warehouse", "a file");
    let ran = world.hoso(&["run", "--report", "run.json"]);
    assert_ne!(ran.code, 0, "{ran}");
    assert_eq!(status(&world), "failed", "{ran}");
}

#[test]
fn wrong_usage_is_told_by_the_exit_code_though_its_message_has_no_place() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let world = World::small();
    let exit = world.command(&["run", "--nonsense"]).stderr(full).status().unwrap();
    assert_eq!(exit.code(), Some(2));
}

#[test]
fn a_new_directory_is_no_file() {
    let world = World::small();
    world.write("mine", "a file");
    let ran = world.bare(&["init", "mine"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("`mine` is a file, no directory"), "{ran}");
}
