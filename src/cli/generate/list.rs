//! A unit's list of dossiers: title rows, headings, a record a dossier, totals, signatures.

use super::catalogue::Level;
use super::chance::Chance;
use super::dossier::{Applicant, Channel, Dossier, Status};
use super::fault::Fault;
use super::life::Telling;
use super::line::{Form, Line, push, push_day};
use super::names::{push_applicant, push_dossier, push_paper, push_tax_code};
use super::plan::World;
use super::style::Style;

/// How many columns a list has.
const N_COLUMNS: usize = 28;

/// The headings in three spellings, all of them known to the profile.
const HEADINGS: [&str; 3] = [
    "STT|Mã hồ sơ|Mã TTHC|Người nộp|Số giấy tờ|Đối tượng|Mã số thuế|Hình thức nộp|Mức độ|\
     Ngày nộp hồ sơ|Ngày tiếp nhận|Ngày hẹn trả|Ngày kết thúc xử lý|Ngày trả kết quả|Trạng thái|\
     Số lần bổ sung|Số ngày chờ bổ sung|Phí, lệ phí (VNĐ)|Được miễn phí|Kết quả điện tử|Đã số hóa|\
     Tái sử dụng|Lấy từ CSDL|VNeID|Mức hài lòng|Thang điểm|Ngày đánh giá|Cập nhật lúc",
    "TT|Số hồ sơ|Mã thủ tục|Chủ hồ sơ|Số CCCD|Loại đối tượng|MST|Hình thức tiếp nhận|Mức độ DVC|\
     Ngày nộp|Ngày nhận|Hẹn trả|Ngày có kết quả|Ngày trả|Tình trạng|Lần bổ sung|Ngày chờ bổ sung|\
     Lệ phí|Miễn phí|KQ điện tử|Số hóa|Dùng lại|Kết nối dữ liệu|Định danh điện tử|Hài lòng|\
     Thang đo|Ngày chấm điểm|Cập nhật",
    "STT|MÃ BIÊN NHẬN|MÃ TTHC|NGƯỜI NỘP|SỐ GIẤY TỜ|ĐỐI TƯỢNG|MÃ SỐ THUẾ|KÊNH THỰC HIỆN|MỨC ĐỘ|\
     NGÀY NỘP HỒ SƠ|NGÀY TIẾP NHẬN|NGÀY HẸN TRẢ|NGÀY XỬ LÝ XONG|NGÀY TRẢ KẾT QUẢ|TRẠNG THÁI|\
     SỐ LẦN BỔ SUNG|SỐ NGÀY CHỜ BỔ SUNG|PHÍ, LỆ PHÍ (VNĐ)|ĐƯỢC MIỄN PHÍ|KẾT QUẢ ĐIỆN TỬ|ĐÃ SỐ HÓA|\
     TÁI SỬ DỤNG|LẤY TỪ CSDL|VNEID|MỨC HÀI LÒNG|THANG ĐIỂM|NGÀY ĐÁNH GIÁ|CẬP NHẬT LÚC",
];

/// What is written of records that are no dossiers, with the rule that leaves them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Blank,
    Group,
    ColumnNumbers,
    Totals,
    Signature,
}

impl Beside {
    /// Returns the rule by which such a row is out of scope.
    pub(super) fn rule(self) -> &'static str {
        match self {
            Self::Blank => "blank_row",
            Self::Group => "group_row",
            Self::ColumnNumbers => "column_numbers",
            Self::Totals => "totals_row",
            Self::Signature => "after_totals",
        }
    }
}

/// Writes the title rows and the headings.
pub(super) fn head(out: &mut Vec<u8>, style: Style, unit: u32, month: u32, world: &World) {
    let (days, end) = (&world.days, style.line_end());
    out.extend_from_slice("Danh sách hồ sơ thử nghiệm: mọi dữ liệu đều là giả".as_bytes());
    out.extend_from_slice(end);
    out.extend_from_slice("Từ ngày ".as_bytes());
    push_day(out, days.start(month), Form::Slashes, days);
    out.extend_from_slice(" đến ngày ".as_bytes());
    push_day(out, days.start(month + 1) - 1, Form::Slashes, days);
    out.extend_from_slice(end);
    // The old encoding has no capitals with tones.
    let n_spellings = if style == Style::Old { 2 } else { HEADINGS.len() };
    let spelling = (unit / 2 + month / 8) as usize % n_spellings;
    let mut line = Line::new(out, style.separator());
    for heading in HEADINGS[spelling].split('|') {
        if heading.contains(char::from(style.separator())) {
            line.quoted(heading);
        } else {
            line.text(heading);
        }
    }
    line.end(end);
}

/// Writes a row that is no dossier.
pub(super) fn beside(out: &mut Vec<u8>, style: Style, row: Beside, n_listed: u64) {
    let mut line = Line::new(out, style.separator());
    for at in 0..N_COLUMNS {
        match (row, at) {
            (Beside::ColumnNumbers, at) => {
                push(line.field(), format_args!("({})", at + 1));
            }
            (Beside::Totals, 0) => line.text("Tổng cộng"),
            (Beside::Totals, 1) => line.number(n_listed),
            (Beside::Group, 0) => line.text("II"),
            (Beside::Group, 3) => line.text("Lĩnh vực khác"),
            (Beside::Signature, 9) => line.text("Người lập biểu"),
            _ => line.text(""),
        }
    }
    line.end(style.line_end());
}

/// Writes the record of a dossier.
pub(super) fn row(
    out: &mut Vec<u8>,
    style: Style,
    n_listed: u64,
    dossier: &Dossier,
    told: &Telling,
    world: &World,
) {
    let mut line = Line::new(out, style.separator());
    line.number(n_listed);
    who(&mut line, style, dossier, told.fault, world);
    when(&mut line, style, dossier, told, world);
    what(&mut line, dossier, told);
    rating(&mut line, style, dossier, told, world);
    if told.fault == Some(Fault::FieldCount) && dossier.variant.is_multiple_of(2) {
        line.text("thừa");
    }
    line.end(style.line_end());
}

fn who(line: &mut Line<'_>, style: Style, dossier: &Dossier, fault: Option<Fault>, world: &World) {
    match fault {
        Some(Fault::NoKey) => line.text(""),
        Some(Fault::NotAnIdentifier) => line.text("chưa cấp số"),
        _ => push_dossier(line.field(), dossier, &world.days),
    }
    match fault {
        Some(Fault::UnknownProcedure) => line.text("9.999999"),
        _ => line.text(&world.catalogue.get(dossier.procedure).code),
    }
    push_applicant(line.field(), dossier);
    push_paper(line.field(), dossier);
    let applicant = match dossier.applicant {
        Applicant::Citizen => "Công dân",
        Applicant::Enterprise => "Doanh nghiệp",
        Applicant::Organisation => "Tổ chức",
        Applicant::Agency => "Cơ quan nhà nước",
    };
    line.text(if fault == Some(Fault::UnknownCode) { "Hộ kinh doanh" } else { applicant });
    if dossier.applicant == Applicant::Enterprise {
        push_tax_code(line.field(), dossier);
    } else {
        line.text("");
    }
    match fault {
        Some(Fault::UnknownChannel) => line.text("Zalo"),
        // A byte of another encoding, left in a text.
        Some(Fault::InvalidText) => line.field().extend_from_slice(b"Tr\xe9c ti\xe8p"),
        _ => line.text(channel(dossier, style)),
    }
    line.text(match dossier.level {
        None => "",
        Some(Level::Information) => "Mức độ 2",
        Some(Level::Partial) => "Mức độ 3",
        Some(Level::Full) => "Mức độ 4",
    });
}

fn channel(dossier: &Dossier, style: Style) -> &'static str {
    let is_other_word = style == Style::Excel || dossier.variant % 50 == 1;
    match (dossier.channel, is_other_word) {
        (Channel::Online, false) => "Trực tuyến",
        (Channel::Online, true) => "Qua mạng",
        (Channel::Counter, _) => "Trực tiếp",
        (Channel::Post, false) => "Qua bưu chính công ích",
        (Channel::Post, true) => "BCCI",
        (Channel::Other, _) => "Khác",
    }
}

fn when(line: &mut Line<'_>, style: Style, dossier: &Dossier, told: &Telling, world: &World) {
    let (form, days) = (form(style, dossier), &world.days);
    line.day(Some(dossier.submitted), form, days);
    match told.fault {
        Some(Fault::ImpossibleDay) => line.text("31/02/2020 25:61"),
        Some(Fault::NoReceivedOn) => line.text(""),
        _ => {
            let received = Some(dossier.received).filter(|_| told.status != Status::New);
            line.moment(received, form, days);
        }
    }
    line.day(told.due, form, days);
    let [ended, returned] = super::actions::ends(dossier, told);
    line.moment(ended, form, days);
    line.day(returned, form, days);
}

/// Returns the form of a record's days: some systems mix them.
fn form(style: Style, dossier: &Dossier) -> Form {
    match (style, dossier.variant % 25) {
        (Style::Marked, 0..3) => Form::Hyphens,
        (Style::Marked, 3) => Form::Iso,
        (Style::Excel, _) => Form::Hyphens,
        _ => Form::Slashes,
    }
}

fn what(line: &mut Line<'_>, dossier: &Dossier, told: &Telling) {
    line.text(match told.fault {
        Some(Fault::UnknownStatus) => "???",
        Some(Fault::NoStatus) => "",
        _ => status(dossier, told),
    });
    line.number(told.n_supplements);
    // A field is lost where there are too few.
    if told.fault != Some(Fault::FieldCount) || dossier.variant.is_multiple_of(2) {
        line.number(told.n_waited);
    }
    match told.fault {
        Some(Fault::NotANumber) => line.text("năm mươi nghìn"),
        _ => line.number(if dossier.is_exempt { 0 } else { dossier.fee_vnd }),
    }
    let flags = [
        dossier.is_exempt,
        dossier.has_e_result && told.status == Status::Completed,
        dossier.is_digitised,
        dossier.is_reused,
        dossier.is_connected,
        dossier.has_vneid,
    ];
    for is_so in flags {
        line.text(if is_so { "Có" } else { "0" });
    }
}

fn status(dossier: &Dossier, told: &Telling) -> &'static str {
    let is_other_word = dossier.variant % 10 == 3;
    match told.status {
        Status::New => "Mới đăng ký",
        Status::Processing if is_other_word => "Được tiếp nhận",
        Status::Processing => "Đang xử lý",
        Status::Supplement if is_other_word => "Chờ bổ sung",
        Status::Supplement => "Yêu cầu bổ sung",
        Status::Paused => "Dừng xử lý",
        Status::Refused => "Từ chối giải quyết",
        Status::Withdrawn => "Rút hồ sơ",
        Status::Completed if told.returned.is_none() => "Đã xử lý xong",
        Status::Completed => "Đã trả kết quả",
    }
}

fn rating(line: &mut Line<'_>, style: Style, dossier: &Dossier, told: &Telling, world: &World) {
    let end = told.ended.filter(|_| told.status == Status::Completed);
    let (form, days) = (form(style, dossier), &world.days);
    match dossier.satisfaction.zip(end) {
        Some((rating, end)) => {
            line.number(rating);
            line.text("1-5");
            line.day(Some(end), form, days);
        }
        None => line.texts(&["", "", ""]),
    }
    line.moment(Some(told.at), form, days);
}

/// Draws whether a row that is no dossier stands before the next record.
pub(super) fn before_next(chance: &mut Chance) -> Option<Beside> {
    match chance.below(900) {
        0 | 1 => Some(Beside::Blank),
        2 => Some(Beside::Group),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_has_every_column() {
        for headings in HEADINGS {
            assert_eq!(headings.split('|').count(), N_COLUMNS, "{headings}");
        }
    }
}
