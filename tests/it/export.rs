//! What a unit's officer gets back: its own rejected rows in clear, to be mended and sent again.

use std::fs;

use insta::assert_snapshot;

use super::formats::delivered;
use super::world::{HEADINGS, Ran, World, log, python};

const ROWS: &str = "\
    G99.01-200110-0001|1.000001|10/01/2020|20/01/2020|15/01/2020|Đã xong|Trực tiếp|
    |1.000001|10/01/2020|||Đang xử lý|Trực tiếp|
    G99.01-200110-0002|1.000001|31/02/2020|||Đang xử lý|Trực tiếp|";
/// What the small pipeline's profile takes for a day, and for a status.
const FORMS: &str = "viết như: 31/10/2020 13:45 · 31/10/2020";
const TAKEN: &str = "được nhận: Mới đăng ký · Đang xử lý · Từ chối · Đã xong";
const NO_NUMBER: &str = "|1.000001|10/01/2020|||Đang xử lý|Trực tiếp|";

/// A world in which both units have sent rows that were rejected.
fn world() -> World {
    let world = World::small();
    let rows = log(ROWS).replacen("2,,1.000001,Nguyễn Văn A", "2,,1.000001,=Trần Thị Chim", 1);
    let rows = rows.replacen("0002,1.000001,Nguyễn Văn A", "0002,1.000001,007", 1);
    world.write("in/u1/2020-01.csv", rows);
    world.write("in/u2/2020-01.csv", log(NO_NUMBER).replace("Nguyễn Văn A", "Lê Thị Yến"));
    world.run(0);
    world
}

fn export(world: &World, unit: &str, args: &[&str]) -> Ran {
    world.hoso(&[&["quarantine", "export", "--unit", unit], args].concat())
}

fn exported(world: &World, name: &str) -> String {
    fs::read_to_string(world.path(name)).unwrap().strip_prefix('\u{feff}').unwrap().to_owned()
}

fn workbook(world: &World, name: &str) -> String {
    python(&["tests/rejects.py", world.path(name).to_str().unwrap()])
}

#[test]
fn an_officer_gets_the_rejected_rows_of_their_own_unit_whole_and_in_clear() {
    let world = world();
    let ran = export(&world, "G99.01", &["--out", "out", "-vvv"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(ran.stdout, "out/G99.01-rejects.xlsx: 2 rows\nout/G99.01-rejects.csv: 2 rows\n");
    assert!(!ran.stderr.contains("Chim"), "{ran}");
    assert_eq!(
        exported(&world, "out/G99.01-rejects.csv"),
        format!(
            "Tệp,Dòng,Lỗi,Cột,{HEADINGS}\r\n\
             2020-01.csv,3,thiếu mã hồ sơ,Mã hồ sơ,\
             2,,1.000001,=Trần Thị Chim,10/01/2020,,,Đang xử lý,Trực tiếp,\r\n\
             2020-01.csv,4,`99/99/9999` không phải là ngày hợp lệ; {FORMS},Ngày tiếp nhận,\
             3,G99.01-200110-0002,1.000001,007,31/02/2020,,,Đang xử lý,Trực tiếp,\r\n"
        )
    );
    assert_snapshot!(workbook(&world, "out/G99.01-rejects.xlsx"), @"
    1: frozen at A2, filter over A1:N3
    Tệp* | Dòng* | Lỗi* | Cột* | STT* | Mã hồ sơ* | Mã TTHC* | Người nộp* | Ngày tiếp nhận* | Ngày hẹn trả* | Ngày có kết quả* | Trạng thái* | Hình thức nộp* | Cập nhật*
    2020-01.csv | 3 | thiếu mã hồ sơ | Mã hồ sơ | 2 | ·! | 1.000001 | =Trần Thị Chim | 10/01/2020 | · | · | Đang xử lý | Trực tiếp | ·
    2020-01.csv | 4 | `99/99/9999` không phải là ngày hợp lệ; viết như: 31/10/2020 13:45 · 31/10/2020 | Ngày tiếp nhận | 3 | G99.01-200110-0002 | 1.000001 | 007 | 31/02/2020! | · | · | Đang xử lý | Trực tiếp | ·
    ");
    let files = fs::read_dir(world.path("out")).unwrap();
    assert_eq!(files.count(), 2, "nothing else is left in the folder");

    let ran = export(&world, "G99.01", &["--rule", "no_key", "--lang", "en"]);
    assert_eq!(ran.stdout, "./G99.01-rejects.xlsx: 1 rows\n./G99.01-rejects.csv: 1 rows\n");
    let told = exported(&world, "G99.01-rejects.csv");
    let expected = "2020-01.csv,3,no dossier number,Mã hồ sơ,2,,";
    assert!(told.starts_with("File,Line,Error,Column,STT,"), "{told}");
    assert!(told.lines().nth(1).unwrap().starts_with(expected), "{told}");
}

#[test]
fn the_cell_is_named_in_which_a_day_or_a_status_is_missing_or_at_odds() {
    let world = World::small();
    world.log(
        "u1/2020-01.csv",
        "G99.01-200110-0001|1.000001|10/01/2020||05/01/2020|Đã xong|Trực tiếp|
         G99.01-200110-0002|1.000001|10/01/2020|||Đã xong|Trực tiếp|
         G99.01-200110-0003|1.000001||||Đang xử lý|Trực tiếp|
         G99.01-200110-0004|1.000001|10/01/2020||||Trực tiếp|
         G99.01-200110-0005|1.000001|10/01/2020|||Xong rồi|Trực tiếp|",
    );
    world.run(0);
    assert_eq!(export(&world, "G99.01", &["--out", "out"]).code, 0);
    let told = workbook(&world, "out/G99.01-rejects.xlsx");
    let fields = told.lines().skip(2).map(|line| line.split(" | ").skip(2).take(2));
    let told: Vec<String> = fields.map(|told| told.collect::<Vec<_>>().join(" | ")).collect();
    assert_snapshot!(told.join("\n"), @"
    kết thúc ngày 2020-01-05, trước ngày tiếp nhận 2020-01-10 | Ngày có kết quả
    trạng thái đã xong nhưng thiếu ngày kết thúc; viết như: 31/10/2020 13:45 · 31/10/2020 | Ngày có kết quả
    thiếu ngày tiếp nhận; viết như: 31/10/2020 13:45 · 31/10/2020 | Ngày tiếp nhận
    thiếu trạng thái; được nhận: Mới đăng ký · Đang xử lý · Từ chối · Đã xong | Trạng thái
    không rõ trạng thái `Xxxx xxx`; được nhận: Mới đăng ký · Đang xử lý · Từ chối · Đã xong | Trạng thái
    ");
}

#[test]
fn what_an_officer_mends_is_not_written_over() {
    let world = world();
    export(&world, "G99.01", &[]);
    fs::write(world.path("G99.01-rejects.csv"), "mended").unwrap();
    fs::remove_file(world.path("G99.01-rejects.xlsx")).unwrap();
    let ran = export(&world, "G99.01", &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran}");
    assert_snapshot!(
        ran.stderr,
        @"error: `./G99.01-rejects.csv` is there already, and what was mended in it would be lost: name another folder (--out), or let it be written over (--overwrite)"
    );
    assert_eq!(fs::read_to_string(world.path("G99.01-rejects.csv")).unwrap(), "mended");
    assert!(!world.path("G99.01-rejects.xlsx").exists(), "all is written or nothing");
    let ran = export(&world, "G99.01", &["--overwrite"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(exported(&world, "G99.01-rejects.csv").contains("Chim"));
}

#[test]
fn mended_rows_are_sent_again_with_the_columns_of_the_export() {
    let world = world();
    export(&world, "G99.01", &[]);
    let mended = fs::read_to_string(world.path("G99.01-rejects.csv")).unwrap();
    let mended = mended.replace(",2,,", ",2,G99.01-200110-0003,").replace("31/02", "21/02");
    world.write("in/u1/2020-02.csv", mended);
    let ran = world.run(0);
    assert!(ran.stderr.contains("2 records read = 2 accepted"), "{ran}");
    // The workbook, of which but one row is mended.
    let (from, to) = (world.path("G99.01-rejects.xlsx"), world.path("in/u1/2020-03.csv"));
    python(&["-c", MEND, from.to_str().unwrap(), to.to_str().unwrap()]);
    let ran = world.run(0);
    assert!(ran.stderr.contains("2 records read = 1 accepted + 0 duplicate + 1 rejected"), "{ran}");
    let listed = world.hoso(&["quarantine", "list", "--unit", "G99.01"]).stdout;
    assert!(!listed.contains("00000002#") && listed.contains("00000003#2"), "{listed}");
    let unknown = python(&["-c", UNKNOWN, world.path("warehouse/deliveries").to_str().unwrap()]);
    assert_eq!(unknown, "[[], [], [], []]\n");
    // What is rejected once more has the columns of the export but once.
    let ran = export(&world, "G99.01", &["--overwrite"]);
    assert_eq!(ran.stdout, "./G99.01-rejects.xlsx: 2 rows\n./G99.01-rejects.csv: 2 rows\n");
    assert!(
        ran.stderr.contains("1 rejected records were mended since: --all writes them"),
        "{ran}"
    );
    assert!(
        listed.ends_with("2 rejected records\n1 more were mended since: --all lists them\n"),
        "{listed}"
    );
    let all = ["quarantine", "list", "--unit", "G99.01", "--all"];
    assert!(world.hoso(&all).stdout.ends_with("\n3 rejected records\n"));
    let explained = world.hoso(&["explain", "received", "--period", "2020-01"]).stdout;
    assert!(explained.contains("rejected records that could change it: 2"), "{explained}");
    let ran = export(&world, "G99.01", &["--all", "--overwrite"]);
    assert_eq!(ran.stdout, "./G99.01-rejects.xlsx: 3 rows\n./G99.01-rejects.csv: 3 rows\n");
    let told = exported(&world, "G99.01-rejects.csv");
    let why = format!("`99/99/9999` không phải là ngày hợp lệ; {FORMS}");
    let last = format!("2020-03.csv,3,{why},Ngày tiếp nhận,3,G99.01-");
    assert!(told.lines().last().unwrap().starts_with(&last), "{told}");
}

const MEND: &str = "\
import sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
book.active['F2'] = 'G99.01-200110-0004'
book.save(sys.argv[2])
";

const UNKNOWN: &str = "\
import sys, polars
print(polars.read_delta(sys.argv[1])['unknown_headings'].to_list())
";

#[test]
fn in_every_format_the_rows_are_the_ones_that_were_sent() {
    let text =
        log(&format!("{ROWS}\n{}", "G99.01-200110-0005|1.000001|10/01/2020|||Lạ|Trực tuyến|"));
    let sent: Vec<&str> = text.lines().collect();
    let expected = [
        format!("Tệp,Lỗi,Cột,{HEADINGS}"),
        format!("thiếu mã hồ sơ,Mã hồ sơ,{}", sent[2]),
        format!("`99/99/9999` không phải là ngày hợp lệ; {FORMS},Ngày tiếp nhận,{}", sent[3]),
        format!("không rõ trạng thái `Xx`; {TAKEN},Trạng thái,{}", sent[4]),
    ];
    for way in [
        "csv",
        "csv-utf16",
        "csv-tcvn3.zip",
        "xlsx",
        "xls",
        "html",
        "json",
        "ndjson.gz",
        "xml",
        "parquet",
    ] {
        let (world, ran) = delivered(way, &text);
        assert_eq!(ran.code, 0, "{way}: {ran}");
        let ran = export(&world, "G99.01", &[]);
        assert_eq!(ran.code, 0, "{way}: {ran}");
        // An element of XML has no spaces in its name; each format counts its own lines.
        let told = exported(&world, "G99.01-rejects.csv").replace('_', " ");
        let without_place = |line: &str| {
            let (file, rest) = line.split_once(',').unwrap();
            let (_, rest) = rest.split_once(',').unwrap();
            if file == "Tệp" { format!("{file},{rest}") } else { rest.to_owned() }
        };
        let told: Vec<String> = told.lines().map(without_place).collect();
        assert_eq!(told, expected, "{way}");
    }
}

#[test]
fn other_headings_have_a_sheet_and_a_file_of_their_own_and_refused_files_are_listed() {
    let world = world();
    let other = log(NO_NUMBER).replace("Người nộp", "Chủ hồ sơ").replace(",Cập nhật", "");
    world.write("in/u1/2020-02.csv", other.replace("Trực tiếp,", "Trực tiếp"));
    world.write("in/u1/2020-03.csv", "");
    world.run(6);
    let ran = export(&world, "G99.01", &[]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_snapshot!(ran.stdout, @"
    ./G99.01-rejects.xlsx: 3 rows
    ./G99.01-rejects.csv: 2 rows
    ./G99.01-rejects-2.csv: 1 rows
    ");
    assert_snapshot!(
        ran.stderr,
        @"refused: G99.01/dossier/00000003 `2020-03.csv`: the file is empty"
    );
    assert!(exported(&world, "G99.01-rejects-2.csv").contains("Chủ hồ sơ"));
    let told = workbook(&world, "G99.01-rejects.xlsx");
    let (_, others) = told.split_once("\n2: ").unwrap();
    assert_snapshot!(others, @"
    frozen at A2, filter over A1:M2
    Tệp* | Dòng* | Lỗi* | Cột* | STT* | Mã hồ sơ* | Mã TTHC* | Chủ hồ sơ* | Ngày tiếp nhận* | Ngày hẹn trả* | Ngày có kết quả* | Trạng thái* | Hình thức nộp*
    2020-02.csv | 2 | thiếu mã hồ sơ | Mã hồ sơ | 1 | ·! | 1.000001 | Nguyễn Văn A | 10/01/2020 | · | · | Đang xử lý | Trực tiếp
    Tệp bị từ chối: frozen at A2, filter over A1:B2
    Tệp* | Lỗi*
    2020-03.csv | tệp rỗng
    ");
}

#[test]
fn rows_whose_raw_bytes_have_expired_are_told() {
    let world = world();
    world.log("u1/2020-02.csv", &NO_NUMBER.replace("10/01", "11/02"));
    world.run(0);
    let expire = |n: u64| {
        let manifest = world.path(&format!("warehouse/landed/G99.01/dossier/{n:08}.json"));
        let manifest: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
        let hash = manifest["sha256"].as_str().unwrap();
        fs::remove_file(world.path(&format!("warehouse/raw/{hash}.zst"))).unwrap();
    };
    expire(1);
    let ran = export(&world, "G99.01", &[]);
    assert_eq!(ran.code, 6, "{ran}");
    assert_snapshot!(
        ran.stderr,
        @"expired: 2 records of delivery G99.01/dossier/00000001 (`2020-01.csv`) cannot be shown any more"
    );
    let told = exported(&world, "G99.01-rejects.csv");
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.lines().all(|line| !line.starts_with("2020-01.csv")), "{told}");

    expire(2);
    let ran = export(&world, "G99.01", &["--out", "none"]);
    assert_eq!((ran.code, &*ran.stdout), (6, ""), "{ran}");
    assert!(ran.stderr.contains("no rejected record can be shown: nothing is written"), "{ran}");
    assert!(!world.path("none").exists());
}

#[test]
fn a_changed_profile_never_shows_a_row_for_another() {
    let world = world();
    // Read so, the first record is taken for headings, and those below it have other numbers.
    let required = "required = [\"Mã hồ sơ\", \"Ngày tiếp nhận\", \"Trạng thái\"]";
    world.edit("profiles/list.toml", required, "required = [\"Trực tiếp\"]");
    world.edit("profiles/list.toml", "channel = [\"Hình thức nộp\"]", "channel = [\"Trực tiếp\"]");
    let ran = export(&world, "G99.01", &[]);
    assert_eq!((ran.code, &*ran.stdout), (6, ""), "{ran}");
    assert!(ran.stderr.contains("unreadable: 2 records of delivery G99.01"), "{ran}");
}

#[test]
fn nothing_to_write_and_nowhere_to_write_are_said() {
    let world = World::small();
    world.log("u1/2020-01.csv", ROWS.lines().next().unwrap());
    world.run(0);
    let ran = export(&world, "G99.01", &["--out", "out"]);
    assert_eq!((ran.code, &*ran.stdout), (0, ""), "{ran}");
    assert_eq!(ran.stderr, "no rejected records: nothing to write\n");
    assert!(!world.path("out").exists());
    let ran = export(&world, "G99.1", &[]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("unknown unit `G99.1`"), "{ran}");

    let world = self::world();
    let ran = export(&world, "G99.01", &["--out", "pipeline.toml"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("failed to write `pipeline.toml/G99.01-rejects.xlsx`"), "{ran}");
}
