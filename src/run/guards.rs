//! Guards over history, judged at the release: a unit far from its own past is published with the
//! evidence named; the whole ministry, or a final value that would change, stops the release.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::indicators::completeness::Completeness;
use crate::indicators::coverage::Covered;
use crate::indicators::revise::Revision;
use crate::indicators::row::{Facts, Status};
use crate::pipeline::Pipeline;
use crate::pipeline::columns::FeedKind;
use crate::pipeline::feed::Feed;
use crate::pipeline::guards::Guards;
use crate::pipeline::rules::{Language, Params, message, params_of};
use crate::store::releases::Evidence;

use super::Options;
use super::stop::Stop;

/// How many of the latest earlier periods tell what is usual.
const N_HISTORY: usize = 12;

type Range = (NaiveDate, NaiveDate);

/// What came for a period.
#[derive(Debug, Clone, Copy, Default)]
struct Volume {
    n_records: i64,
    n_rejected: i64,
}

/// Volumes of a feed, or of all units together, by period.
type History = BTreeMap<Range, Volume>;

/// A feed's volumes, and the periods that are judged now.
struct Feeding<'a> {
    feed: &'a Feed,
    history: History,
    touched: Vec<Range>,
}

/// Judges the periods that new deliveries touch beside the periods before them; evidence without a
/// unit is the whole ministry's.
pub(super) fn judge(
    pipeline: &Pipeline,
    covered: &[Covered],
    completeness: &Completeness,
    is_new: &dyn Fn(&Covered) -> bool,
) -> Vec<Evidence> {
    let guards = &pipeline.settings.guards;
    let gather = |feed| gather(feed, covered, completeness, is_new);
    let feedings: Vec<Feeding<'_>> = pipeline.feeds.iter().map(gather).collect();
    let mut evidence = Vec::new();
    for Feeding { feed, history, touched } in &feedings {
        for range in touched {
            let spoken = speak(history[range], &before(history, *range), guards);
            let at = Some((feed.unit.clone(), feed.feed.clone()));
            evidence.extend(spoken.into_iter().map(|spoken| told(spoken, at.clone(), *range)));
        }
    }
    let own: Vec<&Feeding<'_>> =
        feedings.iter().filter(|f| f.feed.profile.feed == FeedKind::Dossier).collect();
    let touched: BTreeSet<Range> = own.iter().flat_map(|f| f.touched.iter().copied()).collect();
    for range in touched {
        let spoken = speak_of_all(&own, range, guards);
        evidence.extend(spoken.into_iter().map(|spoken| told(spoken, None, range)));
    }
    evidence
}

fn gather<'a>(
    feed: &'a Feed,
    covered: &[Covered],
    completeness: &Completeness,
    is_new: &dyn Fn(&Covered) -> bool,
) -> Feeding<'a> {
    let own = |covered: &&Covered| covered.unit == feed.unit && covered.feed == feed.feed;
    let own: Vec<&Covered> = covered.iter().filter(own).collect();
    let received = completeness.reports.iter().filter(|report| {
        (&report.unit, &report.feed) == (&feed.unit, &feed.feed) && report.is_received
    });
    let ranges = received.map(|report| (report.start, report.end));
    let history: History =
        ranges.map(|(start, end)| ((start, end), volume(&own, start, end))).collect();
    let is_touched = |range: &&Range| own.iter().any(|c| is_new(c) && c.touches(range.0, range.1));
    let touched = history.keys().filter(is_touched).copied().collect();
    Feeding { feed, history, touched }
}

/// Returns the guards that speak of all units together, where at least half of them have reported.
fn speak_of_all(
    own: &[&Feeding<'_>],
    range: Range,
    guards: &Guards,
) -> Vec<(&'static str, Params)> {
    let reported: Vec<&&Feeding<'_>> =
        own.iter().filter(|feeding| feeding.history.contains_key(&range)).collect();
    if reported.len() < 2 || 2 * reported.len() < own.len() {
        return Vec::new();
    }
    let (mut found, mut usual) = (Volume::default(), 0);
    for feeding in reported {
        let volume = feeding.history[&range];
        found.n_records += volume.n_records;
        found.n_rejected += volume.n_rejected;
        let before = before(&feeding.history, range);
        // A unit without a past is as it is.
        usual += if before.is_empty() { volume.n_records } else { median(&before) };
    }
    speak(found, &vec![usual; guards.n_periods], guards)
}

fn told(
    (guard, params): (&'static str, Params),
    at: Option<(String, String)>,
    range: Range,
) -> Evidence {
    let (unit, feed) = at.unzip();
    Evidence { guard: guard.to_owned(), unit, feed, period: Some(range), params }
}

/// Says that final values would change, if any would.
pub(super) fn final_changed(revisions: &[Revision]) -> Option<Evidence> {
    let figure = |facts: &Facts| (facts.numerator, facts.denominator, facts.value, facts.status);
    let changed: Vec<(&Revision, &Facts, &Facts)> = revisions
        .iter()
        .filter_map(|revision| Some((revision, revision.old.as_ref()?, revision.new.as_ref()?)))
        .filter(|(_, old, _)| old.is_final && old.status == Status::Value)
        .filter(|(_, old, new)| figure(old) != figure(new))
        .collect();
    let (revision, old, new) = changed.first()?;
    let shown = |facts: &Facts| match (facts.numerator, facts.denominator) {
        (Some(numerator), Some(denominator)) => format!("{numerator}/{denominator}"),
        (Some(count), None) => count.to_string(),
        _ => facts.status.name().to_owned(),
    };
    let key = &revision.key;
    let (from, to) = (shown(old), shown(new));
    let first = format!(
        "`{}` of {} for {} from {}: {from} would be {to}",
        key.indicator,
        key.scope.name(),
        key.period.kind.name(),
        key.period.start,
    );
    let params = params_of([("rows", changed.len().to_string()), ("first", first)]);
    Some(Evidence {
        guard: "final_changed".to_owned(),
        unit: None,
        feed: None,
        period: None,
        params,
    })
}

/// Returns the guards that were accepted with their reason; one that stops a release and was not is
/// an error.
///
/// # Errors
///
/// [`Stop::Guard`] with what it saw.
pub(super) fn accept(
    evidence: &[Evidence],
    options: &Options,
) -> Result<BTreeMap<String, String>, Stop> {
    let mut accepted = BTreeMap::new();
    for evidence in evidence {
        if options.accept.contains(&evidence.guard) {
            accepted.insert(evidence.guard.clone(), options.reason.clone());
        } else if evidence.unit.is_none() {
            let told = words(evidence, Language::English);
            return Err(Stop::Guard { guard: evidence.guard.clone(), told });
        }
    }
    Ok(accepted)
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

/// Returns the guards that speak of a volume beside those before it.
fn speak(found: Volume, before: &[i64], guards: &Guards) -> Vec<(&'static str, Params)> {
    let Volume { n_records, n_rejected } = found;
    let mut spoken = Vec::new();
    let usual = median(before);
    if before.len() >= guards.n_periods && usual >= guards.n_records {
        let numbers = [("records", n_records.to_string()), ("usual", usual.to_string())];
        if n_records == 0 {
            spoken.push(("turned_empty", params_of(numbers)));
        } else if (n_records as f64) < guards.volume_share * usual as f64 {
            spoken.push(("volume_fell", params_of(numbers)));
        }
    }
    let share = n_rejected as f64 / n_records.max(1) as f64;
    if n_records >= guards.n_records && share > guards.rejected_share {
        let percent = |share: f64| format!("{:.1}", 100.0 * share);
        let params = [
            ("rejected", n_rejected.to_string()),
            ("records", n_records.to_string()),
            ("share", percent(share)),
            ("band", percent(guards.rejected_share)),
        ];
        spoken.push(("rejects_rose", params_of(params)));
    }
    spoken
}

/// Adds up what stands for a period: deliveries whose last day lies in it.
fn volume(own: &[&Covered], start: NaiveDate, end: NaiveDate) -> Volume {
    let is_of = |covered: &&&Covered| {
        let last = covered.period.and_then(|(_, to)| to.pred_opt());
        covered.is_standing && last.is_some_and(|last| start <= last && last < end)
    };
    own.iter().filter(is_of).fold(Volume::default(), |sum, covered| Volume {
        n_records: sum.n_records + covered.n_records,
        n_rejected: sum.n_rejected + covered.n_rejected,
    })
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
