//! The sheets of all measures: what a rate leaves of its denominator is hidden with its numerator,
//! and measures that add up tell nothing of one another.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::Datelike as _;

use crate::indicators::period::Period;
use crate::indicators::row::{Beside, Numbers, RowKey};
use crate::indicators::scope::Scope;
use crate::pipeline::definitions::{Adds, Definitions, Formula, Measure, Subject, Total};
use crate::pipeline::form;

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

/// What a row tells: the names of its numerator, its denominator and of what is left of that. What
/// is no number of dossiers has no name here.
#[derive(Debug, Default)]
struct Names {
    numerator: Option<String>,
    denominator: Option<String>,
    /// What an amount or a percentile is of.
    counted: Option<String>,
    /// What the denominator is the known part of.
    measured_of: Option<String>,
}

impl Names {
    /// The name of what a rate leaves of its denominator.
    fn rest(&self) -> Option<String> {
        Some(format!("{} without {}", self.denominator.as_ref()?, self.numerator.as_ref()?))
    }

    /// What is known, as a rate of what it is known of.
    fn known(&self) -> Option<Self> {
        let measured_of = self.measured_of.clone()?;
        let (numerator, denominator) = (self.denominator.clone(), Some(measured_of));
        Some(Self { numerator, denominator, ..Self::default() })
    }

    fn all(self) -> impl Iterator<Item = String> {
        let (rest, unknown) = (self.rest(), self.known().and_then(|known| known.rest()));
        let names = [self.numerator, self.denominator, self.counted, self.measured_of];
        names.into_iter().chain([rest, unknown]).flatten()
    }
}

impl Sheets {
    /// Enters what is told of a cell, and of how many it is; fewer than `below` are small.
    pub(super) fn enter(
        &mut self,
        definitions: &Definitions,
        key: &RowKey,
        numbers: Numbers,
        beside: Beside,
        below: i64,
    ) {
        let Some(names) = own_names(definitions, key) else { return };
        if let Some(known) = names.known() {
            let known_of =
                Numbers { numerator: numbers.denominator, denominator: beside.measured_of };
            self.enter_named(&known, key, known_of, None, below);
        }
        self.enter_named(&names, key, numbers, beside.counted, below);
    }

    fn enter_named(
        &mut self,
        names: &Names,
        key: &RowKey,
        Numbers { numerator, denominator }: Numbers,
        n_counted: Option<i64>,
        below: i64,
    ) {
        let rest = numerator.zip(denominator).map(|(numerator, of)| of - numerator);
        let rest_name = names.rest();
        let told = [
            (names.numerator.as_ref(), numerator),
            (names.denominator.as_ref(), denominator),
            (names.counted.as_ref(), n_counted),
            (rest_name.as_ref(), rest),
        ];
        for (name, n) in told {
            let Some((name, n)) = name.zip(n) else { continue };
            let years = self.sheets.entry(name.clone()).or_default();
            let sheet = years.entry(key.period.start.year()).or_default();
            sheet.enter(&key.scope, key.period, n, below);
            if rest_name.as_ref() != Some(name) {
                let counts = self.counts.entry(name.clone()).or_default();
                counts.insert((key.scope.clone(), key.period), n);
            }
        }
        self.rests.extend(names.numerator.clone().zip(rest_name));
    }

    /// Hides small cells, then what would tell them, until nothing would.
    pub(super) fn close(&mut self, definitions: &Definitions, wholes: &Wholes, below: i64) {
        let mut sums = self.sums();
        sums.extend(self.sums_of_form(definitions));
        loop {
            let mut has_changed = false;
            for sheet in self.sheets.values_mut().flat_map(BTreeMap::values_mut) {
                has_changed |= sheet.close(wholes, below);
            }
            for (numerator, rest) in self.rests.clone() {
                has_changed |= self.hide_beside(&numerator, &rest, 0..=0);
            }
            for (level, start) in self.starts() {
                // What a year begins with is what the one before has ended with.
                has_changed |= self.hide_beside(&start, &level, 0..=1);
                has_changed |= self.hide_beside(&level, &start, -1..=0);
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
        let year = key.period.start.year();
        let names = names(definitions, key).into_iter().flat_map(Names::all);
        let sheets = names.filter_map(|name| self.sheets.get(&name)?.get(&year));
        sheets.map(|sheet| sheet.hidden(&key.scope)).max().unwrap_or_default()
    }

    /// Lists the levels that are told at the start of periods, too: at the end of one they are the
    /// same as at the start of the next.
    fn starts(&self) -> Vec<(String, String)> {
        let start = |level: &String| Total::AtStart(level.clone()).to_string();
        let named = self.sheets.keys().map(|level| (level.clone(), start(level)));
        named.filter(|(_, start)| self.sheets.contains_key(start)).collect()
    }

    /// Hides a measure where another is, so many years on: beside what is told it would tell it.
    fn hide_beside(&mut self, name: &str, hidden: &str, years_on: RangeInclusive<i32>) -> bool {
        let mut asked = Vec::new();
        for (year, sheet) in self.sheets.get(hidden).into_iter().flatten() {
            for year in years_on.clone().map(|on| year + on) {
                let scopes = sheet.scopes();
                asked.extend(scopes.map(|scope| (year, scope.clone(), sheet.hidden(scope))));
            }
        }
        let years = self.sheets.get_mut(name);
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

    /// Returns the sums that form II.06a has, where its columns add up. Others of three are not looked
    /// for: there are too many.
    fn sums_of_form(&self, definitions: &Definitions) -> Vec<(String, Vec<String>)> {
        let name = |column: usize| {
            let indicator = definitions.indicators.get(form::numbered(column).indicator)?;
            let Formula::Ratio(ratio) = &indicator.latest().formula else { return None };
            Some(ratio.numerator.to_string())
        };
        let named = form::SUMS.into_iter().filter_map(|(whole, parts)| {
            let parts: Option<Vec<String>> = parts.iter().map(|part| name(*part)).collect();
            Some((name(whole)?, parts?))
        });
        let are_told = |(whole, parts): &(String, Vec<String>)| {
            let mut names = parts.iter().chain([whole]);
            names.all(|name| self.counts.contains_key(name))
        };
        let add_up = |(whole, parts): &(String, Vec<String>)| {
            self.add_up(whole, &parts.iter().map(String::as_str).collect::<Vec<_>>())
        };
        named.filter(are_told).filter(add_up).collect()
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

/// Names what a row tells, itself and through the indicators that it is made of.
fn names(definitions: &Definitions, key: &RowKey) -> Vec<Names> {
    let own = own_names(definitions, key).into_iter();
    let version = definitions.version(&key.indicator, key.version);
    let parts = version.into_iter().flat_map(|version| version.formula.indicators());
    let parts = parts.filter_map(|id| {
        let version = definitions.indicators.get(id)?.version_on(key.period.start)?.number;
        Some(RowKey { indicator: id.into(), version, ..key.clone() })
    });
    own.chain(parts.flat_map(|part| names(definitions, &part))).collect()
}

/// Names what a row tells itself; `None` where it tells nothing of dossiers. An indicator that is
/// defined no more stands for its measures.
fn own_names(definitions: &Definitions, key: &RowKey) -> Option<Names> {
    let Some(version) = definitions.version(&key.indicator, key.version) else {
        return Some(Names {
            numerator: Some(key.indicator.to_string()),
            denominator: Some(format!("{} is of", key.indicator)),
            ..Names::default()
        });
    };
    let measure = |name: &str| definitions.measures.get(name);
    // What is read of a delivery are dossiers, by and large: how many were rejected is no matter.
    let is_of_deliveries = |measure: &Measure| measure.of == Subject::Deliveries;
    let tells_of_dossiers = |measure: &Measure| {
        measure.of.is_logged() || (is_of_deliveries(measure) && is_sum(measure))
    };
    match &version.formula {
        Formula::Ratio(ratio) => {
            let of = |total: &Total| -> Vec<&Measure> {
                total.measures().into_iter().filter_map(measure).collect()
            };
            let is_of_dossiers =
                ratio.totals().any(|total| of(total).into_iter().any(tells_of_dossiers));
            let counts = |total: &&Total| {
                !of(total).into_iter().any(|measure| is_sum(measure) && !is_of_deliveries(measure))
            };
            let is_share = |total: &&Total| {
                ratio.denominator.is_some() && of(total).into_iter().any(is_of_deliveries)
            };
            let numerator =
                Some(&ratio.numerator).filter(|total| counts(total) && !is_share(total));
            is_of_dossiers.then(|| Names {
                numerator: numerator.map(ToString::to_string),
                denominator: ratio.denominator.as_ref().filter(counts).map(ToString::to_string),
                counted: ratio.counted_by.clone(),
                // It is told where nothing else tells what is known.
                measured_of: ratio
                    .measured_of
                    .as_ref()
                    .filter(|total| ratio.known.is_none() && counts(total))
                    .map(ToString::to_string),
            })
        }
        Formula::Percentile { histogram, .. } => {
            Some(Names { counted: Some(histogram.clone()), ..Names::default() })
        }
        Formula::Complement(_) | Formula::Composite(_) => None,
    }
}

fn is_sum(measure: &Measure) -> bool {
    matches!(measure.adds, Adds::Column(_))
}
