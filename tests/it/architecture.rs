//! Each module uses what `docs/ARCHITECTURE.md` says it may, and files stay readable.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::world::root;

/// What each module may use, in the order of `lib.rs`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("pipeline", &[]),
    ("store", &["pipeline"]),
    ("source", &["pipeline", "store"]),
    ("decode", &["pipeline"]),
    ("normalise", &["pipeline", "decode"]),
    ("dossiers", &["pipeline", "normalise"]),
    ("measures", &["pipeline", "dossiers"]),
    ("indicators", &["pipeline", "measures"]),
    ("publish", &["pipeline", "indicators"]),
    (
        "run",
        &[
            "pipeline",
            "store",
            "source",
            "decode",
            "normalise",
            "dossiers",
            "measures",
            "indicators",
            "publish",
        ],
    ),
    ("cli", &["run", "pipeline", "publish"]),
];

/// Crates that one module alone may name.
const KEPT_INSIDE: &[(&str, &str)] =
    &[("polars", "measures"), ("object_store", "store"), ("deltalake_core", "store")];

/// Finds every edge of a file that the table does not list.
fn breaches(module: &str, text: &str) -> Vec<String> {
    let Some((_, may_use)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
        return vec![format!("module `{module}` is not in the table")];
    };
    let mut breaches = Vec::new();
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if rest.starts_with('{') {
            if module != "run" {
                breaches.push("a grouped import of the root hides edges".to_owned());
            }
            continue;
        }
        let used = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
        if used != module && !may_use.contains(&used) {
            breaches.push(format!("`{module}` uses `{used}`"));
        }
    }
    for (name, home) in KEPT_INSIDE {
        let names_it =
            code.contains(&format!("use {name}::")) || code.contains(&format!(" {name}::"));
        if module != *home && names_it {
            breaches.push(format!("`{module}` names `{name}`"));
        }
    }
    breaches
}

#[test]
fn every_edge_is_in_the_table() {
    let source = root().join("src");
    let lib = fs::read_to_string(source.join("lib.rs")).unwrap();
    let declared: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let listed: Vec<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    assert_eq!(declared, listed, "lib.rs declares the modules in the order of the table");
    for path in rust_files(&source) {
        let module = module_of(&path, &source);
        if matches!(module.as_str(), "build" | "lib" | "main") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(breaches(&module, &text), Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
fn a_planted_back_edge_is_found() {
    let found = |module, text| breaches(module, text).join("; ");
    assert_eq!(found("dossiers", "use crate::measures::Measures;"), "`dossiers` uses `measures`");
    assert_eq!(found("decode", "let s = crate::store::Store::open(url);"), "`decode` uses `store`");
    assert!(found("cli", "use crate::{run, store};").contains("grouped"));
    assert!(found("extra", "").contains("not in the table"));
    assert_eq!(found("indicators", "use polars::prelude::*;"), "`indicators` names `polars`");
    assert_eq!(found("dossiers", "use crate::normalise::Observations;"), "");
}

#[test]
fn no_file_is_longer_than_400_lines_and_each_says_what_it_is_for() {
    let mut long = BTreeMap::new();
    for folder in ["src", "tests"] {
        for path in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            let n_lines = text.lines().count();
            assert!(text.starts_with("//!"), "{} has no header", path.display());
            if n_lines > 400 {
                long.insert(path, n_lines);
            }
        }
    }
    assert_eq!(long, BTreeMap::new());
}

fn module_of(path: &Path, source: &Path) -> String {
    let first = path.strip_prefix(source).unwrap().components().next().unwrap();
    let name = first.as_os_str().to_str().unwrap();
    name.strip_suffix(".rs").unwrap_or(name).to_owned()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn the_tests_that_the_documents_name_exist() {
    let sources: String = rust_files(&root().join("src"))
        .into_iter()
        .chain(rust_files(&root().join("tests/it")))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for (page, first, n_named) in [
        ("formats.md", "## Formats", 30),
        ("sources.md", "| `location` |", 30),
        ("contracts.md", "## Clauses", 10),
        ("completeness.md", "## What a report can be", 15),
        ("privacy.md", "## Fields", 15),
    ] {
        let page = fs::read_to_string(root().join("docs").join(page)).unwrap();
        let (_, tables) = page.split_once(first).unwrap();
        let words = tables.split('`').skip(1).step_by(2);
        // Examples, rules, keys and PostgreSQL's own names are no tests.
        let is_other = |word: &&str| {
            let is_known = sources.contains(&format!("\"{word}\""));
            is_known || word.contains(char::is_whitespace) || word.starts_with("pg_")
        };
        let named: Vec<&str> =
            words.filter(|word| word.matches('_').count() >= 2 && !is_other(word)).collect();
        assert!(named.len() > n_named, "{named:?}");
        let missing: Vec<&str> =
            named.into_iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }
}
