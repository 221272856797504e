//! What is to be made: how many dossiers in which unit and month, and what things are called.

use chrono::{Months, NaiveDate};

use crate::pipeline::Pipeline;

use super::catalogue::Catalogue;
use super::days::Days;

/// How many later months may tell of a dossier.
pub(super) const N_LATER: u32 = 3;

/// The arguments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) n_rows: u64,
    pub(super) n_units: u32,
    pub(super) seed: u64,
    /// The first day of the first month.
    pub(super) from: NaiveDate,
    pub(super) n_months: u32,
}

/// The arguments, with the days and procedures that they lead to.
#[derive(Debug)]
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) days: Days,
    pub(super) catalogue: Catalogue,
}

impl World {
    /// Lays out the days and deals the procedures of the directory that was just written.
    pub(super) fn new(plan: Plan, pipeline: &Pipeline) -> Self {
        let days = Days::new(plan.from, plan.n_months, &pipeline.reference.calendar);
        let catalogue = Catalogue::new(&plan, &days, &pipeline.reference.services);
        Self { plan, days, catalogue }
    }
}

impl Plan {
    /// Returns the first day of a month; that of the one after the last is told, too.
    pub(super) fn first_day(&self, month: u32) -> NaiveDate {
        self.from + Months::new(month)
    }

    /// Returns the last day of the last month.
    pub(super) fn as_of(&self) -> NaiveDate {
        self.first_day(self.n_months).pred_opt().unwrap_or(self.from)
    }

    /// Returns how many dossiers a unit receives in a month. All together they are `n_rows`: the
    /// cells lie one behind the other, each as wide as its weight, and the dossiers spread over them.
    pub(super) fn n_dossiers(&self, unit: u32, month: u32) -> u64 {
        let of_months: u128 = (0..self.n_months).map(weight_of_month).sum();
        let of_units = |n: u32| (0..n).map(weight_of_unit).sum::<u128>();
        let all = of_units(self.n_units) * of_months;
        let before_month: u128 = (0..month).map(weight_of_month).sum();
        let start = of_units(unit) * of_months + weight_of_unit(unit) * before_month;
        let end = start + weight_of_unit(unit) * weight_of_month(month);
        let before = |weight: u128| (u128::from(self.n_rows) * weight / all) as u64;
        before(end) - before(start)
    }

    /// Returns how many buckets keep a cell of the store within half a million dossiers or so.
    pub(super) fn n_buckets(&self) -> u64 {
        let n_a_month = self.n_rows / u64::from(self.n_months);
        (n_a_month / 500_000).max(1).next_power_of_two().min(256)
    }
}

/// Returns the code of a unit, counted from 0.
pub(super) fn unit_code(unit: u32) -> String {
    format!("G16.{:02}", unit + 1)
}

/// Returns the folder of a unit's logs.
pub(super) fn unit_folder(unit: u32) -> String {
    format!("g16-{:02}", unit + 1)
}

/// Units are of different sizes, the largest three times as large as the smallest.
fn weight_of_unit(unit: u32) -> u128 {
    u128::from(50 + unit * 37 % 101)
}

/// Months grow slowly, and have their seasons.
fn weight_of_month(month: u32) -> u128 {
    const SEASONS: [u32; 12] = [90, 80, 110, 105, 100, 105, 100, 100, 95, 105, 110, 100];
    u128::from(SEASONS[month as usize % SEASONS.len()] * (100 + month))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(n_rows: u64, n_units: u32, n_months: u32) -> Plan {
        let from = NaiveDate::from_ymd_opt(2019, 1, 1).unwrap();
        Plan { n_rows, n_units, seed: 7, from, n_months }
    }

    #[test]
    fn every_dossier_has_one_unit_and_month() {
        for (n_rows, n_units, n_months) in
            [(1, 1, 1), (3, 7, 24), (10_000, 5, 24), (10_000_000_000, 999, 120)]
        {
            let plan = plan(n_rows, n_units, n_months);
            let units = 0..n_units;
            let cells = units.flat_map(|unit| (0..n_months).map(move |month| (unit, month)));
            let n_dossiers: u64 = cells.map(|(unit, month)| plan.n_dossiers(unit, month)).sum();
            assert_eq!(n_dossiers, n_rows);
        }
    }

    #[test]
    fn a_large_store_has_buckets() {
        assert_eq!(plan(10_000, 5, 24).n_buckets(), 1);
        assert_eq!(plan(100_000_000, 5, 24).n_buckets(), 8);
    }
}
