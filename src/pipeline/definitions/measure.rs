//! Measures: what is counted, when, and under which condition.

use std::collections::BTreeSet;

use crate::pipeline::columns::{self, Column, FeedKind, Kind};
use crate::pipeline::condition::{self, Condition};
use crate::pipeline::fault::Faults;
use crate::pipeline::section::Section;

/// What a measure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Dossiers,
    /// The payments of dossiers, and those of none.
    Payments,
    /// The times in which dossiers wait for papers or are paused.
    Pauses,
    Services,
    /// What units should report on: the rows of `completeness`.
    Reports,
    /// What units have delivered: the judgements that stand.
    Deliveries,
}

impl Subject {
    /// Every subject with its name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("dossiers", Self::Dossiers),
        ("payments", Self::Payments),
        ("pauses", Self::Pauses),
        ("services", Self::Services),
        ("reports", Self::Reports),
        ("deliveries", Self::Deliveries),
    ];

    /// What is counted over a cell of dossiers.
    pub const IN_CELLS: [Self; 3] = [Self::Dossiers, Self::Payments, Self::Pauses];

    /// Returns the columns that its measures may use.
    pub fn columns(self) -> Vec<Column> {
        match self {
            Self::Dossiers => columns::of_dossiers().collect(),
            Self::Payments => columns::of_payments().collect(),
            Self::Pauses => columns::of_pauses().collect(),
            Self::Services => columns::SERVICE.to_vec(),
            Self::Reports => columns::REPORT.to_vec(),
            Self::Deliveries => columns::DELIVERY.to_vec(),
        }
    }

    /// Returns the subject's name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// Whether it is told of in units' logs, so that it depends on their reports and may be few
    /// people.
    pub fn is_logged(self) -> bool {
        Self::IN_CELLS.contains(&self)
    }
}

/// When something counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// In the month of a day column.
    Flow { on: &'static str },
    /// From the month of one day column until the month of another.
    Stock { from: &'static str, until: &'static str },
}

/// What of a row is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adds {
    /// The row itself: 1.
    One,
    /// A column of whole numbers; nothing where it is null.
    Column(&'static str),
    /// 1 in the bin of a column of whole numbers: below 0 in that of 0, above 366 in that of 366.
    Bin(&'static str),
}

impl Adds {
    /// Returns the column that it reads.
    pub fn column(self) -> Option<&'static str> {
        match self {
            Self::One => None,
            Self::Column(name) | Self::Bin(name) => Some(name),
        }
    }
}

/// The last bin of a histogram, which holds all above: a year of working days and more.
pub const LAST_BIN: i64 = 366;

/// A measure: an integer by unit, procedure and month.
#[derive(Debug, Clone)]
pub struct Measure {
    pub name: String,
    pub of: Subject,
    pub when: When,
    pub adds: Adds,
    pub filter: Option<Condition>,
}

impl Measure {
    /// Whether it tells a level at the end of a period.
    pub fn is_stock(&self) -> bool {
        matches!(self.when, When::Stock { .. })
    }

    /// Returns every column that it reads.
    pub fn columns(&self) -> BTreeSet<&'static str> {
        let mut read = self.deciding_columns();
        read.extend(self.adds.column());
        read
    }

    /// Returns the columns that decide whether a row counts.
    pub fn deciding_columns(&self) -> BTreeSet<&'static str> {
        let mut read = match self.when {
            When::Flow { on } => BTreeSet::from([on]),
            When::Stock { from, until } => BTreeSet::from([from, until]),
        };
        read.extend(self.filter.iter().flat_map(Condition::columns));
        read
    }

    /// Returns the kinds of feeds, beside units' own logs, without whose reports it counts too few.
    pub fn other_feeds(&self) -> BTreeSet<FeedKind> {
        if !self.of.is_logged() {
            return BTreeSet::new();
        }
        let mut feeds: BTreeSet<FeedKind> =
            self.columns().into_iter().filter_map(columns::owner).collect();
        feeds.extend((self.of == Subject::Payments).then_some(FeedKind::Payment));
        feeds.remove(&FeedKind::Dossier);
        feeds
    }

    /// Reads a measure, and its condition as it is written.
    pub(super) fn read(
        name: String,
        section: &Section<'_>,
        faults: &mut Faults,
    ) -> Option<(Self, Option<String>)> {
        let of = section.choice("of", &Subject::ALL, faults).unwrap_or(Subject::Dossiers);
        let columns = of.columns();
        let is_stock =
            section.choice("kind", &[("flow", false), ("stock", true)], faults).unwrap_or(false);
        let when = if is_stock {
            let from = required("from", Kind::Day, section, &columns, faults);
            let until = required("until", Kind::Day, section, &columns, faults);
            from.zip(until).map(|(from, until)| When::Stock { from, until })
        } else {
            required("on", Kind::Day, section, &columns, faults).map(|on| When::Flow { on })
        };
        let sum = column("sum", Kind::Integer, section, &columns, faults);
        let bins = column("bins", Kind::Integer, section, &columns, faults);
        if (sum.is_some() && bins.is_some()) || (bins.is_some() && is_stock) {
            let message = "a measure counts, sums or makes bins of a flow: one of them";
            faults.add(section.file, section.span.start..section.span.start, message);
        }
        let written = section.text("where", faults);
        let filter = written
            .as_ref()
            .and_then(|text| condition::parse(text, &columns, section.file, faults));
        (filter.is_some() == written.is_some()).then_some(())?;
        let adds = sum.map(Adds::Column).or(bins.map(Adds::Bin)).unwrap_or(Adds::One);
        Some((Self { name, of, when: when?, adds, filter }, written.map(|text| text.value)))
    }
}

fn required(
    key: &'static str,
    kind: Kind,
    section: &Section<'_>,
    columns: &[Column],
    faults: &mut Faults,
) -> Option<&'static str> {
    section.require(key, faults);
    column(key, kind, section, columns, faults)
}

/// Reads the name of a column of a kind.
fn column(
    key: &'static str,
    kind: Kind,
    section: &Section<'_>,
    columns: &[Column],
    faults: &mut Faults,
) -> Option<&'static str> {
    let name = section.text(key, faults)?;
    let fitting = || columns.iter().filter(|column| column.kind == kind);
    let found = fitting().find(|column| column.name == name.value);
    if found.is_none() {
        let what = if kind == Kind::Day { "days" } else { "whole numbers" };
        faults
            .add(section.file, name.span, format!("`{}` is not a column of {what}", name.value))
            .suggest(&name.value, fitting().map(|column| column.name));
    }
    found.map(|column| column.name)
}
