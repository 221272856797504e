//! The procedures that a unit handles, and their levels over time.

use chrono::NaiveDate;

use crate::pipeline::services::{ServiceVersion, Services};

use super::chance::Chance;
use super::days::{Days, Moment};
use super::plan::{Plan, unit_code};

/// How long a procedure takes that says nothing of it, in working days.
const USUAL_DAYS: u32 = 10;

/// How far a procedure is online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Information,
    Partial,
    Full,
}

/// A procedure.
#[derive(Debug)]
pub(super) struct Procedure {
    pub(super) code: String,
    pub(super) most_days: u32,
    pub(super) fee_vnd: u32,
    /// From when it has which level; where it is not in force, none.
    levels: Vec<(Moment, Option<Level>)>,
}

/// Every procedure, and those of each unit.
#[derive(Debug)]
pub(super) struct Catalogue {
    procedures: Vec<Procedure>,
    of_units: Vec<Vec<usize>>,
}

impl Procedure {
    /// Returns the level at a moment.
    pub(super) fn level(&self, moment: Moment) -> Option<Level> {
        self.levels.iter().rev().find(|(from, _)| *from <= moment).and_then(|(_, level)| *level)
    }
}

impl Catalogue {
    /// Reads the procedures that `services.csv` deals to the units; a unit without any handles one
    /// of another's.
    pub(super) fn new(plan: &Plan, days: &Days, services: &Services) -> Self {
        let codes: Vec<&str> = services.codes().collect();
        let read = |code: &&str| {
            let versions = services.versions().filter(|version| version.code == *code);
            procedure(code, &versions.collect::<Vec<_>>(), plan, days)
        };
        let is_of = |at: usize, unit: &str| {
            services.latest(codes[at]).is_some_and(|v| v.unit_code.as_deref() == Some(unit))
        };
        let of_unit = |unit: u32| {
            let code = unit_code(unit);
            let own: Vec<usize> = (0..codes.len()).filter(|at| is_of(*at, &code)).collect();
            if own.is_empty() { vec![unit as usize % codes.len().max(1)] } else { own }
        };
        Self {
            of_units: (0..plan.n_units).map(of_unit).collect(),
            procedures: codes.iter().map(read).collect(),
        }
    }

    /// Returns a procedure.
    pub(super) fn get(&self, at: usize) -> &Procedure {
        &self.procedures[at]
    }

    /// Returns the procedures of a unit that are in force at a moment, or all where none is.
    pub(super) fn in_force(&self, unit: u32, moment: Moment) -> Vec<usize> {
        let own = &self.of_units[unit as usize];
        let is_in_force = |at: &usize| self.procedures[*at].level(moment).is_some();
        let in_force: Vec<usize> = own.iter().copied().filter(is_in_force).collect();
        if in_force.is_empty() { own.clone() } else { in_force }
    }
}

/// Draws a procedure: the first ones are asked for most.
pub(super) fn draw(procedures: &[usize], chance: &mut Chance) -> usize {
    let n = procedures.len() as u32;
    let (one, other) = (chance.below(n), chance.below(n));
    procedures[one.min(other) as usize]
}

fn procedure(code: &str, versions: &[&ServiceVersion], plan: &Plan, days: &Days) -> Procedure {
    let moment = |day: NaiveDate| {
        let after = day.signed_duration_since(plan.from).num_days();
        let first = i64::from(days.start(0) / super::days::DAY);
        u32::try_from(first + after).unwrap_or(0).saturating_mul(super::days::DAY)
    };
    let mut levels = Vec::new();
    for version in versions {
        levels.push((moment(version.valid_from), Some(level(version.level))));
        levels.extend(version.valid_to.map(|end| (moment(end), None)));
    }
    let latest = versions.last();
    let most_days = latest.and_then(|version| version.most_days);
    Procedure {
        code: code.to_owned(),
        most_days: most_days.map_or(USUAL_DAYS, |days| days.clamp(1, 60) as u32),
        fee_vnd: latest.map_or(0, |version| version.fee_vnd.clamp(0, 100_000_000) as u32),
        levels,
    }
}

fn level(name: &str) -> Level {
    match name {
        "full" => Level::Full,
        "partial" => Level::Partial,
        _ => Level::Information,
    }
}
