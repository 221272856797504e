//! Sources: the same logs by every way, and what each way can do wrong. The servers are real.

mod folders;
mod http;
mod http_faults;
mod http_moving;
mod postgres;
mod postgres_faults;
mod secrets;
mod sftp;
mod size;
mod ways;

use serde_json::{Value, json};

use super::world::{HEADINGS, World, log};

/// Rows of a log of the first unit, `from` to `to`: `number | procedure | received | due |
/// completed | status | channel | updated`.
fn rows(from: usize, to: usize) -> String {
    let row = |n: usize| {
        let (day, month) = (n % 27 + 1, n % 3 + 1);
        let (status, completed) = match n % 4 {
            0 => ("Đang xử lý", String::new()),
            _ => ("Đã xong", format!("{:02}/{month:02}/2020", (day + 2).min(28))),
        };
        let channel = if n.is_multiple_of(2) { "Trực tuyến" } else { "Trực tiếp" };
        format!(
            "G99.01-20{month:02}{day:02}-{n:04}|1.000001|{day:02}/{month:02}/2020|28/{month:02}/2020|\
             {completed}|{status}|{channel}|{:02}/{month:02}/2020 {:02}:{:02}\n",
            (day + 2).min(28),
            n / 60 % 24,
            n % 60
        )
    };
    (from..to).map(row).collect()
}

/// The same rows as records of JSON, under the log's own headings.
fn records(from: usize, to: usize) -> Vec<Value> {
    let text = log(&rows(from, to));
    let headings: Vec<&str> = HEADINGS.split(',').collect();
    let record = |line: &str| {
        let fields = headings.iter().zip(line.split(','));
        let known = fields.filter(|(heading, _)| **heading != "STT");
        Value::Object(known.map(|(key, value)| ((*key).to_owned(), json!(value))).collect())
    };
    text.lines().skip(1).map(record).collect()
}

/// The small pipeline with another source for the first unit's feed.
fn world_of(source: &str) -> World {
    let world = World::small();
    let head = "unit = \"G99.01\"\nfeed = \"dossier\"\nprofile = \"list\"\nexpected = \"month\"\n";
    world.write("feeds/u1.toml", format!("{head}{source}"));
    world.edit("pipeline.toml", "since =", "retry_budget_seconds = 1\nsince =");
    std::fs::remove_file(world.path("feeds/u2.toml")).unwrap();
    world
}

/// Adds the second unit's folder: it goes on when the first unit's source fails.
fn and_a_folder(world: &World) {
    let feed = "unit = \"G99.02\"\nfeed = \"dossier\"\nprofile = \"list\"\nlocation = \"../in/u2\"\n\
        name = '^(?<period>\\d{4}-\\d{2})\\.csv$'\nsettle_seconds = 0\nslot = \"none\"\n\
        expected = \"month\"\n";
    world.write("feeds/u2.toml", feed);
    let row = "G99.02-200203-0001|1.000002|03/02/2020|20/02/2020||Đang xử lý|Trực tiếp|";
    world.log("u2/2020-02.csv", row);
}

/// Returns how many dossiers the store has, and how many observations of them.
fn counts(world: &World) -> (usize, usize) {
    let text = world.dossiers();
    let observations = |line: &str| {
        let dossier: Value = serde_json::from_str(line).unwrap();
        dossier["history"].as_array().unwrap().len()
    };
    (text.lines().count(), text.lines().map(observations).sum())
}

/// Returns how many deliveries have landed in a local store.
fn n_landed(world: &World) -> usize {
    let units = std::fs::read_dir(world.path("warehouse/landed")).into_iter().flatten();
    let feeds = units.flat_map(|unit| std::fs::read_dir(unit.unwrap().path()).unwrap());
    feeds.map(|feed| std::fs::read_dir(feed.unwrap().path()).unwrap().count()).sum()
}

/// Whether the first unit is missing from some month.
fn is_missing(world: &World) -> bool {
    let figures = world.figures("month");
    figures.lines().any(|line| line.contains("G99.01") && line.contains("missing"))
}

/// Returns when a record of JSON changed, such as `2020-03-28 00:26`.
fn changed(record: &Value) -> String {
    let text = record["Cập nhật"].as_str().unwrap();
    let (day, time) = text.split_once(' ').unwrap();
    let parts: Vec<&str> = day.split('/').collect();
    format!("{}-{}-{} {time}", parts[2], parts[1], parts[0])
}
