//! Personal data ends in `normalise`: sixty canaries, planted wherever a person may be told of,
//! appear in nothing that hoso shows or keeps but the bytes as received.

mod deliveries;
mod outputs;
mod planted;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::world::{Ran, World, python};
use deliveries::{DELIVERIES, plan};
use outputs::{Finder, Output, files, kept, unpacked, values};
use planted::{CANARIES, FIRST_OF_SOURCES, planted};
use sources::{Servers, TOLD};

const TABLES: [&str; 5] = ["indicators", "revisions", "completeness", "measures", "deliveries"];

/// Each manner writes over the files of the one before.
const EXPORT: [&str; 8] =
    ["quarantine", "export", "--unit", "G99.01", "--all", "--overwrite", "--out", "for-the-unit"];

/// What shows something of a store, with its exit code.
const READERS: [(&[&str], i32); 21] = [
    (&["status"], 0),
    (&["status", "--json"], 0),
    (&["show"], 0),
    (&["show", "--json"], 0),
    (&["show", "received"], 0),
    (&["show", "received", "--unit", "G99.01", "--period", "month", "--json"], 0),
    (&["quarantine", "list"], 0),
    (&["quarantine", "list", "--json"], 0),
    (&["quarantine", "unmatched"], 0),
    (&["quarantine", "unmatched", "--json"], 0),
    (&["query", "SELECT * FROM dossiers"], 0),
    (&["verify"], 0),
    (&["verify", "--json"], 0),
    (&["maintain", "--dry-run"], 0),
    (&["maintain", "--json"], 0),
    (&["plan"], 6),
    (&["plan", "--json"], 6),
    (&["explain", "received", "--unit", "G99.01"], 0),
    (&EXPORT, 0),
    (&["check"], 0),
    (&["check", "--connect"], 6),
];

/// How each is asked to tell: as loudly as can be, and in the other language.
const MANNERS: [&[&str]; 2] = [&["-vvv"], &["--log", "json", "--lang", "vi"]];

/// A world with its canaries, and all that hoso has shown of it.
struct Watched {
    world: World,
    shown: Vec<Output>,
    /// Names that were seen in the temporary folder while hoso ran.
    named: BTreeSet<String>,
    n_looks: usize,
}

impl Watched {
    /// Runs the binary, looks into its temporary folder all the while, and keeps what it shows.
    fn hoso(&mut self, args: &[&str], code: i32) -> Ran {
        let mut command = self.world.command(args);
        let ran = self.run(args, &mut command);
        assert_eq!(ran.code, code, "{args:?} {}", end(&ran));
        ran
    }

    fn run(&mut self, args: &[&str], command: &mut Command) -> Ran {
        let folder = self.world.path("tmp");
        let is_over = AtomicBool::new(false);
        let (output, (named, n_looks)) = thread::scope(|scope| {
            let looking = scope.spawn(|| look(&folder, &is_over));
            let output = command.output();
            is_over.store(true, Ordering::SeqCst);
            (output.unwrap(), looking.join().unwrap())
        });
        self.named.extend(named);
        self.n_looks += n_looks;
        let name = format!("hoso {}", args.join(" "));
        for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            self.shown.push(Output { name: format!("{stream} of {name}"), bytes: bytes.clone() });
        }
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap_or(-1);
        Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// The end of what was told: the log before it is long.
fn end(ran: &Ran) -> String {
    let lines: Vec<&str> = ran.stderr.lines().rev().take(40).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

fn look(folder: &Path, is_over: &AtomicBool) -> (BTreeSet<String>, usize) {
    let (mut named, mut n_looks) = (BTreeSet::new(), 0);
    while !is_over.load(Ordering::SeqCst) {
        let entries = fs::read_dir(folder).unwrap();
        named
            .extend(entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()));
        n_looks += 1;
        thread::sleep(Duration::from_micros(200));
    }
    (named, n_looks)
}

#[test]
fn sixty_canaries_are_in_nothing_but_the_bytes_as_received() {
    let world = deliveries::world();
    let servers = Servers::start(&world);
    fs::create_dir(world.path("tmp")).unwrap();
    let tmp = world.path("tmp").to_str().unwrap().to_owned();
    let world = world.env(servers.env()).env([("TMPDIR".to_owned(), tmp)]);
    let finder = deliver(&world);
    let (shown, named) = (Vec::new(), BTreeSet::new());
    let mut watched = Watched { world, shown, named, n_looks: 0 };

    let ran = watched.hoso(&["-vvv", "run", "--report", "report.json"], 6);
    for told in TOLD {
        assert!(ran.stderr.contains(told), "`{told}` is not told: {}", end(&ran));
    }
    assert!(servers.were_asked());
    each_was_judged_as_expected(&watched.world);
    each_is_in_what_was_received(&finder, &watched.world);
    watched.hoso(&["-vvv", "--log", "json", "run", "--report", "again.json"], 6);
    watched.hoso(&["--lang", "vi", "run"], 6);
    read(&mut watched);
    // Everything is judged again, from the raw bytes.
    watched.world.edit("profiles/list.toml", "\"STT\"", "\"STT\", \"TT\"");
    let replayed = watched.hoso(&["-vvv", "quarantine", "replay"], 6);
    assert!(!replayed.stderr.contains("\n0 deliveries are judged again"), "{}", end(&replayed));
    panic(&mut watched);

    let Watched { world, mut shown, named, n_looks } = watched;
    for name in ["report.json", "again.json"] {
        shown.push(Output { name: name.to_owned(), bytes: fs::read(world.path(name)).unwrap() });
    }
    let is_raw = |output: &Output| output.name.contains("/warehouse/raw/");
    shown.extend(kept(&world.path("warehouse")).into_iter().filter(|output| !is_raw(output)));
    assert!(shown.len() > 200, "{}", shown.len());
    let mut wrong = finder.leaks(&shown);
    assert!(n_looks > 1000, "{n_looks}");
    wrong.extend(named.into_iter().map(|name| format!("`{name}` lay in the temporary folder")));
    wrong.extend(public_numbers(&world));
    assert!(wrong.is_empty(), "{} leaks\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(files(&world.path("tmp")), Vec::<PathBuf>::new());
}

/// Writes the deliveries; returns what finds the canaries in whatever way they are written.
fn deliver(world: &World) -> Finder {
    world.write("plan.json", plan().to_string());
    let (folder, plan) = (world.path("in"), world.path("plan.json"));
    let paths = [&folder, &plan].map(|path| path.to_str().unwrap());
    let spellings = python(&["tests/canaries.py", paths[0], paths[1]]);
    let finder = Finder::new(&serde_json::from_str::<Vec<Vec<String>>>(&spellings).unwrap());
    // No canary is found in another, and each is found in itself.
    for canary in &CANARIES {
        let found = finder.find(canary.text().as_bytes());
        assert_eq!(found.keys().collect::<Vec<_>>(), [&canary.id]);
    }
    let kinds: BTreeSet<&str> = CANARIES.iter().map(|canary| canary.kind).collect();
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    finder
}

/// Each delivery was read as far as it was meant to be: no canary is absent for want of reading.
fn each_was_judged_as_expected(world: &World) {
    let judged = world.query(
        "SELECT unit_code, feed, name, outcome, rule, read, accepted, rejected, out_of_scope \
         FROM deliveries ORDER BY unit_code, feed, n",
    );
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    for delivery in DELIVERIES.iter().filter(|delivery| !delivery.fate.is_empty()) {
        let (folder, name) = delivery.name.split_once('/').unwrap();
        let feed = match folder {
            "u1" => "G99.01,dossier",
            "u2" => "G99.02,dossier",
            "payments" => "G99,payment",
            _ => "G99,portal",
        };
        // A name outside the pattern is told by its hash.
        let name = if name.contains('{') { "?" } else { name };
        expected.push(format!("{feed},{name},{}", delivery.fate));
    }
    expected.push("G99.08,dossier,query,accepted,,1,1,0,0".to_owned());
    for line in judged.lines().skip(1) {
        let mut fields: Vec<&str> = line.split(',').collect();
        if fields[4] == "name_outside_pattern" {
            fields[2] = "?";
        }
        found.push(fields.join(","));
    }
    expected.sort();
    found.sort();
    assert_eq!(found.join("\n"), expected.join("\n"));
}

/// Each canary that was delivered is in the bytes delivered, and these are kept as they were.
fn each_is_in_what_was_received(finder: &Finder, world: &World) {
    let mut raw: BTreeMap<Vec<u8>, Vec<Output>> = BTreeMap::new();
    for path in files(&world.path("warehouse/raw")) {
        let plain = zstd::decode_all(fs::File::open(&path).unwrap()).unwrap();
        let parts = unpacked(&path.display().to_string(), plain.clone());
        raw.insert(plain, parts);
    }
    let mut found: BTreeSet<&str> = BTreeSet::new();
    for path in files(&world.path("in")) {
        use std::os::unix::ffi::OsStrExt as _;
        found.extend(finder.find(path.file_name().unwrap().as_bytes()).keys());
        let kept = raw.get(&fs::read(&path).unwrap());
        let is_listed = !path.starts_with(world.path("in/odd"));
        assert_eq!(kept.is_some(), is_listed, "{}", path.display());
        for part in kept.into_iter().flatten() {
            found.extend(finder.find(&part.bytes).keys());
        }
    }
    let delivered = CANARIES.iter().map(|c| c.id).take_while(|id| *id != FIRST_OF_SOURCES);
    let missing: Vec<&str> = delivered.filter(|id| !found.contains(id)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "planted, but not in what was received");
}

/// Asks for all that can be shown of a store, in every manner.
fn read(watched: &mut Watched) {
    for manner in MANNERS {
        for (reader, code) in READERS {
            watched.hoso(&[manner, reader].concat(), code);
        }
        for (table, format) in TABLES.iter().flat_map(|t| ["table", "json"].map(|f| (t, f))) {
            let sql = format!("SELECT * FROM {table}");
            watched.hoso(&[manner, &["query", &sql, "--format", format]].concat(), 0);
        }
    }
    let listed = watched.hoso(&["quarantine", "list", "--all", "--json"], 0);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    let rejects = listed["rejects"].as_array().unwrap();
    let is_reject = |fate: &&str| fate.starts_with("accepted");
    let n_rejected = |fate: &str| fate.split(',').nth(4).unwrap().parse::<usize>().unwrap();
    let fates = DELIVERIES.iter().map(|delivery| delivery.fate).filter(is_reject);
    assert_eq!(rejects.len(), fates.map(n_rejected).sum::<usize>());
    for reject in rejects {
        let id = reject["id"].as_str().unwrap();
        watched.hoso(&["--lang", "vi", "quarantine", "show", id], 0);
        watched.hoso(&["quarantine", "show", id, "--json"], 0);
    }
}

/// Makes the program panic: the runtime quotes a number of threads that is none.
fn panic(watched: &mut Watched) {
    let args = ["-vvv", "run"];
    let mut command = watched.world.command(&args);
    command.env("TOKIO_WORKER_THREADS", planted("{c01} {c02} {c04}"));
    let ran = watched.run(&args, &mut command);
    assert_eq!(ran.code, 1, "{}", end(&ran));
    assert!(ran.stderr.contains("error: a fault in hoso itself at "), "{}", end(&ran));
}

/// Dossier numbers stay in the warehouse: returns those that are public.
fn public_numbers(world: &World) -> Vec<String> {
    let mut numbers = BTreeSet::new();
    for path in files(&world.path("warehouse/dossiers")) {
        if path.extension().is_some_and(|extension| extension == "parquet") {
            for line in String::from_utf8(values(&path)).unwrap().lines() {
                let row: serde_json::Value = serde_json::from_str(line).unwrap();
                let named = ["dossier_key", "dossier_number"].map(|name| row[name].clone());
                numbers.extend(named.iter().filter_map(|name| Some(name.as_str()?.to_owned())));
            }
        }
    }
    assert!(numbers.len() >= 5, "{numbers:?}");
    let public = kept(&world.path("warehouse/publish"));
    assert!(public.len() > 5, "{}", public.len());
    let mut shown = Vec::new();
    for Output { name, bytes } in public {
        let text = String::from_utf8_lossy(&bytes);
        let numbers = numbers.iter().filter(|number| text.contains(*number));
        shown.extend(numbers.map(|number| format!("the number {number} in {name}")));
    }
    shown
}
