//! Form II.06a: its columns add up for every unit, field and period, and where they do not no form is
//! written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use super::exports::{export, hiding, rows, sheets, with_form};
use super::world::{World, root};

/// The identities of the form: the column on the left is the sum of those on the right.
const IDENTITIES: [(usize, &[usize]); 4] =
    [(1, &[2, 3, 4]), (5, &[6, 7, 8]), (9, &[10, 11]), (1, &[5, 9])];

/// The indicators of the columns.
const COLUMNS: [&str; 11] = [
    "form_handled",
    "form_received_online",
    "form_received_other",
    "form_carried_over",
    "form_resolved",
    "form_resolved_early",
    "form_resolved_on_time",
    "form_resolved_late",
    "form_open",
    "form_open_in_term",
    "form_open_overdue",
];

/// Asserts every identity of a line of the form.
fn assert_adds_up(what: &str, numbers: [i64; 11]) {
    for (whole, parts) in IDENTITIES {
        let sum: i64 = parts.iter().map(|part| numbers[part - 1]).sum();
        assert_eq!(numbers[whole - 1], sum, "{what}: {whole} = {parts:?} in {numbers:?}");
    }
    assert!(numbers.iter().all(|number| *number >= 0), "{what}: {numbers:?}");
}

/// Takes the numbers out of a sheet's row.
fn numbers(row: &Value) -> [i64; 11] {
    std::array::from_fn(|at| row[at + 2].as_i64().unwrap_or_else(|| panic!("{row}")))
}

/// Asserts that the lines of each sheet add up, each in itself and all to the total; returns how many
/// lines there were.
fn assert_sheets_add_up(book: &Value) -> usize {
    let mut n_lines = 0;
    let sheets = book.as_object().unwrap();
    assert_eq!(sheets.len(), 2);
    for (name, sheet) in sheets {
        let lines = &sheet.as_array().unwrap()[6..];
        let end = lines.iter().position(|row| row[1] == "Tổng cộng").unwrap();
        let mut sum = [0; 11];
        for row in &lines[..end] {
            let numbers = numbers(row);
            assert_adds_up(name, numbers);
            sum = std::array::from_fn(|at| sum[at] + numbers[at]);
        }
        let total = numbers(&lines[end]);
        assert_adds_up(name, total);
        assert_eq!(sum, total, "{name}");
        n_lines += end + 1;
    }
    n_lines
}

#[test]
fn a_unit_without_its_report_is_marked_and_its_zeros_are_not_told() {
    let world = with_form();
    world.log(
        "u1/2020-01.csv",
        "G99.01-200110-0001|1.000001|10/01/2020|20/01/2020|05/02/2020|Đã xong|Trực tuyến|
         G99.01-200121-0001|1.000001|21/01/2020|30/01/2020||Đang xử lý||",
    );
    world.log(
        "u2/2020-02.csv",
        "G99.02-200203-0001|1.000002|03/02/2020|20/02/2020|20/02/2020|Đã xong|Trực tuyến|
         G99.02-200204-0001|1.000002|04/02/2020||06/02/2020|Từ chối|Trực tiếp|",
    );
    world.run(0);
    let book = sheets(&world, &["form-ii06a", "--period", "2020-02"]);
    assert_snapshot!(rows(book["Đơn vị"].as_array().unwrap()), @r#"
    ["Tình hình, kết quả giải quyết TTHC (Biểu số II.06a/VPCP/KSTT)",null,null,null,null,null,null,null,null,null,null,null,null]
    ["Kỳ báo cáo: 2020-02 (01/02/2020 - 29/02/2020)",null,null,null,null,null,null,null,null,null,null,null,null]
    [null,null,null,null,null,null,null,null,null,"Đơn vị tính: Số hồ sơ TTHC",null,null,null]
    ["STT","Đơn vị","Số hồ sơ nhận giải quyết",null,null,null,"Số hồ sơ đã giải quyết",null,null,null,"Số hồ sơ đang giải quyết",null,null]
    [null,null,"Tổng số","Trực tuyến","Trực tiếp, bưu chính","Từ kỳ trước","Tổng số","Trước hạn","Đúng hạn","Quá hạn","Tổng số","Trong hạn","Quá hạn"]
    [null,null,"(1)","(2)","(3)","(4)","(5)","(6)","(7)","(8)","(9)","(10)","(11)"]
    [1,"Cục Một (chưa báo cáo)",2,"-","-",2,1,"-","-",1,1,"-",1]
    [2,"Cục Hai (chưa đủ báo cáo)",2,1,1,0,2,0,2,0,0,0,0]
    [null,"Tổng cộng (chưa đủ báo cáo)",4,1,1,2,3,0,2,1,1,0,1]
    [null,null,null,null,null,null,null,null,null,null,null,null,null]
    [null,"Số đơn vị báo cáo: 1/2",null,null,null,null,null,null,null,null,null,null,null]
    [null,"-: không có số liệu; *: không công bố vì số nhỏ",null,null,null,null,null,null,null,null,null,null,null]
    "#);
    // Without a period it is of the last month; a year that runs has no end at which dossiers are open.
    let book = sheets(&world, &["form-ii06a", "--lang", "en"]);
    assert_eq!(book["Unit"][1][0], "Period: 2020-03 (01/03/2020 - 31/03/2020)");
    let book = sheets(&world, &["form-ii06a", "--lang", "en", "--period", "2020"]);
    assert_snapshot!(rows(&book["Field"].as_array().unwrap()[6..]), @r#"
    [1,"Field one (not all reported)","-",1,1,"-",1,0,0,1,"-","-","-"]
    [2,"Field two (not all reported)","-",1,1,"-",2,0,2,0,"-","-","-"]
    [null,"Total (not all reported)","-",2,2,"-",3,0,2,1,"-","-","-"]
    [null,null,null,null,null,null,null,null,null,null,null,null,null]
    [null,"Units that reported: 0/2",null,null,null,null,null,null,null,null,null,null,null]
    [null,"-: no figure; *: not told, since small numbers are hidden",null,null,null,null,null,null,null,null,null,null,null]
    "#);
}

#[test]
fn what_is_hidden_has_a_mark_of_its_own() {
    let book = sheets(&hiding(), &["form-ii06a", "--period", "2020-01", "--lang", "en"]);
    assert_snapshot!(rows(&book["Unit"].as_array().unwrap()[6..]), @r#"
    [1,"First department","*","*",0,"*","*","*",0,0,"*",0,"*"]
    [2,"Second department","*","*",0,"*","*","*",0,0,"*",0,"*"]
    [null,"Total",37,37,0,0,7,7,0,0,30,0,30]
    [null,null,null,null,null,null,null,null,null,null,null,null,null]
    [null,"Units that reported: 2/2",null,null,null,null,null,null,null,null,null,null,null]
    [null,"-: no figure; *: not told, since small numbers are hidden",null,null,null,null,null,null,null,null,null,null,null]
    "#);
}

/// The late ones of the first unit are few: they must not be what the other columns leave.
#[test]
fn what_is_hidden_is_not_what_the_other_columns_leave() {
    let world = with_form();
    world.edit("pipeline.toml", "since =", "suppress_below = 3\nsince =");
    for (unit, n_early, n_on_time, n_late) in [(1, 6, 5, 2), (2, 9, 8, 7)] {
        let days = [(15, n_early), (20, n_on_time), (25, n_late)];
        let days = days.iter().flat_map(|(day, n)| std::iter::repeat_n(day, *n));
        let row = |(at, day): (usize, &i32)| {
            let number = format!("G99.0{unit}-200110-{at:04}");
            // Refused ones are in no other rate that would hide a column beside them.
            let is_refused = *day == 25 || (*day == 15 && at % 2 == 0);
            let status = if is_refused { "Từ chối" } else { "Đã xong" };
            format!(
                "{number}|1.00000{unit}|10/01/2020|20/01/2020|{day}/01/2020|{status}|Trực tiếp|\n"
            )
        };
        world.log(&format!("u{unit}/2020-01.csv"), &(1..).zip(days).map(row).collect::<String>());
    }
    world.run(0);
    let book = sheets(&world, &["form-ii06a", "--period", "2020-01", "--lang", "en"]);
    assert_snapshot!(rows(&book["Unit"].as_array().unwrap()[6..9]), @r#"
    [1,"First department",13,0,13,0,13,6,"*","*",0,0,0]
    [2,"Second department",24,0,24,0,24,9,"*","*",0,0,0]
    [null,"Total",37,0,37,0,37,15,13,9,0,0,0]
    "#);
}

#[test]
fn no_form_is_written_of_figures_that_contradict_one_another() {
    let world = with_form();
    let (sound, wrong) = ("form_open - form_overdue + form_overdue_paused", "form_open");
    world.edit("indicators.toml", sound, wrong);
    world.log("u1/2020-01.csv", "G99.01-200110-0001|1.000001|10/01/2020|20/01/2020||Đang xử lý||");
    world.run(0);
    let ran = export(&world, &["form-ii06a", "--period", "2020-01", "--out", "form.xlsx"]);
    assert_eq!((ran.code, &*ran.stdout), (1, ""), "{ran}");
    assert_snapshot!(ran.stderr, @"error: the figures of 2020-01 contradict one another, and no form is written of them: ministry: 9 = 10 + 11; G99.01: 9 = 10 + 11; F1: 9 = 10 + 11; 1.000001: 9 = 10 + 11");
    assert!(!world.path("form.xlsx").exists());
}

#[test]
fn the_ministrys_form_adds_up_and_emc_is_told_the_figures_of_the_conference() {
    let world = World::small();
    let pipeline = root().join("pipelines/ministry");
    let pipeline = pipeline.to_str().unwrap();
    let ministry = |args: &[&str]| {
        let ran = world.bare(&[&["--pipeline", pipeline, "--store", "warehouse"], args].concat());
        assert_eq!(ran.code, 0, "{ran}");
        ran.stdout
    };
    ministry(&["run"]);
    let form = |period: &str| {
        ministry(&["export", "form-ii06a", "--period", period, "--out", "form.xlsx"]);
        let path = world.path("form.xlsx");
        let sheets = super::world::python(&["tests/sheets.py", path.to_str().unwrap()]);
        serde_json::from_str::<Value>(&sheets).unwrap()
    };
    for period in ["2020-05", "2020-10", "2020-Q3", "ytd-2020-10"] {
        // Twelve units, thirteen fields and a total of each.
        assert_eq!(assert_sheets_add_up(&form(period)), 12 + 13 + 2, "{period}");
    }
    let book = form("2020-Q3");
    let units = book["Đơn vị"].as_array().unwrap();
    assert_snapshot!(rows(units[..8].iter().chain(&units[18..])), @r#"
    ["Tình hình, kết quả giải quyết TTHC (Biểu số II.06a/VPCP/KSTT)",null,null,null,null,null,null,null,null,null,null,null,null]
    ["Kỳ báo cáo: 2020-Q3 (01/07/2020 - 30/09/2020)",null,null,null,null,null,null,null,null,null,null,null,null]
    [null,null,null,null,null,null,null,null,null,"Đơn vị tính: Số hồ sơ TTHC",null,null,null]
    ["STT","Đơn vị","Số hồ sơ nhận giải quyết",null,null,null,"Số hồ sơ đã giải quyết",null,null,null,"Số hồ sơ đang giải quyết",null,null]
    [null,null,"Tổng số","Trực tuyến","Trực tiếp, bưu chính","Từ kỳ trước","Tổng số","Trước hạn","Đúng hạn","Quá hạn","Tổng số","Trong hạn","Quá hạn"]
    [null,null,"(1)","(2)","(3)","(4)","(5)","(6)","(7)","(8)","(9)","(10)","(11)"]
    [1,"Cục Bản quyền tác giả",1615,748,654,213,1371,1008,245,118,244,235,9]
    [2,"Cục Di sản văn hóa",87,19,59,9,76,49,19,8,11,11,0]
    [null,"Tổng cộng",3379,1524,1487,368,2930,2049,627,254,449,432,17]
    [null,null,null,null,null,null,null,null,null,null,null,null,null]
    [null,"Số đơn vị báo cáo: 12/12",null,null,null,null,null,null,null,null,null,null,null]
    [null,"-: không có số liệu; *: không công bố vì số nhỏ",null,null,null,null,null,null,null,null,null,null,null]
    "#);
    assert_on_page("form-ii06a", &units[3..7].iter().map(told).collect::<Vec<_>>().join("\n"));
    for (format, n_lines) in [("csv", 3), ("sdmx-csv", 3), ("emc", 11)] {
        let printed = ministry(&["export", format, "--period", "2020-Q3"]);
        assert_on_page(format, &printed.lines().take(n_lines).collect::<Vec<_>>().join("\n"));
    }
    let emc = ministry(&["export", "emc", "--period", "ytd-2020-10"]);
    let emc: Value = serde_json::from_str(&emc).unwrap();
    let figures = emc["ministry"]["figures"].as_object().unwrap();
    assert_snapshot!(rows(figures.iter().map(|(name, figure)| Value::from(format!(
        "{name}: {} of {}, {}", figure["count"], figure["of"], figure["status"]
    ))).collect::<Vec<_>>().iter()), @r#"
    "paid_online: 186 of 5422, \"value\""
    "received: 8469 of null, \"value\""
    "received_by_post: 523 of 8469, \"value\""
    "received_online: 4275 of 8469, \"value\""
    "resolved: 8758 of null, \"value\""
    "resolved_on_time: 7961 of 8695, \"value\""
    "resolved_online: 4432 of 8758, \"value\""
    "returned_by_post: 234 of 8758, \"value\""
    "satisfied: 0 of 0, \"not_applicable\""
    "#);
}

/// Shows a row of a sheet as the page does.
fn told(row: &Value) -> String {
    let cells = row.as_array().unwrap().iter().map(|cell| match cell {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    });
    cells.collect::<Vec<_>>().join(" | ")
}

/// Asserts that `docs/exports.md` shows what was printed.
fn assert_on_page(what: &str, printed: &str) {
    let page = fs::read_to_string(root().join("docs/exports.md")).unwrap();
    let block = format!("```\n{printed}\n```");
    assert!(page.contains(&block), "docs/exports.md does not show of {what}:\n{block}");
}

#[test]
fn the_identities_hold_for_every_scope_and_period_of_logs_that_were_made() {
    let world = World::small();
    let args = ["--rows", "20000", "--units", "6", "--seed", "7", "--out", "made"];
    let made = world.bare(&[&["generate"], &args[..]].concat());
    assert_eq!(made.code, 0, "{made}");
    let hoso = |args: &[&str]| {
        let ran = world.bare(&[&["--pipeline", "made", "--store", "wh"], args].concat());
        assert_eq!(ran.code, 0, "{ran}");
        ran.stdout
    };
    hoso(&["run"]);
    let query = |sql: &str| hoso(&["query", sql, "--format", "csv"]);
    let published = query(
        "SELECT CONCAT(period_kind, ' ', period_end, ' ', scope, ' ', COALESCE(unit_code, field_code, \
         procedure_code, '')), indicator, numerator FROM indicators \
         WHERE indicator LIKE 'form_%' AND numerator IS NOT NULL",
    );
    let mut lines: BTreeMap<&str, [Option<i64>; 11]> = BTreeMap::new();
    for row in published.lines().skip(1) {
        let [key, indicator, number] = row.split(',').collect::<Vec<_>>().try_into().unwrap();
        let at = COLUMNS.iter().position(|column| *column == indicator).unwrap();
        lines.entry(key).or_default()[at] = Some(number.parse().unwrap());
    }
    let mut told: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut n_carried_over = BTreeMap::new();
    for (key, numbers) in &lines {
        let numbers = numbers.map(|number| number.unwrap_or_else(|| panic!("{key}: {numbers:?}")));
        assert_adds_up(key, numbers);
        let [kind, end, scope, code] = key.split(' ').collect::<Vec<_>>().try_into().unwrap();
        told.entry(format!("{kind} {scope}")).or_default().insert(code);
        told.entry(kind.to_owned()).or_default().insert(end);
        *n_carried_over.entry(format!("{kind} {scope}")).or_insert(0) += i64::from(numbers[3] > 0);
    }
    let told = told.iter().map(|(what, codes)| format!("{what}: {}", codes.len()));
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    month: 24
    month field: 13
    month ministry: 1
    month procedure: 98
    month unit: 6
    quarter: 8
    quarter field: 13
    quarter ministry: 1
    quarter procedure: 98
    quarter unit: 6
    year: 2
    year field: 13
    year ministry: 1
    year procedure: 98
    year unit: 6
    ytd: 24
    ytd field: 13
    ytd ministry: 1
    ytd procedure: 98
    ytd unit: 6
    ");
    assert_eq!(n_carried_over.len(), 16);
    assert!(n_carried_over.values().all(|n_lines| *n_lines > 0), "{n_carried_over:?}");
    // Such dossiers as make the columns hard to add up are among them.
    let counted = query(
        "SELECT measure, SUM(value) FROM measures WHERE measure IN \
         ('withdrawn', 'refused', 'received_supplemented', 'form_overdue_paused') GROUP BY measure ORDER BY measure",
    );
    assert_snapshot!(counted, @"
    measure,value
    form_overdue_paused,20
    received_supplemented,1596
    refused,417
    withdrawn,361
    ");
}
