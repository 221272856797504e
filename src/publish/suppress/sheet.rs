//! What one measure counts in one calendar year, by scope and period, and how much of it is hidden
//! so that no hidden cell can be had from those that are told.

use std::collections::{BTreeMap, BTreeSet};

use crate::indicators::period::{Period, PeriodKind};
use crate::indicators::scope::Scope;

/// The scopes, the ministry left out, of which each scope is a part.
pub(super) type Wholes = BTreeMap<Scope, Vec<Scope>>;

/// How much of a scope's year is hidden.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hidden {
    #[default]
    Nothing,
    /// Months, quarters and years to date: one alone could be had from the others and the year.
    Parts,
    /// The year as well.
    Whole,
}

impl Hidden {
    /// Returns how much is hidden where a period is.
    pub(super) fn with(kind: PeriodKind) -> Self {
        if kind == PeriodKind::Year { Self::Whole } else { Self::Parts }
    }

    /// Whether a period is among what is hidden.
    pub(super) fn holds(self, kind: PeriodKind) -> bool {
        self >= Self::with(kind)
    }
}

/// A measure's year.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    lines: BTreeMap<Scope, Line>,
}

/// A scope's year. Cells that count nothing are left out: they are no secret and hide nothing.
#[derive(Debug, Default)]
struct Line {
    cells: BTreeMap<Period, Cell>,
    hidden: Hidden,
}

/// What is told of a period: the largest number, and whether any was small.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    n: i64,
    is_small: bool,
}

/// A cell of a sum: where it is, what it counts, whether it is hidden.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<P> {
    pub(super) place: P,
    pub(super) n: i64,
    pub(super) is_hidden: bool,
}

impl Sheet {
    /// Enters what is told of a scope's period; fewer than `below` are small.
    pub(super) fn enter(&mut self, scope: &Scope, period: Period, n: i64, below: i64) {
        if n > 0 {
            let line = self.lines.entry(scope.clone()).or_default();
            let cell = line.cells.entry(period).or_default();
            cell.n = cell.n.max(n);
            cell.is_small |= n < below;
        }
    }

    /// Returns how much of a scope's year is hidden.
    pub(super) fn hidden(&self, scope: &Scope) -> Hidden {
        self.lines.get(scope).map_or(Hidden::Nothing, |line| line.hidden)
    }

    /// Hides so much of a scope's year at least; false when it was.
    pub(super) fn hide(&mut self, scope: &Scope, hidden: Hidden) -> bool {
        let Some(line) = self.lines.get_mut(scope).filter(|line| line.hidden < hidden) else {
            return false;
        };
        line.hidden = hidden;
        true
    }

    /// The scopes that count anything.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.lines.keys()
    }

    /// The periods in which anything is counted.
    pub(super) fn periods(&self) -> BTreeSet<Period> {
        self.lines.values().flat_map(|line| line.cells.keys().copied()).collect()
    }

    /// Returns a cell that counts something.
    pub(super) fn part<P>(&self, place: P, scope: &Scope, period: Period) -> Option<Part<P>> {
        let line = self.lines.get(scope)?;
        let n = line.cells.get(&period)?.n;
        Some(Part { place, n, is_hidden: line.hidden.holds(period.kind) })
    }

    /// Hides small cells, then what would tell them, until nothing would; false where nothing more
    /// was to be hidden.
    pub(super) fn close(&mut self, wholes: &Wholes, below: i64) -> bool {
        let (sums, periods) = (self.sums(wholes), self.periods());
        let mut has_changed = false;
        loop {
            let mut is_closed = true;
            for line in self.lines.values_mut() {
                is_closed &= !line.settle();
            }
            for (whole, parts) in &sums {
                for period in &periods {
                    let parts = parts.iter().filter_map(|scope| self.part(scope, scope, *period));
                    let whole = self.part(whole, whole, *period);
                    let another = another(whole, parts, below).cloned();
                    let another = another.map(|scope| self.hide(&scope, Hidden::with(period.kind)));
                    is_closed &= !another.unwrap_or(false);
                }
            }
            if is_closed {
                return has_changed;
            }
            has_changed = true;
        }
    }

    /// Lists the scopes that others add up to: the ministry by units, by fields and by procedures,
    /// and what else is a whole.
    fn sums(&self, wholes: &Wholes) -> Vec<(Scope, Vec<Scope>)> {
        let mut sums: BTreeMap<(Scope, &str), Vec<Scope>> = BTreeMap::new();
        for scope in self.lines.keys().filter(|scope| **scope != Scope::Ministry) {
            let others = || wholes.get(scope).into_iter().flatten();
            // A unit that is a part of another is no further part of the ministry.
            let is_nested = scope.unit().is_some()
                && others().any(|whole| whole.unit().is_some() && self.lines.contains_key(whole));
            let ministry = Some(&Scope::Ministry).filter(|_| !is_nested);
            for whole in others().chain(ministry) {
                sums.entry((whole.clone(), scope.kind())).or_default().push(scope.clone());
            }
        }
        sums.into_iter().map(|((whole, _), parts)| (whole, parts)).collect()
    }
}

/// Returns what of a sum is to be hidden beside what is: the smallest other part where the only
/// hidden cell could be had from the rest, or where those hidden are small even together; the sum
/// itself where there is no other.
pub(super) fn another<P>(
    whole: Option<Part<P>>,
    parts: impl Iterator<Item = Part<P>>,
    below: i64,
) -> Option<P> {
    let whole = whole?;
    let (mut n_hidden, mut together) = (usize::from(whole.is_hidden), 0);
    let mut smallest: Option<Part<P>> = None;
    for part in parts {
        if part.is_hidden {
            n_hidden += 1;
            together += part.n;
        } else if smallest.as_ref().is_none_or(|smallest| part.n < smallest.n) {
            smallest = Some(part);
        }
    }
    let is_little = !whole.is_hidden && 0 < together && together < below;
    if n_hidden != 1 && !is_little {
        return None;
    }
    smallest.or((!whole.is_hidden).then_some(whole)).map(|part| part.place)
}

impl Line {
    /// Hides what its own cells ask for; false when all of it was hidden.
    fn settle(&mut self) -> bool {
        let small = self.cells.iter().filter(|(_, cell)| cell.is_small);
        let mut hidden = self.hidden;
        hidden = small.fold(hidden, |hidden, (period, _)| hidden.max(Hidden::with(period.kind)));
        // A month that is the only one to count anything is what the year counts.
        let n_months = self.cells.keys().filter(|period| period.kind == PeriodKind::Month).count();
        if hidden == Hidden::Parts && n_months < 2 {
            hidden = Hidden::Whole;
        }
        std::mem::replace(&mut self.hidden, hidden) != hidden
    }
}
