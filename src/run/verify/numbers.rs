//! The numbers of the last release, counted again from the dossiers that it read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use anyhow::{Context as _, anyhow};
use arrow::compute::concat_batches;

use crate::indicators::reading::add_readings;
use crate::indicators::revise::{Changes, Figure, Revision, Told, revise};
use crate::indicators::roll_up::RollUp;
use crate::indicators::row::{Facts, Reading, RowKey};
use crate::indicators::trend;
use crate::measures::Measures;
use crate::pipeline::Pipeline;
use crate::pipeline::tables::{Cell, Table};
use crate::run::copy;
use crate::run::ledger::Ledger;
use crate::run::measure;
use crate::run::release::made_with_others;
use crate::run::release::published::Published;
use crate::run::state::{Basis, source};
use crate::run::threads::on_threads;
use crate::store::parquet::DataFile;
use crate::store::releases::Release;
use crate::store::{Store, StoreError};

use super::Account;

/// A release, with the cells of its dossiers and the service catalogue counted again.
pub(super) struct Recount<'a> {
    release: Release,
    /// Tells it where the release was made with other definitions or reference data than these.
    others: Option<String>,
    /// What was counted, rolled up: cells are not held.
    counted: RollUp<'a>,
    /// The measures that the release was made of.
    kept: anyhow::Result<BTreeMap<Cell, DataFile>>,
    /// Of each cell that was counted whether what was kept is the same, where something was.
    cells: BTreeMap<Cell, Option<anyhow::Result<bool>>>,
}

/// Counts every cell that the last release read; `None` where nothing was ever released.
pub(super) fn recount<'a>(
    pipeline: &'a Pipeline,
    store: &Store,
) -> anyhow::Result<Option<Recount<'a>>> {
    let last = store.latest_release().context("failed to read the last release")?;
    let Some(release) = last else { return Ok(None) };
    let others = others(&release, pipeline);
    let kept = source(Table::Measures, &release, store).and_then(|kept| Ok(kept.cells()?));
    let dossiers = source(Table::Dossiers, &release, store)?.cells()?;
    let mut inputs: Vec<(Cell, Option<&DataFile>)> =
        dossiers.iter().map(|(cell, file)| (cell.clone(), Some(file))).collect();
    inputs.push((measure::catalogue(), None));
    let rolled_up = Mutex::new(RollUp::new(pipeline));
    let count = |(cell, file): &(Cell, Option<&DataFile>)| {
        let counted = measure::count(cell, *file, &pipeline.definitions.measures, pipeline, store)?;
        rolled_up.lock().expect("adding does not panic").add(counted.batch());
        let kept = kept.as_ref().ok().and_then(|kept| kept.get(cell));
        let is_kept = kept.map(|file| is_kept(file, counted, others.is_some(), pipeline, store));
        Ok::<_, anyhow::Error>((cell.clone(), is_kept))
    };
    let cells = on_threads(&inputs, count)?.into_iter().collect();
    let counted = rolled_up.into_inner().expect("adding does not panic");
    Ok(Some(Recount { release, others, counted, kept, cells }))
}

/// Whether a file of measures holds what was counted again; where it may have been counted by other
/// definitions, of the measures that both count alike.
fn is_kept(
    file: &DataFile,
    counted: Measures,
    by_others: bool,
    pipeline: &Pipeline,
    store: &Store,
) -> anyhow::Result<bool> {
    let kept = measure::read_cell(file, store)?;
    if !by_others {
        return Ok(kept == counted);
    }
    let alike = measure::alike(file, &pipeline.definitions.measures, store)?;
    Ok(kept.of(&alike) == counted.of(&alike))
}

/// Computes the released rows again and compares them, one by one, and what stands beside them:
/// the reports that were received, and the revisions of the release.
pub(super) fn numbers(
    recount: &Recount<'_>,
    pipeline: &Pipeline,
    store: &Store,
) -> anyhow::Result<Account> {
    let Recount { release, others, counted, .. } = recount;
    let ledger = Ledger::at(&source(Table::Deliveries, release, store)?, store)?;
    let basis = Basis::new(pipeline, &ledger, counted.clone(), release.as_of)?;
    let figures = basis.figures();
    let published = Published::indicators(Some(release), store)?;
    let defined = pipeline.definitions.indicators.keys().map(String::as_str);
    let ids: BTreeSet<&str> = defined.chain(published.ids()).collect();
    let mut account = Account::new([("rows", published.n_rows() as i64)]);
    account.hint = others.clone();
    let mut trends = Vec::new();
    for id in ids {
        let (mut rows, released) = (figures.of(id), published.of(id)?);
        let number = release.number as i64;
        for difference in revise(&mut rows, &released, number, &Changes::default()) {
            account.find(told(&difference));
        }
        add_readings(&mut rows, pipeline, release.as_of);
        let again: BTreeMap<&RowKey, &Reading> =
            rows.iter().map(|row| (&row.key, &row.reading)).collect();
        for row in released.rows() {
            if again.get(&row.key).is_some_and(|again| **again != row.reading) {
                account.find(format!("{}: target, changes or rank differ", name(&row.key)));
            }
        }
        trends.push(trend::batch(&trend::trends(&rows, pipeline, release.as_of)));
    }
    if copy::read(Table::Completeness, release, store)? != basis.completeness.batch() {
        account.find("`completeness` is not what the ledger comes to".to_owned());
    }
    let trends = concat_batches(&Table::Trends.schema(), &trends)?;
    if copy::read(Table::Trends, release, store)? != trends {
        account.find("`trends` is not what the rows come to".to_owned());
    }
    revisions(release, &published, store, &mut account)?;
    Ok(account)
}

/// Compares the revisions of a release with how its rows differ from those of the one before.
fn revisions(
    release: &Release,
    released: &Published<'_>,
    store: &Store,
    account: &mut Account,
) -> anyhow::Result<()> {
    let before = match release.number {
        1 => None,
        number => match store.release(number - 1) {
            // That it is missing is told of the releases.
            Err(StoreError::NotFound { .. }) => return Ok(()),
            before => Some(before?),
        },
    };
    let before = Published::indicators(before.as_ref(), store)?;
    let told = Published::revisions(release, store)?;
    let ids: BTreeSet<&str> = before.ids().chain(released.ids()).chain(told.ids()).collect();
    for id in ids {
        let mut rows = released.of(id)?.rows();
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        let wanted = revise(&mut rows, &before.of(id)?, 0, &Changes::default());
        compare(wanted, told.told_of(id)?.told(), release, account);
    }
    Ok(())
}

/// Compares the revisions of an indicator with what is told of them.
fn compare(wanted: Vec<Revision>, told: Vec<Told>, release: &Release, account: &mut Account) {
    type Change = (Option<Figure>, Option<Figure>);
    let figure = |facts: &Facts| Figure {
        numbers: facts.numbers(),
        value: facts.value,
        status: facts.status,
    };
    let mut wanted: BTreeMap<RowKey, Change> = wanted
        .into_iter()
        .map(|r| (r.key, (r.old.as_ref().map(figure), r.new.as_ref().map(figure))))
        .collect();
    for told in told.into_iter().filter(|told| told.release == release.number) {
        if wanted.remove(&told.key) != Some((told.old, told.new)) {
            account.find(format!("{}: `revisions` tells another change", name(&told.key)));
        }
    }
    for key in wanted.keys() {
        account.find(format!("{}: `revisions` does not tell how it changed", name(key)));
    }
}

/// Tells where the measures that were released from are not those counted again, cell by cell.
pub(super) fn measures(recount: &Recount<'_>) -> anyhow::Result<Account> {
    let Recount { others, kept, cells: counted, .. } = recount;
    let kept = kept.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let mut account = Account::new([("cells", kept.len() as i64)]);
    account.hint = others.clone();
    let cells: BTreeSet<&Cell> = kept.keys().chain(counted.keys()).collect();
    for cell in cells {
        match (kept.get(cell), counted.get(cell)) {
            (Some(file), Some(is_kept)) => {
                let is_kept = is_kept.as_ref().context("the cell was not compared")?;
                if !*is_kept.as_ref().map_err(|error| anyhow!("{error:#}"))? {
                    let path = &file.path;
                    account.find(format!("`measures/{path}` is not what its dossiers come to"));
                }
            }
            (None, _) => account.find(format!("cell `{cell}` is not measured")),
            (_, None) => account.find(format!("cell `{cell}` is measured but has no dossiers")),
        }
    }
    Ok(account)
}

/// Tells it where a release was made with others than this pipeline's: what does not come out may
/// differ for that alone.
fn others(release: &Release, pipeline: &Pipeline) -> Option<String> {
    let others = made_with_others(release, pipeline);
    (!others.is_empty()).then(|| {
        format!(
            "release {} was made with other {} than this pipeline's: verify it with the pipeline \
             directory as it was then, or verify the next release",
            release.number,
            others.join(" and ")
        )
    })
}

/// Tells a row that differs: what was released, and what it comes to when it is computed again.
fn told(difference: &Revision) -> String {
    let Revision { key, new, old, .. } = difference;
    let (released, again) = (figure(old.as_ref()), figure(new.as_ref()));
    format!("{}: released {released}, recomputed {again}", name(key))
}

fn name(key: &RowKey) -> String {
    let RowKey { indicator, scope, period, .. } = key;
    format!("{indicator} {} {} from {}", scope.name(), period.kind.name(), period.start)
}

fn figure(facts: Option<&Facts>) -> String {
    let Some(facts) = facts else { return "nothing".to_owned() };
    let number = |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
    let mut figure = number(facts.numerator);
    if facts.denominator.is_some() {
        figure = format!("{figure}/{}", number(facts.denominator));
    }
    let Facts { units_included, units_expected, period_end, .. } = facts;
    let value = facts.value.map_or_else(String::new, |value| format!(" {value}"));
    let (status, is_final) = (facts.status.name(), if facts.is_final { ", final" } else { "" });
    let units = format!("{units_included} of {units_expected} units");
    format!("{figure} ({status}{value}, {units}, to {period_end}{is_final})")
}
