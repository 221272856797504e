//! `hoso export`: what others take is what was published, with its status, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use super::world::{Ran, World, python, root};

/// A world of two months: the first unit has reported January alone, the second February alone. Its
/// pipeline has the form's indicators and a break.
fn world() -> World {
    let world = with_form();
    world.log(
        "u1/2020-01.csv",
        "G99.01-200110-0001|1.000001|10/01/2020|20/01/2020|15/01/2020|Đã xong|Trực tuyến|
         G99.01-200120-0001|1.000001|20/01/2020|30/01/2020|05/02/2020|Đã xong|Trực tiếp|
         G99.01-200121-0001|1.000001|21/01/2020|30/01/2020||Đang xử lý|Trực tiếp|
         G99.01-200122-0001|1.000001|22/01/2020|||Đang xử lý||",
    );
    world.log(
        "u2/2020-02.csv",
        "G99.02-200203-0001|1.000002|03/02/2020|20/02/2020|20/02/2020|Đã xong|Trực tuyến|
         G99.02-200204-0001|1.000002|04/02/2020||06/02/2020|Từ chối|Trực tuyến|",
    );
    world.run(0);
    world
}

/// The small pipeline with the form's measures and indicators as the ministry defines them.
pub(super) fn with_form() -> World {
    let world = World::small();
    let ministry = fs::read_to_string(root().join("pipelines/ministry/indicators.toml")).unwrap();
    let (_, form) = ministry.split_once("# --- form II.06a").unwrap();
    let (form, _) = form.split_once("# --- reporting").unwrap();
    let broken = "[break.portal]\non = 2020-02-10\nindicators = [\"received\"]\n\
                  what = { vi = \"Cổng mới\", en = \"A new portal\" }\n";
    let own = fs::read_to_string(world.path("indicators.toml")).unwrap();
    world.write("indicators.toml", format!("{own}\n#{form}\n{broken}"));
    world
}

pub(super) fn export(world: &World, args: &[&str]) -> Ran {
    world.hoso(&[&["export"], args].concat())
}

fn told(world: &World, args: &[&str]) -> String {
    let ran = export(world, args);
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{ran}");
    ran.stdout
}

/// Exports a workbook and opens it.
pub(super) fn sheets(world: &World, args: &[&str]) -> Value {
    let ran = export(world, &[args, &["--out", "book.xlsx"]].concat());
    assert_eq!(ran.code, 0, "{ran}");
    let size = fs::metadata(world.path("book.xlsx")).unwrap().len();
    assert_eq!(ran.stderr, format!("book.xlsx: {size} bytes\n"));
    let sheets = python(&["tests/sheets.py", world.path("book.xlsx").to_str().unwrap()]);
    serde_json::from_str(&sheets).unwrap()
}

/// Shows rows of a sheet, a line each.
pub(super) fn rows<'a>(rows: impl IntoIterator<Item = &'a Value>) -> String {
    rows.into_iter().map(|row| format!("{row}\n")).collect()
}

/// Reads CSV, each record by its headings.
fn records(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().map(|record| record.unwrap()).collect()
}

/// Shows the lines that hold every one of some words, below the headings.
fn lines_with(csv: &str, words: &[&str]) -> String {
    let is_told = |line: &&str| words.iter().all(|word| line.contains(word));
    csv.lines().take(1).chain(csv.lines().skip(1).filter(is_told)).collect::<Vec<_>>().join("\n")
}

#[test]
fn csv_holds_the_published_table_of_all_periods_or_of_one() {
    let world = world();
    let all = told(&world, &["csv"]);
    let counted = world.query("SELECT COUNT(*) FROM indicators");
    assert_eq!(counted.lines().nth(1), Some(&*(all.lines().count() - 1).to_string()));
    let quarter = told(&world, &["csv", "--period", "2020-Q1"]);
    let is_quarter = |record: &BTreeMap<_, _>| record["period_kind"] == "quarter";
    let [all, quarter] = [all, quarter].map(|csv| records(&csv));
    assert!(quarter.iter().all(is_quarter) && !quarter.is_empty());
    assert_eq!(quarter, all.into_iter().filter(is_quarter).collect::<Vec<_>>());
    let month = told(&world, &["csv", "--period", "2020-02"]);
    assert_snapshot!(lines_with(&month, &["received,1,", ",unit,"]), @"
    indicator,definition_version,scope,unit_code,field_code,procedure_code,period_kind,period_start,period_end,numerator,denominator,value,components,unit_of_measure,target,target_met,status,is_final,units_expected,units_included,previous_value,change,year_ago_value,year_change,rank,release
    received,1,unit,G99.01,,,month,2020-02-01,2020-03-01,,,,,count,,,missing,false,1,0,4.0,,,,,1
    received,1,unit,G99.02,,,month,2020-02-01,2020-03-01,2,,2.0,,count,,,value,false,1,1,,,,,,1
    ");
}

#[test]
fn a_workbook_holds_the_figures_as_numbers_and_what_they_mean() {
    let world = world();
    let book = sheets(&world, &["xlsx", "--period", "2020-02"]);
    let figures = book["Số liệu"].as_array().unwrap();
    let is_told = |row: &&Value| row[1] == "on_time_rate" && row[2] != row[3];
    assert_snapshot!(rows(figures.iter().take(1).chain(figures.iter().filter(is_told))), @r#"
    ["Chỉ tiêu","Mã","Phạm vi","Mã phạm vi","Kỳ","Tử số","Mẫu số","Giá trị","Đơn vị tính","Trạng thái","Chính thức","Số đơn vị báo cáo","Số đơn vị phải báo cáo","Phiên bản định nghĩa"]
    ["Tỷ lệ đúng hạn","on_time_rate","Bộ thử","ministry","2020-02",1,2,50,"percent","value",false,1,2,1]
    ["Tỷ lệ đúng hạn","on_time_rate","Cục Một","G99.01","2020-02",0,1,null,"percent","missing",false,0,1,1]
    ["Tỷ lệ đúng hạn","on_time_rate","Cục Hai","G99.02","2020-02",1,1,100,"percent","value",false,1,1,1]
    ["Tỷ lệ đúng hạn","on_time_rate","Lĩnh vực một","F1","2020-02",0,1,null,"percent","missing",false,0,1,1]
    ["Tỷ lệ đúng hạn","on_time_rate","Lĩnh vực hai","F2","2020-02",1,1,100,"percent","value",false,1,1,1]
    ["Tỷ lệ đúng hạn","on_time_rate","Cấp phép A","1.000001","2020-02",0,1,null,"percent","missing",false,0,1,1]
    ["Tỷ lệ đúng hạn","on_time_rate","Cấp phép B","1.000002","2020-02",1,1,100,"percent","value",false,1,1,1]
    "#);
    let catalogue = book["Danh mục"].as_array().unwrap();
    assert_snapshot!(rows(catalogue.iter().take(3)), @r#"
    ["Mã","Chỉ tiêu","Cách tính","Nguồn"]
    ["form_carried_over","II.06a (4): Từ kỳ trước chuyển qua","open when the period began","II.06a column 4"]
    ["form_handled","II.06a (1): Tổng số hồ sơ tiếp nhận","received online and otherwise in the period, and carried over into it","II.06a column 1"]
    "#);
    assert_eq!(catalogue.len(), 1 + 6 + 11);
    let english = sheets(&world, &["xlsx", "--period", "2020-02", "--lang", "en"]);
    assert_snapshot!(rows(english["Figures"].as_array().unwrap().iter().take(2)), @r#"
    ["Indicator","Id","Scope","Code","Period","Numerator","Denominator","Value","Unit","Status","Final","Units included","Units expected","Definition version"]
    ["II.06a (4): carried over","form_carried_over","Test ministry","ministry","2020-02",3,null,3,"count","value",false,0,2,1]
    "#);
    assert!(english["Catalogue"].is_array());
}

#[test]
fn sdmx_csv_tells_the_status_of_each_observation_and_where_its_series_breaks() {
    let world = world();
    let csv = told(&world, &["sdmx-csv"]);
    assert_snapshot!(lines_with(&csv, &[",received,", ",unit,G99.01,N,"]), @"
    STRUCTURE,STRUCTURE_ID,ACTION,FREQ,INDICATOR,DEFINITION_VERSION,SCOPE,SCOPE_CODE,TRANSFORMATION,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MEASURE,NUMERATOR,DENOMINATOR,COMMENT_OBS
    dataflow,SMALL:INDICATORS(1.0),R,M,received,1,unit,G99.01,N,2020-01,4,P,count,4,,1 of 1 units
    dataflow,SMALL:INDICATORS(1.0),R,M,received,1,unit,G99.01,N,2020-02,,O,count,,,0 of 1 units; break 2020-02-10: A new portal
    dataflow,SMALL:INDICATORS(1.0),R,M,received,1,unit,G99.01,N,2020-03,,O,count,,,0 of 1 units
    dataflow,SMALL:INDICATORS(1.0),R,Q,received,1,unit,G99.01,N,2020-Q1,4,B,count,4,,0 of 1 units; break 2020-02-10: A new portal
    dataflow,SMALL:INDICATORS(1.0),R,A,received,1,unit,G99.01,N,2020,4,B,count,4,,0 of 1 units; break 2020-02-10: A new portal
    ");
    assert_snapshot!(lines_with(&csv, &[",form_open,", ",unit,G99.01,N,"]), @"
    STRUCTURE,STRUCTURE_ID,ACTION,FREQ,INDICATOR,DEFINITION_VERSION,SCOPE,SCOPE_CODE,TRANSFORMATION,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MEASURE,NUMERATOR,DENOMINATOR,COMMENT_OBS
    dataflow,SMALL:INDICATORS(1.0),R,M,form_open,1,unit,G99.01,N,2020-01,3,P,count,3,,1 of 1 units
    dataflow,SMALL:INDICATORS(1.0),R,M,form_open,1,unit,G99.01,N,2020-02,,O,count,2,,0 of 1 units
    dataflow,SMALL:INDICATORS(1.0),R,M,form_open,1,unit,G99.01,N,2020-03,,O,count,2,,0 of 1 units
    dataflow,SMALL:INDICATORS(1.0),R,Q,form_open,1,unit,G99.01,N,2020-Q1,2,P,count,2,,0 of 1 units
    dataflow,SMALL:INDICATORS(1.0),R,A,form_open,1,unit,G99.01,N,2020,,M,count,,,0 of 1 units
    ");
    let keys = ["FREQ", "INDICATOR", "DEFINITION_VERSION", "SCOPE", "SCOPE_CODE", "TRANSFORMATION"];
    let key = |record: &BTreeMap<String, String>| {
        let names = keys.iter().chain(&["TIME_PERIOD"]);
        names.map(|name| record[*name].clone()).collect::<Vec<_>>()
    };
    let records = records(&csv);
    assert_eq!(records.iter().map(key).collect::<BTreeSet<_>>().len(), records.len());
    // A final value has another status than one that may still change.
    world.edit("pipeline.toml", "final_after_days = 1000", "final_after_days = 10");
    world.run(0);
    let csv = told(&world, &["sdmx-csv", "--period", "2020-01"]);
    assert_snapshot!(lines_with(&csv, &[",received,1,ministry,", ",N,"]), @"
    STRUCTURE,STRUCTURE_ID,ACTION,FREQ,INDICATOR,DEFINITION_VERSION,SCOPE,SCOPE_CODE,TRANSFORMATION,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MEASURE,NUMERATOR,DENOMINATOR,COMMENT_OBS
    dataflow,SMALL:INDICATORS(1.0),R,M,received,1,ministry,ministry,N,2020-01,4,A,count,4,,1 of 2 units
    ");
}

#[test]
fn emc_is_told_the_use_of_online_services_by_unit_and_by_service() {
    let world = world();
    let payload: Value =
        serde_json::from_str(&told(&world, &["emc", "--period", "2020-02"])).unwrap();
    let keys: Vec<&String> = payload.as_object().unwrap().keys().collect();
    assert_snapshot!(format!("{keys:?}"), @r#"["agency", "ministry", "period", "period_end", "period_start", "pipeline", "published_at", "release", "services", "units"]"#);
    let head = ["agency", "period", "period_start", "period_end", "release", "pipeline"];
    assert_snapshot!(rows(head.iter().map(|key| &payload[*key])), @r#"
    "Bộ thử"
    "2020-02"
    "2020-02-01"
    "2020-03-01"
    1
    "small"
    "#);
    assert_snapshot!(payload["ministry"], @r#"{"code":"ministry","figures":{"received":{"count":2,"final":false,"of":null,"status":"value"},"resolved":{"count":2,"final":false,"of":null,"status":"value"},"resolved_on_time":{"count":1,"final":false,"of":2,"status":"value"},"resolved_online":{"count":1,"final":false,"of":2,"status":"value"}}}"#);
    assert_snapshot!(rows(payload["units"].as_array().unwrap()), @r#"
    {"code":"G99.01","figures":{"received":{"count":null,"final":false,"of":null,"status":"missing"},"resolved":{"count":1,"final":false,"of":null,"status":"missing"},"resolved_on_time":{"count":0,"final":false,"of":1,"status":"missing"},"resolved_online":{"count":0,"final":false,"of":1,"status":"missing"}}}
    {"code":"G99.02","figures":{"received":{"count":2,"final":false,"of":null,"status":"value"},"resolved":{"count":1,"final":false,"of":null,"status":"value"},"resolved_on_time":{"count":1,"final":false,"of":1,"status":"value"},"resolved_online":{"count":1,"final":false,"of":1,"status":"value"}}}
    "#);
    let codes = payload["services"].as_array().unwrap().iter().map(|of| &of["code"]);
    assert_eq!(codes.collect::<Vec<_>>(), ["1.000001", "1.000002"]);
    // Without a period it is of the last month that has ended.
    let payload: Value = serde_json::from_str(&told(&world, &["emc"])).unwrap();
    assert_eq!(payload["period"], "2020-03");
}

#[test]
fn an_earlier_release_is_exported_as_it_was_published() {
    let world = world();
    let formats = [
        ["csv", "--period", "2020"],
        ["emc", "--period", "2020"],
        ["sdmx-csv", "--period", "2020"],
    ];
    let before = formats.map(|args| told(&world, &args));
    world.log("u1/2020-02.csv", "G99.01-200203-0001|1.000001|03/02/2020|||Đang xử lý|Trực tiếp|");
    world.run(0);
    for (args, before) in formats.iter().zip(before) {
        assert_ne!(told(&world, args), before);
        assert_eq!(told(&world, &[&args[..], &["--release", "1"]].concat()), before);
    }
}

#[test]
fn a_file_is_replaced_whole_and_may_be_read_as_other_files_may() {
    let world = world();
    world.write("out/figures.csv", "old").write("out/other", "");
    let ran = export(&world, &["csv", "--out", "out/figures.csv"]);
    assert_eq!((ran.code, &*ran.stdout), (0, ""), "{ran}");
    let written = fs::read_to_string(world.path("out/figures.csv")).unwrap();
    assert_eq!(written, told(&world, &["csv"]));
    assert_eq!(fs::read_dir(world.path("out")).unwrap().count(), 2, "nothing else is left");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name: &str| fs::metadata(world.path(name)).unwrap().permissions().mode();
        assert_eq!(mode("out/figures.csv"), mode("out/other"));
    }
}

#[test]
fn what_cannot_be_exported_is_told_with_what_can() {
    let world = World::small();
    let ran = export(&world, &["csv"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(
        ran.stderr.contains("no run has been on the store `warehouse` yet: `hoso run`"),
        "{ran}"
    );
    world.log("u1/2020-01.csv", "G99.01-200110-0001|1.000001|10/01/2020|||Đang xử lý|Trực tiếp|");
    world.run(0);
    let no_folder = "there is no folder `none` to write `none/a.csv` to";
    let no_form = "none of the indicators of the form, such as `form_handled`";
    for (args, said) in [
        (&["pdf"][..], "possible values: csv, xlsx, sdmx-csv, form-ii06a, emc"),
        (&[], "required arguments were not provided"),
        (&["csv", "--period", "2020-13"], "`2020-13` is no period: a period is a month 2020-05,"),
        (
            &["emc", "--period", "2031"],
            "nothing was published of 2031: there is 2020-01 to 2020-03,",
        ),
        (&["csv", "--release", "7"], "no release 7: there are the releases 1 to 1"),
        (&["csv", "--release", "last"], "`last` is no release: give a number such as 1, or a day"),
        (
            &["csv", "--release", "2020-01-01"],
            "nothing was published by 2020-01-01: release 1 is of",
        ),
        (&["csv", "--out", "none/a.csv"], no_folder),
        (&["csv", "--out", "in"], "`in` is a folder: --out names a file"),
        (&["form-ii06a"], no_form),
    ] {
        let ran = export(&world, args);
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{args:?}: {ran}");
        assert!(ran.stderr.contains(said), "{args:?}: {ran}");
    }
    // The one folder in which even root cannot write.
    if cfg!(target_os = "linux") {
        let ran = export(&world, &["csv", "--out", "/proc/a.csv"]);
        assert_eq!((ran.code, &*ran.stdout), (1, ""), "{ran}");
        assert!(ran.stderr.starts_with("error: failed to write `/proc/a.csv`: "), "{ran}");
    }
}

/// A world in which January of the first unit is small, and hides that of the second beside it.
pub(super) fn hiding() -> World {
    let world = with_form();
    world.edit("pipeline.toml", "since =", "suppress_below = 3\nsince =");
    for (unit, month, n_received, n_resolved) in
        [(1, 1, 12, 2), (1, 2, 14, 4), (2, 1, 25, 5), (2, 2, 35, 5)]
    {
        let row = |n: usize| {
            let number = format!("G99.0{unit}-20{month:02}10-{n:04}");
            let (end, status) = match n <= n_resolved {
                true => (format!("15/{month:02}/2020"), "Đã xong"),
                false => (String::new(), "Đang xử lý"),
            };
            format!(
                "{number}|1.00000{unit}|10/{month:02}/2020|20/{month:02}/2020|{end}|{status}|Trực tuyến|\n"
            )
        };
        let rows: String = (1..=n_received).map(row).collect();
        world.log(&format!("u{unit}/2020-{month:02}.csv"), &rows);
    }
    world.run(0);
    world
}

#[test]
fn no_format_tells_a_number_that_is_hidden() {
    let world = hiding();
    let small = "SELECT indicator, scope FROM indicators WHERE numerator IN (1, 2) \
        AND indicator LIKE '%resolved' ORDER BY 1, 2";
    assert!(world.query(small).contains("\nresolved,unit\n"), "the store is exact");

    let csv = told(&world, &["csv"]);
    let hidden = &["resolved,1,unit,", ",month,2020-01-01"];
    assert_snapshot!(lines_with(&csv, hidden).lines().skip(1).collect::<Vec<_>>().join("\n"), @"
    form_resolved,1,unit,G99.01,,,month,2020-01-01,2020-02-01,,,,,count,,,suppressed,false,1,1,,,,,,1
    form_resolved,1,unit,G99.02,,,month,2020-01-01,2020-02-01,,,,,count,,,suppressed,false,1,1,,,,,,1
    resolved,1,unit,G99.01,,,month,2020-01-01,2020-02-01,,,,,count,,,suppressed,false,1,1,,,,,,1
    resolved,1,unit,G99.02,,,month,2020-01-01,2020-02-01,,,,,count,,,suppressed,false,1,1,,,,,,1
    ");
    let sdmx = told(&world, &["sdmx-csv"]);
    let hidden = &[",resolved,1,unit,", ",N,2020-01,"];
    assert_snapshot!(lines_with(&sdmx, hidden).lines().skip(1).collect::<Vec<_>>().join("\n"), @"
    dataflow,SMALL:INDICATORS(1.0),R,M,resolved,1,unit,G99.01,N,2020-01,,Q,count,,,1 of 1 units
    dataflow,SMALL:INDICATORS(1.0),R,M,resolved,1,unit,G99.02,N,2020-01,,Q,count,,,1 of 1 units
    ");
    let emc: Value = serde_json::from_str(&told(&world, &["emc", "--period", "2020-01"])).unwrap();
    let units = emc["units"].as_array().unwrap();
    assert_snapshot!(rows(units.iter().map(|unit| &unit["figures"]["resolved"])), @r#"
    {"count":null,"final":false,"of":null,"status":"suppressed"}
    {"count":null,"final":false,"of":null,"status":"suppressed"}
    "#);
    let book = sheets(&world, &["xlsx", "--period", "2020-01", "--lang", "en"]);
    let is_hidden = |row: &&Value| row[1] == "resolved" && row[3] != "ministry";
    let figures = book["Figures"].as_array().unwrap();
    assert_snapshot!(rows(figures.iter().filter(is_hidden)), @r#"
    ["Dossiers resolved","resolved","First department","G99.01","2020-01",null,null,null,"count","suppressed",false,1,1,1]
    ["Dossiers resolved","resolved","Second department","G99.02","2020-01",null,null,null,"count","suppressed",false,1,1,1]
    ["Dossiers resolved","resolved","Field one","F1","2020-01",null,null,null,"count","suppressed",false,1,1,1]
    ["Dossiers resolved","resolved","Field two","F2","2020-01",null,null,null,"count","suppressed",false,1,1,1]
    ["Dossiers resolved","resolved","Permit A","1.000001","2020-01",null,null,null,"count","suppressed",false,1,1,1]
    ["Dossiers resolved","resolved","Permit B","1.000002","2020-01",null,null,null,"count","suppressed",false,1,1,1]
    "#);
    let form = sheets(&world, &["form-ii06a", "--period", "2020-01"]);
    assert_snapshot!(rows(&form["Đơn vị"].as_array().unwrap()[6..9]), @r#"
    [1,"Cục Một","*","*",0,"*","*","*",0,0,"*",0,"*"]
    [2,"Cục Hai","*","*",0,"*","*","*",0,0,"*",0,"*"]
    [null,"Tổng cộng",37,37,0,0,7,7,0,0,30,0,30]
    "#);

    // And nowhere is any number of dossiers as small as what is hidden.
    let mut numbers: Vec<String> = Vec::new();
    let of_dossiers = |id: &str| !id.starts_with("services");
    for (csv, id, columns) in [
        (&csv, "indicator", ["numerator", "denominator", "previous_value"]),
        (&sdmx, "INDICATOR", ["NUMERATOR", "DENOMINATOR", "OBS_VALUE"]),
    ] {
        let records = records(csv);
        let records = records.iter().filter(|record| of_dossiers(&record[id]));
        numbers.extend(records.flat_map(|record| columns.map(|column| record[column].clone())));
    }
    for row in figures.iter().filter(|row| of_dossiers(row[1].as_str().unwrap())) {
        numbers.extend([5, 6, 7].map(|column| row[column].to_string()));
    }
    for period in ["2020-01", "2020-02", "ytd-2020-01", "2020-Q1", "2020"] {
        let emc = told(&world, &["emc", "--period", period]);
        let is_number = |line: &&str| line.contains("\"count\"") || line.contains("\"of\"");
        let number = |line: &str| {
            line.split(&[' ', ',']).find(|word| word.parse::<f64>().is_ok()).map(str::to_owned)
        };
        numbers.extend(emc.lines().filter(is_number).filter_map(number));
        let form = sheets(&world, &["form-ii06a", "--period", period]);
        let sheets = form.as_object().unwrap().values();
        for row in sheets.flat_map(|sheet| &sheet.as_array().unwrap()[6..9]) {
            numbers.extend((2..13).map(|column| row[column].to_string()));
        }
    }
    assert!(numbers.iter().filter(|number| number.parse::<f64>().is_ok()).count() > 500);
    let small = |number: &&String| matches!(number.parse(), Ok(1.0 | 2.0));
    assert_eq!(numbers.iter().filter(small).count(), 0);
}

#[test]
fn a_threshold_that_is_set_later_hides_in_earlier_releases_too() {
    let world = World::small();
    world.log("u1/2020-01.csv", "G99.01-200110-0001|1.000001|10/01/2020|||Đang xử lý|Trực tiếp|");
    world.run(0);
    let received = || {
        let csv = told(&world, &["sdmx-csv", "--period", "2020-01", "--release", "1"]);
        lines_with(&csv, &[",received,1,unit,G99.01,"]).lines().nth(1).unwrap().to_owned()
    };
    let line = "dataflow,SMALL:INDICATORS(1.0),R,M,received,1,unit,G99.01,N,2020-01";
    assert_eq!(received(), format!("{line},1,P,count,1,,1 of 1 units"));
    world.edit("pipeline.toml", "since =", "suppress_below = 3\nsince =");
    assert_eq!(received(), format!("{line},,Q,count,,,1 of 1 units"));
}
