//! The walk of `docs/mending-data.md`: a unit's bad month exported, mended and sent again. What the
//! commands print must stand on the page, word for word.

use std::fs;

use super::world::{Ran, World, python, root};

/// Runs a command in the pipeline directory of the walk.
fn hoso(world: &World, args: &[&str], code: i32) -> Ran {
    let pipeline = world.path("walk");
    let store = world.path("walk/warehouse");
    let places = ["--pipeline", pipeline.to_str().unwrap(), "--store", store.to_str().unwrap()];
    let ran = world.bare(&[&places[..], args].concat());
    assert_eq!(ran.code, code, "{args:?}: {ran}");
    ran
}

fn last_lines(text: &str, n: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(n)..].join("\n")
}

fn first_lines(text: &str, n: usize) -> String {
    text.lines().take(n).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_bad_month_is_exported_mended_and_sent_again() {
    let world = World::small();
    world.bare(&["init", "walk"]);
    let logs = world.path("walk/sample_data/ban-quyen-tac-gia");
    let logs = logs.to_str().unwrap();
    python(&["tests/mending.py", "break", logs]);

    let show = ["show", "online_resolution_rate", "--last", "1"];
    let run = hoso(&world, &["run"], 6);
    let before = hoso(&world, &show, 0);
    let rule = ["--unit", "G16.01", "--rule", "impossible_day"];
    let list = hoso(&world, &[&["quarantine", "list"][..], &rule].concat(), 0);
    let back = world.path("back");
    let out = ["--out", back.to_str().unwrap()];
    let export = hoso(&world, &[&["quarantine", "export"][..], &rule, &out].concat(), 0);
    python(&["tests/mending.py", "mend", back.join("G16.01-rejects.xlsx").to_str().unwrap(), logs]);
    let plan = hoso(&world, &["plan"], 5);
    let stopped = hoso(&world, &["run"], 5);
    let reason = "G16.01 sent October again, with days that can be read";
    let accepted = hoso(&world, &["run", "--accept", "final_changed", "--reason", reason], 0);
    let after = hoso(&world, &show, 0);
    let revisions = hoso(
        &world,
        &[
            "query",
            "SELECT release, cause, old_numerator, old_denominator, numerator, denominator, deliveries \
             FROM revisions WHERE indicator = 'online_resolution_rate' AND scope = 'ministry' \
             AND period_kind = 'ytd' AND period_end = '2020-11-01' ORDER BY release",
        ],
        0,
    );
    let verify = hoso(&world, &["verify"], 0);
    // The figure of the conference, as if nothing had ever been wrong.
    assert!(after.stdout.contains("4,432 / 8,758"), "{after}");
    let release = fs::read_to_string(world.path("walk/warehouse/releases/00000002.json")).unwrap();
    assert!(release.contains(reason), "{release}");

    let page = fs::read_to_string(root().join("docs/mending-data.md")).unwrap();
    let printed = [
        ("run", last_lines(&run.stderr, 3)),
        ("before", before.stdout),
        ("list", last_lines(&list.stdout, 3)),
        ("export", export.stdout.replace("@@FOLDER@@/", "")),
        ("plan", first_lines(&plan.stdout, 7)),
        ("stopped", stopped.stderr),
        ("accepted", last_lines(&accepted.stderr, 3)),
        ("after", after.stdout),
        ("revisions", revisions.stdout),
        ("verify", verify.stdout),
    ];
    let mut missing = String::new();
    for (what, text) in printed {
        let block = format!("```\n{}\n```", text.trim_end());
        if !page.contains(&block) {
            missing += &format!("@@{what}@@\n{block}\n");
        }
    }
    assert!(missing.is_empty(), "docs/mending-data.md does not hold what was printed:\n{missing}");
}

#[test]
fn an_older_list_that_comes_late_mends_nothing_of_a_newer_one() {
    let world = World::small();
    let row =
        |status: &str| format!("G99.01-200110-0001|1.000001|10/01/2020|||{status}|Trực tiếp|");
    world.log("u1/2020-02.csv", &row("???"));
    world.run(0);
    world.log("u1/2020-01.csv", &row("Đang xử lý"));
    world.run(0);
    let listed = world.hoso(&["quarantine", "list"]).stdout;
    assert!(listed.contains("unknown_status"), "{listed}");
    world.log("u1/2020-03.csv", &row("Đang xử lý"));
    world.run(0);
    let listed = world.hoso(&["quarantine", "list"]).stdout;
    assert!(!listed.contains("unknown_status"), "{listed}");
}
