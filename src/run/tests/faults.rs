//! Each write of a run fails in turn, refused or with its answer lost: what a reader sees is the
//! last release whole or the new one whole, and the next run comes to what an undisturbed one does.

use std::fs;
use std::path::Path;

use chrono::DateTime;

use crate::indicators::row::Row;
use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::run::quarantine::{self, Filter};
use crate::run::{replay, show, verify};
use crate::store::Store;
use crate::store::cloud::Access;
use crate::store::faults::Fault;

use super::{copy, options, run_at, small, watch};

const HEADINGS: &str =
    "Mã hồ sơ,Mã TTHC,Ngày tiếp nhận,Ngày hẹn trả,Ngày có kết quả,Trạng thái,Hình thức nộp";
const JANUARY: &str = "G99.01-200110-0001,1.000001,10/01/2020,20/01/2020,,Đang xử lý,Trực tiếp\n\
    G99.01-200111-0002,1.000001,11/01/2020,,,???,Trực tiếp";
const FEBRUARY: &str = "G99.01-200110-0001,1.000001,10/01/2020,20/01/2020,04/02/2020,Đã xong,Trực tiếp\n\
    G99.01-200203-0001,1.000001,03/02/2020,20/02/2020,,Đang xử lý,Trực tuyến\n\
    ,1.000001,03/02/2020,,,Đang xử lý,Trực tuyến";

#[test]
fn a_run_that_fails_at_any_write_leaves_a_whole_release_and_the_next_run_mends_it() {
    let (folder, pipeline) = small();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let log = |name: &str, rows: &str| {
        fs::write(folder.path().join("in/u1").join(name), format!("{HEADINGS}\n{rows}\n")).unwrap();
    };
    log("2020-01.csv", JANUARY);
    run_once(&pipeline, &Store::open(&at("first"), &Access::default()).unwrap()).unwrap();
    log("2020-02.csv", FEBRUARY);
    copy(Path::new(&at("first")), Path::new(&at("whole")));
    let whole = Store::open(&at("whole"), &Access::default()).unwrap();
    run_once(&pipeline, &whole).unwrap();
    let (before, after) = (
        published(&pipeline, &Store::open(&at("first"), &Access::default()).unwrap()),
        published(&pipeline, &whole),
    );
    assert!(before != after);

    let mut n_failures = 0;
    for fault in [Fault::Refused, Fault::AnswerLost] {
        for n_writes in usize::from(fault == Fault::AnswerLost).. {
            let broken = at(&format!("{fault:?}-{n_writes}"));
            copy(Path::new(&at("first")), Path::new(&broken));
            let failing = Store::failing(&broken, n_writes, fault).unwrap();
            let is_done = run_once(&pipeline, &failing).is_ok();
            let store = Store::open(&broken, &Access::default()).unwrap();
            let seen = published(&pipeline, &store);
            assert!(seen == before || seen == after, "{fault:?} at write {n_writes}");
            run_once(&pipeline, &store).unwrap();
            assert!(published(&pipeline, &store) == after, "{fault:?} at write {n_writes}");
            for table in [Table::Indicators, Table::Dossiers, Table::Quarantine, Table::Deliveries]
            {
                let rows = |store: &Store| -> u64 {
                    store.snapshot(table).unwrap().files.iter().map(|file| file.n_rows).sum()
                };
                assert_eq!(rows(&store), rows(&whole), "{table:?}, {fault:?} at write {n_writes}");
            }
            if is_done {
                break;
            }
            n_failures += 1;
        }
    }
    assert!(n_failures > 20, "only {n_failures} writes failed");
}

#[test]
fn what_the_storage_does_not_give_is_no_fault_of_the_delivery() {
    let (folder, pipeline) = small();
    let url = folder.path().join("store").to_str().unwrap().to_owned();
    fs::write(folder.path().join("in/u1/2020-01.csv"), format!("{HEADINGS}\n{JANUARY}\n")).unwrap();
    let failing = Store::failing(&url, usize::MAX, Fault::RawUnread).unwrap();
    let told = format!("{:#}", run_once(&pipeline, &failing).unwrap_err());
    assert!(told.contains("failed to read `raw/") && told.contains("killed here"), "{told}");
    let store = Store::open(&url, &Access::default()).unwrap();
    assert_eq!(store.snapshot(Table::Deliveries).unwrap().files, []);
    run_once(&pipeline, &store).unwrap();
    assert!(verify::verify(&pipeline, &store, super::at("2021-01-01T00:00:00Z")).holds());
    assert_eq!(store.snapshot(Table::Deliveries).unwrap().files.len(), 1);
}

#[test]
fn a_run_that_fails_at_any_write_is_gone_on_with_by_a_mended_profile() {
    let (folder, pipeline) = small();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let log = format!("{HEADINGS}\n{}\n", JANUARY.replace("???", "Nháp"));
    fs::write(folder.path().join("in/u1/2020-01.csv"), log).unwrap();
    let profile = folder.path().join("profiles/list.toml");
    let text = fs::read_to_string(&profile).unwrap();
    fs::write(&profile, text.replace("new = [", "new = [\"Nháp\", ")).unwrap();
    let mended = Pipeline::load(folder.path()).unwrap();
    for n_writes in 0.. {
        let url = at(&format!("store-{n_writes}"));
        let is_done =
            run_once(&pipeline, &Store::failing(&url, n_writes, Fault::Refused).unwrap()).is_ok();
        let store = Store::open(&url, &Access::default()).unwrap();
        run_once(&mended, &store).unwrap();
        let verified = verify::verify(&mended, &store, super::at("2021-01-01T00:00:00Z"));
        assert!(verified.holds(), "at write {n_writes}: {}", verified.text());
        let selection = replay::select(&mended, &store, &Filter::default()).unwrap();
        let options = options(&mended, DateTime::UNIX_EPOCH);
        crate::run::replay(&mended, &store, &options, &selection, &watch()).unwrap();
        let rejects = quarantine::read(&mended, &store, &Filter::default()).unwrap();
        assert!(rejects.is_empty(), "at write {n_writes}: {rejects:?}");
        if is_done {
            assert!(n_writes > 10, "only {n_writes} writes failed");
            break;
        }
    }
}

fn run_once(pipeline: &Pipeline, store: &Store) -> anyhow::Result<()> {
    run_at(pipeline, store, DateTime::UNIX_EPOCH)
}

fn published(pipeline: &Pipeline, store: &Store) -> Vec<Row> {
    show::Told::read(pipeline, store, None).unwrap().indicators.rows()
}
