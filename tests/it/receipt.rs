//! An event-shaped log of another country, read by a pipeline directory alone.

use insta::assert_snapshot;

use super::world::World;

#[test]
fn an_event_log_is_read_without_a_line_of_rust() {
    let world = World::new("receipt");
    let ran = world.run(0);
    assert_snapshot!(ran.stderr, @"
    note: R dossier: 40 of 40 dossier numbers have not the national form (agency-yymmdd-number): one that is written in another way is another dossier
    1 deliveries: 40 records read = 40 accepted + 0 duplicate + 0 rejected + 0 out of scope
    published release 1: 2331 rows, as of 2012-01-31
    ");
    let figures = "SELECT indicator, period_start, numerator, denominator FROM indicators \
        WHERE period_kind = 'month' AND numerator <> 0 AND scope = 'ministry' \
        AND indicator IN ('received', 'resolved', 'on_time_rate', 'late_rate') \
        ORDER BY indicator, period_start";
    assert_snapshot!(world.query(figures), @"
    indicator,period_start,numerator,denominator
    late_rate,2011-01-01,1,2
    late_rate,2011-07-01,1,2
    on_time_rate,2010-10-01,1,1
    on_time_rate,2011-01-01,1,2
    on_time_rate,2011-02-01,1,1
    on_time_rate,2011-05-01,1,1
    on_time_rate,2011-07-01,1,2
    on_time_rate,2011-08-01,1,1
    on_time_rate,2011-10-01,1,1
    received,2010-10-01,1,
    received,2010-11-01,1,
    received,2010-12-01,1,
    received,2011-01-01,1,
    received,2011-02-01,1,
    received,2011-03-01,1,
    received,2011-05-01,1,
    received,2011-06-01,1,
    received,2011-08-01,1,
    received,2011-10-01,1,
    received,2011-12-01,1,
    received,2012-01-01,1,
    resolved,2010-10-01,1,
    resolved,2011-01-01,2,
    resolved,2011-02-01,1,
    resolved,2011-05-01,1,
    resolved,2011-07-01,2,
    resolved,2011-08-01,1,
    resolved,2011-10-01,1,
    ");
    let channels =
        "SELECT measure, SUM(value) AS n FROM measures GROUP BY measure ORDER BY measure";
    assert_snapshot!(world.query(channels), @"
    measure,n
    late,2
    on_time,7
    open,3
    received,12
    received_counter,2
    received_online,7
    received_other,2
    received_post,1
    resolved,9
    resolved_due,9
    ");
}
