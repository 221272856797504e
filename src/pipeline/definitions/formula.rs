//! Formulas: how a version of an indicator is read from totals and from other indicators.

use std::collections::BTreeSet;

use crate::pipeline::fault::Faults;
use crate::pipeline::section::{Placed, Section};
use crate::pipeline::settings::{Bilingual, bilingual};

use super::target::Step;
use super::total::Total;

/// How a value is made.
#[derive(Debug, Clone)]
pub enum Formula {
    Ratio(Ratio),
    /// The smallest bin at which so many percent of a histogram are reached.
    Percentile {
        histogram: String,
        share: i64,
    },
    /// What some rates leave of 100 %.
    Complement(Vec<String>),
    Composite(Composite),
}

/// A count, an amount, a rate or a mean: a total, or one over another.
#[derive(Debug, Clone)]
pub struct Ratio {
    pub numerator: Total,
    pub denominator: Option<Total>,
    /// Of an amount: the measure that counts what it sums.
    pub counted_by: Option<String>,
    /// What the denominator is the known part of: where there is some of it and none is known, the
    /// rate cannot be measured.
    pub measured_of: Option<Total>,
    /// What is known at all: where there is none of it, the rate cannot be measured.
    pub known: Option<Total>,
    /// Rates that it is multiplied with.
    pub times: Vec<String>,
}

/// Points of indicators over the most that they could have.
#[derive(Debug, Clone)]
pub struct Composite {
    pub parts: Vec<Part>,
    /// What belongs to the index and has no data here.
    pub left_out: Vec<LeftOut>,
}

/// An indicator's points in an index.
#[derive(Debug, Clone)]
pub struct Part {
    pub indicator: String,
    pub group: String,
    pub points: f64,
    /// The rates from which on all points are given, by the day from which they hold; 100 before.
    pub thresholds: Vec<Step>,
    /// Whether a source confirms the points.
    pub is_confirmed: bool,
}

/// A group of an index that cannot be measured.
#[derive(Debug, Clone)]
pub struct LeftOut {
    pub group: String,
    pub points: f64,
    pub why: Bilingual,
}

impl Formula {
    /// Returns the names of the measures that it reads itself.
    pub fn measures(&self) -> BTreeSet<&str> {
        match self {
            Self::Ratio(ratio) => ratio.measures(),
            Self::Percentile { histogram, .. } => BTreeSet::from([&**histogram]),
            Self::Complement(_) | Self::Composite(_) => BTreeSet::new(),
        }
    }

    /// Returns the ids of the indicators that it is made of.
    pub fn indicators(&self) -> Vec<&str> {
        match self {
            Self::Ratio(ratio) => ratio.times.iter().map(String::as_str).collect(),
            Self::Percentile { .. } => Vec::new(),
            Self::Complement(rates) => rates.iter().map(String::as_str).collect(),
            Self::Composite(index) => index.parts.iter().map(|part| &*part.indicator).collect(),
        }
    }

    /// Whether it is an index, of which different parts may be measured here and there.
    pub fn is_index(&self) -> bool {
        matches!(self, Self::Composite(_))
    }

    /// How many others must be computed before: 0 for what is read from measures alone, 1 for a
    /// product or a complement, 2 for an index.
    pub fn rank(&self) -> usize {
        match self {
            Self::Ratio(ratio) if ratio.times.is_empty() => 0,
            Self::Percentile { .. } => 0,
            Self::Ratio(_) | Self::Complement(_) => 1,
            Self::Composite(_) => 2,
        }
    }

    /// Reads a formula from the keys beside it.
    pub(super) fn read(
        section: &Section<'_>,
        declared: &BTreeSet<String>,
        faults: &mut Faults,
    ) -> Option<Self> {
        const KINDS: [&str; 4] = ["numerator", "percentile", "complement", "composite"];
        let kinds: Vec<&str> = KINDS.into_iter().filter(|key| section.has(key)).collect();
        let start = section.span.start..section.span.start;
        let [kind] = kinds[..] else {
            let message = match kinds.len() {
                0 => "missing key `numerator`".to_owned(),
                _ => format!("`{}` exclude one another", kinds.join("`, `")),
            };
            faults.add(section.file, start, message).hint(
                "a value is read from a numerator, a percentile, a complement or a composite",
            );
            section.pass_over(&KINDS);
            section.pass_over(&["denominator", "measured_of", "known", "counted_by", "times"]);
            section.pass_over(&["histogram", "left_out"]);
            return None;
        };
        match kind {
            "numerator" => Ratio::read(section, declared, faults).map(Self::Ratio),
            "percentile" => {
                let share = section.integer("percentile", faults)?;
                if !(1..=99).contains(&share.value) {
                    let message = "`percentile` is a whole number from 1 to 99";
                    faults.add(section.file, share.span, message);
                }
                let histogram = measure("histogram", section, declared, faults);
                section.require("histogram", faults);
                Some(Self::Percentile { histogram: histogram?, share: share.value })
            }
            "complement" => {
                let holds = "the rates that are taken off 100 %";
                let rates = section.some_texts("complement", holds, faults);
                Some(Self::Complement(rates.into_iter().map(|rate| rate.value).collect()))
            }
            _ => Some(Self::Composite(Composite::read(section, faults))),
        }
    }
}

impl Ratio {
    fn read(
        section: &Section<'_>,
        declared: &BTreeSet<String>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let numerator = Total::read("numerator", section, declared, faults);
        let denominator = Total::read("denominator", section, declared, faults);
        let measured_of = Total::read("measured_of", section, declared, faults);
        let known = Total::read("known", section, declared, faults);
        let counted_by = measure("counted_by", section, declared, faults);
        let is_rate_only = ["measured_of", "known", "times"].iter().any(|key| section.has(key));
        if is_rate_only && !section.has("denominator") {
            let message = "what is multiplied or measured in part needs a `denominator`";
            faults.add(section.file, section.span.start..section.span.start, message);
        }
        let times = section.texts("times", faults);
        let is_read = denominator.is_some() == section.has("denominator");
        is_read.then_some(())?;
        Some(Self {
            numerator: numerator?,
            denominator,
            counted_by,
            measured_of,
            known,
            times: times.into_iter().map(|rate| rate.value).collect(),
        })
    }

    /// Returns every total, the numerator first.
    pub fn totals(&self) -> impl Iterator<Item = &Total> {
        let others = [&self.denominator, &self.measured_of, &self.known];
        std::iter::once(&self.numerator).chain(others.into_iter().flatten())
    }

    fn measures(&self) -> BTreeSet<&str> {
        let counted_by = self.counted_by.iter().map(String::as_str);
        self.totals().flat_map(Total::measures).chain(counted_by).collect()
    }
}

impl Composite {
    fn read(section: &Section<'_>, faults: &mut Faults) -> Self {
        let sections = section.sections("composite", faults);
        let parts = sections.iter().filter_map(|part| Part::read(part, faults)).collect();
        let sections = section.sections("left_out", faults);
        let left_out = sections.iter().filter_map(|group| {
            let read = (group.required_text("group", faults), points(group, faults));
            let why = bilingual(group, "why", faults);
            group.finish(faults);
            Some(LeftOut { group: read.0?.value, points: read.1?, why })
        });
        let left_out = left_out.collect();
        Self { parts, left_out }
    }
}

impl Part {
    fn read(section: &Section<'_>, faults: &mut Faults) -> Option<Self> {
        let indicator = section.required_text("indicator", faults);
        let group = section.required_text("group", faults);
        let points = points(section, faults);
        let thresholds = Step::read_all("thresholds", section, faults);
        let is_confirmed = section.flag("confirmed", faults).unwrap_or(true);
        section.finish(faults);
        Some(Self {
            indicator: indicator?.value,
            group: group?.value,
            points: points?,
            thresholds,
            is_confirmed,
        })
    }
}

fn points(section: &Section<'_>, faults: &mut Faults) -> Option<f64> {
    section.require("points", faults);
    let points = section.number("points", faults)?;
    if points.value.is_nan() || points.value <= 0.0 {
        faults.add(section.file, points.span, "`points` must be above 0");
        return None;
    }
    Some(points.value)
}

/// Reads the name of a measure.
fn measure(
    key: &'static str,
    section: &Section<'_>,
    declared: &BTreeSet<String>,
    faults: &mut Faults,
) -> Option<String> {
    let Placed { value, span } = section.text(key, faults)?;
    if !declared.contains(&value) {
        faults
            .add(section.file, span, format!("unknown measure `{value}`"))
            .suggest(&value, declared.iter().map(String::as_str));
    }
    Some(value)
}
