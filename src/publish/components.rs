//! The components of a figure: factors, points of an index, how many an amount is of.

use serde_json::{Map, Value};

use crate::indicators::row::Row;

use super::figures::grouped;

/// Returns what the numbers of a row do not tell, or null.
pub fn json(row: &Row) -> Value {
    let text = row.facts.components.as_deref();
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

/// Tells the components of a row, a line each.
pub fn lines(row: &Row) -> Vec<String> {
    let Value::Object(components) = json(row) else { return Vec::new() };
    if components.contains_key("parts") {
        return index(&components);
    }
    components.iter().filter_map(|(name, value)| line(name, value)).collect()
}

fn line(name: &str, value: &Value) -> Option<String> {
    match (name, value) {
        ("n", n) => Some(format!("  of {}", grouped(n.as_i64()?))),
        ("of", n) => Some(format!("  where a feed tells it; in all {}", grouped(n.as_i64()?))),
        (id, Value::Object(rate)) => Some(format!("  with {id}: {}", told(rate))),
        _ => None,
    }
}

/// Tells the points of an index: what is measured, then what is left out.
fn index(components: &Map<String, Value>) -> Vec<String> {
    let number = |of: &Value, name: &str| of[name].as_f64().unwrap_or_default();
    let text = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
    let list = |name: &str| components.get(name).and_then(Value::as_array).into_iter().flatten();
    let whole = Value::Object(components.clone());
    let (points, most) = (number(&whole, "points"), number(&whole, "max_points"));
    let mut lines = vec![format!("  {points:.2} of {most} points are measured")];
    lines.extend(list("parts").map(|part| {
        let mark =
            if part["confirmed"] == Value::Bool(false) { ", points not confirmed" } else { "" };
        format!(
            "  {:<16} {:<26} {:>6.2} of {:>4}: {:.2} %, all points from {} %{mark}",
            text(part, "group"),
            text(part, "indicator"),
            number(part, "points"),
            number(part, "max_points"),
            number(part, "value"),
            number(part, "threshold"),
        )
    }));
    lines.extend(list("left_out").map(|part| {
        let (group, indicator) = (text(part, "group"), text(part, "indicator"));
        let most = number(part, "max_points");
        format!("  {group:<16} {indicator:<26} left out, {most} points: {}", text(part, "why"))
    }));
    lines
}

fn told(rate: &Map<String, Value>) -> String {
    let integer = |name: &str| rate.get(name).and_then(Value::as_i64).map(grouped);
    let value = rate.get("value").and_then(Value::as_f64);
    let status = rate.get("status").and_then(Value::as_str).unwrap_or_default().replace('_', " ");
    let value = value.map_or(status, |value| format!("{value:.2} %"));
    match integer("numerator").zip(integer("denominator")) {
        Some((numerator, denominator)) => format!("{value}  {numerator} / {denominator}"),
        None => value,
    }
}
