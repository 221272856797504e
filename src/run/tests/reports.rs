//! Reports on time, late, quiet, awaited and missing, by the calendar and the moment of landing.

use std::fs;
use std::path::Path;

use chrono::NaiveDate;

use crate::indicators::completeness::Completeness;
use crate::pipeline::Pipeline;
use crate::run::ledger::Ledger;
use crate::store::Store;
use crate::store::cloud::Access;

use super::{at, run_at, small};

const HEADINGS: &str = "Mã hồ sơ,Mã TTHC,Ngày tiếp nhận,Trạng thái,Hình thức nộp";

/// The small pipeline whose first unit's reports are due on the fifth working day of the next
/// month, with two working days of grace.
fn due_on_the_fifth_working_day() -> (tempfile::TempDir, Pipeline) {
    let (folder, _) = small();
    let feed = folder.path().join("feeds/u1.toml");
    let text = fs::read_to_string(&feed).unwrap();
    let due = "due = { working_days = 5, grace_days = 2 }";
    fs::write(&feed, format!("{text}{due}\n")).unwrap();
    let pipeline = Pipeline::load(folder.path()).unwrap();
    (folder, pipeline)
}

fn drop_log(folder: &Path, name: &str, rows: &str) {
    fs::write(folder.join("in/u1").join(name), format!("{HEADINGS}\n{rows}")).unwrap();
}

fn row(month: u32) -> String {
    format!("G99.01-20{month:02}10-0001,1.000001,10/{month:02}/2020,Đang xử lý,Trực tiếp\n")
}

/// Returns the first unit's reports as of a day: status, due day, day of arrival.
fn reports(pipeline: &Pipeline, store: &Store, as_of: NaiveDate) -> Vec<String> {
    let covered = Ledger::read(store).unwrap().covered(pipeline);
    let reports = Completeness::new(pipeline, &covered, as_of).reports;
    let own = reports.iter().filter(|report| report.unit == "G99.01");
    let day = |day: Option<NaiveDate>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
    own.map(|report| {
        let (due, received) = (day(report.due_on), day(report.received_on));
        let on_time = report.is_on_time;
        format!("{} {} due {due} came {received} {on_time:?}", report.start, report.status())
    })
    .collect()
}

#[test]
fn reports_are_held_against_their_due_day_and_its_grace() {
    let (folder, pipeline) = due_on_the_fifth_working_day();
    let store = folder.path().join("store");
    let store = Store::open(store.to_str().unwrap(), &Access::default()).unwrap();
    // January on the last day of grace: five working days after the 31st are the 7th of February
    // (a Friday), two more the 11th. It lands at 23:30 local time, which is still that day.
    drop_log(folder.path(), "2020-01.csv", &row(1));
    run_at(&pipeline, &store, at("2020-02-11T16:30:00Z")).unwrap();
    // February a day late; March says that there was nothing, in time.
    drop_log(folder.path(), "2020-02.csv", &row(2));
    run_at(&pipeline, &store, at("2020-03-10T17:30:00Z")).unwrap();
    drop_log(folder.path(), "2020-03.csv", "");
    run_at(&pipeline, &store, at("2020-04-01T01:00:00Z")).unwrap();
    assert_eq!(
        reports(&pipeline, &store, "2020-05-31".parse().unwrap()),
        [
            "2020-01-01 on_time due 2020-02-07 came 2020-02-11 Some(true)",
            "2020-02-01 late due 2020-03-06 came 2020-03-11 Some(false)",
            "2020-03-01 quiet due 2020-04-07 came 2020-04-01 Some(true)",
            "2020-04-01 missing due 2020-05-07 came - Some(false)",
            "2020-05-01 awaited due 2020-06-05 came - None",
        ]
    );
}

#[test]
fn a_report_is_awaited_to_the_last_day_of_grace() {
    let (folder, pipeline) = due_on_the_fifth_working_day();
    let store = folder.path().join("store");
    let store = Store::open(store.to_str().unwrap(), &Access::default()).unwrap();
    drop_log(folder.path(), "2020-01.csv", &row(1));
    run_at(&pipeline, &store, at("2020-02-03T00:00:00Z")).unwrap();
    let february = |as_of: &str| reports(&pipeline, &store, as_of.parse().unwrap())[1].clone();
    assert!(february("2020-03-09").contains(" awaited "), "{}", february("2020-03-09"));
    assert!(february("2020-03-10").contains(" missing "), "{}", february("2020-03-10"));
}

#[test]
fn what_was_due_before_anybody_watched_is_neither_late_nor_on_time() {
    let (folder, pipeline) = due_on_the_fifth_working_day();
    let store = folder.path().join("store");
    let store = Store::open(store.to_str().unwrap(), &Access::default()).unwrap();
    drop_log(folder.path(), "2020-01.csv", &row(1));
    run_at(&pipeline, &store, at("2026-01-01T00:00:00Z")).unwrap();
    let told = reports(&pipeline, &store, "2020-02-29".parse().unwrap());
    assert_eq!(told[0], "2020-01-01 received due 2020-02-07 came 2026-01-01 None");
}

#[test]
fn a_correction_that_comes_late_leaves_the_report_on_time() {
    let (folder, _) = due_on_the_fifth_working_day();
    let feed = folder.path().join("feeds/u1.toml");
    let text = fs::read_to_string(&feed).unwrap().replace("slot = \"none\"", "slot = \"name\"");
    fs::write(&feed, text).unwrap();
    let pipeline = Pipeline::load(folder.path()).unwrap();
    let store = folder.path().join("store");
    let store = Store::open(store.to_str().unwrap(), &Access::default()).unwrap();
    drop_log(folder.path(), "2020-01.csv", &row(1));
    run_at(&pipeline, &store, at("2020-02-03T00:00:00Z")).unwrap();
    drop_log(folder.path(), "2020-01.csv", &row(1).replace("Trực tiếp", "Trực tuyến"));
    run_at(&pipeline, &store, at("2020-05-03T00:00:00Z")).unwrap();
    let told = reports(&pipeline, &store, "2020-02-29".parse().unwrap());
    assert_eq!(told[0], "2020-01-01 on_time due 2020-02-07 came 2020-02-03 Some(true)");
}
