//! Python reads every table with `deltalake`, `polars` and `duckdb`, as it is and as it was.

use std::process::Command;

use super::world::{World, root};

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
    let python = std::env::var("HOSO_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(&python)
        .arg(root().join("tests/readers.py"))
        .arg(world.path("warehouse"))
        .output()
        .unwrap();
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success(),
        "{python}: run `scripts/test`, which installs it\n{stdout}\n{stderr}"
    );
    insta::assert_snapshot!(stdout, @"
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
