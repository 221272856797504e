//! Marks and notes: what is accepted and told all the same.

use std::fmt::Write as _;

use super::feeds::{PORTAL, told, world};
use super::world::World;

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
