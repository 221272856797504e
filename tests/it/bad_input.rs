//! What cannot be read is refused or rejected by name and place; everything else goes on.

use insta::assert_snapshot;

use super::world::{HEADINGS, World, log};

const GOOD: &str =
    "G99.01-200110-0001|1.000001|10/01/2020|20/01/2020|15/01/2020|Đã xong|Trực tiếp|";

#[test]
fn a_bad_record_goes_to_quarantine_with_its_rule_place_and_shape() {
    let world = World::small();
    world.log(
        "u1/2020-01.csv",
        &format!(
            "{GOOD}
             |1.000001|10/01/2020|||Đang xử lý|Trực tiếp|
             G99.01-200110-0002|1.000001|31/02/2020|||Đang xử lý|Trực tiếp|
             G99.01-200110-0003|1.000001|10/01/2020|||Bí mật 12|Trực tiếp|
             G99.01-200110-0004|1.999999|10/01/2020|||Đang xử lý|Trực tiếp|
             G99.01-200110-0005|1.000001|10/01/2020|||Đang xử lý|Điện tín|
             G99.01-200110-0006|1.000001|10/01/2020||05/01/2020|Đã xong|Trực tiếp|
             G99.01-200110-0007|1.000001|10/01/2020|||Đã xong|Trực tiếp|
             G99.01-200110-0008|1.000001||||Đang xử lý|Trực tiếp|
             G99.01-200110-0009|1.000001|10/01/2020|||Đang xử lý|Trực tiếp||one field too many
             G99.01-200110-0010|1.000001|10/01/2020|||Đang xử lý
             {GOOD}"
        ),
    );
    let ran = world.run(0);
    assert!(
        ran.stderr.contains("12 records read = 1 accepted + 1 duplicate + 10 rejected"),
        "{ran}"
    );
    assert_snapshot!(world.hoso(&["quarantine", "list"]).stdout, @"
    G99.01/dossier/00000001#2        no_key               no dossier number
    G99.01/dossier/00000001#3        impossible_day       `99/99/9999` is no day, or not in a form of the profile
    G99.01/dossier/00000001#4        unknown_status       unknown status `Xx xxx 99`
    G99.01/dossier/00000001#5        unknown_procedure    procedure `9.999999` is not in the catalogue
    G99.01/dossier/00000001#6        unknown_channel      unknown channel `Xxxx xxx`
    G99.01/dossier/00000001#7        end_before_received  ended on 2020-01-05, before it was received on 2020-01-10
    G99.01/dossier/00000001#8        no_end_day           completed without any end day
    G99.01/dossier/00000001#9        no_received_on       no day of reception
    G99.01/dossier/00000001#10       field_count          11 fields under 10 headings
    G99.01/dossier/00000001#11       field_count          8 fields under 10 headings
    10 rejected records
    ");
    assert_snapshot!(
        world.hoso(&["--lang", "vi", "quarantine", "show", "G99.01/dossier/00000001#4"]).stdout,
        @"
    G99.01/dossier/00000001#4
      unit    G99.01
      file    2020-01.csv
      record  4, line 5
      rule    unknown_status
      column  status
      reason  không rõ trạng thái `Xx xxx 99`
    "
    );
}

#[test]
fn a_delivery_that_is_no_log_is_refused_by_name_and_the_others_go_on() {
    let world = World::small();
    world.log("u1/2020-01.csv", GOOD);
    world.write("in/u2/2020-01.csv", "<!DOCTYPE html>\n<html><body>Đăng nhập</body></html>");
    world.write("in/u2/2020-02.csv", "");
    world.write("in/u2/2020-03.csv", format!("{HEADINGS}\n1,G99.02-200301-0001,1.000002,Ng"));
    world.write("in/u2/2020-03b.csv", log(GOOD).replace("Ngày tiếp nhận", "Ngày tiêp nhậm"));
    world.write("in/u2/2020-03c.csv", format!("{}2,\"G99.02-200301-0002,x\n3,a\n4,b\n", log(GOOD)));
    world.write("in/u2/2020-03d.csv", b"PK\x03\x04 a workbook");
    world.write("in/u2/Nguyen Van A.csv", log(GOOD));
    let ran = world.run(6);
    assert_snapshot!(ran.stderr, @"
    refused: G99.02/dossier/00000001 `2020-01.csv`: the file is a web page, not a log: perhaps a login page
    refused: G99.02/dossier/00000002 `2020-02.csv`: the file is empty
    refused: G99.02/dossier/00000003 `2020-03.csv`: the file ends in the middle of record 1, line 2
    refused: G99.02/dossier/00000004 `2020-03b.csv`: no row holds the headings of the profile: `Ngày tiếp nhận` was not found (`Ngày tiêp nhậm`?)
    refused: G99.02/dossier/00000005 `2020-03c.csv`: a quote that opens in record 2, line 3, swallows the rows after it
    refused: G99.02/dossier/00000006 `2020-03d.csv`: the file cannot be read to its end: it is not written as its format says
    refused: G99.02/dossier/00000007 `a6e5430990d79e3f`: the object's name does not fit the feed's `name`; it is told by its hash a6e5430990d79e3f
    missing: G99.01 dossier: 2020-02, 2020-03
    missing: G99.02 dossier: 2020-01, 2020-02, 2020-03
    8 deliveries: 1 records read = 1 accepted + 0 duplicate + 0 rejected + 0 out of scope
    published release 1: 336 rows, as of 2020-03-31
    ");
    // A refusal that already stood is no news.
    let again = world.run(0);
    assert!(again.stderr.contains("no_new_data"), "{again}");
    assert!(world.hoso(&["status"]).stdout.contains("refused deliveries: 7"));
}

#[test]
fn when_every_new_delivery_is_refused_the_last_release_stays() {
    let world = World::small();
    world.log("u1/2020-01.csv", GOOD);
    world.run(0);
    world.write("in/u1/2020-02.csv", "");
    let ran = world.run(5);
    assert!(ran.stderr.contains("every new delivery was refused"), "{ran}");
    assert!(ran.stderr.contains("`2020-02.csv`: the file is empty"), "{ran}");
    assert!(!world.path("warehouse/releases/00000002.json").exists());
}

#[test]
fn title_rows_separators_quotes_and_a_byte_order_mark_are_read() {
    let world = World::small();
    let body = log(GOOD).replace(',', ";").replace("Nguyễn Văn A", "\"Nguyễn;\nVăn A\"");
    let titled = format!(
        "\u{feff}CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\r\n\r\nCỤC MỘT;;;\r\n{body};;;;;;;;;\nTổng số;1\nNgười lập biểu;;;;;;;;;\n"
    );
    world.write("in/u1/2020-01.csv", titled);
    let ran = world.run(0);
    assert!(
        ran.stderr
            .contains("4 records read = 1 accepted + 0 duplicate + 0 rejected + 3 out of scope"),
        "{ran}"
    );
}

#[test]
fn nothing_personal_is_shown_or_stored_but_in_raw() {
    let world = World::small();
    let canary = "Trần Thị Chim Hoàng Yến";
    let rows = log(&format!("{GOOD}\n{canary}|1.000001|{canary}|||{canary}|{canary}|"));
    world.write("in/u1/2020-01.csv", rows.replace("Nguyễn Văn A", canary));
    world.write(&format!("in/u1/{canary}.csv"), canary);
    let ran = world.hoso(&["-vvv", "run", "--report", "report.json"]);
    let listed = world.hoso(&["quarantine", "list", "--json"]);
    for text in [&ran.stdout, &ran.stderr, &listed.stdout, &listed.stderr] {
        assert!(!text.contains("Chim"), "{text}");
    }
    let mut folders = vec![world.path("warehouse")];
    let mut n_files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("raw") {
                folders.push(path);
            } else if path.is_file() {
                n_files += 1;
                let bytes = std::fs::read(&path).unwrap();
                let has_canary = bytes.windows(4).any(|bytes| bytes == b"Chim");
                assert!(!has_canary, "{}", path.display());
            }
        }
    }
    assert!(n_files > 10);
}

#[test]
fn a_quote_that_nobody_closed_never_merges_two_dossiers() {
    let world = World::small();
    let rows =
        log(&format!("{GOOD}\n{}\n{}", GOOD.replace("0001", "0002"), GOOD.replace("0001", "0003")));
    // Two rows whose applicant begins with a quote: the second closes what the first opened.
    world.write("in/u1/2020-01.csv", rows.replacen("Nguyễn", "\"Nguyễn", 2));
    let ran = world.run(5);
    assert!(ran.stderr.contains("a quote that opens in record 1, line 2"), "{ran}");
}

#[test]
fn a_quote_that_nobody_closed_is_seen_where_its_field_holds_a_comma_and_at_the_end_of_the_file() {
    let second = GOOD.replace("0001", "0002");
    let rows = log(&format!("{GOOD}\n{second}\n{}", GOOD.replace("0001", "0003")));
    let merged = rows.replacen("Nguyễn", "\"Nguyễn", 2).replacen("Nguyễn Văn", "Nguyễn, Văn", 1);
    // The last field of the last row but one, in a file without a line break at its end.
    let rows = log(&format!("{GOOD}\n{second}"));
    let open = rows.trim_end().replacen(",\n2,", ",\"15/01/2020, 10:00\n2,", 1);
    for text in [merged, open] {
        let world = World::small();
        world.write("in/u1/2020-01.csv", &text);
        let ran = world.run(5);
        assert!(ran.stderr.contains("a quote that opens in record 1, line 2"), "{text}: {ran}");
    }
}

#[test]
fn a_record_is_no_total_though_a_name_begins_as_totals_do() {
    let world = World::small();
    let log = "Người nộp,Mã hồ sơ,Ngày tiếp nhận,Trạng thái\n\
               Tổng sở hữu X,0123,10/01/2020,Đang xử lý\n\
               Tổng số,1,,\n\
               Phòng,,,\n\
               Ông Y,G99.01-200110-0002,10/01/2020,Đang xử lý\n\
               Ông Z,,10/01/2020,Đang xử lý\n\
               Tổng số: 3 hồ sơ,,,\n\
               Người lập biểu,,,\n";
    world.write("in/u1/2020-01.csv", log);
    let ran = world.run(0);
    let read = "7 records read = 2 accepted + 0 duplicate + 1 rejected + 4 out of scope";
    assert!(ran.stderr.contains(read), "{ran}");
    let listed = world.hoso(&["quarantine", "list"]).stdout;
    assert!(listed.contains("#5 ") && listed.contains(" no_key "), "{listed}");
}

#[test]
fn what_cannot_be_seen_is_no_number_and_an_empty_unit_is_the_feeds() {
    let world = World::small();
    world.edit("profiles/list.toml", "[columns]", "[columns]\nunit_code = [\"Đơn vị\"]");
    let log = "Mã hồ sơ,Ngày tiếp nhận,Ngày hẹn trả,Trạng thái,Đơn vị\n\
               \u{a0},10/01/2020,,Đang xử lý,\n\
               G99.01-200110-0001,10/01/2020,\u{a0},Đang xử lý,\n\
               G99.01-200110-0002,10/01/2020,,Đang xử lý,Cục Hai\n\
               \u{200b},\u{a0},,,\n";
    world.write("in/u1/2020-01.csv", log);
    let ran = world.run(0);
    assert!(
        ran.stderr
            .contains("4 records read = 2 accepted + 0 duplicate + 1 rejected + 1 out of scope"),
        "{ran}"
    );
    let units =
        "SELECT unit_code, value FROM measures WHERE measure = 'received' ORDER BY unit_code";
    assert_eq!(world.query(units), "unit_code,value\nG99.01,1\nG99.02,1\n");
}

#[test]
fn what_may_tell_of_a_person_is_neither_a_number_nor_a_code() {
    let world = World::small();
    let columns = "[columns]\nfee_vnd = [\"Lệ phí\"]\nsatisfaction_scale = [\"Thang điểm\"]\n\
        applicant_kind = [\"Đối tượng\"]\nenterprise_code = [\"Mã số thuế\"]";
    world.edit("profiles/list.toml", "[columns]", columns);
    let log = "Mã hồ sơ,Ngày tiếp nhận,Trạng thái,Lệ phí,Thang điểm,Đối tượng,Mã số thuế\n\
        Lê Thị Mai,10/01/2020,Đang xử lý,,,,\n\
        A-1,10/01/2020,Đang xử lý,0900000001,,,\n\
        A-2,10/01/2020,Đang xử lý,+84900000001,,,\n\
        A-3,10/01/2020,Đang xử lý,,bà Mai,,\n\
        A-4,10/01/2020,Đang xử lý,,,enterprise,bà Mai 0900000001\n\
        A-5,10/01/2020,Đang xử lý,,,citizen,1200000009\n\
        A-6,10/01/2020,Đang xử lý,,,enterprise,8100000008\n\
        A-7,10/01/2020,Đang xử lý,,,enterprise,1200000009\n";
    world.write("in/u1/2020-01.csv", log);
    world.run(0);
    assert_snapshot!(world.hoso(&["quarantine", "list"]).stdout, @"
    G99.01/dossier/00000001#1        not_an_identifier    `Xx Xxx Xxx` is no number or code: words or letters of another script stand in it, or no digit
    G99.01/dossier/00000001#2        not_a_number         `9999999999` is not a whole number
    G99.01/dossier/00000001#3        not_a_number         `+99999999999` is not a whole number
    G99.01/dossier/00000001#4        not_an_identifier    `xx Xxx` is no number or code: words or letters of another script stand in it, or no digit
    4 rejected records
    ");
    let dossiers = world.dossiers();
    let told: Vec<String> = dossiers
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|row| format!("{} {}", row["dossier_key"], row["enterprise_code"]))
        .collect();
    // A code that begins with 8 is a person's.
    let expected = [
        "\"A-4\" \"xx Xxx 9999999999\"",
        "\"A-5\" null",
        "\"A-6\" \"9999999999\"",
        "\"A-7\" \"1200000009\"",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_file_without_headings_is_not_quoted() {
    let world = World::small();
    world.write("in/u1/2020-01.csv", "1,Mai Hồ Sơn,x\n2,Mã Hồ Sỹ,y\n");
    let ran = world.run(5);
    assert!(ran.stderr.contains("`Mã hồ sơ` was not found"), "{ran}");
    assert!(!ran.stderr.contains("Mai") && !ran.stderr.contains("Sỹ"), "{ran}");
}

#[test]
fn days_with_the_month_first_are_not_read_the_wrong_way_around() {
    let world = World::small();
    // Days up to the twelfth would be days of another month; the others tell.
    let row = |day: u32| {
        format!("G99.01-2003{day:02}-0001|1.000001|03/{day:02}/2020|||Đang xử lý|Trực tiếp|\n")
    };
    let rows: String = (1..=20).map(row).collect();
    world.log("u1/2020-03.csv", &rows);
    let ran = world.run(5);
    let told = "in `received_on`, 8 of 20 days are days only with the month first";
    assert!(ran.stderr.contains(told), "{ran}");
    // A few slips among many are rejected, and the others stand.
    let rows: String = (1..=16).map(row).collect();
    world.log("u1/2020-03.csv", &rows);
    let ran = world.run(6);
    assert!(ran.stderr.contains("refused: G99.01/dossier/00000001"), "{ran}");
    assert!(
        ran.stderr.contains("16 records read = 12 accepted + 0 duplicate + 4 rejected"),
        "{ran}"
    );
}

#[test]
fn a_delivery_of_which_nothing_is_accepted_covers_nothing() {
    let world = World::small();
    world.log("u1/2020-01.csv", &GOOD.replace("Đang xử lý", "?").replace("Đã xong", "?"));
    world.run(0);
    let status = world.hoso(&["status"]).stdout;
    assert!(status.contains("G99.01   dossier  2020-01 to 2020-03  □□□"), "{status}");
    // Nor does an empty one beside it say that there was nothing.
    world.log("u1/2020-01b.csv", "");
    world.run(0);
    let status = world.hoso(&["status"]).stdout;
    assert!(status.contains("G99.01   dossier  2020-01 to 2020-03  □□□"), "{status}");
}

#[test]
fn a_heading_that_may_hold_a_name_is_not_quoted() {
    let world = World::small();
    let named = log(GOOD).replace("Ngày tiếp nhận", "Ngày tiếp nhận (bà Mai)");
    world.write("in/u1/2020-01.csv", named);
    let ran = world.run(5);
    assert!(ran.stderr.contains("`Ngày tiếp nhận` was not found\n"), "{ran}");
}

#[test]
fn an_absurd_amount_is_rejected_and_the_run_goes_on() {
    let world = World::small();
    world.overlay("feeds");
    for folder in ["case", "parcels", "portal", "registry", "form"] {
        std::fs::create_dir_all(world.path("in").join(folder)).unwrap();
    }
    world.write(
        "in/payments/2020-01.csv",
        "number,receipt,amount,day,way,state,online\n\
         G99.01-200110-0001,R1,9223372036854775807,2020-01-10,paygov,paid,true\n\
         G99.01-200110-0001,R2,9223372036854775807,2020-01-10,paygov,paid,true\n\
         G99.01-200110-0001,R3,1000000000000001,2020-01-10,paygov,paid,true\n\
         G99.01-200110-0001,R4,-1000000000000001,2020-01-10,paygov,paid,true\n\
         G99.01-200110-0001,R5,1000000000000000,2020-01-10,paygov,paid,true\n",
    );
    world.run(0);
    assert_snapshot!(world.hoso(&["quarantine", "list"]).stdout, @"
    G99/payment/00000001#1           not_a_number         `9999999999999999999` is not a whole number
    G99/payment/00000001#2           not_a_number         `9999999999999999999` is not a whole number
    G99/payment/00000001#3           not_a_number         `9999999999999999` is not a whole number
    G99/payment/00000001#4           not_a_number         `-9999999999999999` is not a whole number
    4 rejected records
    ");
    assert!(world.dossiers().contains("\"paid_vnd\": 1000000000000000"), "{}", world.dossiers());
}

#[test]
fn a_name_or_a_title_that_tells_an_impossible_range_tells_no_period() {
    let world = World::small();
    let pattern = "name = '^(?<from>\\d{4}-\\d{2}-\\d{2})_(?<to>\\d{4}-\\d{2}-\\d{2})\\.csv$'";
    world.edit("feeds/u1.toml", "name = '^(?<period>\\d{4}-\\d{2})[a-z]?\\.csv$'", pattern);
    for name in ["2020-02-30_2020-03-31", "2020-01-01_2020-01-32", "2020-03-31_2020-03-01"] {
        world.log(&format!("u1/{name}.csv"), GOOD);
    }
    let ran = world.run(5);
    assert_eq!(ran.stderr.matches("does not fit the feed's `name`").count(), 3, "{ran}");
    assert!(!ran.stderr.contains("2020-03-31_"), "{ran}");
    world.log("u1/2020-01-01_2020-01-31.csv", GOOD);
    world.run(6);
    let title = "period_title = 'Từ (?<from>[\\d/]+) đến (?<to>[\\d/]+)'\n\n[columns]";
    world.edit("profiles/list.toml", "[columns]", title);
    world.edit("feeds/u2.toml", "name = '^(?<period>\\d{4}-\\d{2})[a-z]?\\.csv$'", "name = '^.*$'");
    world.write("in/u2/a.csv", format!("Từ 31/03/2020 đến 01/01/2020\n{}", log(GOOD)));
    world.write("in/u2/b.csv", format!("Từ 01/02/2020 đến 29/02/2020\n{}", log(GOOD)));
    world.run(0);
    let periods = "SELECT name, period_start, period_end FROM deliveries WHERE unit_code = 'G99.02' ORDER BY name";
    assert_eq!(
        world.query(periods),
        "name,period_start,period_end\na.csv,,\nb.csv,2020-02-01,2020-03-01\n"
    );
}

#[test]
fn a_place_for_temporary_files_that_is_not_there_is_told_once() {
    let world = World::small().env([("TMPDIR".to_owned(), "nowhere".to_owned())]);
    world.log("u1/2020-01.csv", GOOD).log("u2/2020-01.csv", GOOD);
    let ran = world.run(1);
    assert_snapshot!(
        ran.stderr,
        @"error: failed to make a temporary file in `nowhere`: `TMPDIR` must name a folder that can be written to: No such file or directory (os error 2)"
    );
}

#[test]
fn a_log_whose_workbook_took_days_for_months_is_refused() {
    let world = World::small();
    // Text where the day is no month, and cells of days, turned around, where it is one.
    let days = [(13..18).map(|n| format!("{n}/01/2020")).collect::<Vec<_>>(), {
        (2..7).map(|n| format!("2020-{n:02}-01T00:00:00")).collect()
    }];
    let rows = |days: &[String]| -> String {
        let row = |(n, day): (usize, &String)| {
            format!("G99.01-200110-00{n:02}|1.000001|{day}|||Đang xử lý|Trực tiếp|\n")
        };
        days.iter().enumerate().map(row).collect()
    };
    world.log("u1/2020-01.csv", &rows(&days.concat()));
    world.log("u2/2020-01.csv", "G99.02-200110-0001|1.000002|10/01/2020|||Đang xử lý||");
    let ran = world.run(6);
    assert!(ran.stderr.contains("all 5 cells that hold days are of the first twelve"), "{ran}");
    // A day more that does not fit is none turned around.
    let more = [days.concat(), vec!["2020-01-20T00:00:00".to_owned()]].concat();
    world.log("u1/2020-02.csv", &rows(&more));
    world.run(0);
}
