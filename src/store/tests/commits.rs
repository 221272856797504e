//! Tables and commits: writers that race, repeat and fail.

use super::*;

#[test]
pub(super) fn tables_are_created_once_by_many() {
    let home = Home::new();
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = home.open();
                barrier.wait();
                store.create_tables().unwrap();
            });
        }
    });
    let store = home.open();
    store.create_tables().unwrap();
    for table in Table::ALL {
        let snapshot = store.snapshot(table).unwrap();
        assert_eq!((snapshot.version, snapshot.files.len()), (0, 0));
        let log = store.root.read(&format!("{}/_delta_log/{:020}.json", table.name(), 0)).unwrap();
        let log = String::from_utf8(log).unwrap();
        assert!(log.contains(r#""delta.enableExpiredLogCleanup":"false""#));
    }
}

#[test]
pub(super) fn a_table_that_was_never_created_is_not_found() {
    let (_home, store) = store();
    let loaded = store.snapshot(Table::Dossiers).unwrap_err();
    assert!(matches!(loaded, StoreError::NotFound { .. }), "{loaded:?}");
}

#[test]
pub(super) fn two_first_writers_of_a_cell_fold_into_one_file() {
    let (_home, store) = store_with_tables();
    let base = store.snapshot(Table::Dossiers).unwrap();
    let theirs = first(&store, cell("2026-01"), &[2]);
    store
        .commit_cells(Table::Dossiers, base.clone(), vec![theirs.clone()], &mut no_refold)
        .unwrap();

    let ours = first(&store, cell("2026-01"), &[1]);
    let mut n_refolds = 0;
    let mut refold = |snapshot: &Snapshot, cell: &Cell| {
        n_refolds += 1;
        let old = snapshot.cells()?.remove(cell);
        assert_eq!(old, theirs.new);
        let mut rows = rows_of(&store, old.as_ref().unwrap());
        rows.push(1);
        let new = Some(write(&store, Table::Dossiers, Some(cell), &rows));
        Ok::<_, StoreError>(CellChange { cell: cell.clone(), old, new })
    };
    let version = store.commit_cells(Table::Dossiers, base, vec![ours], &mut refold).unwrap();
    assert_eq!((version, n_refolds), (2, 1));
    let snapshot = store.snapshot(Table::Dossiers).unwrap();
    assert_eq!(snapshot.files.len(), 1);
    assert_eq!(rows_of(&store, &snapshot.files[0]), [2, 1]);
    assert_eq!(snapshot.files[0].n_rows, 2);

    let before = store.snapshot_at(Table::Dossiers, 1).unwrap();
    assert_eq!(before.files, [theirs.new.unwrap()]);
}

#[test]
pub(super) fn another_cell_in_between_is_no_conflict() {
    let (_home, store) = store_with_tables();
    let base = store.snapshot(Table::Dossiers).unwrap();
    let other = first(&store, cell("undated"), &[7]);
    store.commit_cells(Table::Dossiers, base.clone(), vec![other], &mut no_refold).unwrap();
    let ours = first(&store, cell("2026-01"), &[1]);
    let version = store
        .commit_cells(Table::Dossiers, base.clone(), vec![ours.clone()], &mut no_refold)
        .unwrap();
    assert_eq!(version, 2);

    // The same again, as after a lost answer, or with nothing changed: no commit.
    let again = store.commit_cells(Table::Dossiers, base, vec![ours.clone()], &mut no_refold);
    assert_eq!(again.unwrap(), 2);
    let unchanged = CellChange { old: ours.new.clone(), ..ours };
    let now = store.snapshot(Table::Dossiers).unwrap();
    let version =
        store.commit_cells(Table::Dossiers, now, vec![unchanged], &mut no_refold).unwrap();
    assert_eq!(version, 2);
    let cells = store.snapshot(Table::Dossiers).unwrap().cells().unwrap();
    assert_eq!(cells.keys().cloned().collect::<Vec<_>>(), [cell("2026-01"), cell("undated")]);
}

#[test]
pub(super) fn racing_writers_of_one_cell_lose_no_row() {
    let (_home, store) = store_with_tables();
    let base = store.snapshot(Table::Dossiers).unwrap();
    let barrier = Barrier::new(6);
    thread::scope(|scope| {
        for row in 0..6 {
            let (store, base, barrier) = (&store, base.clone(), &barrier);
            scope.spawn(move || {
                let mut fold = |snapshot: &Snapshot, cell: &Cell| {
                    let old = snapshot.cells()?.remove(cell);
                    let mut rows = old.as_ref().map_or(Vec::new(), |old| rows_of(store, old));
                    rows.push(row);
                    let new = Some(write(store, Table::Dossiers, Some(cell), &rows));
                    Ok::<_, StoreError>(CellChange { cell: cell.clone(), old, new })
                };
                let change = fold(&base, &cell("2026-01")).unwrap();
                barrier.wait();
                store.commit_cells(Table::Dossiers, base, vec![change], &mut fold).unwrap();
            });
        }
    });
    let snapshot = store.snapshot(Table::Dossiers).unwrap();
    let cells = snapshot.cells().unwrap();
    let mut rows = rows_of(&store, &cells[&cell("2026-01")]);
    rows.sort_unstable();
    assert_eq!(rows, [0, 1, 2, 3, 4, 5]);
}

#[test]
pub(super) fn a_second_live_file_of_a_cell_is_an_error() {
    let (_home, store) = store_with_tables();
    let files = vec![
        write(&store, Table::Dossiers, Some(&cell("2026-01")), &[1]),
        write(&store, Table::Dossiers, Some(&cell("2026-01")), &[2]),
    ];
    // `append` does not look at cells: so the fault is planted.
    store.append(Table::Dossiers, files).unwrap();
    let snapshot = store.snapshot(Table::Dossiers).unwrap();
    assert!(matches!(snapshot.cells(), Err(StoreError::Corrupt { .. })));
    let change = first(&store, cell("2026-02"), &[3]);
    let commit = store.commit_cells(Table::Dossiers, snapshot, vec![change], &mut no_refold);
    assert!(matches!(commit, Err(StoreError::Corrupt { .. })));
}

#[test]
pub(super) fn appending_twice_is_appending_once() {
    let (_home, store) = store_with_tables();
    let batches = || [Ok::<_, StoreError>(batch(Table::Quarantine, &[1]))];
    let file = store.write(Table::Quarantine, None, FileName::Named("j1"), batches()).unwrap();
    assert_eq!(file.path, "j1.parquet");
    let again = store.write(Table::Quarantine, None, FileName::Named("j1"), batches()).unwrap();
    assert_eq!(store.append(Table::Quarantine, vec![file.clone()]).unwrap(), 1);
    assert_eq!(store.append(Table::Quarantine, vec![again]).unwrap(), 1);
    assert_eq!(store.snapshot(Table::Quarantine).unwrap().files, [file]);
}

#[test]
pub(super) fn a_named_file_that_is_there_stays() {
    let (_home, store) = store_with_tables();
    let named = |rows: &[i64]| {
        let batches = [Ok::<_, StoreError>(batch(Table::Quarantine, rows))];
        store.write(Table::Quarantine, None, FileName::Named("j1"), batches).unwrap()
    };
    let file = named(&[1]);
    assert_eq!(named(&[1, 2, 3]), file);
}

#[test]
pub(super) fn a_lost_data_file_is_not_committed() {
    let (_home, store) = store_with_tables();
    let mut file = write(&store, Table::Quarantine, None, &[1]);
    file.path = "gone.parquet".to_owned();
    let appended = store.append(Table::Quarantine, vec![file]);
    assert!(matches!(appended, Err(StoreError::NotFound { .. })));
    assert_eq!(store.snapshot(Table::Quarantine).unwrap().version, 0);
}

#[test]
pub(super) fn rolling_forward_twice_is_rolling_forward_once() {
    let (_home, store) = store_with_tables();
    let first = write(&store, Table::Indicators, None, &[1]);
    let second = write(&store, Table::Indicators, None, &[2]);
    for _ in 0..2 {
        store.roll_forward(Table::Indicators, 1, first.clone(), true).unwrap();
        store.roll_forward(Table::Revisions, 1, first_revision(&store), false).unwrap();
    }
    assert_eq!(store.snapshot(Table::Indicators).unwrap().version, 1);
    store.roll_forward(Table::Indicators, 2, second.clone(), true).unwrap();
    store.roll_forward(Table::Indicators, 1, first, true).unwrap();
    let snapshot = store.snapshot(Table::Indicators).unwrap();
    assert_eq!(snapshot.files, std::slice::from_ref(&second));
    assert_eq!(snapshot.release().unwrap(), Some(2));
    // The same content in a later release moves the release on, and nothing else.
    store.roll_forward(Table::Indicators, 3, second.clone(), true).unwrap();
    let snapshot = store.snapshot(Table::Indicators).unwrap();
    assert_eq!((snapshot.files, snapshot.version), (vec![second], 3));

    let more = write(&store, Table::Revisions, None, &[9]);
    store.roll_forward(Table::Revisions, 2, more, false).unwrap();
    assert_eq!(store.snapshot(Table::Revisions).unwrap().files.len(), 2);
}

#[test]
pub(super) fn a_table_outlives_its_checkpoints() {
    let (_home, store) = store_with_tables();
    append_past_a_checkpoint(&store);
    let logged = store.root.list("quarantine/_delta_log/").unwrap();
    assert!(logged.iter().any(|object| object.name.ends_with(".checkpoint.parquet")));
    let snapshot = store.snapshot(Table::Quarantine).unwrap();
    assert!(snapshot.files.iter().all(|file| file.n_rows == 1));
    assert_eq!(store.snapshot_at(Table::Quarantine, 5).unwrap().files.len(), 5);
}

#[test]
fn a_failed_checkpoint_fails_no_commit() {
    let (home, store) = store_with_tables();
    let log = home.folder().join("quarantine/_delta_log");
    std::fs::create_dir(log.join(format!("{:020}.checkpoint.parquet", 99))).unwrap();
    append_past_a_checkpoint(&store);
    assert!(!log.join("_last_checkpoint").exists());
}
