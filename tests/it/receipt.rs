//! An event-shaped log of another country, read by a pipeline directory alone.

use insta::assert_snapshot;

use super::world::World;

#[test]
fn an_event_log_is_read_without_a_line_of_rust() {
    let world = World::new("receipt");
    let ran = world.run(0);
    assert_snapshot!(ran.stderr, @"
    1 deliveries: 40 records read = 40 accepted + 0 duplicate + 0 rejected + 0 out of scope
    published release 1: 2331 rows, as of 2012-01-31
    ");
    let figures = "SELECT indicator, COALESCE(unit_code, scope) AS scope, period_start, numerator, \
        denominator FROM indicators WHERE period_kind = 'month' AND numerator <> 0 \
        AND scope IN ('ministry', 'unit') ORDER BY indicator, scope, period_start";
    assert_snapshot!(world.query(figures), @"
    indicator,scope,period_start,numerator,denominator
    late_rate,R.1,2011-01-01,1,1
    late_rate,R.1,2011-07-01,1,2
    late_rate,ministry,2011-01-01,1,2
    late_rate,ministry,2011-07-01,1,2
    on_time_rate,R.1,2010-10-01,1,1
    on_time_rate,R.1,2011-05-01,1,1
    on_time_rate,R.1,2011-07-01,1,2
    on_time_rate,R.1,2011-08-01,1,1
    on_time_rate,R.2,2011-02-01,1,1
    on_time_rate,R.2,2011-10-01,1,1
    on_time_rate,R.3,2011-01-01,1,1
    on_time_rate,ministry,2010-10-01,1,1
    on_time_rate,ministry,2011-01-01,1,2
    on_time_rate,ministry,2011-02-01,1,1
    on_time_rate,ministry,2011-05-01,1,1
    on_time_rate,ministry,2011-07-01,1,2
    on_time_rate,ministry,2011-08-01,1,1
    on_time_rate,ministry,2011-10-01,1,1
    open_at_end,R.1,2010-11-01,1,
    open_at_end,R.1,2010-12-01,1,
    open_at_end,R.1,2011-01-01,1,
    open_at_end,R.1,2011-02-01,1,
    open_at_end,R.1,2011-03-01,2,
    open_at_end,R.1,2011-04-01,2,
    open_at_end,R.1,2011-05-01,2,
    open_at_end,R.1,2011-06-01,3,
    open_at_end,R.1,2011-07-01,1,
    open_at_end,R.1,2011-08-01,1,
    open_at_end,R.1,2011-09-01,1,
    open_at_end,R.1,2011-10-01,1,
    open_at_end,R.1,2011-11-01,1,
    open_at_end,R.1,2011-12-01,1,
    open_at_end,R.1,2012-01-01,2,
    open_at_end,R.3,2010-12-01,1,
    open_at_end,R.3,2011-12-01,1,
    open_at_end,R.3,2012-01-01,1,
    open_at_end,ministry,2010-11-01,1,
    open_at_end,ministry,2010-12-01,2,
    open_at_end,ministry,2011-01-01,1,
    open_at_end,ministry,2011-02-01,1,
    open_at_end,ministry,2011-03-01,2,
    open_at_end,ministry,2011-04-01,2,
    open_at_end,ministry,2011-05-01,2,
    open_at_end,ministry,2011-06-01,3,
    open_at_end,ministry,2011-07-01,1,
    open_at_end,ministry,2011-08-01,1,
    open_at_end,ministry,2011-09-01,1,
    open_at_end,ministry,2011-10-01,1,
    open_at_end,ministry,2011-11-01,1,
    open_at_end,ministry,2011-12-01,2,
    open_at_end,ministry,2012-01-01,3,
    received,R.1,2010-10-01,1,
    received,R.1,2010-11-01,1,
    received,R.1,2011-01-01,1,
    received,R.1,2011-03-01,1,
    received,R.1,2011-05-01,1,
    received,R.1,2011-06-01,1,
    received,R.1,2011-08-01,1,
    received,R.1,2012-01-01,1,
    received,R.2,2011-02-01,1,
    received,R.2,2011-10-01,1,
    received,R.3,2010-12-01,1,
    received,R.3,2011-12-01,1,
    received,ministry,2010-10-01,1,
    received,ministry,2010-11-01,1,
    received,ministry,2010-12-01,1,
    received,ministry,2011-01-01,1,
    received,ministry,2011-02-01,1,
    received,ministry,2011-03-01,1,
    received,ministry,2011-05-01,1,
    received,ministry,2011-06-01,1,
    received,ministry,2011-08-01,1,
    received,ministry,2011-10-01,1,
    received,ministry,2011-12-01,1,
    received,ministry,2012-01-01,1,
    received_counter,R.1,2010-11-01,1,
    received_counter,R.2,2011-10-01,1,
    received_counter,ministry,2010-11-01,1,
    received_counter,ministry,2011-10-01,1,
    received_online,R.1,2010-10-01,1,
    received_online,R.1,2011-03-01,1,
    received_online,R.1,2011-05-01,1,
    received_online,R.1,2011-08-01,1,
    received_online,R.1,2012-01-01,1,
    received_online,R.2,2011-02-01,1,
    received_online,R.3,2011-12-01,1,
    received_online,ministry,2010-10-01,1,
    received_online,ministry,2011-02-01,1,
    received_online,ministry,2011-03-01,1,
    received_online,ministry,2011-05-01,1,
    received_online,ministry,2011-08-01,1,
    received_online,ministry,2011-12-01,1,
    received_online,ministry,2012-01-01,1,
    received_other,R.1,2011-01-01,1,
    received_other,R.1,2011-06-01,1,
    received_other,ministry,2011-01-01,1,
    received_other,ministry,2011-06-01,1,
    received_post,R.3,2010-12-01,1,
    received_post,ministry,2010-12-01,1,
    resolved,R.1,2010-10-01,1,
    resolved,R.1,2011-01-01,1,
    resolved,R.1,2011-05-01,1,
    resolved,R.1,2011-07-01,2,
    resolved,R.1,2011-08-01,1,
    resolved,R.2,2011-02-01,1,
    resolved,R.2,2011-10-01,1,
    resolved,R.3,2011-01-01,1,
    resolved,ministry,2010-10-01,1,
    resolved,ministry,2011-01-01,2,
    resolved,ministry,2011-02-01,1,
    resolved,ministry,2011-05-01,1,
    resolved,ministry,2011-07-01,2,
    resolved,ministry,2011-08-01,1,
    resolved,ministry,2011-10-01,1,
    ");
}
