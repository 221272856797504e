//! Reads published figures.

use anyhow::Context as _;

use crate::indicators::Indicators;
use crate::store::Store;

use super::release::read_indicators;
use super::stop::Stop;

/// Reads the indicators of the last release.
///
/// # Errors
///
/// [`Stop::Mistake`] where nothing was published yet.
pub fn last_published(store: &Store) -> anyhow::Result<Indicators> {
    let last = store.latest_release().context("failed to read the last release")?;
    let nothing = || Stop::Mistake("nothing was published yet: `hoso run`".to_owned());
    let last = last.ok_or_else(nothing)?;
    read_indicators(store, &last)
}
