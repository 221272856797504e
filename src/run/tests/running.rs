//! A period that goes on is not held against whole ones; a release stands for what it was made of.

use std::fmt::Write as _;
use std::fs;

use crate::pipeline::Pipeline;
use crate::pipeline::rules::Language;
use crate::run::plan::plan;
use crate::run::state::State;
use crate::run::{Options, run};
use crate::store::Store;
use crate::store::cloud::Access;
use crate::store::faults::Fault;

use super::{at, options, run_at, small, watch};

/// A log of so many dossiers of a month.
fn log(month: u32, n_dossiers: usize) -> String {
    let mut log = "Mã hồ sơ,Mã TTHC,Ngày tiếp nhận,Trạng thái,Hình thức nộp\n".to_owned();
    for n in 0..n_dossiers {
        let (number, day) =
            (format!("G99.01-20{month:02}05-{n:04}"), format!("05/{month:02}/2020"));
        writeln!(log, "{number},1.000001,{day},Đang xử lý,Trực tiếp").unwrap();
    }
    log
}

#[test]
fn a_feed_that_reports_to_today_is_not_far_below_its_volume_early_in_a_month() {
    let (folder, _) = small();
    let feed = folder.path().join("feeds/u1.toml");
    let text = fs::read_to_string(&feed).unwrap();
    let ranges = r"^(?<from>\d{4}-\d{2}-\d{2})_(?<to>\d{4}-\d{2}-\d{2})\.csv$";
    let named = text.replace(r"^(?<period>\d{4}-\d{2})[a-z]?\.csv$", ranges);
    assert!(named != text);
    fs::write(&feed, named).unwrap();
    let pipeline = Pipeline::load(folder.path()).unwrap();
    let store = folder.path().join("store");
    let store = Store::open(store.to_str().unwrap(), &Access::default()).unwrap();
    let drop_log = |name: &str, log: String| {
        fs::write(folder.path().join("in/u1").join(name), log).unwrap();
    };
    for (month, last) in [(1, 31), (2, 29), (3, 31)] {
        let name = format!("2020-{month:02}-01_2020-{month:02}-{last}.csv");
        drop_log(&name, log(month, 30));
    }
    run_at(&pipeline, &store, at("2020-04-01T00:00:00Z")).unwrap();
    let n_spoken = |to: &str, n_dossiers: usize| {
        drop_log(&format!("2020-04-01_{to}.csv"), log(4, n_dossiers));
        let options = Options {
            as_of: to.parse().unwrap(),
            ..options(&pipeline, at("2020-04-30T12:00:00Z"))
        };
        let report = run(&pipeline, &store, &options, &watch()).unwrap();
        report.evidence().filter(|(evidence, _)| evidence.unit.is_some()).count()
    };
    assert_eq!(n_spoken("2020-04-10", 2), 0, "April goes on");
    assert_eq!(n_spoken("2020-04-30", 3), 1, "April is over, and next to nothing came");
}

#[test]
fn a_release_stands_only_for_what_it_was_made_of() {
    let (folder, pipeline) = small();
    let store = folder.path().join("store");
    let store = Store::open(store.to_str().unwrap(), &Access::default()).unwrap();
    let deliver = |month: u32| {
        let path = folder.path().join(format!("in/u1/2020-{month:02}.csv"));
        fs::write(path, log(month, 3)).unwrap();
        run_at(&pipeline, &store, at("2020-04-01T00:00:00Z")).unwrap();
    };
    let inputs = |pipeline: &Pipeline, as_of| {
        State::newest(pipeline, &store, &watch()).unwrap().inputs(pipeline, as_of)
    };
    deliver(1);
    let as_of = pipeline.settings.as_of.unwrap();
    let released = || store.latest_release().unwrap().unwrap().inputs.unwrap();
    let first = released();
    assert_eq!(inputs(&pipeline, as_of), first);
    assert_ne!(inputs(&pipeline, as_of.pred_opt().unwrap()), first);
    let definitions = folder.path().join("indicators.toml");
    let text = fs::read_to_string(&definitions).unwrap();
    fs::write(&definitions, text.replace("numerator = \"open\"", "numerator = \"received\""))
        .unwrap();
    assert_ne!(inputs(&Pipeline::load(folder.path()).unwrap(), as_of), first);
    fs::write(&definitions, text).unwrap();
    deliver(2);
    assert_ne!(released(), first);
    assert_eq!(inputs(&pipeline, as_of), released());
}

#[test]
fn what_a_run_that_was_stopped_had_to_tell_of_its_release_the_next_tells() {
    let mut n_left = 0;
    for n_writes in 0.. {
        let (folder, pipeline) = small();
        let at_store = folder.path().join("store");
        let url = at_store.to_str().unwrap();
        fs::write(folder.path().join("in/u1/2020-01.csv"), log(1, 3)).unwrap();
        fs::write(folder.path().join("in/u1/2020-02.csv"), "nothing that is a log").unwrap();
        let dying = Store::failing(url, n_writes, Fault::Refused).unwrap();
        if run_at(&pipeline, &dying, at("2020-04-01T00:00:00Z")).is_ok() {
            break;
        }
        let store = Store::open(url, &Access::default()).unwrap();
        let options = options(&pipeline, at("2020-04-01T00:00:00Z"));
        let is_left = store.release_numbers().unwrap() == [1];
        let planned = is_left.then(|| plan(&pipeline, &store, &options, &watch()).unwrap());
        assert!(planned.is_none_or(|planned| !planned.has_gaps()), "at write {n_writes}");
        let report = run(&pipeline, &store, &options, &watch()).unwrap();
        let told = report.summary(Language::English);
        // The last write of all is that of a table: after it nothing is left.
        if is_left && told.contains("release 1 was made by a run that was stopped") {
            n_left += 1;
            assert!(report.has_gaps() && told.contains("refused: G99.01/dossier/"), "{told}");
        }
    }
    assert!(n_left > 2, "a release was left by {n_left} runs");
}
