//! When figures become final: once the window of their period has closed, and that of every longer
//! report that is expected on it.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use crate::pipeline::Pipeline;
use crate::pipeline::columns::FeedKind;
use crate::pipeline::feed::{Expected, Feed};

use super::coverage::OfScope;
use super::period::Period;

/// The first days on which a period's figures are final.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    /// Of what is counted over dossiers.
    pub(super) dossiers: NaiveDate,
    /// Of what is counted over the reports themselves, forms among them.
    pub(super) reports: NaiveDate,
}

/// When the windows of each feed's reports close.
pub(super) struct Windows<'a> {
    /// The days on which figures of these periods are final where no report waits longer.
    own: Vec<NaiveDate>,
    /// By period; `None` where the feed's unit does not exist in it.
    by_feed: Vec<(&'a Feed, Vec<Option<NaiveDate>>)>,
}

impl<'a> Windows<'a> {
    /// Finds the day of each feed and period.
    ///
    /// A report on a quarter tells of each of its months: they are open until its own window closes,
    /// and until the last day on which it is on time.
    pub(super) fn new(pipeline: &'a Pipeline, periods: &[Period]) -> Self {
        let window = Days::new(pipeline.settings.final_after_days.unsigned_abs());
        let own = periods.iter().map(|period| period.end + window - Days::new(1)).collect();
        let feeds = pipeline.feeds.iter().filter(|feed| feed.expected != Expected::Never);
        let by_feed = feeds.map(|feed| {
            let unit = pipeline.reference.units.get(&feed.unit);
            let closes = |period: &Period| {
                let exists = unit.is_some_and(|unit| unit.exists_in(period.start, period.end));
                exists.then(|| closes(feed, *period, window, pipeline))
            };
            (feed, periods.iter().map(closes).collect())
        });
        Self { own, by_feed: by_feed.collect() }
    }

    /// Returns when the figures of a scope are final, by period.
    pub(super) fn closings(&self, of_scope: &OfScope<'_>) -> Vec<Closing> {
        let own = |day: &NaiveDate| Closing { dossiers: *day, reports: *day };
        let mut closings: Vec<Closing> = self.own.iter().map(own).collect();
        for (feed, closes) in self.by_feed.iter().filter(|(f, _)| of_scope.is_told_by(f)) {
            let is_control = feed.profile.feed == FeedKind::Control;
            for (closing, closes) in closings.iter_mut().zip(closes) {
                let Some(closes) = *closes else { continue };
                closing.reports = closing.reports.max(closes);
                if !is_control {
                    closing.dossiers = closing.dossiers.max(closes);
                }
            }
        }
        closings
    }
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
