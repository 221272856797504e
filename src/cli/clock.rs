//! The clock, read once, at the edge: no fate of a record depends on it.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

use crate::pipeline::Pipeline;

/// Returns the moment at which a release is published, and from which "today" is told.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Returns the local day.
pub(super) fn today(now: DateTime<Utc>, pipeline: &Pipeline) -> NaiveDate {
    let offset = FixedOffset::east_opt(pipeline.settings.utc_offset_seconds);
    offset.map_or_else(|| now.date_naive(), |offset| now.with_timezone(&offset).date_naive())
}
