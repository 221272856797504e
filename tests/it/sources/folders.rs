//! Folders and object stores: half-written files, globs, folders that vanish.

use std::fs;
use std::io::Write as _;
use std::thread;
use std::time::Duration;

use super::super::servers::s3::S3;
use super::super::world::log;
use super::{and_a_folder, counts, rows, world_of};

const NAME: &str = "name = '^[a-z0-9/]*(?<period>\\d{4}-\\d{2})\\.csv$'\nslot = \"none\"\n";

#[test]
fn a_file_that_is_still_written_is_left_alone() {
    let world = world_of(&format!("location = \"../in/u1\"\n{NAME}settle_seconds = 1\n"));
    world.log("u1/2020-01.csv", &rows(0, 5));
    let path = world.path("in/u1/2020-02.csv");
    let text = log(&rows(10, 60));
    let writer = thread::spawn(move || {
        let mut file = fs::File::create(path).unwrap();
        // A line at a time: every cut is a whole file to look at.
        for line in text.split_inclusive('\n') {
            file.write_all(line.as_bytes()).unwrap();
            thread::sleep(Duration::from_millis(120));
        }
    });
    thread::sleep(Duration::from_millis(200));
    let ran = world.run(0);
    let note = "note: G99.01 dossier: 1 files are still being written: left for the next run";
    assert!(ran.stderr.contains(note), "{ran}");
    assert_eq!(counts(&world), (5, 5));
    writer.join().unwrap();
    let ran = world.run(0);
    assert!(!ran.stderr.contains("still being written"), "{ran}");
    assert_eq!(counts(&world), (55, 55));
}

#[test]
fn a_file_is_whole_once_its_marker_lies_beside_it() {
    let source = format!("location = \"../in/u1\"\n{NAME}settle_seconds = 0\nmarker = \".done\"\n");
    let world = world_of(&source);
    world.log("u1/2020-01.csv", &rows(0, 5)).write("in/u1/2020-01.csv.done", "");
    world.log("u1/2020-02.csv", &rows(10, 15));
    world.run(0);
    assert_eq!(counts(&world), (5, 5));
    world.write("in/u1/2020-02.csv.done", "");
    world.run(0);
    assert_eq!(counts(&world), (10, 10));
}

#[test]
fn only_what_the_glob_finds_is_looked_at_and_temporary_names_never() {
    let source =
        format!("location = \"../in/u1\"\n{NAME}settle_seconds = 0\nfiles = \"20*/*.csv\"\n");
    let world = world_of(&source);
    world.log("u1/2020/2020-01.csv", &rows(0, 5));
    world.log("u1/2020/old/2020-02.csv", &rows(10, 15));
    world.log("u1/2020-03.csv", &rows(20, 25));
    world.write("in/u1/2020/~$2020-04.csv", "x").write("in/u1/2020/2020-05.csv.filepart", "x");
    world.write("in/u1/2020/.2020-06.csv.swp", "x").write("in/u1/notes.txt", "x");
    let ran = world.run(0);
    assert!(ran.stderr.contains("1 deliveries"), "{ran}");
    assert_eq!(counts(&world), (5, 5));
    let check = world.hoso(&["check", "--connect"]);
    assert!(check.stdout.contains("7 objects, 1 looked at, 1 fit `name`"), "{check}");
}

#[test]
fn a_folder_that_vanishes_is_not_an_empty_one() {
    let world = world_of(&format!("location = \"../in/u1\"\n{NAME}settle_seconds = 0\n"));
    and_a_folder(&world);
    world.log("u1/2020-01.csv", &rows(0, 5));
    world.run(0);
    fs::remove_dir_all(world.path("in/u1")).unwrap();
    let ran = world.run(6);
    assert!(
        ran.stderr.contains(
            "not reached: G99.01 dossier: failed to reach `./feeds/../in/u1`: No such file or directory \
             (os error 2); look whether the place is there, can be reached and may be read"
        ),
        "{ran}"
    );
}

#[test]
fn a_folder_that_vanishes_in_the_middle_is_told() {
    let world = world_of(&format!("location = \"../in/u1\"\n{NAME}settle_seconds = 1\n"));
    and_a_folder(&world);
    world.log("u1/2020-01.csv", &rows(0, 5));
    let run = world.command(&["run"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    // The fresh file is looked at again after a second.
    thread::sleep(Duration::from_millis(600));
    fs::remove_dir_all(world.path("in/u1")).unwrap();
    let output = run.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(6), "{told}");
    assert!(told.contains("not reached: G99.01 dossier: failed to reach `file://"), "{told}");
    assert!(told.contains("look whether the place is there"), "{told}");
}

#[test]
fn a_bucket_that_is_not_there_or_refuses() {
    let s3 = S3::start();
    let options = format!(
        "[options]\naws_endpoint = \"{}\"\naws_allow_http = \"true\"\naws_region = \"us-east-1\"\n\
         aws_access_key_id = \"{}\"\naws_secret_access_key = {{ env = \"SECRET\" }}\n",
        s3.endpoint(),
        s3.access_key()
    );
    let secret = |text: &str| [("SECRET".to_owned(), text.to_owned())];
    let world = |bucket| world_of(&format!("location = \"s3://{bucket}\"\n{NAME}{options}"));
    let missing = world("missing").env(secret(s3.secret_key())).run(4);
    let told = "error: G99.01 dossier: failed to reach `s3://missing`: ";
    assert!(missing.stderr.contains(told), "{missing}");
    assert!(missing.stderr.contains("NoSuchBucket"), "{missing}");
    s3.bucket("unit");
    let refused = world("unit").env(secret("of-somebody-else")).run(4);
    assert!(refused.stderr.contains("SignatureDoesNotMatch"), "{refused}");
    assert!(
        refused.stderr.contains("; look whether the place is there, can be reached"),
        "{refused}"
    );
    assert!(!refused.stderr.contains("of-somebody-else"), "{refused}");
    let unset = world("unit").run(4);
    assert!(
        unset.stderr.contains(
            "no secret in the environment variable `SECRET`: environment variable not found; set it \
             where hoso runs"
        ),
        "{unset}"
    );
    // An empty bucket is a quiet day.
    let world = world("unit").env(secret(s3.secret_key()));
    world.run(0);
    let quiet = world.run(0);
    assert!(quiet.stderr.contains("no_new_data"), "{quiet}");
}
