//! Contracts: each clause seen to be kept and to be broken, with each consequence, and a contract
//! that cannot be checked has failed.

use insta::assert_snapshot;

use super::world::World;

const LOG: &str = "
    G99.01-200110-0001 | 1.000001 | 10/01/2020 | 20/01/2020 | 15/01/2020 | Đã xong | Trực tuyến |
    G99.01-200111-0002 | 1.000001 | 11/01/2020 | 20/01/2020 | 25/01/2020 | Đã xong | Trực tiếp |
    G99.01-200112-0003 | 1.000001 | 12/01/2020 |  |  | Đang xử lý | Trực tiếp |";

const NAME: &str = "name = { vi = \"trễ hẹn\", en = \"ended after it was due\" }";

/// A world of one log whose profile promises something.
fn promising(contract: &str) -> World {
    let world = World::small();
    let profile = std::fs::read_to_string(world.path("profiles/list.toml")).unwrap();
    world.write("profiles/list.toml", format!("{profile}\n[contract.promise]\n{NAME}\n{contract}"));
    world.log("u1/2020-01.csv", LOG);
    world
}

fn rejects(world: &World) -> String {
    world.hoso(&["quarantine", "list"]).stdout
}

fn marks(world: &World) -> String {
    super::world::python(&[
        "-c",
        "import sys, polars as p\n\
         t = p.scan_delta(sys.argv[1]).sort('dossier_key')\n\
         print(*(f'{k} {m}' for k, m in t.select('dossier_key', 'marks').collect().rows()), sep='\\n')",
        world.path("warehouse/dossiers").to_str().unwrap(),
    ])
}

#[test]
fn a_record_that_breaks_a_check_is_rejected_marked_or_refuses_all() {
    let check = "check = \"completed_on <= due_on\"\n";
    let world = promising(&format!("{check}severity = \"reject\""));
    world.run(0);
    assert_snapshot!(rejects(&world), @"
    G99.01/dossier/00000001#2        contract             ended after it was due (contract `promise`)
    1 rejected records
    ");
    let vietnamese = world.hoso(&["quarantine", "list", "--lang", "vi"]).stdout;
    assert!(vietnamese.contains("trễ hẹn (cam kết `promise`)"), "{vietnamese}");

    let world = promising(&format!("{check}severity = \"mark\""));
    world.run(0);
    assert_snapshot!(marks(&world), @"
    G99.01-200110-0001 []
    G99.01-200111-0002 ['contract.promise']
    G99.01-200112-0003 []
    ");

    let world = promising(&format!("{check}severity = \"refuse\""));
    let ran = world.run(5);
    assert!(
        ran.stderr.contains("record 2, line 3: ended after it was due (contract `promise`)"),
        "{ran}"
    );
}

#[test]
fn what_is_unknown_breaks_nothing_unless_it_is_asked_for() {
    let world = promising("check = \"due_on IS NOT NULL\"\nseverity = \"reject\"");
    world.run(0);
    assert!(rejects(&world).starts_with("G99.01/dossier/00000001#3 "), "{}", rejects(&world));
    // A day that is unknown is neither before nor after another.
    let world = promising("check = \"NOT (completed_on > due_on)\"\nseverity = \"reject\"");
    world.run(0);
    assert!(rejects(&world).contains("#2 ") && !rejects(&world).contains("#3 "));
}

#[test]
fn conditions_read_a_record_as_sql_would() {
    for (check, broken) in [
        ("status IN ('completed', 'refused')", "#3"),
        ("channel = 'online' OR status = 'processing'", "#2"),
        ("status = 'processing' AND channel = 'counter'", "#1 #2"),
        ("received_on BETWEEN '2020-01-11' AND '2020-01-12'", "#1"),
        ("CASE WHEN channel = 'online' THEN 1 ELSE 2 END + 1 = 3", "#1"),
        ("3 - 1 <> 2 OR received_on < '2020-01-12'", "#3"),
        ("due_on IN ('2020-01-21')", "#1 #2"),
        ("received_on >= '2020-01-11' AND received_on > '2020-01-10'", "#1"),
    ] {
        let world = promising(&format!("check = \"{check}\"\nseverity = \"reject\""));
        world.run(0);
        let list = rejects(&world);
        let ids = list.lines().filter_map(|line| {
            let (_, rest) = line.split_once('#')?;
            Some(format!("#{}", rest.split_whitespace().next()?))
        });
        assert_eq!(ids.collect::<Vec<_>>().join(" "), broken, "{check}");
    }
}

#[test]
fn two_records_that_differ_under_one_key_break_uniqueness_and_a_repeated_one_does_not() {
    let world = promising("unique = [\"dossier_number\"]\nseverity = \"reject\"");
    world.log(
        "u1/2020-02.csv",
        "G99.01-200210-0001 | 1.000001 | 10/02/2020 |  |  | Đang xử lý | Trực tuyến |
         G99.01-200210-0001 | 1.000001 | 10/02/2020 |  |  | Đang xử lý | Trực tuyến |
         G99.01-200210-0001 | 1.000001 | 11/02/2020 |  |  | Đang xử lý | Trực tuyến |",
    );
    let ran = world.run(0);
    assert!(ran.stderr.contains("6 records read = 4 accepted + 1 duplicate + 1 rejected"), "{ran}");
    assert!(rejects(&world).starts_with("G99.01/dossier/00000002#3 "), "{}", rejects(&world));
}

#[test]
fn a_delivery_of_too_few_or_too_many_records_is_refused_or_noted() {
    let world = promising("records = { min = 4 }\nseverity = \"refuse\"");
    let ran = world.run(5);
    assert!(ran.stderr.contains("3 records, not 4 to ∞ (contract `promise`)"), "{ran}");
    let world = promising("records = { min = 1, max = 2 }\nseverity = \"mark\"");
    let ran = world.run(0);
    assert!(
        ran.stderr.contains("note: G99.01 dossier: ended after it was due: 3 records"),
        "{ran}"
    );
    let world = promising("records = { min = 3, max = 3 }\nseverity = \"refuse\"");
    world.run(0);
}

#[test]
fn a_status_that_must_not_change_so_is_marked_in_whatever_order_it_is_told() {
    for months in [["2020-01", "2020-02"], ["2020-02", "2020-01"]] {
        let world = World::small();
        let profile = std::fs::read_to_string(world.path("profiles/list.toml")).unwrap();
        let never = "no_change = [\"completed -> processing\"]\nseverity = \"mark\"";
        world
            .write("profiles/list.toml", format!("{profile}\n[contract.promise]\n{NAME}\n{never}"));
        for month in months {
            let status =
                if month == "2020-01" { "15/01/2020 | Đã xong" } else { "| Đang xử lý" };
            let updated = if month == "2020-01" { "15/01/2020 08:00" } else { "03/02/2020 08:00" };
            let number = "G99.01-200110-0001 | 1.000001 | 10/01/2020 | 20/01/2020";
            let row = format!("{number} | {status} | Trực tuyến | {updated}");
            world.log(&format!("u1/{month}.csv"), &row);
            world.run(0);
        }
        assert_eq!(marks(&world), "G99.01-200110-0001 ['contract.promise']\n");
    }
}

#[test]
fn a_contract_that_cannot_be_checked_has_failed() {
    let check = "check = \"fee_vnd >= 0\"\n";
    let world = promising(&format!("{check}severity = \"reject\""));
    let ran = world.run(5);
    let told = "contract `promise` cannot be checked: the log has no `fee_vnd`";
    assert!(ran.stderr.contains(told), "{ran}");
    let world = promising(&format!("{check}severity = \"mark\""));
    let ran = world.run(0);
    assert!(ran.stderr.contains(&format!("note: G99.01 dossier: {told}")), "{ran}");
}

#[test]
fn a_contract_that_says_nothing_that_can_be_held_is_a_fault_of_the_pipeline() {
    for (contract, told) in [
        ("severity = \"mark\"", "a contract has one clause"),
        ("check = \"fee_vnd > 1\"\nunique = [\"status\"]\nseverity = \"mark\"", "has one clause"),
        ("check = \"fee > 1\"\nseverity = \"mark\"", "unknown column `fee`"),
        ("check = \"fee_vnd > 1\"", "missing key `severity`"),
        ("unique = [\"nomber\"]\nseverity = \"mark\"", "unknown column `nomber`"),
        ("records = { min = 1 }\nseverity = \"reject\"", "unknown severity `reject`"),
        ("no_change = [\"completed > new\"]\nseverity = \"mark\"", "is no change of status"),
        ("no_change = [\"completed -> new\"]\nseverity = \"refuse\"", "unknown severity `refuse`"),
        ("no_change = [\"new -> new\"]\nseverity = \"mark\"", "is no change: both are `new`"),
        ("records = { min = 3, max = 2 }\nseverity = \"mark\"", "`min` is more than `max`"),
        ("records = {}\nseverity = \"mark\"", "no number of records can break it"),
        ("records = { min = 0 }\nseverity = \"mark\"", "no number of records can break it"),
        ("check = \"TRUE\"\nseverity = \"mark\"", "the check reads no column"),
        ("check = \"1 > 2\"\nseverity = \"mark\"", "the check reads no column"),
    ] {
        let ran = promising(contract).hoso(&["check"]);
        assert_eq!(ran.code, 3, "{contract}: {ran}");
        assert!(ran.stderr.contains(told), "{contract}: {ran}");
    }
}

#[test]
fn a_contract_whose_check_is_wrong_is_told_for_that_alone() {
    let ran = promising("check = \"fee > 1\"\nseverity = \"mark\"").hoso(&["check"]);
    assert!(ran.stderr.contains("\n1 fault in the pipeline directory"), "{ran}");
}

#[test]
fn a_contract_without_a_name_or_with_an_odd_id_is_a_fault_of_the_pipeline() {
    let clause = "check = \"fee_vnd >= 0\"\nseverity = \"mark\"";
    let name = "name = { vi = \"trễ\", en = \" \" }";
    for (contract, told) in [
        (format!("[contract.x]\n{name}\n{clause}"), "`en` is empty"),
        (format!("[contract.\"Due day\"]\n{NAME}\n{clause}"), "`Due day` is no id"),
        (format!("[contract.\"\"]\n{NAME}\n{clause}"), "`` is no id"),
    ] {
        let world = World::small();
        let profile = std::fs::read_to_string(world.path("profiles/list.toml")).unwrap();
        world.write("profiles/list.toml", format!("{profile}\n{contract}"));
        let ran = world.hoso(&["check"]);
        assert_eq!(ran.code, 3, "{contract}: {ran}");
        assert!(ran.stderr.contains(told), "{contract}: {ran}");
    }
}

#[test]
fn a_contract_that_no_record_of_its_feed_can_break_is_a_fault_of_the_pipeline() {
    let promise = |check: &str| {
        format!("\n[contract.promise]\n{NAME}\ncheck = \"{check}\"\nseverity = \"mark\"\n")
    };
    for (profile, check, told) in [
        ("portal", "unit_code = 'G99.01'", "unknown column `unit_code`"),
        ("form_ii06a", "handled > 0", "form II.06a has no records that a contract could hold for"),
    ] {
        let world = World::small();
        world.overlay("feeds");
        let path = format!("profiles/{profile}.toml");
        let text = std::fs::read_to_string(world.path(&path)).unwrap();
        world.write(&path, text + &promise(check));
        let ran = world.hoso(&["check"]);
        assert_eq!(ran.code, 3, "{profile}: {ran}");
        assert!(ran.stderr.contains(told), "{profile}: {ran}");
        assert!(ran.stderr.contains(&format!("./{path}:")), "{profile}: {ran}");
    }
}

/// A log of JSON, of two records without and perhaps one with a due day.
fn keyed(last: &str) -> String {
    let record = |n: u32, more: &str| {
        format!(
            "{{\"Mã hồ sơ\": \"G99.01-200110-000{n}\", \"Ngày tiếp nhận\": \"10/01/2020\", \
             \"Trạng thái\": \"Đang xử lý\"{more}}}"
        )
    };
    format!("[{}, {}, {}]", record(1, ""), record(2, ""), record(3, last))
}

#[test]
fn a_column_that_no_record_of_a_keyed_log_supplies_is_one_that_is_not_there() {
    let told = "contract `promise` cannot be checked: the log has no `due_on`";
    for (severity, code) in [("refuse", 5), ("reject", 5), ("mark", 0)] {
        let world =
            promising(&format!("check = \"received_on <= due_on\"\nseverity = \"{severity}\""));
        world.write("in/u1/2020-01.csv", keyed(""));
        let ran = world.run(code);
        assert!(ran.stderr.contains(told), "{severity}: {ran}");
    }
    let world = promising("check = \"received_on <= due_on\"\nseverity = \"refuse\"");
    for last in [", \"Ngày hẹn trả\": \"20/01/2020\"", ", \"Ngày hẹn trả\": null"] {
        world.write("in/u1/2020-01.csv", keyed(last));
        world.run(0);
    }
    world.write("in/u1/2020-02.csv", "[]");
    world.run(0);
}

#[test]
fn what_another_contract_rejects_is_not_the_first_of_its_key() {
    let unique = "unique = [\"dossier_number\"]\nseverity = \"reject\"";
    let due =
        format!("[contract.zz_due]\n{NAME}\ncheck = \"due_on IS NOT NULL\"\nseverity = \"reject\"");
    let world = promising(&format!("{unique}\n{due}"));
    let row = "G99.01-200110-0001 | 1.000001 | 10/01/2020 |";
    let rest = "| | Đang xử lý | Trực tiếp |";
    world.log("u1/2020-01.csv", &format!("{row} {rest}\n{row} 20/01/2020 {rest}"));
    world.run(0);
    let listed = rejects(&world);
    assert!(listed.contains("#1 ") && listed.ends_with("\n1 rejected records\n"), "{listed}");
}
