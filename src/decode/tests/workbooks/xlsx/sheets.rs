//! Which sheets of a workbook are read.

use super::*;

#[test]
fn hidden_sheets_and_those_without_headings_are_not_read() {
    let record = |number| [headings(1), texts(2, &[number, "14/03/2025"])];
    let book = Xlsx::default()
        .sheet("Hướng dẫn", [texts(1, &["Cách điền"])])
        .hidden("Nháp", "hidden", &record("X"))
        .hidden("Cũ", "veryHidden", &record("Y"))
        .sheet("Tháng 1", record("000.01"));
    let read = read(&book.bytes()).unwrap();
    assert_eq!(read.records, ["4!2: 000.01|14/03/2025|-|-"]);
    assert_eq!(whys(&read), ["1 no headings", "2 hidden", "3 hidden"]);
}

#[test]
fn sheets_with_the_same_headings_are_read_in_turn() {
    let sheet = |numbers: [&str; 2]| {
        [
            headings(2),
            texts(3, &["1", "2", "3", "4"]),
            texts(4, &[numbers[0], "14/03/2025"]),
            texts(5, &["Tổng cộng"]),
            texts(7, &[numbers[1], "15/03/2025"]),
        ]
    };
    let book =
        Xlsx::default().sheet("1", sheet(["000.01", "000.02"])).sheet("2", sheet(["000.03", ""]));
    let read = read(&book.bytes()).unwrap();
    let records = [
        "1!3: -|-|-|- column_numbers",
        "1!4: 000.01|14/03/2025|-|-",
        "1!5: -|-|-|- totals_row",
        "1!7: 000.02|15/03/2025|-|-",
        "2!3: -|-|-|- column_numbers",
        "2!4: 000.03|14/03/2025|-|-",
        "2!5: -|-|-|- totals_row",
        "2!7: -|-|-|- after_totals",
    ];
    assert_eq!(read.records, records);
    assert_eq!(whys(&read), [""; 0]);
}

#[test]
fn sheets_with_other_headings_are_refused_unless_one_is_named() {
    let other = [texts(1, &["STT", "Mã hồ sơ", "Ngày tiếp nhận"]), texts(2, &["1", "A", "B"])];
    let book = one([texts(2, &["000.01", "14/03/2025"])]).sheet("Khác", other);
    assert_eq!(read(&book.bytes()).unwrap_err(), "sheets_differ");

    let named = |name: &str| {
        let profile = Profile { sheet: Some(name.to_owned()), ..profile() };
        read_by(&book.bytes(), &profile).map(|read| read.records)
    };
    assert_eq!(named("KHAC").unwrap(), ["2!2: A|B"]);
    assert_eq!(named("ho so").unwrap(), ["1!2: 000.01|14/03/2025|-|-"]);
    assert_eq!(named("Tháng 1").unwrap_err(), "sheet_missing");
    let hidden = Xlsx::default().hidden("Khác", "hidden", &[headings(1)]);
    let profile = Profile { sheet: Some("Khác".to_owned()), ..profile() };
    assert_eq!(read_by(&hidden.bytes(), &profile).unwrap_err(), "sheet_missing");
    let none = Xlsx::default().sheet("1", [texts(1, &["Cách điền"])]).sheet("2", []);
    assert_eq!(read(&none.bytes()).unwrap_err(), "heading_missing");
}
