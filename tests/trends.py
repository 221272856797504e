"""Computes trends and readings a second time and compares them with what is published.

usage: trends.py STORE_DIR PIPELINE_DIR

From the table `indicators` come the figures (values, numerators, denominators, who has reported), from
`indicators.toml` and `units.csv` what the figures mean; all else is computed here: of every row its
target, its changes and its rank (SQL), of every series its breaks, the last twelve months, the slope with
its interval and significance, the day of the target and the unusual values, or the reason why there is
none (numpy and scipy). Slopes and significance are computed a third time by the libraries that have them:
scipy's `theilslopes` and pymannkendall.

Where the sources leave something open:
- The ranks of the slopes that end the interval are M1 and M2 + 1 (Gilbert 1987; Sen 1968, 2.6; by season
  with the sums over the seasons: Hirsch and Slack 1982), and seldom whole. Sen's limits are slopes that
  were seen: scipy takes those of the nearest ranks, and so do we. EnvStats interpolates between the two
  slopes around instead, which moves an end by less than one rank.
- pymannkendall reads 1 - cdf, which keeps no digits of a small p; it is compared by its difference.

Prints what was compared, the first differences and `D of N differ`; the exit code is 1 where any does.
"""

import csv
import math
import os
import sys
import tomllib
import warnings
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pymannkendall
from deltalake import DeltaTable
from scipy import stats

STORE, PIPELINE = sys.argv[1], Path(sys.argv[2])
MONTHS = {"month": 1, "quarter": 3, "year": 12}
LEAST = {"month": 24, "quarter": 8, "year": 8}
CODE = """CASE scope WHEN 'unit' THEN unit_code WHEN 'field' THEN field_code
    WHEN 'procedure' THEN procedure_code ELSE scope END"""
SERIES = ["indicator", "version", "scope", "code", "kind"]
TOLD = ["period_start", "period_end", "value", "lower", "upper", "p_value", "numerator", "denominator",
    "day", "day_from", "day_until", "since", "n_points", "note"]

db = duckdb.connect()
differences, n_compared, seen = [], Counter(), Counter()


def months_after(day, months):
    """Returns the first day of a month that many months after one."""
    at = day.year * 12 + day.month - 1 + months
    return date(at // 12, at % 12 + 1, 1)


def number_of(day):
    return day.year * 12 + day.month - 1


def is_near(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return a == b


def check(what, where, ours, theirs):
    """Counts one comparison and keeps it where it differs."""
    n_compared[what] += 1
    if not is_near(ours, theirs):
        differences.append(f"{what} {where}: ours {ours}, theirs {theirs}")


# --- what the figures mean -------------------------------------------------------------------------

def read_definitions():
    """Returns the indicators, their versions by number, the breaks and the units."""
    told = tomllib.loads((PIPELINE / "indicators.toml").read_text(encoding="utf-8"))
    stocks = {name for name, measure in told["measure"].items() if measure.get("kind") == "stock"}
    indicators = {}
    for name, indicator in told["indicator"].items():
        every = [*indicator.get("earlier", []), indicator]
        versions = {}
        for version in every:
            totals = [version[key] for key in ("numerator", "denominator", "measured_of", "known",
                "counted_by") if key in version]
            words = {word for total in totals for word in total.replace("+", " ").replace("-", " ").split()}
            versions[version["version"]] = {
                # Months add up where nothing but flows is added and subtracted.
                "is_flow": "numerator" in version and "times" not in version
                    and not any("(" in total for total in totals) and not words & stocks,
                "is_rate": "denominator" in version,
                "from": version.get("from"),
                "is_first": version is every[0],
            }
        better = {"higher": 1, "lower": -1}.get(indicator.get("better"))
        targets = sorted((step["from"], float(step["value"])) for step in indicator.get("targets", []))
        scale = 100 if indicator["unit"] == "percent" else 1
        indicators[name] = {"versions": versions, "better": better, "targets": targets, "scale": scale,
            "by_difference": indicator["unit"] in ("percent", "days")}
    breaks = [(at["on"], f"{name}: {at['what']['en']}", set(at.get("indicators", [])))
        for name, at in told.get("break", {}).items()]
    day = lambda text: date.fromisoformat(text) if text else None
    with open(PIPELINE / "units.csv", encoding="utf-8-sig", newline="") as file:
        units = {row["code"]: {
            "parent": row["parent"] or None,
            "made_of": [code.strip() for code in row["predecessor"].split("|") if code.strip()],
            "from": day(row["valid_from"]), "to": day(row["valid_to"]),
        } for row in csv.DictReader(file)}
    return indicators, breaks, units


def target_on(indicator, day):
    """Returns the target that holds on a day."""
    holding = [value for since, value in indicator["targets"] if since <= day]
    return holding[-1] if holding else None


# --- rows: targets, changes, ranks -----------------------------------------------------------------

def read_tables(indicators, units):
    db.register("published", DeltaTable(f"{STORE}/indicators").to_pyarrow_table())
    db.register("published_trends", DeltaTable(f"{STORE}/trends").to_pyarrow_table())
    # A running period is known by the day after its last, as any other.
    db.execute(f"""CREATE TABLE figures AS SELECT indicator, definition_version AS version, scope,
        {CODE} AS code, period_kind AS kind, period_start AS first, period_end,
        CASE period_kind WHEN 'month' THEN period_start + INTERVAL 1 MONTH
            WHEN 'quarter' THEN period_start + INTERVAL 3 MONTH
            WHEN 'year' THEN period_start + INTERVAL 12 MONTH
            ELSE date_trunc('month', period_end - 1) + INTERVAL 1 MONTH END::DATE AS next,
        numerator, denominator, value, status, units_expected, units_included,
        next <= max(period_end) OVER () AND units_included = units_expected AS is_whole,
        target, target_met, previous_value, change, year_ago_value, year_change, rank
        FROM published""")
    db.execute("CREATE TABLE known (indicator TEXT, better INT, by_difference BOOL)")
    db.executemany("INSERT INTO known VALUES (?, ?, ?)",
        [(name, told["better"], told["by_difference"]) for name, told in indicators.items()])
    db.execute("CREATE TABLE targets (indicator TEXT, since DATE, until DATE, value DOUBLE)")
    for name, told in indicators.items():
        ends = [since for since, _ in told["targets"][1:]] + [date.max]
        for (since, value), until in zip(told["targets"], ends):
            db.execute("INSERT INTO targets VALUES (?, ?, ?, ?)", [name, since, until, value])
    db.execute("CREATE TABLE units (code TEXT, parent TEXT, since DATE, until DATE)")
    db.executemany("INSERT INTO units VALUES (?, ?, ?, ?)", [(code, told["parent"],
        told["from"] or date.min, told["to"] or date.max) for code, told in units.items()])


def read_breaks(indicators, declared, units):
    """Makes the table of the breaks of every series, years to date among them."""
    db.execute("CREATE TABLE breaks (indicator TEXT, version BIGINT, scope TEXT, code TEXT, kind TEXT, day DATE)")
    spans = db.sql(f"""SELECT {", ".join(SERIES)}, min(first), max(period_end) FROM figures
        GROUP BY ALL""").fetchall()
    found = [(*span[:5], day) for span in spans for day, _ in breaks_of(
        span[:5], [{"first": span[5], "period_end": span[6]}], declared, indicators, units)]
    if found:
        db.executemany("INSERT INTO breaks VALUES (?, ?, ?, ?, ?, ?)", found)


def compare_readings():
    """Reads every row beside others and compares. Both changes are those of the same version, of two
    whole periods that have ended, with no break between them."""
    db.execute("""CREATE TABLE places AS SELECT figures.* EXCLUDE (value, rank), figures.value AS value,
        figures.rank AS their_rank, RANK() OVER (
            PARTITION BY indicator, version, kind, first, next, parent ORDER BY -better * figures.value
        ) AS place
        FROM figures JOIN known USING (indicator) LEFT JOIN units USING (code)
        WHERE scope = 'unit' AND figures.value IS NOT NULL AND better IS NOT NULL
            AND coalesce(since < period_end AND until > first, true)""")
    same = " AND ".join(f"other.{name} = f.{name}" for name in SERIES)
    step = """CASE f.kind WHEN 'quarter' THEN INTERVAL 3 MONTH WHEN 'year' THEN INTERVAL 12 MONTH
        ELSE INTERVAL 1 MONTH END"""
    of = lambda column: f"""CASE WHEN NOT {column}_compares THEN NULL
        WHEN by_difference THEN f.value - {column}
        WHEN {column} <> 0 THEN 100 * (f.value - {column}) / {column} END"""
    compares = lambda other: f"""f.is_whole AND {other}.is_whole AND NOT EXISTS (SELECT 1
        FROM breaks AS b WHERE {same.replace("other", "b")}
        AND {other}.first < b.day AND b.day < f.period_end)"""
    db.execute(f"""CREATE TABLE readings AS
        WITH beside AS (
            SELECT f.*, k.better, k.by_difference, t.value AS our_target, p.value AS previous,
                y.value AS year_ago, {compares("p")} AS previous_compares,
                {compares("y")} AS year_ago_compares
            FROM figures AS f JOIN known AS k USING (indicator)
            LEFT JOIN targets AS t ON t.indicator = f.indicator
                AND t.since <= f.period_end - 1 AND f.period_end - 1 < t.until
            LEFT JOIN figures AS p ON {same.replace("other", "p")} AND p.next = f.next - {step}
                AND p.first = CASE f.kind WHEN 'ytd' THEN f.first ELSE f.first - {step} END
            LEFT JOIN figures AS y ON {same.replace("other", "y")}
                AND y.first = f.first - INTERVAL 12 MONTH AND y.next = f.next - INTERVAL 12 MONTH
        )
        SELECT f.indicator, f.version, f.scope, f.code, f.kind, f.first, f.next,
            [f.our_target, (CASE WHEN better > 0 THEN f.value >= our_target
                WHEN better < 0 THEN f.value <= our_target END)::INT, previous, {of("previous")},
                year_ago, {of("year_ago")}, place]::DOUBLE[] AS ours,
            [f.target, f.target_met::INT, f.previous_value, f.change, f.year_ago_value, f.year_change,
                f.rank]::DOUBLE[] AS theirs
        FROM beside AS f LEFT JOIN places AS other ON {same} AND other.first = f.first
            AND other.next = f.next""")
    for at, what in enumerate(["target", "target met", "previous value", "change", "value a year ago",
            "change in a year", "rank"], 1):
        ours, theirs = f"ours[{at}]", f"theirs[{at}]"
        is_same = f"""coalesce({ours} IS NOT DISTINCT FROM {theirs}
            OR abs({ours} - {theirs}) <= 1e-9 * greatest(abs({ours}), 1e-3), false)"""
        n_compared[what], n_told = db.sql(f"SELECT count(*), count({ours}) FROM readings").fetchone()
        seen[what] = n_told
        wrong = db.sql(f"""SELECT indicator, version, scope, code, kind, first, next, {ours}, {theirs}
            FROM readings WHERE NOT {is_same} ORDER BY ALL""").fetchall()
        differences.extend(f"{what} {row[:5]} {row[5]}..{row[6]}: ours {row[7]}, theirs {row[8]}"
            for row in wrong)
    seen["changes not told"] = db.sql("""SELECT count(*) FROM readings
        WHERE ours[3] IS NOT NULL AND ours[4] IS NULL OR ours[5] IS NOT NULL AND ours[6] IS NULL""").fetchone()[0]
    seen["ranks shared"] = db.sql("""SELECT count(*) FROM (SELECT count(*) AS n FROM places JOIN units
        USING (code) GROUP BY indicator, version, kind, first, next, parent, place) WHERE n > 1""").fetchone()[0]
    n_rows = [db.sql(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("readings", "figures")]
    check("rows that were read", "", *n_rows)


# --- series ----------------------------------------------------------------------------------------

def breaks_of(key, rows, declared, indicators, units):
    """Lists the breaks of a series by day, with what is other from then on."""
    indicator, number, scope, code, _ = key
    version = indicators[indicator]["versions"][number]
    found = [(day, what) for day, what, of in declared if not of or indicator in of]
    if version["from"] and not version["is_first"]:
        found.append((version["from"], f"definition version {number}"))
    if scope == "unit" and code in units:
        parts = Counter(of for unit in units.values() for of in set(unit["made_of"]))
        split = [of for of in units[code]["made_of"] if parts[of] > 1]
        if split and units[code]["from"]:
            found.append((units[code]["from"], f"split from {split[0]}"))
    return sorted(at for at in found if rows[0]["first"] <= at[0] < rows[-1]["period_end"])


def kendall(values):
    """Returns the sum of signs and its variance, corrected for ties (Kendall 1975)."""
    n = len(values)
    signs = np.sign(values[np.newaxis, :] - values[:, np.newaxis])
    ties = np.unique(values, return_counts=True)[1]
    term = lambda n: n * (n - 1) * (2 * n + 5)
    return int(signs[np.triu_indices(n, 1)].sum()), float(term(n) - term(ties).sum()) / 18


def slope_of(steps, values, n_seasons):
    """Returns slope, its interval, intercept, the sum of signs and p (Hirsch and Slack 1982)."""
    total, variance, slopes = 0, 0.0, []
    for season in range(n_seasons):
        own = steps % n_seasons == season
        at, of = steps[own], values[own]
        s, v = kendall(of)
        total, variance = total + s, variance + v
        i, j = np.triu_indices(len(of), 1)
        slopes.append((of[j] - of[i]) / (at[j] - at[i]))
    slopes = np.sort(np.concatenate(slopes))
    n, spread = len(slopes), stats.norm.ppf(0.975) * math.sqrt(variance)
    first = max(int(np.round((n - spread) / 2)), 1)  # M1
    last = min(int(np.round((n + spread) / 2)) + 1, n)  # M2 + 1
    slope = float(np.median(slopes))
    intercept = float(np.median(values) - slope * np.median(steps))
    z = (abs(total) - 1) / math.sqrt(variance) if total and variance > 0 else 0.0
    p = 2 * float(stats.norm.sf(z)) if total and variance > 0 else 1.0
    return slope, float(slopes[first - 1]), float(slopes[last - 1]), intercept, total, p


def check_libraries(key, steps, values, n_seasons, ours):
    """Asks the libraries, which know a gap as NaN; a series begins in any season, as ours does."""
    slope, lower, upper, intercept, s, p = ours
    is_whole = len(steps) == steps[-1] + 1
    seen["slopes with gaps"] += not is_whole
    if n_seasons == 1:
        # With gaps too: it is told the steps.
        theirs = stats.theilslopes(values, steps, 0.95)
        for name, a, b in zip(["slope", "intercept", "lower", "upper"], [slope, intercept, lower, upper],
                [theirs.slope, theirs.intercept, theirs.low_slope, theirs.high_slope]):
            check(f"scipy's {name}", key, a, float(b))
    spaced = np.full(steps[-1] + 1, np.nan)
    spaced[steps] = values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of seasons with fewer than two points
        theirs = (pymannkendall.original_test(spaced) if n_seasons == 1
            else pymannkendall.seasonal_test(spaced, n_seasons))
    check("pymannkendall's s", key, s, int(theirs.s))
    check("pymannkendall's slope", key, slope * n_seasons, float(theirs.slope))
    n_compared["pymannkendall's p"] += 1
    if abs(p - theirs.p) > 1e-12:
        differences.append(f"pymannkendall's p {key}: ours {p}, theirs {theirs.p}")


def target_of(told, last, found, is_sure, step, months):
    """Says when the line meets the target; `step` is that of the last point."""
    slope, lower, upper, intercept, _, _ = found
    target = target_on(told, last["next"] - timedelta(days=1))
    seen["targets of the day after"] += target != target_on(told, last["next"])
    if target is None or told["better"] is None:
        return None
    sign = told["better"]
    if sign * last["value"] >= sign * target:
        return {"note": "it is met"}
    if not is_sure:
        return {"note": "no trend that is not chance"}
    level = intercept + slope * step
    if sign * level >= sign * target:
        return {"note": "the line has reached it, the last value has not"}

    def day(slope):
        if sign * slope <= 0:
            return None
        ahead = (target - level) / slope * months
        return months_after(last["first"], math.ceil(ahead)) if ahead < 1200 else None

    if day(slope) is None:
        return {"note": "not at this slope"}
    fast, slow = (upper, lower) if sign > 0 else (lower, upper)
    return {"value": target, "day": day(slope), "day_from": day(fast), "day_until": day(slow),
        "note": "the first month in which it is reached, at the slope of the line"}


def unusual_in(points, steps, values, found):
    """Names what lies far from the line (Iglewicz and Hoaglin 1993: a score above 3.5)."""
    slope, intercept = found[0], found[3]
    line = intercept + slope * steps
    rest = values - line
    middle = np.median(rest)
    spread = np.median(np.abs(rest - middle))
    if spread <= 0:
        return
    for at, row in enumerate(points):
        if abs(0.6745 * (rest[at] - middle) / spread) > 3.5:
            far = 3.5 * spread / 0.6745
            yield {"value": row["value"], "lower": float(line[at] + middle - far),
                "upper": float(line[at] + middle + far), "day": row["first"],
                "note": "further from the line than usual"}


def rolling_of(told, version, rows, since_break):
    """Adds up the last twelve months that all have reported on; one with nothing to count adds nothing."""
    last = rows[-1] if rows else None
    since = months_after(last["next"], -12) if last else None
    window = [row for row in rows if row["first"] >= since] if last else []
    if len(window) < 12:
        seen["reasons"] += 1
        seen["rolling over a gap"] += len(rows) >= 12
        return {"note": f"too few points: {len(window)} of 12{since_break}"}
    numerator = sum(row["numerator"] for row in window)
    denominator = sum(row["denominator"] for row in window) if version["is_rate"] else None
    found = {"numerator": numerator, "denominator": denominator, "since": since, "n_points": 12}
    if denominator is None:
        return {**found, "value": float(numerator)}
    seen["rolling over a month of nothing"] += any(row["denominator"] == 0 for row in window)
    if denominator == 0:
        seen["rolling over nothing"] += 1
        return {**found, "note": "not applicable: nothing in twelve months"}
    return {**found, "value": told["scale"] * numerator / denominator}


def trends_of(key, rows, as_of, indicators, declared, units):
    """Yields what a series tells, by statistic and day."""
    indicator, number, _, _, kind = key
    told = indicators[indicator]
    breaks = breaks_of(key, rows, declared, indicators, units)
    since = breaks[-1][0] if breaks else date.min
    since_break = f" since the break of {since}" if breaks else ""
    whole = [row for row in rows if row["first"] >= since and row["next"] <= as_of + timedelta(days=1)
        and row["units_included"] == row["units_expected"]]
    points = [row for row in whole if row["status"] == "value"]
    common = {"period_start": rows[-1]["first"], "period_end": rows[-1]["next"],
        "since": points[0]["first"] if points else None, "n_points": len(points)}

    def one(statistic, found, day=None):
        return (statistic, day), {**dict.fromkeys(TOLD), **common, **found}

    for day, what in breaks:
        yield one("break", {"day": day, "note": what}, day)
    if kind == "month" and told["versions"][number]["is_flow"]:
        known = [row for row in whole
            if row["status"] in ("value", "not_applicable") and row["numerator"] is not None]
        yield one("rolling_12_months", rolling_of(told, told["versions"][number], known, since_break))
    if len(points) < LEAST[kind]:
        seen["reasons"] += 1
        seen["reasons after a break"] += bool(breaks)
        yield one("slope_per_year", {"note": f"too few points: {len(points)} of {LEAST[kind]}{since_break}"})
        return
    months, n_seasons = MONTHS[kind], 12 if kind == "month" else 1
    steps = np.array([(number_of(row["first"]) - number_of(points[0]["first"])) // months for row in points])
    values = np.array([row["value"] for row in points])
    found = slope_of(steps, values, n_seasons)
    check_libraries(key, steps, values, n_seasons, found)
    slope, lower, upper, _, s, p = found
    is_sure, a_year = p < 0.05, 12 / months
    note = ("rising" if s > 0 else "falling") if is_sure else "no trend that is not chance (p >= 0.05)"
    seen["slopes by season" if n_seasons > 1 else "slopes of quarters and years"] += 1
    seen["slopes of years"] += kind == "year"
    seen["slopes with ties"] += len(np.unique(values)) < len(values)
    seen["slopes that are sure"] += is_sure
    seen["sure slopes of 0"] += is_sure and slope == 0
    yield one("slope_per_year", {"value": slope * a_year, "lower": lower * a_year, "upper": upper * a_year,
        "p_value": p, "note": note})
    target = target_of(told, points[-1], found, is_sure, int(steps[-1]), months)
    if target:
        seen["target days" if "day" in target else f"targets: {target['note']}"] += 1
        yield one("target_reached", target)
    for stray in unusual_in(points, steps, values, found):
        yield one("unusual", stray, stray["day"])


def compare_trends(indicators, declared, units):
    """Computes every series and compares with the table of trends, row by row."""
    rows = db.sql(f"""SELECT indicator, definition_version AS version, scope, {CODE} AS code,
        period_kind AS kind, statistic, {", ".join(TOLD)} FROM published_trends""")
    theirs = {}
    for row in rows.fetchall():
        told = dict(zip(rows.columns, row))
        statistic = told["statistic"]
        # Of a day there may be one break of each kind.
        of_day = told["day"] if statistic in ("break", "unusual") else None
        what = told["note"] if statistic == "break" else None
        theirs[(tuple(told[name] for name in SERIES), statistic, of_day, what)] = told
    check("rows of trends that are alike", "", len(theirs), len(rows))
    as_of = db.sql("SELECT max(period_end) - 1 FROM figures").fetchone()[0]
    read = db.sql(f"""SELECT {", ".join(SERIES)}, first, next, period_end, numerator, denominator, value,
        status, units_expected, units_included FROM figures WHERE kind <> 'ytd'
        ORDER BY {", ".join(SERIES)}, first""")
    names = read.columns
    series = {}
    while rows := read.fetchmany(100_000):
        for row in rows:
            series.setdefault(row[:5], []).append(dict(zip(names[5:], row[5:])))
    for key, rows in series.items():
        for (statistic, day), ours in trends_of(key, rows, as_of, indicators, declared, units):
            what = ours["note"] if statistic == "break" else None
            told = theirs.pop((key, statistic, day, what), None)
            seen[statistic] += 1
            if told is None:
                n_compared[statistic] += 1
                differences.append(f"{statistic} that is only ours {key} {day or ''}: {ours}")
                continue
            for name in TOLD:
                check(f"{statistic}: {name}", key, ours[name], told[name])
    for key, told in theirs.items():
        n_compared[key[1]] += 1
        differences.append(f"{key[1]} that is only theirs {key[0]}: {told}")
    seen["series"] = len(series)


def main():
    indicators, declared, units = read_definitions()
    read_tables(indicators, units)
    read_breaks(indicators, declared, units)
    compare_readings()
    compare_trends(indicators, declared, units)
    for what, n in sorted(seen.items()):
        print(f"{what}: {n}")
    kinds = Counter(difference.split(" (")[0] for difference in differences)
    shown = Counter()
    for difference in differences:
        kind = difference.split(" (")[0]
        shown[kind] += 1
        if shown[kind] <= 3:
            print(difference)
    for kind, n in sorted(kinds.items()):
        print(f"{kind}: {n} differ")
    print(f"{len(differences)} of {sum(n_compared.values())} differ")
    return not differences and sum(n_compared.values()) > 0


is_same = main()
# The readers' threads may outlive the interpreter, and then abort it.
sys.stdout.flush()
os._exit(0 if is_same else 1)
