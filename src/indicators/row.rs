//! One published row: what it is about, its figure with its doubt, and how it is read.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::pipeline::definitions::UnitOfMeasure;

use super::period::Period;
use super::scope::Scope;

/// Whether a value is there, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Value,
    Missing,
    NotApplicable,
    /// No feed tells what would have to be known.
    NotMeasurable,
    /// There are numbers, and they are not told: only in open copies.
    Suppressed,
}

impl Status {
    /// Returns the published name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Missing => "missing",
            Self::NotApplicable => "not_applicable",
            Self::NotMeasurable => "not_measurable",
            Self::Suppressed => "suppressed",
        }
    }

    /// Finds a status by its published name.
    pub fn find(name: &str) -> Option<Self> {
        let all = [
            Self::Value,
            Self::Missing,
            Self::NotApplicable,
            Self::NotMeasurable,
            Self::Suppressed,
        ];
        all.into_iter().find(|status| status.name() == name)
    }
}

/// What a row is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    pub indicator: Arc<str>,
    pub version: i64,
    pub scope: Scope,
    pub period: Period,
}

impl RowKey {
    /// Whether it is of the same series: indicator, version, scope and kind of period.
    pub fn is_of_series(&self, other: &Self) -> bool {
        (&self.indicator, self.version, &self.scope, self.period.kind)
            == (&other.indicator, other.version, &other.scope, other.period.kind)
    }
}

/// A row's figure with its doubt. Two rows whose facts are equal are the same publication.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The day after the last one counted.
    pub period_end: NaiveDate,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub value: Option<f64>,
    /// What the numbers do not tell, as JSON: factors, points, how many an amount is of.
    pub components: Option<String>,
    pub status: Status,
    pub is_final: bool,
    pub units_expected: i64,
    pub units_included: i64,
}

/// The integers that a figure tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers {
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
}

impl Facts {
    /// Returns the integers that the figure tells.
    pub fn numbers(&self) -> Numbers {
        Numbers { numerator: self.numerator, denominator: self.denominator }
    }

    /// Names the parts that an index was measured by; none of what is no index.
    pub fn parts(&self) -> Vec<String> {
        #[derive(Default, Deserialize)]
        struct Told {
            parts: Vec<Part>,
        }
        #[derive(Deserialize)]
        struct Part {
            indicator: String,
        }
        let told = self.components.as_deref().map(serde_json::from_str::<Told>);
        let parts = told.and_then(Result::ok).unwrap_or_default().parts;
        parts.into_iter().map(|part| part.indicator).collect()
    }

    /// Returns the integers that its components tell beside it.
    pub fn beside(&self) -> Beside {
        Beside::read(self.components.as_deref())
    }
}

/// The integers that components tell beside a figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beside {
    /// How many an amount or a percentile is of.
    pub counted: Option<i64>,
    /// What the denominator is the known part of.
    pub measured_of: Option<i64>,
    /// Whether they tell of other figures, which it is made of.
    pub has_parts: bool,
}

impl Beside {
    /// Reads components.
    pub(super) fn read(components: Option<&str>) -> Self {
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        let told = components.and_then(read).unwrap_or_default();
        let number = |name: &str| told.get(name).and_then(serde_json::Value::as_i64);
        let mut names = told.as_object().into_iter().flat_map(serde_json::Map::keys);
        let has_parts = names.any(|name| !["n", "of"].contains(&&**name));
        Self { counted: number("n"), measured_of: number("of"), has_parts }
    }
}

/// How a row is read beside others; a change in it alone is no revision.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    pub target: Option<f64>,
    pub target_met: Option<bool>,
    pub previous_value: Option<f64>,
    pub change: Option<f64>,
    pub year_ago_value: Option<f64>,
    pub year_change: Option<f64>,
    pub rank: Option<i64>,
}

/// A published row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub key: RowKey,
    pub facts: Facts,
    pub unit: UnitOfMeasure,
    pub reading: Reading,
    /// The release in which the facts were last published.
    pub release: i64,
}

impl Row {
    /// Whether its period has ended and all units have reported on it.
    pub fn is_whole(&self, as_of: NaiveDate) -> bool {
        let Facts { units_included, units_expected, .. } = self.facts;
        units_included == units_expected && !self.key.period.is_running(as_of)
    }
}
