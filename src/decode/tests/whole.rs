//! Rows read whole: what the profile does not read, too, under the numbers that records have.

use super::{profile, read};
use crate::decode::{Whole, rows};
use crate::pipeline::profile::Profile;
use crate::pipeline::text::fold;

/// The rows of these numbers, each with its line.
fn whole(text: &str, profile: &Profile, wanted: &[i64]) -> Result<Vec<String>, String> {
    let wanted = wanted.iter().copied().collect();
    let log = rows(text.as_bytes(), profile, &wanted).map_err(|refusal| refusal.rule)?;
    let Whole { names, rows } = log;
    let row = |row: &crate::decode::WholeRow| {
        format!("{}@{}: {}", row.place.record, row.place.line, row.cells.join(" | "))
    };
    Ok([names.join(" | ")].into_iter().chain(rows.values().map(row)).collect())
}

#[test]
fn rows_have_the_numbers_of_records_and_all_their_cells() {
    let log = "Danh sách\n\
               Mã hồ sơ,Người nộp,Ngày tiếp nhận\n\
               A,Lan,1/7\n,,\nTổng số,1,\nB,Mai,2/7,surplus\nC,Hoa\n";
    let expected =
        ["Mã hồ sơ | Người nộp | Ngày tiếp nhận", "4@6: B | Mai | 2/7 | surplus", "5@7: C | Hoa"];
    assert_eq!(whole(log, &profile(), &[4, 5]).unwrap(), expected);
    assert_eq!(whole(log, &profile(), &[4, 99]).unwrap(), expected[..2]);
    assert_eq!(whole("x,y\n1,2\n", &profile(), &[1]), Err("heading_missing".to_owned()));
}

#[test]
fn nothing_is_read_below_the_last_row_that_is_wanted() {
    let log = "Mã hồ sơ,Ngày tiếp nhận\nA,1/7\nB,\"2/7\nC,3/7\n";
    assert_eq!(whole(log, &profile(), &[1]).unwrap()[1], "1@2: A | 1/7");
    assert_eq!(whole(log, &profile(), &[1, 2]), Err("unclosed_quote".to_owned()));
}

#[test]
fn a_heading_is_named_as_the_profile_knows_it_or_else_whole() {
    let log = "Mã hồ sơ,Ngày,,Người nộp\n,Ngày tiếp nhận,Ngày hẹn trả,\nA,1/7,2/7,Lan\n";
    let names = "Mã hồ sơ | Ngày tiếp nhận | Ngày / Ngày hẹn trả | Người nộp";
    assert_eq!(whole(log, &profile(), &[1]).unwrap()[0], names);
    // Alone in one row, they mean the same again.
    let again = format!("{}\nA,1/7,2/7,Lan\n", names.replace(" | ", ","));
    assert_eq!(whole(&again, &profile(), &[1]).unwrap()[0], names);

    let without = Profile { without_cells: vec![fold("Người nhận")], ..profile() };
    let log = "Mã hồ sơ,Người nhận,Ngày tiếp nhận\nA,1/7\n";
    let expected = ["Mã hồ sơ | Ngày tiếp nhận", "1@2: A | 1/7"];
    assert_eq!(whole(log, &without, &[1]).unwrap(), expected);
}

#[test]
fn keyed_records_have_every_key_in_the_order_of_the_log() {
    let log = r#"[
      {"id": 7, "MaHoSo": "A", "NgayTiepNhan": "1/7", "Nguoi": {"Ten": "Lan"},
       "DanhSachHoSoBoSung": [{"lan": 1}, {"lan": 2}], "tep": [], "x": null},
      {"id": 8, "MaHoSo": "B", "NgayTiepNhan": null, "GhiChu": "z"}
    ]"#;
    let expected = [
        "id | MaHoSo | NgayTiepNhan | Nguoi.Ten | DanhSachHoSoBoSung | DanhSachHoSoBoSung.lan | GhiChu",
        "1@2: 7 | A | 1/7 | Lan | {}##{} | 1##2 | ",
        "2@4: 8 | B |  |  |  |  | z",
    ];
    assert_eq!(whole(log, &profile(), &[1, 2]).unwrap(), expected);
    // A profile still sees none but its own.
    assert_eq!(read(log.as_bytes(), &profile()).unwrap()[0], "A | - | 1/7 | - | 2");
}

#[test]
fn the_columns_of_an_export_of_rejects_are_known_and_dropped() {
    let log = "Tệp,Dòng,Lỗi,Cột,Mã hồ sơ,Ngày tiếp nhận,File,Khác\na.csv,2,x,,A,1/7,b,c\n";
    let unknown =
        |profile: &Profile| super::decode(log.as_bytes(), profile).unwrap().header.unknown;
    assert_eq!(unknown(&profile()), [8]);
    // What the profile reads under such a name is read.
    let reads = super::reading("status", &["Lỗi"]);
    assert_eq!(unknown(&reads), [8]);
    let status = read(log.as_bytes(), &reads).unwrap();
    assert_eq!(status, ["A | 1/7 | x"]);
}
