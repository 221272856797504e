//! Form II.06a: figures that cannot be read, or that no number holds, are told and not kept.

use insta::assert_snapshot;

use super::world::{World, root};

const HEAD: &str = "STT,Lĩnh vực,Tiếp nhận,,,,Giải quyết,,,,Đang giải quyết,,\n\
    ,,Tổng số,Trực tuyến,\"Trực tiếp, bưu chính\",Từ kỳ trước,Tổng số,Trước hạn,Đúng hạn,\
    Quá hạn,Tổng số,Trong hạn,Quá hạn\n";

/// A world of the form's feed alone, with these rows in a form.
fn form(rows: &str) -> World {
    let world = World::small();
    world.overlay("feeds");
    for folder in ["case", "payments", "parcels", "portal", "registry"] {
        std::fs::create_dir_all(world.path("in").join(folder)).unwrap();
    }
    world.write("in/form/bieu-2020-01.csv", format!("{HEAD}{rows}"));
    world
}

/// What a run notes of the form, and how its figures differ from the log, which is empty.
fn told(world: &World) -> String {
    let ran = world.run(0);
    let is_of_form = |line: &&str| line.starts_with("note") || line.starts_with("control");
    let lines = ran.stderr.lines().filter(is_of_form);
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_figure_that_cannot_be_read_is_told_and_not_kept() {
    let world = form(
        "1,Một,4,2,1,1,hai,1,0,0,2,2,0\n2,Hai,1,1,0,0,-,0,0,0,0,0,0\nTổng cộng,,5,3,1,1,2,1,0,0,2,2,0\n",
    );
    let told = told(&world);
    let note = "note: G99.01 control: form II.06a: 2 cells of `resolved` are not whole numbers; the figure is not kept";
    assert!(told.contains(note), "{told}");
    assert!(!told.contains("`resolved` is"), "{told}");
    assert!(told.contains("`open` is 0 by its log, 2 by its form"), "{told}");
}

#[test]
fn an_absurd_number_in_a_form_stops_no_run() {
    let world = form(
        "1,Một,9223372036854775807,2,1,1,2,1,0,0,2,2,0\n2,Hai,9223372036854775807,1,0,0,0,0,0,0,0,0,0\n",
    );
    let told = told(&world);
    assert!(told.contains("2 cells of `handled` are not whole numbers"), "{told}");
}

#[test]
fn figures_that_come_to_more_than_a_number_holds_are_told_and_not_kept() {
    let row = "1,Một,1,1000000000000000,1000000000000000,1,1,1,1,1,1,1,1\n";
    let world = form(&row.repeat(9_000));
    let told = told(&world);
    let note = "of `handled`, its parts come to more than can be counted";
    assert!(told.contains(note), "{told}");
    let world = form(&row.repeat(9_300));
    let told = self::told(&world);
    let note = "of `received_online`, its rows come to more than can be counted";
    assert!(told.contains(note), "{told}");
    assert!(told.contains("`open` is 0 by its log, 9300 by its form"), "{told}");
}

/// A dossier late, one open past due and one withdrawn, of which a unit's form tells better.
#[test]
fn each_column_of_a_form_is_held_against_what_the_catalogue_computes_from_the_log() {
    let world = form("1,Một,3,0,3,0,2,0,2,0,1,1,0\n");
    let catalogue = std::fs::read(root().join("pipelines/ministry/indicators.toml")).unwrap();
    world.write("indicators.toml", catalogue);
    world.write(
        "in/case/2020-01.csv",
        "number,procedure,applicant,tax code,received,due,completed,status,fee,digitised,updated\n\
         G99.01-200105-0001,1.000002,citizen,,2020-01-05,2020-01-10,2020-01-15,completed,0,,\n\
         G99.01-200106-0002,1.000002,citizen,,2020-01-06,2020-01-13,,processing,0,,\n\
         G99.01-200107-0003,1.000002,citizen,,2020-01-07,2020-01-20,2020-01-08,withdrawn,0,,\n",
    );
    assert_snapshot!(told(&world), @"
    control: G99.01 2020-01-01 to 2020-02-01: `late` is 1 by its log, 0 by its form
    control: G99.01 2020-01-01 to 2020-02-01: `open_in_term` is 0 by its log, 1 by its form
    control: G99.01 2020-01-01 to 2020-02-01: `overdue` is 1 by its log, 0 by its form
    control: G99.01 2020-01-01 to 2020-02-01: `resolved_on_time` is 1 by its log, 2 by its form
    ");
}

#[test]
fn what_was_carried_over_is_explained_by_the_dossiers_that_were_open_then() {
    let world = World::small();
    let catalogue = std::fs::read(root().join("pipelines/ministry/indicators.toml")).unwrap();
    world.write("indicators.toml", catalogue);
    world.log(
        "u1/2020-01.csv",
        "G99.01-200105-0001 | 1.000001 | 05/01/2020 | 10/03/2020 | 15/02/2020 | Đã xong | Trực tuyến |
         G99.01-200106-0002 | 1.000001 | 06/01/2020 | 13/03/2020 | 20/01/2020 | Đã xong | Trực tiếp |",
    );
    world.log(
        "u1/2020-02.csv",
        "G99.01-200207-0003 | 1.000001 | 07/02/2020 | 20/03/2020 | | Đang xử lý | Trực tiếp |",
    );
    let unit = ["--unit", "G99.01", "--period", "2020-02"];
    world.run(0);
    let ran = world.hoso(&[&["explain", "form_handled"][..], &unit].concat());
    let told: Vec<&str> = ran.stdout.lines().skip(3).take(9).collect();
    assert_snapshot!(told.join("\n"), @"
    numerator form_received_online + form_received_other + at_start(form_open)
      form_open: dossiers at the beginning, from received_on until ended_on, where status <> 'new'
      form_received_online: dossiers by received_on, where status <> 'new' AND channel = 'online'
      form_received_other: dossiers by received_on, where status <> 'new' AND channel <> 'online'
    by procedure
      1.000001: 2
    by delivery, each dossier under the last that tells of it
      G99.01/dossier/00000001 `2020-01.csv`: 1
      G99.01/dossier/00000002 `2020-02.csv`: 1
    ");
}
