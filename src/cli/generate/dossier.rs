//! One dossier as it comes in: its number, who asks for what by which way, and what it costs.

use super::catalogue::{self, Level};
use super::chance::Chance;
use super::days::{DAY, Days, Moment};
use super::life::{self, Cohort, Telling};
use super::others::{self, Parcel, Payment, Sent};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Applicant {
    #[default]
    Citizen,
    Enterprise,
    Organisation,
    Agency,
}

/// By which way a dossier comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Channel {
    #[default]
    Counter,
    Online,
    Post,
    Other,
}

/// Where a dossier stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    New,
    Processing,
    Supplement,
    Paused,
    Refused,
    Withdrawn,
    Completed,
}

impl Status {
    /// Whether nothing more happens.
    pub(super) fn is_ended(self) -> bool {
        matches!(self, Self::Refused | Self::Withdrawn | Self::Completed)
    }

    /// Returns the name of the canonical dossier's column.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Processing => "processing",
            Self::Supplement => "supplement",
            Self::Paused => "paused",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Completed => "completed",
        }
    }
}

/// A dossier, with every record that tells of it; drawn again for each month that does.
#[derive(Debug, Default)]
pub(super) struct Dossier {
    pub(super) unit: u32,
    /// Counted from 1 within its unit and month.
    pub(super) serial: u64,
    pub(super) submitted: Moment,
    pub(super) received: Moment,
    /// Whether the number is written root first, as since Decision 20/2020.
    pub(super) is_root_first: bool,
    pub(super) procedure: usize,
    pub(super) level: Option<Level>,
    pub(super) applicant: Applicant,
    pub(super) channel: Channel,
    pub(super) fee_vnd: u32,
    pub(super) is_exempt: bool,
    pub(super) has_e_result: bool,
    pub(super) is_digitised: bool,
    pub(super) is_reused: bool,
    pub(super) is_connected: bool,
    pub(super) has_vneid: bool,
    /// From 1 to 5, where the applicant said so.
    pub(super) satisfaction: Option<u32>,
    /// What names, papers and tax codes are made up from.
    pub(super) person: u32,
    /// What decides between forms of writing that mean the same.
    pub(super) variant: u32,
    pub(super) is_entered_late: bool,
    pub(super) is_supplemented: bool,
    pub(super) is_corrected: bool,
    pub(super) tellings: Vec<Telling>,
    pub(super) payments: Vec<Payment>,
    pub(super) parcels: Vec<Parcel>,
    pub(super) sent: Vec<Sent>,
}

impl Dossier {
    /// Draws the next dossier of a cohort into this one.
    pub(super) fn draw(&mut self, serial: u64, cohort: &Cohort<'_>, chance: &mut Chance) {
        *self = Self {
            unit: cohort.unit,
            serial,
            tellings: emptied(&mut self.tellings),
            payments: emptied(&mut self.payments),
            parcels: emptied(&mut self.parcels),
            sent: emptied(&mut self.sent),
            ..Self::default()
        };
        self.arrive(cohort, chance);
        life::draw(self, cohort, chance);
        others::draw(self, &cohort.world.days, chance);
    }

    /// Draws how it comes in.
    fn arrive(&mut self, cohort: &Cohort<'_>, chance: &mut Chance) {
        let (days, plan) = (&cohort.world.days, &cohort.world.plan);
        let start = days.start(cohort.month);
        let day = start + chance.below(days.n_days(cohort.month)) * DAY;
        self.procedure = catalogue::draw(&cohort.procedures, chance);
        let procedure = cohort.world.catalogue.get(self.procedure);
        self.level = procedure.level(day);
        let n_online = match self.level {
            Some(Level::Partial | Level::Full) => 300 + 500 * cohort.month / plan.n_months,
            _ => 40,
        };
        self.channel = match chance.below(1000) {
            roll if roll < n_online => Channel::Online,
            _ => chance.of(&CHANNELS),
        };
        let day = if self.channel == Channel::Online { day } else { working(day, days) };
        self.received = day + 7 * 60 + 30 + chance.below(9 * 60 + 30);
        let is_online = self.channel == Channel::Online;
        self.submitted = self.received - if is_online { chance.below(36 * 60) } else { 0 };
        self.applicant = chance.of(&APPLICANTS);
        self.person = chance.below(10_000_000);
        self.variant = chance.below(1_000_000);
        let is_late_half = cohort.month * 2 >= plan.n_months;
        self.is_root_first = is_late_half && cohort.unit % 3 != 1;
        self.fee_vnd = procedure.fee_vnd;
        self.is_exempt = self.fee_vnd > 0 && chance.per_mille(60);
        self.has_e_result = chance.per_mille(if is_online { 700 } else { 250 });
        self.is_digitised = chance.per_mille(550);
        self.is_reused = chance.per_mille(180);
        self.is_connected = chance.per_mille(300);
        self.has_vneid = is_online && chance.per_mille(400);
        self.satisfaction =
            Some(5 - chance.below(3) * chance.below(3)).filter(|_| !self.person.is_multiple_of(3));
        self.is_entered_late = chance.per_mille(10);
    }

    /// Whether its unit lists it in a month of the logs, in a record that is in order.
    pub(super) fn is_known(&self, n_months: u32) -> bool {
        self.last_known(n_months).is_some()
    }

    /// Returns the latest record that is in order of those in the logs.
    pub(super) fn last_known(&self, n_months: u32) -> Option<&Telling> {
        let good = self.tellings.iter().filter(|t| t.month < n_months && t.fault.is_none());
        good.max_by_key(|telling| telling.at)
    }

    /// Returns how it ended, in the end.
    pub(super) fn end(&self) -> Option<(Status, Moment)> {
        let last = self.tellings.iter().max_by_key(|telling| telling.at)?;
        last.ended.map(|end| (last.status, end))
    }
}

const CHANNELS: [Channel; 20] = {
    let mut channels = [Channel::Counter; 20];
    let mut at = 0;
    while at < 4 {
        channels[at] = Channel::Post;
        at += 1;
    }
    channels[at] = Channel::Other;
    channels
};

const APPLICANTS: [Applicant; 10] = [
    Applicant::Citizen,
    Applicant::Citizen,
    Applicant::Citizen,
    Applicant::Citizen,
    Applicant::Citizen,
    Applicant::Enterprise,
    Applicant::Enterprise,
    Applicant::Enterprise,
    Applicant::Organisation,
    Applicant::Agency,
];

/// Empties a list and keeps its memory for the next dossier.
fn emptied<T>(list: &mut Vec<T>) -> Vec<T> {
    let mut list = std::mem::take(list);
    list.clear();
    list
}

/// Returns the next working day of the same month; the day itself where there is none.
fn working(day: Moment, days: &Days) -> Moment {
    let later = (0..10).map(|n| day + n * DAY).find(|day| days.is_working(*day));
    later.filter(|later| days.month(*later) == days.month(day)).unwrap_or(day)
}
