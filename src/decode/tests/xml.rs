//! XML: elements that are records, and what is refused.

use super::{Trickle, at, endless, lines, message, profile, reading, records};

const TWO: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- kết xuất -->
<d:DanhSach xmlns:d="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <HoSo><MaHoSo>HS-1</MaHoSo><d:NgayTiepNhan>01/07/2020</d:NgayTiepNhan>
    <TrangThai>Đang xử lý &amp; chờ</TrangThai></HoSo>
  <HoSo><MaHoSo><![CDATA[HS<2>]]></MaHoSo><NgayTiepNhan>0&#50;/07</NgayTiepNhan>
    <TrangThai xsi:nil="true"/></HoSo>
</d:DanhSach>
"#;

const EXPECTED: [&str; 2] =
    ["HS-1 | - | 01/07/2020 | Đang xử lý & chờ | 0", "HS<2> | - | 02/07 | · | 0"];

fn of(text: &str) -> Result<Vec<String>, String> {
    records(text.as_bytes(), &profile())
}

/// A document of one record.
fn one(values: &str) -> String {
    format!("<r><HoSo><MaHoSo>1</MaHoSo><NgayTiepNhan>x</NgayTiepNhan>{values}</HoSo></r>")
}

#[test]
fn the_children_of_the_root_are_records() {
    assert_eq!(of(TWO).unwrap(), EXPECTED);
    assert_eq!(records(Trickle(TWO.as_bytes()), &profile()).unwrap(), EXPECTED);
    assert_eq!(lines(TWO.as_bytes(), &profile()), [4, 6]);
    assert_eq!(lines(TWO.replace('\n', "\r\n").as_bytes(), &profile()), [4, 6]);
}

#[test]
fn a_name_or_a_path_leads_to_the_records() {
    let list = TWO.lines().skip(2).collect::<Vec<_>>().join("\n");
    let text = format!("<Envelope><Header><HoSo2/></Header><Body>{list}</Body></Envelope>");
    let of = |path: &str| records(text.as_bytes(), &at(path));
    assert_eq!(of("HoSo").unwrap(), EXPECTED);
    assert_eq!(of("Envelope.Body.DanhSach.HoSo").unwrap(), EXPECTED);
    for path in ["Body.DanhSach.HoSo", "DanhSach.HoSo", "HoSos", "Envelope.HoSo"] {
        assert_eq!(of(path), Err("no_records".to_owned()), "{path}");
    }
    assert_eq!(records(TWO.as_bytes(), &at("DanhSach.HoSo")).unwrap(), EXPECTED);
    let root = "<HoSo><MaHoSo>1</MaHoSo><NgayTiepNhan>x</NgayTiepNhan></HoSo>";
    assert_eq!(records(root.as_bytes(), &at("HoSo")).unwrap(), ["1 | - | x | - | 0"]);
    // What has a record's name within a record is a part of it.
    let within = one("<TrangThai>4</TrangThai><Cu><HoSo><MaHoSo>0</MaHoSo></HoSo></Cu>");
    assert_eq!(records(within.as_bytes(), &at("HoSo")).unwrap(), ["1 | - | x | 4 | 0"]);
}

#[test]
fn elements_within_a_record_have_values_under_paths() {
    let of = |values: &str| of(&one(values)).unwrap().remove(0);
    let fees = "<DanhSachLePhi><Gia>120000</Gia></DanhSachLePhi>";
    assert_eq!(of(&fees.repeat(2)), "1 | 240000 | x | - | 0");
    let round = "<DanhSachHoSoBoSung><Lan>1</Lan></DanhSachHoSoBoSung>";
    assert_eq!(of(&round.repeat(3)), "1 | - | x | - | 3");
    assert_eq!(of("<DanhSachHoSoBoSung/>"), "1 | - | x | - | 0");
    assert_eq!(of("<TrangThai>a</TrangThai><TrangThai>b</TrangThai>"), "1 | - | x | a##b | 0");
    assert_eq!(of("<TrangThai>  </TrangThai>"), "1 | - | x | · | 0");
    assert_eq!(of("<TrangThai> a <!-- b --> c </TrangThai>"), "1 | - | x | a  c | 0");
    assert_eq!(of("<TrangThai><b/></TrangThai>"), "1 | - | x | {} | 0");
    assert_eq!(of("<TrangThai>a <b>c</b></TrangThai>"), "1 | - | x | a | 0");
    assert_eq!(of("<xsi:TrangThai p:nil=' 1 '>a</xsi:TrangThai>"), "1 | - | x | · | 0");
}

#[test]
fn attributes_are_values_too() {
    let of = |path: &str, values: &str| {
        let text = one(values).replace("<HoSo>", "<HoSo ma='7' xmlns:y='z'>");
        records(text.as_bytes(), &reading("status", &[path])).unwrap().remove(0)
    };
    assert_eq!(of("@ma", ""), "1 | - | x | 7 | 0");
    assert_eq!(of("LePhi.@loai", r#"<LePhi loai="1 &lt; 2"/>"#), "1 | - | x | 1 < 2 | 0");
    assert_eq!(of("LePhi", r#"<LePhi loai="1"/>"#), "1 | - | x | · | 0");
    assert_eq!(of("a.b.@c", r#"<a><b y:c="d"/></a>"#), "1 | - | x | d | 0");
}

#[test]
fn entities_are_refused() {
    let mut laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\">".to_owned();
    for n in 1..10 {
        let ten = format!("&lol{};", n - 1).repeat(10);
        laughs.push_str(&format!("<!ENTITY lol{n} \"{ten}\">\n"));
    }
    laughs.push_str("]>");
    let text = format!("<?xml version=\"1.0\"?>\n{laughs}{}", one("<TrangThai>&lol9;</TrangThai>"));
    assert_eq!(of(&text), Err("entity".to_owned()));
    let said = "line 2 declares or uses an entity of its own; none is expanded";
    assert_eq!(message(text.as_bytes(), &profile()), said);
    assert_eq!(of(&one("<TrangThai>&lol;</TrangThai>")), Err("entity".to_owned()));
    assert_eq!(of(&one("<TrangThai>&nbsp;</TrangThai>")), Err("entity".to_owned()));
    assert_eq!(of(&one("<TrangThai a='&lol;'/>")), Err("entity".to_owned()));
    assert_eq!(of(&format!("<!DOCTYPE r SYSTEM \"r.dtd\">{}", one(""))).unwrap().len(), 1);
    assert_eq!(of(&format!("<!DOCTYPE r>{}", one(""))).unwrap().len(), 1);
    let all = one("<TrangThai>&lt;&gt;&amp;&apos;&quot;&#x1ec7;</TrangThai>");
    assert_eq!(of(&all).unwrap(), ["1 | - | x | <>&'\"ệ | 0"]);
}

#[test]
fn broken_syntax_is_refused_without_quoting_it() {
    for text in [
        &TWO[..TWO.len() - 3],
        &TWO[..TWO.len() - 20],
        &TWO[..TWO.len() / 2],
        &format!("{TWO}<x/>"),
        &format!("{TWO} x"),
        "<r><a></b></r>",
        "<r><a></r>",
        "<r></a></r>",
        &one("<TrangThai>a & b</TrangThai>"),
        &one("<TrangThai a=b/>"),
        &one("<TrangThai>&#0;</TrangThai>"),
        &one("<TrangThai>&#xffffffff;</TrangThai>"),
    ] {
        assert_eq!(of(text), Err("broken_syntax".to_owned()), "{text}");
    }
    let text = TWO.replace("</DanhSach>", "</NguyenVanA>");
    let text = text.replace("</d:DanhSach>", "</NguyenVanA>");
    let said = "the XML breaks after record 2, line 8: an end tag without its start";
    assert_eq!(message(text.as_bytes(), &profile()), said);
    let bytes = b"<r><a>\xe9</a></r>";
    let said = "the XML breaks after record 0, line 1: the text is not UTF-8";
    assert_eq!(message(&bytes[..], &profile()), said);
}

#[test]
fn a_document_that_was_cut_anywhere_is_refused() {
    let end = TWO.trim_end().len();
    for cut in 1..end {
        let refused = records(&TWO.as_bytes()[..cut], &profile());
        assert!(refused.is_err(), "{}", String::from_utf8_lossy(&TWO.as_bytes()[..cut]));
    }
    assert_eq!(of(&TWO[..end]).unwrap(), EXPECTED);
}

#[test]
fn what_nests_too_deep_is_refused() {
    for text in ["<a>".repeat(100_000), one(&"<a>".repeat(100_000))] {
        assert_eq!(of(&text), Err("too_deep".to_owned()));
        assert_eq!(records(text.as_bytes(), &at("HoSos")), Err("too_deep".to_owned()));
    }
}

#[test]
fn what_never_ends_is_refused_in_little_memory() {
    let n_bytes = 300 << 20;
    for (before, over) in [
        ("<r><HoSo><MaHoSo>", "x"),
        ("<r><HoSo><MaHoSo>", "<a/>"),
        ("<r><HoSo a='", "x"),
        ("<r><!-- ", "x"),
        ("<!DOCTYPE r [ ", "<!ELEMENT a (b)>"),
        ("<r><HoSo><MaHoSo><![CDATA[", "x]"),
        ("<r><HoSo ", "a='b' "),
    ] {
        let text = endless(before, over, n_bytes);
        assert_eq!(records(text, &profile()), Err("record_too_long".to_owned()), "{before}");
    }
}

#[test]
fn what_stands_beside_the_records_may_be_long() {
    let beside = "<a><b>c</b></a>".repeat(400_000);
    let text = format!("<r><x>{beside}</x>{}<x>{beside}</x></r>", one(""));
    assert!(text.len() > 10 << 20);
    assert_eq!(records(text.as_bytes(), &at("HoSo")).unwrap().len(), 1);
}
