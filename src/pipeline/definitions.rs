//! `indicators.toml`: measures (what is counted) and indicators (how two measures are read).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDate;

use super::columns::{Column, Kind};
use super::condition::Condition;
use super::fault::Faults;
use super::section::{Placed, Section, read_toml};
use super::settings::{Bilingual, bilingual};
use super::{columns, condition};

/// What a measure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Dossiers,
    Services,
    /// What units should report on: the rows of `completeness`.
    Reports,
}

impl Subject {
    /// Returns the columns that its measures may use.
    pub fn columns(self) -> Vec<Column> {
        match self {
            Self::Dossiers => columns::of_dossiers().collect(),
            Self::Services => columns::SERVICE.to_vec(),
            Self::Reports => columns::REPORT.to_vec(),
        }
    }
}

/// When something counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// In the month of a day column.
    Flow { on: &'static str },
    /// From the month of one day column until the month of another.
    Stock { from: &'static str, until: &'static str },
}

/// A measure: an integer by unit, procedure and month.
#[derive(Debug, Clone)]
pub struct Measure {
    pub name: String,
    pub of: Subject,
    pub when: When,
    pub filter: Option<Condition>,
}

/// How an indicator's value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitOfMeasure {
    Percent,
    Count,
}

/// A value to reach from a day on.
#[derive(Debug, Clone)]
pub struct Target {
    pub from: NaiveDate,
    pub value: f64,
    pub source: String,
}

/// An indicator: a measure, or a ratio of two.
#[derive(Debug, Clone)]
pub struct Indicator {
    pub id: String,
    pub name: Bilingual,
    pub numerator: String,
    pub denominator: Option<String>,
    pub unit: UnitOfMeasure,
    /// Whether a higher value is better; `None` where neither is.
    pub higher_is_better: Option<bool>,
    pub version: i64,
    pub targets: Vec<Target>,
}

impl Indicator {
    /// Returns the target that holds at the end of a period.
    pub fn target_at(&self, day: NaiveDate) -> Option<&Target> {
        self.targets.iter().filter(|target| target.from <= day).max_by_key(|target| target.from)
    }
}

/// Every measure and indicator, in the order of their names.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    pub measures: BTreeMap<String, Measure>,
    /// The conditions of the measures that have one, as they are written. No part of the hashes:
    /// what is only written otherwise counts the same.
    pub conditions: BTreeMap<String, String>,
    pub indicators: BTreeMap<String, Indicator>,
    /// Identifies the measures: the measures of a cell are stale when it changes.
    pub measures_hash: String,
    /// Identifies measures and indicators together.
    pub hash: String,
}

impl Definitions {
    /// Reads `indicators.toml`.
    pub(super) fn read(path: &Path, faults: &mut Faults) -> Self {
        read_toml(path, faults, |root, faults| {
            let mut definitions = Self::default();
            let mut declared = BTreeSet::new();
            if let Some(section) = root.section("measure", faults) {
                for (name, measure) in section.named_sections(faults) {
                    declared.insert(name.value.clone());
                    let read = read_measure(name.value.clone(), &measure, faults);
                    measure.finish(faults);
                    let Some((measure, condition)) = read else { continue };
                    let condition = condition.map(|text| (name.value.clone(), text));
                    definitions.conditions.extend(condition);
                    definitions.measures.insert(name.value, measure);
                }
            }
            if let Some(section) = root.section("indicator", faults) {
                for (name, indicator) in section.named_sections(faults) {
                    let read = read_indicator(&name.value, &indicator, &declared, faults);
                    indicator.finish(faults);
                    definitions.indicators.extend(read.map(|read| (name.value, read)));
                }
            }
            definitions.measures_hash =
                super::hash_of([format!("{:?}", definitions.measures).as_str()]);
            let all = format!("{:?}{:?}", definitions.measures, definitions.indicators);
            definitions.hash = super::hash_of([all.as_str()]);
            definitions
        })
        .unwrap_or_default()
    }
}

fn read_indicator(
    id: &str,
    section: &Section<'_>,
    declared: &BTreeSet<String>,
    faults: &mut Faults,
) -> Option<Indicator> {
    let units = [("percent", UnitOfMeasure::Percent), ("count", UnitOfMeasure::Count)];
    let better = [("higher", Some(true)), ("lower", Some(false)), ("none", None)];
    let name = bilingual(section, "name", faults);
    let numerator = section.required_text("numerator", faults);
    let denominator = section.text("denominator", faults);
    for part in numerator.iter().chain(&denominator) {
        check_measure(part, section, declared, faults);
    }
    section.require("unit", faults);
    section.require("version", faults);
    let unit = section.choice("unit", &units, faults);
    if unit == Some(UnitOfMeasure::Percent) && denominator.is_none() {
        faults.add(
            section.file,
            section.span.start..section.span.start,
            "a percentage needs a `denominator`",
        );
    }
    let higher_is_better = section.choice("better", &better, faults).flatten();
    let version = section.integer("version", faults);
    let targets = section.sections("targets", faults);
    let targets = targets.iter().filter_map(|target| read_target(target, faults)).collect();
    Some(Indicator {
        id: id.to_owned(),
        name,
        numerator: numerator?.value,
        denominator: denominator.map(|name| name.value),
        unit: unit?,
        higher_is_better,
        version: version?.value,
        targets,
    })
}

fn check_measure(
    name: &Placed<String>,
    section: &Section<'_>,
    declared: &BTreeSet<String>,
    faults: &mut Faults,
) {
    if !declared.contains(&name.value) {
        faults
            .add(section.file, name.span.clone(), format!("unknown measure `{}`", name.value))
            .suggest(&name.value, declared.iter().map(String::as_str));
    }
}

/// Reads a measure, and its condition as it is written.
fn read_measure(
    name: String,
    section: &Section<'_>,
    faults: &mut Faults,
) -> Option<(Measure, Option<String>)> {
    let subjects = [
        ("dossiers", Subject::Dossiers),
        ("services", Subject::Services),
        ("reports", Subject::Reports),
    ];
    let of = section.choice("of", &subjects, faults).unwrap_or(Subject::Dossiers);
    let columns = of.columns();
    let is_stock =
        section.choice("kind", &[("flow", false), ("stock", true)], faults).unwrap_or(false);
    let when = if is_stock {
        let from = day_column("from", section, &columns, faults);
        let until = day_column("until", section, &columns, faults);
        from.zip(until).map(|(from, until)| When::Stock { from, until })
    } else {
        day_column("on", section, &columns, faults).map(|on| When::Flow { on })
    };
    let written = section.text("where", faults);
    let filter =
        written.as_ref().and_then(|text| condition::parse(text, &columns, section.file, faults));
    (filter.is_some() == written.is_some()).then_some(())?;
    let measure = Measure { name, of, when: when?, filter };
    Some((measure, written.map(|text| text.value)))
}

fn day_column(
    key: &'static str,
    section: &Section<'_>,
    columns: &[Column],
    faults: &mut Faults,
) -> Option<&'static str> {
    let name = section.required_text(key, faults)?;
    let days = || columns.iter().filter(|column| column.kind == Kind::Day);
    let found = days().find(|column| column.name == name.value);
    if found.is_none() {
        faults
            .add(section.file, name.span, format!("`{}` is not a column of days", name.value))
            .suggest(&name.value, days().map(|column| column.name));
    }
    found.map(|column| column.name)
}

fn read_target(section: &Section<'_>, faults: &mut Faults) -> Option<Target> {
    section.require("from", faults);
    section.require("value", faults);
    let from = section.day("from", faults);
    let value = section.number("value", faults);
    let source = section.required_text("source", faults);
    section.finish(faults);
    Some(Target { from: from?.value, value: value?.value, source: source?.value })
}
