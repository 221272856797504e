"""The scenario `stages`: where the time of a load goes, beside what its parts cost alone, and how much
memory each stage takes."""

import os
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from . import machine
from .loads import LARGE_UNITS
from .measuring import Failed
from .results import Result

STAGE = re.compile(r'^(\S+)Z +INFO .*stage="(\w+)"')
RESET_PEAK = "5"  # proc(5): the peak resident set size is set to what is resident now.
# What of a stage the bare libraries do, too.
PARTS = {"land": ["SHA-256", "zstd 1"], "ingest": ["unzstd", "csv crate", "ArrowWriter"]}


def ceilings(bench, log):
    """Returns how many bytes of a log each bare library does a second, on one core."""
    program = bench.ceilings or machine.build_ceilings()
    run = subprocess.run([program, log], stdout=subprocess.PIPE, text=True, check=True)
    rates = dict(line.split("\t") for line in run.stdout.splitlines())
    return {name: float(rate) for name, rate in rates.items()}


def peak(process):
    """Returns the peak memory of a process since this was last asked."""
    folder = Path(f"/proc/{process.pid}")
    told = re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text())
    if told is None:
        raise Failed("the process ended before its memory could be asked for")
    (folder / "clear_refs").write_text(RESET_PEAK)
    return int(told[1]) * 1024


def watch(trial):
    """Runs `hoso`; returns the seconds and the peak memory of each stage."""
    command = [word for word in trial.command("run", "-vv") if word != "--quiet"]
    env = {**os.environ, **trial.env, "HOSO_LOG": "info"}
    start = datetime.now(timezone.utc)
    seconds, peaks, said = {}, {}, []
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=env, text=True, **pipes) as process:
        for line in process.stderr:
            said.append(line)
            if told := STAGE.search(line):
                ended, stage = told.groups()
                end = datetime.fromisoformat(ended).replace(tzinfo=timezone.utc)
                seconds[stage], start = (end - start).total_seconds(), end
                peaks[stage] = peak(process)
    if process.returncode != 0:
        raise Failed(f"exit {process.returncode} of {command}\n{''.join(said)}")
    return seconds, peaks


def load(bench, logs, units):
    """Loads logs into an empty store; returns the seconds and the peak memory of each stage."""
    trial = bench.trial("stages")
    trial.forget()
    trial.lay_out(units)
    trial.add(logs)
    watched = watch(trial)
    trial.forget()
    return watched


def stages(bench):
    """The load of `full` once more, stage by stage, and one of its logs by the bare libraries; of
    `large`, where it was measured, what memory its stages take."""
    logs = bench.logs()
    seconds, peaks = load(bench, logs, bench.units)
    large, more = bench.results.get("large"), {}
    if large is not None and large.about["rows"] == bench.rows_large:
        more = load(bench, bench.logs(bench.rows_large, LARGE_UNITS), LARGE_UNITS)[1]
    rates = ceilings(bench, logs.files[0])
    n_cores = machine.describe(bench.work)["cores"]
    result = Result()
    for stage, took in seconds.items():
        told = f"`{stage}`: {took:.1f} s, {logs.n_bytes / took / 1e6:.0f} MB of logs a second"
        told += f", at most {peaks[stage] / 2**20:.0f} MiB"
        told += f" ({more[stage] / 2**20:.0f} MiB of `large`)." if stage in more else "."
        if stage in PARTS:
            least = sum(logs.n_bytes / rates[part] for part in PARTS[stage]) / n_cores
            names = ", ".join(PARTS[stage])
            told += f" Its parts alone ({names}), on all cores: {least:.1f} s."
        result.facts.append(told)
    alone = "; ".join(f"{name} {rate / 1e6:.0f}" for name, rate in rates.items())
    result.facts.append(f"Alone on one core, MB of a log a second: {alone}.")
    return result
