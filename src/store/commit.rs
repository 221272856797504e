//! Commits to Delta tables. The library's own conflict check is too strict for removes and lets
//! two first files of one cell through, so every commit is made on the newest version or again.

use std::collections::BTreeMap;

use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, Transaction};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tracing::warn;

use crate::pipeline::tables::{Cell, Table};

use super::parquet::{DataFile, object_name};
use super::table::{BUCKET, CELL_MONTH, RELEASE_APP, Snapshot, failure, is_conflict};
use super::{RUNTIME, Store, StoreError};

pub(super) const MAX_TRIES: usize = 20;
const HEADS_IN_FLIGHT: usize = 32;

/// What becomes of a cell: the file it was folded from, and the file that takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellChange {
    pub cell: Cell,
    pub old: Option<DataFile>,
    pub new: Option<DataFile>,
}

impl Store {
    /// Commits changed cells at once and returns the version that has them.
    ///
    /// `base` is what the changes were folded from. Where another writer has changed one of the
    /// cells since, `refold` folds it again from the newer snapshot; other cells do not matter.
    pub fn commit_cells<E: From<StoreError>>(
        &self,
        table: Table,
        base: Snapshot,
        changes: Vec<CellChange>,
        refold: &mut dyn FnMut(&Snapshot, &Cell) -> Result<CellChange, E>,
    ) -> Result<i64, E> {
        let n_changes = changes.len();
        let mut changes: BTreeMap<Cell, CellChange> =
            changes.into_iter().map(|change| (change.cell.clone(), change)).collect();
        assert_eq!(changes.len(), n_changes, "a cell changes once in a commit");
        self.commit(table, base, |snapshot| {
            let live = snapshot.cells()?;
            // What is live already needs no commit: nothing changed, or our own commit went
            // through and only its answer was lost.
            changes.retain(|cell, change| path(live.get(cell)) != path(change.new.as_ref()));
            for (cell, change) in &mut changes {
                if path(live.get(cell)) != path(change.old.as_ref()) {
                    *change = refold(snapshot, cell)?;
                    let starts_from_live = path(live.get(cell)) == path(change.old.as_ref());
                    assert!(starts_from_live, "a cell is folded again from its live file");
                }
            }
            changes.retain(|_, change| path(change.old.as_ref()) != path(change.new.as_ref()));
            if changes.is_empty() {
                return Ok(None);
            }
            let adds = changes.values().filter_map(|change| change.new.clone()).collect();
            let removes = changes.values().filter_map(|change| change.old.clone()).collect();
            Ok(Some(Plan { adds, removes, release: None, mode: SaveMode::Overwrite }))
        })
    }

    /// Adds files to an append table and returns the version that has them all.
    ///
    /// A file that is live already is not added again.
    pub fn append(&self, table: Table, files: Vec<DataFile>) -> Result<i64, StoreError> {
        self.commit(table, self.snapshot(table)?, |snapshot| {
            let adds = absent(snapshot, &files);
            let plan = Plan { adds, removes: Vec::new(), release: None, mode: SaveMode::Append };
            Ok((!plan.adds.is_empty()).then_some(plan))
        })
    }

    /// Puts a release's file into its table, alone or beside the others; once a release.
    pub fn roll_forward(
        &self,
        table: Table,
        release: u64,
        file: DataFile,
        replace: bool,
    ) -> Result<(), StoreError> {
        self.commit(table, self.snapshot(table)?, |snapshot| {
            if snapshot.release()? >= Some(release) {
                return Ok(None);
            }
            let mut removes = snapshot.files.clone();
            removes.retain(|live| replace && live.path != file.path);
            let mode = if replace { SaveMode::Overwrite } else { SaveMode::Append };
            let adds = absent(snapshot, std::slice::from_ref(&file));
            Ok(Some(Plan { adds, removes, release: Some(release), mode }))
        })?;
        Ok(())
    }

    /// Commits what `plan` makes of the newest snapshot; a plan of nothing ends it.
    fn commit<E: From<StoreError>>(
        &self,
        table: Table,
        base: Snapshot,
        mut plan: impl FnMut(&Snapshot) -> Result<Option<Plan>, E>,
    ) -> Result<i64, E> {
        let mut snapshot = base;
        for _ in 0..MAX_TRIES {
            let Some(plan) = plan(&snapshot)? else {
                return Ok(snapshot.version);
            };
            if let Some(version) = self.try_commit(table, &snapshot, plan)? {
                return Ok(version);
            }
            snapshot = self.snapshot(table)?;
        }
        Err(StoreError::Contended { table: table.name() }.into())
    }

    /// Commits a plan right after its snapshot; `None` when another writer was first.
    fn try_commit(
        &self,
        table: Table,
        snapshot: &Snapshot,
        plan: Plan,
    ) -> Result<Option<i64>, StoreError> {
        let Plan { adds, removes, release, mode } = plan;
        let adds = adds.iter().map(|file| self.add(table, file));
        let adds: Vec<Add> =
            RUNTIME.block_on(stream::iter(adds).buffered(HEADS_IN_FLIGHT).try_collect())?;
        let mut actions: Vec<Action> = adds.into_iter().map(Action::Add).collect();
        actions.extend(snapshot.removes(&removes)?.into_iter().map(Action::Remove));

        let partition_by = [CELL_MONTH, BUCKET].map(str::to_owned).to_vec();
        let operation = DeltaOperation::Write {
            mode,
            partition_by: table.is_celled().then_some(partition_by),
            predicate: None,
        };
        let release = release.map(|release| {
            Transaction::new(RELEASE_APP, i64::try_from(release).expect("releases are few"))
        });
        self.try_actions(table, snapshot, actions, operation, release.into_iter().collect())
    }

    /// Commits actions right after their snapshot; `None` when another writer was first.
    pub(super) fn try_actions(
        &self,
        table: Table,
        snapshot: &Snapshot,
        actions: Vec<Action>,
        operation: DeltaOperation,
        transactions: Vec<Transaction>,
    ) -> Result<Option<i64>, StoreError> {
        let properties = CommitProperties::default()
            .with_max_retries(0)
            .with_application_transactions(transactions);
        let commit = CommitBuilder::from(properties).with_actions(actions).build(
            Some(&snapshot.state),
            snapshot.log.clone(),
            operation,
        );
        RUNTIME.block_on(async {
            let refused = |error| failure("commit to", table, error);
            let prepared = commit.into_prepared_commit_future().await.map_err(refused)?;
            let post_commit = match prepared.await {
                Ok(post_commit) => post_commit,
                Err(error) if is_conflict(&error) => return Ok(None),
                Err(error) => return Err(refused(error)),
            };
            let version = post_commit.version.cast_signed();
            // The commit stands: a checkpoint only makes the next reader faster.
            if let Err(error) = post_commit.await {
                let error: &dyn std::error::Error = &error;
                warn!(table = table.name(), version, error, "checkpoint not written");
            }
            Ok(Some(version))
        })
    }

    async fn add(&self, table: Table, file: &DataFile) -> Result<Add, StoreError> {
        let meta = self.root.head(&object_name(table, file)).await?;
        if meta.size != file.size_bytes {
            let text = format!("{} bytes instead of {}", meta.size, file.size_bytes);
            return Err(StoreError::corrupt(object_name(table, file), text));
        }
        let partition = file.cell.iter().flat_map(|Cell { month, bucket }| {
            [(CELL_MONTH, month.clone()), (BUCKET, bucket.to_string())]
        });
        Ok(Add {
            path: file.path.clone(),
            partition_values: partition
                .map(|(column, value)| (column.to_owned(), Some(value)))
                .collect(),
            size: i64::try_from(meta.size).expect("a file is smaller than 8 EiB"),
            modification_time: meta.last_modified.timestamp_millis(),
            data_change: true,
            stats: Some(format!(r#"{{"numRecords":{}}}"#, file.n_rows)),
            ..Add::default()
        })
    }
}

/// What one commit does.
struct Plan {
    adds: Vec<DataFile>,
    removes: Vec<DataFile>,
    release: Option<u64>,
    mode: SaveMode,
}

fn path(file: Option<&DataFile>) -> Option<&str> {
    file.map(|file| file.path.as_str())
}

fn absent(snapshot: &Snapshot, files: &[DataFile]) -> Vec<DataFile> {
    let is_live = |file: &&DataFile| snapshot.files.iter().any(|live| live.path == file.path);
    files.iter().filter(|file| !is_live(file)).cloned().collect()
}
