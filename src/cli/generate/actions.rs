//! A table of actions, as `opencps_actions` reads it: a record a step, with the dossier's columns beside it.

use super::days::{DAY, Moment};
use super::dossier::{Channel, Dossier, Status};
use super::fault::Fault;
use super::life::Telling;
use super::line::{Form, Line, push};
use super::names::{push_applicant, push_dossier};
use super::plan::World;

/// The separator of the fields.
const SEPARATOR: u8 = b',';

const HEADINGS: [&str; 13] = [
    "dossierActionId",
    "dossierNo",
    "referenceUid",
    "serviceCode",
    "online",
    "receiveDate",
    "dueDate",
    "releaseDate",
    "finishDate",
    "dossierStatus",
    "createDate",
    "stepName",
    "applicantName",
];

/// Writes the headings.
pub(super) fn head(out: &mut Vec<u8>) {
    let mut line = Line::new(out, SEPARATOR);
    line.texts(&HEADINGS);
    line.end(b"\n");
}

/// Writes a row without a text.
pub(super) fn blank(out: &mut Vec<u8>) {
    let mut line = Line::new(out, SEPARATOR);
    HEADINGS.iter().for_each(|_| line.text(""));
    line.end(b"\n");
}

/// Writes the record of a step.
pub(super) fn row(
    out: &mut Vec<u8>,
    n_listed: u64,
    dossier: &Dossier,
    told: &Telling,
    world: &World,
) {
    let (fault, days) = (told.fault, &world.days);
    let mut line = Line::new(out, SEPARATOR);
    line.number(n_listed);
    match fault {
        Some(Fault::NoKey) => line.text(""),
        Some(Fault::NotAnIdentifier) => line.text("chưa cấp số"),
        _ => push_dossier(line.field(), dossier, days),
    }
    let (unit, serial) = (dossier.unit, dossier.serial);
    push(line.field(), format_args!("00000000-{unit:04}-4000-8000-{serial:012}"));
    match fault {
        Some(Fault::UnknownProcedure) => line.text("9.999999"),
        _ => line.text(&world.catalogue.get(dossier.procedure).code),
    }
    line.text(match (fault, dossier.channel) {
        (Some(Fault::UnknownChannel), _) => "maybe",
        (_, Channel::Online) => "true",
        _ => "false",
    });
    let form = match dossier.variant % 10 {
        0 => Form::IsoOffset,
        1 => Form::IsoFalse,
        _ => Form::Iso,
    };
    match fault {
        Some(Fault::ImpossibleDay) => line.text("2020-02-31 25:61:00"),
        Some(Fault::NoReceivedOn) => line.text(""),
        _ => {
            let received = Some(dossier.received).filter(|_| told.status != Status::New);
            line.moment(received, form, days);
        }
    }
    line.moment(told.due, form, days);
    let [ended, returned] = ends(dossier, told);
    line.moment(ended, form, days);
    line.moment(returned, form, days);
    line.text(match fault {
        Some(Fault::UnknownStatus) => "???",
        Some(Fault::NoStatus) => "",
        _ => status(told),
    });
    line.moment(Some(told.at), form, days);
    if fault != Some(Fault::FieldCount) {
        line.text("");
    }
    push_applicant(line.field(), dossier);
    line.end(b"\n");
}

/// Returns the day of the end and that of the return as the record tells them, faults among them.
pub(super) fn ends(dossier: &Dossier, told: &Telling) -> [Option<Moment>; 2] {
    match told.fault {
        Some(Fault::NoEndDay) => [None, None],
        Some(Fault::EndBeforeReceived) => [Some(dossier.received - 3 * DAY), None],
        Some(Fault::AfterObserved) => [told.ended.map(|end| end + 400 * DAY), None],
        _ => [told.ended, told.returned],
    }
}

fn status(told: &Telling) -> &'static str {
    match told.status {
        Status::New => "receiving",
        Status::Processing => "processing",
        Status::Supplement => "waiting",
        Status::Paused => "pausing",
        Status::Refused => "denied",
        Status::Withdrawn => "cancelled",
        Status::Completed if told.returned.is_none() => "releasing",
        Status::Completed => "done",
    }
}
