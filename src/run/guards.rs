//! Guards over history, judged at the release: a unit far from its own past is published with the
//! evidence named; the whole ministry stops the release.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::indicators::completeness::{Completeness, Report};
use crate::indicators::coverage::Covered;
use crate::pipeline::Pipeline;
use crate::pipeline::columns::FeedKind;
use crate::pipeline::feed::Feed;
use crate::pipeline::guards::{Guards, N_HISTORY};
use crate::pipeline::rules::{Language, Params, message, params_of};
use crate::store::releases::{Evidence, Release};

use super::Options;
use super::news::Known;
use super::stop::Stop;

type Range = (NaiveDate, NaiveDate);

/// What came for a period.
#[derive(Debug, Clone, Copy, Default)]
struct Volume {
    n_records: i64,
    n_rejected: i64,
}

impl Volume {
    fn and(self, other: Self) -> Self {
        Self {
            n_records: self.n_records + other.n_records,
            n_rejected: self.n_rejected + other.n_rejected,
        }
    }
}

/// Volumes of a feed, or of all units together, by period.
type History = BTreeMap<Range, Volume>;

/// A feed's volumes by period, and what of them is news: the periods that are judged now.
struct Feeding<'a> {
    feed: &'a Feed,
    history: History,
    news: History,
    /// The first of the periods that are held against those before them.
    since: Range,
}

/// Judges the periods that new deliveries touch beside the periods before them, and what the last
/// release had received beside what is received now; evidence without a unit is the whole
/// ministry's. At the first release all is news: of each feed the latest period is held against those
/// before it, and each is asked for its rejects.
pub(super) fn judge(
    pipeline: &Pipeline,
    covered: &[Covered],
    completeness: &Completeness,
    known: &Known,
    options: &Options,
) -> Vec<Evidence> {
    let is_new = |covered: &Covered| known.is_news(covered);
    let guards = &pipeline.settings.guards;
    let gather = |feed| {
        let mut feeding = gather(feed, covered, completeness, &is_new);
        if known.is_nothing() {
            feeding.since = feeding.latest();
        }
        feeding
    };
    let feedings: Vec<Feeding<'_>> = pipeline.feeds.iter().map(gather).collect();
    let mut evidence = Vec::new();
    for Feeding { feed, history, news, since } in &feedings {
        for (range, news) in news {
            let volume = history.get(range).filter(|_| range >= since);
            let volume = volume.and_then(|v| volumes(*v, &before(history, *range), guards));
            let spoken = volume.into_iter().chain(rejects(*news, guards));
            let at = Some((feed.unit.clone(), feed.feed.clone()));
            evidence.extend(spoken.map(|spoken| told(spoken, at.clone(), *range)));
        }
    }
    let own: Vec<&Feeding<'_>> =
        feedings.iter().filter(|f| f.feed.profile.feed == FeedKind::Dossier).collect();
    let touched = own.iter().flat_map(|f| f.news.range(f.since..).map(|(range, _)| *range));
    let touched: BTreeSet<Range> = touched.collect();
    for range in touched {
        let spoken = speak_of_all(&own, range, guards);
        evidence.extend(spoken.into_iter().map(|spoken| told(spoken, None, range)));
    }
    let before = known.completeness(pipeline, options.as_of);
    evidence.extend(withdrawn(pipeline, &before, completeness));
    evidence
}

impl Feeding<'_> {
    /// Returns the latest period that anything came for; where there is none, one after all.
    fn latest(&self) -> Range {
        let last = self.news.last_key_value().map(|(range, _)| *range);
        last.unwrap_or((NaiveDate::MAX, NaiveDate::MAX))
    }
}

fn gather<'a>(
    feed: &'a Feed,
    covered: &[Covered],
    completeness: &Completeness,
    is_new: &dyn Fn(&Covered) -> bool,
) -> Feeding<'a> {
    let own = |covered: &&Covered| covered.unit == feed.unit && covered.feed == feed.feed;
    let own: Vec<&Covered> = covered.iter().filter(own).collect();
    let new: Vec<&Covered> = own.iter().copied().filter(|covered| is_new(covered)).collect();
    let reports = || {
        let is_own = |report: &&Report| (&report.unit, &report.feed) == (&feed.unit, &feed.feed);
        completeness.reports.iter().filter(is_own)
    };
    let range = |report: &Report| (report.start, report.end);
    // Of a period that goes on, nobody knows yet how much will come.
    let received = reports().filter(|report| report.is_received && !report.is_running);
    let history = received.map(range).map(|range| (range, volume(&own, range))).collect();
    let touched = reports().map(range).filter(|(start, end)| {
        // What tells nothing, since all of it is rejected, covers no period and is news all the same.
        new.iter().any(|covered| covered.touches(*start, *end))
    });
    let news = touched.map(|range| (range, volume(&new, range))).collect();
    Feeding { feed, history, news, since: (NaiveDate::MIN, NaiveDate::MIN) }
}

/// Returns the guards that speak of all units together, where at least half of them have reported:
/// of their volume, and of rejects where those of half the units rose at once.
fn speak_of_all(
    own: &[&Feeding<'_>],
    range: Range,
    guards: &Guards,
) -> Vec<(&'static str, Params)> {
    let (mut found, mut usual, mut n_reported) = (Volume::default(), 0, 0);
    for feeding in own {
        let Some(volume) = feeding.history.get(&range) else { continue };
        n_reported += 1;
        found = found.and(*volume);
        let before = before(&feeding.history, range);
        // A unit without a past is as it is.
        usual += if before.is_empty() { volume.n_records } else { median(&before) };
    }
    let are_enough = n_reported >= 2 && 2 * n_reported >= own.len();
    let news = own.iter().filter_map(|feeding| feeding.news.get(&range).copied());
    let (n_telling, bad) = (news.clone().count(), news.filter(|n| rejects(*n, guards).is_some()));
    let bad: Vec<Volume> = bad.collect();
    let are_many = bad.len() >= 2 && 2 * bad.len() >= n_telling;
    let rejects = are_many.then(|| {
        let together = bad.into_iter().fold(Volume::default(), Volume::and);
        rejects(together, guards)
    });
    let usual = vec![usual; guards.n_periods];
    let volume = are_enough.then(|| volumes(found, &usual, guards)).flatten();
    volume.into_iter().chain(rejects.flatten()).collect()
}

fn told(
    (guard, params): (&'static str, Params),
    at: Option<(String, String)>,
    range: Range,
) -> Evidence {
    let (unit, feed) = at.unzip();
    Evidence { guard: guard.to_owned(), unit, feed, period: Some(range), params }
}

/// Says that a release would be made as of an earlier day than the last.
pub(super) fn went_back(last: Option<&Release>, options: &Options) -> Option<Evidence> {
    let before = last.map(|last| last.as_of).filter(|before| options.as_of < *before)?;
    let params = [("as_of", options.as_of.to_string()), ("before", before.to_string())];
    Some(Evidence {
        guard: "as_of_went_back".to_owned(),
        unit: None,
        feed: None,
        period: None,
        params: params_of(params),
    })
}

/// Names the reports that the last release had received and that are refused now: those of a feed,
/// and of the whole ministry where they are at least half of all for a period.
fn withdrawn(pipeline: &Pipeline, before: &Completeness, now: &Completeness) -> Vec<Evidence> {
    let range_of = |report: &Report| (report.start, report.end);
    let lacking: BTreeSet<(&str, &str, Range)> = now
        .reports
        .iter()
        .filter(|report| !report.is_received)
        .map(|report| (&*report.unit, &*report.feed, range_of(report)))
        .collect();
    let params = |n_lost: usize, n_received: usize| {
        params_of([("lost", n_lost.to_string()), ("received", n_received.to_string())])
    };
    let mut evidence = Vec::new();
    let mut by_range: BTreeMap<Range, (usize, usize)> = BTreeMap::new();
    for report in before.reports.iter().filter(|report| report.is_received) {
        let range = range_of(report);
        let is_lost = lacking.contains(&(&*report.unit, &*report.feed, range));
        if is_lost {
            let at = Some((report.unit.clone(), report.feed.clone()));
            evidence.push(told(("reports_withdrawn", params(1, 1)), at, range));
        }
        let feed = pipeline.feed(&report.unit, &report.feed);
        if feed.is_some_and(|feed| feed.profile.feed == FeedKind::Dossier) {
            let (n_lost, n_received) = by_range.entry(range).or_default();
            *n_received += 1;
            *n_lost += usize::from(is_lost);
        }
    }
    for (range, (n_lost, n_received)) in by_range {
        if n_lost == n_received || (n_lost >= 2 && 2 * n_lost >= n_received) {
            evidence.push(told(("reports_withdrawn", params(n_lost, n_received)), None, range));
        }
    }
    evidence
}

/// Returns the guards that were accepted with their reason; one that stops a release and was not is
/// an error.
///
/// # Errors
///
/// [`Stop::Guard`] with what it saw, and what the others did.
pub(super) fn accept(
    evidence: &[Evidence],
    options: &Options,
) -> Result<BTreeMap<String, String>, Stop> {
    let is_accepted = |evidence: &&Evidence| options.accept.contains(&evidence.guard);
    let told = |evidence: &Evidence| words(evidence, Language::English);
    let open: Vec<&Evidence> = evidence.iter().filter(|spoken| !is_accepted(spoken)).collect();
    if let Some(at) = open.iter().position(|evidence| evidence.unit.is_none()) {
        let others = open.iter().enumerate().filter(|(other, _)| *other != at);
        let also = others.map(|(_, other)| format!("\nguard: `{}`: {}", other.guard, told(other)));
        let (guard, told) = (open[at].guard.clone(), told(open[at]));
        return Err(Stop::Guard { guard, told, also: also.collect() });
    }
    let accepted = evidence.iter().filter(is_accepted);
    Ok(accepted.map(|spoken| (spoken.guard.clone(), options.reason.clone())).collect())
}

/// Tells evidence in words: of whom, of which period, what.
pub(super) fn words(evidence: &Evidence, language: Language) -> String {
    let told = message(&evidence.guard, &evidence.params, language);
    let ministry = match language {
        Language::English => "the whole ministry",
        Language::Vietnamese => "toàn Bộ",
    };
    let whose = match (&evidence.unit, &evidence.feed) {
        (Some(unit), Some(feed)) => format!("{unit} {feed}"),
        _ => ministry.to_owned(),
    };
    match evidence.period {
        Some((start, end)) => {
            let last = end.pred_opt().unwrap_or(end);
            format!("{whose}, {start} to {last}: {told}")
        }
        None => told,
    }
}

/// Returns the guard that speaks of a period's volume beside those before it.
fn volumes(found: Volume, before: &[i64], guards: &Guards) -> Option<(&'static str, Params)> {
    let (n_records, usual) = (found.n_records, median(before));
    let is_far = (n_records as f64) < guards.volume_share * usual as f64;
    if before.len() < guards.n_periods || usual < guards.n_records || !is_far {
        return None;
    }
    let numbers = [("records", n_records.to_string()), ("usual", usual.to_string())];
    let guard = if n_records == 0 { "turned_empty" } else { "volume_fell" };
    Some((guard, params_of(numbers)))
}

/// Returns the guard that speaks of the rejects among news. What was rejected before stays so when
/// it is mended and sent again: it is not judged a second time.
fn rejects(news: Volume, guards: &Guards) -> Option<(&'static str, Params)> {
    let share = news.n_rejected as f64 / news.n_records.max(1) as f64;
    if news.n_records < guards.n_records || share <= guards.rejected_share {
        return None;
    }
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    let params = [
        ("rejected", news.n_rejected.to_string()),
        ("records", news.n_records.to_string()),
        ("share", percent(share)),
        ("band", percent(guards.rejected_share)),
    ];
    Some(("rejects_rose", params_of(params)))
}

/// Adds up what stands for a period: deliveries whose last day lies in it.
fn volume(own: &[&Covered], (start, end): Range) -> Volume {
    let is_of = |covered: &&&Covered| {
        let last = covered.period.and_then(|(_, to)| to.pred_opt());
        covered.is_standing && last.is_some_and(|last| start <= last && last < end)
    };
    let volume = |covered: &&Covered| Volume {
        n_records: covered.n_records,
        n_rejected: covered.n_rejected,
    };
    own.iter().filter(is_of).map(volume).fold(Volume::default(), Volume::and)
}

/// Returns how many records came for each of the latest periods before one.
fn before(history: &History, range: Range) -> Vec<i64> {
    history.range(..range).rev().take(N_HISTORY).map(|(_, volume)| volume.n_records).collect()
}

/// Returns the lower median; 0 of nothing.
fn median(numbers: &[i64]) -> i64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono::Months;

    use super::*;

    #[test]
    fn the_ministry_speaks_once_half_of_its_units_have_reported() {
        let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pipelines/small");
        let pipeline = Pipeline::load(&small).unwrap();
        let month = |n: u32| {
            let start = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + Months::new(n);
            (start, start + Months::new(1))
        };
        let volume = |n_records| Volume { n_records, n_rejected: 0 };
        let feeding = |has_reported: bool| {
            let months = (0..3).map(|n| (month(n), volume(30)));
            let last = has_reported.then(|| (month(3), volume(5)));
            let history = months.chain(last).collect();
            let since = (NaiveDate::MIN, NaiveDate::MIN);
            Feeding { feed: &pipeline.feeds[0], history, news: History::new(), since }
        };
        let speaks = |n_reported: usize| {
            let feedings: Vec<Feeding<'_>> = (0..6).map(|n| feeding(n < n_reported)).collect();
            let own: Vec<&Feeding<'_>> = feedings.iter().collect();
            !speak_of_all(&own, month(3), &pipeline.settings.guards).is_empty()
        };
        assert_eq!([0, 1, 2, 3, 6].map(speaks), [false, false, false, true, true]);
    }
}
