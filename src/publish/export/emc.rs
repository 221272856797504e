//! What a unit's use of online services comes to, for the national system that collects and evaluates
//! it (EMC). Its interface is not public: the names are ours, `docs/exports.md` describes them.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::indicators::row::Row;
use crate::indicators::scope::Scope;

use super::Published;

/// The indicators that tell of use, and their names in the payload.
const FIGURES: [(&str, &str); 9] = [
    ("received", "received"),
    ("online_submission_rate", "received_online"),
    ("resolved", "resolved"),
    ("online_resolution_rate", "resolved_online"),
    ("on_time_rate", "resolved_on_time"),
    ("online_payment_rate", "paid_online"),
    ("postal_submission_rate", "received_by_post"),
    ("postal_return_rate", "returned_by_post"),
    ("satisfaction_rate", "satisfied"),
];

/// Writes the payload of one period.
pub(super) fn json(rows: &[&Row], published: &Published<'_>) -> anyhow::Result<Vec<u8>> {
    let first = rows.first().context("no figures were published for this period")?;
    let (period, end) = (first.key.period, first.facts.period_end);
    let mut scopes: BTreeMap<&Scope, Map<String, Value>> = BTreeMap::new();
    for row in rows {
        let found = FIGURES.iter().find(|(id, _)| *id == &*row.key.indicator);
        let Some((_, name)) = found.filter(|_| !matches!(row.key.scope, Scope::Field(_))) else {
            continue;
        };
        let facts = &row.facts;
        let figure = json!({
            "count": facts.numerator,
            "of": facts.denominator,
            "status": facts.status.name(),
            "final": facts.is_final,
        });
        scopes.entry(&row.key.scope).or_default().insert((*name).to_owned(), figure);
    }
    let of_kind = |kind: &str| -> Vec<Value> {
        let own = scopes.iter().filter(|(scope, _)| scope.kind() == kind);
        own.map(|(scope, figures)| json!({ "code": scope.name(), "figures": figures })).collect()
    };
    let settings = &published.pipeline.settings;
    let payload = json!({
        "agency": settings.title.vi,
        "pipeline": settings.name,
        "period": period.label(),
        "period_start": period.start.to_string(),
        "period_end": end.to_string(),
        "release": published.release,
        "published_at": published.published_at,
        "ministry": of_kind("ministry").pop(),
        "units": of_kind("unit"),
        "services": of_kind("procedure"),
    });
    let mut bytes = serde_json::to_vec_pretty(&payload)?;
    bytes.push(b'\n');
    Ok(bytes)
}
