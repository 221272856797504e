//! The figure of one scope and period: a formula read from measures, or from the figures of others.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::pipeline::Pipeline;
use crate::pipeline::columns::FeedKind;
use crate::pipeline::definitions::{
    Composite, Counted as _, Formula, Measure, Ratio, Step, Subject, Total, UnitOfMeasure, Version,
};

use super::coverage::{Needs, UnitCount};
use super::period::Period;
use super::row::{Facts, Status};
use super::series::At;

/// A version of an indicator, and what of its measures a figure depends on.
pub(super) struct Reader<'a> {
    pub(super) unit: UnitOfMeasure,
    pub(super) version: &'a Version,
    /// Whether some measure is a level at the end of a period.
    is_stock: bool,
    /// Whether it is a rate of what one feed tells of what another does.
    mixes_feeds: bool,
    /// Which reports make it.
    pub(super) needs: Needs,
    /// Where the units that are counted by these needs stand among those of a place.
    pub(super) needs_at: usize,
    /// Whether units' logs tell of it.
    needs_reports: bool,
    /// Whether it counts the reports themselves.
    pub(super) counts_reports: bool,
}

/// Where and when a figure is read.
pub(super) struct Place<'a> {
    pub(super) at: At<'a>,
    pub(super) period: Period,
    pub(super) as_of: NaiveDate,
    pub(super) units: UnitCount,
    /// The figure of another indicator of the same scope and period.
    pub(super) other: &'a dyn Fn(&str) -> Option<Facts>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(unit: UnitOfMeasure, version: &'a Version, pipeline: &Pipeline) -> Self {
        let definitions = &pipeline.definitions;
        let names = definitions.measures_of(&version.formula);
        let measures = || names.iter().filter_map(|name| definitions.measures.get(*name));
        let is_of_reports = |of: Subject| matches!(of, Subject::Reports | Subject::Deliveries);
        Self {
            unit,
            version,
            is_stock: measures().any(|measure| measure.is_stock()),
            mixes_feeds: mixes_feeds(&version.formula, pipeline),
            needs: Needs::of(measures()),
            needs_at: 0,
            needs_reports: measures().any(|measure| measure.of.is_logged()),
            counts_reports: measures().any(|measure| is_of_reports(measure.of)),
        }
    }

    /// Reads the figure, not yet said to be final.
    pub(super) fn facts(&self, place: &Place<'_>) -> Facts {
        let units = place.units;
        let mut facts = Facts {
            period_end: place.period.end_by(place.as_of),
            numerator: None,
            denominator: None,
            value: None,
            components: None,
            status: Status::NotApplicable,
            is_final: false,
            units_expected: units.expected,
            // The catalogue is known without any report.
            units_included: if self.needs_reports { units.included } else { units.expected },
        };
        if self.is_stock && place.period.is_running(place.as_of) {
            return facts;
        }
        match &self.version.formula {
            Formula::Ratio(ratio) => self.read_ratio(ratio, place, &mut facts),
            Formula::Percentile { histogram, share } => {
                read_percentile(&place.at.histogram(histogram), *share, &mut facts);
            }
            Formula::Complement(rates) => read_complement(rates, place, &mut facts),
            Formula::Composite(index) => read_composite(index, place, &mut facts),
        }
        let is_own = matches!(self.version.formula, Formula::Ratio(_) | Formula::Percentile { .. });
        if is_own && !units.has_others && facts.status == Status::Value {
            // What no feed tells is not zero.
            (facts.status, facts.value, facts.components) = (Status::NotMeasurable, None, None);
            (facts.numerator, facts.denominator) = (None, None);
        }
        if self.mixes_feeds && !units.has_whole_others && facts.status == Status::Value {
            // What one feed has not told would count as not so.
            (facts.status, facts.value) = (Status::Missing, None);
        }
        if self.needs_reports && !units.has_any {
            // Of a unit that does not exist in the period nothing is awaited.
            facts.status = if units.is_over { Status::NotApplicable } else { Status::Missing };
            facts.value = None;
            // What is known all the same stays; zeros alone would only be silence.
            if facts.numerator.unwrap_or(0) == 0 && facts.denominator.unwrap_or(0) == 0 {
                (facts.numerator, facts.denominator, facts.components) = (None, None, None);
            }
        }
        facts
    }

    fn read_ratio(&self, ratio: &Ratio, place: &Place<'_>, facts: &mut Facts) {
        let numerator = ratio.numerator.of(&place.at);
        let denominator = ratio.denominator.as_ref().map(|total| total.of(&place.at));
        let of = ratio.measured_of.as_ref().map(|total| total.of(&place.at));
        let known = ratio.known.as_ref().map(|total| total.of(&place.at));
        let count = ratio.counted_by.as_ref().map(|name| place.at.measure(name));
        if known.or(denominator) == Some(0) && of.or(denominator).is_some_and(|of| of > 0) {
            facts.status = Status::NotMeasurable;
            return;
        }
        (facts.numerator, facts.denominator) = (Some(numerator), denominator);
        let of = of.filter(|_| known.is_none());
        facts.components = told([("of", json!(of)), ("n", json!(count))]);
        facts.value = match denominator {
            None => Some(numerator as f64),
            Some(0) => None,
            Some(denominator) => Some(self.unit.scale() * numerator as f64 / denominator as f64),
        };
        if facts.value.is_some() {
            facts.status = Status::Value;
            self.multiply(ratio, place, facts);
        }
    }

    /// Multiplies a rate with others; without one of them it is none.
    fn multiply(&self, ratio: &Ratio, place: &Place<'_>, facts: &mut Facts) {
        if ratio.times.is_empty() {
            return;
        }
        let mut factors = Vec::new();
        for id in &ratio.times {
            let other = (place.other)(id);
            factors.push((&**id, other.as_ref().map_or(Value::Null, rate_json)));
            match (facts.value, other.as_ref().and_then(|other| other.value)) {
                (Some(value), Some(factor)) => facts.value = Some(value * factor / 100.0),
                _ => {
                    facts.value = None;
                    facts.status = other.map_or(Status::NotMeasurable, |other| other.status);
                }
            }
        }
        facts.components = told(factors);
    }
}

/// Whether what stands above the line of a rate is told by other feeds than what stands below it.
fn mixes_feeds(formula: &Formula, pipeline: &Pipeline) -> bool {
    let Formula::Ratio(ratio) = formula else { return false };
    let feeds = |total: &Total| -> BTreeSet<FeedKind> {
        let measures = &pipeline.definitions.measures;
        let measures = total.measures().into_iter().filter_map(|name| measures.get(name));
        measures.flat_map(Measure::other_feeds).collect()
    };
    ratio.denominator.as_ref().is_some_and(|below| feeds(below) != feeds(&ratio.numerator))
}

/// The smallest bin at which so many percent of a histogram are reached.
fn read_percentile(bins: &std::collections::BTreeMap<i64, i64>, share: i64, facts: &mut Facts) {
    let n: i64 = bins.values().sum();
    facts.components = told([("n", json!(n))]);
    let mut below = 0;
    let reached = bins.iter().find(|(_, count)| {
        below += **count;
        // Integers, so that no rounding decides.
        i128::from(below) * 100 >= i128::from(n) * i128::from(share)
    });
    if let Some((bin, _)) = reached.filter(|_| n > 0) {
        (facts.status, facts.value) = (Status::Value, Some(*bin as f64));
    }
}

/// What some rates leave of 100 %; the numbers are those of the first.
fn read_complement(rates: &[String], place: &Place<'_>, facts: &mut Facts) {
    let others: Vec<(&str, Option<Facts>)> =
        rates.iter().map(|id| (&**id, (place.other)(id))).collect();
    let told_of = |other: &Option<Facts>| other.as_ref().map_or(Value::Null, rate_json);
    facts.components = told(others.iter().map(|(id, other)| (*id, told_of(other))));
    if let Some((_, Some(first))) = others.first() {
        (facts.numerator, facts.denominator) = (first.numerator, first.denominator);
    }
    let values = others.iter().map(|(_, other)| other.as_ref().and_then(|other| other.value));
    match values.collect::<Option<Vec<f64>>>() {
        Some(values) => {
            facts.value = Some(100.0 - values.iter().sum::<f64>());
            facts.status = Status::Value;
        }
        None => {
            let lacking = others.iter().filter_map(|(_, other)| other.as_ref());
            let lacking = lacking.map(|other| other.status).find(|status| *status != Status::Value);
            facts.status = lacking.unwrap_or(Status::NotMeasurable);
        }
    }
}

/// The points of what is measured over the most that it could have; what is not is named.
fn read_composite(index: &Composite, place: &Place<'_>, facts: &mut Facts) {
    let day = facts.period_end - Days::new(1);
    let (mut points, mut most) = (0.0, 0.0);
    let (mut parts, mut left_out) = (Vec::new(), Vec::new());
    let mut statuses = Vec::new();
    for part in &index.parts {
        let other = (place.other)(&part.indicator);
        let value = other.as_ref().and_then(|other| other.value);
        let Some((rate, other)) = value.zip(other.as_ref()) else {
            let status = other.map_or(Status::NotMeasurable, |other| other.status);
            statuses.push(status);
            left_out.push(json!({
                "group": part.group,
                "indicator": part.indicator,
                "max_points": part.points,
                "why": status.name(),
            }));
            continue;
        };
        let threshold = Step::on(&part.thresholds, day).map_or(100.0, |step| step.value);
        let score = part.points * (rate / threshold).min(1.0);
        points += score;
        most += part.points;
        parts.push(json!({
            "group": part.group,
            "indicator": part.indicator,
            "numerator": other.numerator,
            "denominator": other.denominator,
            "value": rate,
            "threshold": threshold,
            "points": score,
            "max_points": part.points,
            "confirmed": part.is_confirmed,
        }));
    }
    left_out.extend(index.left_out.iter().map(
        |group| json!({ "group": group.group, "max_points": group.points, "why": group.why.en }),
    ));
    if most > 0.0 {
        (facts.status, facts.value) = (Status::Value, Some(100.0 * points / most));
    } else {
        facts.status = statuses.first().copied().unwrap_or(Status::NotMeasurable);
    }
    facts.components = told([
        ("points", json!(points)),
        ("max_points", json!(most)),
        ("parts", json!(parts)),
        ("left_out", json!(left_out)),
    ]);
}

fn rate_json(facts: &Facts) -> Value {
    json!({
        "numerator": facts.numerator,
        "denominator": facts.denominator,
        "value": facts.value,
        "status": facts.status.name(),
    })
}

/// Writes components as JSON; those that are null are left out, and none at all are nothing.
fn told<'a>(components: impl IntoIterator<Item = (&'a str, Value)>) -> Option<String> {
    let known = components.into_iter().filter(|(_, value)| !value.is_null());
    let object: serde_json::Map<String, Value> =
        known.map(|(name, value)| (name.to_owned(), value)).collect();
    (!object.is_empty()).then(|| Value::Object(object).to_string())
}
