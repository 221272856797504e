//! Figures as an analyst reads them in a terminal, and the same as JSON.

use serde_json::{Value, json};

use crate::indicators::Indicators;
use crate::indicators::period::{Period, PeriodKind};
use crate::indicators::row::{Facts, Row, Status};
use crate::indicators::scope::Scope;
use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Indicator, UnitOfMeasure};
use crate::pipeline::rules::Language;

use super::components;

/// Which rows of an indicator to show.
#[derive(Debug, Clone)]
pub struct Selection {
    pub indicator: String,
    /// `None` is the ministry.
    pub unit: Option<String>,
    pub periods: Periods,
    /// How many of the latest periods.
    pub last: usize,
}

/// Which periods to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Periods {
    Of(PeriodKind),
    Only(Period),
}

impl Periods {
    fn contains(self, period: Period) -> bool {
        match self {
            Self::Of(kind) => period.kind == kind,
            Self::Only(one) => period == one,
        }
    }
}

/// Selects rows, the earliest period first.
pub fn select(indicators: &Indicators, selection: &Selection) -> Vec<Row> {
    let is_wanted = |row: &Row| {
        let is_scope = match &selection.unit {
            None => row.key.scope == Scope::Ministry,
            Some(unit) => row.key.scope.unit().is_some_and(|code| **code == **unit),
        };
        is_scope && selection.periods.contains(row.key.period)
    };
    let of_indicator = indicators.of(&selection.indicator);
    let mut rows: Vec<Row> = of_indicator.rows().into_iter().filter(is_wanted).collect();
    rows.sort_by_key(|row| (row.key.version, row.facts.period_end));
    rows.split_off(rows.len().saturating_sub(selection.last))
}

/// Shows one line for each of some indicators: the ministry, year to date.
pub fn headline(
    indicators: &Indicators,
    ids: &[String],
    pipeline: &Pipeline,
    language: Language,
) -> String {
    let mut rows = Vec::new();
    for id in ids {
        let selection = Selection {
            indicator: id.clone(),
            unit: None,
            periods: Periods::Of(PeriodKind::YearToDate),
            last: 1,
        };
        let Some(row) = select(indicators, &selection).pop() else { continue };
        let Some(indicator) = pipeline.definitions.indicators.get(id) else { continue };
        rows.push((row, indicator));
    }
    // Of the catalogue nobody needs to report: the figure that lacks most units tells.
    let lacks = |row: &Row| row.facts.units_expected - row.facts.units_included;
    let worst = rows.iter().map(|(row, _)| row).max_by_key(|row| lacks(row));
    let head =
        worst.map(|row| format!("ministry, year to date {}; {}", period(row), coverage(row)));
    let line = |(row, indicator): &(Row, &Indicator)| {
        format!("{:<26} {:<48} {}", row.key.indicator, told(row), name(indicator, language))
    };
    let mut lines: Vec<String> = head.into_iter().chain(rows.iter().map(line)).collect();
    lines.push(String::new());
    lines.join("\n")
}

/// Lists the catalogue: each indicator's id and name.
pub fn catalogue(pipeline: &Pipeline, language: Language) -> String {
    let line = |(id, indicator): (&String, &Indicator)| {
        format!("{id:<32} {}\n", name(indicator, language))
    };
    pipeline.definitions.indicators.iter().map(line).collect()
}

/// Returns the catalogue as JSON.
pub fn catalogue_json(pipeline: &Pipeline) -> Value {
    let entry = |(id, indicator): (&String, &Indicator)| {
        json!({
            "indicator": id,
            "name_vi": indicator.name.vi,
            "name_en": indicator.name.en,
            "formula": indicator.words,
            "source": indicator.source,
            "unit_of_measure": indicator.unit.name(),
            "definition_version": indicator.latest().number,
        })
    };
    let entries: Vec<Value> = pipeline.definitions.indicators.iter().map(entry).collect();
    json!({ "indicators": entries })
}

/// Returns an indicator's name.
pub fn name(indicator: &Indicator, language: Language) -> &str {
    match language {
        Language::English => &indicator.name.en,
        Language::Vietnamese => &indicator.name.vi,
    }
}

pub(super) fn period(row: &Row) -> String {
    let last = row.facts.period_end.pred_opt().unwrap_or(row.facts.period_end);
    format!("{} to {last}", row.key.period.start)
}

/// Tells a value with its parts and, where there is one, its target.
pub fn told(row: &Row) -> String {
    let facts = &row.facts;
    let parts = match (facts.numerator, facts.denominator) {
        (Some(numerator), Some(denominator)) => {
            format!("{} / {}", grouped(numerator), grouped(denominator))
        }
        (Some(count), None) if facts.status != Status::Value => grouped(count),
        _ => String::new(),
    };
    let value = match facts.value {
        Some(value) => shown(value, row.unit),
        None => facts.status.name().replace('_', " "),
    };
    let met = |target: f64, is_met: bool| {
        let told = target_told(target, row.unit);
        if is_met { format!("target {told} met") } else { format!("target {told} not met") }
    };
    let target = row.reading.target.zip(row.reading.target_met);
    let target = target.map(|(target, is_met)| met(target, is_met)).unwrap_or_default();
    format!("{value:>10}  {parts:<18} {target}").trim_end().to_owned()
}

/// Tells a target in its unit, with the digits that it was set in.
pub(super) fn target_told(target: f64, unit: UnitOfMeasure) -> String {
    match unit {
        UnitOfMeasure::Percent => format!("{target} %"),
        UnitOfMeasure::Days => format!("{target} days"),
        UnitOfMeasure::Count => target.to_string(),
        UnitOfMeasure::Dong => format!("{target} VND"),
    }
}

/// Shows a value in its unit.
pub fn shown(value: f64, unit: UnitOfMeasure) -> String {
    match unit {
        UnitOfMeasure::Percent => format!("{value:.2} %"),
        UnitOfMeasure::Days => format!("{value:.1} days"),
        UnitOfMeasure::Count => grouped(value as i64),
        UnitOfMeasure::Dong => format!("{} VND", grouped(value as i64)),
    }
}

/// Tells of a row that lacks reports how many units are in it.
pub(super) fn gaps(row: &Row) -> String {
    let Facts { units_included, units_expected, .. } = row.facts;
    if units_included < units_expected {
        format!("  ({units_included} of {units_expected} units)")
    } else {
        String::new()
    }
}

fn coverage(row: &Row) -> String {
    format!("{} of {} units reported", row.facts.units_included, row.facts.units_expected)
}

/// Groups digits by three.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits are ASCII"))
        .collect();
    format!("{}{}", if number < 0 { "-" } else { "" }, groups.join(","))
}

/// Returns a row as JSON, as `docs/schemas/show.schema.json` describes one.
pub fn row_json(row: &Row) -> Value {
    let Row { key, facts, reading, release, .. } = row;
    json!({
        "indicator": &*key.indicator,
        "definition_version": key.version,
        "scope": key.scope.kind(),
        "unit_code": key.scope.unit().map(|code| &**code),
        "period_kind": key.period.kind.name(),
        "period_start": key.period.start.to_string(),
        "period_end": facts.period_end.to_string(),
        "numerator": facts.numerator,
        "denominator": facts.denominator,
        "value": facts.value,
        "unit_of_measure": row.unit.name(),
        "components": components::json(row),
        "status": facts.status.name(),
        "is_final": facts.is_final,
        "units_expected": facts.units_expected,
        "units_included": facts.units_included,
        "target": reading.target,
        "target_met": reading.target_met,
        "previous_value": reading.previous_value,
        "change": reading.change,
        "year_ago_value": reading.year_ago_value,
        "year_change": reading.year_change,
        "rank": reading.rank,
        "release": release,
    })
}

/// Counts the units that a row is ranked among: those of the same parent that have a rank.
pub fn n_ranked_with(row: &Row, indicators: &Indicators, pipeline: &Pipeline) -> usize {
    let parent = |row: &Row| {
        let unit = pipeline.reference.units.get(row.key.scope.unit()?)?;
        Some(unit.parent.clone())
    };
    let own = parent(row);
    let rows = indicators.of(&row.key.indicator).rows();
    let is_beside = |other: &&Row| {
        other.reading.rank.is_some()
            && (other.key.version, other.key.period) == (row.key.version, row.key.period)
            && parent(other) == own
    };
    rows.iter().filter(is_beside).count()
}
