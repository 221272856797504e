//! Rules that mark what is odd but readable; nothing is mended in silence.

use super::{Rule, Severity, rule};

/// What is marked: on records, on dossiers, on deliveries.
pub(super) const RULES: &[Rule] = &[
    rule(
        "completed_on_from_return",
        Severity::Mark,
        "the return day stands for the missing end of processing",
        "lấy ngày trả thay cho ngày kết thúc xử lý bị thiếu",
    ),
    rule(
        "zeros_may_be_lost",
        Severity::Mark,
        "the dossier number was written as a number: its zeros may be lost",
        "mã hồ sơ bị lưu dạng số: có thể đã mất số 0",
    ),
    rule(
        "date_as_serial",
        Severity::Mark,
        "a day was written as a plain number, and read as a spreadsheet reads it",
        "ngày bị lưu dạng số, được đọc theo cách của bảng tính",
    ),
    rule(
        "due_moved_after_due",
        Severity::Mark,
        "the due day was moved after it had passed",
        "ngày hẹn trả bị dời sau khi đã quá hạn",
    ),
    rule(
        "no_dossier",
        Severity::Mark,
        "another feed tells of this dossier, its unit does not",
        "hồ sơ có trong nguồn khác nhưng đơn vị không báo cáo",
    ),
    rule(
        "portal_end_while_paused",
        Severity::Mark,
        "finished on the national portal, while the unit waits or has paused it",
        "Cổng quốc gia ghi đã xong trong khi đơn vị đang chờ hoặc tạm dừng",
    ),
    rule(
        "portal_end_without_due",
        Severity::Mark,
        "finished on the national portal without a due day",
        "Cổng quốc gia ghi đã xong nhưng không có ngày hẹn trả",
    ),
    rule(
        "portal_reopened",
        Severity::Mark,
        "finished on the national portal, then open again: the first end was made up",
        "Cổng quốc gia ghi đã xong rồi lại mở: lần kết thúc đầu không thật",
    ),
    rule(
        "number_replaced",
        Severity::Mark,
        "the portal knows the dossier by a made-up number beside its own",
        "mã hồ sơ trên Cổng là mã sinh ngẫu nhiên thay cho mã gốc",
    ),
    rule(
        "result_is_submitted_file",
        Severity::Mark,
        "a file of the application was sent as the result",
        "tệp kết quả trùng với tệp người dân nộp",
    ),
    rule(
        "paid_online_by_cash",
        Severity::Mark,
        "paid online on the portal, in cash by the payment feed",
        "Cổng ghi thanh toán trực tuyến nhưng thực tế thu tiền mặt",
    ),
    rule(
        "zero_fee_not_sent",
        Severity::Mark,
        "the unit's fee of 0 is missing on the portal",
        "phí bằng 0 không được gửi lên Cổng",
    ),
    rule(
        "enterprise_check_failed",
        Severity::Mark,
        "no enterprise's code, or its check digit is wrong",
        "không phải mã số doanh nghiệp hoặc sai chữ số kiểm tra",
    ),
    rule(
        "encoding_detected",
        Severity::Mark,
        "the text was found to be {encoding}, which the profile does not declare",
        "văn bản được nhận ra là {encoding}, cấu hình không khai báo",
    ),
    rule(
        "sheet_not_read",
        Severity::Mark,
        "sheet {sheet} was not read: {why}",
        "không đọc trang tính {sheet}: {why}",
    ),
    rule(
        "heading_unknown",
        Severity::Mark,
        "nothing is read from heading {positions}, and none is there for {columns}: was one renamed?",
        "không đọc cột thứ {positions}, mà thiếu cột {columns}: có cột đã đổi tên?",
    ),
    rule(
        "numbers_of_another_unit",
        Severity::Mark,
        "{records} of {of} dossier numbers are of other units, as of {unit}: is it the log of another unit?",
        "{records} trong {of} mã hồ sơ là của đơn vị khác, như {unit}: có phải tệp của đơn vị khác?",
    ),
    rule(
        "nothing_of_period",
        Severity::Mark,
        "none of {records} records was received or completed from {from} to {to}, which it reports on: is it another period's?",
        "không bản ghi nào trong {records} bản ghi được tiếp nhận hay hoàn thành từ {from} đến {to} là kỳ báo cáo: có phải của kỳ khác?",
    ),
    rule(
        "days_to_come",
        Severity::Mark,
        "{records} records tell of days after the one on which they landed, the last {day}",
        "{records} bản ghi có ngày sau ngày nhận tệp, muộn nhất là {day}",
    ),
    rule(
        "numbers_without_form",
        Severity::Mark,
        "{records} of {of} dossier numbers have not the national form (agency-yymmdd-number): one that is written in another way is another dossier",
        "{records} trên {of} mã hồ sơ không theo mẫu quốc gia (mã cơ quan-nnttnn-số): cùng một mã viết khác đi là một hồ sơ khác",
    ),
    rule(
        "flag_constant",
        Severity::Mark,
        "`{column}` is {value} in all {records} records: it tells nothing",
        "`{column}` đều là {value} trong cả {records} bản ghi: không có ý nghĩa",
    ),
    rule(
        "control_does_not_add_up",
        Severity::Mark,
        "form II.06a says {total} for `{column}`, but {of} come to {sum}",
        "biểu II.06a ghi `{column}` là {total} nhưng {of} cộng lại là {sum}",
    ),
    rule(
        "control_unreadable",
        Severity::Mark,
        "form II.06a: {cells} cells of `{column}` are not whole numbers; the figure is not kept",
        "biểu II.06a: {cells} ô của `{column}` không phải là số nguyên; không giữ số liệu này",
    ),
    rule(
        "control_too_large",
        Severity::Mark,
        "form II.06a: of `{column}`, {of} come to more than can be counted; the figure is not kept",
        "biểu II.06a: với `{column}`, {of} cộng lại vượt quá mức đếm được; không giữ số liệu này",
    ),
    rule(
        "twelve_hour_clock",
        Severity::Mark,
        "of {records} times of day none is after noon: the afternoon may have been written as the morning",
        "trong {records} mốc giờ không có giờ chiều: có thể giờ chiều bị ghi thành giờ sáng",
    ),
];
