//! Scopes: what a figure is about.

use std::sync::Arc;

use crate::pipeline::Pipeline;

/// The ministry, a unit, a field of administration or a procedure, by code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Ministry,
    Unit(Arc<str>),
    Field(Arc<str>),
    Procedure(Arc<str>),
}

impl Scope {
    /// The published names of the kinds of scope.
    pub const KINDS: [&str; 4] = ["ministry", "unit", "field", "procedure"];

    /// Returns the published name of the kind of scope.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ministry => "ministry",
            Self::Unit(_) => "unit",
            Self::Field(_) => "field",
            Self::Procedure(_) => "procedure",
        }
    }

    /// Returns the code of a unit, field or procedure, or `ministry`.
    pub fn name(&self) -> &str {
        match self {
            Self::Ministry => self.kind(),
            Self::Unit(code) | Self::Field(code) | Self::Procedure(code) => code,
        }
    }

    /// Returns the code of a unit, where the scope is one.
    pub fn unit(&self) -> Option<&Arc<str>> {
        if let Self::Unit(code) = self { Some(code) } else { None }
    }

    /// Returns the code of a field, where the scope is one.
    pub fn field(&self) -> Option<&Arc<str>> {
        if let Self::Field(code) = self { Some(code) } else { None }
    }

    /// Returns the code of a procedure, where the scope is one.
    pub fn procedure(&self) -> Option<&Arc<str>> {
        if let Self::Procedure(code) = self { Some(code) } else { None }
    }

    /// Lists every scope that figures are published for, the ministry first.
    pub fn all(pipeline: &Pipeline) -> Vec<Self> {
        let services = &pipeline.reference.services;
        let mut units: Vec<&str> = pipeline.feeds.iter().map(|feed| feed.unit.as_str()).collect();
        units.extend(services.versions().filter_map(|version| version.unit_code.as_deref()));
        // A feed may carry the dossiers of units below its own.
        let below = pipeline.reference.units.iter().filter(|unit| {
            pipeline.feeds.iter().any(|feed| unit.parent.as_deref() == Some(&feed.unit))
        });
        units.extend(below.map(|unit| unit.code.as_str()));
        let known = &pipeline.reference.units;
        let wholes: Vec<&str> = units.iter().flat_map(|code| known.wholes(code)).collect();
        units.extend(wholes);
        units.sort_unstable();
        units.dedup();
        let mut scopes = vec![Self::Ministry];
        scopes.extend(units.into_iter().map(|code| Self::Unit(code.into())));
        scopes.extend(services.fields.keys().map(|code| Self::Field(code.as_str().into())));
        scopes.extend(services.codes().map(|code| Self::Procedure(code.into())));
        scopes
    }
}
