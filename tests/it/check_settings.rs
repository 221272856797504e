//! `hoso check` refuses settings and reference data with which no run could go well.

use super::world::World;

/// Whether `check` finds this fault once the text of a file was changed.
fn is_told(file: &str, from: &str, to: &str, told: &str) {
    let world = World::small();
    world.edit(file, from, to);
    let ran = world.hoso(&["check"]);
    assert_eq!(ran.code, 3, "{to}: {ran}");
    assert!(ran.stderr.contains(told), "{to}: {ran}");
    assert!(ran.stderr.contains(&format!("./{file}:")), "{to}: {ran}");
}

#[test]
fn settings_that_no_run_could_bear_are_faults() {
    let (since, end) = ("since = 2020-01-01", "final_after_days = 1000");
    let headline = "headline = [\"received\", \"online_resolution_rate\"]";
    let due = |due: &str| format!("{since}\ndue = {due}");
    for (from, to, told) in [
        (since, due("{ days = 99999999999 }"), "`days` must be at most 366"),
        (since, due("{ working_days = 999999999999 }"), "`working_days` must be at most 366"),
        (since, due("{ days = 1, grace_days = 367 }"), "`grace_days` must be at most 366"),
        (end, "final_after_days = 9223372036854775807".to_owned(), "must be at most 3660"),
        (end, "final_after_days = -1".to_owned(), "must not be negative"),
        (since, "since = 0001-01-01".to_owned(), "`since` must not lie before 1990-01-01"),
        (since, "since = 2020-04-01".to_owned(), "`as_of` lies before `since`"),
        (
            headline,
            format!("{headline}\n[guards]\nperiods = 13"),
            "`periods` must lie between 1 and 12",
        ),
    ] {
        is_told("pipeline.toml", from, &to, told);
    }
    let world = World::small();
    world.edit("pipeline.toml", since, &due("{ days = 366, grace_days = 366 }"));
    world.edit("pipeline.toml", end, "final_after_days = 3660");
    assert_eq!(world.hoso(&["check"]).code, 0);
}

#[test]
fn reference_data_without_headings_or_rows_is_a_fault() {
    let headings = |name: &str| {
        let text = std::fs::read_to_string(World::small().path(name)).unwrap();
        text.lines().next().unwrap().to_owned() + "\n"
    };
    for (name, text, told) in [
        ("services.csv", String::new(), "the file is empty"),
        ("services.csv", headings("services.csv"), "no procedure is listed"),
        ("units.csv", headings("units.csv"), "no unit is listed"),
        ("calendar.csv", String::new(), "the file is empty"),
        ("calendar.csv", "\u{feff}\r\n\n".to_owned(), "the file is empty"),
    ] {
        let world = World::small();
        world.write(name, text);
        let ran = world.hoso(&["check"]);
        assert_eq!(ran.code, 3, "{name}: {ran}");
        assert!(ran.stderr.contains(told), "{name}: {ran}");
        assert!(ran.stderr.contains("\n1 fault in the pipeline directory"), "{name}: {ran}");
    }
    let world = World::small();
    world.write("calendar.csv", headings("calendar.csv"));
    assert_eq!(world.hoso(&["check"]).code, 0);
}

#[test]
fn a_missing_file_is_told_first_and_what_follows_from_it_is_not() {
    let world = World::small();
    world.edit("feeds/u1.toml", "expected", "constants = { unit_code = \"G99.07\" }\nexpected");
    world.edit("feeds/u2.toml", "profile = \"list\"", "profile = \"lst\"");
    std::fs::remove_file(world.path("units.csv")).unwrap();
    let ran = world.hoso(&["check"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(ran.stderr.starts_with("error: failed to read the file"), "{ran}");
    assert!(ran.stderr.contains("unknown profile `lst`"), "{ran}");
    assert!(ran.stderr.contains("\n2 faults in the pipeline directory"), "{ran}");
    for name in ["indicators.toml", "services.csv", "pipeline.toml"] {
        let world = World::small();
        std::fs::remove_file(world.path(name)).unwrap();
        let ran = world.hoso(&["check"]);
        assert!(ran.stderr.contains("\n1 fault in the pipeline directory"), "{name}: {ran}");
    }
    // A profile that is broken is told for itself, not once more for each of its feeds.
    let world = World::small();
    world.edit("profiles/list.toml", "shape =", "shape");
    let ran = world.hoso(&["check"]);
    assert!(!ran.stderr.contains("unknown profile"), "{ran}");
}
