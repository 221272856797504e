//! An index, of which not every unit can be measured by all parts.

use insta::assert_snapshot;

use super::world::World;

const INDEX: &str = "
[indicator.index]
name = { vi = 'Chỉ số', en = 'Index' }
unit = 'percent'
better = 'higher'
version = 1
composite = [
  { indicator = 'on_time_rate', group = 'time', points = 10 },
  { indicator = 'online_resolution_rate', group = 'online', points = 10 },
]
";

#[test]
fn what_was_measured_by_other_parts_is_neither_ranked_nor_compared() {
    let world = World::small();
    let known = std::fs::read_to_string(world.path("indicators.toml")).unwrap();
    world.write("indicators.toml", known + INDEX);
    // In January the second unit tells no due day: nothing can be said of its punctuality.
    for month in ["01", "02", "03"] {
        let due = |unit: &str| match (unit, month) {
            ("2", "01") => String::new(),
            _ => format!("20/{month}/2020"),
        };
        for (unit, channel) in [("1", "Trực tiếp"), ("2", "Trực tuyến")] {
            let row = format!(
                "G99.0{unit}-20{month}10-0001|1.00000{unit}|10/{month}/2020|{}|15/{month}/2020|\
                 Đã xong|{channel}|",
                due(unit)
            );
            world.log(&format!("u{unit}/2020-{month}.csv"), &row);
        }
    }
    world.run(0);
    let told = world.query(
        "SELECT unit_code, period_start, value, rank, change FROM indicators \
         WHERE indicator = 'index' AND period_kind = 'month' AND scope = 'unit' \
         AND value IS NOT NULL ORDER BY unit_code, period_start",
    );
    assert_snapshot!(told, @"
    unit_code,period_start,value,rank,change
    G99.01,2020-01-01,50.0,,
    G99.01,2020-02-01,50.0,2,0.0
    G99.01,2020-03-01,50.0,2,0.0
    G99.02,2020-01-01,100.0,,
    G99.02,2020-02-01,100.0,1,
    G99.02,2020-03-01,100.0,1,0.0
    ");
}
