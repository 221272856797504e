//! An indicator as it is shown in a terminal: the latest figure at a glance, then the series.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::indicators::revise::Accuracy;
use crate::indicators::row::Row;
use crate::indicators::trend::{Statistic, Trend};
use crate::pipeline::definitions::{Indicator, UnitOfMeasure};
use crate::pipeline::rules::Language;

use super::components;
use super::figures::{gaps, name, period, row_json, shown, target_told, told};
use super::sparkline::sparkline;

/// What is shown of an indicator.
pub struct Shown<'a> {
    pub indicator: &'a Indicator,
    /// The rows, the earliest period first.
    pub rows: &'a [Row],
    /// The rate of what is not known of the last row.
    pub doubt: Option<&'a Row>,
    /// The trends of the series.
    pub trends: &'a [Trend],
    /// How many units the last row is ranked among.
    pub n_ranked: usize,
    /// How far its values were revised after they were published.
    pub accuracy: Option<Accuracy>,
}

impl Shown<'_> {
    /// Writes it.
    pub fn text(&self, language: Language) -> String {
        let mut lines = vec![format!("{} ({})", name(self.indicator, language), self.indicator.id)];
        match self.rows.last() {
            None => lines.push("  no values were published for this".to_owned()),
            Some(row) => lines.extend(self.at_a_glance(row)),
        }
        if self.rows.len() > 1 {
            lines.push(String::new());
            lines.extend(self.rows.iter().map(|row| {
                let (period, version) = (period(row), self.version(row));
                format!("  {period:<24} {}{}{version}", told(row), gaps(row))
            }));
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// Writes it as JSON, as `docs/schemas/show.schema.json` describes.
    pub fn json(&self) -> Value {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        let trend = |trend: &Trend| {
            json!({
                "statistic": trend.statistic.name(),
                "value": trend.value,
                "lower": trend.lower,
                "upper": trend.upper,
                "p_value": trend.p_value,
                "day": day(trend.day),
                "day_from": day(trend.day_from),
                "day_until": day(trend.day_until),
                "since": day(trend.since),
                "n_points": trend.n_points,
                "note": trend.note,
            })
        };
        json!({
            "rows": self.rows.iter().map(row_json).collect::<Vec<_>>(),
            "doubt": self.doubt.map(row_json),
            "trends": self.trends.iter().map(trend).collect::<Vec<_>>(),
            "revised": self.accuracy.map(|accuracy| json!({
                "values": accuracy.n,
                "mean": accuracy.mean,
                "mean_absolute": accuracy.mean_absolute,
            })),
        })
    }

    fn at_a_glance(&self, row: &Row) -> Vec<String> {
        let facts = &row.facts;
        let line = |heading: &str, text: String| format!("  {heading:<10} {text}");
        let mut lines = vec![
            line("period", format!("{}, {}", row.key.scope.name(), period(row))),
            line("value", format!("{}{}", told(row).trim_start(), self.version(row))),
        ];
        lines.extend(components::lines(row));
        let words = &self.indicator.words;
        lines.extend((!words.is_empty()).then(|| line("formula", words.clone())));
        lines.extend(self.versions(row).map(|text| line("version", text)));
        // Values of another formula would draw a step that is none.
        let series: Vec<&Row> =
            self.rows.iter().filter(|of| of.key.version == row.key.version).collect();
        if let [first, .., last] = series[..] {
            let values: Vec<Option<f64>> = series.iter().map(|row| row.facts.value).collect();
            let (from, to) = (first.key.period.label(), last.key.period.label());
            lines.push(line("series", format!("{}  {from} to {to}", sparkline(&values))));
        }
        lines.extend(self.change(row).map(|text| line("change", text)));
        let rank = row.reading.rank.map(|rank| format!("{rank} of {} units", self.n_ranked));
        lines.extend(rank.map(|text| line("rank", text)));
        let (included, expected) = (facts.units_included, facts.units_expected);
        lines.push(line("coverage", format!("{included} of {expected} units reported")));
        lines.extend(self.doubt.map(|doubt| {
            line("doubt", format!("{} ({})", told(doubt).trim_start(), doubt.key.indicator))
        }));
        let state = if facts.is_final { "final" } else { "provisional" };
        let (status, release) = (facts.status.name().replace('_', " "), row.release);
        lines.push(line("status", format!("{status}, {state}, of release {release}")));
        lines.extend(
            self.trends
                .iter()
                .filter_map(|of| trend(of, self.indicator.unit))
                .map(|text| line("trend", text)),
        );
        lines.extend(self.accuracy.map(|accuracy| line("revised", self.revised(accuracy))));
        lines
    }

    /// Names the version that a row was computed by, where there are several.
    fn version(&self, row: &Row) -> String {
        match self.indicator.versions.len() {
            1 => String::new(),
            _ => format!("  version {}", row.key.version),
        }
    }

    /// Tells what is other in the version of a row than in the one before.
    fn versions(&self, row: &Row) -> Option<String> {
        let version = self.indicator.version(row.key.version)?;
        let of = version.from.map(|from| format!("from {from}"));
        let what = (!version.what.en.is_empty()).then(|| version.what.en.clone());
        let told: Vec<String> = of.into_iter().chain(what).collect();
        let n = version.number;
        (!told.is_empty()).then(|| format!("{n}, {}", told.join(": ")))
    }

    /// Tells the changes on the period before and on the year before.
    fn change(&self, row: &Row) -> Option<String> {
        let told = |change: Option<f64>, on: &str| {
            change.map(|change| format!("{change:+.2} {} on {on}", self.points()))
        };
        let changes = [
            told(row.reading.change, "the period before"),
            told(row.reading.year_change, "the year before"),
        ];
        let changes: Vec<String> = changes.into_iter().flatten().collect();
        if !changes.is_empty() {
            return Some(changes.join("; "));
        }
        let before = [row.reading.previous_value, row.reading.year_ago_value];
        let has_before = before.into_iter().flatten().any(|before| before != 0.0);
        let (included, expected) = (row.facts.units_included, row.facts.units_expected);
        let why = match included < expected {
            true => format!("{included} of {expected} units have reported"),
            false => "a period runs or is not whole, or a break lies between".to_owned(),
        };
        Some(format!("not told: {why}")).filter(|_| has_before && row.facts.value.is_some())
    }

    fn revised(&self, accuracy: Accuracy) -> String {
        let Accuracy { n, mean, mean_absolute } = accuracy;
        let unit = match self.indicator.unit {
            UnitOfMeasure::Count | UnitOfMeasure::Dong => "",
            UnitOfMeasure::Percent | UnitOfMeasure::Days => self.points(),
        };
        let told = match n {
            1 => format!("1 value after it was published: by {mean:+.2} {unit}"),
            _ => format!(
                "{n} values after they were published: on average by {mean:+.2} {unit}, \
                 {mean_absolute:.2} either way"
            ),
        };
        told.trim_end().to_owned()
    }

    fn points(&self) -> &'static str {
        match self.indicator.unit {
            UnitOfMeasure::Percent => "points",
            UnitOfMeasure::Days => "days",
            UnitOfMeasure::Count | UnitOfMeasure::Dong => "%",
        }
    }
}

/// Tells a trend in a line; an unusual value only where it is one.
fn trend(trend: &Trend, unit: UnitOfMeasure) -> Option<String> {
    let of = match unit {
        UnitOfMeasure::Percent => " points",
        UnitOfMeasure::Days => " days",
        UnitOfMeasure::Count => "",
        UnitOfMeasure::Dong => " VND",
    };
    let day = |day: Option<NaiveDate>| day.map_or("?".to_owned(), |day| day.to_string());
    let number = |number: Option<f64>| number.map_or("?".to_owned(), |n| format!("{n:.2}"));
    let note = &trend.note;
    Some(match (trend.statistic, trend.value) {
        (Statistic::Break, _) => format!("broken on {}: {note}", day(trend.day)),
        (Statistic::Rolling12Months, Some(value)) => {
            format!("the last 12 months together: {}", shown(value, unit))
        }
        (Statistic::SlopePerYear, Some(slope)) => format!(
            "{slope:+.2}{of} a year ({} to {}), {note}, p = {:.3}",
            number(trend.lower),
            number(trend.upper),
            trend.p_value.unwrap_or(1.0),
        ),
        (Statistic::TargetReached, Some(target)) => format!(
            "target {} reached in {} ({} to {})",
            target_told(target, unit),
            day(trend.day),
            day(trend.day_from),
            trend.day_until.map_or("never".to_owned(), |day| day.to_string()),
        ),
        (Statistic::TargetReached, None) => format!("target: {note}"),
        (Statistic::Unusual, Some(value)) => format!(
            "unusual in {}: {}, usual are {} to {}",
            day(trend.day),
            shown(value, unit),
            number(trend.lower),
            number(trend.upper),
        ),
        (Statistic::SlopePerYear, None) => format!("no slope: {note}"),
        (Statistic::Rolling12Months, None) => format!("no 12 months together: {note}"),
        (Statistic::Unusual, None) => return None,
    })
}
