//! Trends and readings over nine years, against a second computation by other libraries.

use std::collections::BTreeMap;
use std::fs;

use super::world::{World, python};

/// What is kept of the ministry's catalogue: counts and rates, means, percentiles and amounts, flows
/// and levels, what is better higher, lower or neither, with and without a target.
const KEPT: [&str; 13] = [
    "channel_unknown_rate",
    "no_due_date_rate",
    "npsp_integration_rate",
    "received",
    "resolved",
    "open_at_end",
    "online_resolution_rate",
    "on_time_rate",
    "late_rate",
    "processing_days_mean",
    "processing_days_p90",
    "paygov_amount",
    "reporting_rate",
];

/// Breaks of one series, of some, on the first day of a month and inside one; versions that follow
/// one another; targets above and below, and one that holds from the day after the last.
const MORE: &str = r#"
[break.late]
on = 2022-09-01
what = { vi = "Muộn", en = "Late" }
indicators = ["late_rate", "resolved"]

[break.inside]
on = 2018-04-16
what = { vi = "Giữa tháng", en = "Inside a month" }
indicators = ["paygov_amount"]

[indicator.aimed]
name = { vi = "Hồ sơ tiếp nhận", en = "Dossiers received" }
numerator = "received"
unit = "count"
better = "higher"
version = 2
from = 2017-01-01
targets = [{ from = 2015-01-01, value = 40.0, source = "test" }]

[[indicator.aimed.earlier]]
version = 1
until = 2018-01-01
numerator = "received"

[indicator.kept_low]
name = { vi = "Hồ sơ tiếp nhận", en = "Dossiers received" }
numerator = "received"
unit = "count"
better = "lower"
version = 3
from = 2015-01-01
targets = [
    { from = 2015-01-01, value = 1.0, source = "test" },
    { from = 2023-12-01, value = 1000.0, source = "test" },
]
"#;

/// Lays nine years of made logs into a folder: of five units, two of which one was split into; a
/// month of the first and one of the last year was never sent; the last quarter is not over.
fn nine_years() -> World {
    let world = World::small();
    let args = "generate --rows 8000 --units 5 --seed 7 --from 2015-01 --months 108 --out made";
    let made = world.bare(&args.split(' ').collect::<Vec<_>>());
    assert_eq!(made.code, 0, "{made}");
    let catalogue = fs::read_to_string(world.path("made/indicators.toml")).unwrap();
    let is_kept = |section: &&str| match section.split_once("indicator.") {
        Some(("[" | "[[", rest)) => KEPT.contains(&rest.split([']', '.']).next().unwrap()),
        _ => !section.starts_with("[break."),
    };
    let sections = catalogue.split("\n[").enumerate();
    let sections: Vec<String> = sections
        .map(|(at, section)| if at == 0 { section.to_owned() } else { format!("[{section}") })
        .collect();
    let kept: Vec<&str> = sections.iter().map(String::as_str).filter(is_kept).collect();
    world.write("made/indicators.toml", format!("{}\n{MORE}", kept.join("\n")));
    world.edit("made/pipeline.toml", "as_of = 2023-12-31", "as_of = 2023-11-30");
    let headline = fs::read_to_string(world.path("made/pipeline.toml")).unwrap();
    let (before, _) = headline.split_once("headline").unwrap();
    world.write("made/pipeline.toml", format!("{before}headline = [\"received\"]\n"));
    for unit in ["1", "2"] {
        world.edit(
            "made/units.csv",
            &format!("000.00.0{unit}.G16,G16,,2007-08-01,"),
            &format!("000.00.0{unit}.G16,G16,G16.90,2016-07-01,"),
        );
    }
    let units = fs::read_to_string(world.path("made/units.csv")).unwrap();
    let old = "G16.90,Đơn vị cũ,Unit of old,,G16,,2007-08-01,2016-07-01";
    world.write("made/units.csv", format!("{}\n{old}\n", units.trim_end()));
    for (unit, month) in [("g16-04", "2015-05"), ("g16-03", "2023-06")] {
        for entry in fs::read_dir(world.path("made/logs").join(unit)).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().contains(month) {
                fs::remove_file(path).unwrap();
            }
        }
    }
    world
}

#[test]
fn trends_and_readings_are_those_of_other_libraries() {
    let world = nine_years();
    let ran = world.bare(&["--pipeline", "made", "--store", "wh", "run"]);
    assert_eq!(ran.code, 0, "{ran}");
    let (store, pipeline) = (world.path("wh"), world.path("made"));
    let told = python(&["tests/trends.py", store.to_str().unwrap(), pipeline.to_str().unwrap()]);
    assert!(told.contains("\n0 of "), "{told}");
    let seen: BTreeMap<&str, u64> = told
        .lines()
        .filter_map(|line| line.rsplit_once(": "))
        .filter_map(|(what, n)| Some((what, n.parse().ok()?)))
        .collect();
    // There is something of everything.
    for (what, least) in [
        ("break", 500),
        ("change", 10_000),
        ("change in a year", 10_000),
        ("changes not told", 1_000),
        ("target met", 10_000),
        ("rank", 5_000),
        ("ranks shared", 100),
        ("reasons", 1_000),
        ("reasons after a break", 100),
        ("rolling_12_months", 500),
        ("rolling over a gap", 10),
        ("rolling over a month of nothing", 100),
        ("rolling over nothing", 1),
        ("slopes by season", 500),
        ("slopes of quarters and years", 500),
        ("slopes of years", 50),
        ("slopes that are sure", 100),
        ("slopes with gaps", 100),
        ("slopes with ties", 500),
        ("sure slopes of 0", 1),
        ("target days", 20),
        ("targets: it is met", 20),
        ("targets: no trend that is not chance", 20),
        ("targets: not at this slope", 1),
        ("targets: the line has reached it, the last value has not", 1),
        ("targets of the day after", 10),
        ("unusual", 100),
    ] {
        assert!(seen.get(what) >= Some(&least), "{what}: fewer than {least}\n{told}");
    }
}
