//! A pipeline whose definitions or reference data change: what is counted anew, what is published,
//! and what `hoso verify` makes of the release before.

use std::fs;
use std::path::PathBuf;

use arrow::array::{AsArray as _, RecordBatch};

use super::tamper::{files, one_more, rewrite};
use super::verify::{failed, one_delivery, told};

#[test]
fn a_new_measure_is_counted_alone_and_a_changed_one_again() {
    let world = one_delivery();
    let january = || {
        let is_january = |path: &PathBuf| path.to_str().unwrap().contains("2020-01");
        files(&world, "measures").into_iter().filter(is_january).collect::<Vec<_>>()
    };
    let before = january();
    let is_of = |rows: &RecordBatch, measure: &str| {
        let names = rows.column_by_name("measure").unwrap().as_string::<i32>().clone();
        let measure = measure.to_owned();
        move |row: usize| names.value(row) == measure
    };
    rewrite(&world, &before[0], "value", |rows, values| one_more(values, is_of(rows, "received")));
    // What was counted by the same definition is taken over, right or wrong.
    let early = "[measure.early]\non = 'completed_on'\nwhere = 'completed_on < due_on'\n\n";
    world.edit("indicators.toml", "[measure.open]", &format!("{early}[measure.open]"));
    world.run(0);
    assert_eq!(failed(&world), ["numbers", "measures"]);
    let sums = "SELECT measure, SUM(value) AS n FROM measures WHERE measure IN \
        ('early', 'received', 'resolved') GROUP BY measure ORDER BY measure";
    insta::assert_snapshot!(world.query(sums), @"
    measure,n
    early,1
    received,3
    resolved,1
    ");
    world.edit("indicators.toml", "\"status <> 'new'\"", "\"status <> 'refused'\"");
    world.run(0);
    insta::assert_snapshot!(world.query(sums), @"
    measure,n
    early,1
    received,2
    resolved,1
    ");
    assert_eq!(failed(&world), Vec::<String>::new());
}

#[test]
fn measures_that_cannot_be_read_are_counted_again_when_one_changes() {
    let world = one_delivery();
    for file in files(&world, "measures") {
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    }
    world.edit("indicators.toml", "completed_on <= due_on", "completed_on > due_on");
    let ran = world.run(0);
    assert!(ran.stderr.contains("measures counted anew"), "{ran}");
    assert!(ran.stderr.contains("published release 2"), "{ran}");
    assert_eq!(failed(&world), Vec::<String>::new());
}

#[test]
fn numbers_that_another_pipeline_makes_otherwise_are_told_with_the_reason() {
    let world = one_delivery();
    world.edit("services.csv", "G99.01,full,", "G99.01,information,");
    assert_eq!(failed(&world), ["numbers", "measures"]);
    assert!(told(&world).contains("made with other reference data"), "{}", told(&world));
    world.edit("indicators.toml", "en = \"Dossiers open\"", "en = \"Open\"");
    assert!(told(&world).contains("other definitions and reference data"), "{}", told(&world));
    world.run(0);
    assert_eq!(failed(&world), Vec::<String>::new());
}

#[test]
fn a_measure_that_no_indicator_reads_leaves_the_release_standing_and_verified() {
    let world = one_delivery();
    world.edit("indicators.toml", "[measure.received]", "[measure.early]\non = \"completed_on\"\nwhere = \"completed_on < due_on\"\n\n[measure.received]");
    assert_eq!(failed(&world), Vec::<String>::new());
    assert!(world.run(0).stderr.contains("no_new_data: release 1 stands"));
    assert_eq!(failed(&world), Vec::<String>::new());
}

#[test]
fn a_target_or_break_that_changes_is_published_though_no_figure_differs() {
    let world = one_delivery();
    let broken = "[break.portal]\non = 2020-01-15\n\
                  what = { vi = \"Cổng mới\", en = \"A new portal\" }\n\n[measure.received]";
    let edits = [("value = 20.0", "value = 30.0"), ("[measure.received]", broken)];
    for (release, (from, to)) in (2..).zip(edits) {
        world.edit("indicators.toml", from, to);
        assert_eq!(failed(&world), ["numbers"]);
        let ran = world.run(0);
        assert!(ran.stderr.contains(&format!("published release {release}: 0 rows")), "{ran}");
        assert_eq!(failed(&world), Vec::<String>::new());
        let ran = world.run(0);
        assert!(ran.stderr.contains(&format!("release {release} stands")), "{ran}");
    }
}

#[test]
fn days_that_were_told_by_another_offset_are_outdated() {
    let world = one_delivery();
    assert!(!world.hoso(&["plan"]).stdout.contains("judged by another profile"));
    world.edit("pipeline.toml", "+07:00", "+00:00");
    let planned = world.hoso(&["plan"]).stdout;
    assert!(planned.contains("judged by another profile"), "{planned}");
    assert!(world.run(0).stderr.contains("no_new_data"));
}
