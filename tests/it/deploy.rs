//! The manifests for Kubernetes: they are as its schema says, and what they run ends as a scheduler
//! must be told.

use std::path::Path;
use std::process::{Child, Command};
use std::{env, fs, thread};

use super::world::{World, python};

const JANUARY: &str = "G99.01-200110-0001|1.000001|10/01/2020|||Đang xử lý|Trực tiếp|";

/// Starts what a manifest runs, in a world's folder, by the shell of the image.
fn start(world: &World, name: &str) -> Child {
    let script = python(&["tests/deploy.py", "pipelines/ministry/deploy/cronjob.yaml", name]);
    let folder = Path::new(env!("CARGO_BIN_EXE_hoso")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), env::var("PATH").unwrap());
    // The image's pipeline lies where `hoso` looks for it.
    let pipeline = world.path("pipelines");
    fs::create_dir_all(&pipeline).unwrap();
    let link = pipeline.join("ministry");
    if !link.exists() {
        std::os::unix::fs::symlink(world.path(""), &link).unwrap();
    }
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &script]).current_dir(world.path("")).env_clear();
    shell.env("PATH", path).env("HOSO_STORE", "warehouse").env("TMPDIR", world.path(""));
    shell.spawn().unwrap()
}

fn ends_with(world: &World, name: &str) -> Option<i32> {
    start(world, name).wait().unwrap().code()
}

#[test]
fn a_scheduled_run_is_done_when_it_published_and_fails_by_the_code_of_the_run() {
    let world = World::small();
    world.log("u1/2020-01.csv", JANUARY);
    assert_eq!(ends_with(&world, "hoso-run"), Some(0));
    assert!(world.path("report.json").exists());
    // A unit's file is refused, another's is not: published all the same.
    world.log("u1/2020-02.csv", &JANUARY.replace("0001", "0002"));
    world.write("in/u2/2020-01.csv", "");
    assert_eq!(ends_with(&world, "hoso-run"), Some(0));
    assert!(fs::read_to_string(world.path("report.json")).unwrap().contains("empty_file"));
    // All that came is refused.
    world.write("in/u2/2020-02.csv", "");
    assert_eq!(ends_with(&world, "hoso-run"), Some(5));
    assert_eq!(ends_with(&world, "hoso-sunday"), Some(0));
    world.edit("pipeline.toml", "since", "sinse");
    assert_eq!(ends_with(&world, "hoso-run"), Some(3));
    assert_eq!(ends_with(&world, "hoso-sunday"), Some(3));
}

#[test]
fn a_signal_reaches_the_run_and_is_waited_for() {
    let world = World::small();
    let rows =
        |n: usize| format!("G99.01-200110-{n:04}|1.000001|10/01/2020|||Đang xử lý|Trực tiếp|\n");
    for file in 0..20 {
        let rows: String = (file * 2000..(file + 1) * 2000).map(rows).collect();
        let name = format!("u1/2020-01{}.csv", char::from(b'a' + file as u8));
        world.log(&name, &rows);
    }
    let mut shell = start(&world, "hoso-run");
    while !world.path("warehouse/landed").exists() {
        assert!(shell.try_wait().unwrap().is_none(), "the run ended before it could be stopped");
        thread::yield_now();
    }
    let killed = Command::new("kill").arg(shell.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(shell.wait().unwrap().code(), Some(143));
    assert!(!world.path("warehouse/releases/00000001.json").exists());
    assert_eq!(ends_with(&world, "hoso-run"), Some(0));
}
