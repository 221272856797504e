"""The command line of the benchmark."""

import argparse
import datetime
import subprocess
import sys
from pathlib import Path

from . import data, machine, page
from .changes import daily, indicators
from .loads import Skipped, files, full, large
from .measuring import Failed
from .postgres import postgres
from .results import Results
from .stages import stages
from .trial import Trial

SCENARIOS = {
    scenario.__name__: scenario
    for scenario in [full, large, stages, daily, indicators, files, postgres]
}


class Bench:
    """What the scenarios share: sizes, places, programs, earlier results."""

    def __init__(self, args):
        self.rows, self.units, self.rounds = args.rows, args.units, args.rounds
        self.rows_large, self.rows_postgres = args.rows_large, args.rows_postgres
        self.work = args.work.resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self.python = machine.python()
        self.hoso = (args.hoso or machine.build()).resolve()
        self.ceilings = args.ceilings
        self.results = Results(args.out / "performance.json")

    def logs(self, rows=None, units=None, *options):
        """Returns logs of so many dossiers, by default those of `full`."""
        rows, units = rows or self.rows, units or self.units
        return data.make(self.python, self.work, rows, units, *options)

    def trial(self, name):
        """Returns the trial of a name; its store lies there until it is made again."""
        return Trial(self, self.work / "trials" / name)

    def needs(self, name):
        """Returns the result of a scenario that must have been measured."""
        result, rows = self.results.get(name), {"full": self.rows, "large": self.rows_large}[name]
        if result is None or result.about["rows"] != rows:
            raise Skipped(f"`{name}` must be measured first, with {rows:,} rows")
        return result

    def measure(self, name):
        """Measures a scenario and keeps its result."""
        print(f"== {name}", flush=True)
        result = SCENARIOS[name](self)
        version = subprocess.run([self.hoso, "--version"], stdout=subprocess.PIPE, check=True)
        result.about |= {
            "date": datetime.date.today().isoformat(),
            "machine": machine.describe(self.work),
            "rounds": self.rounds,
            "version": version.stdout.decode().strip(),
        }
        self.results.keep(name, result)


def arguments():
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures hoso beside DuckDB and Polars, and writes docs/performance.md.",
    )
    add = parser.add_argument
    add("--rows", type=int, default=10_000_000, help="dossiers of `full` (%(default)s)")
    add("--units", type=int, default=20, help="units of `full` (%(default)s)")
    add("--rows-large", type=int, default=100_000_000, help="dossiers of `large` (%(default)s)")
    add("--rows-postgres", type=int, default=2_000_000, help="rows of the table (%(default)s)")
    add("--rounds", type=int, default=3, help="runs of each job (%(default)s)")
    add("--only", nargs="+", choices=SCENARIOS, metavar="NAME", default=list(SCENARIOS),
        help=f"measure only these scenarios, of {', '.join(SCENARIOS)}")
    add("--work", type=Path, default=machine.CACHE / "bench", help="where logs and stores lie")
    add("--hoso", type=Path, help="the program; by default it is built")
    add("--ceilings", type=Path, help="the program of `stages`; by default it is built")
    add("--out", type=Path, default=machine.ROOT / "docs", help="where the results go (docs)")
    return parser.parse_args()


def main():
    args = arguments()
    bench = Bench(args)
    try:
        for name in args.only:
            try:
                bench.measure(name)
            except Skipped as why:
                print(f"skipped: {why}")
            page.write(bench.results, args.out / "performance.md", SCENARIOS)
    except Failed as fault:
        sys.exit(f"error: {fault}")
