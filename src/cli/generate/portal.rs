//! What the units' systems sent to the national portal: the body of `DongBoHoSoMC`, in JSON.

use super::days::Moment;
use super::dossier::{Channel, Dossier, Status};
use super::fault::Fault;
use super::line::{Form, push, push_moment};
use super::names::{push_applicant, push_dossier, push_made_up, push_stray};
use super::others::Sent;
use super::plan::World;

/// Writes what stands before the first record.
pub(super) fn head(out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"service\":\"DongBoHoSoMC\",\"isUpdating\":\"true\",\"data\":[");
}

/// Writes what stands after the last record.
pub(super) fn foot(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\n]}\n");
}

/// Writes a record.
pub(super) fn row(out: &mut Vec<u8>, n_listed: u64, dossier: &Dossier, sent: &Sent, world: &World) {
    let (fault, days) = (sent.record.fault, &world.days);
    out.extend_from_slice(if n_listed > 1 { b",\n{" } else { b"\n{" });
    out.extend_from_slice(b"\"MaHoSo\":\"");
    let is_renumbered = sent.is_renumbered && !sent.record.is_stray && fault.is_none();
    match fault {
        Some(Fault::NoKey) => {}
        _ if sent.record.is_stray => push_stray(out, dossier, days),
        _ if is_renumbered => push_made_up(out, dossier, days),
        _ => push_dossier(out, dossier, days),
    }
    if is_renumbered {
        out.extend_from_slice(b"\",\"MaHoSoKhac\":\"");
        push_dossier(out, dossier, days);
    }
    let procedure = &world.catalogue.get(dossier.procedure).code;
    push(out, format_args!("\",\"MaTTHC\":\"{procedure}\",\"ChuHoSo\":\""));
    push_applicant(out, dossier);
    push(out, format_args!("\",\"TrangThaiHoSo\":\"{}\"", status(sent, dossier)));
    let channel = match (fault, dossier.channel) {
        (Some(Fault::UnknownChannel), _) => "9",
        (_, Channel::Online) => "2",
        (_, Channel::Post) => "3",
        _ => "1",
    };
    push(out, format_args!(",\"KenhThucHien\":\"{channel}\""));
    let received = Some(dossier.received).filter(|_| fault != Some(Fault::ImpossibleDay));
    moment(out, "NgayTiepNhan", received, world);
    if fault == Some(Fault::ImpossibleDay) {
        out.truncate(out.len() - 1);
        out.extend_from_slice(b"20200231120000\"");
    }
    moment(out, "NgayHenTra", sent.due, world);
    moment(out, "NgayKetThucXuLy", sent.ended, world);
    papers(out, dossier, sent);
    out.push(b'}');
}

fn status(sent: &Sent, dossier: &Dossier) -> &'static str {
    match (sent.record.fault, sent.status) {
        // It has no national meaning: systems write it for what they cannot map.
        (Some(Fault::UnknownStatus), _) => "0",
        (Some(Fault::NoStatus), _) => "",
        (_, Status::New) => "1",
        (_, Status::Processing) if dossier.variant.is_multiple_of(2) => "2",
        (_, Status::Processing) => "4",
        (_, Status::Refused) => "3",
        (_, Status::Supplement) => "5",
        (_, Status::Paused) => "6",
        (_, Status::Withdrawn) => "7",
        (_, Status::Completed) if dossier.variant.is_multiple_of(2) => "9",
        (_, Status::Completed) => "10",
    }
}

fn moment(out: &mut Vec<u8>, key: &str, moment: Option<Moment>, world: &World) {
    push(out, format_args!(",\"{key}\":\""));
    if let Some(moment) = moment {
        push_moment(out, moment, Form::Digits, &world.days);
    }
    out.push(b'"');
}

fn papers(out: &mut Vec<u8>, dossier: &Dossier, sent: &Sent) {
    let digit = |is_so: bool| if is_so { '1' } else { '0' };
    if sent.is_fee_sent {
        push(out, format_args!(",\"DanhSachLePhi\":[{{\"Gia\":\"{}\"}}]", dossier.fee_vnd));
    }
    let paid_online = if sent.is_paid_online { '1' } else { '3' };
    push(out, format_args!(",\"DuocThanhToanTrucTuyen\":\"{paid_online}\""));
    push(out, format_args!(",\"TaiKhoanDuocXacThucVoiVNeID\":\"{}\"", digit(dossier.has_vneid)));
    let serial = dossier.serial;
    let [digitised, reused, connected] =
        [dossier.is_digitised, dossier.is_reused, dossier.is_connected].map(digit);
    push(
        out,
        format_args!(
            ",\"TaiLieuNop\":[{{\"DuongDanTaiTepTin\":\"/nop/{serial}.pdf\",\
             \"DuocSoHoa\":\"{digitised}\",\"DuocTaiSuDung\":\"{reused}\",\
             \"DuocLayTuKhoDMQG\":\"{connected}\"}}]"
        ),
    );
    if sent.status == Status::Completed && dossier.has_e_result {
        // Some systems send what was submitted as the result.
        let folder = if dossier.variant % 30 == 1 { "nop" } else { "ket-qua" };
        let path = format_args!("/{folder}/{serial}.pdf");
        push(
            out,
            format_args!(",\"DanhSachGiayToKetQua\":[{{\"DuongDanTepTinKetQua\":\"{path}\"}}]"),
        );
    }
}
