//! Marks and notes: what is accepted and told all the same.

use std::fmt::Write as _;

use super::feeds::{PORTAL, told, world};
use super::world::{World, log};

#[test]
fn a_due_day_that_is_moved_is_marked_where_it_had_passed_on_the_local_day() {
    let world = World::small();
    let rows: String = [("0001", "21/01/2020 03:00"), ("0002", "20/01/2020 23:00")]
        .map(|(n, moved)| {
            let row = |due: &str, told: &str| {
                format!(
                    "G99.01-200110-{n}|1.000001|10/01/2020|{due}||Đang xử lý|Trực tiếp|{told}\n"
                )
            };
            row("20/01/2020", "15/01/2020 09:00") + &row("25/01/2020", moved)
        })
        .concat();
    world.log("u1/2020-01.csv", &rows);
    world.run(0);
    let dossiers = world.dossiers();
    assert_eq!(told(&dossiers, "200110-0001", &["marks"]), "marks [\"due_moved_after_due\"]");
    assert_eq!(told(&dossiers, "200110-0002", &["marks"]), "marks []");
}

#[test]
fn a_flag_that_never_changes_is_noted_once_there_are_enough_records() {
    for (flag, n_records, is_noted) in
        [("true", 50, true), ("false", 50, true), ("true", 49, false)]
    {
        let world = world();
        let mut log = "number,procedure,applicant,tax code,received,due,completed,status,fee,\
                       digitised,updated\n"
            .to_owned();
        for n in 0..n_records {
            let day = "2020-01-10";
            writeln!(log, "G99.01-200110-{n:04},1.000002,citizen,,{day},,,processing,0,{flag},")
                .unwrap();
        }
        world.write("in/case/2020-01.csv", log);
        let ran = world.run(0);
        let note = format!("`digitised` is {flag} in all 50 records");
        assert_eq!(ran.stderr.contains(&note), is_noted, "{ran}");
    }
}

#[test]
fn a_portal_that_tells_no_due_day_at_all_is_not_said_to_lack_one() {
    let world = world();
    world.edit("profiles/portal.toml", "portal_due_on = [\"due\"]\n", "");
    world.edit("profiles/portal.toml", "[columns]", "ignored = [\"due\"]\n\n[columns]");
    world.write("in/portal/2020-01.csv", PORTAL);
    world.run(0);
    let marks = told(&world.dossiers(), "200111-0002", &["marks"]);
    assert!(marks.contains("number_replaced"), "{marks}");
    assert!(!marks.contains("portal_end_without_due"), "{marks}");
}

/// Runs a log of the first unit for January, and returns what is noted of it.
fn noted(world: &World, log: &str) -> String {
    world.write("in/u1/2020-01.csv", log);
    let ran = world.hoso(&["run"]);
    // What belongs to another unit is a gap.
    let code = if ran.stderr.contains("are of other units") { 6 } else { 0 };
    assert_eq!(ran.code, code, "{ran}");
    let notes = ran.stderr.lines().filter(|line| line.starts_with("note: "));
    notes.map(|line| format!("{line}\n")).collect()
}

/// Five records of dossiers of an agency, received in a month and open.
fn five(agency: &str, month: u32) -> String {
    let row = |n: u32| {
        format!(
            "{agency}-20{month:02}1{n}-0001|1.000001|1{n}/{month:02}/2020|||Đang xử lý|Trực tiếp|\n"
        )
    };
    log(&(0..5).map(row).collect::<String>())
}

#[test]
fn a_heading_that_was_renamed_is_noted_with_what_is_lacking() {
    let january = five("G99.01", 1);
    assert_eq!(noted(&World::small(), &january), "");
    let renamed = january.replace("Ngày hẹn trả", "Hạn trả");
    insta::assert_snapshot!(noted(&World::small(), &renamed), @"note: G99.01 dossier: nothing is read from heading 6, and none is there for Ngày hẹn trả: was one renamed?");
    // Without another heading in its place nothing tells that it should be there.
    assert_eq!(noted(&World::small(), &january.replace("Ngày hẹn trả", "Người nộp")), "");
}

#[test]
fn a_key_that_was_renamed_is_noted_too() {
    let records = |due: &str| {
        let record = |n| {
            format!(
                r#"{{"Mã hồ sơ": "G99.01-200110-000{n}", "Ngày tiếp nhận": "10/01/2020",
                    "{due}": "20/01/2020", "Ngày có kết quả": null, "Trạng thái": "Đang xử lý",
                    "Mã TTHC": "1.000001", "Hình thức nộp": "Trực tiếp", "Cập nhật": ""}}"#
            )
        };
        (1..6).map(record).collect::<String>()
    };
    assert_eq!(noted(&World::small(), &records("Ngày hẹn trả")), "");
    insta::assert_snapshot!(noted(&World::small(), &records("Hạn trả")), @"note: G99.01 dossier: nothing is read from heading 3, and none is there for Ngày hẹn trả: was one renamed?");
}

#[test]
fn numbers_that_have_not_the_national_form_are_noted() {
    let log = five("G99.01", 1);
    let log = log.replacen("-0001,", "/0001,", 2);
    insta::assert_snapshot!(noted(&World::small(), &log), @"note: G99.01 dossier: 2 of 5 dossier numbers have not the national form (agency-yymmdd-number): one that is written in another way is another dossier");
    let world = World::small();
    world.edit("profiles/list.toml", "\"national\"", "\"unit\"");
    assert_eq!(noted(&world, &log), "");
}

#[test]
fn a_log_with_the_numbers_of_another_unit_is_noted() {
    insta::assert_snapshot!(noted(&World::small(), &five("G99.02", 1)), @"note: G99.01 dossier: 5 of 5 dossier numbers are of other units, as of G99.02: is it the log of another unit?");
    insta::assert_snapshot!(noted(&World::small(), &five("000.00.02.G99", 1)), @"note: G99.01 dossier: 5 of 5 dossier numbers are of other units, as of G99.02: is it the log of another unit?");
    // The ministry's own numbers, and those of no known unit.
    assert_eq!(noted(&World::small(), &five("G99", 1)), "");
    assert_eq!(noted(&World::small(), &five("G98.07", 1)), "");
    // A log of the whole ministry tells of its units.
    let world = World::small();
    world.edit("feeds/u1.toml", "G99.01", "G99");
    assert_eq!(noted(&world, &five("G99.02", 1)), "");
    // A unit may go on with what its predecessor began.
    let world = World::small();
    world.edit(
        "units.csv",
        "First department,000.00.01.G99,G99,,",
        "First department,,G99,G99.02,",
    );
    assert_eq!(noted(&world, &five("G99.02", 1)), "");
}

#[test]
fn a_log_without_a_day_of_its_period_is_noted() {
    insta::assert_snapshot!(noted(&World::small(), &five("G99.01", 2)), @"note: G99.01 dossier: none of 5 records was received or completed from 2020-01-01 to 2020-01-31, which it reports on: is it another period's?");
    // What was received before and is resolved in the period belongs there.
    let resolved = five("G99.01", 2).replace(",Đang xử lý", "09/01/2020,Đã xong");
    assert!(!noted(&World::small(), &resolved).contains("reports on"));
}

#[test]
fn days_that_have_not_come_are_noted() {
    let row = |year: u32| five("G99.01", 1).replacen("/01/2020", &format!("/01/{year}"), 1);
    insta::assert_snapshot!(noted(&World::small(), &row(2099)), @"note: G99.01 dossier: 1 records tell of days after the one on which they landed, the last 2099-01-10");
    let world = World::small();
    world.write("in/u1/2020-01.csv", row(1920));
    world.run(0);
    let listed = world.hoso(&["quarantine", "list"]).stdout;
    assert!(listed.contains(" impossible_day ") && listed.contains("1 rejected"), "{listed}");
}
