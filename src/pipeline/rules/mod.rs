//! The rules by which records and deliveries are judged: their ids, and the words in which an
//! officer or an engineer reads them. Messages are made when shown, from masked parameters.

mod contracts;
mod deliveries;
mod guards;
mod marks;
mod records;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Parameters of a judgement, masked: known codes, headings, counts, days and shapes.
pub type Params = BTreeMap<String, String>;

/// What a rule does to what breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The record goes to quarantine.
    Reject,
    /// The record is no dossier: a totals row, a blank row.
    OutOfScope,
    /// The whole delivery is refused.
    Refuse,
    /// The record is accepted and marked.
    Mark,
    /// A release tells it, or is stopped by it.
    Guard,
}

/// A rule: its id, what it does and how it is told; `{name}` stands for a parameter.
#[derive(Debug)]
pub struct Rule {
    pub id: &'static str,
    pub severity: Severity,
    pub en: &'static str,
    pub vi: &'static str,
}

/// Why a delivery is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    pub rule: String,
    pub params: Params,
}

impl Refusal {
    /// Makes a refusal from a rule's id and its parameters.
    pub fn new<const N: usize>(rule: &str, params: [(&str, String); N]) -> Self {
        Self { rule: rule.to_owned(), params: params_of(params) }
    }
}

/// What is worth knowing of a delivery that was accepted: a rule and its parameters.
pub type Note = Refusal;

/// Collects parameters.
pub fn params_of<const N: usize>(params: [(&str, String); N]) -> Params {
    params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The language in which a message is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Vietnamese,
}

/// Tells a rule's breach in words.
pub fn message(rule: &str, params: &Params, language: Language) -> String {
    let Some(rule) = find(rule) else { return format!("{rule} {params:?}") };
    let template = match language {
        Language::English => rule.en,
        Language::Vietnamese => rule.vi,
    };
    params.iter().fold(template.to_owned(), |text, (name, value)| {
        let shown = match language {
            Language::English => value,
            Language::Vietnamese => words::in_vietnamese(name, value),
        };
        text.replace(&format!("{{{name}}}"), shown)
    })
}

/// Finds a rule by its id.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// Returns every rule: on deliveries, on records, of contracts, the marks, the guards.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let lists = [deliveries::RULES, records::RULES, contracts::RULES, marks::RULES, guards::RULES];
    lists.into_iter().flatten()
}

/// Returns the ids of the guards.
pub fn guards() -> impl Iterator<Item = &'static str> {
    guards::RULES.iter().map(|rule| rule.id)
}

const fn rule(id: &'static str, severity: Severity, en: &'static str, vi: &'static str) -> Rule {
    Rule { id, severity, en, vi }
}
