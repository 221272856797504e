//! A formula that changes: both versions are computed over their overlap and told side by side, and
//! no trend is drawn across the change.

use insta::assert_snapshot;

use super::world::World;

/// From February the due day is too late, and through February the earlier formula is told beside it.
const CHANGED: &str = "\
numerator = \"early\"
denominator = \"with_due\"
unit = \"percent\"
better = \"higher\"
version = 2
from = 2020-02-01
what = { vi = \"trước ngày hẹn\", en = \"before the due day\" }
earlier = [{ version = 1, until = 2020-03-01, numerator = \"on_time\", denominator = \"with_due\" }]

[measure.early]
on = \"completed_on\"
where = \"status = 'completed' AND completed_on < due_on\"
";

fn world() -> World {
    let world = World::small();
    world.edit(
        "indicators.toml",
        "numerator = \"on_time\"\ndenominator = \"with_due\"\nunit = \"percent\"\nbetter = \"higher\"\nversion = 1\n",
        CHANGED,
    );
    for (month, late) in [("01", 1), ("02", 2), ("03", 3)] {
        let row = |at: usize| {
            let due = if at <= late { "08" } else { "10" };
            format!(
                "G99.01-20{month}05-{at:04} | 1.000001 | 05/{month}/2020 | {due}/{month}/2020 | \
                 10/{month}/2020 | Đã xong | Trực tiếp |\n"
            )
        };
        let rows: String = (1..=4).map(row).collect();
        world.log(&format!("u1/2020-{month}.csv"), &rows);
        world.log(&format!("u2/2020-{month}.csv"), "");
    }
    world
}

#[test]
fn a_changed_formula_is_told_beside_the_earlier_one_over_their_overlap() {
    let world = world();
    world.run(0);
    let rows = world.query(
        "SELECT definition_version AS version, period_kind, period_start, numerator, denominator, \
         status FROM indicators WHERE indicator = 'on_time_rate' AND scope = 'ministry' \
         ORDER BY version, period_kind, period_end",
    );
    assert_snapshot!(rows, @"
    version,period_kind,period_start,numerator,denominator,status
    1,month,2020-01-01,3,4,value
    1,month,2020-02-01,2,4,value
    1,quarter,2020-01-01,6,12,value
    1,year,2020-01-01,6,12,value
    1,ytd,2020-01-01,3,4,value
    1,ytd,2020-01-01,5,8,value
    1,ytd,2020-01-01,6,12,value
    2,month,2020-02-01,0,4,value
    2,month,2020-03-01,0,4,value
    ");
    let shown = world.hoso(&["show", "on_time_rate", "--period", "month"]);
    assert_snapshot!(shown.stdout, @"
    Resolved on time (on_time_rate)
      period     ministry, 2020-03-01 to 2020-03-31
      value      0.00 %  0 / 4  version 2
      version    2, from 2020-02-01: before the due day
      series     ▅▅  2020-02 to 2020-03
      change     +0.00 points on the period before
      coverage   2 of 2 units reported
      status     value, provisional, of release 1
      trend      broken on 2020-02-01: definition version 2
      trend      no 12 months together: too few points: 2 of 12 since the break of 2020-02-01
      trend      no slope: too few points: 2 of 24 since the break of 2020-02-01

      2020-01-01 to 2020-01-31    75.00 %  3 / 4  version 1
      2020-02-01 to 2020-02-29    50.00 %  2 / 4  version 1
      2020-02-01 to 2020-02-29     0.00 %  0 / 4  version 2
      2020-03-01 to 2020-03-31     0.00 %  0 / 4  version 2
    ");
    // In the series of the second formula the first of its points is no change from the first one's.
    let breaks = "SELECT definition_version, day, note FROM trends WHERE statistic = 'break' \
        AND indicator = 'on_time_rate' AND scope = 'ministry' AND period_kind = 'month'";
    assert_snapshot!(world.query(breaks), @"
    definition_version,day,note
    2,2020-02-01,definition version 2
    ");
}
