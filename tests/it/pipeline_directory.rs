//! `docs/pipeline-directory.md`: its examples are a pipeline directory that `check` reads without a
//! fault, and every key that is read is on it, or on the pages that it sends to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

use super::world::{World, root};

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// The examples of the page by the file that their first line names.
fn examples(page: &str) -> Vec<(String, String)> {
    let block = Regex::new("(?ms)^```(?:toml|csv)\n# (\\S+)\n(.*?)^```$").unwrap();
    block.captures_iter(page).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

#[test]
fn the_examples_of_the_page_are_a_pipeline_directory_without_a_fault() {
    let world = World::empty();
    let examples = examples(&page("pipeline-directory.md"));
    let names: BTreeSet<&str> = examples.iter().map(|(name, _)| name.as_str()).collect();
    for name in ["pipeline.toml", "units.csv", "services.csv", "calendar.csv", "indicators.toml"] {
        assert!(names.contains(name), "{names:?}");
    }
    for (name, text) in &examples {
        world.write(name, text);
    }
    let ran = world.hoso(&["check"]);
    assert_eq!(ran.code, 0, "{ran}");
}

/// The keys that are read in the sources of a folder: what stands before `faults)` in a call.
fn keys_read(folder: &Path) -> BTreeSet<String> {
    let key = Regex::new("\\(\\s*\"([a-z0-9_]+)\",[^;\"]*?\\bfaults,?\\s*\\)").unwrap();
    let mut keys = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            keys.extend(keys_read(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            keys.extend(key.captures_iter(&text).map(|found| found[1].to_owned()));
        }
    }
    keys
}

#[test]
fn every_key_that_is_read_is_documented() {
    let pages: String =
        ["pipeline-directory.md", "sources.md", "contracts.md"].map(page).join("\n");
    let keys = keys_read(&root().join("src/pipeline"));
    assert!(keys.len() > 80, "{keys:?}");
    let is_told = |key: &&String| {
        let word = Regex::new(&format!("\\b{key}\\b")).unwrap();
        word.is_match(&pages)
    };
    let missing: Vec<&String> = keys.iter().filter(|key| !is_told(key)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}
