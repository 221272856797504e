//! Reads published figures.

use anyhow::Context as _;

use crate::indicators::Indicators;
use crate::store::Store;

use super::release::read_indicators;

/// Reads the indicators of the last release.
///
/// # Errors
///
/// Where nothing was published yet.
pub fn last_published(store: &Store) -> anyhow::Result<Indicators> {
    let last = store.latest_release().context("failed to read the last release")?;
    let last = last.context("nothing was published yet: run `hoso run` first")?;
    read_indicators(store, &last)
}
