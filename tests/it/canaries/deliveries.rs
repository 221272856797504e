//! The deliveries that hold the canaries, what the ledger must say of each, and the pipeline that
//! reads them.

use serde_json::{Value, json};

use super::super::world::World;
use super::planted::{CANARIES, Canary, planted};

/// A good row, by its headings.
const GOOD: [(&str, &str); 12] = [
    ("STT", "1"),
    ("Mã hồ sơ", ""),
    ("Mã TTHC", "1.000001"),
    ("Người nộp", "Nguyễn Văn A"),
    ("Ngày tiếp nhận", "10/01/2020"),
    ("Ngày hẹn trả", "20/01/2020"),
    ("Ngày có kết quả", "15/01/2020"),
    ("Trạng thái", "Đã xong"),
    ("Hình thức nộp", "Trực tiếp"),
    ("Lệ phí", "50000"),
    ("Đơn vị", ""),
    ("Ghi chú", "hồ sơ đầy đủ"),
];

type Pairs = &'static [(&'static str, &'static str)];

/// A delivery: its name below `in/`, how it is written, how its rows differ from good ones, what
/// else it has, and what the ledger must say: outcome, rule, read, accepted, rejected, out of scope.
pub(super) struct Delivery {
    pub(super) name: &'static str,
    way: &'static str,
    rows: &'static [Pairs],
    more: Pairs,
    pub(super) fate: &'static str,
}

const fn delivery(
    name: &'static str,
    way: &'static str,
    rows: &'static [Pairs],
    more: Pairs,
    fate: &'static str,
) -> Delivery {
    Delivery { name, way, rows, more, fate }
}

const PAYMENTS: &str = "number,receipt,amount,day,way,state,online\n\
    G99.01-200110-0001,R1,30000,2020-01-10,paygov,paid,true\n\
    G99.01-200110-0001,{c51},30000,2020-01-10,paygov,paid,true\n\
    G99.01-200131-0009,R5,50000,2020-01-31,paygov,paid,true\n";
const PORTAL: &str = "number,old number,status,due,completed,fee,paid online,files,results,updated\n\
    G99.01-200110-0002,{c52},completed,2020-01-20,2020-01-15,50000,true,,,2020-01-15 11:00\n";
const CASES: &str = "number,procedure,applicant,tax code,received,due,completed,status,fee,digitised,updated\n\
    G99.02-200110-0001,1.000002,enterprise,{c53},2020-01-10,,,processing,0,true,\n\
    G99.02-200110-0002,1.000002,citizen,{c54},2020-01-10,,,processing,0,true,\n";
const LOGIN: &str = "<html><head><title>Đăng nhập</title></head><body>Xin chào {c34}</body></html>";

pub(super) const DELIVERIES: &[Delivery] = &[
    delivery(
        "u1/2020-01.good.csv",
        "csv",
        &[&[("Người nộp", "{c01}"), ("Ghi chú", "{c02}")]],
        &[],
        "accepted,,1,1,0,0",
    ),
    delivery(
        "u1/2020-01.titles.csv",
        "csv",
        &[&[]],
        &[("title", "Người lập: {c03}"), ("signature", "Người ký: {c04}")],
        "accepted,,3,1,0,2",
    ),
    delivery(
        "u1/2020-01.cells.csv",
        "csv",
        &[&[("Ngày tiếp nhận", "{c05}")], &[("Lệ phí", "{c06}")], &[("Mã hồ sơ", "{c07}")]],
        &[],
        "accepted,,3,0,3,0",
    ),
    delivery(
        "u1/2020-01.widths.csv",
        "csv",
        &[&[], &[("Người nộp", "{c09}")]],
        &[("extra", "{c08}"), ("drop", "2")],
        "accepted,,2,0,2,0",
    ),
    delivery(
        "u1/2020-01.column.csv",
        "csv",
        &[&[]],
        &[("column", "Hồ sơ của {c10}")],
        "accepted,,1,1,0,0",
    ),
    delivery(
        "u1/2020-01.heading.csv",
        "csv",
        &[&[]],
        &[("heading", "Ngày tiếp nhận {c11}")],
        "refused,heading_missing,0,0,0,0",
    ),
    delivery(
        "u1/2020-01.cut.csv",
        "csv",
        &[&[], &[("Người nộp", "{c12}")]],
        &[("cut", "24")],
        "refused,truncated,0,0,0,0",
    ),
    delivery(
        "u1/2020-01.quote.csv",
        "csv",
        &[&[("Người nộp", "{c13}")], &[], &[]],
        &[("open quote", "{c13}")],
        "refused,unclosed_quote,0,0,0,0",
    ),
    delivery(
        "u1/2020-01.tcvn3.csv",
        "csv-tcvn3",
        &[&[("Người nộp", "{c14}")], &[], &[]],
        &[],
        "accepted,,3,3,0,0",
    ),
    delivery(
        "u1/2020-01.misread.csv",
        "csv-cp1252",
        &[&[("Ghi chú", "{c15}")], &[], &[]],
        &[],
        "accepted,,3,3,0,0",
    ),
    delivery(
        "u1/2020-01.cut.csv.gz",
        "csv.gz",
        &[&[("Người nộp", "{c16}")], &[], &[]],
        &[("cut", "20")],
        "refused,damaged,0,0,0,0",
    ),
    delivery(
        "u1/2020-01.entry.csv.zip",
        "csv.zip",
        &[&[]],
        &[("entry", "Đơn của {c17}.csv")],
        "accepted,,1,1,0,0",
    ),
    delivery(
        "u1/2020-01.two.zip",
        "two-in.zip",
        &[],
        &[("entry", "{c18}.csv")],
        "refused,several_files,0,0,0,0",
    ),
    delivery(
        "u1/2020-01.odd.xlsx",
        "workbook",
        &[&[], &[("Trạng thái", "=CONCATENATE(\"{c19}\",\"\")")]],
        &[("comment", "{c20}"), ("author", "{c21}")],
        "accepted,,2,1,1,0",
    ),
    delivery(
        "odd/{c22}.csv",
        "text",
        &[],
        &[("text", "1"), ("name in", "tcvn3")],
        // Its folder cannot be listed.
        "",
    ),
    delivery(
        "u1/2020-01.sheets.xlsx",
        "workbook",
        &[&[("Ghi chú", "{c26}")], &[("Trạng thái", "{c25}")]],
        &[("sheet", "{c23}"), ("hidden", "{c24}")],
        "accepted,,2,1,1,0",
    ),
    delivery(
        "u1/2020-01.differ.xlsx",
        "workbook",
        &[&[]],
        &[("second sheet", "{c27}")],
        "refused,sheets_differ,0,0,0,0",
    ),
    delivery(
        "u1/2020-01.damaged.xlsx",
        "text",
        &[],
        &[("text", "PK\u{3}\u{4} {c28}")],
        "refused,damaged,0,0,0,0",
    ),
    delivery(
        "u1/2020-01.book.xls",
        "xls",
        &[&[("Người nộp", "{c29}")], &[("Mã TTHC", "{c30}")]],
        &[("sheet", "{c31}")],
        "accepted,,2,1,1,0",
    ),
    delivery(
        "u1/2020-01.page.html",
        "html",
        &[&[("Ghi chú", "{c32}")], &[("Hình thức nộp", "{c33}")]],
        &[],
        "accepted,,2,1,1,0",
    ),
    delivery("u1/2020-01.login.html", "text", &[], &[("text", LOGIN)], "refused,web_page,0,0,0,0"),
    delivery(
        "u1/2020-01.list.json",
        "json",
        &[&[("Người nộp", "{c35}")], &[("Lệ phí", "{c37}")]],
        &[("column", "{c36}")],
        "accepted,,2,1,1,0",
    ),
    delivery(
        "u1/2020-01.broken.json",
        "text",
        &[],
        &[("text", "[{\"Mã hồ sơ\": \"A-1\", \"{c38}\" \"x\"}]")],
        "refused,broken_syntax,0,0,0,0",
    ),
    delivery(
        "u1/2020-01.lines.ndjson.zst",
        "ndjson.zst",
        &[&[], &[("Ngày tiếp nhận", "{c39}")]],
        &[],
        "accepted,,2,1,1,0",
    ),
    delivery(
        "u1/2020-01.list.xml",
        "xml",
        &[&[("Người nộp", "{c40}")], &[("Mã hồ sơ", "{c41}")]],
        &[("column", "{c42}")],
        "accepted,,2,1,1,0",
    ),
    delivery(
        "u1/2020-01.broken.xml",
        "text",
        &[],
        &[("text", "<Records><Record><A>x</{c43}></Record></Records>")],
        "refused,broken_syntax,0,0,0,0",
    ),
    delivery(
        "u1/2020-01.book.xml",
        "spreadsheetml",
        &[&[], &[("Trạng thái", "=\"{c45}\"+1")]],
        &[("sheet", "{c44}")],
        "accepted,,2,1,1,0",
    ),
    delivery(
        "u1/2020-01.table.parquet",
        "parquet",
        &[&[("Người nộp", "{c46}")], &[("Đơn vị", "{c47}")]],
        &[("column", "{c48}")],
        "accepted,,2,1,1,0",
    ),
    delivery(
        "u1/2020-01.damaged.parquet",
        "parquet",
        &[&[("Người nộp", "{c49}")]],
        &[("cut", "100")],
        "refused,damaged,0,0,0,0",
    ),
    delivery("u1/{c50}.csv", "csv", &[&[]], &[], "refused,name_outside_pattern,0,0,0,0"),
    delivery("payments/2020-01.csv", "text", &[], &[("text", PAYMENTS)], "accepted,,3,2,1,0"),
    delivery("portal/2020-01.csv", "text", &[], &[("text", PORTAL)], "accepted,,1,0,1,0"),
    delivery("u2/2020-01.csv", "text", &[], &[("text", CASES)], "accepted,,2,2,0,0"),
];

/// Tells the writer of the deliveries what to write.
pub(super) fn plan() -> Value {
    let deliveries: Vec<Value> = DELIVERIES.iter().map(Delivery::plan).collect();
    let marks: Vec<&str> = CANARIES.iter().map(Canary::mark).collect();
    json!({ "canaries": marks, "deliveries": deliveries })
}

impl Delivery {
    fn plan(&self) -> Value {
        let more = |name: &str| self.more.iter().find(|(key, _)| *key == name).map(|(_, v)| *v);
        // A required heading is written otherwise.
        let renamed = more("heading").map(planted);
        let heading = |name: &str| match &renamed {
            Some(renamed) if renamed.starts_with(name) => renamed.clone(),
            _ => name.to_owned(),
        };
        let headings: Vec<String> = GOOD.iter().map(|(name, _)| heading(name)).collect();
        let row = |(n, edits): (usize, &Pairs)| -> Vec<String> {
            let number = format!("G99.01-200110-{:04}", n + 1);
            let field = |(name, text): &(&str, &str)| {
                let edited = edits.iter().find(|(edited, _)| edited == name);
                let text = if *name == "Mã hồ sơ" { &number } else { *text };
                planted(edited.map_or(text, |(_, edited)| edited))
            };
            GOOD.iter().map(field).collect()
        };
        let rows: Vec<Vec<String>> = self.rows.iter().enumerate().map(row).collect();
        let mut plan = json!({
            "name": planted(self.name), "way": self.way, "headings": headings, "rows": rows
        });
        for (key, text) in self.more {
            plan[*key] = planted(text).into();
        }
        plan
    }
}

/// A pipeline that reads all of them: of every format, and with feeds beside the units' own.
pub(super) fn world() -> World {
    let world = World::small();
    world.overlay("feeds");
    let u1 = "unit = \"G99.01\"\nfeed = \"dossier\"\nprofile = \"list\"\nlocation = \"../in/u1\"\n\
        name = '^(?<period>\\d{4}-\\d{2})\\.[a-z0-9.-]+$'\nsettle_seconds = 0\nslot = \"none\"\n\
        expected = \"month\"\n";
    world.write("feeds/u1.toml", u1);
    world.edit("feeds/u2.toml", "profile = \"list\"", "profile = \"case\"");
    world.edit("profiles/list.toml", "\"Người nộp\"]", "\"Người nộp\", \"Ghi chú\"]");
    let columns = "[columns]\nfee_vnd = [\"Lệ phí\"]\nunit_code = [\"Đơn vị\"]";
    world.edit("profiles/list.toml", "[columns]", columns);
    // An element of XML has no spaces in its name.
    for (heading, _) in GOOD.iter().filter(|(h, _)| !matches!(*h, "STT" | "Người nộp" | "Ghi chú"))
    {
        let both = format!("= [\"{heading}\", \"{}\"]", heading.replace(' ', "_"));
        world.edit("profiles/list.toml", &format!("= [\"{heading}\"]"), &both);
    }
    for folder in ["payments", "portal", "parcels", "registry", "form", "odd"] {
        std::fs::create_dir_all(world.path("in").join(folder)).unwrap();
    }
    world
}
