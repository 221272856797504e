//! Reads published figures: those of the last release, or as an earlier one published them.

use std::collections::BTreeSet;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate};

use crate::indicators::period::{Period, PeriodKind};
use crate::indicators::revise::{self, Accuracy};
use crate::indicators::row::RowKey;
use crate::indicators::trend::{self, Trend};
use crate::indicators::{Indicators, Revisions};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::publish::figures::Periods;
use crate::store::Store;
use crate::store::releases::Release;

use super::copy;
use super::release::read_indicators;
use super::stop::Stop;

const NO_PERIOD: &str = "no period: a period is a month 2020-05, a quarter 2020-Q2, a year 2020 or \
                         a year to date ytd-2020-05";

/// What a release told, for showing.
pub struct Told {
    pub indicators: Indicators,
    trends: Vec<Trend>,
    revisions: Vec<revise::Told>,
}

impl Told {
    /// Reads what a release published: one by its number, the last by a day, or the last.
    ///
    /// # Errors
    ///
    /// [`Stop::Mistake`] where there is no such release.
    pub fn read(pipeline: &Pipeline, store: &Store, wanted: Option<&str>) -> anyhow::Result<Self> {
        let release = find_release(pipeline, store, wanted)?;
        let revisions = copy::read(Table::Revisions, &release, store)?;
        let revisions = Revisions::from_batch(revisions)?.told();
        let is_by_then = |told: &revise::Told| told.release <= release.number;
        Ok(Self {
            indicators: read_indicators(store, &release)?,
            trends: trend::read(&copy::read(Table::Trends, &release, store)?),
            revisions: revisions.into_iter().filter(is_by_then).collect(),
        })
    }

    /// Reads a kind of period, or the name of one that was published of an indicator.
    ///
    /// # Errors
    ///
    /// [`Stop::Mistake`] where it is neither.
    pub fn periods(&self, text: &str, indicator: &str) -> anyhow::Result<Periods> {
        if let Some(kind) = PeriodKind::find(text) {
            return Ok(Periods::Of(kind));
        }
        if Period::parse(text).is_none() {
            let kinds = PeriodKind::ALL.map(PeriodKind::name).join(", ");
            return mistake(format!("`{text}` is no kind of period ({kinds}), and {NO_PERIOD}"));
        }
        let rows = self.indicators.of(indicator).rows();
        period(text, rows.iter().map(|row| row.key.period)).map(Periods::Only)
    }

    /// Returns the trends of a series.
    pub fn trends_of(&self, series: &RowKey) -> Vec<Trend> {
        let is_ours = |trend: &&Trend| trend.key.is_of_series(series);
        self.trends.iter().filter(is_ours).cloned().collect()
    }

    /// Measures how far the values of a series were revised.
    pub fn accuracy(&self, series: &RowKey) -> Option<Accuracy> {
        let is_ours = |told: &&revise::Told| told.key.is_of_series(series);
        Accuracy::of(self.revisions.iter().filter(is_ours))
    }
}

/// Finds the release of a number, or the last one published on or before a local day; by default
/// the last of all.
pub(super) fn find_release(
    pipeline: &Pipeline,
    store: &Store,
    wanted: Option<&str>,
) -> anyhow::Result<Release> {
    let numbers = store.release_numbers().context("failed to list the releases")?;
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
        return mistake("nothing was published yet: `hoso run`".to_owned());
    };
    let read = |number: u64| {
        store.release(number).with_context(|| format!("failed to read release {number}"))
    };
    let Some(wanted) = wanted else { return read(*last) };
    if let Ok(number) = wanted.parse::<u64>() {
        return match numbers.contains(&number) {
            true => read(number),
            false => {
                mistake(format!("no release {number}: there are the releases {first} to {last}"))
            }
        };
    }
    let Ok(day) = wanted.parse::<NaiveDate>() else {
        return mistake(format!(
            "`{wanted}` is no release: give a number such as {last}, or a day such as 2020-11-30"
        ));
    };
    for number in numbers.iter().rev() {
        let release = read(*number)?;
        if published_on(pipeline, &release)? <= day {
            return Ok(release);
        }
    }
    let earliest = published_on(pipeline, &read(*first)?)?;
    mistake(format!("nothing was published by {day}: release {first} is of {earliest}"))
}

/// Reads the name of a period among those that were published.
///
/// # Errors
///
/// [`Stop::Mistake`] where it is none, or was not published.
pub fn period(text: &str, published: impl Iterator<Item = Period>) -> anyhow::Result<Period> {
    let period = read_period(text)?;
    let published: BTreeSet<Period> = published.collect();
    if published.contains(&period) {
        return Ok(period);
    }
    mistake(format!("nothing was published of {text}: there is {}", told_periods(&published)))
}

/// Reads the name of a period.
pub(super) fn read_period(text: &str) -> anyhow::Result<Period> {
    Period::parse(text).map_or_else(|| mistake(format!("`{text}` is {NO_PERIOD}")), Ok)
}

/// Names the first and the last period of each kind.
pub(super) fn told_periods(periods: &BTreeSet<Period>) -> String {
    let of_kind = |kind: PeriodKind| {
        let mut own = periods.iter().filter(|period| period.kind == kind);
        let first = own.next()?.label();
        Some(own.next_back().map_or(first.clone(), |last| format!("{first} to {}", last.label())))
    };
    let told: Vec<String> = PeriodKind::ALL.into_iter().filter_map(of_kind).collect();
    if told.is_empty() { "none of it".to_owned() } else { told.join(", ") }
}

/// Returns the local day on which a release was published.
fn published_on(pipeline: &Pipeline, release: &Release) -> anyhow::Result<NaiveDate> {
    let (number, text) = (release.number, &release.published_at);
    let instant = DateTime::parse_from_rfc3339(text)
        .with_context(|| format!("release {number} says that it was published at `{text}`"))?;
    let day = pipeline.settings.local_day(Some(instant.timestamp_micros()));
    day.with_context(|| format!("release {number} says that it was published at `{text}`"))
}

fn mistake<T>(message: String) -> anyhow::Result<T> {
    Err(Stop::Mistake(message).into())
}
