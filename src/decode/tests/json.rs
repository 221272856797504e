//! JSON: documents, lines, paths to records, and what is refused.

use super::{Trickle, at, endless, lines, message, profile, reading, records};

const TWO: &str = r#"[
  {"MaHoSo": "HS-1", "NgayTiepNhan": "01/07/2020", "TrangThai": 4},
  {"MaHoSo": "HS-2", "NgayTiepNhan": "02/07/2020", "TrangThai": null}
]"#;

fn of(text: &str) -> Result<Vec<String>, String> {
    records(text.as_bytes(), &profile())
}

#[test]
fn the_elements_of_a_list_are_records() {
    // fee_vnd, received_on, dossier_number, status, supplement_count in alphabetical order.
    let expected = ["HS-1 | - | 01/07/2020 | 4# | 0", "HS-2 | - | 02/07/2020 | · | 0"];
    assert_eq!(of(TWO).unwrap(), expected);
    assert_eq!(records(Trickle(TWO.as_bytes()), &profile()).unwrap(), expected);
    assert_eq!(lines(TWO.as_bytes(), &profile()), [2, 3]);
}

#[test]
fn each_line_may_be_a_record_or_a_list() {
    let expected = ["HS-1 | - | 1/7 | - | 0", "HS-2 | - | 2/7 | - | 0"];
    let one = r#"{"MaHoSo": "HS-1", "NgayTiepNhan": "1/7"}"#;
    let two = r#"{"MaHoSo": "HS-2", "NgayTiepNhan": "2/7"}"#;
    assert_eq!(of(&format!("{one}\n{two}\n")).unwrap(), expected);
    assert_eq!(of(&format!("{one} {two}")).unwrap(), expected);
    assert_eq!(of(&format!("[{one}]\n[{two}]")).unwrap(), expected);
    assert_eq!(of(one).unwrap(), expected[..1]);
    assert_eq!(lines(format!("{one}\n\n{two}\n").as_bytes(), &profile()), [1, 3]);
}

#[test]
fn a_path_leads_to_the_records() {
    let text = |list: &str| {
        format!(
            r#"{{"ok": true, "rows": [{{"x": [1]}}], "Body": {{"n": 2, "HoSo": {list}}}, "z": 1}}"#
        )
    };
    let of = |path, text: &str| records(text.as_bytes(), &at(path));
    let two = ["HS-1 | - | 01/07/2020 | 4# | 0", "HS-2 | - | 02/07/2020 | · | 0"];
    assert_eq!(of("Body.HoSo", &text(TWO)).unwrap(), two);
    assert_eq!(records(Trickle(text(TWO).as_bytes()), &at("Body.HoSo")).unwrap(), two);
    // An object at its end is one record; pages of records follow each other.
    let one = r#"{"MaHoSo": "HS-1", "NgayTiepNhan": "01/07/2020", "TrangThai": 4}"#;
    assert_eq!(of("Body.HoSo", &text(one)).unwrap(), two[..1]);
    let pages = format!("{}\n{}", text(one), text(one));
    assert_eq!(of("Body.HoSo", &pages).unwrap(), [two[0], two[0]]);
    let pages = format!("[{}, {}]", text(one), text(one));
    assert_eq!(of("Body.HoSo", &pages).unwrap(), [two[0], two[0]]);
    // One that leads nowhere, or to nothing, has no records.
    for path in ["Body.hoSos", "data", "Body.HoSo.MaHoSo.x", "rows.x.y"] {
        assert_eq!(of(path, &text(TWO)), Err("no_records".to_owned()), "{path}");
    }
    assert_eq!(of("Body.HoSo", &text("null")), Err("no_records".to_owned()));
    // A list that is there and empty is a report of nothing.
    assert_eq!(of("Body.HoSo", &text("[]")).map(|rows| rows.len()), Ok(0));
    assert_eq!(of("rows", &text(TWO)), Err("heading_missing".to_owned()));
}

#[test]
fn lists_within_a_record_have_several_values() {
    let text = |lists: &str| format!(r#"[{{"MaHoSo": "1", "NgayTiepNhan": "x", {lists}}}]"#);
    let of = |lists: &str| of(&text(lists)).unwrap().remove(0);
    assert_eq!(
        of(r#""DanhSachLePhi": [{"Gia": "120000"}, {"Gia": 30000}]"#),
        "1 | 150000# | x | - | 0"
    );
    assert_eq!(of(r#""DanhSachLePhi": []"#), "1 | · | x | - | 0");
    assert_eq!(of(r#""DanhSachHoSoBoSung": [{"a": 1}, {}, {"b": [1]}]"#), "1 | - | x | - | 3");
    assert_eq!(of(r#""DanhSachHoSoBoSung": []"#), "1 | - | x | - | 0");
    assert_eq!(of(r#""DanhSachHoSoBoSung": null"#), "1 | - | x | - | 0");
    assert_eq!(of(r#""DanhSachHoSoBoSung": ["a", null, "b"]"#), "1 | - | x | - | 2");
    assert_eq!(of(r#""TrangThai": ["a", ["b"]]"#), "1 | - | x | a##b | 0");
    // A key that is there twice has two values.
    assert_eq!(of(r#""TrangThai": "a", "TrangThai": "b""#), "1 | - | x | a##b | 0");
    assert_eq!(of(r#""TrangThai": null, "TrangThai": "b""#), "1 | - | x | b | 0");
}

#[test]
fn a_list_with_nothing_in_it_tells_that_there_is_none() {
    let of = |lists: &str| {
        let text = format!(r#"[{{"MaHoSo": "1", "NgayTiepNhan": "x", {lists}}}]"#);
        let profile = reading("e_result", &["any(GiayTo.DuongDan)"]);
        records(text.as_bytes(), &profile).unwrap().remove(0)
    };
    // The second column; a key that is not there, and null, tell nothing.
    assert_eq!(of(r#""GiayTo": [{"DuongDan": "a.pdf"}]"#), "1 | true | - | x | - | 0");
    assert_eq!(of(r#""GiayTo": [{"DuongDan": ""}]"#), "1 | · | - | x | - | 0");
    assert_eq!(of(r#""GiayTo": []"#), "1 | false | - | x | - | 0");
    assert_eq!(of(r#""GiayTo": null"#), "1 | · | - | x | - | 0");
    assert_eq!(of(r#""GiayTo": [{"Ten": "b"}]"#), "1 | · | - | x | - | 0");
    // What is read plainly is as empty as before.
    assert_eq!(of(r#""TrangThai": []"#), "1 | - | - | x | · | 0");
}

#[test]
fn values_keep_their_text() {
    let profile = reading("status", &["ThongTin.TrangThai"]);
    let of = |value: &str| {
        let text = format!(
            r#"{{"MaHoSo": "1", "NgayTiepNhan": "x", "ThongTin": {{"TrangThai": {value}}}}}"#
        );
        records(text.as_bytes(), &profile).unwrap().remove(0)
    };
    for number in ["12345678901234567890123", "0.10", "1e400", "-0", "1.003868"] {
        assert_eq!(of(number), format!("1 | - | x | {number}# | 0"));
    }
    assert_eq!(of("true"), "1 | - | x | true | 0");
    assert_eq!(of("false"), "1 | - | x | false | 0");
    assert_eq!(of(r#""H\u1ed3 s\u01a1 \"a\"\n""#), "1 | - | x | Hồ sơ \"a\" | 0");
    assert_eq!(of(r#""""#), "1 | - | x | · | 0");
    assert_eq!(of("null"), "1 | - | x | · | 0");
    assert_eq!(of("{}"), "1 | - | x | {} | 0");
}

#[test]
fn two_names_of_one_column_are_refused() {
    let early = r#"{"MaHoSo": "1", "Mã hồ sơ": "1", "NgayTiepNhan": "x"}"#;
    assert_eq!(of(early), Err("heading_twice".to_owned()));
    let mut late = r#"{"MaHoSo": "1", "NgayTiepNhan": "x"}"#.repeat(300);
    assert_eq!(of(&late).unwrap().len(), 300);
    late.push_str(early);
    assert_eq!(of(&late), Err("heading_twice".to_owned()));
}

#[test]
fn broken_syntax_is_refused_without_quoting_it() {
    for text in [
        &TWO[..TWO.len() - 1],
        &TWO[..TWO.len() - 20],
        &TWO[..TWO.len() / 2],
        &format!("{TWO} x"),
        &format!("{TWO} ]"),
        r#"[{"MaHoSo": "1", "NgayTiepNhan": "x",}]"#,
        r#"[{"MaHoSo": "1" "NgayTiepNhan": "x"}]"#,
        r#"[{"MaHoSo": "1", "NgayTiepNhan": 01}]"#,
        r#"[{"MaHoSo": "1", "NgayTiepNhan": "x"}, 5]"#,
        r#"[[{"MaHoSo": "1", "NgayTiepNhan": "x"}]]"#,
    ] {
        assert_eq!(of(text), Err("broken_syntax".to_owned()), "{text}");
    }
    let broken = "[{\"MaHoSo\": \"HS-1\", \"NgayTiepNhan\": \"x\"},\n{\"MaHoSo\": Nguyễn Văn A}]";
    let said = "the JSON breaks after record 1, line 2: malformed json";
    assert_eq!(message(broken.as_bytes(), &profile()), said);
    let bytes = b"[{\"MaHoSo\": \"\xe9\"}]";
    let said = "the JSON breaks after record 0, line 1: the text is not UTF-8";
    assert_eq!(message(&bytes[..], &profile()), said);
}

#[test]
fn what_nests_too_deep_is_refused() {
    for open in ["[", "[[", r#"[{"a":"#] {
        let deep = open.repeat(100_000);
        let rule = if open.contains('{') { "too_deep" } else { "broken_syntax" };
        assert_eq!(of(&deep), Err(rule.to_owned()), "{open}");
        assert_eq!(records(deep.as_bytes(), &at("data")), Err("too_deep".to_owned()), "{open}");
    }
    let deep = format!(r#"[{{"MaHoSo": {}"#, "[".repeat(100_000));
    assert_eq!(of(&deep), Err("too_deep".to_owned()));
    let said = "record 0, line 1, nests deeper than 32";
    assert_eq!(message(deep.as_bytes(), &profile()), said);
    let skipped = format!(r#"{{"x": {}"#, "[".repeat(100_000));
    assert_eq!(records(skipped.as_bytes(), &at("data")), Err("too_deep".to_owned()));
}

#[test]
fn what_never_ends_is_refused_in_little_memory() {
    let n_bytes = 300 << 20;
    for (before, over) in [
        (r#"[{"MaHoSo": ""#, "x"),
        (r#"[{"MaHoSo": "HS-1", "NgayTiepNhan": "x"}, {"a"#, "x"),
        (r#"[{"MaHoSo": "#, "1"),
        (r#"[{"MaHoSo": ["#, "1,"),
        (r#"[{"MaHoSo": "#, " "),
        (r#"[{"#, r#""a": 1, "#),
    ] {
        let text = endless(before, over, n_bytes);
        assert_eq!(records(text, &profile()), Err("record_too_long".to_owned()), "{before}");
    }
    let skipped = endless(r#"{"x": ""#, "x", n_bytes);
    assert_eq!(records(skipped, &at("data")), Err("record_too_long".to_owned()));
    let said = "the record after record 1, line 1, is longer than 4194304 bytes";
    let text = endless(r#"[{"MaHoSo": "HS-1", "NgayTiepNhan": "x"}, {"a": ""#, "x", n_bytes);
    assert_eq!(message(text, &profile()), said);
}

#[test]
fn what_stands_beside_the_records_may_be_long() {
    let beside = r#"{"a": [1, 2], "b": "c"},"#.repeat(400_000);
    let text = format!(r#"{{"x": [{beside} 1], "data": {TWO}, "y": [{beside} {{}}]}}"#);
    assert!(text.len() > 16 << 20);
    assert_eq!(records(text.as_bytes(), &at("data")).unwrap().len(), 2);
}
