//! The rules by which records and deliveries are judged: their ids, and the words in which an
//! officer or an engineer reads them. Messages are made when shown, from masked parameters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Parameters of a judgement, masked: known codes, headings, counts, days and shapes.
pub type Params = BTreeMap<String, String>;

/// What a rule does to what breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The record goes to quarantine.
    Reject,
    /// The record is no dossier: a totals row, a blank row.
    OutOfScope,
    /// The whole delivery is refused.
    Refuse,
    /// The record is accepted and marked.
    Mark,
}

/// A rule: its id, what it does and how it is told; `{name}` stands for a parameter.
#[derive(Debug)]
pub struct Rule {
    pub id: &'static str,
    pub severity: Severity,
    pub en: &'static str,
    pub vi: &'static str,
}

/// Why a delivery is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    pub rule: String,
    pub params: Params,
}

impl Refusal {
    /// Makes a refusal from a rule's id and its parameters.
    pub fn new<const N: usize>(rule: &str, params: [(&str, String); N]) -> Self {
        Self { rule: rule.to_owned(), params: params_of(params) }
    }
}

/// Collects parameters.
pub fn params_of<const N: usize>(params: [(&str, String); N]) -> Params {
    params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The language in which a message is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Vietnamese,
}

/// Tells a rule's breach in words.
pub fn message(rule: &str, params: &Params, language: Language) -> String {
    let Some(rule) = find(rule) else { return format!("{rule} {params:?}") };
    let template = match language {
        Language::English => rule.en,
        Language::Vietnamese => rule.vi,
    };
    params.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

/// Finds a rule by its id.
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

const fn rule(id: &'static str, severity: Severity, en: &'static str, vi: &'static str) -> Rule {
    Rule { id, severity, en, vi }
}

/// Every rule, in the order in which a record or a delivery meets them.
pub const RULES: &[Rule] = &[
    rule(
        "name_outside_pattern",
        Severity::Refuse,
        "the object's name does not fit the feed's `name`; it is told by its hash {hash}",
        "tên tệp không đúng mẫu đã đăng ký; tệp được ghi theo mã băm {hash}",
    ),
    rule("empty_file", Severity::Refuse, "the file is empty", "tệp rỗng"),
    rule(
        "web_page",
        Severity::Refuse,
        "the file is a web page, not a log: perhaps a login page",
        "tệp là một trang web, không phải danh sách hồ sơ: có thể là trang đăng nhập",
    ),
    rule(
        "not_text",
        Severity::Refuse,
        "the file is not text but {kind}",
        "tệp không phải văn bản mà là {kind}",
    ),
    rule(
        "heading_missing",
        Severity::Refuse,
        "no row holds the headings of the profile: `{missing}` was not found{near}",
        "không tìm thấy dòng tiêu đề theo cấu hình: thiếu cột `{missing}`{near}",
    ),
    rule(
        "heading_twice",
        Severity::Refuse,
        "two headings mean the same column: `{first}` and `{second}`",
        "hai tiêu đề cùng chỉ một cột: `{first}` và `{second}`",
    ),
    rule(
        "unclosed_quote",
        Severity::Refuse,
        "a quote that opens in record {record}, line {line}, swallows the rows after it",
        "dấu ngoặc kép mở ở bản ghi {record}, dòng {line} nuốt các dòng sau",
    ),
    rule(
        "record_too_long",
        Severity::Refuse,
        "the record after record {record}, line {line}, is longer than {limit} bytes",
        "bản ghi sau bản ghi {record}, dòng {line} dài hơn {limit} byte",
    ),
    rule(
        "truncated",
        Severity::Refuse,
        "the file ends in the middle of record {record}, line {line}",
        "tệp bị cắt giữa bản ghi {record}, dòng {line}",
    ),
    rule(
        "raw_missing",
        Severity::Refuse,
        "the bytes received are no longer kept",
        "dữ liệu gốc không còn được lưu",
    ),
    rule("totals_row", Severity::OutOfScope, "a totals row", "dòng tổng cộng"),
    rule("blank_row", Severity::OutOfScope, "a row without text", "dòng trống"),
    rule(
        "after_totals",
        Severity::OutOfScope,
        "a row below the totals, without a dossier number",
        "dòng dưới dòng tổng cộng, không có mã hồ sơ",
    ),
    rule(
        "field_count",
        Severity::Reject,
        "{fields} fields under {headings} headings",
        "{fields} ô dưới {headings} tiêu đề",
    ),
    rule("invalid_text", Severity::Reject, "the text is not UTF-8", "văn bản không phải UTF-8"),
    rule("no_key", Severity::Reject, "no dossier number", "thiếu mã hồ sơ"),
    rule(
        "impossible_day",
        Severity::Reject,
        "`{text}` is no day in the profile's forms",
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
    rule(
        "completed_on_from_return",
        Severity::Mark,
        "the return day stands for the missing end of processing",
        "lấy ngày trả thay cho ngày kết thúc xử lý bị thiếu",
    ),
    rule(
        "due_moved_after_due",
        Severity::Mark,
        "the due day was moved after it had passed",
        "ngày hẹn trả bị dời sau khi đã quá hạn",
    ),
];
