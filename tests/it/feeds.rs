//! Several feeds tell of one dossier: each owns its columns, whatever comes first.

use insta::assert_snapshot;

use super::world::World;

const CASES: &str = "\
number,procedure,applicant,tax code,received,due,completed,status,fee,digitised,updated
G99.01-200110-0001,1.000002,enterprise,1200000009,2020-01-10,2020-01-20,2020-01-15,completed,50000,true,2020-01-15 10:00
G99.01-200111-0002,1.000002,citizen,1200000009,2020-01-11,2020-01-21,,paused,0,true,2020-01-12 10:00
G99.01-200112-0003,1.000002,enterprise,1200000008,2020-01-12,,,processing,50000,true,2020-01-12 14:00
";
const PAYMENTS: &str = "\
number,receipt,amount,day,way,state,online
000.00.01.G99-200110-0001,R1,30000,2020-01-10,paygov,paid,true
000.00.01.G99-200110-0001,R2,20000,2020-01-12,cash,paid,false
000.00.01.G99-200110-0001,R3,99000,2020-01-13,paygov,refunded,true
G99.01-200112-0003,R4,50000,2020-01-12,cash,paid,false
G99.01-200131-0009,R5,50000,2020-01-31,paygov,paid,true
";
const PARCELS: &str = "\
number,parcel,in,out,handed,delivered
G99.01-200110-0001,P1,true,false,2020-01-09,2020-01-10
G99.01-200110-0001,P2,false,true,2020-01-15,2020-01-18
G99.01-200131-0008,P3,false,true,2020-01-31,
";
pub(crate) const PORTAL: &str = "\
number,old number,status,due,completed,fee,paid online,files,results,updated
G99.01-200110-0001,,completed,2020-01-20,2020-01-15,50000,true,don.pdf##cccd.pdf,kq.pdf,2020-01-15 11:00
G99.01-200111-00777,G99.01-200111-0002,completed,,2020-01-12,,false,don.pdf,don.pdf,2020-01-12 11:00
G99.01-200112-0003,,completed,2020-01-30,2020-01-13,50000,true,,,2020-01-13 09:00
G99.01-200112-0003,,processing,2020-01-30,,50000,true,,,2020-01-14 09:00
G99.01-200131-0007,,processing,2020-02-15,,50000,false,,,2020-01-31 09:00
";
const REGISTRY: &str = "\
number,found
G99.01-200110-0001,true
G99.01-200112-0003,false
G99.01-200131-0006,true
";

const LOGS: [(&str, &str); 5] = [
    ("in/case/2020-01.csv", CASES),
    ("in/payments/2020-01.csv", PAYMENTS),
    ("in/parcels/2020-01.csv", PARCELS),
    ("in/portal/2020-01.csv", PORTAL),
    ("in/registry/2020-01.csv", REGISTRY),
];

pub(crate) fn world() -> World {
    let world = World::small();
    world.overlay("feeds");
    for name in LOGS.map(|(name, _)| name).into_iter().chain(["in/form/"]) {
        let folder = world.path(name.rsplit_once("/").unwrap().0);
        std::fs::create_dir_all(folder).unwrap();
    }
    world
}

/// Returns a world in which the feeds arrived in this order, a run each.
fn arrived(order: impl Iterator<Item = usize>) -> World {
    let world = world();
    for at in order {
        let (name, text) = LOGS[at];
        world.write(name, text);
        world.run(0);
    }
    world
}

/// Returns some columns of the dossier with this number.
pub(crate) fn told(dossiers: &str, number: &str, columns: &[&str]) -> String {
    let line = dossiers.lines().find(|line| line.contains(number)).unwrap();
    let row: serde_json::Value = serde_json::from_str(line).unwrap();
    let column = |name: &&str| format!("{name} {}", row[*name]);
    columns.iter().map(column).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_feed_owns_its_columns_and_items_add_up() {
    let world = arrived(0..LOGS.len());
    let dossiers = world.dossiers();
    let told = |number, columns: &[&str]| told(&dossiers, number, columns);
    let columns = [
        "feeds",
        "status",
        "enterprise_code",
        "enterprise_check",
        "enterprise_found",
        "paid_vnd",
        "paid_online",
        "paid_on",
        "payment_channel",
        "post_in",
        "post_out",
        "post_handed_on",
        "post_delivered_on",
        "portal_status",
        "portal_completed_on",
        "e_result",
        "marks",
    ];
    assert_snapshot!(told("200110-0001", &columns), @r#"
    feeds "dossier enterprise payment portal postal"
    status "completed"
    enterprise_code "1200000009"
    enterprise_check true
    enterprise_found true
    paid_vnd 50000
    paid_online true
    paid_on "2020-01-12"
    payment_channel "paygov"
    post_in true
    post_out true
    post_handed_on "2020-01-15"
    post_delivered_on "2020-01-18"
    portal_status "completed"
    portal_completed_on "2020-01-15"
    e_result true
    marks []
    "#);
    // The tax code of a citizen does not pass.
    assert_snapshot!(told("200111-0002", &["feeds", "enterprise_code", "portal_status", "marks"]), @r#"
    feeds "dossier portal"
    enterprise_code null
    portal_status "completed"
    marks ["number_replaced","portal_end_while_paused","portal_end_without_due","result_is_submitted_file","zero_fee_not_sent"]
    "#);
    assert_snapshot!(told("200112-0003", &["enterprise_check", "enterprise_found", "marks"]), @r#"
    enterprise_check false
    enterprise_found false
    marks ["enterprise_check_failed","paid_online_by_cash","portal_reopened"]
    "#);
}

#[test]
fn what_no_unit_reports_is_kept_and_counts_for_none() {
    let world = arrived(0..LOGS.len());
    let dossiers = world.dossiers();
    let told = |number, columns: &[&str]| told(&dossiers, number, columns);
    assert_snapshot!(told("200131-0009", &["feeds", "dossier_number", "unit_code", "paid_vnd", "marks"]), @r#"
    feeds "payment"
    dossier_number "G99.01-200131-0009"
    unit_code null
    paid_vnd 50000
    marks ["no_dossier"]
    "#);
    let received = world.query(
        "SELECT numerator FROM indicators WHERE indicator = 'received' AND scope = 'ministry' \
         AND period_kind = 'month' AND period_end = '2020-02-01'",
    );
    assert_snapshot!(received, @"
    numerator
    3
    ");
}

#[test]
fn feeds_in_any_order_of_arrival_fold_to_the_same_table() {
    let expected = arrived(0..LOGS.len()).dossiers();
    for order in [[4, 3, 2, 1, 0], [1, 3, 0, 4, 2], [3, 0, 1, 2, 4]] {
        assert_eq!(arrived(order.into_iter()).dossiers(), expected, "{order:?}");
    }
}

#[test]
fn what_matches_no_dossier_is_counted_and_listed() {
    let world = arrived(0..LOGS.len());
    let status = world.hoso(&["status"]);
    let counted = status.stdout.lines().find(|line| line.contains("no unit reports")).unwrap();
    assert_snapshot!(counted, @"dossiers that no unit reports (`hoso quarantine unmatched` lists them): enterprise 1, payment 1, portal 1, postal 1");
    assert_snapshot!(world.hoso(&["quarantine", "unmatched"]).stdout, @"
    G99.01-200131-0006               enterprise           G99/enterprise/00000001
    G99.01-200131-0007               portal               G99/portal/00000001
    G99.01-200131-0008               postal               G99/postal/00000001
    G99.01-200131-0009               payment              G99/payment/00000001
    4 dossiers that no unit reports
    ");
    let payments = world.hoso(&["quarantine", "unmatched", "--feed", "payment"]);
    assert_snapshot!(payments.stdout, @"
    G99.01-200131-0009               payment              G99/payment/00000001
    1 dossiers that no unit reports
    ");
}

#[test]
fn a_late_correction_of_a_payment_replaces_the_payment_alone() {
    let world = arrived(0..2);
    world.write(
        "in/payments/2020-02.csv",
        "number,receipt,amount,day,way,state,online,updated\n\
         G99.01-200110-0001,R2,20000,2020-01-12,cash,refunded,false,2020-02-03\n",
    );
    world.run(0);
    assert_eq!(told(&world.dossiers(), "200110-0001", &["paid_vnd"]), "paid_vnd 30000");
}

#[test]
fn what_a_delivery_tells_only_as_a_whole_is_noted() {
    let world = world();
    let mut cases = String::from(CASES.lines().next().unwrap());
    for n in 1..=60 {
        cases += &format!(
            "\nG99.01-200113-{n:04},1.000002,citizen,,2020-01-13,,,processing,0,true,2020-01-13 0{}:30",
            n % 10
        );
    }
    world.write("in/case/2020-01.csv", cases);
    let ran = world.run(0);
    let notes: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("note")).collect();
    assert_snapshot!(notes.join("\n"), @"
    note: G99.01 dossier: `digitised` is true in all 60 records: it tells nothing
    note: G99.01 dossier: of 60 times of day none is after noon: the afternoon may have been written as the morning
    ");
}

#[test]
fn a_payment_without_a_key_of_its_own_is_rejected() {
    let world = world();
    world.write(
        "in/payments/2020-01.csv",
        "number,receipt,amount,day,way,state,online\nG99.01-200110-0001,,1,2020-01-12,cash,paid,true\n",
    );
    world.run(0);
    let rejects = world.hoso(&["quarantine", "list"]);
    assert_snapshot!(rejects.stdout, @"
    G99/payment/00000001#1           no_item_key          nothing tells this payment or parcel from another
    1 rejected records
    ");
}

#[test]
fn a_form_is_held_against_the_log_and_against_itself() {
    let world = world();
    world.write(LOGS[0].0, CASES);
    world.write(
        "in/form/bieu-2020-01.csv",
        "CỤC MỘT,,,,,,,,,,,,\nĐơn vị tính: Số hồ sơ TTHC,,,,,,,,,,,,\n\
         STT,Lĩnh vực,Tiếp nhận,,,,Giải quyết,,,,Đang giải quyết,,\n\
         ,,Tổng số,Trực tuyến,\"Trực tiếp, bưu chính\",Từ kỳ trước,Tổng số,Trước hạn,Đúng hạn,\
         Quá hạn,Tổng số,Trong hạn,Quá hạn\n\
         (1),(2),(3),(4),(5),(6),(7),(8),(9),(10),(11),(12),(13)\n\
         1,Lĩnh vực một,4,2,1,1,2,1,0,0,2,2,0\n\
         Tổng cộng,,4,2,1,1,2,1,0,0,3,2,1\n",
    );
    let ran = world.run(0);
    let told = |word: &str| {
        let lines = ran.stderr.lines().filter(|line| line.starts_with(word));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(told("control"), @"
    control: G99.01 2020-01-01 to 2020-02-01: `open` is 2 by its log, 3 by its form
    control: G99.01 2020-01-01 to 2020-02-01: `resolved` is 1 by its log, 2 by its form
    ");
    assert_snapshot!(told("note"), @"
    note: G99.01 control: form II.06a says 1 for `overdue`, but its rows come to 0
    note: G99.01 control: form II.06a says 2 for `resolved`, but its parts come to 1
    note: G99.01 control: form II.06a says 3 for `open`, but its rows come to 2
    ");
}
