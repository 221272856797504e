//! Coverage: which units should have reported on a period, and which have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Schema};
use chrono::NaiveDate;

use crate::pipeline::columns::FeedKind;
use crate::pipeline::definitions::Measure;
use crate::pipeline::feed::{Expected, Feed};
use crate::pipeline::units::Unit;
use crate::pipeline::{Pipeline, columns};

use super::scope::Scope;

/// What an accepted delivery of a unit covers: a half-open period, where it tells one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    pub unit: String,
    pub feed: String,
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// The local day on which it landed.
    pub landed_on: Option<NaiveDate>,
    /// How many records it tells of dossiers.
    pub n_records: i64,
    /// How many of them are rejected.
    pub n_rejected: i64,
    /// Whether it tells anything of its period: some record was accepted, or it has none.
    pub is_telling: bool,
    /// The delivery's id and the number of its judgement.
    pub judgement: (String, i64),
    /// Whether no later delivery replaces it.
    pub is_standing: bool,
}

impl Covered {
    /// Whether it covers some day of a half-open period.
    pub fn touches(&self, start: NaiveDate, end: NaiveDate) -> bool {
        self.period.is_some_and(|(from, to)| from < end && start < to)
    }
}

/// How many units of a scope should have reported on a period, and how many have, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitCount {
    pub expected: i64,
    pub included: i64,
    /// Whether any of them has reported on a part of the period.
    pub has_any: bool,
    /// Whether none of its units that have a log exists in the period.
    pub is_over: bool,
    /// Whether what other feeds than units' own should have told is there, whole, of any of them.
    pub has_whole_others: bool,
    /// Whether there is any such feed, where one is needed.
    pub has_others: bool,
}

/// Which reports make a figure: the kinds of feeds that tell of it, and whether those of all earlier
/// periods do, as of a level: what began in any of them counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs(BTreeMap<FeedKind, bool>);

impl Needs {
    /// Finds which reports make a figure of some measures.
    pub fn of<'a>(measures: impl Iterator<Item = &'a Measure>) -> Self {
        let mut needs = Self::default();
        for measure in measures.filter(|measure| measure.of.is_logged()) {
            for kind in measure.other_feeds().into_iter().chain([FeedKind::Dossier]) {
                *needs.0.entry(kind).or_default() |= measure.is_stock();
            }
        }
        needs
    }

    /// The kinds of feeds that are needed beside units' own logs.
    fn others(&self) -> impl Iterator<Item = (FeedKind, bool)> {
        let others = self.0.iter().filter(|(kind, _)| **kind != FeedKind::Dossier);
        others.map(|(kind, is_level)| (*kind, *is_level))
    }
}

/// Which days each unit has reported on, and which units each scope depends on.
#[derive(Debug)]
pub struct Coverage {
    /// The first day that is published: of earlier ones no report is awaited.
    since: NaiveDate,
    reporters: BTreeMap<String, Reporter>,
    units_of: BTreeMap<Scope, BTreeSet<String>>,
    /// The units whose figures hold those of each reporter.
    wholes: BTreeMap<String, BTreeSet<String>>,
    parents: BTreeMap<String, String>,
}

/// A unit that has a log of its own, and the other feeds that tell of its dossiers.
#[derive(Debug)]
struct Reporter {
    own: Reports,
    others: Vec<Arc<Other>>,
}

/// A feed that tells more of dossiers than units' own logs do.
#[derive(Debug)]
struct Other {
    unit: String,
    kind: FeedKind,
    reports: Reports,
}

/// What a feed has reported on.
#[derive(Debug)]
struct Reports {
    is_expected: bool,
    /// The days on which its unit exists.
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    days: Vec<(NaiveDate, NaiveDate)>,
    has_reported: bool,
}

impl Reports {
    fn new(feed: &Feed, pipeline: &Pipeline, covered: &[Covered]) -> Self {
        let unit = pipeline.reference.units.get(&feed.unit);
        let own = |c: &&Covered| {
            c.is_standing && c.is_telling && c.unit == feed.unit && c.feed == feed.feed
        };
        let own = || covered.iter().filter(own);
        let days: Vec<_> = own().filter_map(|covered| covered.period).collect();
        Self {
            is_expected: feed.expected != Expected::Never,
            from: unit.and_then(|unit| unit.valid_from),
            to: unit.and_then(|unit| unit.valid_to),
            days: joined(&days),
            has_reported: own().next().is_some(),
        }
    }

    /// Returns the part of a period in which the unit exists.
    fn life_in(&self, start: NaiveDate, end: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let start = self.from.map_or(start, |from| from.max(start));
        let end = self.to.map_or(end, |to| to.min(end));
        (start < end).then_some((start, end))
    }

    fn covers(&self, start: NaiveDate, end: NaiveDate) -> bool {
        covers(&self.days, start, end)
    }

    /// Whether something was reported on a period. A unit that promises no rhythm has reported on
    /// whatever its deliveries tell of.
    fn touches(&self, start: NaiveDate, end: NaiveDate) -> bool {
        let touches = self.days.iter().any(|(from, to)| *from < end && start < *to);
        touches || (!self.is_expected && self.has_reported)
    }
}

impl Reporter {
    /// Returns what the feeds of a kind should have reported on in a period, and have or have not.
    fn awaited(
        &self,
        kind: FeedKind,
        start: NaiveDate,
        end: NaiveDate,
    ) -> impl Iterator<Item = (&Reports, (NaiveDate, NaiveDate))> {
        let of_kind = self.others.iter().filter(move |other| other.kind == kind);
        let expected = of_kind.map(|other| &other.reports).filter(|reports| reports.is_expected);
        expected.filter_map(move |reports| Some((reports, reports.life_in(start, end)?)))
    }

    /// Whether its own log tells all of a period that makes a figure: of a level, from the first
    /// day on.
    fn is_own_whole(&self, needs: &Needs, first: NaiveDate, days: (NaiveDate, NaiveDate)) -> bool {
        let is_level = needs.0.get(&FeedKind::Dossier) == Some(&true);
        self.own.covers(if is_level { first } else { days.0 }, days.1)
    }

    /// Whether the other feeds do.
    fn are_others_whole(
        &self,
        needs: &Needs,
        first: NaiveDate,
        days: (NaiveDate, NaiveDate),
    ) -> bool {
        needs.others().all(|(kind, is_level)| {
            let start = if is_level { first } else { days.0 };
            let mut awaited = self.awaited(kind, start, days.1);
            awaited.all(|(reports, (start, end))| reports.covers(start, end))
        })
    }

    /// Whether what makes a figure was reported on some part of a period.
    fn touches(&self, needs: &Needs, (start, end): (NaiveDate, NaiveDate)) -> bool {
        let is_there = |(kind, _): (FeedKind, bool)| {
            let mut awaited = self.awaited(kind, start, end).peekable();
            awaited.peek().is_none()
                || awaited.any(|(reports, (start, end))| reports.touches(start, end))
        };
        self.own.touches(start, end) && needs.others().all(is_there)
    }

    /// Whether it has a feed of one of some kinds.
    fn has_one_of(&self, mut kinds: impl Iterator<Item = (FeedKind, bool)>) -> bool {
        kinds.any(|(kind, _)| self.others.iter().any(|other| other.kind == kind))
    }
}

impl Coverage {
    /// Gathers what accepted deliveries cover.
    pub fn new(pipeline: &Pipeline, covered: &[Covered]) -> Self {
        let units = &pipeline.reference.units;
        let of_kind = |is_meant: fn(FeedKind) -> bool| {
            pipeline.feeds.iter().filter(move |feed| is_meant(feed.profile.feed))
        };
        let logs = || of_kind(|kind| kind == FeedKind::Dossier);
        let wholes = |feed: &Feed| units.wholes(&feed.unit).map(str::to_owned).collect();
        let wholes: BTreeMap<String, BTreeSet<String>> =
            logs().map(|feed| (feed.unit.clone(), wholes(feed))).collect();
        let others = of_kind(|kind| !matches!(kind, FeedKind::Dossier | FeedKind::Control));
        let other = |feed: &Feed| {
            let reports = Reports::new(feed, pipeline, covered);
            Arc::new(Other { unit: feed.unit.clone(), kind: feed.profile.feed, reports })
        };
        let others: Vec<Arc<Other>> = others.map(other).collect();
        // What a unit that holds no log tells may be of any unit's dossiers.
        let is_of_all = |other: &Other| !wholes.values().any(|wholes| wholes.contains(&other.unit));
        let reporter = |feed: &Feed| {
            let own = Reports::new(feed, pipeline, covered);
            let tells =
                |other: &&Arc<Other>| wholes[&feed.unit].contains(&other.unit) || is_of_all(other);
            let others = others.iter().filter(tells).map(Arc::clone).collect();
            (feed.unit.clone(), Reporter { own, others })
        };
        let reporters = logs().map(reporter).collect();
        let parent = |unit: &Unit| Some((unit.code.clone(), unit.parent.clone()?));
        let parents = units.iter().filter_map(parent).collect();
        let since = pipeline.settings.since;
        Self { since, reporters, units_of: units_by_scope(pipeline), wholes, parents }
    }

    /// Finds the reports that a scope depends on: a unit on its own, on those of the units that its
    /// figures hold, and without any on those of its parent.
    pub fn of<'a>(&'a self, scope: &Scope) -> OfScope<'a> {
        let units: Option<BTreeSet<&str>> = match scope {
            Scope::Ministry => None,
            Scope::Unit(code) => {
                let held = self.wholes.iter().filter(|(_, wholes)| wholes.contains(&**code));
                let held: BTreeSet<&str> = held.map(|(part, _)| part.as_str()).collect();
                let parent = self.parents.get(&**code).map(String::as_str);
                Some(if held.is_empty() { parent.into_iter().collect() } else { held })
            }
            _ => self.units_of.get(scope).map(|units| units.iter().map(String::as_str).collect()),
        };
        let mut of_scope = OfScope { since: self.since, units, reporters: Vec::new() };
        let ours = self.reporters.iter().filter(|(unit, _)| of_scope.depends_on(unit));
        of_scope.reporters = ours.map(|(_, reporter)| reporter).collect();
        of_scope
    }
}

/// The reports that the figures of one scope depend on.
#[derive(Debug)]
pub struct OfScope<'a> {
    since: NaiveDate,
    /// `None` where it is those of every unit.
    units: Option<BTreeSet<&'a str>>,
    reporters: Vec<&'a Reporter>,
}

impl OfScope<'_> {
    /// Whether it depends on the reports of a unit.
    fn depends_on(&self, unit: &str) -> bool {
        self.units.as_ref().is_none_or(|units| units.contains(unit))
    }

    /// Whether it depends on what a feed tells: that of one of its units, or of their dossiers.
    pub(super) fn is_told_by(&self, feed: &Feed) -> bool {
        let is_one =
            |other: &Arc<Other>| (&other.unit, other.kind) == (&feed.unit, feed.profile.feed);
        let mut others = self.reporters.iter().flat_map(|reporter| &reporter.others);
        self.depends_on(&feed.unit) || others.any(is_one)
    }

    /// Counts the units for a period, by the reports that make a figure.
    pub fn count(&self, start: NaiveDate, end: NaiveDate, needs: &Needs) -> UnitCount {
        let mut count = UnitCount {
            expected: 0,
            included: 0,
            has_any: false,
            is_over: false,
            has_whole_others: false,
            has_others: needs.others().next().is_none(),
        };
        let (n_units, mut n_over) = (self.reporters.len(), 0);
        for reporter in &self.reporters {
            count.has_others |= reporter.has_one_of(needs.others());
            let Some(days) = reporter.own.life_in(start, end) else {
                n_over += 1;
                continue;
            };
            let first = self.since.min(days.0);
            let first = reporter.own.from.map_or(first, |from| from.max(first));
            let are_others_whole = reporter.are_others_whole(needs, first, days);
            count.has_whole_others |= are_others_whole;
            count.has_any |= reporter.touches(needs, days);
            if reporter.own.is_expected {
                let is_whole = are_others_whole && reporter.is_own_whole(needs, first, days);
                count.expected += 1;
                count.included += i64::from(is_whole);
            }
        }
        count.is_over = n_units > 0 && n_units == n_over;
        count
    }
}

/// Lays out what was delivered under the columns that a measure of deliveries may use: what stands
/// and tells its period.
pub fn batch(covered: &[Covered]) -> RecordBatch {
    let standing =
        || covered.iter().filter(|covered| covered.is_standing && covered.period.is_some());
    let text = |of: fn(&Covered) -> &str| -> ArrayRef {
        Arc::new(standing().map(|covered| Some(of(covered))).collect::<StringArray>())
    };
    let day = |of: fn((NaiveDate, NaiveDate)) -> NaiveDate| -> ArrayRef {
        let days = standing().map(|c| c.period.map(of).map(Date32Type::from_naive_date));
        Arc::new(days.collect::<Date32Array>())
    };
    let number = |of: fn(&Covered) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(standing().map(of)))
    };
    let columns = vec![
        text(|covered| &covered.unit),
        text(|covered| &covered.feed),
        day(|(start, _)| start),
        day(|(_, end)| end),
        number(|covered| covered.n_records),
        number(|covered| covered.n_rejected),
    ];
    let schema = Schema::new(columns::fields(columns::DELIVERY));
    RecordBatch::try_new(Arc::new(schema), columns).expect("one value a delivery")
}

/// Whether one of some ranges holds a whole half-open period.
pub(super) fn covers(days: &[(NaiveDate, NaiveDate)], start: NaiveDate, end: NaiveDate) -> bool {
    days.iter().any(|(from, to)| *from <= start && end <= *to)
}

/// Joins ranges that meet or overlap.
pub(super) fn joined(ranges: &[(NaiveDate, NaiveDate)]) -> Vec<(NaiveDate, NaiveDate)> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut joined: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for (start, end) in sorted {
        match joined.last_mut() {
            Some((_, last_end)) if start <= *last_end => *last_end = end.max(*last_end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// Returns the units competent for each field and procedure; a scope with a procedure of no one
/// unit is left out: every unit belongs to it.
fn units_by_scope(pipeline: &Pipeline) -> BTreeMap<Scope, BTreeSet<String>> {
    let mut units_of: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
    let mut open_to_all = BTreeSet::new();
    for version in pipeline.reference.services.versions() {
        let field = Scope::Field(version.field_code.as_str().into());
        for scope in [field, Scope::Procedure(version.code.as_str().into())] {
            match &version.unit_code {
                Some(unit) => {
                    units_of.entry(scope).or_default().insert(unit.clone());
                }
                None => {
                    open_to_all.insert(scope);
                }
            }
        }
    }
    units_of.retain(|scope, _| !open_to_all.contains(scope));
    units_of
}
