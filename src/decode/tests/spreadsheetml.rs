//! `SpreadsheetML`: sheets in XML.

use crate::pipeline::profile::Profile;

use super::{Trickle, lines, profile, records};

/// A workbook with these sheets.
fn workbook(sheets: &[(&str, &str)]) -> String {
    let sheet = |(name, rows): &(&str, &str)| {
        format!("<Worksheet ss:Name=\"{name}\"><Table>{rows}</Table></Worksheet>\n")
    };
    let sheets: String = sheets.iter().map(sheet).collect();
    format!(
        "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook \
         xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
         xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">\n<Styles><Style/></Styles>\n\
         {sheets}</Workbook>\n"
    )
}

const LOG: &str = "<Column/><Row><Cell ss:MergeAcross=\"2\"><Data ss:Type=\"String\">DANH SÁCH</Data></Cell></Row>
<Row ss:Index=\"4\"><Cell><Data ss:Type=\"String\">Mã <B>hồ</B> sơ</Data></Cell><Cell ss:Index=\"3\"><Data
 ss:Type=\"String\">Ngày tiếp nhận</Data></Cell><Cell><Data>Trạng thái</Data></Cell></Row>
<Row><Cell><Data ss:Type=\"Number\">1001</Data><Comment><ss:Data>ghi chú</ss:Data></Comment></Cell>
 <Cell ss:Index=\"3\"><Data ss:Type=\"DateTime\">2020-07-01T00:00:00.000</Data></Cell></Row>
<Row><Cell><Data ss:Type=\"String\">HS-2</Data></Cell><Cell/><Cell><Data ss:Type=\"String\">x &amp; y</Data></Cell>
 <Cell><Data ss:Type=\"Error\">#N/A</Data></Cell></Row>
<Row/>";

#[test]
fn a_sheet_is_read_as_rows_of_cells() {
    let text = workbook(&[("Sheet1", LOG), ("Sheet2", "")]);
    let expected = [
        "1001# | 2020-07-01T00:00:00.000 | ·",
        "HS-2 | x & y | #N/A !cell_error",
        "· | · | · !blank_row",
    ];
    assert_eq!(records(text.as_bytes(), &profile()).unwrap(), expected);
    assert_eq!(records(Trickle(text.as_bytes()), &profile()).unwrap(), expected);
    assert_eq!(lines(text.as_bytes(), &profile()), [5, 6, 7]);
}

#[test]
fn the_profile_may_name_the_sheet() {
    let of = |text: &str, sheet: Option<&str>| {
        let profile = Profile { sheet: sheet.map(str::to_owned), ..profile() };
        records(text.as_bytes(), &profile)
    };
    let text = workbook(&[("Bìa", "<Row><Cell><Data>a</Data></Cell></Row>"), ("Hồ sơ", LOG)]);
    assert_eq!(of(&text, Some("hồ sơ")).unwrap().len(), 3);
    assert_eq!(of(&text, Some("Khác")), Err("sheet_missing".to_owned()));
    assert_eq!(of(&text, None), Err("sheets_differ".to_owned()));
}

#[test]
fn what_cannot_be_a_sheet_is_refused() {
    let of = |rows: &str| records(workbook(&[("a", rows)]).as_bytes(), &profile());
    let far = "<Row><Cell ss:Index=\"1000000\"/></Row>";
    assert_eq!(of(far), Err("too_many_fields".to_owned()));
    let wide = "<Row><Cell ss:MergeAcross=\"99999999999999999999\"/></Row>";
    assert_eq!(of(wide), Err("heading_missing".to_owned()));
    let wide = "<Row><Cell ss:MergeAcross=\"20000\"/></Row>";
    assert_eq!(of(wide), Err("too_many_fields".to_owned()));
    let cut = workbook(&[("a", LOG)]);
    let cut = &cut[..cut.len() - 40];
    assert_eq!(records(cut.as_bytes(), &profile()), Err("broken_syntax".to_owned()));
    let laughs =
        workbook(&[("a", LOG)]).replace("<Workbook", "<!DOCTYPE a [<!ENTITY a \"b\">]><Workbook");
    assert_eq!(records(laughs.as_bytes(), &profile()), Err("entity".to_owned()));
}
