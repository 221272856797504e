//! What a run is asked to pull: a period, or what fills a gap.

use super::world::World;

fn row(month: &str) -> String {
    format!("G99.01-20{month}10-0001 | 1.000001 | 10/{month}/2020 | | | Đang xử lý | Trực tiếp |")
}

fn landed(world: &World) -> String {
    world.query("SELECT name FROM deliveries ORDER BY name").replace('\n', " ")
}

fn with_three_months() -> World {
    let world = World::small();
    for month in ["01", "02", "03"] {
        world.log(&format!("u1/2020-{month}.csv"), &row(month));
    }
    world
}

#[test]
fn a_period_is_pulled_alone() {
    let world = with_three_months();
    let ran = world.hoso(&["run", "--from", "2020-02-01", "--to", "2020-03-01"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(landed(&world), "name 2020-02.csv ");
    world.run(0);
    assert_eq!(landed(&world), "name 2020-01.csv 2020-02.csv 2020-03.csv ");
}

#[test]
fn gaps_are_filled_and_nothing_else_is_pulled() {
    let world = with_three_months();
    world.hoso(&["run", "--from", "2020-02-01", "--to", "2020-03-01"]);
    // A correction of what is there fills no gap.
    world.log("u1/2020-02.csv", &row("02").replace("Trực tiếp", "Trực tuyến"));
    std::fs::remove_file(world.path("in/u1/2020-03.csv")).unwrap();
    let ran = world.hoso(&["run", "--missing"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(landed(&world), "name 2020-01.csv 2020-02.csv ");
    assert!(ran.stderr.contains("missing: G99.01 dossier: 2020-03\n"), "{ran}");
    assert!(ran.stderr.contains("missing: G99.02 dossier: 2020-01, 2020-02, 2020-03"), "{ran}");
}

#[test]
fn a_period_that_is_none_is_told() {
    let world = with_three_months();
    let ran = world.hoso(&["run", "--from", "2020-03-01", "--to", "2020-02-01"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("--from 2020-03-01 must lie before --to 2020-02-01"), "{ran}");
    assert_eq!(world.hoso(&["run", "--from", "2020-03-01"]).code, 2);
}

#[test]
fn the_share_of_reports_received_is_an_indicator() {
    let world = World::small();
    let indicators = std::fs::read_to_string(world.path("indicators.toml")).unwrap();
    let reports = "
[measure.reports_expected]
of = \"reports\"
on = \"period_start\"
where = \"expected\"

[measure.reports_received]
of = \"reports\"
on = \"period_start\"
where = \"expected AND received\"

[indicator.reporting_rate]
name = { vi = \"Báo cáo\", en = \"Reports received\" }
numerator = \"reports_received\"
denominator = \"reports_expected\"
unit = \"percent\"
better = \"higher\"
version = 1
";
    world.write("indicators.toml", format!("{indicators}{reports}"));
    world.log("u1/2020-01.csv", &row("01"));
    world.log("u1/2020-02.csv", &row("02"));
    world.run(0);
    let rates = world.query(
        "SELECT COALESCE(unit_code, scope) AS whose, numerator, denominator, status \
         FROM indicators WHERE indicator = 'reporting_rate' AND period_kind = 'quarter' \
         AND scope IN ('ministry', 'unit') ORDER BY whose",
    );
    insta::assert_snapshot!(rates, @"
    whose,numerator,denominator,status
    G99.01,2,3,value
    G99.02,0,3,value
    ministry,2,6,value
    ");
}

#[test]
fn what_lies_there_of_a_feed_that_is_gone_is_told_at_every_run() {
    let world = World::small();
    for unit in ["1", "2"] {
        let row =
            format!("G99.0{unit}-200110-0001|1.00000{unit}|10/01/2020|||Đang xử lý|Trực tiếp|");
        world.log(&format!("u{unit}/2020-01.csv"), &row);
    }
    world.run(0);
    std::fs::remove_file(world.path("feeds/u2.toml")).unwrap();
    let told = "note: G99.02 dossier: no feed of the pipeline, but 1 deliveries have landed of it";
    for _ in 0..2 {
        let ran = world.run(0);
        assert!(ran.stderr.contains(told), "{ran}");
    }
}
