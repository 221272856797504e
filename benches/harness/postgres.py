"""The scenario `postgres`: a table read by `hoso` and by DuckDB."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from .loads import told
from .machine import PEERS
from .measuring import Failed, Job, in_turn
from .results import Goal, Result
from .stages import watch

USER, PASSWORD, TABLE = "postgres", "a password of the benchmark", "logs"
PEAK_MIB = 256
N_COLUMNS, REMARK = 20, "Ghi chú"

SETTINGS = """
listen_addresses = '127.0.0.1'
fsync = off
full_page_writes = off
synchronous_commit = off
dynamic_shared_memory_type = mmap
"""

POSTGRES_KEYS = """
[postgres]
password = { env = "PGPASSWORD" }
table = "logs"
tls = false
"""


def as_postgres(name, *args):
    """Returns a command of the server, to be run by the user `postgres` where we are root."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.get_exec_path())]
    found = next((folder / name for folder in folders if (folder / name).exists()), None)
    if found is None:
        raise Failed(f"no `{name}`: `scripts/test` installs what it needs")
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    return [*(user if os.geteuid() == 0 else []), found, *args]


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Server:
    """A PostgreSQL server of its own, in a temporary folder."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.env = {"PGPASSWORD": PASSWORD}
        self.connection = f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres"
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "postgres", folder], check=True)
        words = ["--no-sync", "--no-instructions", "--locale=C.UTF-8", "--encoding=UTF8"]
        words += ["--auth=scram-sha-256", "--username", USER, "--pwfile", folder / "password"]
        initdb = as_postgres("initdb", *words, folder / "data")
        subprocess.run(initdb, cwd="/", stdout=subprocess.DEVNULL, check=True)
        own = f"unix_socket_directories = '{folder}'\nport = {self.port}\n"
        (folder / "data" / "postgresql.conf").write_text(SETTINGS + own)

    def sql(self, statement, file=None):
        """Runs a statement, given a file if it reads one; returns the text of its answer."""
        command = ["psql", self.connection, "-v", "ON_ERROR_STOP=1", "-qAtc", statement]
        env = {**os.environ, **self.env}
        run = subprocess.run(command, stdin=file, env=env, capture_output=True, text=True)
        if run.returncode != 0:
            raise Failed(f"psql: {run.stderr}")
        return run.stdout.strip()

    def answers(self):
        try:
            return self.sql("SELECT 1") == "1"
        except Failed:
            return False


@contextmanager
def serving():
    """Runs a server for as long as the block."""
    folder = Path(tempfile.mkdtemp(prefix="hoso-bench-"))
    try:
        server = Server(folder)
        command = as_postgres("postgres", "-D", folder / "data")
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log)
        try:
            until = time.monotonic() + 60
            while not server.answers():
                if process.poll() is not None or time.monotonic() > until:
                    raise Failed(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")
                time.sleep(0.1)
            yield server
        finally:
            process.terminate()
            process.wait()
    finally:
        shutil.rmtree(folder)


def fill(server, logs):
    """Makes the table: the columns of the log as they are written, and one of remarks."""
    file, = logs.files
    with open(file, encoding="utf-8") as lines:
        headings = lines.readline().strip().split(",")
    columns = ", ".join(f'"{heading}" text' for heading in headings)
    server.sql(f"CREATE TABLE {TABLE} ({columns}, \"{REMARK}\" text DEFAULT 'không')")
    named = ", ".join(f'"{heading}"' for heading in headings)
    with open(file, "rb") as lines:
        server.sql(f"COPY {TABLE} ({named}) FROM STDIN (FORMAT csv, HEADER)", lines)
    server.sql(f"VACUUM (ANALYZE) {TABLE}")
    server.sql("CHECKPOINT")
    return headings


def lay_out(trial, server, headings):
    """Makes a pipeline directory of one feed that reads the table.

    Only what a profile reads leaves the database, so that it requires all columns, even those that
    it then ignores.
    """
    trial.lay_out(1)
    feed = trial.pipeline / "feeds" / "unit_000.toml"
    text = re.sub("(?m)^(name|settle_seconds) = .*\n", "", feed.read_text())
    place = f'location = "postgres://{USER}@127.0.0.1:{server.port}/postgres"'
    feed.write_text(re.sub("(?m)^location = .*$", place, text) + POSTGRES_KEYS)
    profile = trial.pipeline / "profiles" / "list.toml"
    every = ", ".join(f'"{heading}"' for heading in [*headings, REMARK])
    text = re.sub("(?m)^required = .*$", f"required = [{every}]", profile.read_text())
    profile.write_text(text.replace("ignored = [", f'ignored = ["{REMARK}", '))


def postgres(bench):
    """A table of `--rows-postgres` rows and 20 columns, by DuckDB to Parquet and by `hoso`."""
    rows = bench.rows_postgres
    logs = bench.logs(rows, 1, "--one-file")
    trial = bench.trial("postgres")
    with serving() as server:
        headings = fill(server, logs)
        n_rows = server.sql(f"SELECT count(*) FROM {TABLE}")
        trial.env = server.env
        out = bench.work / "postgres.parquet"

        def prepare():
            trial.forget()
            lay_out(trial, server, headings)

        def check(output):
            if output.strip() != n_rows:
                raise Failed(f"wrong number of rows of duckdb: {output.strip()}, not {n_rows}")

        command = [bench.python, PEERS / "duckdb_postgres.py", server.connection, TABLE, out]
        state = {"numbers": logs.numbers}
        jobs = [
            Job("duckdb", command, check=check, env=server.env),
            trial.run("hoso", state, prepare),
            trial.verify(),
        ]
        result = Result(in_turn(jobs, bench.rounds))
        out.unlink()
        prepare()
        seconds, _ = watch(trial)
        trial.forget()
    hoso = result.median("hoso")
    stages = ", ".join(f"`{stage}` {took:.1f} s" for stage, took in seconds.items())
    result.facts = [
        f"{int(n_rows):,} rows of {N_COLUMNS} columns: {told(logs.numbers)}.",
        f"By stage, once more: {stages}.",
    ]
    ratio = hoso.wall / result.median("duckdb").wall
    result.goals = [
        Goal("wall time, of that of `duckdb`", ratio, 1.0),
        Goal("peak memory", hoso.peak / 2**20, PEAK_MIB, "MiB"),
    ]
    return result
