"""Computes the ministry's catalogue of indicators a second time and compares it with what is published.

usage: catalogue.py PIPELINE_DIR STORE_DIR

Every indicator's formula is written here by hand as SQL, from its description in words, and evaluated
by DuckDB over the table `dossiers`, the catalogue of services, the calendar, `completeness` and
`deliveries`. Days that the pipeline derives (the level of a service on a day, working days, what is
late and from when) are derived here from what the logs tell. From `indicators.toml` come only the
versions and the points and thresholds of the composites.

Prints how many rows were compared by indicator and the first differences; the exit code is 1 where a
numerator, denominator, value, status or the points of a composite differ, or where a row is only
published or only computed.
"""

import os
import sys
import tomllib
from pathlib import Path

import duckdb
from deltalake import DeltaTable

PIPELINE, STORE = Path(sys.argv[1]), sys.argv[2]
db = duckdb.connect()


def read_inputs():
    """Reads the tables of the store's current snapshot and the files of the pipeline."""
    for name in ["dossiers", "completeness", "deliveries", "indicators"]:
        db.register(name, DeltaTable(f"{STORE}/{name}").to_pyarrow_table())
    for name in ["services", "units", "calendar"]:
        path = str(PIPELINE / f"{name}.csv")
        db.read_csv(path, header=True, all_varchar=True, quotechar='"').create(f"{name}_csv")
    settings = tomllib.loads((PIPELINE / "pipeline.toml").read_text(encoding="utf-8"))
    feeds = [tomllib.loads(path.read_text("utf-8")) for path in (PIPELINE / "feeds").glob("*.toml")]
    db.execute("CREATE TABLE feeds (unit TEXT, feed TEXT, is_expected BOOL)")
    told = [(feed["unit"], feed["feed"], feed.get("expected") != "never") for feed in feeds]
    db.executemany("INSERT INTO feeds VALUES (?, ?, ?)", told)
    days = [settings["since"], settings["as_of"]]
    db.execute("CREATE TABLE settings AS SELECT ?::DATE AS since, ?::DATE AS as_of", days)


REFERENCE = """
CREATE TABLE services AS
SELECT code, field_code, unit_code, level, eligible_full::BOOL AS eligible, fee_vnd::BIGINT AS fee,
    payable_online_from::DATE AS payable_from, result_paper::BOOL AS on_paper,
    most_days::BIGINT AS most_days, npsp_from::DATE AS npsp_from, valid_from::DATE AS valid_from,
    coalesce(valid_to::DATE, 'infinity') AS valid_to
FROM services_csv;

CREATE TABLE units AS
SELECT code, parent, string_split(predecessor, '|') AS made_of,
    coalesce(valid_from::DATE, '-infinity') AS valid_from,
    coalesce(valid_to::DATE, 'infinity') AS valid_to
FROM units_csv;

-- Every day with the number of working days up to it: Monday to Friday, but for the exceptions.
CREATE TABLE days AS
SELECT day, is_working, sum(is_working::INT) OVER (ORDER BY day) AS n
FROM (
    SELECT d.day::DATE AS day, coalesce(c.working::BOOL, isodow(d.day) <= 5) AS is_working
    FROM generate_series(DATE '1990-01-01', DATE '2070-12-31', INTERVAL 1 DAY) AS d (day)
    LEFT JOIN calendar_csv AS c ON c.day::DATE = d.day
);

-- The units that hold each: itself, the one above unless that is the ministry, the one it became.
CREATE TABLE holders AS
WITH RECURSIVE
top AS (SELECT any_value(code) AS code FROM units WHERE parent IS NULL HAVING count(*) = 1),
heirs AS (
    SELECT trim(made.of) AS code, any_value(made.code) AS holder
    FROM (SELECT code, unnest(made_of) AS of FROM units) AS made GROUP BY 1 HAVING count(*) = 1
),
above AS (
    SELECT code, parent AS holder FROM units
    WHERE parent IS NOT NULL AND parent NOT IN (FROM top)
    UNION FROM heirs
),
known AS (
    SELECT code FROM units UNION SELECT unit FROM feeds
    UNION SELECT unit_code FROM services WHERE unit_code IS NOT NULL
),
held AS (
    SELECT code, code AS holder FROM known
    UNION SELECT held.code, above.holder FROM held JOIN above ON above.code = held.holder
)
FROM held;

CREATE TABLE scopes AS
WITH own AS (
    SELECT unit AS code FROM feeds
    UNION SELECT unit_code FROM services WHERE unit_code IS NOT NULL
    UNION SELECT code FROM units WHERE parent IN (SELECT unit FROM feeds)
)
SELECT 'ministry' AS scope, 'ministry' AS code
UNION SELECT 'unit', holder FROM own JOIN holders USING (code)
UNION SELECT 'field', field_code FROM services
UNION SELECT 'procedure', code FROM services;

-- Half-open; `is_running` where the as-of day cuts the period short.
CREATE TABLE periods AS
WITH months AS (
    SELECT unnest(generate_series(date_trunc('year', since), as_of, INTERVAL 1 MONTH))::DATE AS month,
        since, as_of FROM settings
),
whole AS (
    SELECT 'month' AS kind, month AS first, month + INTERVAL 1 MONTH AS next, * FROM months
    UNION ALL
    SELECT 'quarter', month, month + INTERVAL 3 MONTH, * FROM months WHERE month(month) % 3 = 1
    UNION ALL SELECT 'year', month, month + INTERVAL 1 YEAR, * FROM months WHERE month(month) = 1
    UNION ALL SELECT 'ytd', date_trunc('year', month), month + INTERVAL 1 MONTH, * FROM months
)
SELECT kind, first::DATE AS first, least(next, as_of + 1)::DATE AS next, next > as_of + 1 AS is_running
FROM whole WHERE first >= since;

CREATE TABLE grid AS SELECT * FROM scopes, periods;

-- The scopes in which a dossier, a service or a report of a unit and a procedure counts. A procedure
-- is of the field in which its latest version is.
CREATE TABLE places AS
WITH pairs AS (
    SELECT unit_code AS unit, procedure_code AS procedure FROM dossiers
    UNION SELECT unit_code, code FROM services
    UNION SELECT unit_code, NULL FROM completeness UNION SELECT unit_code, NULL FROM deliveries
),
latest AS (SELECT code, arg_max(field_code, valid_from) AS field FROM services GROUP BY code)
SELECT unit, procedure, 'ministry' AS scope, 'ministry' AS code FROM pairs
UNION SELECT unit, procedure, 'unit', holder FROM pairs JOIN holders ON holders.code = unit
UNION SELECT unit, procedure, 'field', field FROM pairs JOIN latest ON latest.code = procedure
UNION SELECT unit, procedure, 'procedure', procedure FROM pairs WHERE procedure IS NOT NULL;
"""

DOSSIERS = """
CREATE TABLE told AS
SELECT d.unit_code AS unit, d.procedure_code AS procedure,
    d.* EXCLUDE (unit_code, procedure_code, service_level, service_has_fee, result_required, history,
        ended_on, first_due_on, overdue_from, processing_days, days_to_due, handling_days,
        end_766_on, late_766_from, has_dossier, field_code),
    -- The procedure as the catalogue has it on the day of reception.
    s.level, s.fee > 0 AS has_fee, s.on_paper, s.most_days,
    CASE WHEN status = 'completed' THEN completed_on
        WHEN status IN ('refused', 'withdrawn') THEN ended_on END AS ended_on,
    coalesce(list_filter(history, h -> h."values".due_on IS NOT NULL)[1]."values".due_on, due_on)
        AS first_due_on,
    -- Whether a unit tells of it itself.
    list_contains(string_split(feeds, ' '), 'dossier') AS is_known
FROM dossiers AS d
LEFT JOIN services AS s ON s.code = d.procedure_code
    AND s.valid_from <= d.received_on AND d.received_on < s.valid_to;

-- Only what a unit tells of is a dossier; what is still new was never taken in.
CREATE TABLE files AS
WITH waits AS (
    SELECT *, greatest(coalesce(supplement_days, 0), 0) AS waited,
        list_filter(pauses, p -> p.pause_status = 'supplement')[1].paused_from AS asked_on,
        due_on IS DISTINCT FROM first_due_on AND first_due_on IS NOT NULL AS was_moved
    FROM told WHERE unit IS NOT NULL
),
-- The last day in time by rule 2.1 of Decision 766: the due day as moved by its unit; else the due day,
-- or the procedure's most working days from reception, and the working days waited for papers.
terms AS (
    SELECT w.*, finish.n - reception.n - coalesce(supplement_days, 0) AS worked,
        coalesce(due.n, reception.n + most_days) + waited AS last_workday,
        coalesce(due_on IS NOT NULL AND (was_moved OR waited = 0), false) AS keeps_due_day
    FROM waits AS w
    LEFT JOIN days AS reception ON reception.day = w.received_on
    LEFT JOIN days AS finish ON finish.day = w.completed_on
    LEFT JOIN days AS due ON due.day = w.due_on
)
SELECT t.* EXCLUDE (status), t.status, status <> 'new' AS is_taken, status = 'completed' AS is_resolved,
    -- `greatest` would pass over what is not known.
    CASE WHEN worked IS NOT NULL THEN greatest(worked, 0) END AS handled_in,
    CASE WHEN due_on IS NOT NULL THEN greatest(due_on + 1, received_on) END AS overdue_from,
    CASE WHEN received_on IS NULL THEN NULL
        WHEN ended_on IS NOT NULL THEN ended_on
        WHEN supplement_count = 1 THEN asked_on END AS end_766,
    CASE WHEN received_on IS NULL THEN NULL
        WHEN supplement_count > 1 THEN received_on
        WHEN keeps_due_day THEN greatest(due_on + 1, received_on)
        -- No working day is added: the most of the procedure is none.
        WHEN due_on IS NULL AND most_days + waited = 0 THEN received_on + 1
        WHEN last.day IS NOT NULL THEN greatest(last.day + 1, received_on) END AS late_from_766
FROM terms AS t LEFT JOIN days AS last ON last.n = t.last_workday AND last.is_working;
"""

# Joins what counts with where and when it counts.
PLACED = "JOIN places AS p ON p.unit IS NOT DISTINCT FROM f.unit AND p.procedure IS NOT DISTINCT FROM f.procedure"
BY = "p.scope, p.code, t.kind, t.first, t.next"


def flow(name, of, day, columns, where="true"):
    """Counts what has its day in each period."""
    db.execute(f"""CREATE TABLE {name} AS SELECT {BY}, {columns} FROM {of} AS f {PLACED}
        JOIN periods AS t ON {day} >= t.first AND {day} < t.next WHERE {where} GROUP BY ALL""")


def level(name, of, columns, where, at="t.next"):
    """Counts what is there when each period ends; of a running one there is no end."""
    db.execute(f"""CREATE TABLE {name} AS SELECT {BY}, {columns} FROM {of} AS f {PLACED}
        JOIN periods AS t ON NOT t.is_running AND {where.format(at=at)} GROUP BY ALL""")


def count_services():
    """The catalogue in force on the last day of a period."""
    db.execute("CREATE VIEW versions AS SELECT *, unit_code AS unit, code AS procedure FROM services")
    level("s", "versions", """count(*) AS in_force,
        count(*) FILTER (level IN ('partial', 'full')) AS online,
        count(*) FILTER (level = 'partial') AS partial,
        count(*) FILTER (level = 'full') AS full,
        count(*) FILTER (eligible) AS eligible,
        count(*) FILTER (eligible AND level = 'full') AS full_of_eligible,
        count(*) FILTER (npsp_from < t.next) AS on_npsp,
        count(*) FILTER (npsp_from < t.next AND level IN ('partial', 'full')) AS online_on_npsp,
        count(*) FILTER (fee > 0) AS with_fee,
        count(*) FILTER (fee > 0 AND payable_from < t.next) AS payable""",
        "valid_from < {at} AND valid_to >= {at}")
    # Procedures that are online for a scope and of which the same scope received an online dossier.
    level("online_procedures", "versions", "f.procedure",
        "valid_from < {at} AND valid_to >= {at} AND level IN ('partial', 'full')")
    flow("used_procedures", "files", "received_on", "f.procedure", "is_taken AND channel = 'online'")
    db.execute("""CREATE TABLE u AS SELECT scope, code, kind, first, next, count(*) AS used
        FROM (SELECT DISTINCT * FROM online_procedures)
        JOIN (SELECT DISTINCT * FROM used_procedures) USING (scope, code, kind, first, next, procedure)
        GROUP BY ALL""")


def count_received():
    """Dossiers by the day of reception."""
    flow("r", "files", "received_on", """count(*) AS received,
        count(*) FILTER (channel = 'online') AS online,
        count(*) FILTER (coalesce(channel, 'unknown') = 'unknown') AS channel_unknown,
        count(*) FILTER (supplement_count > 0) AS supplemented,
        -- A paper result is missing only where the procedure requires one.
        count(*) FILTER (channel = 'online' AND (NOT coalesce(on_paper, false) OR e_result)) AS online_766,
        count(*) FILTER (channel = 'online' AND NOT (coalesce(on_paper, false) AND e_result IS NULL))
            AS online_766_told,
        count(*) FILTER (has_fee AND NOT coalesce(fee_exempt, false) AND coalesce(fee_vnd, 1) > 0)
            AS with_fee,
        count(*) FILTER (has_fee AND NOT coalesce(fee_exempt, false) AND coalesce(fee_vnd, 1) > 0
            AND (portal_paid_online OR (paid_online AND payment_channel IN ('paygov', 'npsp'))))
            AS paid_online,
        count(*) FILTER (has_fee AND coalesce(paid_online, portal_paid_online) IS NOT NULL) AS pay_told,
        count(*) FILTER (channel = 'post' OR post_in) AS by_post,
        count(*) FILTER (portal_synced) AS synced,
        count(*) FILTER (portal_synced AND (portal_status <> status
            OR portal_received_on <> received_on OR portal_completed_on <> completed_on)) AS disagreeing,
        count(*) FILTER (applicant_kind = 'enterprise') AS of_enterprises,
        count(*) FILTER (applicant_kind = 'enterprise' AND enterprise_found) AS found,
        count(*) FILTER (applicant_kind = 'enterprise' AND enterprise_found IS NOT NULL) AS looked_up,
        count(*) FILTER (on_paper) AS on_paper,
        count(*) FILTER (on_paper AND e_result) AS e_result,
        count(*) FILTER (on_paper AND e_result IS NOT NULL) AS e_result_told,
        count(*) FILTER (digitised AND (NOT coalesce(on_paper, false) OR e_result)) AS digitised,
        count(digitised) AS digitised_told,
        count(*) FILTER (reused) AS reused, count(reused) AS reused_told,
        count(*) FILTER (connected) AS connected, count(connected) AS connected_told,
        count(*) FILTER (vneid) AS vneid, count(vneid) AS vneid_told""", "is_taken")


def count_resolved():
    """Dossiers by the day of completion, and by that of another end."""
    rated = "satisfaction IS NOT NULL AND satisfaction_scale IN ('2', '3', '5')"
    flow("c", "files", "completed_on", f"""count(*) AS resolved,
        count(*) FILTER (channel = 'online' AND level = 'partial') AS online_partial,
        count(*) FILTER (channel = 'online' AND level = 'full') AS online_full,
        count(due_on) AS due, count(*) - count(due_on) AS without_due,
        count(*) FILTER (completed_on < due_on) AS early,
        count(*) FILTER (completed_on = due_on) AS on_the_day,
        count(*) FILTER (completed_on > due_on) AS late,
        count(first_due_on) AS first_due,
        count(*) FILTER (completed_on <= first_due_on) AS on_time_first,
        count(handled_in) AS timed, coalesce(sum(handled_in), 0) AS days,
        count(*) FILTER (post_out) AS post_out, count(post_out) AS post_told,
        count(*) FILTER ({rated}) AS rated,
        count(*) FILTER ({rated} AND satisfaction <= CASE satisfaction_scale WHEN '5' THEN 2 ELSE 1 END)
            AS disliked""", "is_resolved")
    flow("e", "files", "ended_on", """count(*) FILTER (status = 'refused') AS refused,
        count(*) FILTER (status = 'withdrawn') AS withdrawn""", "status IN ('refused', 'withdrawn')")
    flow("v", "files", "rated_on", """count(*) AS rated,
        count(*) FILTER (satisfaction >= CASE satisfaction_scale WHEN '5' THEN 4 ELSE 2 END) AS satisfied
        """, rated)
    flow("h", "files", "post_handed_on", "count(*) AS handed, count(post_delivered_on) AS delivered")
    flow("n", "files", "portal_received_on", "count(*) AS on_npsp", "portal_synced")


def count_days():
    """The number of working days within which so many percent of the dossiers were processed."""
    flow("handled", "files", "completed_on", "least(handled_in, 366) AS bin, count(*) AS n",
        "is_resolved AND handled_in IS NOT NULL")
    db.execute("""CREATE TABLE q AS
        SELECT scope, code, kind, first, next, min(bin) FILTER (100 * below >= 50 * total) AS p50,
            min(bin) FILTER (100 * below >= 90 * total) AS p90
        FROM (SELECT *, sum(n) OVER (PARTITION BY scope, code, kind, first, next ORDER BY bin) AS below,
            sum(n) OVER (PARTITION BY scope, code, kind, first, next) AS total FROM handled)
        GROUP BY ALL""")


def count_open():
    """Dossiers that were there and had not ended when a period ended, or began."""
    paused = """list_bool_or([p.paused_from < t.next AND coalesce(p.paused_until >= t.next, true)
        FOR p IN pauses])"""
    level("o", "files", f"""count(*) AS open, count(*) FILTER (overdue_from < t.next) AS overdue,
        count(*) FILTER (received_on IS NOT NULL AND overdue_from < t.next
            AND NOT coalesce({paused}, false)) AS overdue_working""",
        "is_taken AND received_on < {at} AND coalesce(ended_on >= {at}, true)")
    level("b", "files", "count(*) AS open",
        "is_taken AND received_on < {at} AND coalesce(ended_on >= {at}, true)", at="t.first")


def count_766():
    """Rule 2.1 of Decision 766: what ended in a period, and what was open at its end."""
    flow("e7", "files", "end_766", """count(*) AS ended,
        count(*) FILTER (end_766 < late_from_766) AS on_time""", "is_taken AND late_from_766 IS NOT NULL")
    level("o7", "files", "count(*) AS open, count(*) FILTER (late_from_766 >= t.next) AS in_time",
        """is_taken AND late_from_766 IS NOT NULL AND received_on < {at}
        AND coalesce(end_766 >= {at}, true)""")


def count_payments():
    """Payments by their own day, whether or not a unit tells of their dossier."""
    db.execute("""CREATE VIEW paid AS SELECT unit, procedure, is_known, x.* FROM (
        SELECT unit, procedure, is_known, unnest(payments) AS x FROM told)
        WHERE coalesce(x.payment_status, 'paid') = 'paid'""")
    flow("m", "paid", "f.paid_on", """count(*) FILTER (paid_online) AS online,
        count(*) FILTER (payment_channel = 'paygov') AS paygov,
        count(*) FILTER (payment_channel = 'paygov' AND paid_online) AS paygov_online,
        count(*) FILTER (payment_channel = 'paygov' AND NOT is_known) AS unmatched,
        coalesce(sum(paid_vnd) FILTER (payment_channel = 'paygov'), 0) AS amount""")


def count_form():
    """Form II.06a: what has no due day, and what is withdrawn, is resolved on time."""
    flow("f6", "files", "f.ended_on", """count(*) AS resolved,
        count(*) FILTER (status <> 'withdrawn' AND f.ended_on < due_on) AS early,
        count(*) FILTER (status <> 'withdrawn' AND f.ended_on > due_on) AS late,
        count(*) FILTER (status = 'withdrawn' OR due_on IS NULL OR f.ended_on = due_on) AS on_time""",
        "received_on IS NOT NULL")


def count_reports():
    """Reports and the records of deliveries, by the day on which their period begins."""
    db.execute("""CREATE VIEW reports AS
        SELECT unit_code AS unit, NULL::TEXT AS procedure, * FROM completeness""")
    flow("w", "reports", "f.period_start", """
        count(*) FILTER (expected AND status <> 'awaited') AS expected,
        count(*) FILTER (expected AND received) AS received,
        count(on_time) AS timed, count(*) FILTER (on_time) AS on_time""")
    # The last judgement of each delivery; what is out of scope tells of no dossier.
    db.execute("""CREATE VIEW lots AS
        SELECT unit_code AS unit, NULL::TEXT AS procedure, feed, period_start, period_end, accepted,
            rejected, "read" - out_of_scope AS n
        FROM deliveries WHERE outcome = 'accepted'
        QUALIFY row_number() OVER (PARTITION BY delivery ORDER BY judgement DESC) = 1""")
    flow("x", "lots", "f.period_start", "sum(n) AS records, sum(rejected) AS rejected")


def find_silence():
    """The scopes and periods that no accepted delivery of a unit that reports on them touches; `is_over`
    where none of these units exists then. How many units were expected and included is not compared."""
    db.execute("""CREATE TABLE silent AS
    WITH reporters AS (
        SELECT DISTINCT f.unit, f.is_expected, coalesce(u.valid_from, '-infinity') AS valid_from,
            coalesce(u.valid_to, 'infinity') AS valid_to
        FROM feeds AS f LEFT JOIN units AS u ON u.code = f.unit WHERE f.feed = 'dossier'
    ),
    -- A field or procedure depends on the competent units, or on all where one version names none.
    competent AS (
        SELECT 'field' AS scope, field_code AS code, unit_code FROM services
        UNION SELECT 'procedure', code, unit_code FROM services
    ),
    of_scope AS (
        SELECT 'ministry' AS scope, 'ministry' AS code, unit FROM reporters
        UNION SELECT 'unit', h.holder, unit FROM reporters JOIN holders AS h ON h.code = unit
        UNION SELECT 'unit', u.code, r.unit FROM units AS u JOIN reporters AS r ON r.unit = u.parent
            WHERE u.code NOT IN (SELECT h.holder FROM reporters JOIN holders AS h ON h.code = unit)
        UNION SELECT scope, code, unit FROM competent JOIN reporters ON unit = unit_code
            WHERE (scope, code) NOT IN (SELECT (scope, code) FROM competent WHERE unit_code IS NULL)
        UNION SELECT scope, code, unit FROM competent, reporters WHERE unit_code IS NULL
    ),
    alive AS (
        SELECT DISTINCT o.scope, o.code, t.kind, t.first, t.next
        FROM of_scope AS o JOIN reporters USING (unit)
        JOIN periods AS t ON valid_from < t.next AND valid_to > t.first
    ),
    heard AS (
        SELECT DISTINCT o.scope, o.code, t.kind, t.first, t.next
        FROM of_scope AS o JOIN reporters USING (unit)
        JOIN periods AS t ON valid_from < t.next AND valid_to > t.first
        JOIN lots AS l ON l.unit = o.unit AND l.feed = 'dossier' AND (accepted > 0 OR n = 0)
            AND (NOT is_expected OR (l.period_start < least(t.next, valid_to)
                AND greatest(t.first, valid_from) < l.period_end))
    )
    SELECT *, (scope, code) IN (SELECT (scope, code) FROM of_scope)
        AND (scope, code, kind, first, next) NOT IN (SELECT (scope, code, kind, first, next) FROM alive)
        AS is_over
    FROM (SELECT scope, code, kind, first, next FROM grid EXCEPT FROM heard)""")


# Each indicator by its numerator and denominator (none for a count). `not_measurable` says when nothing
# can be told though there is something to tell of; STOCKS stand at the end of a period.
RATES = {
    "services_in_force": ("s.in_force", None),
    "services_online_rate": ("s.online", "s.in_force"),
    "services_partial": ("s.partial", None),
    "services_full": ("s.full", None),
    "services_full_rate": ("s.full", "s.in_force"),
    "services_full_rate_of_eligible": ("s.full_of_eligible", "s.eligible"),
    "npsp_integration_rate": ("s.on_npsp", "s.in_force"),
    "npsp_integration_rate_of_online": ("s.online_on_npsp", "s.online"),
    "services_used_rate": ("u.used", "s.online"),
    "services_payable_rate": ("s.payable", "s.with_fee"),
    "received": ("r.received", None),
    "resolved": ("c.resolved", None),
    "refused": ("e.refused", None),
    "withdrawn": ("e.withdrawn", None),
    "open_at_end": ("o.open", None),
    "overdue_at_end": ("o.overdue", None),
    "online_submission_rate": ("r.online", "r.received"),
    "online_resolution_rate": ("c.online_partial + c.online_full", "c.resolved"),
    "resolved_online_partial": ("c.online_partial", None),
    "resolved_online_full": ("c.online_full", None),
    "channel_unknown_rate": ("r.channel_unknown", "r.received"),
    "on_time_rate": ("c.early + c.on_the_day", "c.due"),
    "early_rate": ("c.early", "c.due"),
    "late_rate": ("c.late", "c.due"),
    "on_time_rate_first_due": ("c.on_time_first", "c.first_due"),
    "no_due_date_rate": ("c.without_due", "c.resolved"),
    "processing_days_mean": ("c.days", "c.timed"),
    "supplement_rate": ("r.supplemented", "r.received"),
    "sync_rate_766": ("n.on_npsp", "greatest(r.received, n.on_npsp)"),
    "online_rate_766": ("r.online_766", "r.received"),
    "on_time_rate_766": ("e7.on_time + o7.in_time", "e7.ended + o7.open"),
    "online_payment_rate": ("r.paid_online", "r.with_fee"),
    "paygov_rate": ("m.paygov_online", "m.online"),
    "paygov_amount": ("m.amount", None),
    "paygov_unmatched_rate": ("m.unmatched", "m.paygov"),
    "postal_submission_rate": ("r.by_post", "r.received"),
    "postal_return_rate": ("c.post_out", "c.resolved"),
    "postal_delivered_rate": ("h.delivered", "h.handed"),
    "npsp_sync_rate": ("r.synced", "r.received"),
    "npsp_disagreement_rate": ("r.disagreeing", "r.synced"),
    "enterprise_verified_rate": ("r.found", "r.of_enterprises"),
    "enterprise_unchecked_rate": ("r.of_enterprises - r.looked_up", "r.of_enterprises"),
    "e_result_rate": ("r.e_result", "r.e_result_told"),
    "digitised_rate": ("r.digitised", "r.digitised_told"),
    "reuse_rate": ("r.reused", "r.reused_told"),
    "connected_rate": ("r.connected", "r.connected_told"),
    "vneid_rate": ("r.vneid", "r.vneid_told"),
    "satisfaction_rate": ("v.satisfied", "v.rated"),
    "satisfaction_coverage": ("c.rated", "c.resolved"),
    "dislike_rate_766": ("c.disliked", "c.resolved"),
    "form_handled": ("r.received + b.open", None),
    "form_received_online": ("r.online", None),
    "form_received_other": ("r.received - r.online", None),
    "form_carried_over": ("b.open", None),
    "form_resolved": ("f6.resolved", None),
    "form_resolved_early": ("f6.early", None),
    "form_resolved_on_time": ("f6.on_time", None),
    "form_resolved_late": ("f6.late", None),
    "form_open": ("o.open", None),
    "form_open_in_term": ("o.open - o.overdue_working", None),
    "form_open_overdue": ("o.overdue_working", None),
    "reporting_rate": ("w.received", "w.expected"),
    "reporting_on_time_rate": ("w.on_time", "w.timed"),
    "rejected_record_rate": ("x.rejected", "x.records"),
}
# Of what one feed tells for the whole ministry, a unit that it does not name has none.
everywhere = "max({}) FILTER (WHERE scope = 'ministry') OVER (PARTITION BY kind, first, next)".format
NOT_MEASURABLE = {
    "sync_rate_766": f"{everywhere('n.on_npsp')} = 0 AND greatest(r.received, n.on_npsp) > 0",
    "online_rate_766": "r.online_766_told = 0 AND r.online > 0",
    "online_payment_rate": f"{everywhere('r.pay_told')} = 0 AND r.with_fee > 0",
    "postal_return_rate": f"{everywhere('c.post_told')} = 0 AND c.resolved > 0",
    "postal_delivered_rate": f"{everywhere('h.delivered')} = 0 AND h.handed > 0",
    "npsp_sync_rate": f"{everywhere('r.synced')} = 0 AND r.received > 0",
    "enterprise_verified_rate": "r.looked_up = 0 AND r.of_enterprises > 0",
    "enterprise_unchecked_rate": f"{everywhere('r.looked_up')} = 0 AND r.of_enterprises > 0",
    "e_result_rate": "r.e_result_told = 0 AND r.on_paper > 0",
    "digitised_rate": "r.digitised_told = 0 AND r.received > 0",
    "reuse_rate": "r.reused_told = 0 AND r.received > 0",
    "connected_rate": "r.connected_told = 0 AND r.received > 0",
    "vneid_rate": "r.vneid_told = 0 AND r.received > 0",
    "dislike_rate_766": "c.rated = 0 AND c.resolved > 0",
}
STOCKS = {"open_at_end", "overdue_at_end", "on_time_rate_766", "form_handled", "form_carried_over",
    "form_open", "form_open_in_term", "form_open_overdue", "index_766", "index_basic"}
STOCKS |= {indicator for indicator in RATES if indicator.startswith("services_")}
STOCKS |= {"npsp_integration_rate", "npsp_integration_rate_of_online"}
# What is known without any unit's log, and so is never missing.
UNLOGGED = STOCKS & {i for i in RATES if i.startswith(("services_", "npsp_"))} - {"services_used_rate"}
UNLOGGED |= {"reporting_rate", "reporting_on_time_rate", "rejected_record_rate"}
KEY = "indicator, scope, code, kind, first, next, is_running"


def read_rates():
    """Lays the counts side by side, one row a scope and period, and reads the rates from them."""
    tables = ["s", "u", "r", "c", "e", "v", "h", "n", "o", "b", "e7", "o7", "m", "f6", "w", "x"]
    columns = [f"coalesce({t}.{c}, 0)::BIGINT AS {t}_{c}" for t in tables
        for c in db.table(t).columns if c not in ("scope", "code", "kind", "first", "next")]
    joins = " ".join(f"LEFT JOIN {t} USING (scope, code, kind, first, next)" for t in tables)
    db.execute(f"CREATE TABLE counts AS SELECT grid.*, {', '.join(columns)} FROM grid {joins}")

    def one(indicator, numerator, denominator):
        texts = [numerator, denominator or "NULL", NOT_MEASURABLE.get(indicator, "false")]
        for table in tables:  # `r.online` is the column `r_online`
            texts = [f" {text}".replace(f" {table}.", f" {table}_").replace(f"({table}.", f"({table}_")
                for text in texts]
        scale = 1 if indicator == "processing_days_mean" else 100
        return f"""SELECT '{indicator}' AS indicator, scope, code, kind, first, next, is_running,
            {texts[0]} AS n, {texts[1]} AS d, {texts[2]} AS is_unknown, {scale} AS scale,
            {"true" if denominator else "false"} AS is_rate FROM counts"""

    rates = " UNION ALL ".join(one(name, *texts) for name, texts in RATES.items())
    db.execute(f"""CREATE TABLE figures AS SELECT {KEY},
        CASE WHEN NOT is_unknown THEN n END::BIGINT AS n, CASE WHEN NOT is_unknown THEN d END::BIGINT AS d,
        CASE WHEN is_unknown THEN NULL WHEN NOT is_rate THEN n::DOUBLE
            WHEN d > 0 THEN scale * n::DOUBLE / d END AS value,
        CASE WHEN is_unknown THEN 'not_measurable' WHEN is_rate AND d = 0 THEN 'not_applicable'
            ELSE 'value' END AS status,
        NULL::DOUBLE AS points, NULL::DOUBLE AS most
        FROM ({rates})""")
    for share in (50, 90):
        db.execute(f"""INSERT INTO figures SELECT 'processing_days_p{share}', scope, code, kind, first, next,
            is_running, NULL, NULL, p{share}, CASE WHEN p{share} IS NULL THEN 'not_applicable' ELSE 'value' END,
            NULL, NULL FROM grid LEFT JOIN q USING (scope, code, kind, first, next)""")
    settle(set(RATES) | {"processing_days_p50", "processing_days_p90"})


def settle(indicators):
    """A level has no value in a running period; where no unit has reported, what its log would tell is
    missing, and zeros are not told."""
    names = lambda some: ", ".join(f"'{name}'" for name in sorted(some & indicators)) or "''"
    db.execute(f"""UPDATE figures SET n = NULL, d = NULL, value = NULL, status = 'not_applicable',
        points = NULL, most = NULL WHERE is_running AND indicator IN ({names(STOCKS)})""")
    db.execute(f"""UPDATE figures SET value = NULL,
        status = CASE WHEN s.is_over THEN 'not_applicable' ELSE 'missing' END,
        n = CASE WHEN coalesce(n, 0) <> 0 OR coalesce(d, 0) <> 0 THEN n END,
        d = CASE WHEN coalesce(n, 0) <> 0 OR coalesce(d, 0) <> 0 THEN d END,
        points = CASE WHEN coalesce(n, 0) <> 0 OR coalesce(d, 0) <> 0 THEN points END,
        most = CASE WHEN coalesce(n, 0) <> 0 OR coalesce(d, 0) <> 0 THEN most END
        FROM silent AS s WHERE (s.scope, s.code, s.kind, s.first, s.next)
            = (figures.scope, figures.code, figures.kind, figures.first, figures.next)
        AND NOT (is_running AND indicator IN ({names(STOCKS)}))
        AND indicator IN ({names(indicators - UNLOGGED)})""")


def read_rates_of_rates(definitions):
    """The online rate times that of synchronisation, 100 % less two rates, and the composites."""
    same = "USING (scope, code, kind, first, next)"
    db.execute(f"""UPDATE figures SET value = figures.value * y.value / 100,
        status = CASE WHEN figures.value IS NULL THEN figures.status ELSE y.status END
        FROM figures AS y WHERE figures.indicator = 'online_rate_766' AND figures.status = 'value'
        AND y.indicator = 'sync_rate_766' AND (y.scope, y.code, y.kind, y.first, y.next)
            = (figures.scope, figures.code, figures.kind, figures.first, figures.next)""")
    db.execute(f"""INSERT INTO figures SELECT 'satisfaction_766', l.scope, l.code, l.kind, l.first, l.next,
        l.is_running, l.n, l.d, 100 - (l.value + k.value),
        CASE WHEN l.status <> 'value' THEN l.status ELSE k.status END, NULL, NULL
        FROM figures AS l JOIN figures AS k {same}
        WHERE l.indicator = 'late_rate' AND k.indicator = 'dislike_rate_766'""")
    settle({"satisfaction_766"})
    db.execute("CREATE TABLE parts (idx TEXT, seq INT, part TEXT, points DOUBLE)")
    db.execute("CREATE TABLE thresholds (idx TEXT, part TEXT, since DATE, value DOUBLE)")
    indices = [name for name, told in definitions.items() if "composite" in told]
    for name in indices:
        for seq, part in enumerate(definitions[name]["composite"]):
            db.execute("INSERT INTO parts VALUES (?, ?, ?, ?)", [name, seq, part["indicator"], part["points"]])
            for step in part.get("thresholds", []):
                row = [name, part["indicator"], step["from"], step["value"]]
                db.execute("INSERT INTO thresholds VALUES (?, ?, ?, ?)", row)
    db.execute("""CREATE TABLE holding AS
        SELECT idx, part, next, arg_max(s.value, since) AS threshold
        FROM thresholds AS s JOIN (SELECT DISTINCT next FROM figures) ON since < next
        GROUP BY idx, part, next""")
    # A rate has all its points from its threshold on (100 % where none holds), below in proportion;
    # what has no value is left out of both sums. Where nothing has one, the first part tells why.
    db.execute("""INSERT INTO figures
        WITH scored AS (
            SELECT p.idx, p.seq, p.points, f.*,
                -- `least` would take a value that is missing for the whole score.
                CASE WHEN f.value IS NOT NULL
                    THEN p.points * least(1.0, f.value / coalesce(s.threshold, 100)) END AS score
            FROM parts AS p JOIN (SELECT * EXCLUDE (points, most) FROM figures) AS f ON f.indicator = p.part
            LEFT JOIN holding AS s ON (s.idx, s.part, s.next) = (p.idx, p.part, f.next)
        )
        SELECT idx, scope, code, kind, first, next, is_running, NULL, NULL,
            100 * sum(score) / sum(points) FILTER (value IS NOT NULL),
            CASE WHEN count(value) > 0 THEN 'value' ELSE arg_min(status, seq) END,
            coalesce(sum(score), 0), coalesce(sum(points) FILTER (value IS NOT NULL), 0)
        FROM scored GROUP BY ALL""")
    settle(set(indices))


def compare(definitions):
    """Compares with the published rows; returns whether all agree."""
    db.execute("CREATE TABLE versions_told (indicator TEXT, version BIGINT)")
    told = [(name, told["version"]) for name, told in definitions.items()]
    db.executemany("INSERT INTO versions_told VALUES (?, ?)", told)
    near = lambda a, b: f"({a} IS NOT DISTINCT FROM {b} OR abs({a} - {b}) <= 1e-9 * greatest(1, abs({b})))"
    db.execute(f"""CREATE TABLE compared AS
        WITH ours AS (SELECT * FROM figures LEFT JOIN versions_told USING (indicator)),
        theirs AS (
            SELECT indicator, definition_version AS version, scope, period_kind AS kind,
                period_start AS first, period_end AS next, numerator AS n, denominator AS d, value, status,
                CASE scope WHEN 'unit' THEN unit_code WHEN 'field' THEN field_code
                    WHEN 'procedure' THEN procedure_code ELSE scope END AS code,
                (components->>'$.points')::DOUBLE AS points, (components->>'$.max_points')::DOUBLE AS most
            FROM indicators
        )
        SELECT indicator, scope, code, kind, first, next, theirs.status IS NULL AS is_only_ours,
            ours.status IS NULL AS is_only_theirs, [ours.n, ours.d] AS ours, [theirs.n, theirs.d] AS theirs,
            ours.value AS our_value, theirs.value AS their_value,
            ours.status AS our_status, theirs.status AS their_status,
            coalesce(ours.n IS NOT DISTINCT FROM theirs.n AND ours.d IS NOT DISTINCT FROM theirs.d
                AND {near("ours.value", "theirs.value")} AND ours.status = theirs.status
                AND {near("ours.points", "theirs.points")} AND {near("ours.most", "theirs.most")}, false)
                AS is_same
        FROM ours FULL JOIN theirs USING (indicator, version, scope, code, kind, first, next)""")
    per = db.sql("""SELECT indicator, count(*), count(*) FILTER (NOT is_same) FROM compared
        GROUP BY 1 ORDER BY 1""").fetchall()
    for indicator, n_rows, n_different in per:
        print(f"{indicator}: {n_rows} rows, {n_different} different")
    differences = db.sql("""SELECT * EXCLUDE is_same FROM compared WHERE NOT is_same
        ORDER BY indicator, scope <> 'ministry', kind, first LIMIT 20""")
    for row in differences.fetchall():
        told = dict(zip(differences.columns, row))
        print(", ".join(f"{name} {value}" for name, value in told.items()))
    n_rows, n_different = sum(row[1] for row in per), sum(row[2] for row in per)
    print(f"{n_rows} rows compared, {n_different} different")
    return n_rows > 0 and n_different == 0


def main():
    read_inputs()
    db.execute(REFERENCE)
    db.execute(DOSSIERS)
    for count in (count_services, count_received, count_resolved, count_days, count_open, count_766,
        count_payments, count_form, count_reports):
        count()
    find_silence()
    text = (PIPELINE / "indicators.toml").read_text(encoding="utf-8")
    definitions = tomllib.loads(text)["indicator"]
    read_rates()
    read_rates_of_rates(definitions)
    return compare(definitions)


is_same = main()
# The readers' threads may outlive the interpreter, and then abort it.
sys.stdout.flush()
os._exit(0 if is_same else 1)
