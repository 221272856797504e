//! One published figure explained: what it is the sum of, which deliveries it comes from, what could
//! change it, and what it was before.

mod doubts;
mod files;
mod sides;
mod told;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::NaiveDate;

use crate::indicators::Revisions;
use crate::indicators::completeness::Completeness;
use crate::indicators::period::{Period, PeriodKind};
use crate::indicators::revise::Told;
use crate::indicators::row::{Row, RowKey};
use crate::indicators::scope::Scope;
use crate::indicators::series::parts;
use crate::pipeline::Pipeline;
use crate::pipeline::definitions::Indicator;
use crate::pipeline::tables::Table;
use crate::store::Store;
use crate::store::releases::Release;

use super::copy;
use super::ledger::Ledger;
use super::measure;
use super::news::Known;
use super::release::made_with_others;
use super::release::published::Published;
use super::show::{find_release, read_period, told_periods};
use super::state::{reports, source};
use super::stop::Stop;

use doubts::Doubts;
use sides::Side;

/// Which figure to explain.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub indicator: String,
    /// `None` is the ministry.
    pub unit: Option<String>,
    /// Such as `2020-05`; `None` is the year to date that was published last.
    pub period: Option<String>,
    /// A number or a day; `None` is the last release.
    pub release: Option<String>,
}

/// A figure with all that it comes from.
#[derive(Debug)]
pub struct Explanation {
    indicator: Indicator,
    row: Row,
    /// The number of the release that is explained.
    release: u64,
    /// When the figure was published last.
    published_at: String,
    /// Numerator and denominator.
    sides: [Option<Side>; 2],
    /// By unit, or by procedure for a unit: the largest first.
    parts: Vec<Part>,
    /// By delivery, where dossiers are counted.
    files: Vec<Part>,
    /// The names of the deliveries at their sources.
    names: BTreeMap<String, String>,
    doubts: Doubts,
    /// Each release that changed it, the earliest first.
    earlier: Vec<Told>,
    /// What was judged since the release: deliveries, and records that they rejected.
    since: (usize, i64),
    /// What the release was made with that is other than the pipeline's.
    others: Vec<&'static str>,
}

/// What a unit, a procedure or a delivery contributes to numerator and denominator; `None` where
/// there is no such number, or nothing that could be counted.
#[derive(Debug, PartialEq)]
struct Part {
    name: Option<String>,
    counts: [Option<i64>; 2],
}

/// Sums by the name of the part.
type Sums = BTreeMap<Option<String>, i64>;

/// Explains a figure.
///
/// # Errors
///
/// [`Stop::Mistake`] where the release or the period does not exist.
pub fn explain(pipeline: &Pipeline, store: &Store, wanted: &Wanted) -> anyhow::Result<Explanation> {
    let release = find_release(pipeline, store, wanted.release.as_deref())?;
    let row = find_row(&release, store, wanted)?;
    let indicator = pipeline.definitions.indicators.get(&wanted.indicator);
    let indicator = indicator.context("the pipeline lacks the indicator")?.clone();
    let then = Ledger::at(&source(Table::Deliveries, &release, store)?, store)?;
    let covered = then.covered(pipeline);
    let completeness = Completeness::new(pipeline, &covered, release.as_of);

    let version = pipeline.definitions.version(&row.key.indicator, row.key.version);
    let names = version.map(|version| pipeline.definitions.measures_of(&version.formula));
    let files = source(Table::Measures, &release, store)?.files;
    let mut measured = measure::read(&files, &names.unwrap_or_default(), store)?;
    measured.extend(reports(&completeness, &covered, pipeline)?);
    let sides = sides::sides(&row, &measured, pipeline);
    let (unit, days) = (wanted.unit.as_deref(), days_of(&row));
    let sums = sides.each_ref().map(|side| {
        let side = side.as_ref().filter(|side| side.adds_up())?;
        let mut sums = Sums::new();
        for term in side.added() {
            let days = term.days(days);
            for (part, n) in parts(&measured, &term.measure, unit, days, pipeline) {
                *sums.entry(part).or_default() += term.sign * n;
            }
        }
        Some(sums)
    });
    let counted = sides.each_ref().map(|side| {
        let side = side.as_ref().filter(|side| side.counts_dossiers())?;
        Some(side.added().collect::<Vec<_>>())
    });
    let dossiers = source(Table::Dossiers, &release, store)?;
    let in_figure = files::InFigure { counted, days, unit, pipeline };
    let by_delivery = in_figure.by_delivery(&dossiers, store)?;

    let quarantine = source(Table::Quarantine, &release, store)?;
    let in_cell = doubts::InCell { pipeline, row: &row };
    let doubts = Doubts {
        rejects: in_cell.rejects(&then, [&quarantine, &dossiers], store)?,
        missing: in_cell.missing(&completeness),
        refused: in_cell.refused(&then),
    };
    let since = match &wanted.release {
        Some(_) => (0, 0),
        None => judged_since(&in_cell, &release, store)?,
    };
    let published_in = store.release(row.release.unsigned_abs());
    let published_in = published_in.context("failed to read the release of the figure")?;
    let name = |delivery: &super::ledger::Judgement| (delivery.delivery(), delivery.name.clone());
    Ok(Explanation {
        earlier: earlier(store, &row.key, &release)?,
        since,
        others: made_with_others(&release, pipeline),
        release: release.number,
        published_at: published_in.published_at,
        parts: paired(sums),
        files: paired(by_delivery),
        names: then.judgements().map(name).collect(),
        indicator,
        row,
        sides,
        doubts,
    })
}

/// Reads the changes of a figure up to a release, the earliest first.
fn earlier(store: &Store, key: &RowKey, release: &Release) -> anyhow::Result<Vec<Told>> {
    let revisions = copy::read(Table::Revisions, release, store)?;
    let mut told = Revisions::from_batch(revisions)?.told();
    told.retain(|told| told.key == *key && told.release <= release.number);
    told.sort_by_key(|told| told.release);
    Ok(told)
}

/// Counts the deliveries that were judged since a release and may change the figure, and the records
/// that they rejected: a run that a guard has stopped leaves such.
fn judged_since(
    in_cell: &doubts::InCell<'_>,
    release: &Release,
    store: &Store,
) -> anyhow::Result<(usize, i64)> {
    let known = Known::by(Some(release), store)?;
    let ledger = Ledger::read(store)?;
    let new = ledger.judgements().filter(|judgement| known.is_new(judgement));
    let new = new.filter(|judgement| in_cell.is_touched_by(judgement));
    let rejected = new.map(|judgement| judgement.fates.rejected);
    Ok(rejected.fold((0, 0), |(n, sum), rejected| (n + 1, sum + rejected)))
}

/// Finds the row of the figure among those that a release published.
fn find_row(release: &Release, store: &Store, wanted: &Wanted) -> anyhow::Result<Row> {
    let parse = |text: &String| read_period(text);
    let period = wanted.period.as_ref().map(parse).transpose()?;
    let scope = match &wanted.unit {
        Some(code) => Scope::Unit(code.as_str().into()),
        None => Scope::Ministry,
    };
    let mut rows = Published::indicators(Some(release), store)?.of(&wanted.indicator)?.rows();
    rows.retain(|row| row.key.scope == scope);
    let periods: BTreeSet<Period> = rows.iter().map(|row| row.key.period).collect();
    let is_wanted = |row: &Row| match period {
        Some(period) => row.key.period == period,
        None => row.key.period.kind == PeriodKind::YearToDate,
    };
    let found = rows.into_iter().filter(is_wanted);
    let found = found.max_by_key(|row| (row.key.period, row.key.version));
    found.ok_or_else(|| {
        let (number, indicator, scope) = (release.number, &wanted.indicator, scope.name());
        let asked = wanted.period.as_ref().map_or_else(String::new, |text| format!(" for {text}"));
        let there = told_periods(&periods);
        let told = format!("release {number} has no {indicator} of {scope}{asked}: it has {there}");
        Stop::Mistake(told).into()
    })
}

/// The half-open days that a row tells of.
fn days_of(row: &Row) -> (NaiveDate, NaiveDate) {
    (row.key.period.start, row.facts.period_end)
}

/// Puts the sums of numerator and denominator side by side, the largest first, zeros left out.
fn paired(sums: [Option<Sums>; 2]) -> Vec<Part> {
    let names: BTreeSet<&Option<String>> = sums.iter().flatten().flat_map(BTreeMap::keys).collect();
    let part = |name: &Option<String>| {
        let count = |sums: &Option<Sums>| Some(sums.as_ref()?.get(name).copied().unwrap_or(0));
        Part { name: name.clone(), counts: sums.each_ref().map(count) }
    };
    let mut parts: Vec<Part> = names.into_iter().map(part).collect();
    parts.retain(|part| part.counts.iter().flatten().any(|count| *count != 0));
    parts.sort_by_key(|part| Reverse([part.counts[1], part.counts[0]]));
    parts
}
