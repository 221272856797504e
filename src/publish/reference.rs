//! The catalogue as a page: what each indicator means, what it is read from, what it should reach and
//! what makes it not measurable.

use std::fmt::Write as _;

use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{
    Adds, Break, Composite, Definitions, Formula, Indicator, Measure, Ratio, Step, Version, When,
};

use super::figures::target_told;

/// Writes the page as Markdown.
pub fn markdown(pipeline: &Pipeline) -> String {
    let definitions = &pipeline.definitions;
    let (indicators, measures) = (definitions.indicators.len(), definitions.measures.len());
    let mut page = format!(
        "# Indicators of `{}`\n\n<!-- Made by `hoso show --reference` from indicators.toml: change that file. -->\n\n\
         {indicators} indicators over {measures} measures. A rate is told with its numerator and \
         denominator, the units expected and included, and a status: `value`, `missing` (nobody has \
         reported), `not_measurable` (no feed tells what would have to be known), `not_applicable` (there \
         is nothing to count, the unit does not exist in the period, or it is a level in a period that still runs). \
         `everywhere(…)` counts over the whole ministry: what no feed of it tells is not measured, what one \
         tells nothing of for a unit is none.\n",
        pipeline.settings.name
    );
    for indicator in definitions.indicators.values() {
        page += &entry(indicator, definitions);
    }
    page += &measures_listed(definitions);
    page += &breaks(definitions);
    page
}

fn entry(indicator: &Indicator, definitions: &Definitions) -> String {
    let Indicator { id, name, words, source, unit, higher_is_better, targets, .. } = indicator;
    let better = match higher_is_better {
        Some(true) => "higher is better",
        Some(false) => "lower is better",
        None => "neither is better",
    };
    let mut lines = vec![
        format!("\n## `{id}`\n"),
        format!("**{}** · {}\n", name.vi, name.en),
        format!("- Formula: {words}"),
        format!("- Source: {source}"),
        format!("- Unit: {}; {better}", unit.name()),
    ];
    for version in &indicator.versions {
        lines.extend(version_told(version, indicator.versions.len() > 1));
    }
    for Step { value, from, source } in targets {
        lines.push(format!("- Target: {} from {from} ({source})", target_told(*value, *unit)));
    }
    lines.extend(indicator.doubt.iter().map(|doubt| format!("- Told beside it: `{doubt}`")));
    let broken = definitions.breaks.iter().filter(|at| at.breaks(id));
    let broken: Vec<String> = broken.map(|at| format!("{} (`{}`)", at.on, at.id)).collect();
    if !broken.is_empty() {
        lines.push(format!("- Breaks: {}", broken.join(", ")));
    }
    lines.join("\n") + "\n"
}

fn version_told(version: &Version, is_one_of_several: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if is_one_of_several {
        let from = version.from.map_or_else(String::new, |day| format!(" from {day}"));
        let until = version.until.map_or_else(String::new, |day| format!(" until {day}"));
        let what = if version.what.en.is_empty() { "" } else { ": " };
        lines.push(format!("- Version {}{from}{until}{what}{}", version.number, version.what.en));
    }
    match &version.formula {
        Formula::Ratio(ratio) => lines.extend(ratio_told(ratio)),
        Formula::Percentile { histogram, share } => {
            lines.push(format!("- Read from: the bin that {share} % of `{histogram}` reach"));
            lines.push("- Not applicable: where nothing is counted".to_owned());
        }
        Formula::Complement(rates) => {
            lines.push(format!("- Read from: 100 % - {}", listed(rates, " - ")));
            lines.push("- Not measurable: where one of them is not".to_owned());
        }
        Formula::Composite(index) => lines.extend(composite_told(index)),
    }
    lines
}

fn composite_told(index: &Composite) -> Vec<String> {
    let mut lines = Vec::new();
    for part in &index.parts {
        let step = |step: &Step| format!("{} % from {} ({})", step.value, step.from, step.source);
        let steps: Vec<String> = part.thresholds.iter().map(step).collect();
        let all = if steps.is_empty() { "" } else { ", all of them from " };
        let mark = if part.is_confirmed { "" } else { "; points not confirmed" };
        let (group, points, id) = (&part.group, part.points, &part.indicator);
        let steps = steps.join(", ");
        lines.push(format!("- {group}: {points} points for `{id}`{all}{steps}{mark}"));
    }
    for group in &index.left_out {
        let (name, points, why) = (&group.group, group.points, &group.why.en);
        lines.push(format!("- {name}: {points} points left out: {why}"));
    }
    let never = "- Not measurable: what has no value is named and left out of both sums";
    lines.push(never.to_owned());
    lines
}

fn ratio_told(ratio: &Ratio) -> Vec<String> {
    let mut lines = Vec::new();
    let numerator = format!("`{}`", ratio.numerator);
    let over = ratio.denominator.as_ref().map_or_else(String::new, |of| format!(" / `{of}`"));
    let times: String = ratio.times.iter().map(|rate| format!(" × `{rate}`")).collect();
    lines.push(format!("- Read from: {numerator}{over}{times}"));
    if let Some(count) = &ratio.counted_by {
        lines.push(format!("- Told with how many it is of: `{count}`"));
    }
    let of = ratio.measured_of.as_ref().or(ratio.denominator.as_ref());
    let known = ratio.known.as_ref().or(ratio.denominator.as_ref());
    if let (Some(of), Some(known), true) = (of, known, of != known) {
        lines
            .push(format!("- Not measurable: where there is some of `{of}` and none of `{known}`"));
    }
    if !ratio.times.is_empty() {
        lines.push("- Not measurable: where a factor is not".to_owned());
    }
    lines
}

fn measures_listed(definitions: &Definitions) -> String {
    let mut page =
        "\n## Measures\n\n| Measure | Counts | When | Where |\n|---|---|---|---|\n".to_owned();
    for (name, measure) in &definitions.measures {
        let Measure { of, when, adds, .. } = measure;
        let counts = match adds {
            Adds::One => of.name().to_owned(),
            Adds::Column(column) => format!("`{column}` of {}", of.name()),
            Adds::Bin(column) => format!("{} by `{column}`", of.name()),
        };
        let when = match when {
            When::Flow { on } => format!("on `{on}`"),
            When::Stock { from, until } => format!("from `{from}` until `{until}`"),
        };
        let condition = definitions.conditions.get(name).map(|text| format!("`{text}`"));
        let condition = condition.unwrap_or_default().replace('|', "\\|");
        writeln!(page, "| `{name}` | {counts} | {when} | {condition} |").expect("a text takes all");
    }
    page
}

fn breaks(definitions: &Definitions) -> String {
    if definitions.breaks.is_empty() {
        return String::new();
    }
    let line =
        |at: &Break| format!("| `{}` | {} | {} | {} |\n", at.id, at.on, at.what.vi, at.what.en);
    let lines: String = definitions.breaks.iter().map(line).collect();
    format!("\n## Breaks\n\n| Break | Day | What changes | |\n|---|---|---|---|\n{lines}")
}

fn listed(names: &[String], between: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(between)
}
