//! Python reads every table with `deltalake`, `polars` and `duckdb`, as it is and as it was.

use super::world::{World, python, root};

#[test]
fn python_reads_every_table_now_and_at_an_earlier_version() {
    let world = World::small();
    world.log(
        "u1/2020-01.csv",
        "G99.01-200110-0001|1.000001|10/01/2020|||Đang xử lý|Trực tiếp|\n|||||||",
    );
    world.run(0);
    world.log(
        "u1/2020-02.csv",
        "G99.01-200203-0001|1.000001|03/02/2020|||Đang xử lý|Trực tiếp|\n|||||||",
    );
    world.run(0);
    let printed = python(&["tests/readers.py", world.path("warehouse").to_str().unwrap()]);
    insta::assert_snapshot!(printed, @"
    deliveries version 1: 1 rows
    deliveries version newest: 2 rows
    dossiers version 1: 1 rows
    dossiers version newest: 2 rows
    quarantine version 1: 1 rows
    quarantine version newest: 2 rows
    measures version 1: 6 rows
    measures version newest: 8 rows
    completeness version 1: 6 rows
    completeness version newest: 6 rows
    indicators version 1: 336 rows
    indicators version newest: 336 rows
    revisions version 1: 336 rows
    revisions version newest: 400 rows
    [('G99.01-200110-0001', '2020-01', 'processing', datetime.date(2020, 1, 10)), ('G99.01-200203-0001', '2020-02', 'processing', datetime.date(2020, 2, 3))]
    True
    ");
}

#[test]
fn what_commands_write_as_json_is_as_the_schemas_say() {
    let world = World::small();
    world.log(
        "u1/2020-01.csv",
        "G99.01-200110-0001|1.000001|10/01/2020|||Đang xử lý|Trực tiếp|\n|||||||",
    );
    world.write("in/u1/2020-02.csv", "");
    world.write("out/.keep", "");
    let ran = world.hoso(&["run", "--report", "out/run-report.json"]);
    assert_eq!(ran.code, 6, "{ran}");
    let commands: [(&str, &[&str]); 11] = [
        ("show", &["show", "received", "--json"]),
        ("catalogue", &["show", "--json"]),
        ("explain", &["explain", "received", "--json"]),
        ("status", &["status", "--json"]),
        ("quarantine-export", &["quarantine", "export", "--unit", "G99.01", "--json"]),
        ("quarantine-list", &["quarantine", "list", "--json"]),
        ("quarantine-unmatched", &["quarantine", "unmatched", "--json"]),
        ("quarantine-show", &["quarantine", "show", "G99.01/dossier/00000001#2", "--json"]),
        ("verify", &["verify", "--json"]),
        ("maintain", &["maintain", "--json"]),
        ("plan", &["plan", "--json"]),
    ];
    for (name, args) in commands {
        let ran = world.hoso(args);
        assert_eq!(ran.code, 0, "{ran}");
        world.write(&format!("out/{name}.json"), ran.stdout);
    }
    let schemas = root().join("docs/schemas");
    let out = world.path("out");
    let checked = python(&["tests/schemas.py", schemas.to_str().unwrap(), out.to_str().unwrap()]);
    insta::assert_snapshot!(checked, @"
    catalogue
    explain
    maintain
    plan
    quarantine-export
    quarantine-list
    quarantine-show
    quarantine-unmatched
    run-report
    show
    status
    verify
    ");
}
