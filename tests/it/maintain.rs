//! `hoso maintain` takes raw bytes away once they were kept long enough, and no others.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::world::World;

const JANUARY: &str = "\
    G99.01-200110-0001|1.000001|10/01/2020|20/01/2020|15/01/2020|Đã xong|Trực tuyến|15/01/2020 09:00
    G99.01-200111-0001|1.000001|11/01/2020|20/01/2020||Đang xử lý|Trực tiếp|11/01/2020 09:00";
const FEBRUARY: &str = "\
    G99.01-200203-0001|1.000001|03/02/2020|20/02/2020|10/02/2020|Đã xong|Trực tuyến|10/02/2020 09:00";

/// A store of two deliveries, of a pipeline that keeps raw bytes for thirty days.
fn two_deliveries() -> World {
    let world = World::small();
    world.edit("pipeline.toml", "since =", "raw_retention_days = 30\nsince =");
    world.log("u1/2020-01.csv", JANUARY).log("u1/2020-02.csv", FEBRUARY);
    world.run(0);
    world
}

fn manifest(n: u64) -> String {
    format!("warehouse/landed/G99.01/dossier/{n:08}.json")
}

fn read(world: &World, n: u64) -> Value {
    serde_json::from_slice(&fs::read(world.path(&manifest(n))).unwrap()).unwrap()
}

/// Lets a manifest say when its delivery landed.
pub(super) fn land_at(world: &World, n: u64, moment: Option<&str>) {
    let mut changed = read(world, n);
    assert!(changed["landed_at"].is_string(), "{changed}");
    changed["landed_at"] = moment.into();
    world.write(&manifest(n), format!("{changed:#}"));
}

/// Returns where the raw bytes of a delivery lie.
fn raw(world: &World, n: u64) -> PathBuf {
    let sha256 = read(world, n)["sha256"].as_str().unwrap().to_owned();
    world.path(&format!("warehouse/raw/{sha256}.zst"))
}

fn maintain(world: &World, args: &[&str]) -> String {
    let ran = world.hoso(&[&["maintain"], args].concat());
    assert_eq!(ran.code, 0, "{ran}");
    ran.stdout
}

const NOTHING: &str = "raw bytes: 2 kept, 0 expired, 0 left over; 0 bytes freed\n";

#[test]
fn raw_bytes_go_once_they_were_kept_long_enough_and_nothing_else_does() {
    let world = two_deliveries();
    let dossiers = world.dossiers();
    assert_eq!(maintain(&world, &[]), NOTHING);
    let (old, new) = (raw(&world, 1), raw(&world, 2));
    land_at(&world, 1, Some("2020-03-01T00:00:00Z"));
    let size = fs::metadata(&old).unwrap().len();
    let told = format!("raw bytes: 1 kept, 1 expired, 0 left over; {size} bytes");
    assert_eq!(maintain(&world, &["--dry-run"]), format!("{told} would be freed\n"));
    assert!(old.exists());
    assert_eq!(maintain(&world, &[]), format!("{told} freed\n"));
    assert!(!old.exists() && new.exists());

    assert!(world.run(0).stderr.contains("no_new_data"));
    assert!(!old.exists());
    assert_eq!(world.dossiers(), dossiers);
    let verified = world.hoso(&["verify"]);
    assert_eq!(verified.code, 0, "{verified}");
    assert!(verified.stdout.contains("2 objects, 1 expired"), "{verified}");
    let again = maintain(&world, &[]);
    assert!(again.starts_with("raw bytes: 1 kept, 0 expired"), "{again}");
}

#[test]
fn bytes_that_any_delivery_still_needs_are_kept() {
    let world = two_deliveries();
    land_at(&world, 1, Some("2020-03-01T00:00:00Z"));
    let bytes = raw(&world, 1);
    // The same bytes landed again, long ago, and are not judged yet.
    fs::copy(world.path(&manifest(1)), world.path(&manifest(3))).unwrap();
    assert_eq!(maintain(&world, &[]), NOTHING);
    // Judged, but landed not long ago.
    fs::remove_file(world.path(&manifest(3))).unwrap();
    let recent = read(&world, 2)["landed_at"].as_str().unwrap().to_owned();
    land_at(&world, 1, Some(&recent));
    assert_eq!(maintain(&world, &[]), NOTHING);
    // Nobody knows when they landed.
    land_at(&world, 1, None);
    let told = maintain(&world, &[]);
    assert!(told.contains("2 kept, 0 expired"), "{told}");
    assert!(told.contains("1 are kept because a manifest does not say when it landed"), "{told}");
    assert!(bytes.exists());
}

#[test]
fn without_a_retention_raw_bytes_are_kept_for_ever() {
    let world = two_deliveries();
    land_at(&world, 1, Some("2020-03-01T00:00:00Z"));
    world.edit("pipeline.toml", "raw_retention_days = 30\n", "");
    let told = maintain(&world, &[]);
    assert!(told.starts_with(NOTHING) && told.contains("none expire"), "{told}");
    assert!(raw(&world, 1).exists());
}

#[test]
fn what_a_stopped_run_left_goes_after_a_day_but_nothing_that_is_named() {
    let world = two_deliveries();
    let left = world.path(&format!("warehouse/raw/{}.zst", "0".repeat(64)));
    fs::write(&left, b"left").unwrap();
    let told = maintain(&world, &[]);
    assert!(told.contains("3 kept, 0 expired, 0 left over"), "a run may still name it: {told}");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 50);
    let lost = raw(&world, 2);
    fs::remove_file(world.path(&manifest(2))).unwrap();
    for path in [&left, &lost] {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    let told = maintain(&world, &[]);
    assert!(told.contains("2 kept, 0 expired, 1 left over; 4 bytes freed"), "{told}");
    assert!(!left.exists());
    assert!(lost.exists(), "the ledger names them, though their manifest is gone");
}

#[test]
fn the_store_of_another_pipeline_is_left_alone() {
    let world = two_deliveries();
    land_at(&world, 1, Some("2020-03-01T00:00:00Z"));
    world.edit("pipeline.toml", "name = \"small\"", "name = \"other\"");
    let ran = world.hoso(&["maintain"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(raw(&world, 1).exists());
}

#[test]
fn a_retention_of_no_days_is_a_fault_of_the_pipeline() {
    let world = World::small();
    world.edit("pipeline.toml", "since =", "raw_retention_days = 0\nsince =");
    let ran = world.hoso(&["check"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(ran.stderr.contains("`raw_retention_days` must be at least 1"), "{ran}");
}
