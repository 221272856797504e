"""Holds the log of revisions to what a store's releases told.

usage: releases.py STORE_DIR EXPORTS_DIR FEED

EXPORTS_DIR holds the CSV that each release was exported as when it was the last: `1.csv`, `2.csv`, …
Each release after the first came of one delivery of the feed. What differs between two releases must be
what the later one's revisions name, from what to what, with that delivery, and nothing else.

Prints a line a release: its deliveries, causes and how many rows it revised and added.
"""

import sys
from pathlib import Path

import polars

STORE, EXPORTS, FEED = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
KEY = ["indicator", "definition_version", "scope", "unit_code", "field_code", "procedure_code",
    "period_kind", "period_start", "period_end"]
TOLD = ["numerator", "denominator", "value", "status"]
OLD = [f"old_{name}" for name in TOLD]


def exported(release):
    table = polars.read_csv(EXPORTS / f"{release}.csv", infer_schema_length=None)
    return table.select(KEY + TOLD).with_columns(polars.col(KEY).cast(str))


def differences(release):
    """Returns what a release tells other than the one before, with what that told."""
    before = exported(release - 1).rename(dict(zip(TOLD, OLD)))
    both = exported(release).join(before, on=KEY, how="full", coalesce=True, nulls_equal=True)
    same = [polars.col(name).eq_missing(polars.col(f"old_{name}")) for name in TOLD]
    return both.filter(~polars.all_horizontal(same))


def logged(release):
    """Returns the revisions of a release that change what was told: others change what stands beside."""
    log = polars.read_delta(f"{STORE}/revisions").filter(polars.col("release") == release)
    told = log.select(KEY + TOLD + OLD + ["cause", "deliveries"]).with_columns(polars.col(KEY).cast(str))
    same = [polars.col(name).eq_missing(polars.col(f"old_{name}")) for name in TOLD]
    return told.filter(~polars.all_horizontal(same))


def main():
    landed = 0
    for release in range(2, len(list(EXPORTS.glob("*.csv"))) + 1):
        landed += 1
        found, log = differences(release), logged(release)
        for at, others in [(found, log), (log, found)]:
            odd = at.join(others, on=KEY + TOLD + OLD, how="anti", nulls_equal=True)
            assert odd.is_empty(), f"release {release}: {odd.height} rows, the first {odd.row(0)}"
        deliveries = sorted(log["deliveries"].cast(str).unique().to_list())
        causes = " ".join(f"{n} {cause}" for cause, n in sorted(log["cause"].value_counts().rows()))
        print(f"{release}: {' '.join(deliveries)}: {causes}")
        assert deliveries == [f"{FEED}/{landed:08}"], f"release {release}: {deliveries}"


main()
