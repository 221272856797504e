//! What others tell of a dossier: payments, parcels, and what the national portal was sent.

use super::catalogue::Level;
use super::chance::Chance;
use super::days::{DAY, Days, Moment};
use super::dossier::{Channel, Dossier, Status};
use super::fault::Fault;
use super::life::Telling;

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    Paid,
    Unpaid,
    Cancelled,
    Refunded,
}

/// How it was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    PayGov,
    Portal,
    Transfer,
    Cash,
}

/// What records of the other feeds have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// The month in whose file it stands.
    pub(super) month: u32,
    /// Whether it names a dossier that no unit lists.
    pub(super) is_stray: bool,
    pub(super) fault: Option<Fault>,
    pub(super) is_repeated: bool,
}

/// One item that was paid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payment {
    pub(super) record: Record,
    pub(super) item: u32,
    pub(super) paid: Moment,
    pub(super) amount_vnd: u32,
    pub(super) means: Means,
    pub(super) settled: Settled,
}

/// One parcel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parcel {
    pub(super) record: Record,
    /// Whether the result is in it, else the application.
    pub(super) is_result: bool,
    pub(super) handed: Moment,
    pub(super) delivered: Option<Moment>,
}

/// What the unit's system sent to the national portal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) record: Record,
    pub(super) status: Status,
    pub(super) due: Option<Moment>,
    pub(super) ended: Option<Moment>,
    /// Whether a made-up number stands in the place of the dossier's own.
    pub(super) is_renumbered: bool,
    pub(super) is_fee_sent: bool,
    pub(super) is_paid_online: bool,
}

/// The faults that a payment may have.
const OF_PAYMENTS: &[Fault] = &[
    Fault::NoKey,
    Fault::NoItemKey,
    Fault::ImpossibleDay,
    Fault::NotANumber,
    Fault::UnknownCode,
    Fault::FieldCount,
];
/// The faults that a parcel may have.
const OF_PARCELS: &[Fault] = &[
    Fault::NoKey,
    Fault::NoItemKey,
    Fault::ImpossibleDay,
    Fault::EndBeforeReceived,
    Fault::UnknownCode,
    Fault::FieldCount,
];
/// The faults that a record of the portal may have.
const OF_PORTAL: &[Fault] = &[
    Fault::NoKey,
    Fault::ImpossibleDay,
    Fault::UnknownStatus,
    Fault::NoStatus,
    Fault::UnknownChannel,
];

/// One record in so many names a dossier that no unit lists.
const STRAY_ONE_IN: u32 = 250;
/// One record in so many is listed twice.
const REPEATED_ONE_IN: u32 = 120;

/// Draws what others tell of a dossier.
pub(super) fn draw(dossier: &mut Dossier, days: &Days, chance: &mut Chance) {
    if dossier.tellings.iter().all(|telling| telling.status == Status::New) {
        return;
    }
    if dossier.fee_vnd > 0 && !dossier.is_exempt {
        pay(dossier, days, chance);
    }
    post(dossier, days, chance);
    if dossier.channel == Channel::Online && chance.one_in(4) {
        send(dossier, days, chance);
    }
}

fn record(month: u32, possible: &[Fault], chance: &mut Chance) -> Record {
    let fault = Fault::draw(chance, possible);
    let is_repeated = chance.one_in(REPEATED_ONE_IN) && fault.is_none();
    Record { month, is_stray: chance.one_in(STRAY_ONE_IN), fault, is_repeated }
}

/// Draws the items that were paid: the fee, and what was asked for beside it.
fn pay(dossier: &mut Dossier, days: &Days, chance: &mut Chance) {
    let n_items = 1 + chance.below(3) * chance.below(2);
    let means = match dossier.channel {
        Channel::Online => chance.of(&[Means::PayGov, Means::PayGov, Means::Portal]),
        _ => chance.of(&[Means::Cash, Means::Cash, Means::Cash, Means::Transfer, Means::PayGov]),
    };
    let paid = dossier.received + chance.below(2 * DAY);
    let is_given_up = dossier.end().is_some_and(|(status, _)| status != Status::Completed);
    for item in 0..n_items {
        let amount_vnd = if item == 0 { dossier.fee_vnd } else { 10_000 * (1 + chance.below(9)) };
        let settled = match chance.below(1000) {
            0..30 => Settled::Unpaid,
            30..45 => Settled::Cancelled,
            _ => Settled::Paid,
        };
        let of_feed = record(days.month(paid), OF_PAYMENTS, chance);
        let payment = Payment { record: of_feed, item, paid, amount_vnd, means, settled };
        dossier.payments.push(payment);
        let is_refunded = chance.per_mille(if is_given_up { 300 } else { 8 });
        if is_refunded && settled == Settled::Paid && !of_feed.is_stray {
            let later = paid + (3 + chance.below(20)) * DAY;
            let record = record(days.month(later), OF_PAYMENTS, chance);
            let record = Record { is_stray: false, ..record };
            let settled = Settled::Refunded;
            dossier.payments.push(Payment { record, settled, ..payment });
        }
    }
}

/// Draws the parcels: the application where it came by post, the result where it went out so.
fn post(dossier: &mut Dossier, days: &Days, chance: &mut Chance) {
    if dossier.channel == Channel::Post {
        let (handed, delivered) = (dossier.received - DAY, Some(dossier.received));
        let record = record(days.month(dossier.received), OF_PARCELS, chance);
        dossier.parcels.push(Parcel { record, is_result: false, handed, delivered });
    }
    let Some((Status::Completed, end)) = dossier.end() else { return };
    if !chance.one_in(if dossier.channel == Channel::Counter { 12 } else { 4 }) {
        return;
    }
    let delivered = end + (1 + chance.below(3)) * DAY;
    let [first, last] = [end, delivered].map(|moment| days.month(moment));
    let of_feed = record(first, OF_PARCELS, chance);
    let on_its_way = Parcel { record: of_feed, is_result: true, handed: end, delivered: None };
    if first == last {
        dossier.parcels.push(Parcel { delivered: Some(delivered), ..on_its_way });
        return;
    }
    // Handed over before the month's end and delivered after it, a parcel is told of twice.
    dossier.parcels.push(on_its_way);
    if !of_feed.is_stray {
        let record = Record { is_stray: false, ..record(last, OF_PARCELS, chance) };
        dossier.parcels.push(Parcel { record, delivered: Some(delivered), ..on_its_way });
    }
}

/// Draws what the portal was sent: the end, and whatever the unit's system takes for one.
fn send(dossier: &mut Dossier, days: &Days, chance: &mut Chance) {
    for at in 0..dossier.tellings.len() {
        let told = dossier.tellings[at];
        let is_waiting = matches!(told.status, Status::Supplement | Status::Paused);
        let is_last = at + 1 == dossier.tellings.len();
        if is_waiting || is_last {
            let sent = sent(dossier, told, is_waiting, days, chance);
            // One record a month: the later stands.
            let mut earlier = dossier.sent.iter_mut();
            match earlier.find(|earlier| earlier.record.month == sent.record.month) {
                Some(earlier) => *earlier = sent,
                None => dossier.sent.push(sent),
            }
        }
    }
}

fn sent(
    dossier: &Dossier,
    told: Telling,
    is_waiting: bool,
    days: &Days,
    chance: &mut Chance,
) -> Sent {
    // What waits is sent as finished by some systems, until it goes on.
    let is_made_up = is_waiting && chance.one_in(2);
    let status = if is_made_up { Status::Completed } else { told.status };
    let status = if chance.per_mille(15) { Status::Processing } else { status };
    let ended = told.ended.or(Some(told.at).filter(|_| is_made_up));
    // A day off, where it stays within what the file may tell.
    let is_off = chance.per_mille(20);
    let ended = ended.map(|end| if is_off { end.max(dossier.received + DAY) - DAY } else { end });
    let has_due = !is_made_up && !chance.per_mille(15);
    Sent {
        record: record(told.month.max(days.month(told.at)), OF_PORTAL, chance),
        status,
        due: told.due.filter(|_| has_due),
        ended: ended.filter(|_| status.is_ended()),
        is_renumbered: chance.per_mille(12),
        is_fee_sent: dossier.fee_vnd > 0 || chance.one_in(2),
        is_paid_online: dossier.level != Some(Level::Information) && chance.one_in(2),
    }
}
