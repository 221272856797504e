//! `[contract.*]` of a profile or a feed: what its logs promise beyond their form, and what becomes
//! of what breaks it.

use std::collections::BTreeMap;

use super::columns::{self, Column, FeedKind, STATUSES};
use super::condition::{self, Condition};
use super::fault::Faults;
use super::section::{Placed, Section};
use super::settings::{Bilingual, bilingual};

/// Contracts by id.
pub type Contracts = BTreeMap<String, Contract>;

/// One promise.
#[derive(Debug, Clone)]
pub struct Contract {
    /// What is wrong where it is broken, as an officer reads it.
    pub name: Bilingual,
    pub clause: Clause,
    pub consequence: Consequence,
}

/// What is promised.
#[derive(Debug, Clone)]
pub enum Clause {
    /// Of each record: not false. As in SQL, what is unknown breaks nothing.
    Check(Condition),
    /// Of all records of a delivery: no two differ that are alike in these columns.
    Unique(Vec<&'static str>),
    /// Of a delivery: how many records tell of dossiers.
    Records { min: i64, max: i64 },
    /// Of a dossier: its status never changes so, from the first to the second.
    NoChange(Vec<(&'static str, &'static str)>),
}

/// What becomes of what breaks a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// The record goes to quarantine.
    Reject,
    /// The record is accepted and marked; a delivery is accepted with a note.
    Mark,
    /// The whole delivery is refused.
    Refuse,
}

impl Contract {
    /// Returns the columns that it cannot do without.
    pub fn columns(&self) -> Vec<&'static str> {
        match &self.clause {
            Clause::Check(condition) => condition.columns().into_iter().collect(),
            Clause::Unique(columns) => columns.clone(),
            Clause::Records { .. } => Vec::new(),
            Clause::NoChange(_) => vec!["status"],
        }
    }
}

/// Reads the contracts of a profile, or those that a feed puts in their place.
pub(super) fn read(
    contracts: &mut Contracts,
    feed: FeedKind,
    section: &Section<'_>,
    faults: &mut Faults,
) {
    let Some(section) = section.section("contract", faults) else { return };
    for (id, section) in section.named_sections(faults) {
        if feed == FeedKind::Control {
            let message = "form II.06a has no records that a contract could hold for";
            let fault = faults.add(section.file, id.span, message);
            fault.hint("take it away: the form is held against itself and against the unit's log");
            continue;
        }
        let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if id.value.is_empty() || !id.value.bytes().all(is_allowed) {
            let message = format!("`{}` is no id of a contract", id.value);
            let fault = faults.add(section.file, id.span.clone(), message);
            fault.hint("small letters, digits and `_`, such as [contract.due_day]");
        }
        let contract = read_one(feed, &section, faults);
        section.finish(faults);
        contracts.extend(contract.map(|contract| (id.value, contract)));
    }
}

fn read_one(feed: FeedKind, section: &Section<'_>, faults: &mut Faults) -> Option<Contract> {
    // The unit is the unit's own to tell: a record of another feed has none.
    let has = |column: &&Column| {
        feed.may_supply(column.name) && (feed == FeedKind::Dossier || column.name != "unit_code")
    };
    let columns: Vec<Column> = columns::SUPPLIED.iter().filter(has).copied().collect();
    let name = bilingual(section, "name", faults);
    let check = section.text("check", faults);
    let unique = section.texts("unique", faults);
    let records = section.section("records", faults);
    let no_change = section.texts("no_change", faults);
    section.require("severity", faults);
    let severity = section.text("severity", faults);
    let n_clauses = [check.is_some(), !unique.is_empty(), records.is_some(), !no_change.is_empty()];
    if n_clauses.iter().filter(|is_there| **is_there).count() != 1 {
        let fault = faults.add(section.file, section.span.clone(), "a contract has one clause");
        fault.hint("one of: check, unique, records, no_change");
        return None;
    }
    let clause = if let Some(check) = check {
        Clause::Check(condition(&check, &columns, section, faults)?)
    } else if let Some(records) = records {
        bounds(&records, faults)
    } else if unique.is_empty() {
        Clause::NoChange(changes(&no_change, section, faults))
    } else {
        Clause::Unique(named(&unique, &columns, section, faults))
    };
    let consequence = consequence(&clause, severity?, section, faults)?;
    Some(Contract { name, clause, consequence })
}

/// Reads a condition on a record: one that reads no column tells nothing of it.
fn condition(
    check: &Placed<String>,
    columns: &[Column],
    section: &Section<'_>,
    faults: &mut Faults,
) -> Option<Condition> {
    let condition = condition::parse(check, columns, section.file, faults)?;
    if condition.columns().is_empty() {
        let fault = faults.add(section.file, check.span.clone(), "the check reads no column");
        fault.hint("a condition on what a record says, such as due_on IS NOT NULL");
    }
    Some(condition)
}

/// Reads how many records a delivery may have: some number must break it, and some must not.
fn bounds(records: &Section<'_>, faults: &mut Faults) -> Clause {
    let (min, max) = (records.count("min", faults), records.count("max", faults));
    records.finish(faults);
    let bound = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (min, max) = (min.map_or(0, bound), max.map_or(i64::MAX, bound));
    let message = match (min, max) {
        (0, i64::MAX) => "no number of records can break it",
        _ if min > max => "`min` is more than `max`: every number of records breaks it",
        _ => return Clause::Records { min, max },
    };
    let fault = faults.add(records.file, records.span.clone(), message);
    fault.hint("records = { min = 100, max = 20000 }; either may be left out");
    Clause::Records { min, max }
}

/// Reads what becomes of a breach, which must be possible for the clause: a record cannot be
/// rejected for what others tell, nor may a fate depend on what came before.
fn consequence(
    clause: &Clause,
    severity: Placed<String>,
    section: &Section<'_>,
    faults: &mut Faults,
) -> Option<Consequence> {
    let all = [
        ("reject", Consequence::Reject),
        ("mark", Consequence::Mark),
        ("refuse", Consequence::Refuse),
    ];
    let possible = match clause {
        Clause::Check(_) | Clause::Unique(_) => &all[..],
        Clause::Records { .. } => &all[1..],
        Clause::NoChange(_) => &all[1..2],
    };
    section.choose("severity", severity, possible, faults)
}

fn named(
    names: &[Placed<String>],
    columns: &[Column],
    section: &Section<'_>,
    faults: &mut Faults,
) -> Vec<&'static str> {
    let mut found = Vec::new();
    for name in names {
        match columns.iter().find(|column| column.name == name.value) {
            Some(column) => found.push(column.name),
            None => faults
                .add(section.file, name.span.clone(), format!("unknown column `{}`", name.value))
                .suggest(&name.value, columns.iter().map(|column| column.name)),
        }
    }
    found
}

/// Reads changes of status, each written `completed -> processing`.
fn changes(
    texts: &[Placed<String>],
    section: &Section<'_>,
    faults: &mut Faults,
) -> Vec<(&'static str, &'static str)> {
    let status = |text: &str| {
        STATUSES.iter().map(|(status, _)| *status).find(|status| *status == text.trim())
    };
    let mut changes = Vec::new();
    for text in texts {
        let change = text.value.split_once("->");
        match change.and_then(|(from, to)| status(from).zip(status(to))) {
            Some((from, to)) if from == to => {
                let message = format!("`{}` is no change: both are `{from}`", text.value);
                let fault = faults.add(section.file, text.span.clone(), message);
                fault.hint("from one status to another, such as completed -> processing");
            }
            Some(change) => changes.push(change),
            None => {
                let message = format!("`{}` is no change of status", text.value);
                let statuses: Vec<&str> = STATUSES.iter().map(|(status, _)| *status).collect();
                let hint = format!("completed -> processing, of: {}", statuses.join(", "));
                faults.add(section.file, text.span.clone(), message).hint(hint);
            }
        }
    }
    changes
}
