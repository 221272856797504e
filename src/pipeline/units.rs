//! `units.csv`: the units, their names and the other ways in which logs write their codes.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;

use super::fault::Faults;
use super::sheet;
use super::sheet::read_csv;
use super::text::fold;

/// A unit of the ministry.
#[derive(Debug, Clone)]
pub struct Unit {
    pub code: String,
    pub name_vi: String,
    pub name_en: String,
    pub parent: Option<String>,
    pub predecessor: Option<String>,
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
                predecessor: row.text("predecessor").map(str::to_owned),
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
                links.extend(row.text(heading).map(|code| (code.to_owned(), row.span(heading))));
            }
            let aliases = row.text("aliases").unwrap_or_default().split('|');
            for name in aliases.chain([&*unit.code, &*unit.name_vi]).filter(|n| !n.is_empty()) {
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

    /// Returns the code that a log's spelling of a unit means.
    pub fn resolve(&self, text: &str) -> Option<&str> {
        self.by_alias.get(&fold(text)).map(String::as_str)
    }

    /// The units, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Unit> {
        self.by_code.values()
    }
}
