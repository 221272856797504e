//! Working days by `calendar.csv`: a calendar that is mended later restates what it should, and says so.

use insta::assert_snapshot;

use super::world::{World, root};

/// The mean of working days, and what was told of it before.
const TOLD: &str = "SELECT release, cause, period_start, old_numerator, numerator, denominator \
    FROM revisions WHERE indicator = 'processing_days_mean' AND scope = 'ministry' \
    AND period_kind = 'month' AND (denominator > 0 OR old_denominator > 0) ORDER BY release, period_start";

#[test]
fn a_holiday_that_is_entered_later_is_taken_off_the_days_that_it_lies_in() {
    let world = World::small();
    let catalogue = std::fs::read(root().join("pipelines/ministry/indicators.toml")).unwrap();
    world.write("indicators.toml", catalogue);
    world.write("calendar.csv", "day,working,note\n");
    // Mondays: five working days lie between them in January and in February.
    world.log(
        "u1/2020-01.csv",
        "G99.01-200106-0001 | 1.000001 | 06/01/2020 | 20/01/2020 | 13/01/2020 | Đã xong | Trực tiếp |",
    );
    world.log(
        "u1/2020-02.csv",
        "G99.01-200203-0001 | 1.000001 | 03/02/2020 | 20/02/2020 | 10/02/2020 | Đã xong | Trực tiếp |",
    );
    world.run(0);
    // The eighth of January is made a holiday, and the Saturday after it a working day in its place;
    // the ninth is a holiday, too.
    world.write(
        "calendar.csv",
        "day,working,note\n2020-01-08,false,nghỉ\n2020-01-11,true,làm bù\n2020-01-09,false,nghỉ\n",
    );
    world.run(0);
    assert_snapshot!(world.query(TOLD), @"
    release,cause,period_start,old_numerator,numerator,denominator
    1,first,2020-01-01,,5,1
    1,first,2020-02-01,,5,1
    2,calendar,2020-01-01,5,4,1
    ");
}
