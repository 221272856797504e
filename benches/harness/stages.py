"""The scenario `stages`: where the time of a load goes, beside what its parts cost alone."""

import os
import re
import subprocess
from datetime import datetime, timezone

from . import machine
from .measuring import Failed
from .results import Result

STAGE = re.compile(r'(?m)^(\S+)Z +INFO .*stage="(\w+)"')
# What of a stage the bare libraries do, too.
PARTS = {"land": ["SHA-256", "zstd 1"], "ingest": ["unzstd", "csv crate", "ArrowWriter"]}


def ceilings(bench, log):
    """Returns how many bytes of a log each bare library does a second, on one core."""
    program = bench.ceilings or machine.build_ceilings()
    run = subprocess.run([program, log], stdout=subprocess.PIPE, text=True, check=True)
    rates = dict(line.split("\t") for line in run.stdout.splitlines())
    return {name: float(rate) for name, rate in rates.items()}


def load(bench, logs):
    """Loads logs into an empty store; returns the seconds of each stage."""
    trial = bench.trial("stages")
    trial.forget()
    trial.lay_out(bench.units)
    trial.add(logs)
    command = [word for word in trial.command("run", "-vv") if word != "--quiet"]
    env = {**os.environ, "HOSO_LOG": "info"}
    start = datetime.now(timezone.utc)
    run = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if run.returncode != 0:
        raise Failed(f"exit {run.returncode} of {command}\n{run.stderr.decode()}")
    trial.forget()
    seconds = {}
    for ended, stage in STAGE.findall(run.stderr.decode()):
        end = datetime.fromisoformat(ended).replace(tzinfo=timezone.utc)
        seconds[stage], start = (end - start).total_seconds(), end
    return seconds


def stages(bench):
    """The load of `full` once more, stage by stage, and one of its logs by the bare libraries."""
    logs = bench.logs()
    seconds = load(bench, logs)
    rates = ceilings(bench, logs.files[0])
    n_cores = machine.describe(bench.work)["cores"]
    result = Result()
    for stage, took in seconds.items():
        told = f"`{stage}`: {took:.1f} s, {logs.n_bytes / took / 1e6:.0f} MB of logs a second."
        if stage in PARTS:
            least = sum(logs.n_bytes / rates[part] for part in PARTS[stage]) / n_cores
            names = ", ".join(PARTS[stage])
            told += f" Its parts alone ({names}), on all cores: {least:.1f} s."
        result.facts.append(told)
    alone = "; ".join(f"{name} {rate / 1e6:.0f}" for name, rate in rates.items())
    result.facts.append(f"Alone on one core, MB of a log a second: {alone}.")
    return result
