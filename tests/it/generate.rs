//! Logs that are made: what was planted in them is what a run finds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::world::{Ran, World};

const ARGUMENTS: [&str; 9] =
    ["generate", "--rows", "3000", "--units", "5", "--months", "8", "--seed", "7"];

fn generate(world: &World, out: &str) -> Ran {
    let ran = world.bare(&[&ARGUMENTS[..], &["--out", out]].concat());
    assert_eq!(ran.code, 0, "{ran}");
    ran
}

fn hoso(world: &World, args: &[&str]) -> Ran {
    let ran = world.bare(&[&["--pipeline", "made", "--store", "wh"], args].concat());
    assert_eq!(ran.code, 0, "{ran}");
    ran
}

fn facts(world: &World, out: &str) -> Value {
    let text = fs::read_to_string(world.path(out).join("FACTS.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Returns the first columns of a query's rows with the numbers of the others.
fn query(world: &World, sql: &str) -> BTreeMap<String, Vec<u64>> {
    let csv = hoso(world, &["query", sql, "--format", "csv"]).stdout;
    let row = |line: &str| {
        let mut fields = line.split(',');
        let name = fields.next().unwrap().to_owned();
        (name, fields.map(|number| number.parse().unwrap()).collect())
    };
    csv.lines().skip(1).map(row).collect()
}

#[test]
fn a_run_finds_what_was_planted() {
    let world = World::small();
    let made = generate(&world, "made");
    assert!(made.stdout.contains("next: cd made && hoso --pipeline . --store warehouse run"));
    let facts = facts(&world, "made");
    hoso(&world, &["run"]);

    let counted = query(
        &world,
        "SELECT feed, COUNT(*), SUM(read), SUM(accepted), SUM(duplicate), SUM(rejected), \
         SUM(out_of_scope) FROM deliveries WHERE outcome = 'accepted' GROUP BY feed",
    );
    let names = ["files", "read", "accepted", "duplicate", "rejected", "out_of_scope"];
    let feeds = facts["feeds"].as_object().unwrap();
    assert_eq!(feeds.len(), 4);
    for (feed, planted) in feeds {
        let planted = names.map(|name| planted[name].as_u64().unwrap());
        assert_eq!(counted[feed], planted, "{feed}: {names:?}");
        assert_eq!(planted[1], planted[2..].iter().sum::<u64>(), "{feed}");
    }

    assert_eq!(rejected_by_rule(&world), planted_by_rule(&facts));

    let status = hoso(&world, &["status", "--json"]).stdout;
    let status: Value = serde_json::from_str(&status).unwrap();
    for (feed, n) in facts["unmatched"].as_object().unwrap() {
        assert_eq!(&status["unmatched"][feed], n, "{feed}");
    }
    assert_eq!(status["refused"], json!([]));
}

#[test]
fn the_figures_are_those_of_the_dossiers_that_were_made() {
    let world = World::small();
    generate(&world, "made");
    hoso(&world, &["run"]);
    let facts = facts(&world, "made");
    let counted = query(
        &world,
        "SELECT indicator, SUM(numerator) FROM indicators WHERE scope = 'ministry' AND \
         period_kind = 'month' AND indicator IN ('received', 'resolved', 'refused', 'withdrawn', \
         'late_rate') GROUP BY indicator",
    );
    for (indicator, planted) in [
        ("received", &facts["dossiers"]["received"]),
        ("late_rate", &facts["dossiers"]["completed_late"]),
        ("resolved", &facts["statuses"]["completed"]),
        ("refused", &facts["statuses"]["refused"]),
        ("withdrawn", &facts["statuses"]["withdrawn"]),
    ] {
        assert_eq!(counted[indicator], [planted.as_u64().unwrap()], "{indicator}");
    }
}

/// Counts the rejected records that a run left, by feed and rule.
fn rejected_by_rule(world: &World) -> BTreeMap<String, u64> {
    let listed = hoso(world, &["quarantine", "list", "--all", "--json"]).stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let mut rejected = BTreeMap::new();
    for reject in listed["rejects"].as_array().unwrap() {
        let text = |key: &str| reject[key].as_str().unwrap();
        let feed = text("delivery").split('/').nth(1).unwrap();
        *rejected.entry(format!("{feed} {}", text("rule"))).or_default() += 1;
    }
    rejected
}

fn planted_by_rule(facts: &Value) -> BTreeMap<String, u64> {
    let mut planted = BTreeMap::new();
    for (feed, fates) in facts["feeds"].as_object().unwrap() {
        for (rule, n) in fates["rejected_by_rule"].as_object().unwrap() {
            planted.insert(format!("{feed} {rule}"), n.as_u64().unwrap());
        }
    }
    assert!(planted.len() > 15, "{planted:?}");
    planted
}

#[test]
fn the_same_arguments_make_the_same_bytes_and_another_seed_others() {
    let world = World::small();
    for out in ["one", "two"] {
        generate(&world, out);
    }
    let other = world.bare(&[&ARGUMENTS[..8], &["8", "--out", "three"]].concat());
    assert_eq!(other.code, 0, "{other}");
    let [one, two, three] = ["one", "two", "three"].map(|out| files(&world.path(out)));
    assert!(one == two, "the same arguments made other bytes");
    let logs = |name: &&String| name.starts_with("logs/");
    assert_eq!(one.keys().filter(logs).count(), 8 * (5 + 3));
    let same = one.iter().filter(|(name, bytes)| three.get(*name) == Some(*bytes));
    let same: Vec<&String> = same.map(|(name, _)| name).filter(logs).collect();
    assert_eq!(same, Vec::<&String>::new());
    // Made on any machine, they are these.
    let facts = facts(&world, "one");
    assert_snapshot!(facts["dossiers"].to_string(), @r#"{"carried_over":954,"completed_late":258,"corrected":55,"entered_late":30,"known":2979,"made":3000,"received":2950,"supplemented":272,"told":2994}"#);
    assert_snapshot!(facts["bytes"].to_string(), @"1824495");
}

/// Reads every file below a folder, by its path there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn few_dossiers_and_many_units_make_logs_that_run_too() {
    let world = World::small();
    let args = ["generate", "--rows", "3", "--units", "101", "--months", "1", "--out", "made"];
    let made = world.bare(&args);
    assert_eq!(made.code, 0, "{made}");
    let ran = hoso(&world, &["run"]);
    let facts = facts(&world, "made");
    assert_eq!(facts["dossiers"]["made"], 3);
    assert!(ran.stderr.contains("104 deliveries"), "{ran}");
}

#[test]
fn wrong_arguments_are_told_and_nothing_is_written() {
    let world = World::small();
    world.write("full/a.txt", "there").write("file", "");
    for (args, told) in [
        (["--rows", "10", "--units", "0", "--out", "new"], "0 is not in 1..=999"),
        (["--rows", "0", "--units", "1", "--out", "new"], "0 is not in 1.."),
        (["--rows", "10", "--units", "1", "--out", "full"], "`full` is not empty"),
        (["--rows", "10", "--units", "1", "--out", "file"], "`file` is no directory"),
    ] {
        let ran = world.bare(&[&["generate"], &args[..]].concat());
        assert_eq!(ran.code, 2, "{ran}");
        assert!(ran.stderr.contains(told), "{ran}");
    }
    for (from, told) in [("2019-13", "not a month such as 2019-01"), ("2079-12", "is not over yet")]
    {
        let args = ["generate", "--rows", "9", "--units", "1", "--out", "new", "--from", from];
        let ran = world.bare(&args);
        assert_eq!(ran.code, 2, "{ran}");
        assert!(ran.stderr.contains(told), "{ran}");
    }
    assert!(!world.path("new").exists());
    assert_eq!(fs::read_to_string(world.path("full/a.txt")).unwrap(), "there");
}
