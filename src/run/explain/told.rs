//! An explanation as text, and as JSON as `docs/schemas/explain.schema.json` describes it.

use serde_json::{Value, json};

use crate::indicators::completeness::Report;
use crate::indicators::revise::{Figure, Told};
use crate::indicators::row::Status;
use crate::pipeline::definitions::{Adds, Step, Subject, When};
use crate::pipeline::rules::{Language, message};
use crate::publish::{components, figures};
use crate::run::ledger::Judgement;

use super::doubts::Rejects;
use super::sides::{Side, Term};
use super::{Explanation, Part};

const ROLES: [&str; 2] = ["numerator", "denominator"];

impl Explanation {
    /// Tells it in the order in which one asks.
    pub fn text(&self, language: Language) -> String {
        let mut lines = self.head(language);
        lines.extend(self.roles().flat_map(|(role, side)| definitions(role, side)));
        lines.extend(components::lines(&self.row));
        let target = self.target();
        lines.extend(target.map(|t| format!("target {} from {}: {}", t.value, t.from, t.source)));
        if !self.parts.is_empty() {
            lines.push(format!("by {}", self.kind_of_part()));
            lines.extend(self.parts.iter().map(|part| counts(&or_dash(part), part)));
        }
        lines.extend(self.files_told());
        lines.extend(self.disagreements());
        let rejects = &self.doubts.rejects;
        let n_records: i64 = rejects.iter().map(|rejects| rejects.n_records).sum();
        lines.push(format!("rejected records that could change it: {n_records}"));
        lines.extend(rejects.iter().map(|rejects| {
            let Rejects { delivery, name, rule, n_records, .. } = rejects;
            format!("  {delivery} `{name}` {rule}: {n_records}")
        }));
        lines.extend(self.missing_told());
        let refused = &self.doubts.refused;
        lines.push(format!("refused deliveries that could change it: {}", refused.len()));
        lines.extend(refused.iter().map(|refused| {
            let (delivery, name) = (refused.delivery(), &refused.name);
            format!("  {delivery} `{name}`: {}", why(refused, language))
        }));
        lines.push("as published".to_owned());
        lines.extend(self.earlier.iter().map(change));
        let (n_since, n_rejected) = self.since;
        if n_since > 0 {
            lines.push(format!(
                "judged since, and in no release yet: {n_since} deliveries that could change it, \
                 {n_rejected} of their records rejected: `hoso plan` tells what they would change"
            ));
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// Returns it as JSON.
    pub fn json(&self) -> Value {
        let Self { row, indicator, doubts, .. } = self;
        let measures: Vec<Value> =
            self.roles().flat_map(|(role, side)| side_json(role, side)).collect();
        let kind = format!("{}_code", self.kind_of_part());
        let part = |part: &Part| {
            json!({
                &*kind: part.name,
                "numerator": part.counts[0],
                "denominator": part.counts[1],
            })
        };
        let file = |part: &Part| {
            json!({
                "delivery": part.name,
                "name": self.name_of(part),
                "numerator": part.counts[0],
                "denominator": part.counts[1],
            })
        };
        json!({
            "indicator": indicator.id,
            "name_vi": indicator.name.vi,
            "name_en": indicator.name.en,
            "cell": figures::row_json(row),
            "release": self.release,
            "published_at": self.published_at,
            "measures": measures,
            "components": components::json(row),
            "target": self.target().map(|target| json!({
                "value": target.value,
                "from": target.from.to_string(),
                "source": target.source,
            })),
            "parts": self.parts.iter().map(part).collect::<Vec<_>>(),
            "files": self.files.iter().map(file).collect::<Vec<_>>(),
            "disagreements": self.disagreements(),
            "rejects": doubts.rejects.iter().map(rejects_json).collect::<Vec<_>>(),
            "missing": doubts.missing.iter().map(missing_json).collect::<Vec<_>>(),
            "refused": doubts.refused.iter().map(refused_json).collect::<Vec<_>>(),
            "earlier": self.earlier.iter().map(earlier_json).collect::<Vec<_>>(),
            "since": { "deliveries": self.since.0, "rejected": self.since.1 },
        })
    }

    fn head(&self, language: Language) -> Vec<String> {
        let Self { row, indicator, release, published_at, .. } = self;
        let (name, version) = (figures::name(indicator, language), row.key.version);
        let (scope, period) = (row.key.scope.name(), row.key.period.label());
        let (start, end) = super::days_of(row);
        let last = end.pred_opt().unwrap_or(end);
        let facts = &row.facts;
        let state = if facts.is_final { "final" } else { "provisional" };
        let units = format!("{} of {} units included", facts.units_included, facts.units_expected);
        let value = figures::told(row).split_whitespace().collect::<Vec<_>>().join(" ");
        let status = facts.status.name();
        vec![
            format!("{}: {name}, definition version {version}", indicator.id),
            format!("{scope}, {period} ({start} to {last}), as of release {release}: {value}"),
            format!(
                "  {status}; {state}; {units}; last published in release {}, {published_at}",
                row.release
            ),
        ]
    }

    fn roles(&self) -> impl Iterator<Item = (&'static str, &Side)> {
        let roles = ROLES.into_iter().zip(&self.sides);
        roles.filter_map(|(role, side)| Some((role, side.as_ref()?)))
    }

    /// The target in `indicators.toml` that holds at the end of the period.
    fn target(&self) -> Option<&Step> {
        let (_, end) = super::days_of(&self.row);
        self.indicator.target_at(end.pred_opt()?)
    }

    fn kind_of_part(&self) -> &'static str {
        if self.row.key.scope.unit().is_some() { "procedure" } else { "unit" }
    }

    fn name_of(&self, part: &Part) -> Option<&String> {
        self.names.get(part.name.as_ref()?)
    }

    fn files_told(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.files.is_empty() {
            lines.push("by delivery, each dossier under the last that tells of it".to_owned());
        }
        lines.extend(self.files.iter().map(|part| {
            let name = self.name_of(part).map_or("", String::as_str);
            counts(&format!("{} `{name}`", or_dash(part)), part)
        }));
        for (role, side) in self.roles().filter(|(_, side)| !side.reads(Subject::is_logged)) {
            let from = side.terms.first().map_or("nothing", |term| origin(term.measure.of));
            lines.push(format!("the {role} comes from no delivery: it is counted over {from}"));
        }
        lines
    }

    fn missing_told(&self) -> Vec<String> {
        let missing = &self.doubts.missing;
        let mut lines = vec![format!("missing reports: {}", missing.len())];
        for reports in missing.chunk_by(|a, b| (&a.unit, &a.feed) == (&b.unit, &b.feed)) {
            let day = |report: &Report| {
                let last = report.end.pred_opt().unwrap_or(report.end);
                format!("{} to {last}", report.start)
            };
            let periods: Vec<String> = reports.iter().map(day).collect();
            let (unit, feed) = (&reports[0].unit, &reports[0].feed);
            lines.push(format!("  {unit} {feed}: {}", periods.join(", ")));
        }
        lines
    }

    /// Says where parts or files do not add up to what was published, and why that may be.
    fn disagreements(&self) -> Vec<String> {
        let mut told = Vec::new();
        for (at, role) in ROLES.into_iter().enumerate() {
            let Some(side) = &self.sides[at] else { continue };
            let Some(published) = side.published else { continue };
            let sum = |parts: &[Part]| parts.iter().filter_map(|part| part.counts[at]).sum::<i64>();
            let sums = [
                (self.kind_of_part(), sum(&self.parts), side.adds_up()),
                ("delivery", sum(&self.files), side.counts_dossiers()),
            ];
            let differing = sums.into_iter().filter(|(_, sum, holds)| *holds && *sum != published);
            told.extend(differing.map(|(kind, sum, _)| {
                format!("the {role} by {kind} comes to {sum}, and {published} was published")
            }));
        }
        if !self.others.is_empty() {
            let (release, others) = (self.release, self.others.join(" and "));
            told.push(format!(
                "release {release} was made with other {others} than this pipeline's"
            ));
        }
        told
    }
}

/// Lists the measures of a numerator or denominator.
fn side_json(role: &str, side: &Side) -> Vec<Value> {
    let term = |term: &Term| {
        let measure = &term.measure;
        let days = match measure.when {
            When::Flow { on } => json!({ "on": on }),
            When::Stock { from, until } => json!({ "from": from, "until": until }),
        };
        json!({
            "role": role,
            "total": side.total,
            "sign": term.sign,
            "at_start": term.is_at_start,
            "measure": measure.name,
            "of": measure.of.name(),
            "days": days,
            "where": term.condition,
            "published": side.published,
        })
    };
    side.terms.iter().map(term).collect()
}

/// Tells a numerator or denominator in words: the total where it is not one measure alone, and each
/// measure.
fn definitions(role: &str, side: &Side) -> Vec<String> {
    if let [term] = &side.terms[..]
        && side.total == term.measure.name
    {
        return vec![format!("{role} {}", definition(term))];
    }
    let terms = side.terms.iter().map(|term| format!("  {}", definition(term)));
    [format!("{role} {}", side.total)].into_iter().chain(terms).collect()
}

/// Tells a measure in words.
fn definition(Term { measure, condition, is_at_start, .. }: &Term) -> String {
    let days = match measure.when {
        When::Flow { on } => format!("by {on}"),
        When::Stock { from, until } => {
            let at = if *is_at_start { "beginning" } else { "end" };
            format!("at the {at}, from {from} until {until}")
        }
    };
    let adds = match measure.adds {
        Adds::One => String::new(),
        Adds::Column(column) => format!("{column} of "),
        Adds::Bin(column) => format!("bins of {column} of "),
    };
    let condition = condition.as_ref();
    let condition = condition.map_or_else(String::new, |text| format!(", where {text}"));
    format!("{}: {adds}{} {days}{condition}", measure.name, measure.of.name())
}

/// Names what a measure is counted over.
fn origin(subject: Subject) -> &'static str {
    match subject {
        Subject::Dossiers | Subject::Payments | Subject::Pauses => "the dossiers",
        Subject::Services => "services.csv",
        Subject::Reports => "the table completeness",
        Subject::Deliveries => "the table deliveries",
    }
}

fn or_dash(part: &Part) -> String {
    part.name.clone().unwrap_or_else(|| "-".to_owned())
}

fn counts(name: &str, part: &Part) -> String {
    let counts: Vec<String> = part.counts.iter().flatten().map(ToString::to_string).collect();
    format!("  {name}: {}", counts.join(" / "))
}

fn change(change: &Told) -> String {
    let Told { release, published_at, cause, old, new, deliveries, .. } = change;
    let old = old.as_ref().map_or_else(String::new, |old| format!("{} -> ", figure(old)));
    let new = new.as_ref().map_or_else(|| "published no more".to_owned(), figure);
    let behind = if deliveries.is_empty() {
        String::new()
    } else {
        format!(", after {}", deliveries.join(" "))
    };
    format!("  release {release}, {published_at}, {cause}: {old}{new}{behind}")
}

fn figure(figure: &Figure) -> String {
    let Figure { numbers, value, status } = figure;
    let mut told: Vec<String> =
        [numbers.numerator, numbers.denominator].iter().flatten().map(i64::to_string).collect();
    if told.is_empty() {
        told.extend(value.map(|value| format!("{value:.2}")));
    }
    match status {
        Status::Value => told.join(" / "),
        _ if told.is_empty() => status.name().to_owned(),
        _ => format!("{}, {}", told.join(" / "), status.name()),
    }
}

fn why(refused: &Judgement, language: Language) -> String {
    let refusal = refused.refusal.as_ref();
    refusal.map_or_else(String::new, |refusal| message(&refusal.rule, &refusal.params, language))
}

fn rejects_json(rejects: &Rejects) -> Value {
    json!({
        "unit_code": rejects.unit,
        "delivery": rejects.delivery,
        "name": rejects.name,
        "rule": rejects.rule,
        "records": rejects.n_records,
    })
}

fn missing_json(report: &Report) -> Value {
    json!({
        "unit_code": report.unit,
        "feed": report.feed,
        "period_start": report.start.to_string(),
        "period_end": report.end.to_string(),
        "status": report.status(),
    })
}

fn refused_json(refused: &Judgement) -> Value {
    json!({
        "unit_code": refused.unit,
        "delivery": refused.delivery(),
        "name": refused.name,
        "rule": refused.refusal.as_ref().map(|refusal| &refusal.rule),
        "reason_vi": why(refused, Language::Vietnamese),
        "reason_en": why(refused, Language::English),
    })
}

fn earlier_json(change: &Told) -> Value {
    let figure = |figure: &Figure| {
        json!({
            "numerator": figure.numbers.numerator,
            "denominator": figure.numbers.denominator,
            "value": figure.value,
            "status": figure.status.name(),
        })
    };
    json!({
        "release": change.release,
        "published_at": change.published_at,
        "cause": change.cause,
        "old": change.old.as_ref().map(figure),
        "new": change.new.as_ref().map(figure),
        "deliveries": change.deliveries,
    })
}
