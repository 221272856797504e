"""Writes raw dossier logs as a unit's system exports them: CSV with Vietnamese headings.

usage: generate_raw.py ROWS OUTDIR [UNITS] [SEED] [--files-per-unit N | --one-file] [--bad SHARE] [--day N]

Of the dossiers, 0.5 % are bad (no number, an impossible day of reception or an unknown status), 2 %
are open, and 3 % are sent again with a later update. The same arguments give the same bytes.

With `--day N` the N-th day's change to the logs of the other arguments is written in their place:
new dossiers of the last 30 days, and updates of dossiers of the last 120 days that no other day
updates. An open dossier that is updated is completed.

Prints, as JSON, what a correct job finds in what was written: how many rows are rejected, and how
many dossiers are resolved, and resolved online. Those of a day are to be added to those before it.
"""

import argparse
import contextlib
import json
from pathlib import Path

import numpy as np
import polars as pl

FIRST_MINUTE, END = np.datetime64("2018-01-01T00:00"), np.datetime64("2026-01-01T00:00")
SPAN = int((END - FIRST_MINUTE) / np.timedelta64(1, "m"))
MINUTES_A_DAY = 1440
CHUNK_ROWS = 1_000_000

DEFAULT_BAD = 0.005
SHARE_OPEN = 0.02
SHARE_REFUSED = 0.03
SHARE_SENT_AGAIN = 0.03
SENT_AGAIN_AT = "31/12/2025 23:59"

# A day's change.
DAY_UNITS, DAY_NEW, DAY_UPDATES = 20, 10_000, 300
NEW_WITHIN_DAYS, UPDATED_WITHIN_DAYS = 30, 120

MINUTE = "%d/%m/%Y %H:%M"
IMPOSSIBLE_DAY, UNKNOWN_STATUS = "31/02/2020 25:61", "???"
COMPLETED, ONLINE = "Đã trả kết quả", "Trực tuyến"
FAMILY_NAMES = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi"]
GIVEN_NAMES = ["An", "Bình", "Châu", "Dũng", "Hà", "Hải", "Lan", "Minh", "Ngọc", "Thủy"]
DELIVERIES = {0: "VNPost", 1: "Trực tiếp", 2: "Điện tử"}


def draw(random, n, first, earliest=0):
    """Draws `n` dossiers received from the minute `earliest` on, numbered from `first`.

    The order of the draws decides the bytes.
    """
    minute = np.sort(random.integers(earliest, SPAN, n))
    received = (FIRST_MINUTE + minute.astype("timedelta64[m]")).astype("datetime64[ms]")
    procedure = random.integers(0, 95, n)
    days_allowed = procedure % 15 + 3
    minutes_taken = (random.gamma(4.0, days_allowed * 0.22) * MINUTES_A_DAY).astype("int64")
    completed = received + minutes_taken.astype("timedelta64[m]")
    is_online = random.random(n) < (0.2 + 0.6 * minute / SPAN)
    is_open = random.random(n) < SHARE_OPEN
    return pl.DataFrame({
        "seq": np.arange(first, first + n),
        "received": received,
        "due": received + days_allowed.astype("timedelta64[D]"),
        "completed": completed,
        "updated": np.where(is_open, received, completed),
        "is_open": is_open,
        "procedure": procedure,
        "is_online": is_online,
        "fee": random.integers(0, 6, n) * 50000,
        "payment": random.random(n),
        "delivery": random.integers(0, 3, n),
        "satisfaction": random.integers(0, 6, n),
        "is_digitised": random.random(n) < 0.5,
        "family_name": random.integers(0, len(FAMILY_NAMES), n),
        "given_name": random.integers(0, len(GIVEN_NAMES), n),
        "id_number": random.integers(10**10, 9 * 10**10, n),
        "telephone": random.integers(10**8, 10**9 - 1, n),
        "bad": random.random(n),
        "way": random.random(n),
    })


def or_empty(is_empty, otherwise):
    """Returns an empty text where a condition holds, else another."""
    return pl.when(is_empty).then(pl.lit("")).otherwise(otherwise)


def named(column, names):
    """Returns the names that a column of numbers stands for."""
    names = names if isinstance(names, dict) else dict(enumerate(names))
    return pl.col(column).replace_strict(names, return_dtype=pl.String)


def written(dossiers, unit, share_bad):
    """Returns dossiers as a unit's system writes them; of those that are bad, a fifth has no
    number, two fifths an impossible day and two fifths an unknown status."""
    bad, way, procedure = pl.col("bad"), pl.col("way"), pl.col("procedure")
    no_number, no_day = share_bad / 5, share_bad * 3 / 5
    number = pl.format(
        "000.00.{}.G16-{}-{}",
        pl.lit(f"{unit:02d}"),
        pl.col("received").dt.strftime("%y%m%d"),
        pl.col("seq").cast(pl.String).str.zfill(7),
    )
    channel = (
        pl.when("is_online").then(pl.lit(ONLINE))
        .when(way < 0.9).then(pl.lit("Trực tiếp"))
        .otherwise(pl.lit("Bưu chính"))
    )
    received = (
        pl.when((bad >= no_number) & (bad < no_day)).then(pl.lit(IMPOSSIBLE_DAY))
        .otherwise(pl.col("received").dt.strftime(MINUTE))
    )
    status = (
        pl.when((bad >= no_day) & (bad < share_bad)).then(pl.lit(UNKNOWN_STATUS))
        .when("is_open").then(pl.lit("Đang xử lý"))
        .when(way < SHARE_REFUSED).then(pl.lit("Từ chối"))
        .otherwise(pl.lit(COMPLETED))
    )
    paid_by = pl.when(pl.col("payment") < 0.4).then(pl.lit("PayGov")).otherwise(pl.lit("Tiền mặt"))
    columns = {
        "STT": pl.col("seq") + 1,
        "Mã hồ sơ": or_empty(bad < no_number, number),
        "Mã TTHC": pl.format("1.{}", (procedure + 1000).cast(pl.String).str.zfill(6)),
        "Tên thủ tục": pl.format("Thủ tục cấp giấy phép số {} lĩnh vực văn hóa", procedure),
        "Người nộp": pl.format(
            "{} Văn {}", named("family_name", FAMILY_NAMES), named("given_name", GIVEN_NAMES)
        ),
        "Số CCCD": pl.format("0{}", "id_number"),
        "Điện thoại": pl.format("0{}", "telephone"),
        "Hình thức nộp": channel,
        "Mức độ": pl.when(procedure < 52).then(4).when(procedure < 63).then(3).otherwise(2),
        "Ngày tiếp nhận": received,
        "Ngày hẹn trả": pl.col("due").dt.strftime(MINUTE),
        "Ngày trả kết quả": or_empty("is_open", pl.col("completed").dt.strftime(MINUTE)),
        "Trạng thái": status,
        "Lệ phí": pl.col("fee"),
        "Thanh toán": or_empty(pl.col("fee") == 0, paid_by),
        "Trả kết quả": named("delivery", DELIVERIES),
        "Hài lòng": or_empty(pl.col("satisfaction") == 0, pl.col("satisfaction").cast(pl.String)),
        "Số hóa": pl.when("is_digitised").then(pl.lit("Có")).otherwise(pl.lit("Không")),
        "Cập nhật": pl.col("updated").dt.strftime(MINUTE),
    }
    return dossiers.select(**columns)


IS_REJECTED = (
    (pl.col("Mã hồ sơ") == "")
    | (pl.col("Ngày tiếp nhận") == IMPOSSIBLE_DAY)
    | (pl.col("Trạng thái") == UNKNOWN_STATUS)
)
IS_RESOLVED = ~IS_REJECTED & (pl.col("Trạng thái") == COMPLETED)


def tally(rows):
    """Returns what a job finds in rows of which each is another dossier."""
    return rows.select(
        rejected=IS_REJECTED.sum(),
        resolved=IS_RESOLVED.sum(),
        resolved_online=(IS_RESOLVED & (pl.col("Hình thức nộp") == ONLINE)).sum(),
    ).row(0, named=True)


class Totals(dict):
    """What a job finds in all that was written."""

    def add(self, numbers, sign=1):
        for name, n in numbers.items():
            self[name] = self.get(name, 0) + sign * n


def random_of(seed, unit, *more):
    """Returns the random numbers of a unit, or of a day in it."""
    return np.random.default_rng([seed * 1000 + unit, *more] if more else seed * 1000 + unit)


def generate_unit(args, unit, files, totals):
    """Writes the dossiers of a unit, spread over its files."""
    random, n_unit, done = random_of(args.seed, unit), args.rows // args.units, 0
    while done < n_unit:
        n = min(CHUNK_ROWS, n_unit - done)
        rows = written(draw(random, n, done), unit, args.bad)
        again = rows.sample(fraction=SHARE_SENT_AGAIN, seed=args.seed + unit)
        again = again.with_columns(pl.lit(SENT_AGAIN_AT).alias("Cập nhật"))
        totals.add(tally(rows))
        totals.add({"rejected": again.select(IS_REJECTED.sum()).item()})
        rows = pl.concat([rows, again])
        for i, file in enumerate(files):
            start, end = (len(rows) * at // len(files) for at in (i, i + 1))
            rows[start:end].write_csv(file, include_header=file.tell() == 0)
        done += n


def updates_of_day(args, unit, n):
    """Returns `n` dossiers of a unit's log as they were, and as the day's update has them."""
    n_unit = args.rows // args.units
    dossiers = draw(random_of(args.seed, unit), min(CHUNK_ROWS, n_unit), 0)
    since = END - np.timedelta64(UPDATED_WITHIN_DAYS, "D")
    recent = dossiers.filter((pl.col("received") >= since) & (pl.col("bad") >= args.bad))
    shuffled = recent.sample(fraction=1.0, shuffle=True, seed=args.seed + unit)
    before = shuffled.slice((args.day - 1) * n, n)
    updated = pl.max_horizontal("updated", pl.lit(END)) + pl.duration(days=args.day)
    after = before.with_columns(
        updated=updated,
        completed=pl.when("is_open").then(updated).otherwise("completed"),
        way=pl.when("is_open").then(pl.max_horizontal("way", SHARE_REFUSED)).otherwise("way"),
        is_open=pl.lit(False),
    )
    return before, after


def generate_day(args, totals):
    """Writes what a day brings: a file for each of the first units."""
    n_units = min(DAY_UNITS, args.units)
    n_new, n_updates = DAY_NEW // n_units, DAY_UPDATES // n_units
    earliest = SPAN - NEW_WITHIN_DAYS * MINUTES_A_DAY
    for unit in range(n_units):
        first = args.rows // args.units + (args.day - 1) * n_new
        random = random_of(args.seed, unit, args.day)
        days = [draw(random, n_new, first, earliest), *updates_of_day(args, unit, n_updates)]
        new, before, after = (written(rows, unit, args.bad) for rows in days)
        totals.add(tally(new))
        totals.add(tally(after))
        totals.add(tally(before), sign=-1)
        pl.concat([new, after]).write_csv(args.out / f"unit_{unit:03d}_day{args.day}.csv")


def generate_history(args, totals):
    """Writes the logs of all units."""
    with contextlib.ExitStack() as stack:
        if args.one_file:
            only = [stack.enter_context(open(args.out / "unit_000.csv", "wb"))]
        for unit in range(args.units):
            if args.one_file:
                generate_unit(args, unit, only, totals)
                continue
            name, n = f"unit_{unit:03d}", args.files_per_unit
            names = [f"{name}.csv"] if n == 1 else [f"{name}_{i:03d}.csv" for i in range(n)]
            with contextlib.ExitStack() as of_unit:
                files = [of_unit.enter_context(open(args.out / it, "wb")) for it in names]
                generate_unit(args, unit, files, totals)


def arguments():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("rows", type=int, help="how many dossiers")
    parser.add_argument("out", type=Path, help="the folder to write to")
    parser.add_argument("units", type=int, nargs="?", default=20)
    parser.add_argument("seed", type=int, nargs="?", default=7)
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--files-per-unit", type=int, default=1)
    files.add_argument("--one-file", action="store_true", help="all units in one file")
    parser.add_argument("--bad", type=float, default=DEFAULT_BAD, help="the share of bad dossiers")
    parser.add_argument("--day", type=int, help="write the change of this day, from 1 on")
    return parser.parse_args()


def main():
    args, totals = arguments(), Totals()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.day is None:
        generate_history(args, totals)
    else:
        generate_day(args, totals)
    print(json.dumps(totals))


if __name__ == "__main__":
    main()
