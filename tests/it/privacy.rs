//! What is open tells of no dossier and of no small number; the warehouse stays exact.

use super::world::{World, python};

const OF_UNITS: &str = "SELECT unit_code, period_end, numerator, status FROM indicators \
    WHERE indicator = 'received' AND scope = 'unit' AND period_kind = 'month' \
    AND numerator IS NOT NULL ORDER BY unit_code, period_end";

/// Drops two months of logs of both units: so many dossiers in January and in February.
fn drop_logs(world: &World, unit: usize, n_dossiers: [usize; 2]) {
    for (n_dossiers, month) in n_dossiers.into_iter().zip(1..) {
        let row = |n: usize| {
            let number = format!("G99.0{unit}-20{month:02}10-{n:04}");
            format!("{number}|1.00000{unit}|10/{month:02}/2020|||Đang xử lý|Trực tiếp|\n")
        };
        let rows: String = (1..=n_dossiers).map(row).collect();
        world.log(&format!("u{unit}/2020-{month:02}.csv"), &rows);
    }
}

#[test]
fn open_copies_hide_small_cells_and_dossier_numbers() {
    let world = World::small();
    world.edit("pipeline.toml", "since =", "suppress_below = 3\nsince =");
    drop_logs(&world, 1, [2, 4]);
    drop_logs(&world, 2, [5, 5]);
    world.run(0);
    let store = world.path("warehouse");
    let open = python(&["tests/open_copies.py", store.to_str().unwrap(), "received"]);
    // January of the first unit is small, so both are told by year only.
    insta::assert_snapshot!(open, @"
    G99.01 month 2020-02-01 None None None suppressed
    G99.01 month 2020-03-01 None None None suppressed
    G99.01 month 2020-04-01 None None None missing
    G99.01 year 2020-04-01 6 6.0 None value
    G99.02 month 2020-02-01 None None None suppressed
    G99.02 month 2020-03-01 None None None suppressed
    G99.02 month 2020-04-01 None None None missing
    G99.02 year 2020-04-01 10 10.0 None value
    ministry month 2020-02-01 7 7.0 None value
    ministry month 2020-03-01 9 9.0 7.0 value
    ministry month 2020-04-01 None None 9.0 missing
    ministry year 2020-04-01 16 16.0 None value
    revisions tell of ministry
    revisions of units are missing suppressed
    dossiers hold 16 numbers
    about.json holds 0 numbers
    completeness.parquet holds 0 numbers
    indicators.parquet holds 0 numbers
    revisions.parquet holds 0 numbers
    trends.parquet holds 0 numbers
    ");
    insta::assert_snapshot!(world.query(OF_UNITS), @"
    unit_code,period_end,numerator,status
    G99.01,2020-02-01,2,value
    G99.01,2020-03-01,4,value
    G99.02,2020-02-01,5,value
    G99.02,2020-03-01,5,value
    ");
    let shown = world.hoso(&["show", "received", "--unit", "G99.01", "--period", "month"]);
    assert!(shown.stdout.contains("2020-01-01 to 2020-01-31          2"), "{shown}");
    assert!(world.run(0).stderr.contains("no_new_data"));
}

#[test]
fn a_threshold_that_is_set_later_holds_from_the_next_run_on() {
    let world = World::small();
    world.log("u1/2020-01.csv", "G99.01-200110-0001|1.000001|10/01/2020|||Đang xử lý|Trực tiếp|");
    world.run(0);
    let copy = || std::fs::read(world.path("warehouse/publish/indicators.parquet")).unwrap();
    let before = copy();
    world.edit("pipeline.toml", "since =", "suppress_below = 3\nsince =");
    assert!(world.run(0).stderr.contains("no_new_data"));
    assert!(copy() != before, "the copies are written anew");
}

#[test]
fn a_threshold_that_hides_nothing_is_a_fault_of_the_pipeline() {
    let world = World::small();
    world.edit("pipeline.toml", "since =", "suppress_below = 1\nsince =");
    let ran = world.hoso(&["check"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(ran.stderr.contains("`suppress_below` must be at least 2"), "{ran}");
}
