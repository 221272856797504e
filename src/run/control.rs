//! What units report of themselves on form II.06a, held against what their own logs come to.

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::indicators::scope::Scope;
use crate::indicators::series::{At, Series};
use crate::normalise::Figures;
use crate::pipeline::definitions::{Counted as _, Formula};
use crate::pipeline::{Pipeline, form};

use super::ledger::Ledger;

/// A figure that a unit's form and its log do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    unit: String,
    start: NaiveDate,
    end: NaiveDate,
    measure: String,
    by_log: i64,
    by_form: i64,
}

impl Difference {
    /// Returns it as JSON.
    pub(super) fn json(&self) -> Value {
        let Self { unit, start, end, measure, by_log, by_form } = self;
        let (start, end) = (start.to_string(), end.to_string());
        json!({
            "unit_code": unit,
            "period_start": start,
            "period_end": end,
            "measure": measure,
            "by_log": by_log,
            "by_form": by_form,
        })
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { unit, start, end, measure, by_log, by_form } = self;
        write!(
            f,
            "{unit} {start} to {end}: `{measure}` is {by_log} by its log, {by_form} by its form"
        )
    }
}

/// Compares each form that stands with what its unit's log comes to in its period.
pub(super) fn compare(
    pipeline: &Pipeline,
    series: &Series<'_>,
    ledger: &Ledger,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    if !has_forms(ledger) {
        return differences;
    }
    for (unit, (start, end), figures) in forms(ledger) {
        let scope = Scope::Unit(Arc::from(unit));
        let at = series.between(&scope, start, end);
        for (measure, by_form) in with_received(figures) {
            let Some(by_log) = by_log(pipeline, &measure, &at, start) else { continue };
            if by_log != by_form {
                let unit = unit.to_owned();
                differences.push(Difference { unit, start, end, measure, by_log, by_form });
            }
        }
    }
    differences
}

/// Whether some form stands.
pub(super) fn has_forms(ledger: &Ledger) -> bool {
    forms(ledger).next().is_some()
}

/// The figures of each form that stands, with its unit and half-open period.
fn forms(ledger: &Ledger) -> impl Iterator<Item = (&str, (NaiveDate, NaiveDate), &Figures)> {
    ledger.judgements().filter_map(|judgement| {
        let (period, figures) = (judgement.period?, judgement.control.as_ref()?);
        let is_standing = ledger.replaced_by(judgement).is_none();
        is_standing.then_some((&*judgement.unit, period, figures))
    })
}

/// The form counts receptions by channel; their sum is what a log receives.
fn with_received(figures: &Figures) -> Figures {
    let mut all = figures.clone();
    if let (Some(online), Some(other)) =
        (figures.get("received_online"), figures.get("received_other"))
    {
        all.extend(online.checked_add(*other).map(|sum| ("received".to_owned(), sum)));
    }
    all
}

/// Returns what a unit's log comes to for a column of the form: the indicator of the column, or
/// else the measure of its name. `None` where the pipeline defines neither.
fn by_log(pipeline: &Pipeline, name: &str, at: &At<'_>, start: NaiveDate) -> Option<i64> {
    let definitions = &pipeline.definitions;
    let column = form::COLUMNS.iter().find(|column| column.name == name);
    let indicator = column.and_then(|column| definitions.indicators.get(column.indicator));
    let version = indicator.and_then(|indicator| indicator.version_on(start));
    if let Some(Formula::Ratio(ratio)) = version.map(|version| &version.formula) {
        return Some(ratio.numerator.of(at));
    }
    definitions.measures.contains_key(name).then(|| at.measure(name))
}
