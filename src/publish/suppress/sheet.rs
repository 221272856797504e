//! What one measure counts in one calendar year, by scope and period, and how much of it is hidden
//! so that no hidden cell can be had from those that are told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::indicators::period::{Period, PeriodKind};
use crate::indicators::scope::Scope;

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
    fn with(kind: PeriodKind) -> Self {
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

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    /// The largest number that is told of it.
    size: i64,
    is_small: bool,
}

impl Sheet {
    /// Enters what is told of a scope's period.
    pub(super) fn enter(&mut self, scope: &Scope, period: Period, size: i64, is_small: bool) {
        if size > 0 {
            let line = self.lines.entry(scope.clone()).or_default();
            let cell = line.cells.entry(period).or_default();
            cell.size = cell.size.max(size);
            cell.is_small |= is_small;
        }
    }

    /// Returns how much of a scope's year is hidden.
    pub(super) fn hidden(&self, scope: &Scope) -> Hidden {
        self.lines.get(scope).map_or(Hidden::Nothing, |line| line.hidden)
    }

    /// Hides small cells, then what would tell them, until nothing would.
    pub(super) fn close(&mut self, fields: &BTreeMap<Arc<str>, Scope>, below: i64) {
        let sums = self.sums(fields);
        let cells = self.lines.values().flat_map(|line| line.cells.keys());
        let periods: BTreeSet<Period> = cells.copied().collect();
        let mut is_closed = false;
        while !is_closed {
            is_closed = true;
            for line in self.lines.values_mut() {
                is_closed &= !line.settle();
            }
            for (whole, parts) in &sums {
                for period in &periods {
                    is_closed &= !self.hide_another(whole, parts, *period, below);
                }
            }
        }
    }

    /// Lists the scopes that others add up to: the ministry by units, by fields and by procedures,
    /// and a field by its procedures.
    fn sums(&self, fields: &BTreeMap<Arc<str>, Scope>) -> Vec<(Scope, Vec<Scope>)> {
        let mut sums: BTreeMap<(Scope, &str), Vec<Scope>> = BTreeMap::new();
        for scope in self.lines.keys().filter(|scope| **scope != Scope::Ministry) {
            let field = scope.procedure().and_then(|code| fields.get(code)).cloned();
            for whole in std::iter::once(Scope::Ministry).chain(field) {
                sums.entry((whole, scope.kind())).or_default().push(scope.clone());
            }
        }
        sums.into_iter().map(|((whole, _), parts)| (whole, parts)).collect()
    }

    /// Hides the smallest other cell of a sum where the only hidden one could be had from the rest,
    /// or where those hidden are small even together; the sum itself where there is no other.
    fn hide_another(&mut self, whole: &Scope, parts: &[Scope], period: Period, below: i64) -> bool {
        let Some((_, is_sum_hidden)) = self.cell(whole, period) else { return false };
        let (mut n_hidden, mut together) = (usize::from(is_sum_hidden), 0);
        let mut smallest: Option<(i64, &Scope)> = None;
        for scope in parts {
            match self.cell(scope, period) {
                Some((size, true)) => {
                    n_hidden += 1;
                    together += size;
                }
                Some((size, false)) => {
                    let other = (size, scope);
                    smallest = Some(smallest.map_or(other, |smallest| smallest.min(other)));
                }
                None => {}
            }
        }
        let is_little = !is_sum_hidden && 0 < together && together < below;
        if n_hidden != 1 && !is_little {
            return false;
        }
        let other = smallest.map(|(_, scope)| scope).or((!is_sum_hidden).then_some(whole));
        let Some(line) = other.and_then(|scope| self.lines.get_mut(scope)) else { return false };
        line.hidden = line.hidden.max(Hidden::with(period.kind));
        true
    }

    /// Returns the size of a cell that counts something, and whether it is hidden.
    fn cell(&self, scope: &Scope, period: Period) -> Option<(i64, bool)> {
        let line = self.lines.get(scope)?;
        Some((line.cells.get(&period)?.size, line.hidden.holds(period.kind)))
    }
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
