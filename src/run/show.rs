//! Reads published figures: those of the last release, or as an earlier one published them.

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate};

use crate::indicators::Indicators;
use crate::pipeline::Pipeline;
use crate::store::Store;
use crate::store::releases::Release;

use super::release::read_indicators;
use super::stop::Stop;

/// Reads the indicators as a release published them: one by its number, the last by a day, or the last.
///
/// # Errors
///
/// [`Stop::Mistake`] where there is no such release.
pub fn published(
    pipeline: &Pipeline,
    store: &Store,
    wanted: Option<&str>,
) -> anyhow::Result<Indicators> {
    read_indicators(store, &find_release(pipeline, store, wanted)?)
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
