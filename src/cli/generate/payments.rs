//! The list of fees collected, a record a payment.

use super::dossier::{Channel, Dossier};
use super::fault::Fault;
use super::line::{Form, Line, push, push_number};
use super::names::{push_applicant, push_dossier, push_stray};
use super::others::{Means, Payment, Settled};
use super::plan::World;

const SEPARATOR: u8 = b',';
const LINE_END: &[u8] = b"\r\n";

/// The heading "Người tiếp nhận" has no cell under it.
const HEADINGS: [&str; 13] = [
    "STT",
    "Mã hồ sơ",
    "Số biên lai",
    "Người tiếp nhận",
    "Loại tiếp nhận",
    "Tên người nộp",
    "Ngày thu",
    "Phí (VNĐ)",
    "Lệ phí (VNĐ)",
    "Tổng (VNĐ)",
    "Hình thức thanh toán",
    "Kênh thanh toán",
    "Trạng thái thanh toán",
];

/// Writes the title and the headings.
pub(super) fn head(out: &mut Vec<u8>) {
    out.extend_from_slice("DANH SÁCH THU PHÍ THỬ NGHIỆM".as_bytes());
    out.extend_from_slice(LINE_END);
    let mut line = Line::new(out, SEPARATOR);
    line.texts(&HEADINGS);
    line.end(LINE_END);
}

/// Writes the totals.
pub(super) fn totals(out: &mut Vec<u8>, n_listed: u64) {
    let mut line = Line::new(out, SEPARATOR);
    line.text("Tổng số");
    line.number(n_listed);
    (0..HEADINGS.len() - 3).for_each(|_| line.text(""));
    line.end(LINE_END);
}

/// Writes the record of a payment.
pub(super) fn row(
    out: &mut Vec<u8>,
    n_listed: u64,
    dossier: &Dossier,
    payment: &Payment,
    world: &World,
) {
    let (fault, days) = (payment.record.fault, &world.days);
    let mut line = Line::new(out, SEPARATOR);
    line.number(n_listed);
    match fault {
        Some(Fault::NoKey) => line.text(""),
        _ if payment.record.is_stray => push_stray(line.field(), dossier, days),
        _ => push_dossier(line.field(), dossier, days),
    }
    let receipt = line.field();
    if fault != Some(Fault::NoItemKey) {
        let (unit, item) = (dossier.unit + 1, payment.item + 1);
        push(receipt, format_args!("BL{unit:02}/{:07}-{item}", dossier.serial));
    }
    line.text(if dossier.channel == Channel::Online { "Trực tuyến" } else { "Trực tiếp" });
    push_applicant(line.field(), dossier);
    match fault {
        Some(Fault::ImpossibleDay) => line.text("30/02/2020"),
        _ => line.moment(Some(payment.paid), Form::Slashes, days),
    }
    let amount = payment.amount_vnd;
    line.number(amount);
    if fault != Some(Fault::FieldCount) {
        line.number(0_u32);
    }
    match fault {
        Some(Fault::NotANumber) => line.text("năm mươi nghìn"),
        // Some systems group the digits.
        _ if dossier.variant.is_multiple_of(9) => push_grouped(line.field(), amount),
        _ => line.number(amount),
    }
    let (means, channel) = match payment.means {
        Means::PayGov => ("truc-tuyen", "PayGov"),
        Means::Portal => ("truc-tuyen", "Cổng DVCQG"),
        Means::Transfer => ("chuyen-khoan", "Ngân hàng"),
        Means::Cash => ("tien-mat", "Quầy một cửa"),
    };
    line.texts(&[means, channel]);
    line.text(match (fault, payment.settled) {
        (Some(Fault::UnknownCode), _) => "???",
        (_, Settled::Paid) => "Đã thanh toán",
        (_, Settled::Unpaid) => "Chờ thanh toán",
        (_, Settled::Cancelled) => "Hủy thanh toán",
        (_, Settled::Refunded) => "Đã hoàn phí",
    });
    line.end(LINE_END);
}

/// Writes a number with points between its thousands.
fn push_grouped(out: &mut Vec<u8>, number: u32) {
    if number < 1000 {
        push_number(out, number.into(), 1);
        return;
    }
    push_grouped(out, number / 1000);
    out.push(b'.');
    push_number(out, u64::from(number % 1000), 3);
}

#[cfg(test)]
mod tests {
    use super::push_grouped;

    #[test]
    fn thousands_are_grouped() {
        let mut out = Vec::new();
        for number in [0, 999, 50_000, 1_000_020] {
            push_grouped(&mut out, number);
            out.push(b' ');
        }
        assert_eq!(String::from_utf8(out).unwrap(), "0 999 50.000 1.000.020 ");
    }
}
