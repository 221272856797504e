//! Text in, figures out.

use insta::assert_snapshot;

use super::world::World;

#[test]
fn flows_stocks_and_levels_by_month() {
    let world = World::small();
    world.log(
        "u1/2020-01.csv",
        "G99.01-200110-0001|1.000001|10/01/2020|20/01/2020|15/01/2020|Đã xong|Trực tuyến|
         G99.01-200120-0001|1.000001|20/01/2020|30/01/2020|05/02/2020|Đã xong|Trực tiếp|
         G99.01-200121-0001|1.000001|21/01/2020|30/01/2020||Đang xử lý|Trực tiếp|",
    );
    world.log(
        "u2/2020-02.csv",
        "G99.02-200203-0001|1.000002|03/02/2020|20/02/2020|20/02/2020|Đã xong|Trực tuyến|
         G99.02-200204-0001|1.000002|04/02/2020||06/02/2020|Từ chối|Trực tuyến|",
    );
    world.run(0);
    // The first is online, but on its day of reception the service was at information level.
    assert_snapshot!(world.figures("month"), @"
    indicator,scope,period_end,numerator,denominator,status
    on_time_rate,G99.01,2020-02-01,1,1,value
    on_time_rate,G99.01,2020-03-01,0,1,missing
    on_time_rate,G99.01,2020-04-01,,,missing
    on_time_rate,G99.02,2020-02-01,,,missing
    on_time_rate,G99.02,2020-03-01,1,1,value
    on_time_rate,G99.02,2020-04-01,,,missing
    on_time_rate,ministry,2020-02-01,1,1,value
    on_time_rate,ministry,2020-03-01,1,2,value
    on_time_rate,ministry,2020-04-01,,,missing
    online_resolution_rate,G99.01,2020-03-01,0,1,missing
    online_resolution_rate,G99.01,2020-04-01,,,missing
    online_resolution_rate,G99.02,2020-02-01,,,missing
    online_resolution_rate,G99.02,2020-03-01,1,1,value
    online_resolution_rate,G99.02,2020-04-01,,,missing
    online_resolution_rate,ministry,2020-03-01,1,2,value
    online_resolution_rate,ministry,2020-04-01,,,missing
    open_at_end,G99.01,2020-02-01,2,,value
    open_at_end,G99.01,2020-03-01,1,,missing
    open_at_end,G99.01,2020-04-01,1,,missing
    open_at_end,G99.02,2020-02-01,,,missing
    open_at_end,G99.02,2020-04-01,,,missing
    open_at_end,ministry,2020-02-01,2,,value
    open_at_end,ministry,2020-03-01,1,,value
    open_at_end,ministry,2020-04-01,1,,missing
    received,G99.01,2020-02-01,3,,value
    received,G99.01,2020-03-01,,,missing
    received,G99.01,2020-04-01,,,missing
    received,G99.02,2020-02-01,,,missing
    received,G99.02,2020-03-01,2,,value
    received,G99.02,2020-04-01,,,missing
    received,ministry,2020-02-01,3,,value
    received,ministry,2020-03-01,2,,value
    received,ministry,2020-04-01,,,missing
    resolved,G99.01,2020-02-01,1,,value
    resolved,G99.01,2020-03-01,1,,missing
    resolved,G99.01,2020-04-01,,,missing
    resolved,G99.02,2020-02-01,,,missing
    resolved,G99.02,2020-03-01,1,,value
    resolved,G99.02,2020-04-01,,,missing
    resolved,ministry,2020-02-01,1,,value
    resolved,ministry,2020-03-01,2,,value
    resolved,ministry,2020-04-01,,,missing
    services_online_rate,G99.01,2020-03-01,1,1,value
    services_online_rate,G99.01,2020-04-01,1,1,value
    services_online_rate,G99.02,2020-02-01,1,1,value
    services_online_rate,G99.02,2020-03-01,1,1,value
    services_online_rate,G99.02,2020-04-01,1,1,value
    services_online_rate,ministry,2020-02-01,1,2,value
    services_online_rate,ministry,2020-03-01,2,2,value
    services_online_rate,ministry,2020-04-01,2,2,value
    ");
}

#[test]
fn each_column_comes_from_the_latest_observation_that_supplies_it() {
    let world = World::small();
    world.log(
        "u1/2020-01.csv",
        "G99.01-200110-0001|1.000001|10/01/2020|20/01/2020||Đang xử lý|Trực tuyến|11/01/2020 08:00",
    );
    // A log without the column of the channel leaves the channel as it is.
    let later = "Mã hồ sơ,Ngày tiếp nhận,Ngày hẹn trả,Ngày có kết quả,Trạng thái,Cập nhật\n\
                 G99.01-200110-0001,10/01/2020,,15/01/2020,Đã xong,15/01/2020 09:00\n";
    world.write("in/u1/2020-01b.csv", later);
    world.run(0);
    assert_snapshot!(world.figures("year"), @"
    indicator,scope,period_end,numerator,denominator,status
    on_time_rate,G99.02,2020-04-01,,,missing
    online_resolution_rate,G99.02,2020-04-01,,,missing
    received,G99.01,2020-04-01,1,,value
    received,G99.02,2020-04-01,,,missing
    received,ministry,2020-04-01,1,,value
    resolved,G99.01,2020-04-01,1,,value
    resolved,G99.02,2020-04-01,,,missing
    resolved,ministry,2020-04-01,1,,value
    ");
}

#[test]
fn an_earlier_event_that_arrives_later_changes_nothing() {
    let world = World::small();
    world.log("u1/2020-01.csv", "G99.01-200110-0001|1.000001|10/01/2020|20/01/2020|15/01/2020|Đã xong|Trực tiếp|15/01/2020 09:00");
    world.run(0);
    let before = world.figures("month");
    world.log(
        "u1/2020-01b.csv",
        "G99.01-200110-0001|1.000001|10/01/2020|20/01/2020||Đang xử lý|Trực tiếp|11/01/2020 08:00",
    );
    world.run(0);
    assert_eq!(world.figures("month"), before);
}

#[test]
fn old_and_new_agency_codes_are_one_dossier() {
    let world = World::small();
    world.log("u1/2020-01.csv", "G99.01-200110-0001|1.000001|10/01/2020|||Đang xử lý|Trực tiếp|");
    world.log(
        "u1/2020-01b.csv",
        "000.00.01.G99-200110-0001|1.000001|10/01/2020||15/01/2020|Đã xong|Trực tiếp|",
    );
    world.run(0);
    assert_snapshot!(world.figures("year"), @"
    indicator,scope,period_end,numerator,denominator,status
    on_time_rate,G99.02,2020-04-01,,,missing
    online_resolution_rate,G99.02,2020-04-01,,,missing
    received,G99.01,2020-04-01,1,,value
    received,G99.02,2020-04-01,,,missing
    received,ministry,2020-04-01,1,,value
    resolved,G99.01,2020-04-01,1,,value
    resolved,G99.02,2020-04-01,,,missing
    resolved,ministry,2020-04-01,1,,value
    ");
}

#[test]
fn a_unit_that_has_not_reported_is_missing_and_never_a_zero() {
    let world = World::small();
    for month in ["2020-01", "2020-02", "2020-03"] {
        world.log(
            &format!("u1/{month}.csv"),
            &format!(
                "G99.01-{}01-0001|1.000001|01/{}/2020||02/{}/2020|Đã xong|Trực tiếp|",
                &month[2..].replace('-', ""),
                &month[5..],
                &month[5..]
            ),
        );
    }
    world.log("u2/2020-01.csv", "");
    world.run(0);
    let status = world.query(
        "SELECT unit_code, period_end, value, status, units_expected, units_included \
         FROM indicators WHERE indicator = 'resolved' AND period_kind = 'month' \
         AND scope IN ('ministry', 'unit') AND (unit_code IS NULL OR unit_code = 'G99.02') \
         ORDER BY unit_code, period_end",
    );
    // An empty report is a report: January is a zero, February is missing.
    assert_snapshot!(status, @"
    unit_code,period_end,value,status,units_expected,units_included
    G99.02,2020-02-01,0.0,value,1,1
    G99.02,2020-03-01,,missing,1,0
    G99.02,2020-04-01,,missing,1,0
    ,2020-02-01,1.0,value,2,2
    ,2020-03-01,1.0,value,2,1
    ,2020-04-01,1.0,value,2,1
    ");
}

#[test]
fn nothing_after_the_as_of_day_is_counted() {
    let world = World::small();
    world.log(
        "u1/2020-01.csv",
        "G99.01-200310-0001|1.000001|10/03/2020|||Đang xử lý|Trực tiếp|
         G99.01-200410-0001|1.000001|10/04/2020|||Đang xử lý|Trực tiếp|",
    );
    world.run(0);
    let received = "SELECT period_kind, numerator FROM indicators WHERE indicator = 'received' \
        AND scope = 'ministry' AND period_end = '2020-04-01' ORDER BY period_kind";
    assert_eq!(world.query(received), "period_kind,numerator\nmonth,1\nquarter,1\nyear,1\nytd,1\n");
    // A day inside a past month cannot be served from months.
    let ran = world.hoso(&["run", "--as-of", "2020-02-10"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("the end of a month that is over, or today"), "{ran}");
}

/// Ten dossiers of January that are done, as a log without times of events lists them.
fn ten_done(channel: &str) -> String {
    let line = |n: i32| {
        format!("G99.01-2001{n}-0001|1.000001|{n}/01/2020|30/01/2020|27/01/2020|Đã xong|{channel}|")
    };
    (10..20).map(line).collect::<Vec<_>>().join("\n")
}

/// How many dossiers came online and over the counter.
fn channels(world: &World) -> [usize; 2] {
    let dossiers = world.dossiers();
    let has = |line: &&str, channel: &str| {
        // What stands before it is the dossier's own.
        line.split("\"history\"").next().unwrap().contains(channel)
    };
    ["\"online\"", "\"counter\""]
        .map(|channel| dossiers.lines().filter(|line| has(line, channel)).count())
}

#[test]
fn of_two_files_that_tell_no_time_the_later_one_counts() {
    let world = World::small();
    world.log("u1/2020-01.csv", &ten_done("Trực tiếp"));
    world.run(0);
    assert_eq!(channels(&world), [0, 10]);
    world.log("u1/2020-01b.csv", &ten_done("Trực tuyến"));
    world.run(0);
    assert_eq!(channels(&world), [10, 0]);
    // What is told again as it was before counts, too.
    world.log("u1/2020-01c.csv", &format!("{}\n", ten_done("Trực tiếp")));
    world.run(0);
    assert_eq!(channels(&world), [0, 10]);
}

#[test]
fn an_older_list_that_comes_late_changes_nothing_that_a_newer_one_tells() {
    let world = World::small();
    world.log("u1/2020-03.csv", &ten_done("Trực tuyến"));
    world.run(0);
    world.log("u1/2020-02.csv", &ten_done("Trực tiếp"));
    world.run(0);
    assert_eq!(channels(&world), [10, 0]);
}
