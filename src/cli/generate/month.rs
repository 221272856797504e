//! One month of logs: a file a unit, and one each of what others tell.

use std::path::{Path, PathBuf};

use chrono::Days as Span;

use super::chance::Chance;
use super::dossier::Dossier;
use super::facts::{Facts, Feed};
use super::life::Cohort;
use super::list::Beside;
use super::others::Record;
use super::plan::{N_LATER, World, unit_folder};
use super::sink::Sink;
use super::style::{Encoding, Style};
use super::{actions, list, parcels, payments, portal};

/// One file in so many is delivered weeks late.
const LATE_ONE_IN: u32 = 18;

/// A file with how many records it lists.
struct Log {
    sink: Sink,
    feed: Feed,
    n_listed: u64,
    is_late: bool,
}

/// The folders and names of the logs of what others tell.
pub(super) const OTHERS: [(&str, &str, &str); 3] =
    [("paygov", "thu-phi", "csv"), ("vnpost", "vnpost", "csv"), ("npsp", "DongBoHoSoMC", "json")];

/// Writes a month of logs below a folder.
pub(super) fn write(world: &World, month: u32, folder: &Path) -> anyhow::Result<Facts> {
    let mut month = Month { world, month, facts: Facts::default() };
    let [paygov, vnpost, npsp] =
        OTHERS.map(|(own, name, ending)| month.path(&folder.join(own), name, ending, None).0);
    let mut others = [
        Log::create(&paygov, Feed::Payment, Encoding::Utf8)?,
        Log::create(&vnpost, Feed::Postal, Encoding::Utf8)?,
        Log::create(&npsp, Feed::Portal, Encoding::Utf8)?,
    ];
    payments::head(&mut others[0].sink.pending);
    parcels::head(&mut others[1].sink.pending);
    portal::head(&mut others[2].sink.pending);
    for unit in 0..world.plan.n_units {
        month.unit(unit, &folder.join(unit_folder(unit)), &mut others)?;
    }
    let [payments, parcels, _] = others.each_ref().map(|log| log.n_listed);
    payments::totals(&mut others[0].sink.pending, payments);
    parcels::totals(&mut others[1].sink.pending, parcels);
    portal::foot(&mut others[2].sink.pending);
    for feed in [Feed::Payment, Feed::Postal] {
        month.facts.add_beside(feed, Beside::Totals.rule());
    }
    for log in others {
        log.finish(&mut month.facts)?;
    }
    Ok(month.facts)
}

/// The month that is being written.
struct Month<'a> {
    world: &'a World,
    month: u32,
    facts: Facts,
}

impl Month<'_> {
    /// Returns the path of a file, named by the month and the day on which it was exported, and
    /// whether that day is late.
    fn path(&self, folder: &Path, name: &str, ending: &str, unit: Option<u32>) -> (PathBuf, bool) {
        let plan = &self.world.plan;
        let mut chance = Chance::new(name, plan.seed, unit.unwrap_or(u32::MAX), self.month);
        let is_late = unit.is_some() && chance.one_in(LATE_ONE_IN);
        let after = 1 + chance.below(4) + if is_late { 20 + chance.below(20) } else { 0 };
        let period = plan.first_day(self.month).format("%Y-%m");
        let observed = plan.first_day(self.month + 1) + Span::new(after.into());
        let observed = observed.format("%Y%m%d");
        (folder.join(format!("{name}_{period}_{observed}.{ending}")), is_late)
    }

    /// Writes the file of a unit, and what others tell of its dossiers.
    fn unit(&mut self, unit: u32, folder: &Path, others: &mut [Log; 3]) -> anyhow::Result<()> {
        let style = Style::of_unit(unit);
        let (path, is_late) = self.path(folder, "ho-so", "csv", Some(unit));
        let log = Log::create(&path, Feed::Dossier, style.encoding())?;
        let mut log = Log { is_late, ..log };
        let mut rows =
            Rows { style, chance: Chance::new("rows", self.world.plan.seed, unit, self.month) };
        rows.head(&mut log, unit, self);
        let mut dossier = Dossier::default();
        for month in self.month.saturating_sub(N_LATER)..=self.month {
            let cohort = Cohort::new(self.world, unit, month);
            let mut chance = Chance::new("dossiers", self.world.plan.seed, unit, month);
            for serial in 1..=self.world.plan.n_dossiers(unit, month) {
                dossier.draw(serial, &cohort, &mut chance);
                if month == self.month {
                    self.facts.add_dossier(&dossier, self.world.plan.n_months);
                }
                self.told(&dossier, &mut rows, &mut log)?;
                self.told_by_others(&dossier, others)?;
            }
        }
        rows.foot(&mut log, self);
        log.finish(&mut self.facts)
    }

    /// Writes what the unit tells of a dossier in this month.
    fn told(&mut self, dossier: &Dossier, rows: &mut Rows, log: &mut Log) -> anyhow::Result<()> {
        let month = self.month;
        for told in dossier.tellings.iter().filter(|told| told.month == month) {
            rows.before_next(log, self);
            for _ in 0..=u32::from(told.is_repeated) {
                log.n_listed += 1;
                let (n, out) = (log.n_listed, &mut log.sink.pending);
                match rows.style {
                    Style::Actions => actions::row(out, n, dossier, told, self.world),
                    style => list::row(out, style, n, dossier, told, self.world),
                }
            }
            self.facts.add_record(Feed::Dossier, told.fault, told.is_repeated);
        }
        log.sink.flush_if_much()
    }

    /// Writes what others tell of a dossier in this month.
    fn told_by_others(&mut self, dossier: &Dossier, logs: &mut [Log; 3]) -> anyhow::Result<()> {
        let [paygov, vnpost, npsp] = logs;
        for payment in &dossier.payments {
            self.record(paygov, &payment.record, |out, n, world| {
                payments::row(out, n, dossier, payment, world);
            })?;
        }
        for parcel in &dossier.parcels {
            self.record(vnpost, &parcel.record, |out, n, world| {
                parcels::row(out, n, dossier, parcel, world);
            })?;
        }
        for sent in &dossier.sent {
            self.record(npsp, &sent.record, |out, n, world| {
                portal::row(out, n, dossier, sent, world);
            })?;
        }
        Ok(())
    }

    fn record(
        &mut self,
        log: &mut Log,
        record: &Record,
        row: impl Fn(&mut Vec<u8>, u64, &World),
    ) -> anyhow::Result<()> {
        if record.month != self.month {
            return Ok(());
        }
        for _ in 0..=u32::from(record.is_repeated) {
            log.n_listed += 1;
            row(&mut log.sink.pending, log.n_listed, self.world);
        }
        self.facts.add_record(log.feed, record.fault, record.is_repeated);
        log.sink.flush_if_much()
    }
}

/// The rows of a unit's file that are no dossiers.
struct Rows {
    style: Style,
    chance: Chance,
}

impl Rows {
    fn head(&mut self, log: &mut Log, unit: u32, month: &mut Month<'_>) {
        if self.style == Style::Actions {
            actions::head(&mut log.sink.pending);
            return;
        }
        list::head(&mut log.sink.pending, self.style, unit, month.month, month.world);
        if self.chance.one_in(3) {
            self.beside(Beside::ColumnNumbers, log, month);
        }
    }

    fn before_next(&mut self, log: &mut Log, month: &mut Month<'_>) {
        match list::before_next(&mut self.chance) {
            Some(Beside::Blank) if self.style == Style::Actions => {
                actions::blank(&mut log.sink.pending);
                month.facts.add_beside(Feed::Dossier, Beside::Blank.rule());
            }
            Some(row) if self.style != Style::Actions => self.beside(row, log, month),
            _ => {}
        }
    }

    fn foot(&mut self, log: &mut Log, month: &mut Month<'_>) {
        if self.style == Style::Actions || self.chance.one_in(6) {
            return;
        }
        self.beside(Beside::Totals, log, month);
        if self.chance.one_in(2) {
            self.beside(Beside::Signature, log, month);
        }
    }

    fn beside(&self, row: Beside, log: &mut Log, month: &mut Month<'_>) {
        list::beside(&mut log.sink.pending, self.style, row, log.n_listed);
        month.facts.add_beside(Feed::Dossier, row.rule());
    }
}

impl Log {
    fn create(path: &Path, feed: Feed, encoding: Encoding) -> anyhow::Result<Self> {
        Ok(Self { sink: Sink::create(path, encoding)?, feed, n_listed: 0, is_late: false })
    }

    fn finish(self, facts: &mut Facts) -> anyhow::Result<()> {
        let n_bytes = self.sink.finish()?;
        facts.add_file(self.feed, n_bytes, self.is_late);
        Ok(())
    }
}
