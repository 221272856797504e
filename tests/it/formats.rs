//! One log in every format and encoding: the same dossiers, told in the ledger as it was written.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::world::{Ran, World, log, python, root};

const ROWS: &str = "\
    G99.01-200110-0001|1.000001|10/01/2020|20/01/2020|15/01/2020|Đã xong|Trực tuyến|15/01/2020 16:30
    G99.01-200113-0002|1.000002|13/01/2020|30/01/2020||Đang xử lý|Trực tiếp|13/01/2020 08:05
    G99.01-200114-0003|1.000002|14/01/2020||17/01/2020|Từ chối|Trực tuyến|17/01/2020 09:10
    000.00.01.G99-200115-0004|1.000001|15/01/2020|22/01/2020|23/01/2020|Đã xong|Trực tiếp|23/01/2020 14:00
    G99.01-200116-0005|1.000001|16/01/2020|22/01/2020||Mới đăng ký|Trực tuyến|";

/// Every way in which a log may be written, with what the ledger says of it.
const WAYS: [(&str, &str); 30] = [
    ("csv", "csv utf-8"),
    ("csv-semicolon", "csv utf-8"),
    ("csv-tab", "csv utf-8"),
    ("csv-nfd", "csv utf-8"),
    ("csv-utf16", "csv utf-16le"),
    ("csv-1258", "csv windows-1258"),
    ("csv-tcvn3", "csv tcvn3"),
    ("csv-vni", "csv vni"),
    ("csv-cp1252", "csv utf-8-as-cp1252"),
    ("xlsx", "xlsx utf-8"),
    ("xlsx-dates", "xlsx utf-8"),
    ("xlsx-tcvn3", "xlsx tcvn3"),
    ("xls", "xls utf-8"),
    ("html", "html utf-8"),
    ("json", "json utf-8"),
    ("ndjson", "json utf-8"),
    ("xml", "xml utf-8"),
    ("parquet", "parquet utf-8"),
    ("csv.gz", "csv in gzip utf-8"),
    ("csv.zst", "csv in zstd utf-8"),
    ("csv.zip", "csv in zip utf-8"),
    ("csv-tcvn3.gz", "csv in gzip tcvn3"),
    ("csv-utf16.zip", "csv in zip utf-16le"),
    ("xlsx.zip", "xlsx in zip utf-8"),
    ("xls.gz", "xls in gzip utf-8"),
    ("html.zst", "html in zstd utf-8"),
    ("json.gz", "json in gzip utf-8"),
    ("ndjson.zst", "json in zstd utf-8"),
    ("xml.zip", "xml in zip utf-8"),
    ("parquet.gz", "parquet in gzip utf-8"),
];

/// A world whose first unit may send anything; an element of XML has no spaces in its name.
fn world() -> World {
    let world = World::small();
    world.edit("feeds/u1.toml", r"[a-z]?\.csv$", r"\.[a-z0-9.-]+$");
    for heading in ["Mã hồ sơ", "Mã TTHC", "Ngày tiếp nhận", "Ngày hẹn trả", "Ngày có kết quả"]
        .into_iter()
        .chain(["Trạng thái", "Hình thức nộp", "Cập nhật"])
    {
        let both = format!("= [\"{heading}\", \"{}\"]", heading.replace(' ', "_"));
        world.edit("profiles/list.toml", &format!("= [\"{heading}\"]"), &both);
    }
    world
}

/// Delivers the log in one format.
pub(crate) fn delivered(way: &str, text: &str) -> (World, Ran) {
    let world = world();
    let suffix = way.replace("csv-", "").replace("xlsx-", "");
    world.write("log.csv", text);
    let (from, to) = (world.path("log.csv"), world.path(&format!("in/u1/2020-01.{suffix}")));
    let script = root().join("scripts/convert_log.py");
    let args = [script.as_path(), from.as_path(), way.as_ref(), to.as_path()];
    python(&args.map(|arg| arg.to_str().unwrap()));
    let ran = world.hoso(&["run", "--report", "report.json"]);
    (world, ran)
}

/// Returns how the ledger says that the only delivery is written.
fn written(world: &World) -> String {
    let report = std::fs::read_to_string(world.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let delivery = &report["deliveries"][0];
    let text = |name: &str| delivery[name].as_str().unwrap_or("-").to_owned();
    format!("{} {}", text("format"), text("encoding"))
}

#[test]
fn one_log_in_every_format_and_encoding_gives_equal_dossiers() {
    let text = log(ROWS);
    let (plain, ran) = delivered("csv", &text);
    assert_eq!(ran.code, 0, "{ran}");
    let expected = plain.dossiers();
    assert_eq!(expected.lines().count(), 5, "{expected}");
    let mut different = String::new();
    for (way, as_told) in WAYS {
        let (world, ran) = delivered(way, &text);
        if ran.code != 0 {
            writeln!(different, "{way}: {ran}").unwrap();
        } else if written(&world) != as_told {
            writeln!(different, "{way}: told as `{}`", written(&world)).unwrap();
        } else if world.dossiers() != expected {
            writeln!(different, "{way}: {}\n{expected}", world.dossiers()).unwrap();
        }
    }
    assert_eq!(different, "");
}

#[test]
fn an_encoding_that_is_declared_is_not_detected() {
    let world = world();
    world.edit("profiles/list.toml", "shape =", "encoding = \"tcvn3\"\nshape =");
    let log = b"M\xb7 h\xe5 s\xac,Ng\xb5y ti\xd5p nh\xcbn,Tr\xb9ng th\xb8i\nG99.01-200110-0001,10/01/2020,\xa7ang x\xf6 l\xfd\n";
    world.write("in/u1/2020-01.csv", log);
    let ran = world.run(0);
    assert!(!ran.stderr.contains("note:"), "{ran}");
    assert_snapshot!(world.figures("year"), @"
    indicator,scope,period_end,numerator,denominator,status
    on_time_rate,G99.02,2020-04-01,,,missing
    online_resolution_rate,G99.02,2020-04-01,,,missing
    received,G99.01,2020-04-01,1,,value
    received,G99.02,2020-04-01,,,missing
    received,ministry,2020-04-01,1,,value
    resolved,G99.02,2020-04-01,,,missing
    ");

    // A declaration stands even where the text would tell better.
    let world = self::world();
    world.edit("profiles/list.toml", "shape =", "encoding = \"utf-8\"\nshape =");
    world.write("in/u1/2020-01.csv", log);
    let ran = world.run(5);
    assert!(ran.stderr.contains("`2020-01.csv`: no row holds the headings"), "{ran}");
}

#[test]
fn odd_cells_are_read_and_marked() {
    let world = world();
    // Excel has made numbers of a number, of a day and of a procedure.
    world.write("cells.py", CELLS);
    let to = world.path("in/u1/2020-01.xlsx");
    python(&[world.path("cells.py").to_str().unwrap(), to.to_str().unwrap()]);
    world.run(0);
    let told = world.dossiers();
    let marks: Vec<String> = told
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|row| format!("{} {} {}", row["dossier_key"], row["received_on"], row["marks"]))
        .collect();
    assert_snapshot!(marks.join("\n"), @r#"
    "1234" "2020-01-10" ["zeros_may_be_lost"]
    "A-2" "2020-01-10" ["date_as_serial"]
    "#);
    assert_snapshot!(world.hoso(&["quarantine", "list"]).stdout, @"
    G99.01/dossier/00000001#3        code_as_number       a number stands where a code does: its zeros may be lost
    1 rejected records
    ");
}

const CELLS: &str = "\
import sys, xlsxwriter
book = xlsxwriter.Workbook(sys.argv[1])
sheet = book.add_worksheet()
rows = [
    ['Mã hồ sơ', 'Mã TTHC', 'Ngày tiếp nhận', 'Trạng thái'],
    [1234, '1.000001', '10/01/2020', 'Đang xử lý'],
    ['A-2', '1.000001', 43840, 'Đang xử lý'],
    ['A-3', 1.00001, '10/01/2020', 'Đang xử lý'],
]
for at, row in enumerate(rows):
    sheet.write_row(at, 0, row)
book.close()
";

#[test]
fn packing_is_taken_off_or_refused() {
    let world = world();
    world.write("pack.py", PACK);
    let folder = world.path("in/u1");
    python(&[world.path("pack.py").to_str().unwrap(), folder.to_str().unwrap()]);
    let ran = world.hoso(&["run"]);
    let refused: Vec<&str> =
        ran.stderr.lines().filter(|line| line.contains("G99.01/dossier")).collect();
    assert_snapshot!(refused.join("\n"), @"
    G99.01/dossier/00000001 `2020-01.two.zip`: the archive holds 2 files; a delivery is one
    G99.01/dossier/00000002 `2020-02.none.zip`: the file is empty
    G99.01/dossier/00000003 `2020-03.deep.gz`: the file is an archive in an archive in an archive
    G99.01/dossier/00000004 `2020-04.cut.gz`: the file cannot be read to its end: its bytes end too early
    G99.01/dossier/00000005 `2020-05.picture`: the file is in no format that is known: not CSV, XLSX, XLS, HTML, JSON, XML or Parquet
    G99.01/dossier/00000006 `2020-06.locked.zip`: the file has a password
    ");
}

const PACK: &str = "\
import gzip, io, sys, zipfile
def zipped(*files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w') as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()
def put(name, data):
    open(f'{sys.argv[1]}/2020-0{name}', 'wb').write(data)
log = 'Mã hồ sơ,Ngày tiếp nhận,Trạng thái\\nA-1,10/01/2020,Đang xử lý\\n'.encode()
put('1.two.zip', zipped(('a.csv', log), ('b.csv', log)))
put('2.none.zip', zipped(('__MACOSX/a.csv', log)))
put('3.deep.gz', gzip.compress(gzip.compress(gzip.compress(gzip.compress(log)))))
put('4.cut.gz', gzip.compress(log * 100)[:-20])
put('5.picture', bytes([0x89]) + b'PNG' + bytes(40))
locked = bytearray(zipped(('a.csv', log)))
for mark, flags in [(b'PK\\3\\4', 6), (b'PK\\1\\2', 8)]:
    locked[locked.find(mark) + flags] |= 1
put('6.locked.zip', locked)
";

#[test]
fn a_bomb_of_any_kind_is_refused_in_little_memory() {
    let world = world();
    let hoso = env!("CARGO_BIN_EXE_hoso");
    let printed = python(&["tests/bombs.py", hoso, world.path("").to_str().unwrap()]);
    let (told, peak_mib) = printed.trim_end().rsplit_once('\n').unwrap();
    assert!(peak_mib.parse::<u64>().unwrap() <= 512, "{peak_mib} MiB at most\n{told}");
    assert_snapshot!(told, @"
    exit 5
    error: every new delivery was refused, nothing is published:
    G99.01/dossier/00000001 `2020-01.xlsx`: unpacked, the file is more than 200 times as large as packed (199 MiB and more): no log is
    G99.01/dossier/00000002 `2020-02.xlsx`: a row claims 1000000 columns, more than 16384
    G99.01/dossier/00000003 `2020-03.xml`: line 1 declares or uses an entity of its own; none is expanded
    G99.01/dossier/00000004 `2020-04.json`: the record after record 0, line 1, is longer than 4194304 bytes
    G99.01/dossier/00000005 `2020-05.csv`: the record after record 0, line 2, is longer than 4194304 bytes
    G99.01/dossier/00000006 `2020-06.csv`: a row claims 65493 columns, more than 16384
    G99.01/dossier/00000007 `2020-07.html`: a row claims 1000000 columns, more than 16384
    ");
}

#[test]
fn a_required_key_that_a_record_lacks_is_as_an_empty_one() {
    let world = World::small();
    let whole = r#"{"Mã hồ sơ": "G99.01-200110-0001", "Ngày tiếp nhận": "10/01/2020", "Trạng thái": "Đang xử lý"}"#;
    let no_day = r#"{"Mã hồ sơ": "G99.01-200110-0002", "Trạng thái": "Đang xử lý"}"#;
    let no_status = r#"{"Mã hồ sơ": "G99.01-200110-0003", "Ngày tiếp nhận": "10/01/2020"}"#;
    world.write("in/u1/2020-01.csv", [whole, no_day, no_status].join("\n"));
    world.run(0);
    let listed = world.hoso(&["quarantine", "list"]).stdout;
    for (record, reason) in [("#2", "no_received_on"), ("#3", "no_status")] {
        let line = listed.lines().find(|line| line.contains(record)).unwrap_or_default();
        assert!(line.contains(reason), "{listed}");
    }
}
