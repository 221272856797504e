//! Revisions: the rows whose facts differ from what was published last, and why.

use std::collections::BTreeSet;

use super::Indicators;
use super::columns::Columns;
use super::row::{Beside, Facts, Numbers, Row, RowKey, Status};
use super::scope::Scope;

/// What changed since the last release.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The versions of indicators whose formula or measures differ, such as `received@1`.
    pub formulas: BTreeSet<String>,
    /// The part of the reference data that alone differs, or `reference`.
    pub reference: Option<&'static str>,
    pub news: Vec<News>,
}

/// A delivery that was judged since the last release.
#[derive(Debug, Clone)]
pub struct News {
    pub delivery: String,
    /// The units whose own figures it may change; none means any unit's.
    pub units: BTreeSet<String>,
    pub cause: Cause,
}

/// How a delivery changes what was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// It tells of a period that was published without it.
    LateData,
    /// It takes the place of an earlier one.
    CorrectedFile,
    /// It was judged again.
    Replay,
    /// It was withdrawn.
    Withdrawal,
}

impl Cause {
    fn name(self) -> &'static str {
        match self {
            Self::LateData => "late_data",
            Self::CorrectedFile => "corrected_file",
            Self::Replay => "replay",
            Self::Withdrawal => "delivery_withdrawn",
        }
    }
}

impl Changes {
    /// Returns the deliveries that may have changed the figures of a scope.
    fn behind(&self, scope: &Scope) -> impl Iterator<Item = &News> {
        let is_behind = |news: &&News| match scope.unit() {
            Some(unit) => news.units.is_empty() || news.units.contains(&**unit),
            None => true,
        };
        self.news.iter().filter(is_behind)
    }
}

/// A row that differs from what was published last.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    pub key: RowKey,
    /// `None` where the row is published no more.
    pub new: Option<Facts>,
    pub old: Option<Facts>,
    pub cause: &'static str,
    /// The deliveries that may have changed it, by id.
    pub deliveries: Vec<String>,
}

/// A published revision, read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub key: RowKey,
    pub release: u64,
    pub published_at: String,
    pub cause: String,
    /// The deliveries that may have changed it, by id.
    pub deliveries: Vec<String>,
    /// `None` where the row is published no more.
    pub new: Option<Figure>,
    /// What components tell beside the new figure.
    pub beside: Beside,
    /// `None` where it was published for the first time.
    pub old: Option<Figure>,
}

/// What a revision tells of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    pub numbers: Numbers,
    pub value: Option<f64>,
    pub status: Status,
}

/// How far values were revised after they were published.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// How many values were revised.
    pub n: usize,
    /// The mean revision, later value less earlier, in the unit of the values.
    pub mean: f64,
    /// The mean of the revisions whatever their sign.
    pub mean_absolute: f64,
}

impl Accuracy {
    /// Measures the revisions of whole periods; `None` where none was revised. That a running period
    /// grew is no revision.
    pub fn of<'a>(told: impl Iterator<Item = &'a Told>) -> Option<Self> {
        let revised = told.filter(|told| !["period_grew", "period_shrank"].contains(&&*told.cause));
        let change = |told: &Told| Some(told.new?.value? - told.old?.value?);
        let changes: Vec<f64> =
            revised.filter_map(change).filter(|change| *change != 0.0).collect();
        let n = changes.len();
        (n > 0).then(|| Self {
            n,
            mean: changes.iter().sum::<f64>() / n as f64,
            mean_absolute: changes.iter().map(|change| change.abs()).sum::<f64>() / n as f64,
        })
    }
}

/// Compares rows, sorted by key, with those published last, gives each the release of its facts, and
/// returns what differs, by key.
pub fn revise(
    rows: &mut [Row],
    published: &Indicators,
    release: i64,
    changes: &Changes,
) -> Vec<Revision> {
    let mut revisions = Vec::new();
    revise_each(rows, published, release, changes, |revision| revisions.push(revision));
    revisions
}

/// As [`revise`], but hands each revision on: of a first release there is one for each row.
pub fn revise_each(
    rows: &mut [Row],
    published: &Indicators,
    release: i64,
    changes: &Changes,
    mut put: impl FnMut(Revision),
) {
    assert!(rows.is_sorted_by(|a, b| a.key <= b.key), "the rows are sorted by key");
    let columns = Columns::new(published.batch());
    let (facts, released) = (columns.facts(), columns.integers("release"));
    let keys: Vec<RowKey> = (0..published.batch().num_rows()).map(columns.keys()).collect();
    let mut before: Vec<usize> = (0..keys.len()).collect();
    // They were published in this order; whoever has changed that is found out all the same.
    before.sort_by(|a, b| keys[*a].cmp(&keys[*b]));
    let mut before = before.into_iter().peekable();
    let withdrawn = |at: usize| Revision {
        key: keys[at].clone(),
        new: None,
        old: Some(facts(at)),
        cause: "withdrawn",
        deliveries: Vec::new(),
    };
    for row in rows {
        while let Some(gone) = before.next_if(|at| keys[*at] < row.key) {
            put(withdrawn(gone));
        }
        let at = before.next_if(|at| keys[*at] == row.key);
        let old = at.map(&facts);
        if old.as_ref() == Some(&row.facts) {
            row.release = at.and_then(&released).unwrap_or_default();
            continue;
        }
        row.release = release;
        put(Revision {
            cause: cause(&row.key, old.as_ref(), &row.facts, changes),
            deliveries: match old {
                Some(_) => deliveries(&row.key.scope, changes),
                None => Vec::new(),
            },
            key: row.key.clone(),
            new: Some(row.facts.clone()),
            old,
        });
    }
    before.map(withdrawn).for_each(put);
}

fn deliveries(scope: &Scope, changes: &Changes) -> Vec<String> {
    changes.behind(scope).map(|news| news.delivery.clone()).collect()
}

fn cause(key: &RowKey, old: Option<&Facts>, new: &Facts, changes: &Changes) -> &'static str {
    let Some(old) = old else { return "first" };
    let finalised = Facts { is_final: new.is_final, ..old.clone() };
    if changes.formulas.contains(&format!("{}@{}", key.indicator, key.version)) {
        "definition"
    } else if let Some(part) = changes.reference {
        part
    } else if finalised == *new {
        "final"
    } else if old.period_end != new.period_end {
        if old.period_end < new.period_end { "period_grew" } else { "period_shrank" }
    } else {
        // Without news the figure changed for what another run has brought meanwhile.
        changes.behind(&key.scope).map(|news| news.cause).max().map_or("data", Cause::name)
    }
}
