//! When figures become final: once the window of their period has closed, and that of every longer
//! report that is expected on it.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use crate::pipeline::Pipeline;
use crate::pipeline::columns::FeedKind;
use crate::pipeline::feed::{Expected, Feed};

use super::coverage::Coverage;
use super::period::Period;
use super::scope::Scope;

/// The first days on which a period's figures are final.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    /// Of what is counted over dossiers.
    pub(super) dossiers: NaiveDate,
    /// Of what is counted over the reports themselves, forms among them.
    pub(super) reports: NaiveDate,
}

/// Returns when the figures of a scope and a period are final.
///
/// A report on a quarter tells of each of its months: they are open until its own window closes, and
/// until the last day on which it is on time.
pub(super) fn closing(
    pipeline: &Pipeline,
    coverage: &Coverage,
    scope: &Scope,
    period: Period,
) -> Closing {
    let window = Days::new(pipeline.settings.final_after_days.unsigned_abs());
    let own = period.end + window - Days::new(1);
    let mut closing = Closing { dossiers: own, reports: own };
    for feed in pipeline.feeds.iter().filter(|feed| feed.expected != Expected::Never) {
        let unit = pipeline.reference.units.get(&feed.unit);
        let exists = unit.is_some_and(|unit| unit.exists_in(period.start, period.end));
        if !exists || !coverage.is_of(&feed.unit, scope) {
            continue;
        }
        let closes = closes(feed, period, window, pipeline);
        closing.reports = closing.reports.max(closes);
        if feed.profile.feed != FeedKind::Control {
            closing.dossiers = closing.dossiers.max(closes);
        }
    }
    closing
}

/// Returns the day on which the window closes of the report that tells of a period's last day.
fn closes(feed: &Feed, period: Period, window: Days, pipeline: &Pipeline) -> NaiveDate {
    let last = period.end.pred_opt().unwrap_or(period.end);
    let n_months = match feed.expected {
        Expected::Month | Expected::Never => 1,
        Expected::Quarter => 3,
        Expected::Year => 12,
    };
    let first = last.with_day(1).unwrap_or(last) - Months::new(last.month0() % n_months);
    let end = first + Months::new(n_months);
    let closes = end + window - Days::new(1);
    let due = feed.due.map(|due| due.last_day(end, &pipeline.reference.calendar));
    due.map_or(closes, |due| closes.max(due))
}
