//! What the post carried, a record a parcel.

use super::dossier::Dossier;
use super::fault::Fault;
use super::line::{Form, Line, push};
use super::names::{push_dossier, push_stray};
use super::others::Parcel;
use super::plan::World;

const SEPARATOR: u8 = b';';
const LINE_END: &[u8] = b"\n";

const HEADINGS: [&str; 8] = [
    "STT",
    "Mã bưu gửi",
    "Mã hồ sơ",
    "Thu nhận hồ sơ",
    "Chuyển trả kết quả",
    "Bưu cục chấp nhận",
    "Ngày chấp nhận",
    "Ngày phát",
];

/// Writes the headings.
pub(super) fn head(out: &mut Vec<u8>) {
    let mut line = Line::new(out, SEPARATOR);
    line.texts(&HEADINGS);
    line.end(LINE_END);
}

/// Writes the totals.
pub(super) fn totals(out: &mut Vec<u8>, n_listed: u64) {
    let mut line = Line::new(out, SEPARATOR);
    line.text("Tổng cộng");
    line.text("");
    line.number(n_listed);
    (0..HEADINGS.len() - 3).for_each(|_| line.text(""));
    line.end(LINE_END);
}

/// Writes the record of a parcel.
pub(super) fn row(
    out: &mut Vec<u8>,
    n_listed: u64,
    dossier: &Dossier,
    parcel: &Parcel,
    world: &World,
) {
    let (fault, days) = (parcel.record.fault, &world.days);
    let mut line = Line::new(out, SEPARATOR);
    line.number(n_listed);
    let code = line.field();
    if fault != Some(Fault::NoItemKey) {
        let kind = if parcel.is_result { "ER" } else { "EA" };
        let (unit, serial) = (dossier.unit + 1, dossier.serial % 10_000_000);
        push(code, format_args!("{kind}{unit:03}{serial:07}VN"));
    }
    match fault {
        Some(Fault::NoKey) => line.text(""),
        _ if parcel.record.is_stray => push_stray(line.field(), dossier, days),
        _ => push_dossier(line.field(), dossier, days),
    }
    line.text(match (fault, parcel.is_result) {
        (Some(Fault::UnknownCode), _) => "???",
        (_, true) => "Không",
        (_, false) => "Có",
    });
    line.text(if parcel.is_result { "Có" } else { "Không" });
    if fault != Some(Fault::FieldCount) {
        line.text("Bưu cục thử nghiệm");
    }
    match fault {
        Some(Fault::ImpossibleDay) => line.text("00/13/2020 10:00"),
        _ => line.moment(Some(parcel.handed), Form::Slashes, days),
    }
    match fault {
        Some(Fault::EndBeforeReceived) => {
            let before = parcel.handed - 2 * super::days::DAY;
            line.moment(Some(before), Form::Slashes, days);
        }
        _ => line.moment(parcel.delivered, Form::Slashes, days),
    }
    line.end(LINE_END);
}
