"""What a process costs: time, memory and bytes."""

import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Callable


class Failed(Exception):
    """A job that ended with a fault, or found a wrong number."""


@dataclass(frozen=True)
class Cost:
    """What one process cost; times in seconds, all else in bytes.

    `read` and `written` are what it asked the kernel for, `from_disk` and `to_disk` what of that
    reached a disk. Files mapped into memory are only in `from_disk`.
    """

    wall: float
    cpu: float
    peak: int
    read: int
    written: int
    from_disk: int
    to_disk: int


@dataclass
class Job:
    """A command to be measured.

    `prepare` runs before it and `check` after it on what it printed; neither is measured.
    """

    name: str
    command: list
    prepare: Callable[[], None] = lambda: None
    check: Callable[[str], None] = lambda output: None
    env: dict = field(default_factory=dict)


def rewound(file):
    file.seek(0)
    return file


def measure(job):
    """Runs a job's command and returns its cost and what it printed.

    The kernel tells the bytes of a process as long as nobody has waited for it, so that its end is
    awaited first and the process itself after it. Peak memory would be no less than that of the
    process that starts it, which is why this one is kept small.
    """
    os.sync()  # What earlier jobs have written must not slow this one.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        command, env = [str(it) for it in job.command], {**os.environ, **job.env}
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=env)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall = time.monotonic() - start
        told = Path(f"/proc/{process.pid}/io").read_text()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        text, said = (rewound(file).read().decode() for file in (output, errors))
    if process.returncode != 0:
        raise Failed(f"{job.name}: exit {process.returncode} of {' '.join(command)}\n{text}{said}")
    io = {name: int(n) for name, n in (line.split(": ") for line in told.splitlines())}
    cost = Cost(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss * 1024,
        read=io["rchar"],
        written=io["wchar"],
        from_disk=io["read_bytes"],
        to_disk=io["write_bytes"],
    )
    return cost, text


def in_turn(jobs, rounds):
    """Runs jobs one after the other, `rounds` times; returns the costs by the job's name."""
    costs = {}
    for _ in range(rounds):
        for job in jobs:
            job.prepare()
            cost, output = measure(job)
            job.check(output)
            costs.setdefault(job.name, []).append(asdict(cost))
            peak = cost.peak / 2**20
            print(f"  {job.name}: {cost.wall:.2f} s, {peak:.0f} MiB", flush=True)
    return costs


def median(costs):
    """Returns the median of each part of several costs."""
    return Cost(**{
        part.name: statistics.median(cost[part.name] for cost in costs) for part in fields(Cost)
    })
