"""A trial of `hoso`: a pipeline directory with its logs, a store, and what the store must hold."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from .machine import ROOT
from .measuring import Failed, Job, in_turn

PIPELINE = ROOT / "benches" / "pipeline"
STORE_NUMBERS = Path(__file__).with_name("store_numbers.py")


def unit_code(unit):
    """Returns the code of the unit of `unit_000.csv`, `unit_001.csv` and so on."""
    return f"G16.{unit:02d}" if unit else "G16"


def copy_pipeline(folder, units):
    """Copies the benchmark's pipeline directory, with a feed for each unit.

    A feed takes its unit's files however many there are, and those of later days.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PIPELINE, folder, ignore=shutil.ignore_patterns("raw", "feeds"))
    (folder / "feeds").mkdir()
    (folder / "raw").mkdir()
    feed = (PIPELINE / "feeds" / "unit_000.toml").read_text()
    for unit in range(units):
        name = f"unit_{unit:03d}"
        text = re.sub("(?m)^unit = .*$", f'unit = "{unit_code(unit)}"', feed)
        text = re.sub("(?m)^name = .*$", lambda _: rf"name = '^{name}(_\w+)?\.csv$'", text)
        (folder / "feeds" / f"{name}.toml").write_text(text)
    path = folder / "units.csv"
    known = path.read_text().splitlines()
    for unit in range(len(known) - 1, units):
        number = f"{unit:02d}"
        known.append(f"G16.{number},Đơn vị {unit},Unit {unit},000.00.{number}.G16,G16,,,")
    path.write_text("\n".join(known) + "\n")


class Trial:
    """One pipeline directory and one store.

    What the store must hold is kept beside it, so that a later benchmark can go on from it.
    """

    def __init__(self, bench, folder):
        self.bench = bench
        self.pipeline, self.store = folder / "pipeline", folder / "store"
        self.report, self.state_file = folder / "report.json", folder / "state.json"
        self.env = {}

    @property
    def state(self):
        """What was loaded: rows, units, numbers, days; nothing before the first load."""
        return json.loads(self.state_file.read_text()) if self.state_file.exists() else {}

    def lay_out(self, units):
        """Makes the pipeline directory anew."""
        self.store.parent.mkdir(parents=True, exist_ok=True)
        copy_pipeline(self.pipeline, units)

    def add(self, logs):
        """Adds logs to what the pipeline reads."""
        for file in logs.files:
            os.link(file, self.pipeline / "raw" / file.name)

    def forget(self):
        """Removes the store."""
        shutil.rmtree(self.store, ignore_errors=True)
        self.state_file.unlink(missing_ok=True)

    def command(self, *words):
        """Returns a command of `hoso` on this pipeline and store."""
        place = ["--pipeline", self.pipeline, "--store", self.store, "--quiet"]
        return [self.bench.hoso, *place, *words]

    def run(self, name, state, before=lambda: None, words=()):
        """Returns a job that runs `hoso`; after it the store must hold what `state` says.

        A store whose run failed has no state, and is loaded anew.
        """

        def prepare():
            before()
            self.state_file.unlink(missing_ok=True)

        def check(_):
            self.check(state["numbers"])
            self.state_file.write_text(json.dumps(state))

        command = self.command("run", "--report", self.report, *words)
        return Job(name, command, prepare, check, self.env)

    def verify(self, name="verify"):
        """Returns a job that verifies the store."""
        return Job(name, self.command("verify"))

    def load(self, logs, rows, units, suffix=""):
        """Returns a job that loads logs into an empty store, and one that verifies it."""

        def prepare():
            self.forget()
            self.lay_out(units)
            self.add(logs)

        state = {"rows": rows, "units": units, "numbers": logs.numbers, "days": 0}
        return [self.run(f"hoso{suffix}", state, prepare), self.verify(f"verify{suffix}")]

    def ensure_loaded(self, logs, rows, units):
        """Loads logs unless the store holds them already."""
        state = self.state
        if (state.get("rows"), state.get("units")) != (rows, units):
            in_turn(self.load(logs, rows, units), 1)

    def holds(self):
        """Returns the numbers of the store, and the rows of each of its cells' files."""
        command = [self.bench.python, STORE_NUMBERS, self.store]
        run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        return json.loads(run.stdout)

    def check(self, numbers):
        """Fails unless the store holds these numbers."""
        found = self.holds()["numbers"]
        if found != numbers:
            raise Failed(f"wrong numbers in {self.store}: {found}, not {numbers}")

    def last_report(self):
        """Returns the report of the last run."""
        return json.loads(self.report.read_text())
