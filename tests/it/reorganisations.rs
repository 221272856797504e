//! Units that are renamed, merged and split: their series go on in the unit that they alone became.

use insta::assert_snapshot;

use super::world::{World, log};

/// G99.01 is renamed G99.03 in March; G99.02 and G99.04 become G99.05 in February; G99.06 is split
/// into G99.07 and G99.08 in February. G99.10 stands above G99.05.
const UNITS: &str = "\
code,name_vi,name_en,aliases,parent,predecessor,valid_from,valid_to
G99,Bộ thử,Test ministry,,,,,
G99.01,Cục Một,First department,,G99,,,2020-03-01
G99.02,Cục Hai,Second department,,G99,,,2020-02-01
G99.03,Cục Ba,Third department,,G99,G99.01,2020-03-01,
G99.04,Cục Bốn,Fourth department,,G99,,,2020-02-01
G99.05,Cục Năm,Fifth department,,G99.10,G99.02|G99.04,2020-02-01,
G99.06,Cục Sáu,Sixth department,,G99,,,2020-02-01
G99.07,Cục Bảy,Seventh department,,G99,G99.06,2020-02-01,
G99.08,Cục Tám,Eighth department,,G99,G99.06,2020-02-01,
G99.10,Tổng cục,Directorate,,G99,,2020-02-01,
";

/// The units with a log of their own, and how many dossiers each received in January to March.
const RECEIVED: [(&str, [usize; 3]); 8] = [
    ("01", [11, 12, 0]),
    ("02", [13, 0, 0]),
    ("03", [0, 0, 15]),
    ("04", [16, 0, 0]),
    ("05", [0, 18, 19]),
    ("06", [21, 0, 0]),
    ("07", [0, 22, 23]),
    ("08", [0, 24, 25]),
];

/// A world whose units were reorganised, with these dossiers received.
fn reorganised(received: &[(&str, [usize; 3])]) -> World {
    let world = World::small();
    std::fs::remove_dir_all(world.path("feeds")).unwrap();
    world.write("units.csv", UNITS);
    world.edit("services.csv", "G99.01,", ",").edit("services.csv", "G99.02,", ",");
    for (unit, months) in received {
        let feed = format!(
            "unit = \"G99.{unit}\"\nfeed = \"dossier\"\nprofile = \"list\"\n\
             location = \"../in/{unit}\"\nname = '^(?<period>\\d{{4}}-\\d{{2}})\\.csv$'\n\
             settle_seconds = 0\nslot = \"none\"\nexpected = \"month\"\n"
        );
        world.write(&format!("feeds/u{unit}.toml"), feed);
        std::fs::create_dir_all(world.path(&format!("in/{unit}"))).unwrap();
        for (month, n) in (1..).zip(months) {
            let row = |at: usize| {
                format!(
                    "G99.{unit}-20{month:02}05-{at:04} | 1.000001 | 05/{month:02}/2020 | | | \
                     Đang xử lý | Trực tiếp |\n"
                )
            };
            let rows: String = (1..=*n).map(row).collect();
            if *n > 0 {
                world.write(&format!("in/{unit}/2020-{month:02}.csv"), log(&rows));
            }
        }
    }
    world
}

/// What each unit received by month, as it is told to the public.
fn months(world: &World) -> String {
    world.query(
        "SELECT unit_code, period_start, numerator, status, units_included, units_expected \
         FROM indicators WHERE indicator = 'received' AND scope = 'unit' \
         AND period_kind = 'month' ORDER BY unit_code, period_start",
    )
}

#[test]
fn a_series_goes_on_in_the_unit_that_another_has_become() {
    let world = reorganised(&RECEIVED);
    world.run(0);
    assert_snapshot!(months(&world), @"
    unit_code,period_start,numerator,status,units_included,units_expected
    G99.01,2020-01-01,11,value,1,1
    G99.01,2020-02-01,12,value,1,1
    G99.01,2020-03-01,,not_applicable,0,0
    G99.02,2020-01-01,13,value,1,1
    G99.02,2020-02-01,,not_applicable,0,0
    G99.02,2020-03-01,,not_applicable,0,0
    G99.03,2020-01-01,11,value,1,1
    G99.03,2020-02-01,12,value,1,1
    G99.03,2020-03-01,15,value,1,1
    G99.04,2020-01-01,16,value,1,1
    G99.04,2020-02-01,,not_applicable,0,0
    G99.04,2020-03-01,,not_applicable,0,0
    G99.05,2020-01-01,29,value,2,2
    G99.05,2020-02-01,18,value,1,1
    G99.05,2020-03-01,19,value,1,1
    G99.06,2020-01-01,21,value,1,1
    G99.06,2020-02-01,,not_applicable,0,0
    G99.06,2020-03-01,,not_applicable,0,0
    G99.07,2020-01-01,,not_applicable,0,0
    G99.07,2020-02-01,22,value,1,1
    G99.07,2020-03-01,23,value,1,1
    G99.08,2020-01-01,,not_applicable,0,0
    G99.08,2020-02-01,24,value,1,1
    G99.08,2020-03-01,25,value,1,1
    G99.10,2020-01-01,29,value,2,2
    G99.10,2020-02-01,18,value,1,1
    G99.10,2020-03-01,19,value,1,1
    ");
    // The ministry counts each dossier once.
    let all = "SELECT period_end, numerator, units_included, units_expected FROM indicators \
        WHERE indicator = 'received' AND scope = 'ministry' AND period_kind = 'ytd' \
        ORDER BY period_end";
    assert_snapshot!(world.query(all), @"
    period_end,numerator,units_included,units_expected
    2020-02-01,61,4,4
    2020-03-01,137,7,7
    2020-04-01,219,8,8
    ");
    // A split is a break: neither half goes on with the whole.
    let breaks = "SELECT unit_code, day, note FROM trends WHERE statistic = 'break' \
        AND indicator = 'received' AND period_kind = 'month' AND scope = 'unit' ORDER BY unit_code";
    assert_snapshot!(world.query(breaks), @"
    unit_code,day,note
    G99.07,2020-02-01,split from G99.06
    G99.08,2020-02-01,split from G99.06
    ");
}

#[test]
fn what_is_hidden_of_a_unit_is_hidden_in_the_one_that_it_has_become() {
    let world = reorganised(&[("01", [2, 30, 0]), ("03", [0, 0, 40]), ("07", [50, 50, 50])]);
    world.edit("pipeline.toml", "final_after_days", "suppress_below = 5\nfinal_after_days");
    world.run(0);
    let exported = world.hoso(&["export", "csv", "--out", "all.csv"]);
    assert_eq!(exported.code, 0, "{exported}");
    let all = std::fs::read_to_string(world.path("all.csv")).unwrap();
    let of_unit = |line: &&str| line.starts_with("received,1,unit,G99.0");
    let told = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        [3, 6, 8, 9, 16].map(|at| fields[at]).join(" ") + "\n"
    };
    let rows: String = all.lines().filter(of_unit).map(told).collect();
    assert_snapshot!(rows, @"
    G99.01 month 2020-02-01  suppressed
    G99.01 month 2020-03-01  suppressed
    G99.01 month 2020-04-01  not_applicable
    G99.01 quarter 2020-04-01  suppressed
    G99.01 year 2020-04-01 32 value
    G99.01 ytd 2020-02-01  suppressed
    G99.01 ytd 2020-03-01  suppressed
    G99.01 ytd 2020-04-01  suppressed
    G99.03 month 2020-02-01  suppressed
    G99.03 month 2020-03-01  suppressed
    G99.03 month 2020-04-01  suppressed
    G99.03 quarter 2020-04-01  suppressed
    G99.03 year 2020-04-01 72 value
    G99.03 ytd 2020-02-01  suppressed
    G99.03 ytd 2020-03-01  suppressed
    G99.03 ytd 2020-04-01  suppressed
    G99.07 month 2020-02-01  suppressed
    G99.07 month 2020-03-01  suppressed
    G99.07 month 2020-04-01  suppressed
    G99.07 quarter 2020-04-01  suppressed
    G99.07 year 2020-04-01 150 value
    G99.07 ytd 2020-02-01  suppressed
    G99.07 ytd 2020-03-01  suppressed
    G99.07 ytd 2020-04-01  suppressed
    ");
}
