//! Rules by which a whole delivery is refused.

use super::{Rule, Severity, rule};

/// Why a delivery is refused, in the order in which it meets the rules.
pub(super) const RULES: &[Rule] = &[
    rule(
        "name_outside_pattern",
        Severity::Refuse,
        "the object's name does not fit the feed's `name`; it is told by its hash {hash}",
        "tên tệp không đúng mẫu đã đăng ký; tệp được ghi theo mã băm {hash}",
    ),
    rule("withdrawn", Severity::Refuse, "withdrawn: {reason}", "đã rút lại: {reason}"),
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
        "the file is in no format that is known: not CSV, XLSX, XLS, HTML, JSON, XML or Parquet",
        "không nhận ra định dạng tệp: không phải CSV, XLSX, XLS, HTML, JSON, XML hay Parquet",
    ),
    rule(
        "damaged",
        Severity::Refuse,
        "the file cannot be read to its end: {cause}",
        "không đọc được tệp đến hết: {cause}",
    ),
    rule(
        "bomb",
        Severity::Refuse,
        "unpacked, the file is more than {ratio} times as large as packed ({plain} MiB and more): no log is",
        "tệp giải nén lớn hơn {ratio} lần khi nén (từ {plain} MiB): không thể là danh sách hồ sơ",
    ),
    rule(
        "too_large",
        Severity::Refuse,
        "the file is larger than {limit} MiB, too large for its format; send it as CSV, or in parts",
        "tệp lớn hơn {limit} MiB, quá giới hạn của định dạng; hãy gửi dạng CSV hoặc chia nhỏ",
    ),
    rule(
        "packed_too_deep",
        Severity::Refuse,
        "the file is an archive in an archive in an archive",
        "tệp nén lồng nhau quá nhiều lớp",
    ),
    rule("password", Severity::Refuse, "the file has a password", "tệp có mật khẩu"),
    rule(
        "several_files",
        Severity::Refuse,
        "the archive holds {files} files; a delivery is one",
        "tệp nén chứa {files} tệp; mỗi lần gửi chỉ một tệp",
    ),
    rule(
        "too_many_fields",
        Severity::Refuse,
        "a row claims {fields} columns, more than {limit}",
        "một dòng khai {fields} cột, quá {limit}",
    ),
    rule(
        "no_records",
        Severity::Refuse,
        "no record is where the profile looks for them",
        "không có bản ghi nào ở vị trí mà cấu hình chỉ ra",
    ),
    rule(
        "too_deep",
        Severity::Refuse,
        "record {record}, line {line}, nests deeper than {limit}",
        "bản ghi {record}, dòng {line} lồng sâu quá {limit} cấp",
    ),
    rule(
        "entity",
        Severity::Refuse,
        "line {line} declares or uses an entity of its own; none is expanded",
        "dòng {line} khai báo hoặc dùng thực thể riêng; hệ thống không mở rộng thực thể",
    ),
    rule(
        "broken_syntax",
        Severity::Refuse,
        "the {format} breaks after record {record}, line {line}: {cause}",
        "cú pháp {format} bị lỗi sau bản ghi {record}, dòng {line}: {cause}",
    ),
    rule(
        "sheets_differ",
        Severity::Refuse,
        "sheet {sheet} has other headings than sheet {first}; name the sheet in the profile",
        "trang tính {sheet} có tiêu đề khác trang {first}; hãy chỉ rõ trang tính trong cấu hình",
    ),
    rule(
        "sheet_missing",
        Severity::Refuse,
        "the workbook has no visible sheet `{sheet}`",
        "tệp không có trang tính `{sheet}` đang hiện",
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
        "days_turned",
        Severity::Refuse,
        "in `{column}`, {turned} of {days} days are days only with the month first: which way the others are meant cannot be told",
        "cột `{column}`: {turned} trên {days} ngày chỉ hợp lệ khi tháng đứng trước; không thể biết các ngày còn lại viết theo cách nào",
    ),
    rule(
        "days_half_turned",
        Severity::Refuse,
        "in `{column}`, all {cells} cells that hold days are of the first twelve of a month, and all {texts} texts of later days: the workbook took the day for the month where it could; write the days as text, or set the form of the cells, and send it again",
        "cột `{column}`: cả {cells} ô kiểu ngày đều từ ngày 1 đến 12, còn cả {texts} ô kiểu chữ đều sau ngày 12: phần mềm bảng tính đã đảo ngày và tháng ở những ô đọc được; hãy ghi ngày ở dạng chữ hoặc đặt lại định dạng ô rồi gửi lại",
    ),
    rule(
        "raw_missing",
        Severity::Refuse,
        "the bytes received are no longer kept: send the file again, then `hoso quarantine replay`",
        "dữ liệu gốc không còn được lưu: hãy gửi lại tệp",
    ),
];
