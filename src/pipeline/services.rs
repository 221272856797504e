//! `services.csv`: the procedures, with the level of their online service at each time.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;

use super::fault::Faults;
use super::sheet;
use super::sheet::{Row, read_csv};
use super::units::Units;

/// What a procedure was from `valid_from` until the day before `valid_to`.
#[derive(Debug, Clone)]
pub struct ServiceVersion {
    pub code: String,
    pub name_vi: String,
    pub name_en: String,
    pub field_code: String,
    pub unit_code: Option<String>,
    pub level: &'static str,
    pub eligible_full: bool,
    pub fee_vnd: i64,
    pub payable_online_from: Option<NaiveDate>,
    pub result_paper: bool,
    pub most_days: Option<i64>,
    pub audience: String,
    pub npsp_from: Option<NaiveDate>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

impl ServiceVersion {
    /// Returns the first day inside this version on which something that began at `from` holds.
    pub fn first_day_since(&self, from: Option<NaiveDate>) -> Option<NaiveDate> {
        let first = from?.max(self.valid_from);
        Some(first).filter(|day| self.valid_to.is_none_or(|end| *day < end))
    }
}

/// Returns the version valid on a day, of those of a procedure.
pub fn valid_on(versions: &[ServiceVersion], day: NaiveDate) -> Option<&ServiceVersion> {
    let begun = versions.iter().rev().find(|version| version.valid_from <= day);
    begun.filter(|version| version.valid_to.is_none_or(|end| day < end))
}

/// A field of administration (lĩnh vực).
#[derive(Debug, Clone)]
pub struct ServiceField {
    pub name_vi: String,
    pub name_en: String,
}

/// The procedures by code, each with its versions in order of time, and the fields.
#[derive(Debug, Default)]
pub struct Services {
    by_code: BTreeMap<String, Vec<ServiceVersion>>,
    pub fields: BTreeMap<String, ServiceField>,
}

const HEADINGS: &[&str] = &[
    "code",
    "name_vi",
    "name_en",
    "field_code",
    "field_vi",
    "field_en",
    "unit_code",
    "level",
    "eligible_full",
    "fee_vnd",
    "payable_online_from",
    "result_paper",
    "most_days",
    "audience",
    "npsp_from",
    "valid_from",
    "valid_to",
];

impl Services {
    /// Reads `services.csv`; two versions of a procedure that overlap are a fault.
    pub(super) fn read(path: &Path, units: &Units, faults: &mut Faults) -> Self {
        let mut services = Self::default();
        let add = |row: &Row<'_>, faults: &mut Faults| services.add(row, units, faults);
        let file = read_csv(path, HEADINGS, faults, add);
        sheet::require_rows(file.as_ref(), services.by_code.is_empty(), "procedure", faults);
        for versions in services.by_code.values_mut() {
            versions.sort_by_key(|version| version.valid_from);
        }
        services
    }

    fn add(&mut self, row: &Row<'_>, units: &Units, faults: &mut Faults) {
        let field = ServiceField {
            name_vi: row.required("field_vi", faults),
            name_en: row.required("field_en", faults),
        };
        let unit_code = row.text("unit_code");
        if let Some(code) = unit_code.filter(|code| units.lacks(code)) {
            faults
                .add(row.file, row.span("unit_code"), format!("unknown unit `{code}`"))
                .suggest(code, units.iter().map(|unit| unit.code.as_str()));
        }
        let version = ServiceVersion {
            code: row.required("code", faults),
            name_vi: row.required("name_vi", faults),
            name_en: row.required("name_en", faults),
            field_code: row.required("field_code", faults),
            unit_code: unit_code.map(str::to_owned),
            level: level(row, faults),
            eligible_full: row.flag("eligible_full", faults).unwrap_or(false),
            fee_vnd: row.integer("fee_vnd", faults).unwrap_or(0),
            payable_online_from: row.day("payable_online_from", faults),
            result_paper: row.flag("result_paper", faults).unwrap_or(false),
            most_days: row.integer("most_days", faults),
            audience: row.text("audience").unwrap_or("both").to_owned(),
            npsp_from: row.day("npsp_from", faults),
            valid_from: row.day("valid_from", faults).unwrap_or(NaiveDate::MIN),
            valid_to: row.day("valid_to", faults),
        };
        if version.valid_to.is_some_and(|to| to <= version.valid_from) {
            faults.add(row.file, row.span("valid_to"), "`valid_to` is not after `valid_from`");
        }
        if !matches!(&*version.audience, "citizen" | "enterprise" | "both") {
            let message = format!("unknown audience `{}`", version.audience);
            let fault = faults.add(row.file, row.span("audience"), message);
            fault.hint("one of: citizen, enterprise, both");
        }
        self.fields.insert(version.field_code.clone(), field);
        let versions = self.by_code.entry(version.code.clone()).or_default();
        let is_before = |a: &ServiceVersion, b: &ServiceVersion| {
            a.valid_to.is_some_and(|end| end <= b.valid_from)
        };
        if versions.iter().any(|other| !is_before(other, &version) && !is_before(&version, other)) {
            let message = format!("two rows of `{}` are valid at the same time", version.code);
            faults
                .add(row.file, row.span("valid_from"), message)
                .hint("end the earlier row (`valid_to`) on the day on which the later begins");
        }
        versions.push(version);
    }

    /// Whether the procedure was ever listed.
    pub fn contains(&self, code: &str) -> bool {
        self.by_code.contains_key(code)
    }

    /// Returns the code itself, if the procedure was ever listed.
    pub fn code(&self, code: &str) -> Option<&str> {
        self.by_code.get_key_value(code).map(|(code, _)| code.as_str())
    }

    /// Whether a code is that of no procedure; where none is known at all, that is told by itself.
    pub(super) fn lacks(&self, code: &str) -> bool {
        !self.by_code.is_empty() && !self.contains(code)
    }

    /// Returns the versions of a procedure in order of time; none where it is not listed.
    pub fn of(&self, code: &str) -> &[ServiceVersion] {
        self.by_code.get(code).map_or(&[], Vec::as_slice)
    }

    /// Returns the latest version: what a procedure is called and where it belongs today.
    pub fn latest(&self, code: &str) -> Option<&ServiceVersion> {
        self.of(code).last()
    }

    /// Every version, by code and time.
    pub fn versions(&self) -> impl Iterator<Item = &ServiceVersion> {
        self.by_code.values().flatten()
    }

    /// Every code.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.by_code.keys().map(String::as_str)
    }
}

fn level(row: &Row<'_>, faults: &mut Faults) -> &'static str {
    let levels = ["information", "partial", "full"];
    let text = row.text("level").unwrap_or_default();
    if let Some(level) = levels.into_iter().find(|level| *level == text) {
        return level;
    }
    let message = format!("unknown level `{text}`");
    faults.add(row.file, row.span("level"), message).hint("one of: information, partial, full");
    levels[0]
}
