//! What a figure lacks stands beside it: the reports of every feed that tells of it, and of every
//! period that makes it.

use insta::assert_snapshot;

use super::feeds;
use super::world::World;

/// The feeds of every kind, and indicators that read what the payment gateway tells.
fn with_payments() -> World {
    let world = feeds::world();
    let own = std::fs::read_to_string(world.path("indicators.toml")).unwrap();
    let payments = r#"
[measure.paid]
of = "payments"
on = "paid_on"
where = "payment_status = 'paid'"

[measure.paid_online]
on = "received_on"
where = "paid_online"

[indicator.paid]
name = { vi = "Khoản đã nộp", en = "Payments" }
unit = "count"
numerator = "paid"
better = "none"
version = 1

[indicator.paid_beside_open_rate]
name = { vi = "Khoản đã nộp trên hồ sơ chưa xong", en = "Payments beside open dossiers" }
unit = "percent"
numerator = "paid"
denominator = "open"
better = "none"
version = 1

[indicator.paid_online_rate]
name = { vi = "Tỷ lệ nộp trực tuyến", en = "Paid online" }
unit = "percent"
numerator = "paid_online"
denominator = "received"
better = "higher"
version = 1
"#;
    world.write("indicators.toml", own + payments);
    world
}

const CASES: &str =
    "number,procedure,applicant,tax code,received,due,completed,status,fee,digitised,updated\n";
const PAYMENTS: &str = "number,receipt,amount,day,way,state,online\n";

fn of_month(month: u32) -> (String, String) {
    let day = format!("2020-{month:02}-10");
    let number = format!("G99.01-20{month:02}10-0001");
    (
        format!("{CASES}{number},1.000002,citizen,,{day},,,processing,0,true,{day} 10:00\n"),
        format!("{PAYMENTS}{number},R{month},30000,{day},paygov,paid,true\n"),
    )
}

#[test]
fn a_figure_lacks_what_another_feed_has_not_reported() {
    let world = with_payments();
    for month in 1..=3 {
        let (cases, payments) = of_month(month);
        world.write(&format!("in/case/2020-{month:02}.csv"), cases);
        // February's payments never come.
        if month != 2 {
            world.write(&format!("in/payments/2020-{month:02}.csv"), payments);
        }
    }
    world.run(0);
    let told = world.query(
        "SELECT indicator, period_kind AS kind, period_start, numerator, denominator, status, \
         units_included AS units FROM indicators WHERE scope = 'unit' AND unit_code = 'G99.01' \
         AND indicator IN ('paid', 'paid_beside_open_rate', 'paid_online_rate', 'received') \
         AND period_kind IN ('month', 'quarter') ORDER BY indicator, kind, period_start",
    );
    assert_snapshot!(told, @"
    indicator,kind,period_start,numerator,denominator,status,units
    paid,month,2020-01-01,1,,value,1
    paid,month,2020-02-01,,,missing,0
    paid,month,2020-03-01,1,,value,1
    paid,quarter,2020-01-01,2,,value,0
    paid_beside_open_rate,month,2020-01-01,1,1,value,1
    paid_beside_open_rate,month,2020-02-01,0,2,missing,0
    paid_beside_open_rate,month,2020-03-01,1,3,value,1
    paid_beside_open_rate,quarter,2020-01-01,2,3,missing,0
    paid_online_rate,month,2020-01-01,1,1,value,1
    paid_online_rate,month,2020-02-01,0,1,missing,0
    paid_online_rate,month,2020-03-01,1,1,value,1
    paid_online_rate,quarter,2020-01-01,2,3,missing,0
    received,month,2020-01-01,1,,value,1
    received,month,2020-02-01,1,,value,1
    received,month,2020-03-01,1,,value,1
    received,quarter,2020-01-01,3,,value,1
    ");
}

#[test]
fn what_no_feed_tells_is_not_measurable_and_no_zero() {
    let world = with_payments();
    std::fs::remove_file(world.path("feeds/payments.toml")).unwrap();
    let (cases, _) = of_month(1);
    world.write("in/case/2020-01.csv", cases);
    world.run(0);
    let told = world.query(
        "SELECT indicator, numerator, denominator, status FROM indicators \
         WHERE scope = 'ministry' AND indicator LIKE 'paid%' AND period_kind = 'month' \
         AND period_start = '2020-01-01' ORDER BY indicator",
    );
    assert_snapshot!(told, @"
    indicator,numerator,denominator,status
    paid,,,not_measurable
    paid_beside_open_rate,,,not_measurable
    paid_online_rate,,,not_measurable
    ");
}

#[test]
fn a_level_lacks_the_earlier_reports_that_never_came() {
    let world = World::small();
    for month in ["01", "03"] {
        let day = format!("10/{month}/2020");
        let row = format!("G99.01-20{month}10-0001 | 1.000001 | {day} | | | Đang xử lý | |");
        world.log(&format!("u1/2020-{month}.csv"), &row);
    }
    world.run(0);
    let told = world.query(
        "SELECT indicator, period_start, numerator, units_included AS units FROM indicators \
         WHERE unit_code = 'G99.01' AND indicator IN ('received', 'open_at_end') \
         AND period_kind = 'month' ORDER BY indicator, period_start",
    );
    assert_snapshot!(told, @"
    indicator,period_start,numerator,units
    open_at_end,2020-01-01,1,1
    open_at_end,2020-02-01,1,0
    open_at_end,2020-03-01,2,0
    received,2020-01-01,1,1
    received,2020-02-01,,0
    received,2020-03-01,1,1
    ");
    let explained =
        world.hoso(&["explain", "open_at_end", "--unit", "G99.01", "--period", "2020-03"]);
    assert!(explained.stdout.contains("missing reports: 1"), "{explained}");
}

#[test]
fn figures_of_a_unit_are_open_as_long_as_a_feed_of_all_units_is() {
    let world = with_payments();
    world.edit("pipeline.toml", "final_after_days = 1000", "final_after_days = 1");
    world.edit("feeds/payments.toml", "expected = \"month\"", "expected = \"year\"");
    let (cases, _) = of_month(1);
    world.write("in/case/2020-01.csv", cases);
    world.run(0);
    let told = world.query(
        "SELECT COALESCE(unit_code, scope) AS scope, is_final FROM indicators \
         WHERE indicator = 'received' AND (scope = 'ministry' OR unit_code = 'G99.01') \
         AND period_kind = 'month' AND period_start = '2020-01-01' ORDER BY scope",
    );
    assert_eq!(told, "scope,is_final\nG99.01,false\nministry,false\n");
}
