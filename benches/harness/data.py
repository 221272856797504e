"""The logs that the jobs read: made once by `generate_raw.py`, and kept in the working folder."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .machine import PEERS
from .measuring import Failed

SEED = 7

# What the peers were seen to find, by the rows and units of the logs.
KNOWN = {
    ("10000000", "20"): {"rejected": 51_940, "resolved": 9_458_074, "resolved_online": 4_729_504}
}


@dataclass(frozen=True)
class Logs:
    """A folder of CSV files, and what a correct job finds in them."""

    folder: Path
    numbers: dict

    @property
    def files(self):
        return sorted(self.folder.glob("*.csv"))

    @property
    def n_bytes(self):
        return sum(file.stat().st_size for file in self.files)


def make(python, work, rows, units, *options):
    """Returns the logs of so many dossiers in so many units, made if they are not there."""
    words = [str(rows), str(units), *(option.lstrip("-") for option in options)]
    folder = work / "logs" / "_".join(words)
    told = folder / "numbers.json"
    if not told.exists():
        print(f"  making {folder.name}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        generator = [python, PEERS / "generate_raw.py", str(rows), folder, str(units), str(SEED)]
        run = subprocess.run([*generator, *options], stdout=subprocess.PIPE, check=True)
        told.write_bytes(run.stdout)
    numbers = json.loads(told.read_text())
    if numbers != KNOWN.get(tuple(words), numbers):
        raise Failed(f"the generator makes up other logs than it did: {numbers}")
    return Logs(folder, numbers)
