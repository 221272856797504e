//! Properties: any order of deliveries folds to the same dossiers, and every record has one fate.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use proptest::prelude::*;

use crate::decode::decode;
use crate::dossiers::{Arranged, CellUpdate, Dossiers, merge};
use crate::normalise::{Fates, Judge, Origin, cell_of};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::{Cell, Table};

use super::small;

/// The columns of a log, some of which a delivery may lack.
const COLUMNS: &[&str] = &[
    "Mã hồ sơ",
    "Ngày tiếp nhận",
    "Trạng thái",
    "Ngày có kết quả",
    "Ngày hẹn trả",
    "Cập nhật",
    "Hình thức nộp",
];
const N_REQUIRED: usize = 3;

fn field(column: usize) -> impl Strategy<Value = String> {
    let texts: &[&str] = match column {
        0 => &["G99.01-200110-0001", "000.00.01.G99-200110-0001", "G99.01-200110-0002", "A/12", ""],
        1 => &["10/01/2020", "11/01/2020", "31/02/2020"],
        2 => &["Đang xử lý", "Đã xong", "Từ chối", "?"],
        3 => &["", "15/01/2020", "16/01/2020", "09/01/2020"],
        4 => &["", "20/01/2020", "25/01/2020"],
        5 => &["", "15/01/2020 08:00", "28/01/2020 09:00"],
        _ => &["", "Trực tuyến", "Trực tiếp"],
    };
    proptest::sample::select(texts).prop_map(str::to_owned)
}

/// A log: which optional columns it has, and its rows.
fn delivery() -> impl Strategy<Value = String> {
    let row: Vec<_> = (0..COLUMNS.len()).map(field).collect();
    let has = proptest::collection::vec(any::<bool>(), COLUMNS.len());
    (has, proptest::collection::vec(row, 1..8)).prop_map(|(has, rows)| {
        let keep = |at: &usize| *at < N_REQUIRED || has[*at];
        let line = |fields: Vec<&str>| {
            let kept = (0..COLUMNS.len()).filter(keep).map(|at| fields[at]);
            kept.collect::<Vec<_>>().join(",") + "\n"
        };
        let mut log = line(COLUMNS.to_vec());
        for row in &rows {
            log += &line(row.iter().map(String::as_str).collect());
        }
        log
    })
}

type Cells = BTreeMap<Cell, Vec<Dossiers>>;

/// Judges a log and folds it into cells; every record has one fate.
fn fold_in(cells: &mut Cells, log: &str, delivery: usize, pipeline: &Pipeline) -> i64 {
    let feed = &pipeline.feeds[0];
    let origin = Origin {
        delivery: format!("G99.01/dossier/{delivery:08}"),
        judgement: 1,
        unit: feed.unit.clone(),
        feed: feed.feed.clone(),
        period: None,
        landed_on: None,
        observed: None,
    };
    let read = decode(log.as_bytes(), &feed.profile).unwrap();
    let mut judge = Judge::new(pipeline, feed, &origin, &read.header);
    let mut fates = Fates::default();
    for records in read.records {
        judge.normalise(&records.unwrap(), &mut fates);
    }
    let nothing = BTreeSet::new();
    for (cell, part) in Arranged::by_cell(&judge.take()) {
        let (new, n_duplicates) = part.without_duplicates();
        fates.duplicate += n_duplicates.values().sum::<i64>();
        fates.accepted += new.len() as i64;
        let new = new.cut(2).into_iter().map(Ok);
        let old = cells.remove(&cell).unwrap_or_default().into_iter().map(Ok::<_, Infallible>);
        let update = CellUpdate { new, without: &nothing, is_stale: false };
        let merged = merge(old, update, pipeline).map(Result::unwrap).collect();
        cells.insert(cell.clone(), merged);
    }
    assert!(fates.are_conserved(), "{fates:?}");
    fates.accepted
}

/// Takes a delivery's observations out of the cells again.
fn take_out(cells: &mut Cells, delivery: usize, pipeline: &Pipeline) {
    let without = BTreeSet::from([format!("G99.01/dossier/{delivery:08}")]);
    for batches in cells.values_mut() {
        let old = std::mem::take(batches).into_iter().map(Ok::<_, Infallible>);
        let update = CellUpdate { new: std::iter::empty(), without: &without, is_stale: false };
        *batches = merge(old, update, pipeline).map(Result::unwrap).collect();
    }
    cells.retain(|_, batches| !batches.is_empty());
}

/// Folds every cell again from its own rows.
fn fold_again(cells: &Cells, pipeline: &Pipeline) -> Cells {
    let without = BTreeSet::new();
    let again = |(cell, batches): (&Cell, &Vec<Dossiers>)| {
        let old = batches.iter().cloned().map(Ok::<_, Infallible>);
        let update = CellUpdate { new: std::iter::empty(), without: &without, is_stale: true };
        (cell.clone(), merge(old, update, pipeline).map(Result::unwrap).collect())
    };
    cells.iter().map(again).collect()
}

/// Returns the rows of every cell, `history` and all.
fn whole(cells: &Cells) -> Vec<RecordBatch> {
    let schema = Table::Dossiers.schema();
    let whole = |batches: &Vec<Dossiers>| {
        concat_batches(&schema, batches.iter().map(Dossiers::batch)).unwrap()
    };
    cells.values().map(whole).collect()
}

#[test]
fn an_only_observation_is_said_by_the_row_alone_and_given_back_whole() {
    let (_folder, pipeline) = small();
    let lone = "\
        Mã hồ sơ,Ngày tiếp nhận,Trạng thái,Ngày có kết quả,Hình thức nộp\n\
        G99.01-200110-0001,10/01/2020,Đang xử lý,,Trực tuyến\n\
        G99.01-200110-0002,10/01/2020,Đã xong,15/01/2020,\n\
        G99.01-200110-0003,10/01/2020,Từ chối,16/01/2020,Trực tiếp\n";
    let two = "\
        G99.01-200110-0004,10/01/2020,Đang xử lý,,\n\
        G99.01-200110-0004,10/01/2020,Đã xong,17/01/2020,\n";
    for (log, said) in [
        (lone.to_owned(), vec![false; 3]),
        (format!("{lone}{two}"), vec![false, false, false, true, true]),
    ] {
        let mut cells = Cells::new();
        fold_in(&mut cells, &log, 1, &pipeline);
        let folded = whole(&cells);
        let history = folded[0].column(folded[0].num_columns() - 1).as_list::<i32>();
        let values = history.values().as_struct().column_by_name("values").unwrap().clone();
        assert_eq!((0..values.len()).map(|at| values.is_valid(at)).collect::<Vec<_>>(), said);
        assert!(whole(&fold_again(&cells, &pipeline)) == folded, "other rows than before");
    }
}

/// A log of dossiers of one month by their numbers.
fn log_of(numbers: &BTreeSet<u32>, status: &str) -> String {
    let heading = COLUMNS[..N_REQUIRED].join(",") + "\n";
    let line = |n: &u32| format!("G99.01-200110-{n:04},10/01/2020,{status}\n");
    heading + &numbers.iter().map(line).collect::<String>()
}

/// Returns the rows of every cell, with the hashes of `history` in place of its deliveries.
fn rows(cells: &Cells) -> Vec<(Cell, RecordBatch, Vec<Vec<i64>>)> {
    let mut rows = Vec::new();
    for (cell, batches) in cells {
        let schema = Table::Dossiers.schema();
        let all = concat_batches(&schema, batches.iter().map(Dossiers::batch)).unwrap();
        let history = all.column(all.num_columns() - 1).as_list::<i32>();
        let hashes = history.iter().flatten().map(|observations| {
            let hashes = observations.as_struct().column_by_name("hash").unwrap().clone();
            hashes.as_primitive::<Int64Type>().values().to_vec()
        });
        let hashes = hashes.collect();
        let columns: Vec<usize> = (0..all.num_columns() - 1).collect();
        rows.push((cell.clone(), all.project(&columns).unwrap(), hashes));
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_deliveries_folds_to_the_same_dossiers(
        logs in proptest::collection::vec(delivery(), 1..5).prop_shuffle(),
        seed in any::<u64>(),
    ) {
        let (_folder, pipeline) = small();
        let mut in_order = Cells::new();
        let mut n_accepted = 0;
        for (n, log) in logs.iter().enumerate() {
            n_accepted += fold_in(&mut in_order, log, n, &pipeline);
        }
        let mut order: Vec<usize> = (0..logs.len()).collect();
        order.sort_by_key(|n| (*n as u64 + 1).wrapping_mul(seed | 1) % 1009);
        let mut shuffled = Cells::new();
        // Numbers are given when deliveries land: they are judged in any order.
        for n in order {
            fold_in(&mut shuffled, &logs[n], n, &pipeline);
        }
        prop_assert_eq!(rows(&shuffled), rows(&in_order));
        // What was accepted lies in `history`, whether it wins the fold or not.
        let folded: i64 = in_order
            .values()
            .flatten()
            .flat_map(|dossiers| dossiers.observations_by_delivery().into_values())
            .sum();
        prop_assert_eq!(folded, n_accepted);
        // A dossier's cell can be told from its key again.
        for (cell, dossiers) in &in_order {
            for batch in dossiers {
                let keys = batch.batch().column(0).as_string::<i32>();
                prop_assert!(keys.iter().flatten().all(|key| cell_of(key, &pipeline) == *cell));
            }
        }
    }

    #[test]
    fn a_few_changes_are_put_in_their_places_among_many_dossiers(
        many in proptest::collection::btree_set(1..120_u32, 30..90),
        few in proptest::collection::btree_set(0..125_u32, 1..5),
    ) {
        let (_folder, pipeline) = small();
        let (many, few) = (log_of(&many, "Đang xử lý"), log_of(&few, "Đã xong"));
        let mut cells = Cells::new();
        fold_in(&mut cells, &many, 1, &pipeline);
        let before = rows(&cells);
        fold_in(&mut cells, &few, 2, &pipeline);
        let mut at_once = Cells::new();
        fold_in(&mut at_once, &few, 2, &pipeline);
        fold_in(&mut at_once, &many, 1, &pipeline);
        prop_assert_eq!(rows(&cells), rows(&at_once));
        take_out(&mut cells, 2, &pipeline);
        prop_assert_eq!(rows(&cells), before);
    }
}
