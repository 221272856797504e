#!/usr/bin/env python3
"""Counts the receipt event log on its own and compares the counts with those of `hoso`.

Usage: check_receipt.py RECEIPT_CSV HOSO_BINARY

Nothing of hoso is used for counting. Days are local days at +02:00, as in
`tests/pipelines/receipt/pipeline.toml`. Exits 1 on a difference.
"""

import csv
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

PIPELINE = Path(__file__).resolve().parent.parent / "tests" / "pipelines" / "receipt"
OFFSET = timezone(timedelta(hours=2))
UNITS = {"General": "R.1", "Customer contact": "R.2", "Experts": "R.3"}
CHANNELS = {"Internet": "online", "Desk": "counter", "Post": "post", "e-mail": "other", "Intern": "other"}
# What the log of data/receipt is known to hold; checked only for a log of that size.
KNOWN_EVENTS = 8577
KNOWN = {
    "dossiers": 1434, "open": 105,
    "channel Internet": 1250, "channel Desk": 109, "channel Post": 53, "channel e-mail": 21,
    "channel Intern": 1,
    "department General": 1390, "department Customer contact": 29, "department Experts": 15,
}


class Comparison:
    """Prints each comparison and remembers whether one failed."""

    def __init__(self):
        self.n_compared = self.n_different = 0

    def __call__(self, what, counted, found):
        is_equal = counted == found
        self.n_compared += 1
        self.n_different += not is_equal
        print(f"{'ok  ' if is_equal else 'DIFF'} {what}: counted {counted}, found {found}")


def day(text):
    """Returns the local day of a time stamp, or None."""
    return datetime.fromisoformat(text).astimezone(OFFSET).date() if text else None


def read_dossiers(path):
    """Returns each dossier's columns as its latest event tells them, and the number of events."""
    latest, n_events = {}, 0
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            n_events += 1
            at = datetime.fromisoformat(row["time:timestamp"])
            key = row["case:concept:name"]
            if key not in latest or latest[key][0] <= at:
                latest[key] = (at, row)
    return [row for _, row in latest.values()], n_events


def count(dossiers):
    """Counts by (indicator, unit or None for all, month)."""
    counts = Counter()

    def add(indicator, unit, month, n=1):
        counts[indicator, None, month] += n
        counts[indicator, unit, month] += n

    for row in dossiers:
        unit = UNITS[row["case:department"]]
        start, due, end = (day(row[f"case:{k}"]) for k in ("startdate", "deadline", "enddate"))
        add("received", unit, f"{start:%Y-%m}")
        add(f"received_{CHANNELS[row['case:channel']]}", unit, f"{start:%Y-%m}")
        if end is not None:
            month = f"{end:%Y-%m}"
            add("resolved", unit, month)
            add("on_time_rate", unit, month, int(due is not None and end <= due))
            add("late_rate", unit, month, int(due is not None and end > due))
            add("with_due", unit, month, int(due is not None))
    return counts


class Hoso:
    """The binary over a copy of the pipeline that holds the given log."""

    def __init__(self, binary, log, folder):
        self.pipeline, store = Path(folder) / "receipt", Path(folder) / "store"
        shutil.copytree(PIPELINE, self.pipeline)
        shutil.copyfile(log, self.pipeline / "data" / "receipt.csv")
        self.command = [binary, "--pipeline", str(self.pipeline), "--store", str(store)]

    def run(self):
        subprocess.run([*self.command, "run"], check=True, stdout=sys.stderr)

    def months(self, indicator, unit=None):
        """Returns (numerator, denominator) by month, for a unit or for all."""
        options = ["--period", "month", "--last", "100", "--json"]
        if unit is not None:
            options += ["--unit", unit]
        shown = subprocess.run([*self.command, "show", indicator, *options], check=True,
                               stdout=subprocess.PIPE, encoding="utf-8")
        rows = {}
        for row in json.loads(shown.stdout)["rows"]:
            is_scope = row["unit_code"] == unit if unit else row["scope"] == "ministry"
            if row["indicator"] != indicator or row["period_kind"] != "month" or not is_scope:
                continue
            month = row["period_start"][:7]
            if month in rows:
                raise SystemExit(f"two values of {indicator} for {unit or 'all'} in {month}")
            rows[month] = (row["numerator"] or 0, row["denominator"] or 0)
        return rows


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    log, binary = sys.argv[1], shutil.which(sys.argv[2])
    if binary is None:
        print(f"no program `{sys.argv[2]}`", file=sys.stderr)
        return 2
    compare = Comparison()
    dossiers, n_events = read_dossiers(log)
    counts = count(dossiers)

    by_channel = Counter(row["case:channel"] for row in dossiers)
    by_department = Counter(row["case:department"] for row in dossiers)
    n_open = sum(not row["case:enddate"] for row in dossiers)
    own = {"dossiers": len(dossiers), "open": n_open}
    own.update({f"channel {name}": n for name, n in by_channel.items()})
    own.update({f"department {name}": n for name, n in by_department.items()})
    print(f"{n_events} events; " + "; ".join(f"{name} {n}" for name, n in sorted(own.items())))
    if n_events == KNOWN_EVENTS:
        for name, n in KNOWN.items():
            compare(f"known {name}", n, own.get(name, 0))

    with tempfile.TemporaryDirectory() as folder:
        hoso = Hoso(str(Path(binary).resolve()), log, folder)
        hoso.run()
        totals = Counter()
        indicators = ["received", "received_online", "received_counter", "received_post",
                      "received_other", "resolved", "on_time_rate", "late_rate"]
        for indicator in indicators:
            for unit in [None, *UNITS.values()]:
                shown = hoso.months(indicator, unit)
                counted = {m for name, u, m in counts if (name, u) == (indicator, unit)}
                scope = unit or "all"
                for month in sorted(counted | set(shown)):
                    numerator, denominator = shown.get(month, (0, 0))
                    compare(f"{indicator} {scope} {month}", counts[indicator, unit, month], numerator)
                    if indicator.endswith("_rate"):
                        compare(f"{indicator} {scope} {month} of", counts["with_due", unit, month],
                                denominator)
                    totals[indicator, unit] += numerator
        for name, code in UNITS.items():
            compare(f"department {name}", by_department[name], totals["received", code])
        for channel in ("online", "counter", "post", "other"):
            n = sum(by_channel[name] for name, c in CHANNELS.items() if c == channel)
            compare(f"channel {channel}", n, totals[f"received_{channel}", None])
        compare("dossiers", len(dossiers), totals["received", None])
        compare("open", n_open, totals["received", None] - totals["resolved", None])
        at_end = hoso.months("open_at_end")
        compare("open at the end of the last month", n_open, at_end[max(at_end)][0] if at_end else None)
    print(f"{compare.n_compared} compared, {compare.n_different} different")
    return 1 if compare.n_different else 0


if __name__ == "__main__":
    sys.exit(main())
