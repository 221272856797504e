//! A dossier's life: what happens to it, and which records of the units' logs tell of it.

use super::chance::Chance;
use super::days::{DAY, Days, Moment};
use super::dossier::{Dossier, Status};
use super::fault::Fault;
use super::plan::{N_LATER, World};
use super::style::Style;

/// A dossier ends at most so long after it was received, so that a few later months tell of it all.
pub(super) const LONGEST: Moment = 82 * DAY;

/// One record in so many is listed twice.
const REPEATED_ONE_IN: u32 = 90;

/// What one record tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling {
    /// When the unit wrote it.
    pub(super) at: Moment,
    /// The month in whose file it stands.
    pub(super) month: u32,
    pub(super) status: Status,
    pub(super) due: Option<Moment>,
    pub(super) ended: Option<Moment>,
    pub(super) returned: Option<Moment>,
    pub(super) n_supplements: u32,
    /// Working days waited for what was missing.
    pub(super) n_waited: u32,
    pub(super) fault: Option<Fault>,
    pub(super) is_repeated: bool,
}

/// Which dossiers are drawn: those that one unit receives in one month.
#[derive(Debug)]
pub(super) struct Cohort<'a> {
    pub(super) world: &'a World,
    pub(super) unit: u32,
    pub(super) month: u32,
    pub(super) style: Style,
    pub(super) procedures: Vec<usize>,
}

impl<'a> Cohort<'a> {
    /// Names a cohort.
    pub(super) fn new(world: &'a World, unit: u32, month: u32) -> Self {
        let procedures = world.catalogue.in_force(unit, world.days.start(month));
        Self { world, unit, month, style: Style::of_unit(unit), procedures }
    }
}

/// How a dossier ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It was sent in and not yet received.
    Unreceived,
    /// Nobody ever ends it.
    Open,
    Ends(Status),
}

/// The steps of one dossier as they are laid one behind the other.
struct Steps<'a> {
    days: &'a Days,
    told: &'a mut Vec<Telling>,
    last: Telling,
}

impl Steps<'_> {
    /// Goes on to another status after so many minutes, at the office hours of that day.
    fn step(&mut self, minutes: Moment, status: Status) {
        let later = self.last.at + minutes;
        let in_office = later / DAY * DAY + 7 * 60 + 30 + later % (9 * 60 + 30);
        self.last.at = in_office.max(self.last.at + 1);
        self.last.status = status;
        self.last.month = self.days.month(self.last.at);
        self.told.push(self.last);
    }

    /// Waits for what is missing, then goes on.
    fn supplement(&mut self, chance: &mut Chance) {
        self.last.n_supplements += 1;
        self.step(60 + chance.below(3 * DAY), Status::Supplement);
        let wait = DAY + chance.below(8 * DAY);
        let asked = self.last.at;
        let n_waited = self.days.working_between(asked, asked + wait);
        self.last.n_waited += n_waited;
        self.last.due = self.last.due.map(|due| self.days.add_working(due, n_waited));
        self.step(wait, Status::Processing);
    }
}

/// Draws what happens to a dossier that was received, and what its unit tells of it.
pub(super) fn draw(dossier: &mut Dossier, cohort: &Cohort<'_>, chance: &mut Chance) {
    let world = cohort.world;
    let procedure = world.catalogue.get(dossier.procedure);
    let due = world.days.add_working(dossier.received, procedure.most_days);
    let has_due = !chance.one_in(120);
    let first = Telling {
        at: dossier.received,
        month: cohort.month,
        status: Status::Processing,
        due: Some(due / DAY * DAY + 17 * 60).filter(|_| has_due),
        ended: None,
        returned: None,
        n_supplements: 0,
        n_waited: 0,
        fault: None,
        is_repeated: false,
    };
    let fate = match chance.below(1000) {
        0..10 => Fate::Unreceived,
        10..28 => Fate::Open,
        28..50 => Fate::Ends(Status::Refused),
        50..68 => Fate::Ends(Status::Withdrawn),
        _ => Fate::Ends(Status::Completed),
    };
    if fate == Fate::Unreceived {
        dossier.tellings.push(Telling { status: Status::New, due: None, ..first });
    } else {
        lay_steps(dossier, first, fate, cohort, chance);
    }
    if dossier.is_entered_late {
        for telling in &mut dossier.tellings {
            telling.month = telling.month.max(cohort.month + 1);
        }
    }
    for telling in &mut dossier.tellings {
        telling.fault = Fault::draw(chance, cohort.style.faults(telling.status));
        telling.is_repeated = chance.one_in(REPEATED_ONE_IN) && telling.fault.is_none();
    }
}

fn lay_steps(
    dossier: &mut Dossier,
    first: Telling,
    fate: Fate,
    cohort: &Cohort<'_>,
    chance: &mut Chance,
) {
    let days = &cohort.world.days;
    let procedure = cohort.world.catalogue.get(dossier.procedure);
    let mut steps = Steps { days, told: &mut dossier.tellings, last: first };
    steps.told.push(first);
    if chance.per_mille(80) {
        dossier.is_supplemented = true;
        (0..=u32::from(chance.one_in(4))).for_each(|_| steps.supplement(chance));
    }
    if chance.per_mille(25) {
        steps.step(60 + chance.below(3 * DAY), Status::Paused);
        steps.step(DAY + chance.below(14 * DAY), Status::Processing);
    }
    // A dossier without steps between is told once, unless it is carried over the month's end or
    // its system keeps every step.
    let is_plain = steps.told.len() == 1;
    if let Fate::Ends(status) = fate {
        let latest = dossier.received + LONGEST;
        let most = (latest - steps.last.at).max(2);
        steps.step(duration(procedure.most_days, chance).min(most), status);
        let end = steps.last.at;
        let returned = end + chance.below(4) * DAY;
        let is_carried = days.month(end) != cohort.month;
        let told = steps.told.last_mut().expect("the end was just told");
        told.ended = Some(end);
        // What is handed over after the month is not in its file.
        told.returned = Some(returned).filter(|day| days.month(*day) == days.month(end));
        let told = *told;
        if is_plain && !is_carried && !cohort.style.keeps_steps() {
            steps.told.remove(0);
        }
        let is_corrected = chance.per_mille(20) && told.month < cohort.month + N_LATER;
        if is_corrected && !dossier.is_entered_late {
            dossier.is_corrected = true;
            steps.told.push(corrected(told, dossier.received, days, chance));
        }
    }
}

/// Tells the end again with another day, in the next month's file.
fn corrected(told: Telling, received: Moment, days: &Days, chance: &mut Chance) -> Telling {
    let end = told.ended.unwrap_or(told.at);
    let earlier = end.saturating_sub((1 + chance.below(3)) * DAY).max(received);
    let month = told.month + 1;
    let at = month_after(told.at, days) + 8 * 60 + chance.below(9 * DAY);
    Telling { at, month, ended: Some(earlier), ..told }
}

/// Returns the first moment of the next month, by walking to it: it may lie beyond the logs.
fn month_after(moment: Moment, days: &Days) -> Moment {
    let month = days.day(moment).month;
    let mut later = moment / DAY * DAY;
    while days.day(later).month == month {
        later += DAY;
    }
    later
}

/// Draws how long processing takes: mostly less than the procedure allows, seldom much more.
fn duration(most_days: u32, chance: &mut Chance) -> Moment {
    let allowed = most_days * DAY * 7 / 5;
    let tail = if chance.one_in(14) { 400 + chance.below(900) } else { 0 };
    let share = chance.below(400) + chance.below(400) + chance.below(400) + tail;
    (u64::from(allowed) * u64::from(share) / 1000) as u32 + 30
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use chrono::NaiveDate;

    use super::*;
    use crate::cli::generate::plan::Plan;
    use crate::pipeline::Pipeline;

    /// Draws the dossiers of some units and months and shows each.
    fn for_each_dossier(mut visit: impl FnMut(&Dossier, &Cohort<'_>)) {
        let ministry = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/ministry");
        let from = NaiveDate::from_ymd_opt(2019, 1, 1).unwrap();
        let plan = Plan { n_rows: 20_000, n_units: 5, seed: 7, from, n_months: 12 };
        let world = World::new(plan, &Pipeline::load(&ministry).unwrap());
        let mut dossier = Dossier::default();
        for (unit, month) in (0..5).flat_map(|unit| (0..12).map(move |month| (unit, month))) {
            let cohort = Cohort::new(&world, unit, month);
            let mut chance = Chance::new("dossiers", 7, unit, month);
            for serial in 1..=plan.n_dossiers(unit, month) {
                dossier.draw(serial, &cohort, &mut chance);
                visit(&dossier, &cohort);
            }
        }
    }

    #[test]
    fn a_life_goes_forward_and_is_told_within_a_few_months() {
        for_each_dossier(|dossier, cohort| {
            let (days, tellings) = (&cohort.world.days, &dossier.tellings);
            assert_eq!(days.month(dossier.received), cohort.month);
            assert!(dossier.submitted <= dossier.received);
            assert!(!tellings.is_empty());
            assert!(tellings.windows(2).all(|two| two[0].at < two[1].at), "{tellings:?}");
            for told in tellings {
                assert!((cohort.month..=cohort.month + N_LATER).contains(&told.month));
                assert!(told.ended.is_none_or(|end| dossier.received <= end && end <= told.at));
                assert!(told.returned.is_none_or(|day| days.month(day) <= told.month));
                assert_eq!(told.ended.is_some(), told.status.is_ended());
            }
            let is_other = |told: &Telling| told.month != cohort.month;
            assert!(!dossier.is_entered_late || tellings.iter().all(is_other));
        });
    }

    #[test]
    fn lives_differ() {
        let mut seen = BTreeSet::new();
        for_each_dossier(|dossier, _| {
            let statuses: Vec<&str> = dossier.tellings.iter().map(|t| t.status.name()).collect();
            seen.insert(statuses.join(" "));
        });
        for life in [
            "new",
            "completed",
            "processing completed",
            "refused",
            "withdrawn",
            "completed completed",
            "processing",
            "processing supplement processing completed",
            "processing supplement processing supplement processing completed",
            "processing paused processing completed",
        ] {
            assert!(seen.contains(life), "{life}: {seen:?}");
        }
    }
}
