//! HTML tables: cells, spans, layout, and what is refused.

use std::fmt::Write as _;

use crate::pipeline::profile::Profile;
use crate::pipeline::text::fold;

use super::super::guard::MAX_RECORD_BYTES;
use super::{Trickle, endless, lines, message, profile, reading, records};

const HEAD: &str = "<tr><th>Mã hồ sơ</th><th>Ngày tiếp nhận</th><th>Trạng thái</th></tr>\n";

fn of(text: &str) -> Result<Vec<String>, String> {
    records(text.as_bytes(), &profile())
}

/// A page with a log of three columns.
fn page(rows: &str) -> String {
    format!("<html><body><table>\n{HEAD}{rows}\n</table></body></html>")
}

#[test]
fn rows_of_a_table_are_records() {
    let text = "<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\">\r
<head><meta charset=utf-8><style>td { mso-number-format:\"\\@\"; } </style>\r
<!--[if gte mso 9]><xml><x:Name>a</x:Name></xml><![endif]-->\r
<script>document.write('<table><tr><td>a</td></tr></table>')</script></head>\r
<BODY><TABLE BORDER=1><TBODY>\r
<tr><td colspan=3>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</td></tr>\r
<tr><td colspan=\"3\">(Từ ngày 01/07/2020)</td></tr>\r
<TR><TH>Mã&nbsp;hồ<br>sơ</TH><TH><b>Ngày</b> <p>tiếp nhận</p></TH><TH>Trạng thái</TH></TR>\r
<tr><td>HS-1</td><td> 01/07/2020\r
 10:00 </td><td>A &amp; B &lt;c&gt; &eacute;&#273;</td></tr>\r
<tr class='x'><td><a href=\"x\">HS<i>-2</i></a></td><td>02/07</td><td><div>a</div><div>b</div>\r
</td></tr><tr><td>Tổng số</td><td>2</td><td></td></tr></TBODY></TABLE></BODY>";
    let expected =
        ["HS-1 | 01/07/2020 10:00 | A & B <c> éđ", "HS-2 | 02/07 | a b", "· | · | · !totals_row"];
    assert_eq!(of(text).unwrap(), expected);
    assert_eq!(records(Trickle(text.as_bytes()), &profile()).unwrap(), expected);
    assert_eq!(lines(text.as_bytes(), &profile()), [9, 11, 12]);
}

#[test]
fn ends_may_be_left_out() {
    let text = format!(
        "<table>{HEAD}<tbody><tr><td>HS-1<td>1/7<td>a<tr><td>HS-2<td>2/7<td>b<tfoot><tr><td>Tổng số<td>2<td></table>"
    );
    let expected = ["HS-1 | 1/7 | a", "HS-2 | 2/7 | b", "· | · | · !totals_row"];
    assert_eq!(of(&text).unwrap(), expected);
    // The first row has no tag, the last cells' tags are closed twice.
    let text = format!("<table>{HEAD}<td>HS-1<td>1/7<td>a</td></td></tr></tr></table>");
    assert_eq!(of(&text).unwrap(), expected[..1]);
}

#[test]
fn rows_of_other_widths_are_remarked() {
    let text = page(
        "<tr><td>HS-1</td><td>1/7</td><td>a</td></tr>\n<tr><td>HS-2</td><td>2/7</td></tr>
         <tr><td>HS-3</td><td>3/7</td><td>a</td><td></td></tr><tr></tr><tr><td></td></tr>
         <tr><td>HS-4</td><td colspan=2>4/7</td></tr>",
    );
    let expected = [
        "HS-1 | 1/7 | a",
        "· | · | · !field_count",
        "· | · | · !field_count",
        "· | · | · !blank_row",
        "· | · | · !blank_row",
        "HS-4 | 4/7 | ·",
    ];
    assert_eq!(of(&text).unwrap(), expected);
}

#[test]
fn twelve_headings_over_eleven_cells_need_a_profile_that_says_so() {
    let headings = [
        "STT",
        "Đơn vị tiếp nhận",
        "Người tiếp nhận",
        "Tên thủ tục hành chính",
        "Mã hồ sơ",
        "Trạng thái",
        "Địa chỉ",
        "Người nộp",
        "Chủ hồ sơ",
        "Ngày nộp hồ sơ",
        "Ngày tiếp nhận",
        "Ngày kết thúc xử lý",
    ];
    let mut text = "<html><table><tr>".to_owned();
    headings.iter().for_each(|heading| write!(text, "<th>{heading}</th>").unwrap());
    for n in 1..=2 {
        let cells = [
            &n.to_string(),
            "Cục",
            "Thủ tục",
            "HS-1",
            "Xong",
            "Hà Nội",
            "A",
            "B",
            "1/7",
            "2/7",
            "3/7",
        ];
        text.push_str("</tr>\n<tr>");
        cells.iter().for_each(|cell| write!(text, "<td>{cell}</td>").unwrap());
    }
    text.push_str("</tr></table>");
    assert_eq!(of(&text).unwrap(), ["· | · | · !field_count"; 2]);
    let without = Profile { without_cells: vec![fold("Người tiếp nhận")], ..profile() };
    assert_eq!(records(text.as_bytes(), &without).unwrap(), ["HS-1 | 2/7 | Xong"; 2]);
}

#[test]
fn cells_span_columns_and_rows() {
    let text = "<table><thead>
        <tr><th rowspan=2>Mã hồ sơ<th colspan=2>Ngày<th rowspan=2>Trạng thái
        <tr><th>tiếp nhận<th>hẹn trả
        </thead><tr><td>HS-1<td>1/7<td>2/7<td rowspan=3>Xong
        <tr><td>HS-2<td rowspan=2 colspan=2>3/7
        <tr><td>HS-3
        <tr><td>HS-4<td>1<td>2<td>3</table>";
    let profile = reading("received_on", &["Ngày / tiếp nhận", "Ngày tiếp nhận"]);
    let expected = ["HS-1 | 1/7 | Xong", "HS-2 | 3/7 | Xong", "HS-3 | 3/7 | Xong", "HS-4 | 1 | 3"];
    assert_eq!(records(text.as_bytes(), &profile).unwrap(), expected);
    // A span ends with its group, its table or its file; 0, junk and nothing are 1.
    let text = page(
        "<tbody><tr><td rowspan=9>HS-1<td rowspan=0>1<td colspan=x>a</tbody>
         <tr><td rowspan=''>HS-2<td colspan='-3'>2<td rowspan>b<tr><td>HS-3<td>3<td rowspan=' 2px'>c
         <tr><td>HS-4<td>4",
    );
    let expected = ["HS-1 | 1 | a", "HS-2 | 2 | b", "HS-3 | 3 | c", "HS-4 | 4 | c"];
    assert_eq!(of(&text).unwrap(), expected);
    // A column without a cell, before one that is repeated, is empty; where cells overlap, the
    // later stands.
    let text = page("<tr><td>HS-1<td>1<td rowspan=3>a<tr><td>HS-2<tr><td>HS-3<td colspan=2>3");
    assert_eq!(of(&text).unwrap(), ["HS-1 | 1 | a", "HS-2 | · | a", "HS-3 | 3 | ·"]);
}

#[test]
fn huge_spans_are_refused() {
    for cell in [
        "<td colspan=1000000>",
        "<td rowspan=1000000>",
        "<td colspan=99999999999999999999999>",
        "<td colspan=10000><td colspan=10000>",
    ] {
        assert_eq!(of(&page(&format!("<tr>{cell}</tr>"))), Err("too_many_fields".to_owned()));
        let first = format!("<table><tr>{cell}</tr></table>");
        assert_eq!(of(&first), Err("too_many_fields".to_owned()));
    }
    let said = "a row claims 1000000 columns, more than 16384";
    assert_eq!(message(page("<tr><td colspan=1000000>").as_bytes(), &profile()), said);
    let long = "x".repeat(70_000);
    let text = page(&format!("<tr><td>HS-1<td>1<td rowspan=5000>{long}"));
    assert_eq!(of(&text), Err("record_too_long".to_owned()));
}

#[test]
fn a_table_in_a_cell_of_the_log_is_text() {
    let inner =
        "<table><tr><td>a.pdf</td><td>b.pdf</td></tr><tr><td><table><tr><td>c</table></table>";
    let text = page(&format!(
        "<tr><td>HS-1</td><td>1/7</td><td>x{inner}y</td></tr><tr><td>HS-2<td>2/7<td>b</tr>"
    ));
    assert_eq!(of(&text).unwrap(), ["HS-1 | 1/7 | x a.pdf b.pdf c y", "HS-2 | 2/7 | b"]);
}

#[test]
fn a_table_in_a_cell_of_the_layout_is_a_table() {
    let log =
        page("<tr><td>HS-1<td>1/7<td>a").replace("<html><body>", "").replace("</body></html>", "");
    let text = format!(
        "<html><table><tr><td>Bộ Văn hóa<td><table><tr><td>Danh sách</table></td></tr>
         <tr><td colspan=2><div>{log}</div></td></tr></table>
         <table><tr><td>Người lập<td>Thủ trưởng<td>a<td>b</table>"
    );
    let expected = ["HS-1 | 1/7 | a", "· | · | · !blank_row", "· | · | · !field_count"];
    assert_eq!(of(&text).unwrap(), expected);
    assert_eq!(records(Trickle(text.as_bytes()), &profile()).unwrap(), expected);
    let deep = format!("<html>{}", "<table><tr><td>".repeat(100_000));
    assert_eq!(of(&deep), Err("too_deep".to_owned()));
}

#[test]
fn office_marks_numbers() {
    let text = page(
        "<tr><td x:num>20200001<td x:num='44013'>1/7<td x:str>4<tr><td>HS-2<td>2<td x:num rowspan=2>5<tr><td>HS-3<td>3",
    );
    let expected = ["20200001# | 1/7# | 4", "HS-2 | 2 | 5#", "HS-3 | 3 | 5#"];
    assert_eq!(of(&text).unwrap(), expected);
}

#[test]
fn what_is_hidden_in_a_cell_is_no_text() {
    let text = page(
        "<tr><td>HS-1<script>document.write('</td><td>x')</script></td><td>1/7<style>td {}</style></td>
         <td>&nbsp;a&nbsp;b<!-- c --> </td></tr><tr><td>HS&nbsp;2<td>\u{a0}2/7\u{a0}<td>&nbsp;",
    );
    assert_eq!(of(&text).unwrap(), ["HS-1 | 1/7 | a b", "HS 2 | 2/7 | ·"]);
}

#[test]
fn a_page_may_be_longer_than_any_record() {
    let row = format!("<tr><td>HS-1<td>1/7<td>{}</tr>\n", "x".repeat(2000));
    let text = page(&row.repeat(5000));
    assert!(text.len() > 2 * usize::try_from(MAX_RECORD_BYTES).unwrap());
    assert_eq!(of(&text).unwrap().len(), 5000);
}

#[test]
fn a_page_without_headings_is_no_log() {
    let login =
        "<!DOCTYPE html><html><body><form>Mã hồ sơ <input name=u><table><tr><td>Tên đăng nhập</td>
        <td>Trạng thái</td></tr></table></form></body></html>";
    assert_eq!(of(login), Err("web_page".to_owned()));
    assert_eq!(of("<html><body>404</body></html>"), Err("web_page".to_owned()));
    let other = "<table><tr><td>Mã hồ sơ<td>Trạng thái<td>Ngày tiếp nhậm</table>";
    assert_eq!(of(other), Err("heading_missing".to_owned()));
}

#[test]
fn a_page_that_was_cut_is_refused() {
    let whole = page("<tr><td>HS-1<td>1/7<td>a</tr><tr><td>HS-2<td>2/7<td>b</td></tr>");
    let end = whole.find("</table>").unwrap();
    for cut in 10..end + "</table".len() {
        if whole.is_char_boundary(cut) && whole[..cut].contains("<table>") {
            assert_eq!(of(&whole[..cut]), Err("truncated".to_owned()), "{}", &whole[..cut]);
        }
    }
    assert_eq!(of(&whole[..end + "</table>".len()]).unwrap().len(), 2);
    let said = "the file ends in the middle of record 3, line 3";
    assert_eq!(message(&whole.as_bytes()[..end - 20], &profile()), said);
}

#[test]
fn what_never_ends_is_refused_in_little_memory() {
    let n_bytes = 300 << 20;
    for (before, over) in [
        ("<table><tr><td>", "x"),
        ("<table><tr>", "<td>"),
        ("<table><tr><td ", "a=b "),
        ("<html><!-- ", "x"),
        ("<html><script> ", "x"),
        ("<html>", "<p>"),
        ("<table><tr><td a='", "x"),
    ] {
        let rule = if over == "<td>" { "too_many_fields" } else { "record_too_long" };
        let text = endless(before, over, n_bytes);
        assert_eq!(records(text, &profile()), Err(rule.to_owned()), "{before}");
    }
}
