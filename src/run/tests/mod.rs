//! The laws of a run: order does not matter, nothing is lost, and a crash anywhere is mended.

mod faults;
mod fold;
mod laws;
mod meanwhile;
mod reports;
mod running;
mod splits;

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use tempfile::TempDir;

use crate::pipeline::Pipeline;
use crate::run::stop::StopFlag;
use crate::run::watch::{Quiet, Watch};
use crate::run::{Options, run};
use crate::store::Store;

/// Copies the small pipeline of the integration tests into a folder of its own.
fn small() -> (TempDir, Pipeline) {
    let folder = TempDir::new().unwrap();
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pipelines/small");
    copy(&small, folder.path());
    for unit in ["u1", "u2"] {
        fs::create_dir_all(folder.path().join("in").join(unit)).unwrap();
    }
    let pipeline = Pipeline::load(folder.path()).unwrap();
    (folder, pipeline)
}

/// Reads a moment in UTC.
fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Runs the first unit's feed at a moment; final values may change, and reports be refused later.
fn run_at(pipeline: &Pipeline, store: &Store, now: DateTime<Utc>) -> anyhow::Result<()> {
    run(pipeline, store, &options(pipeline, now), &watch()).map(drop)
}

fn options(pipeline: &Pipeline, now: DateTime<Utc>) -> Options {
    Options {
        units: vec!["G99.01".to_owned()],
        as_of: pipeline.settings.as_of.unwrap(),
        now,
        period: None,
        missing: false,
        accept: ["final_changed", "reports_withdrawn"].map(str::to_owned).into(),
        reason: "a test".to_owned(),
    }
}

fn watch() -> Watch {
    Watch { progress: Box::new(Quiet), stop: StopFlag::default() }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
