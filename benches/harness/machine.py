"""The machine, the tools that the jobs need, and the program that is measured."""

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "benches" / "peers"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "hoso"

NEEDED = {
    "deltalake": "deltalake==1.6.6",
    "duckdb": "duckdb==1.5.5",
    "duckdb_extension_postgres_scanner": "duckdb-extension-postgres-scanner==1.5.5",
    "numpy": "numpy==2.4.6",
    "polars": "polars==2.1.0",
    "pyarrow": "pyarrow==26.0.1",
}


def python():
    """Returns a Python with all that the peers need, installing what is missing.

    It is that of `scripts/test`.
    """
    program = CACHE / "venv" / "bin" / "python"
    imports = f"import {', '.join(NEEDED)}"
    try:
        subprocess.run([program, "-c", imports], capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        print(f"== installing what the peers need into {CACHE / 'venv'}")
        subprocess.run(["python3", "-m", "venv", CACHE / "venv"], check=True)
        install = [program, "-m", "pip", "install", "--quiet", *NEEDED.values()]
        subprocess.run(install, check=True)
    return program


def build():
    """Builds `hoso` for release, where `scripts/test` builds, and returns its path."""
    env = {"CARGO_TARGET_DIR": str(CACHE / "target"), **os.environ}
    command = ["cargo", "build", "--release", "--locked", "--bin", "hoso"]
    subprocess.run(command, cwd=ROOT, env=env, check=True)
    return Path(env["CARGO_TARGET_DIR"]) / "release" / "hoso"


def build_ceilings():
    """Builds what measures the bare libraries, and returns its path."""
    env = {"CARGO_TARGET_DIR": str(CACHE / "target"), **os.environ}
    command = ["cargo", "bench", "--locked", "--bench", "ceilings", "--no-run"]
    command += ["--message-format", "json"]
    run = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True)
    told = (json.loads(line) for line in run.stdout.splitlines())
    return next(path for it in told if (path := it.get("executable")))


def first_match(path, key):
    """Returns the value of the first line `key: value` of a file, if there is one."""
    for line in Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "unknown"


def describe(work):
    """Names the machine, with what is free on the disk of the working folder."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "model": first_match("/proc/cpuinfo", "model name"),
        "memory": int(first_match("/proc/meminfo", "MemTotal").split()[0]) * 1024,
        "kernel": f"{platform.system()} {platform.release()}",
        "disk_free": shutil.disk_usage(work).free,
    }
