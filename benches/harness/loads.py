"""The scenarios that load a history into an empty store: `full`, `large`, `files`."""

import json
import shutil

from .machine import PEERS
from .measuring import Failed, Job, in_turn
from .results import Goal, Result

GIB = 2**30
LARGE_DISK = 50 * 10**9
LARGE_UNITS = 200
MANY_FILES = 1000
SHARE_REJECTS = 0.95


class Skipped(Exception):
    """A scenario that cannot be measured here."""


def peer(bench, name, script, logs, is_checked=True):
    """Returns a job of a peer; what it prints must be the numbers of the logs."""

    def check(output):
        if is_checked and json.loads(output) != logs.numbers:
            raise Failed(f"wrong numbers of {name}: {output.strip()}, not {logs.numbers}")

    out = bench.work / "peers" / name
    return Job(name, [bench.python, PEERS / script, logs.folder, out], check=check)


def told(numbers):
    """Says in words what was found."""
    return (
        f"{numbers['rejected']:,} rejected, {numbers['resolved']:,} resolved, "
        f"{numbers['resolved_online']:,} of them online"
    )


def full(bench):
    """The history of `--rows` dossiers, by everybody."""
    logs = bench.logs()
    trial = bench.trial("full")
    jobs = [
        peer(bench, "floor", "floor.py", logs, is_checked=False),
        peer(bench, "duckdb", "duckdb_job.py", logs),
        peer(bench, "polars", "polars_job.py", logs),
        *trial.load(logs, bench.rows, bench.units),
    ]
    result = Result(in_turn(jobs, bench.rounds))
    shutil.rmtree(bench.work / "peers")
    size = f"{logs.n_bytes / 1e9:.2f} GB in {len(logs.files)} files"
    result.facts = [f"{bench.rows:,} dossiers, {size}; all agree: {told(logs.numbers)}."]
    hoso = result.median("hoso")
    for name, limit in [("polars", 0.45), ("duckdb", 0.6), ("floor", 1.0)]:
        ratio = hoso.wall / result.median(name).wall
        result.goals.append(Goal(f"wall time, of that of `{name}`", ratio, limit))
    result.goals.append(Goal("peak memory", hoso.peak / GIB, 1.0, "GiB"))
    result.about = {"rows": bench.rows, "bytes": logs.n_bytes}
    return result


def needs_disk(bench, folders):
    """Goes on only if logs and store of `large` fit on the disk; what is there already counts."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    held = sum(file.stat().st_size for file in files)
    needed = LARGE_DISK * bench.rows_large // 100_000_000 - held
    free = shutil.disk_usage(bench.work).free
    if free < needed:
        raise Skipped(
            f"`large` needs about {needed / 1e9:.0f} GB of disk for logs and store; "
            f"{free / 1e9:.0f} GB are free in {bench.work}"
        )


def large(bench):
    """The history of `--rows-large` dossiers in 200 units, by `hoso` alone."""
    before, trial = bench.needs("full"), bench.trial("large")
    needs_disk(bench, [bench.work / "logs" / f"{bench.rows_large}_{LARGE_UNITS}", trial.store])
    logs = bench.logs(bench.rows_large, LARGE_UNITS)
    jobs = trial.load(logs, bench.rows_large, LARGE_UNITS)
    result = Result(in_turn(jobs, bench.rounds))
    size = f"{logs.n_bytes / 1e9:.2f} GB in {len(logs.files)} files"
    result.facts = [f"{bench.rows_large:,} dossiers, {size}: {told(logs.numbers)}."]
    hoso, small = result.median("hoso"), before.median("hoso")
    times = bench.rows_large / before.about["rows"]
    result.goals = [
        Goal("wall time, of that of `full`", hoso.wall / small.wall, 1.1 * times),
        Goal("peak memory, of that of `full`", hoso.peak / small.peak, 1.1),
    ]
    result.about = {"rows": bench.rows_large, "bytes": logs.n_bytes}
    return result


def files(bench):
    """The same bytes as many files, as one, and as one of which nearly all is rejected."""
    usual, trial = f"{bench.units} files", bench.trial("files")
    a_unit = str(MANY_FILES // bench.units)
    ways = {
        usual: bench.logs(),
        f"{MANY_FILES:,} files": bench.logs(None, None, "--files-per-unit", a_unit),
        "one file": bench.logs(None, None, "--one-file"),
        f"one file, {SHARE_REJECTS:.0%} rejects": bench.logs(
            None, None, "--one-file", "--bad", str(SHARE_REJECTS)
        ),
    }
    jobs = [
        job
        for way, logs in ways.items()
        for job in trial.load(logs, bench.rows, bench.units, f", {way}")
    ]
    result = Result(in_turn(jobs, bench.rounds))
    trial.forget()
    a_byte = result.median(f"hoso, {usual}").wall / ways.pop(usual).n_bytes
    for way, logs in ways.items():
        hoso = result.median(f"hoso, {way}")
        ratio = hoso.wall / logs.n_bytes / a_byte
        result.facts.append(f"{way}, {logs.n_bytes / 1e9:.2f} GB: {told(logs.numbers)}.")
        result.goals += [
            Goal(f"{way}: wall time a byte, of that of {usual}", ratio, 2.0),
            Goal(f"{way}: peak memory", hoso.peak / GIB, 1.0, "GiB"),
        ]
    return result
