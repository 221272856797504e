//! Two runs at once, of which the first knows less: whichever waits before whichever write, or dies
//! there, once all have ended there lies in the cells what the ledger tells.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use chrono::DateTime;
use futures::executor::block_on;
use tempfile::TempDir;

use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::run::ingest::ingest;
use crate::run::land::land;
use crate::run::{prepare, verify};
use crate::store::Store;
use crate::store::cloud::Access;
use crate::store::faults::Fault;

use super::{copy, options, small, watch};

/// More writes than a run has.
const ENOUGH: usize = 1 << 20;
const LISTS: [&str; 2] = [
    "Mã hồ sơ,Mã TTHC,Ngày tiếp nhận,Trạng thái,Hình thức nộp\n\
     G99.01-200110-0001,1.000001,10/01/2020,Đang xử lý,Trực tiếp\n\
     G99.01-200111-0002,1.000001,11/01/2020,Đang xử lý,Trực tiếp\n",
    "Mã hồ sơ,Mã TTHC,Ngày tiếp nhận,Trạng thái,Hình thức nộp\n\
     G99.01-200110-0001,1.000001,10/01/2020,Đang xử lý,Trực tuyến\n\
     G99.01-200112-0003,1.000001,12/01/2020,Đang xử lý,Trực tuyến\n\
     G99.01-200113-0004,1.000001,13/01/2020,Đang xử lý,Trực tuyến\n",
];

/// A pipeline in which a list replaces the one of the same name, and its store with the first list
/// landed, and with the second as well.
struct Landed {
    folder: TempDir,
    pipeline: Pipeline,
    stores: [PathBuf; 2],
}

impl Landed {
    fn new() -> Self {
        let (folder, _) = small();
        let feed = folder.path().join("feeds/u1.toml");
        let text = fs::read_to_string(&feed).unwrap();
        fs::write(&feed, text.replace("slot = \"none\"", "slot = \"name\"")).unwrap();
        let pipeline = Pipeline::load(folder.path()).unwrap();
        let stores = ["first", "second"].map(|name| folder.path().join(name));
        for (list, at) in LISTS.into_iter().zip(&stores) {
            if at.ends_with("second") {
                copy(&stores[0], at);
            }
            fs::write(folder.path().join("in/u1/2020-01.csv"), list).unwrap();
            let store = Store::open(at.to_str().unwrap(), &Access::default()).unwrap();
            prepare(&pipeline, &store).unwrap();
            let options = options(&pipeline, DateTime::UNIX_EPOCH);
            assert_eq!(land(&pipeline, &store, &options, &watch()).unwrap().n_new, 1);
        }
        Self { folder, pipeline, stores }
    }

    /// Ingests twice at once. The first knows of one list and waits after some writes; then the
    /// second knows of both, and waits in turn; the first ends, perhaps after so many more writes
    /// that fail, and then the second. Tells whether both have waited; a third ends it.
    fn ingest(&self, [n_first, n_more, n_second]: [usize; 3]) -> bool {
        let at = self.folder.path().join("store");
        copy(&self.stores[0], &at);
        let url = at.to_str().unwrap();
        let (first, first_waits) = Store::slow(url, n_first, n_more).unwrap();
        let (second, second_waits) = Store::slow(url, n_second, ENOUGH).unwrap();
        let have_waited = thread::scope(|scope| {
            let first = scope.spawn(move || self.ingest_into(&first).is_ok());
            let has_waited = block_on(first_waits.reached).is_ok();
            self.land_second(&at);
            let second = scope.spawn(move || self.ingest_into(&second).is_ok());
            let have_waited = has_waited & block_on(second_waits.reached).is_ok();
            first_waits.resume.send(()).ok();
            first.join().unwrap();
            second_waits.resume.send(()).ok();
            second.join().unwrap();
            have_waited
        });
        let store = Store::open(url, &Access::default()).unwrap();
        self.ingest_into(&store).unwrap();
        holds(&self.pipeline, &store, 3, &format!("{n_first}, {n_more}, {n_second}"));
        fs::remove_dir_all(at).unwrap();
        have_waited
    }

    fn land_second(&self, at: &Path) {
        for name in ["raw", "landed"] {
            copy(&self.stores[1].join(name), &at.join(name));
        }
    }

    fn ingest_into(&self, store: &Store) -> anyhow::Result<()> {
        ingest(&self.pipeline, store, &BTreeSet::new(), &watch()).map(drop)
    }
}

/// Holds a store against itself, and to so many dossiers.
fn holds(pipeline: &Pipeline, store: &Store, n_dossiers: u64, told: &str) {
    let verified = verify::verify(pipeline, store, super::at("2021-01-01T00:00:00Z"));
    assert!(verified.holds(), "{told}: {}", verified.text());
    let files = store.snapshot(Table::Dossiers).unwrap().files;
    assert_eq!(files.iter().map(|file| file.n_rows).sum::<u64>(), n_dossiers, "{told}");
}

#[test]
fn two_runs_at_once_come_to_what_one_comes_to() {
    let landed = Landed::new();
    let n_seconds = |n_first| (0..).take_while(|n| landed.ingest([n_first, ENOUGH, *n])).count();
    let tried: Vec<usize> = (0..).map(n_seconds).take_while(|n_seconds| *n_seconds > 0).collect();
    assert!(tried.len() > 4 && tried[0] > 4, "waited at {tried:?} writes");
}

#[test]
fn a_run_that_dies_while_another_knows_better_leaves_nothing_behind() {
    let landed = Landed::new();
    for n_first in 0..7 {
        for n_more in 1..7 {
            landed.ingest([n_first, n_more, ENOUGH]);
        }
    }
}

#[test]
fn what_a_run_that_died_replaced_stands_again_where_the_new_list_is_refused() {
    let landed = Landed::new();
    let profile = landed.folder.path().join("profiles/list.toml");
    let few = "[contract.few]\nname = { vi = \"ít\", en = \"few\" }\n\
               records = { max = 2 }\nseverity = \"refuse\"\n";
    let text = fs::read_to_string(&profile).unwrap();
    fs::write(&profile, format!("{text}\n{few}")).unwrap();
    let strict = Pipeline::load(landed.folder.path()).unwrap();
    for n_writes in 0.. {
        let at = landed.folder.path().join(format!("store-{n_writes}"));
        let url = at.to_str().unwrap();
        copy(&landed.stores[0], &at);
        let store = Store::open(url, &Access::default()).unwrap();
        landed.ingest_into(&store).unwrap();
        landed.land_second(&at);
        let dying = Store::failing(url, n_writes, Fault::Refused).unwrap();
        if landed.ingest_into(&dying).is_ok() {
            assert!(n_writes > 4, "only {n_writes} writes failed");
            break;
        }
        ingest(&strict, &store, &BTreeSet::new(), &watch()).unwrap();
        holds(&strict, &store, 2, &format!("at write {n_writes}"));
    }
}

#[test]
fn of_two_runs_by_two_profiles_one_is_entered_and_folded() {
    let landed = Landed::new();
    let profile = landed.folder.path().join("profiles/list.toml");
    let text = fs::read_to_string(&profile).unwrap();
    // By the other, the statuses of all records are unknown.
    fs::write(&profile, text.replace("[\"Đang xử lý\"]", "[\"Khác\"]")).unwrap();
    let other = Pipeline::load(landed.folder.path()).unwrap();
    let by_other = |store: &Store| ingest(&other, store, &BTreeSet::new(), &watch());
    for n_writes in 0.. {
        let at = landed.folder.path().join(format!("both-{n_writes}"));
        let url = at.to_str().unwrap();
        copy(&landed.stores[0], &at);
        let (first, waits) = Store::slow(url, n_writes, ENOUGH).unwrap();
        let store = Store::open(url, &Access::default()).unwrap();
        let has_waited = thread::scope(|scope| {
            // Dropped at its end, so that nobody waits for it.
            let landed = &landed;
            let first = scope.spawn(move || landed.ingest_into(&first).is_ok());
            let has_waited = block_on(waits.reached).is_ok();
            drop(by_other(&store));
            waits.resume.send(()).ok();
            first.join().unwrap();
            has_waited
        });
        if !has_waited {
            assert!(n_writes > 4, "waited at {n_writes} writes only");
            break;
        }
        by_other(&store).unwrap();
        let verified = verify::verify(&other, &store, super::at("2021-01-01T00:00:00Z"));
        assert!(verified.holds(), "at write {n_writes}: {}", verified.text());
    }
}
