//! The sheets of all measures: what a rate leaves of its denominator is hidden with its numerator,
//! and measures that add up tell nothing of one another.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike as _;

use crate::indicators::period::Period;
use crate::indicators::row::{Numbers, RowKey};
use crate::indicators::scope::Scope;
use crate::pipeline::definitions::{Definitions, Subject};

use super::sheet::{Hidden, Sheet, Wholes, another};

/// The numbers of a measure by cell, zeros among them.
type Counts = BTreeMap<(Scope, Period), i64>;

/// Measures by name and calendar year.
#[derive(Debug, Default)]
pub(super) struct Sheets {
    sheets: BTreeMap<String, BTreeMap<i32, Sheet>>,
    counts: BTreeMap<String, Counts>,
    /// Numerator and rest of each rate.
    rests: BTreeSet<(String, String)>,
}

/// What a row tells: the names of its numerator, its denominator and of what is left of that.
struct Names {
    numerator: String,
    denominator: Option<String>,
    rest: Option<String>,
}

impl Sheets {
    /// Enters what is told of a cell; fewer than `below` are small.
    pub(super) fn enter(
        &mut self,
        definitions: &Definitions,
        key: &RowKey,
        numbers: Numbers,
        below: i64,
    ) {
        let Some(names) = names(definitions, key) else { return };
        let Numbers { numerator, denominator } = numbers;
        let rest = numerator.zip(denominator).map(|(numerator, of)| of - numerator);
        let told = [
            (Some(&names.numerator), numerator),
            (names.denominator.as_ref(), denominator),
            (names.rest.as_ref(), rest),
        ];
        for (name, n) in told {
            let Some((name, n)) = name.zip(n) else { continue };
            let years = self.sheets.entry(name.clone()).or_default();
            let sheet = years.entry(key.period.start.year()).or_default();
            sheet.enter(&key.scope, key.period, n, below);
            if names.rest.as_ref() != Some(name) {
                let counts = self.counts.entry(name.clone()).or_default();
                counts.insert((key.scope.clone(), key.period), n);
            }
        }
        self.rests.extend(names.rest.map(|rest| (names.numerator, rest)));
    }

    /// Hides small cells, then what would tell them, until nothing would.
    pub(super) fn close(&mut self, wholes: &Wholes, below: i64) {
        let sums = self.sums();
        loop {
            let mut has_changed = false;
            for sheet in self.sheets.values_mut().flat_map(BTreeMap::values_mut) {
                has_changed |= sheet.close(wholes, below);
            }
            for (numerator, rest) in self.rests.clone() {
                has_changed |= self.hide_beside_rest(&numerator, &rest);
            }
            for sum in &sums {
                has_changed |= self.hide_another(sum, below);
            }
            if !has_changed {
                return;
            }
        }
    }

    /// Returns how much of a row's scope and year is hidden, by any of its measures.
    pub(super) fn hidden(&self, definitions: &Definitions, key: &RowKey) -> Hidden {
        let Some(Names { numerator, denominator, rest }) = names(definitions, key) else {
            return Hidden::Nothing;
        };
        let year = key.period.start.year();
        let names = [Some(numerator), denominator, rest].into_iter().flatten();
        let sheets = names.filter_map(|name| self.sheets.get(&name)?.get(&year));
        sheets.map(|sheet| sheet.hidden(&key.scope)).max().unwrap_or_default()
    }

    /// Hides a numerator where the rest is: with the denominator it would tell it.
    fn hide_beside_rest(&mut self, numerator: &str, rest: &str) -> bool {
        let mut asked = Vec::new();
        for (year, sheet) in self.sheets.get(rest).into_iter().flatten() {
            asked.extend(sheet.scopes().map(|scope| (*year, scope.clone(), sheet.hidden(scope))));
        }
        let years = self.sheets.get_mut(numerator);
        let Some(years) = years else { return false };
        asked.into_iter().fold(false, |has_changed, (year, scope, hidden)| {
            let sheet = years.get_mut(&year);
            has_changed | sheet.is_some_and(|sheet| sheet.hide(&scope, hidden))
        })
    }

    /// Hides another measure's cell where the only hidden one of a sum could be had from the rest.
    fn hide_another(&mut self, (whole, parts): &(String, Vec<String>), below: i64) -> bool {
        let Some(years) = self.sheets.get(whole) else { return false };
        let places: Vec<(i32, Scope, Period)> = years
            .iter()
            .flat_map(|(year, sheet)| {
                let periods = sheet.periods();
                sheet.scopes().flat_map(move |scope| {
                    periods.clone().into_iter().map(|period| (*year, scope.clone(), period))
                })
            })
            .collect();
        let mut has_changed = false;
        for (year, scope, period) in places {
            let part = |name: &String| {
                self.sheets.get(name)?.get(&year)?.part(name.clone(), &scope, period)
            };
            let Some(name) = another(part(whole), parts.iter().filter_map(part), below) else {
                continue;
            };
            let sheet = self.sheets.get_mut(&name).and_then(|years| years.get_mut(&year));
            has_changed |= sheet.is_some_and(|sheet| sheet.hide(&scope, Hidden::with(period.kind)));
        }
        has_changed
    }

    /// Finds the measures that add up to another in every cell that is told of all of them: what
    /// anybody can find who reads them. One that equals another is a sum of one.
    fn sums(&self) -> Vec<(String, Vec<String>)> {
        let names: Vec<&String> = self.counts.keys().collect();
        let mut sums = Vec::new();
        for whole in &names {
            for (at, first) in names.iter().enumerate().filter(|(_, first)| *first != whole) {
                if self.add_up(whole, &[first]) {
                    sums.push(((*whole).clone(), vec![(*first).clone()]));
                }
                for second in names[at + 1..].iter().filter(|second| *second != whole) {
                    if self.add_up(whole, &[first, second]) {
                        sums.push(((*whole).clone(), vec![(*first).clone(), (*second).clone()]));
                    }
                }
            }
        }
        sums
    }

    fn add_up(&self, whole: &str, parts: &[&str]) -> bool {
        let mut is_telling = false;
        for (cell, n) in &self.counts[whole] {
            let parts = parts.iter().map(|part| self.counts[*part].get(cell).copied());
            let Some(parts) = parts.collect::<Option<Vec<i64>>>() else { continue };
            if parts.iter().sum::<i64>() != *n {
                return false;
            }
            is_telling |= parts.iter().all(|part| *part > 0);
        }
        is_telling
    }
}

/// Names what a row tells; `None` where it tells nothing of dossiers. An indicator that is defined no
/// more stands for its measures.
fn names(definitions: &Definitions, key: &RowKey) -> Option<Names> {
    let named = |numerator: &str, denominator: Option<String>| Names {
        rest: denominator.as_ref().map(|of| format!("{of} without {numerator}")),
        numerator: numerator.to_owned(),
        denominator,
    };
    let Some(indicator) = definitions.indicators.get(&*key.indicator) else {
        return Some(named(&key.indicator, Some(format!("{} is of", key.indicator))));
    };
    let is_of_dossiers = |name: &String| {
        definitions.measures.get(name).is_some_and(|measure| measure.of == Subject::Dossiers)
    };
    let mut names = std::iter::once(&indicator.numerator).chain(&indicator.denominator);
    let is_of_dossiers = names.any(is_of_dossiers);
    is_of_dossiers.then(|| named(&indicator.numerator, indicator.denominator.clone()))
}
