//! `units.csv`: the units, their names and the other ways in which logs write their codes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDate;

use super::fault::Faults;
use super::sheet;
use super::sheet::{Row, read_csv};
use super::text::fold;

/// A unit of the ministry.
#[derive(Debug, Clone)]
pub struct Unit {
    pub code: String,
    pub name_vi: String,
    pub name_en: String,
    pub parent: Option<String>,
    /// The units that it was made of.
    pub predecessors: Vec<String>,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

impl Unit {
    /// Whether the unit exists on some day of the half-open period.
    pub fn exists_in(&self, start: NaiveDate, end: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from < end) && self.valid_to.is_none_or(|to| to > start)
    }
}

/// The units by code, and every code, name and alias that means one.
#[derive(Debug, Default)]
pub struct Units {
    by_code: BTreeMap<String, Unit>,
    by_alias: BTreeMap<String, String>,
    /// The units whose figures hold those of each: itself, those above it, and those that it has
    /// become.
    wholes: BTreeMap<String, BTreeSet<String>>,
}

const HEADINGS: &[&str] =
    &["code", "name_vi", "name_en", "aliases", "parent", "predecessor", "valid_from", "valid_to"];

impl Units {
    /// Reads `units.csv`; a code or alias that means two units is a fault.
    pub(super) fn read(path: &Path, faults: &mut Faults) -> Self {
        let mut units = Self::default();
        let mut links = Vec::new();
        let file = read_csv(path, HEADINGS, faults, |row, faults| {
            let unit = Unit {
                code: row.required("code", faults),
                name_vi: row.required("name_vi", faults),
                name_en: row.required("name_en", faults),
                parent: row.text("parent").map(str::to_owned),
                predecessors: listed(row, "predecessor").map(str::to_owned).collect(),
                valid_from: row.day("valid_from", faults),
                valid_to: row.day("valid_to", faults),
            };
            if unit.valid_from.zip(unit.valid_to).is_some_and(|(from, to)| to <= from) {
                faults.add(row.file, row.span("valid_to"), "`valid_to` is not after `valid_from`");
            }
            if unit.code.contains('/') {
                faults.add(row.file, row.span("code"), "a unit's code holds no `/`");
            }
            for heading in ["parent", "predecessor"] {
                let codes = listed(row, heading);
                links.extend(codes.map(|code| (code.to_owned(), row.span(heading))));
            }
            let aliases = listed(row, "aliases");
            for name in aliases.chain([&*unit.code, &*unit.name_vi]) {
                let taken = units.by_alias.insert(fold(name), unit.code.clone());
                if let Some(other) = taken.filter(|other| *other != unit.code) {
                    let message = format!("`{name}` already means unit `{other}`");
                    faults.add(row.file, row.span("aliases"), message);
                }
            }
            if units.by_code.insert(unit.code.clone(), unit).is_some() {
                faults.add(row.file, row.span("code"), "this unit is listed twice");
            }
        });
        sheet::require_rows(file.as_ref(), units.by_code.is_empty(), "unit", faults);
        for (code, span) in links {
            if let Some(file) = file.as_ref().filter(|_| !units.by_code.contains_key(&code)) {
                faults
                    .add(file, span, format!("unknown unit `{code}`"))
                    .suggest(&code, units.by_code.keys().map(String::as_str));
            }
        }
        units.wholes =
            units.by_code.keys().map(|code| (code.clone(), units.find_wholes(code))).collect();
        if let Some(file) = file.as_ref()
            && let Some(code) = units.by_code.keys().find(|code| units.is_own_part(code))
        {
            let message = format!("unit `{code}` is a part of itself");
            faults.add_first(file, message).hint("follow `parent` and `predecessor` from it");
        }
        units
    }

    /// Returns the unit of a code.
    pub fn get(&self, code: &str) -> Option<&Unit> {
        self.by_code.get(code)
    }

    /// Whether a code is that of no unit; where no unit is known at all, that is told by itself.
    pub(super) fn lacks(&self, code: &str) -> bool {
        !self.by_code.is_empty() && !self.by_code.contains_key(code)
    }

    /// Returns the units whose figures hold those of a unit, itself among them: a unit holds those
    /// below it, and goes on with those that it alone was made of. What was split goes on in none.
    pub fn wholes<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a str> {
        let known = self.wholes.get(code);
        let unknown = known.is_none().then_some(code);
        known.into_iter().flatten().map(String::as_str).chain(unknown)
    }

    /// Returns the units that a unit has become, whole or in part.
    pub fn successors<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a Unit> {
        self.iter().filter(move |unit| unit.predecessors.iter().any(|of| of == code))
    }

    /// Returns what a unit is directly a part of: the unit above it and the one that it has become.
    /// The only unit with none above it is the ministry, which is no unit among others.
    pub fn directly_in<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a str> {
        let mut successors = self.successors(code);
        let sole = successors.next().filter(|_| successors.next().is_none());
        let mut tops = self.iter().filter(|unit| unit.parent.is_none());
        let ministry = tops.next().filter(|_| tops.next().is_none());
        let parent = self.by_code.get(code).and_then(|unit| unit.parent.as_deref());
        let parent = parent.filter(|parent| ministry.is_none_or(|unit| unit.code != *parent));
        parent.into_iter().chain(sole.map(|unit| unit.code.as_str()))
    }

    fn find_wholes(&self, code: &str) -> BTreeSet<String> {
        let mut wholes = BTreeSet::new();
        let mut open = vec![code];
        while let Some(code) = open.pop() {
            if wholes.insert(code.to_owned()) {
                open.extend(self.directly_in(code));
            }
        }
        wholes
    }

    fn is_own_part(&self, code: &str) -> bool {
        self.directly_in(code).any(|whole| self.wholes(whole).any(|above| above == code))
    }

    /// Returns the code that a log's spelling of a unit means.
    pub fn resolve(&self, text: &str) -> Option<&str> {
        self.by_alias.get(&fold(text)).map(String::as_str)
    }

    /// The units, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Unit> {
        self.by_code.values()
    }
}

/// Returns the codes or names of a cell, which `|` parts.
fn listed<'a>(row: &'a Row<'_>, heading: &str) -> impl Iterator<Item = &'a str> {
    row.text(heading).unwrap_or_default().split('|').map(str::trim).filter(|n| !n.is_empty())
}
