//! The guard over final values: what was published as final stays, or the release stops.

use crate::indicators::revise::Revision;
use crate::indicators::row::{Facts, RowKey, Status};
use crate::pipeline::definitions::Definitions;
use crate::pipeline::rules::params_of;
use crate::store::releases::Evidence;

/// Final values that would change, be final no more or be published no more; those of a definition
/// that holds no more are not meant.
#[derive(Debug, Default)]
pub(super) struct FinalChanged {
    n: usize,
    /// The first of them, in words.
    first: Option<String>,
}

impl FinalChanged {
    /// Finds those among some revisions.
    pub(super) fn of(revisions: &[Revision], definitions: &Definitions) -> Self {
        let was_final = |old: &&Facts| old.is_final && old.status == Status::Value;
        let mut changed = revisions
            .iter()
            .filter_map(|revision| Some((revision, revision.old.as_ref().filter(was_final)?)))
            .filter(|(revision, old)| is_changed(revision, old, definitions));
        let first = changed.next().map(|(revision, old)| told(revision, old));
        Self { n: usize::from(first.is_some()) + changed.count(), first }
    }

    /// Adds those of later rows.
    pub(super) fn add(&mut self, later: Self) {
        self.n += later.n;
        self.first = self.first.take().or(later.first);
    }

    /// Says it, if there are any.
    pub(super) fn evidence(self) -> Option<Evidence> {
        let params = params_of([("rows", self.n.to_string()), ("first", self.first?)]);
        let guard = "final_changed".to_owned();
        Some(Evidence { guard, unit: None, feed: None, period: None, params })
    }
}

fn is_changed(revision: &Revision, old: &Facts, definitions: &Definitions) -> bool {
    let figure = |facts: &Facts| (facts.numerator, facts.denominator, facts.value, facts.status);
    match &revision.new {
        Some(new) => figure(old) != figure(new) || !new.is_final,
        None => {
            let RowKey { indicator, version, period, .. } = &revision.key;
            let version = definitions.version(indicator, *version);
            version.is_some_and(|version| version.holds_on(period.start))
        }
    }
}

fn told(revision: &Revision, old: &Facts) -> String {
    let key = &revision.key;
    let (from, to) = match &revision.new {
        None => (numbers(old), "published no more".to_owned()),
        Some(new) if !new.is_final => (numbers(old), format!("{}, provisional", numbers(new))),
        // Numbers that stay are read otherwise.
        Some(new) if numbers(new) == numbers(old) => (whole(old), whole(new)),
        Some(new) => (numbers(old), numbers(new)),
    };
    format!(
        "`{}` of {} for {} from {}: {from} would be {to}",
        key.indicator,
        key.scope.name(),
        key.period.kind.name(),
        key.period.start,
    )
}

/// Tells the numbers of a figure, or else its value or why there is none.
fn numbers(facts: &Facts) -> String {
    match (facts.numerator, facts.denominator, facts.value) {
        (Some(numerator), Some(denominator), _) => format!("{numerator}/{denominator}"),
        (Some(count), None, _) => count.to_string(),
        (None, _, Some(value)) => value.to_string(),
        (None, _, None) => facts.status.name().to_owned(),
    }
}

/// Tells a figure with what its numbers come to.
fn whole(facts: &Facts) -> String {
    match facts.value {
        Some(value) => format!("{} = {value}", numbers(facts)),
        None => format!("{} ({})", numbers(facts), facts.status.name()),
    }
}
