//! Rules by which a record is no dossier, or goes to quarantine.

use super::{Rule, Severity, rule};

/// What becomes of records, in the order in which they meet the rules.
pub(super) const RULES: &[Rule] = &[
    rule("totals_row", Severity::OutOfScope, "a totals row", "dòng tổng cộng"),
    rule("blank_row", Severity::OutOfScope, "a row without text", "dòng trống"),
    rule(
        "after_totals",
        Severity::OutOfScope,
        "a row below the totals, without a dossier number",
        "dòng dưới dòng tổng cộng, không có mã hồ sơ",
    ),
    rule("group_row", Severity::OutOfScope, "a row that names a group", "dòng tên nhóm"),
    rule(
        "column_numbers",
        Severity::OutOfScope,
        "a row that numbers the columns",
        "dòng đánh số cột",
    ),
    rule(
        "field_count",
        Severity::Reject,
        "{fields} fields under {headings} headings",
        "{fields} ô dưới {headings} tiêu đề",
    ),
    rule("invalid_text", Severity::Reject, "the text is not UTF-8", "văn bản không phải UTF-8"),
    rule(
        "formula_without_value",
        Severity::Reject,
        "a formula whose value was not saved",
        "công thức chưa được lưu kết quả",
    ),
    rule("cell_error", Severity::Reject, "a cell that holds an error", "ô bị lỗi công thức"),
    rule(
        "code_as_number",
        Severity::Reject,
        "a number stands where a code does: its zeros may be lost",
        "mã bị lưu dạng số: có thể đã mất số 0",
    ),
    rule(
        "no_item_key",
        Severity::Reject,
        "nothing tells this payment or parcel from another",
        "thiếu mã phân biệt giao dịch hoặc bưu gửi",
    ),
    rule("no_key", Severity::Reject, "no dossier number", "thiếu mã hồ sơ"),
    rule(
        "not_an_identifier",
        Severity::Reject,
        "`{text}` is no number or code: words or letters of another script stand in it, or no digit",
        "`{text}` không phải là số hay mã: có từ ngữ, ký tự lạ hoặc không có chữ số",
    ),
    rule(
        "impossible_day",
        Severity::Reject,
        "`{text}` is no day, or not in a form of the profile",
        "`{text}` không phải là ngày hợp lệ",
    ),
    rule(
        "not_a_number",
        Severity::Reject,
        "`{text}` is not a whole number",
        "`{text}` không phải là số nguyên",
    ),
    rule("unknown_unit", Severity::Reject, "unknown unit `{text}`", "không rõ đơn vị `{text}`"),
    rule(
        "unknown_procedure",
        Severity::Reject,
        "procedure `{text}` is not in the catalogue",
        "thủ tục `{text}` không có trong danh mục",
    ),
    rule(
        "unknown_status",
        Severity::Reject,
        "unknown status `{text}`",
        "không rõ trạng thái `{text}`",
    ),
    rule("no_status", Severity::Reject, "no status", "thiếu trạng thái"),
    rule(
        "unknown_channel",
        Severity::Reject,
        "unknown channel `{text}`",
        "không rõ hình thức nộp `{text}`",
    ),
    rule("unknown_code", Severity::Reject, "unknown code `{text}`", "không rõ mã `{text}`"),
    rule("no_received_on", Severity::Reject, "no day of reception", "thiếu ngày tiếp nhận"),
    rule(
        "no_end_day",
        Severity::Reject,
        "{status} without any end day",
        "trạng thái {status} nhưng thiếu ngày kết thúc",
    ),
    rule(
        "end_before_received",
        Severity::Reject,
        "ended on {ended_on}, before it was received on {received_on}",
        "kết thúc ngày {ended_on}, trước ngày tiếp nhận {received_on}",
    ),
    rule(
        "after_observed",
        Severity::Reject,
        "{day} lies after the day of the export, {observed_on}",
        "{day} sau ngày kết xuất {observed_on}",
    ),
];
