//! Indicators: their names, how they are read, and the versions that their formula has had.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::pipeline::fault::Faults;
use crate::pipeline::section::Section;
use crate::pipeline::settings::{Bilingual, bilingual};

use super::formula::Formula;
use super::target::Step;

/// How an indicator's value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitOfMeasure {
    Percent,
    Count,
    /// Working days.
    Days,
    /// Vietnamese đồng.
    Dong,
}

impl UnitOfMeasure {
    /// Every unit with its published name.
    pub const ALL: [(&'static str, Self); 4] = [
        ("percent", Self::Percent),
        ("count", Self::Count),
        ("days", Self::Days),
        ("vnd", Self::Dong),
    ];

    /// Returns the published name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// Finds a unit by its published name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, unit)| unit)
    }

    /// What a ratio is multiplied with.
    pub fn scale(self) -> f64 {
        if self == Self::Percent { 100.0 } else { 1.0 }
    }

    /// Whether two values are compared by their difference, not by its share of the first.
    pub fn is_compared_by_difference(self) -> bool {
        matches!(self, Self::Percent | Self::Days)
    }
}

/// What is told of units and periods.
#[derive(Debug, Clone)]
pub struct Indicator {
    pub id: String,
    pub name: Bilingual,
    /// The formula in words.
    pub words: String,
    /// Where the formula comes from.
    pub source: String,
    pub unit: UnitOfMeasure,
    /// Whether a higher value is better; `None` where neither is.
    pub higher_is_better: Option<bool>,
    pub targets: Vec<Step>,
    /// The rate of what is not known of it, which is told beside it.
    pub doubt: Option<String>,
    /// The latest last.
    pub versions: Vec<Version>,
}

/// A formula and the periods that it is computed for: those that begin on or after `from` and
/// before `until`.
#[derive(Debug, Clone)]
pub struct Version {
    pub number: i64,
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    /// What is other than before.
    pub what: Bilingual,
    pub formula: Formula,
}

impl Version {
    /// Whether it is computed for a period that begins on a day.
    pub fn holds_on(&self, start: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= start) && self.until.is_none_or(|until| start < until)
    }
}

impl Indicator {
    /// Returns the target that holds at the end of a period.
    pub fn target_at(&self, day: NaiveDate) -> Option<&Step> {
        Step::on(&self.targets, day)
    }

    /// Returns the version that is in force today.
    pub fn latest(&self) -> &Version {
        self.versions.last().expect("an indicator has a version")
    }

    /// Returns a version by its number.
    pub fn version(&self, number: i64) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// Returns the latest version that is computed for a period that begins on a day.
    pub fn version_on(&self, start: NaiveDate) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.holds_on(start))
    }

    pub(super) fn read(
        id: &str,
        section: &Section<'_>,
        declared: &BTreeSet<String>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let better = [("higher", Some(true)), ("lower", Some(false)), ("none", None)];
        let name = bilingual(section, "name", faults);
        let words = section.text("formula", faults).map(|text| text.value);
        let source = section.text("source", faults).map(|text| text.value);
        section.require("unit", faults);
        let unit = section.choice("unit", &UnitOfMeasure::ALL, faults);
        let higher_is_better = section.choice("better", &better, faults).flatten();
        let targets = Step::read_all("targets", section, faults);
        let doubt = section.text("doubt", faults).map(|text| text.value);
        let latest = read_version(section, unit, declared, faults);
        let earlier = section.sections("earlier", faults);
        let mut versions = Vec::new();
        for section in &earlier {
            let read = read_version(section, unit, declared, faults);
            section.finish(faults);
            versions.extend(read);
        }
        versions.push(latest?);
        let at = section.span.start..section.span.start;
        if versions.windows(2).any(|two| two[0].number >= two[1].number) {
            faults
                .add(section.file, at.clone(), "the versions do not ascend")
                .hint("`earlier` lists the lower numbers first; `version` is the highest");
        }
        if versions[..versions.len() - 1].iter().any(|version| version.until.is_none()) {
            faults
                .add(section.file, at, "an earlier version lacks `until`")
                .hint("`until` is the first day of the first period that it is not computed for");
        }
        Some(Self {
            id: id.to_owned(),
            name,
            words: words.unwrap_or_default(),
            source: source.unwrap_or_default(),
            unit: unit?,
            higher_is_better,
            targets,
            doubt,
            versions,
        })
    }
}

fn read_version(
    section: &Section<'_>,
    unit: Option<UnitOfMeasure>,
    declared: &BTreeSet<String>,
    faults: &mut Faults,
) -> Option<Version> {
    section.require("version", faults);
    let number = section.integer("version", faults);
    let from = section.day("from", faults).map(|day| day.value);
    let until = section.day("until", faults).map(|day| day.value);
    let what =
        if section.has("what") { bilingual(section, "what", faults) } else { Bilingual::default() };
    let formula = Formula::read(section, declared, faults);
    if let (Some(UnitOfMeasure::Percent), Some(Formula::Ratio(ratio))) = (unit, &formula)
        && ratio.denominator.is_none()
    {
        let start = section.span.start;
        faults.add(section.file, start..start, "a percentage needs a `denominator`");
    }
    Some(Version { number: number?.value, from, until, what, formula: formula? })
}
