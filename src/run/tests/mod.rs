//! The laws of a run: order does not matter, nothing is lost, and a crash anywhere is mended.

mod faults;
mod laws;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::pipeline::Pipeline;

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
