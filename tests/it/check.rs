//! `hoso check` reports every fault at once, and an invalid pipeline touches nothing.

use insta::assert_snapshot;

use super::world::World;

#[test]
#[expect(clippy::too_many_lines, reason = "a snapshot is read in its place")]
fn every_fault_is_told_at_once_with_its_place_and_a_hint() {
    let world = World::small();
    world.edit("pipeline.toml", "since = 2020-01-01", "sinse = 2020-01-01");
    world.edit("pipeline.toml", "\"received\"", "\"recieved\"");
    world.edit("units.csv", "G99.02,Cục Hai", "G99.01,Cục Hai");
    world.edit("services.csv", "G99.02,partial", "G99.02,partly");
    world.edit(
        "profiles/list.toml",
        "required = [\"Mã hồ sơ\", \"Ngày tiếp nhận\"",
        "required = [\"Mã hồ sơ\", \"Ngày tiêp nhận\"",
    );
    world.edit("profiles/list.toml", "%d/%m/%Y %H:%M", "%d/%m/%Q");
    world.edit("feeds/u1.toml", "profile = \"list\"", "profile = \"lst\"");
    world.edit("indicators.toml", "channel = 'online'", "chanel = 'online'");
    world.edit("indicators.toml", "'partial', 'full'", "'partial', 'ful'");
    world.edit("indicators.toml", "completed_on <= due_on", "completed_on <= 3");
    let ran = world.hoso(&["check"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert_snapshot!(ran.stderr, @r#"
    error: unknown profile `lst`
     --> ./feeds/u1.toml:3:11
      |
    3 | profile = "lst"
      |           ^^^^^
      |
      = help: did you mean `list`?

    error: unknown unit `G99.02`
     --> ./feeds/u2.toml:1:8
      |
    1 | unit = "G99.02"
      |        ^^^^^^^^
      |
      = help: did you mean `G99.01`?

    error: unknown column `chanel`
      --> ./indicators.toml:11:35
       |
    11 | where = "status = 'completed' AND chanel = 'online' AND service_level IN ('partial', 'ful')"
       |                                   ^^^^^^
       |
       = help: did you mean `channel`?

    error: expected a day, found a whole number
      --> ./indicators.toml:15:9
       |
    15 | where = "status = 'completed' AND completed_on <= 3"
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: `ful` is not in the column's list
      --> ./indicators.toml:37:40
       |
    37 | where = "service_level IN ('partial', 'ful')"
       |                                        ^^^
       |
       = help: did you mean `full`?

    error: missing key `since`
     --> ./pipeline.toml:1:1
      |
    1 | # Two invented units for the tests.
      | ^

    error: unknown key `sinse`
     --> ./pipeline.toml:5:1
      |
    5 | sinse = 2020-01-01
      | ^^^^^
      |
      = help: did you mean `since`?

    error: `%d/%m/%Q` is not a date form
     --> ./profiles/list.toml:4:10
      |
    4 | dates = ["%d/%m/%Q", "%d/%m/%Y"]
      |          ^^^^^^^^^^
      |
      = help: strftime forms such as %d/%m/%Y %H:%M

    error: unknown unit `G99.02`
     --> ./services.csv:4:56
      |
    4 | 1.000002,Cấp phép B,Permit B,F2,Lĩnh vực hai,Field two,G99.02,partly,false,50000,2020-03-01,false,10,citizen,2020-01-10,2019-01-01,
      |                                                        ^^^^^^
      |
      = help: did you mean `G99.01`?

    error: unknown level `partly`
     --> ./services.csv:4:63
      |
    4 | 1.000002,Cấp phép B,Permit B,F2,Lĩnh vực hai,Field two,G99.02,partly,false,50000,2020-03-01,false,10,citizen,2020-01-10,2019-01-01,
      |                                                               ^^^^^^
      |
      = help: one of: information, partial, full

    error: this unit is listed twice
     --> ./units.csv:4:1
      |
    4 | G99.01,Cục Hai,Second department,000.00.02.G99,G99,,,
      | ^^^^^^

    11 faults in the pipeline directory
    "#);
    assert_eq!(world.hoso(&["run"]).code, 3);
    assert!(!world.path("warehouse").exists(), "nothing is touched");
}

#[test]
fn a_constant_that_the_reference_data_does_not_know_is_a_fault() {
    let world = World::small();
    world.edit(
        "feeds/u1.toml",
        "expected",
        "constants = { procedure_code = \"1.00001\" }\nexpected",
    );
    let ran = world.hoso(&["check"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(ran.stderr.contains("procedure `1.00001` is not in `services.csv`"), "{ran}");
    assert!(ran.stderr.contains("did you mean `1.000001`?"), "{ran}");
}

#[test]
fn a_source_without_its_table_is_told_what_that_holds() {
    let world = World::small();
    world.edit("feeds/u1.toml", "../in/u1", "sftp://u@h/logs");
    let ran = world.hoso(&["check"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(ran.stderr.contains("missing table `[sftp]`"), "{ran}");
    assert!(ran.stderr.contains("it holds `known_hosts`, and `password` or `key`"), "{ran}");
}

#[test]
fn a_good_pipeline_is_told_in_one_line() {
    let ran = World::small().hoso(&["check"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_snapshot!(ran.stdout, @".: 3 units, 2 services, 2 feeds (2 expected), 8 measures, 6 indicators; no faults");
}

#[test]
fn a_misspelt_command_is_wrong_usage() {
    let ran = World::small().hoso(&["statsu"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("'status'"), "{ran}");
}
