//! The law of a run, on whole runs: however the same records are split over deliveries, in
//! whatever order they come, repeated, corrected, judged again and with a crash between, the
//! dossiers, the measures and the indicators are the same, and every record has one fate.

use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use proptest::prelude::*;

use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::run::quarantine::Filter;
use crate::run::{replay, show, verify};
use crate::store::Store;
use crate::store::cloud::Access;
use crate::store::faults::Fault;

use super::{at, options, run_at, small, watch};

const HEADINGS: &str = "Mã hồ sơ,Mã TTHC,Ngày tiếp nhận,Ngày hẹn trả,Ngày có kết quả,Trạng thái,\
    Hình thức nộp,Cập nhật";

/// A status that the profile takes for another until it is mended.
const DRAFT: &str = "Nháp";

/// What the records of a log may say, column by column.
const TOLD: [&[&str]; 6] = [
    &["G99.01-200110-0001", "G99.01-200111-0002", "000.00.01.G99-200110-0001", ""],
    &["10/01/2020", "11/01/2020", "31/02/2020"],
    &["", "20/01/2020", "25/01/2020"],
    &["", "15/01/2020", "22/01/2020"],
    &["Đang xử lý", "Đã xong", "Từ chối", "?", DRAFT],
    &["Trực tuyến", "Trực tiếp"],
];

/// Few numbers and few values, so that records of one dossier meet and disagree. Each that says
/// something else says it at another time: of records without times the later delivery decides.
fn record() -> impl Strategy<Value = String> {
    TOLD.map(|texts| 0..texts.len()).prop_map(|picks| {
        let minute = picks.iter().zip(TOLD).fold(0, |sum, (at, texts)| sum * texts.len() + at);
        let texts: Vec<&str> = picks.iter().zip(TOLD).map(|(at, texts)| texts[*at]).collect();
        let [number, received, due, completed, status, channel] = texts[..] else {
            unreachable!("as many as there are columns")
        };
        let updated = format!("28/01/2020 {:02}:{:02}", minute / 60, minute % 60);
        format!("{number},1.000001,{received},{due},{completed},{status},{channel},{updated}")
    })
}

/// How the records come.
#[derive(Debug, Clone)]
struct Arrival {
    /// The delivery that each record comes in, of four.
    parts: Vec<usize>,
    /// The deliveries in the order of arrival; one may come twice.
    order: Vec<usize>,
    /// A delivery whose first version is wrong, and its wrong records.
    wrong: Option<(usize, Vec<String>)>,
    /// With which delivery the profile is mended, and everything judged again.
    mended_with: usize,
    /// The run that fails, and after how many writes.
    crash: (usize, usize, bool),
    /// After how many writes judging again fails.
    replay_crash: usize,
}

fn arrival(n_records: usize) -> impl Strategy<Value = Arrival> {
    let order = proptest::sample::subsequence(vec![0, 1, 2, 3, 0, 2], 4..=6)
        .prop_shuffle()
        .prop_map(|mut order| {
            let missing: Vec<usize> = (0..4).filter(|part| !order.contains(part)).collect();
            order.extend(missing);
            order
        });
    (
        proptest::collection::vec(0..4_usize, n_records),
        order,
        proptest::option::of((0..4_usize, proptest::collection::vec(record(), 0..4))),
        0..5_usize,
        (0..6_usize, 0..30_usize, any::<bool>()),
        0..20_usize,
    )
        .prop_map(|(parts, order, wrong, mended_with, crash, replay_crash)| Arrival {
            parts,
            order,
            wrong,
            mended_with,
            crash,
            replay_crash,
        })
}

/// A pipeline whose deliveries replace those of their own name, and its store.
struct Place {
    folder: tempfile::TempDir,
    pipeline: Pipeline,
}

impl Place {
    fn new() -> Self {
        let (folder, _) = small();
        edit(&folder.path().join("feeds/u1.toml"), "slot = \"none\"", "slot = \"name\"");
        let (whole, broken) = ("[\"Đang xử lý\"]", format!("[\"Đang xử lý\", \"{DRAFT}\"]"));
        edit(&folder.path().join("profiles/list.toml"), whole, &broken);
        let pipeline = Pipeline::load(folder.path()).unwrap();
        Self { folder, pipeline }
    }

    fn url(&self) -> String {
        self.folder.path().join("store").to_str().unwrap().to_owned()
    }

    fn store(&self) -> Store {
        Store::open(&self.url(), &Access::default()).unwrap()
    }

    /// Drops a delivery, and lets a run fail.
    fn deliver(&self, name: &str, records: &[String], crash: Option<(usize, Fault)>) {
        let log = format!("{HEADINGS}\n{}\n", records.join("\n"));
        fs::write(self.folder.path().join("in/u1").join(name), log).unwrap();
        if let Some((n_writes, fault)) = crash {
            let failing = Store::failing(&self.url(), n_writes, fault).unwrap();
            // Whether it got to its end or not: what counts is what is there in the end.
            drop(run_at(&self.pipeline, &failing, at("2020-04-01T00:00:00Z")));
        }
    }

    fn run(&self) {
        run_at(&self.pipeline, &self.store(), at("2020-04-01T00:00:00Z")).unwrap();
    }

    /// Mends the profile.
    fn mend(&mut self) {
        let profile = self.folder.path().join("profiles/list.toml");
        edit(&profile, &format!(", \"{DRAFT}\""), "");
        self.pipeline = Pipeline::load(self.folder.path()).unwrap();
    }

    /// Judges everything again; fails once after some writes.
    fn judge_again(&self, n_writes: usize) {
        let options = options(&self.pipeline, at("2020-04-01T00:00:00Z"));
        let replay = |store: &Store| {
            let selection = replay::select(&self.pipeline, store, &Filter::default())?;
            crate::run::replay(&self.pipeline, store, &options, &selection, &watch()).map(drop)
        };
        drop(replay(&Store::failing(&self.url(), n_writes, Fault::Refused).unwrap()));
        replay(&self.store()).unwrap();
    }

    /// Returns the folded columns, the measures and the indicators, as text; everything must hold.
    fn outcome(&self) -> String {
        let store = self.store();
        let verified = verify::verify(&self.pipeline, &store, at("2021-01-01T00:00:00Z"));
        assert!(verified.holds(), "{}", verified.text());
        let mut dossiers = rows(&store, Table::Dossiers);
        // `history` names deliveries.
        for rows in &mut dossiers {
            rows.remove_column(rows.num_columns() - 1);
        }
        let tables = [dossiers, rows(&store, Table::Measures)];
        let mut outcome: String =
            tables.iter().map(|rows| pretty_format_batches(rows).unwrap().to_string()).collect();
        let told = show::Told::read(&self.pipeline, &store, None).unwrap();
        for row in told.indicators.rows() {
            outcome += &format!("{:?} {:?}\n", row.key, row.facts);
        }
        outcome
    }
}

fn rows(store: &Store, table: Table) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    for file in store.snapshot(table).unwrap().cells().unwrap().values() {
        batches.extend(store.read(table, file, None).unwrap().map(Result::unwrap));
    }
    batches
}

fn edit(path: &PathBuf, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "`{from}` is not in {}", Path::new(path).display());
    fs::write(path, text.replace(from, to)).unwrap();
}

fn records_and_arrival() -> impl Strategy<Value = (Vec<String>, Arrival)> {
    proptest::collection::vec(record(), 1..10)
        .prop_flat_map(|records| (Just(records.clone()), arrival(records.len())))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 40,
        ..ProptestConfig::default()
    })]

    #[test]
    fn records_come_to_the_same_however_they_come((records, arrival) in records_and_arrival()) {
        let mut at_once = Place::new();
        at_once.mend();
        at_once.deliver("2020-01.csv", &records, None);
        at_once.run();
        let mut place = Place::new();
        let part = |part: usize| -> Vec<String> {
            let own = records.iter().zip(&arrival.parts).filter(|(_, of)| **of == part);
            own.map(|(record, _)| record.clone()).collect()
        };
        let name = |part: usize, n: usize| format!("2020-01{}.csv", char::from(b'a' + (part + 4 * n) as u8));
        if let Some((of, wrong)) = &arrival.wrong {
            place.deliver(&name(*of, 0), wrong, None);
            place.run();
        }
        let (crashed, n_writes, is_refused) = arrival.crash;
        let fault = if is_refused { Fault::Refused } else { Fault::AnswerLost };
        for (n, of) in arrival.order.iter().enumerate() {
            // A part that comes again comes under another name, and stands beside the first.
            let n_before = arrival.order[..n].iter().filter(|other| *other == of).count();
            let crash = (n == crashed).then_some((n_writes, fault));
            place.deliver(&name(*of, n_before), &part(*of), crash);
            // A run that has failed may be gone on with by a mended profile.
            if n == arrival.mended_with {
                place.mend();
            }
            place.run();
            if n == arrival.mended_with {
                place.judge_again(arrival.replay_crash);
            }
        }
        if arrival.mended_with >= arrival.order.len() {
            place.mend();
            place.judge_again(arrival.replay_crash);
        }
        prop_assert_eq!(place.outcome(), at_once.outcome());
    }
}
