//! Objects, raw bytes, manifests, Parquet files and releases.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::store::raw::KeptRaw;

#[test]
pub(super) fn racing_landings_take_each_number_once() {
    let (_home, store) = store();
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        for name in 0..8 {
            let (store, barrier) = (&store, &barrier);
            scope.spawn(move || {
                barrier.wait();
                store.land("bca", "portal", manifest(&name.to_string()), 0, Order::Any).unwrap();
            });
        }
    });
    let landed = store.landed().unwrap();
    let numbers: Vec<u64> = landed.iter().map(|delivery| delivery.n).collect();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    assert_eq!(landed[0].id(), "bca/portal/00000001");
    let mut names: Vec<_> = landed.iter().map(|delivery| &delivery.manifest.name).collect();
    names.sort();
    assert_eq!(names, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[test]
pub(super) fn what_follows_a_delivery_lands_after_that_one_alone() {
    let (_home, store) = store();
    let barrier = Barrier::new(8);
    let land = |name: &str, known_n| {
        store.land("bca", "portal", manifest(name), known_n, Order::Next).unwrap()
    };
    let n_landed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for name in 0..8 {
            let (barrier, n_landed, land) = (&barrier, &n_landed, &land);
            scope.spawn(move || {
                barrier.wait();
                let is_landed = land(&name.to_string(), 0).is_some();
                n_landed.fetch_add(usize::from(is_landed), Ordering::Relaxed);
            });
        }
    });
    assert_eq!(n_landed.into_inner(), 1);
    assert_eq!(land("late", 0), None);
    assert_eq!(land("next", 1).unwrap().n, 2);
}

#[test]
pub(super) fn a_foreign_object_among_the_manifests_is_an_error() {
    let (_home, store) = store();
    store.root.put("landed/bca/portal/00000001.json", b"{}".to_vec()).unwrap();
    assert!(matches!(store.landed(), Err(StoreError::Corrupt { .. })));
}

#[test]
pub(super) fn a_name_is_put_once_and_a_lost_answer_is_no_other_writer() {
    let (_home, store) = store();
    assert!(store.root.put_if_absent("a", b"ours".to_vec()).unwrap());
    assert!(store.root.put_if_absent("a", b"ours".to_vec()).unwrap());
    assert!(!store.root.put_if_absent("a", b"theirs".to_vec()).unwrap());
    assert_eq!(store.root.read("a").unwrap(), b"ours");
}

#[test]
pub(super) fn raw_bytes_come_back() {
    let (_home, store) = store();
    // Noise, so that the compressed file is sent in parts.
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    });
    let plain: Vec<u8> = noise.take(20 * 1024 * 1024 + 7).collect();
    let spooled = spool(&mut plain.as_slice()).unwrap();
    let object = store.put_raw(&spooled).unwrap();
    assert_eq!(object.size_bytes, plain.len() as u64);
    let mut read = Vec::new();
    store.read_raw(&object.sha256).unwrap().0.read_to_end(&mut read).unwrap();
    assert!(read == plain);

    let empty = spool(&mut b"".as_slice()).unwrap();
    assert_eq!(empty.sha256(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert!(matches!(store.read_raw(empty.sha256()), Err(StoreError::NotFound { .. })));
}

#[test]
pub(super) fn raw_bytes_are_listed_hashed_again_and_taken_away() {
    let (_home, store) = store();
    assert_eq!(store.list_raw().unwrap(), []);
    let [one, two] = [b"one".as_slice(), b"two"]
        .map(|mut plain| store.put_raw(&spool(&mut plain).unwrap()).unwrap().sha256);
    let listed: Vec<String> = store.list_raw().unwrap().into_iter().map(|o| o.sha256).collect();
    assert!(listed.len() == 2 && listed.contains(&one) && listed.contains(&two));
    assert_eq!(store.hash_raw(&one).unwrap(), one);
    let others = store.root.read(&format!("raw/{two}.zst")).unwrap();
    store.root.put(&format!("raw/{one}.zst"), others).unwrap();
    assert_eq!(store.hash_raw(&one).unwrap(), two);
    store.root.put(&format!("raw/{one}.zst"), b"noise".to_vec()).unwrap();
    assert!(matches!(store.hash_raw(&one), Err(StoreError::Io { .. })));

    let kept = store.list_raw().unwrap().into_iter().find(|kept| kept.sha256 == one).unwrap();
    let put_at = kept.put_at - chrono::Days::new(1);
    assert!(!store.remove_raw(&KeptRaw { put_at, ..kept.clone() }).unwrap(), "it was put again");
    assert!(store.has_raw(&one).unwrap());
    assert!(store.remove_raw(&kept).unwrap() && store.remove_raw(&kept).unwrap());
    assert!(matches!(store.hash_raw(&one), Err(StoreError::NotFound { .. })));
    assert_eq!(store.list_raw().unwrap().len(), 1);
    store.root.put("raw/other", b"".to_vec()).unwrap();
    assert!(matches!(store.list_raw(), Err(StoreError::Corrupt { .. })));
}

#[test]
pub(super) fn what_lies_in_a_tables_folder_is_told_whether_or_not_a_version_knows_it() {
    let (_home, store) = store_with_tables();
    let known = first(&store, cell("2026-01"), &[1]);
    let stray = write(&store, Table::Dossiers, Some(&cell("2026-02")), &[2]);
    let base = store.snapshot(Table::Dossiers).unwrap();
    store.commit_cells(Table::Dossiers, base, vec![known.clone()], &mut no_refold).unwrap();
    let lying = store.files_in_folder(Table::Dossiers).unwrap();
    let expected = [known.new.unwrap(), stray].map(|file| (file.path, file.size_bytes));
    assert_eq!(lying, BTreeMap::from(expected));
}

#[test]
fn a_location_lists_names_of_any_language() {
    let folder = TempDir::new().unwrap();
    let name = "tháng 1/Hồ sơ #2 [a] 50%.xlsx";
    std::fs::create_dir(folder.path().join("tháng 1")).unwrap();
    std::fs::write(folder.path().join(name), b"bytes").unwrap();
    let location =
        Location::open_existing(folder.path().to_str().unwrap(), &Access::default()).unwrap();
    let listed = location.list("").unwrap();
    assert_eq!(listed[0].name, name);
    assert_eq!(listed[0].size_bytes, 5);
    assert_eq!(location.list("tháng 1/Hồ").unwrap(), listed);
    assert_eq!(location.list("tháng 2").unwrap(), []);
    assert_eq!(location.read(name).unwrap(), b"bytes");

    folder.close().unwrap();
    assert!(matches!(location.list(""), Err(StoreError::Unreachable { .. })));
}

#[test]
fn what_cannot_be_opened_is_unreachable() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing");
    let opened = Location::open_existing(missing.to_str().unwrap(), &Access::default());
    assert!(matches!(opened, Err(StoreError::Unreachable { .. })));
    assert!(matches!(
        Store::open("ftp://host/x", &Access::default()),
        Err(StoreError::Unreachable { .. })
    ));
    assert!(Store::open(missing.to_str().unwrap(), &Access::default()).is_ok());
}

#[test]
pub(super) fn bytes_do_not_depend_on_how_rows_were_batched() {
    let (_home, store) = store();
    let rows: Vec<i64> = (0..100_000).collect();
    let write = |batches: Vec<RecordBatch>| {
        let batches = batches.into_iter().map(Ok::<_, StoreError>);
        store.write(Table::Quarantine, None, FileName::Content, batches).unwrap()
    };
    let whole = write(vec![batch(Table::Quarantine, &rows)]);
    let cut = write(rows.chunks(777).map(|rows| batch(Table::Quarantine, rows)).collect());
    assert_eq!(whole, cut);
    assert_eq!(whole.n_rows, 100_000);
    let read = store.read(Table::Quarantine, &whole, None).unwrap();
    let n_rows: usize = read.map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(n_rows, 100_000);
}

#[test]
pub(super) fn a_batch_of_another_schema_is_refused() {
    let (_home, store) = store();
    let numbers = Arc::new(Int64Array::from(vec![1])) as _;
    let other = RecordBatch::try_from_iter([("other", numbers)]).unwrap();
    let batches = [Ok::<_, StoreError>(other)];
    let written = store.write(Table::Quarantine, None, FileName::Content, batches);
    assert!(matches!(written, Err(StoreError::Corrupt { .. })));
}

#[test]
pub(super) fn a_projection_comes_in_the_order_asked_and_missing_columns_are_null() {
    let (_home, store) = store();
    let file = write(&store, Table::Quarantine, None, &[1, 2]);
    let columns = Some(["record", "delivery"].as_slice());
    let read: Vec<_> = store.read(Table::Quarantine, &file, columns).unwrap().collect();
    let read = read[0].as_ref().unwrap();
    assert_eq!(read.schema().field(0).name(), "record");
    assert_eq!(read.column(0).as_primitive::<Int64Type>().values(), &[1, 2]);
    assert_eq!(read.column(1).as_string::<i32>().value(1), "k2");
    assert_eq!(read.num_columns(), 2);
    let only: Vec<_> = store.read(Table::Quarantine, &file, Some(&["record"])).unwrap().collect();
    assert_eq!(only[0].as_ref().unwrap().num_columns(), 1);

    // As an older version wrote it: without the last column.
    let old = batch(Table::Quarantine, &[1, 2]).project(&[0]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), old.schema(), None).unwrap();
    writer.write(&old).unwrap();
    let old = writer.into_inner().unwrap();
    let old_file = DataFile {
        path: "old.parquet".to_owned(),
        cell: None,
        size_bytes: old.len() as u64,
        n_rows: 2,
    };
    store.root.put("quarantine/old.parquet", old).unwrap();
    let read: Vec<_> = store.read(Table::Quarantine, &old_file, None).unwrap().collect();
    let read = read[0].as_ref().unwrap();
    assert_eq!(read.schema(), Table::Quarantine.schema());
    assert_eq!(read.column(1).null_count(), 2);
    let read: Vec<_> =
        store.read(Table::Quarantine, &old_file, Some(&["record"])).unwrap().collect();
    assert_eq!(read[0].as_ref().unwrap().column(0).null_count(), 2);
}

#[test]
pub(super) fn a_release_number_is_taken_once() {
    let (_home, store) = store();
    assert_eq!(store.latest_release().unwrap(), None);
    assert!(store.publish_release(&release(1, 10)).unwrap());
    assert!(!store.publish_release(&release(1, 11)).unwrap());
    assert!(store.publish_release(&release(2, 12)).unwrap());
    assert_eq!(store.release_numbers().unwrap(), [1, 2]);
    assert_eq!(store.release(1).unwrap(), release(1, 10));
    assert_eq!(store.latest_release().unwrap(), Some(release(2, 12)));
    assert!(matches!(store.release(3), Err(StoreError::NotFound { .. })));
    store.put_public("a.csv", b"1".to_vec()).unwrap();
    store.put_public("a.csv", b"2".to_vec()).unwrap();
    assert_eq!(store.root.read("publish/a.csv").unwrap(), b"2");
    let size = |name| store.size_of_public(name).unwrap();
    assert_eq!((size("a.csv"), size("b.csv")), (Some(1), None));
}
