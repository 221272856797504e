//! Revisions: the rows whose facts differ from what was published last, and why.

use std::collections::BTreeMap;

use super::row::{Facts, Row, RowKey};

/// What changed beside the data since the last release.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changes {
    pub definitions: bool,
    pub reference: bool,
}

/// A row that differs from what was published last.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    pub key: RowKey,
    /// `None` where the row is published no more.
    pub new: Option<Facts>,
    pub old: Option<Facts>,
    pub cause: &'static str,
}

/// Compares rows with those published last, gives each the release of its facts, and returns what
/// differs, by key.
pub fn revise(
    rows: &mut [Row],
    published: &[Row],
    release: i64,
    changes: Changes,
) -> Vec<Revision> {
    let mut before: BTreeMap<&RowKey, &Row> = published.iter().map(|row| (&row.key, row)).collect();
    let mut revisions = Vec::new();
    for row in rows {
        let old = before.remove(&row.key);
        match old.filter(|old| old.facts == row.facts) {
            Some(same) => row.release = same.release,
            None => {
                row.release = release;
                revisions.push(Revision {
                    key: row.key.clone(),
                    new: Some(row.facts.clone()),
                    old: old.map(|old| old.facts.clone()),
                    cause: cause(old.map(|old| &old.facts), &row.facts, changes),
                });
            }
        }
    }
    revisions.extend(before.into_values().map(|row| Revision {
        key: row.key.clone(),
        new: None,
        old: Some(row.facts.clone()),
        cause: "withdrawn",
    }));
    revisions.sort_by(|a, b| a.key.cmp(&b.key));
    revisions
}

fn cause(old: Option<&Facts>, new: &Facts, changes: Changes) -> &'static str {
    let Some(old) = old else { return "first" };
    let finalised = Facts { is_final: new.is_final, ..old.clone() };
    if changes.definitions {
        "definition"
    } else if changes.reference {
        "reference"
    } else if finalised == *new {
        "final"
    } else if old.period_end != new.period_end {
        "period_grew"
    } else {
        "data"
    }
}
