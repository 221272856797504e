//! `hoso verify` finds nothing in a good store, and names the check that a tampered one fails.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{AsArray as _, StringArray, new_null_array};
use serde_json::Value;

use super::maintain::land_at;
use super::tamper::{files, one_more, only_file, rewrite};
use super::world::World;

/// Two records that are accepted, and one without a number.
const JANUARY: &str = "\
    G99.01-200110-0001|1.000001|10/01/2020|20/01/2020|15/01/2020|Đã xong|Trực tuyến|15/01/2020 09:00
    G99.01-200111-0001|1.000001|11/01/2020|20/01/2020||Đang xử lý|Trực tiếp|11/01/2020 09:00
    |||||||";
const FEBRUARY: &str = "\
    G99.01-200111-0001|1.000001|11/01/2020|20/01/2020|03/02/2020|Đã xong|Trực tiếp|03/02/2020 09:00
    G99.01-200203-0001|1.000001|03/02/2020|20/02/2020|10/02/2020|Đã xong|Trực tuyến|10/02/2020 09:00";
const OTHER_UNIT: &str = "\
    G99.02-200203-0001|1.000002|03/02/2020|20/02/2020||Đang xử lý|Trực tiếp|";

/// A store after one run over one log.
pub(crate) fn one_delivery() -> World {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY);
    world.run(0);
    assert_eq!(failed(&world), Vec::<String>::new());
    world
}

/// A store of three releases, in which one delivery was replaced.
fn three_releases() -> World {
    let world = World::small();
    world.edit("feeds/u1.toml", "slot = \"none\"", "slot = \"name\"");
    world.log("u1/2020-01.csv", JANUARY).log("u2/2020-02.csv", OTHER_UNIT);
    world.run(0);
    let mended = JANUARY.replace("20/01/2020|15/01/2020", "20/01/2020|03/02/2020");
    world.log("u1/2020-01.csv", &mended);
    world.run(0);
    world.log("u1/2020-02.csv", FEBRUARY);
    assert!(world.run(0).stderr.contains("published release 3"));
    world
}

/// Returns the checks that failed; the exit code says whether there are any.
pub(crate) fn failed(world: &World) -> Vec<String> {
    let ran = world.hoso(&["verify", "--json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"));
    let checks = told["checks"].as_array().unwrap().iter();
    let failed = checks.filter(|check| check["status"] == "failed");
    let failed: Vec<String> =
        failed.map(|check| check["check"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ran.code, if failed.is_empty() { 0 } else { 5 }, "{ran}");
    failed
}

/// Returns what `verify` tells.
pub(crate) fn told(world: &World) -> String {
    world.hoso(&["verify"]).stdout
}

#[test]
fn a_good_store_passes_every_check() {
    let ran = three_releases().hoso(&["verify"]);
    assert_eq!(ran.code, 0, "{ran}");
    insta::assert_snapshot!(ran.stdout, @"
    ok      numbers       336 rows
    ok      measures      3 cells
    ok      conservation  4 judgements, 9 read, 7 accepted, 2 replaced, 0 duplicate, 2 rejected, 0 out of scope
    ok      cells         2 files, 4 dossiers
    ok      deliveries    4 manifests, 0 pending
    ok      raw           4 objects, 0 expired
    ok      orphans       29 files, 6 left over
    ok      releases      3 releases
    ");
}

#[test]
fn buckets_and_numbers_of_a_units_own_are_in_their_cells() {
    let world = World::small();
    world.edit("pipeline.toml", "name = \"small\"", "name = \"small\"\nbuckets = 4");
    world.edit("profiles/list.toml", "numbers = \"national\"", "numbers = \"unit\"");
    let odd = "A/12|1.000001|11/01/2020|20/01/2020||Đang xử lý|Trực tiếp|";
    world.log("u1/2020-01.csv", &format!("{JANUARY}\n{odd}"));
    world.run(0);
    assert_eq!(failed(&world), Vec::<String>::new());
    // The hash of `G99.01` is odd: in one bucket alone its dossiers would lie in another.
    world.edit("pipeline.toml", "buckets = 4", "buckets = 1");
    assert_eq!(failed(&world), ["cells"]);
}

#[test]
fn raw_bytes_that_were_changed_or_cut_are_named() {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY).log("u1/2020-02.csv", FEBRUARY);
    world.run(0);
    let [one, two] = &files(&world, "raw")[..] else { panic!("two objects") };
    let whole = fs::read(one).unwrap();
    for broken in [fs::read(two).unwrap(), whole[..whole.len() / 2].to_vec(), Vec::new()] {
        fs::write(one, broken).unwrap();
        assert_eq!(failed(&world), ["raw"]);
        let name = one.file_name().unwrap().to_str().unwrap();
        assert!(told(&world).contains(&format!("`raw/{name}`")), "{}", told(&world));
    }
    fs::write(one, whole).unwrap();
    assert_eq!(failed(&world), Vec::<String>::new());
}

#[test]
fn raw_bytes_that_are_gone_are_lost_unless_they_may_have_expired() {
    let world = one_delivery();
    fs::remove_file(only_file(&world, "raw")).unwrap();
    let lost = |n: u64| format!("those of `G99.01/dossier/{n:08}` have not expired");
    assert_eq!(failed(&world), ["raw"]);
    assert!(told(&world).contains(&lost(1)), "{}", told(&world));
    // Young bytes are kept, whatever is said of old ones.
    world.edit("pipeline.toml", "since =", "raw_retention_days = 30\nsince =");
    assert_eq!(failed(&world), ["raw"]);
    land_at(&world, 1, Some("2020-03-01T00:00:00Z"));
    assert_eq!(failed(&world), Vec::<String>::new());
    assert!(told(&world).contains("1 objects, 1 expired"), "{}", told(&world));
    // A delivery waits to be judged.
    let landed = |n: u64| world.path(&format!("warehouse/landed/G99.01/dossier/{n:08}.json"));
    fs::copy(landed(1), landed(2)).unwrap();
    assert_eq!(failed(&world), ["raw"]);
    let told = told(&world);
    assert!(told.contains("2 manifests, 1 pending") && told.contains(&lost(2)), "{told}");
}

#[test]
fn a_dossiers_file_that_is_gone_or_cut_fails_what_reads_it_and_nothing_else() {
    let world = one_delivery();
    let file = only_file(&world, "dossiers");
    let bytes = fs::read(&file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let readers = ["numbers", "measures", "conservation", "cells", "orphans"];
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(failed(&world), readers);
    assert!(told(&world).contains("bytes instead of"), "{}", told(&world));
    fs::remove_file(&file).unwrap();
    assert_eq!(failed(&world), readers);
    let told = told(&world);
    assert!(told.contains("FAILED  numbers       could not run: "), "{told}");
    assert!(told.contains(&format!("{name}` is missing")), "{told}");
    assert!(told.contains("ok      raw           1 objects"), "{told}");
}

#[test]
fn a_released_number_that_its_dossiers_do_not_come_to_is_told_beside_the_right_one() {
    let world = one_delivery();
    rewrite(&world, &only_file(&world, "indicators"), "numerator", |rows, numerators| {
        let indicators = rows.column_by_name("indicator").unwrap().as_string::<i32>();
        one_more(numerators, |row| indicators.value(row) == "received")
    });
    assert_eq!(failed(&world), ["numbers", "releases"]);
    let told = told(&world);
    assert!(told.contains("parquet` holds other bytes than its name"), "{told}");
    let first = "received ministry month from 2020-01-01: released 3 (value 2, 1 of 2 units, \
        to 2020-02-01), recomputed 2 (value 2, ";
    assert!(told.contains(first), "{told}");
}

#[test]
fn measures_that_their_dossiers_do_not_come_to_are_named_by_cell() {
    let world = one_delivery();
    let is_january = |path: &&PathBuf| path.to_str().unwrap().contains("2020-01");
    let file = files(&world, "measures").iter().find(is_january).unwrap().clone();
    rewrite(&world, &file, "value", |_, values| one_more(values, |row| row == 0));
    assert_eq!(failed(&world), ["measures"]);
    assert!(told(&world).contains("`measures/cell_month=2020-01/bucket=0/"), "{}", told(&world));
}

#[test]
fn dossiers_that_were_changed_come_to_other_numbers() {
    let world = one_delivery();
    rewrite(&world, &only_file(&world, "dossiers"), "received_on", |_, days| {
        new_null_array(days.data_type(), days.len())
    });
    assert_eq!(failed(&world), ["numbers", "measures", "orphans"]);
    // Where no number comes of it, too: a file is named by its bytes.
    assert!(told(&world).contains("holds other bytes than its name"), "{}", told(&world));
}

#[test]
fn a_record_without_one_fate_is_told_by_delivery_and_in_all() {
    let world = one_delivery();
    let ledger = only_file(&world, "deliveries");
    rewrite(&world, &ledger, "read", |_, read| one_more(read, |_| true));
    assert_eq!(failed(&world), ["conservation"]);
    let sum = "4 read, but 2 accepted + 0 duplicate + 1 rejected + 0 out of scope";
    assert!(told(&world).contains(sum), "{}", told(&world));
    rewrite(&world, &ledger, "accepted", |_, accepted| one_more(accepted, |_| true));
    assert_eq!(failed(&world), ["conservation"]);
    let told = told(&world);
    assert!(told.contains("in all: 3 accepted, 2 in `dossiers`"), "{told}");
    assert!(told.contains("`G99.01/dossier/00000001`: 3 accepted, 2 in `dossiers`"), "{told}");
}

#[test]
fn rejected_records_of_no_judgement_are_told() {
    let world = one_delivery();
    rewrite(&world, &only_file(&world, "quarantine"), "delivery", |_, deliveries| {
        Arc::new(StringArray::from(vec!["G99.01/dossier/00000009"; deliveries.len()]))
    });
    assert_eq!(failed(&world), ["conservation"]);
    let told = told(&world);
    assert!(told.contains("1 rejected, 0 in quarantine"), "{told}");
    assert!(told.contains("judgement 1 of `G99.01/dossier/00000009`"), "{told}");
}

#[test]
fn what_a_run_that_was_stopped_leaves_is_not_taken_for_lost() {
    let world = one_delivery();
    let intent = r#"{ "cells": { "G99.01/dossier/00000001": ["2020-01/0"] } }"#;
    world.write("warehouse/intents/0.json", intent);
    assert_eq!(failed(&world), ["conservation"]);
    assert!(told(&world).contains("`hoso run` ends it"), "{}", told(&world));
    world.run(0);
    assert_eq!(failed(&world), Vec::<String>::new());
}

#[test]
fn a_dossier_in_anothers_cell_and_a_second_file_of_a_cell_are_told() {
    let world = one_delivery();
    let file = only_file(&world, "dossiers");
    let stem = file.file_stem().unwrap().to_str().unwrap();
    let log = world.path("warehouse/dossiers/_delta_log");
    let first = fs::read_to_string(log.join("00000000000000000001.json")).unwrap();
    let added = first.lines().find(|line| line.contains("\"add\"")).unwrap();
    fs::copy(&file, file.with_file_name("copy.parquet")).unwrap();
    let second = log.join("00000000000000000002.json");
    fs::write(&second, added.replace(stem, "copy")).unwrap();
    assert_eq!(failed(&world), ["conservation", "cells", "orphans"]);
    assert!(told(&world).contains("its cell has another live file"), "{}", told(&world));
    fs::remove_file(second).unwrap();
    assert_eq!(failed(&world), Vec::<String>::new());

    rewrite(&world, &file, "dossier_key", |_, keys| {
        let moved = keys.as_string::<i32>().iter().map(|key| Some(key?.replace("2001", "2002")));
        Arc::new(moved.collect::<StringArray>())
    });
    assert_eq!(failed(&world), ["cells", "orphans"]);
    assert!(told(&world).contains("2 dossiers are of other cells"), "{}", told(&world));
}

#[test]
fn a_manifest_that_is_gone_or_names_other_bytes_is_told() {
    let world = three_releases();
    let landed = |n: u64| format!("warehouse/landed/G99.01/dossier/{n:08}.json");
    let sha256 = |n: u64| -> String {
        let manifest = fs::read_to_string(world.path(&landed(n))).unwrap();
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        manifest["sha256"].as_str().unwrap().to_owned()
    };
    world.edit(&landed(3), &sha256(3), &sha256(1));
    assert_eq!(failed(&world), ["deliveries"]);
    assert!(told(&world).contains("`G99.01/dossier/00000003` was judged from other bytes"));
    fs::remove_file(world.path(&landed(2))).unwrap();
    assert_eq!(failed(&world), ["deliveries"]);
    let told = told(&world);
    assert!(told.contains("`G99.01/dossier/00000002` is judged, and its manifest"), "{told}");
    assert!(told.contains("`G99.01/dossier` has no delivery 2"), "{told}");
}

#[test]
fn a_release_or_a_copy_that_is_gone_is_told() {
    let world = three_releases();
    let copy = world.path("warehouse/publish/indicators.parquet");
    let bytes = fs::read(&copy).unwrap();
    fs::remove_file(&copy).unwrap();
    assert_eq!(failed(&world), ["releases"]);
    assert!(told(&world).contains("`publish/indicators.parquet` is missing"));
    // A run puts it back, and what is not whole as well.
    world.run(0);
    assert_eq!(fs::read(&copy).unwrap(), bytes);
    fs::write(&copy, "x").unwrap();
    world.run(0);
    assert_eq!(fs::read(&copy).unwrap(), bytes);
    // Other bytes of the same size only the verification sees.
    let mut others = bytes.clone();
    *others.last_mut().unwrap() ^= 1;
    fs::write(&copy, &others).unwrap();
    assert_eq!(failed(&world), ["releases"]);
    assert!(told(&world).contains("`publish/indicators.parquet` is not what release 3"));
    fs::write(copy, bytes).unwrap();
    for number in [2, 3] {
        let release = world.path(&format!("warehouse/releases/{number:08}.json"));
        let bytes = fs::read(&release).unwrap();
        fs::remove_file(&release).unwrap();
        assert_eq!(failed(&world), ["releases"]);
        assert!(told(&world).contains(&format!("release {number} is missing")));
        fs::write(release, bytes).unwrap();
    }
    assert_eq!(failed(&world), Vec::<String>::new());
}

#[test]
fn what_stands_beside_the_numbers_is_counted_again() {
    let world = three_releases();
    let file = files(&world, "completeness").pop().unwrap();
    rewrite(&world, &file, "received", |_, flags| {
        Arc::new(arrow::compute::not(flags.as_boolean()).unwrap())
    });
    // The release is given the new size, or nobody could read the file.
    let release = world.path("warehouse/releases/00000003.json");
    let mut about: Value = serde_json::from_slice(&fs::read(&release).unwrap()).unwrap();
    about["files"]["completeness"]["size_bytes"] = fs::metadata(&file).unwrap().len().into();
    fs::write(release, about.to_string()).unwrap();
    assert!(failed(&world).contains(&"numbers".to_owned()));
    let told = told(&world);
    assert!(told.contains("`completeness` is not what the ledger comes to"), "{told}");
}

#[test]
fn a_file_that_nothing_refers_to_is_counted_and_is_no_fault() {
    let world = one_delivery();
    assert!(told(&world).contains("0 left over"), "{}", told(&world));
    world.write("warehouse/dossiers/cell_month=2020-01/bucket=0/stray.parquet", "stray");
    assert_eq!(failed(&world), Vec::<String>::new());
    assert!(told(&world).contains("1 left over"), "{}", told(&world));
}
