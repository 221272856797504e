"""The scenarios on a store that holds a history: `daily` and `indicators`."""

import re

from . import data
from .loads import told
from .measuring import in_turn, median
from .results import Goal, Result

SHARES_OF_LOAD = {"full": 0.10, "large": 0.05}
IDLE_SECONDS = 2.0
DOSSIERS_A_SECOND = 10_000_000
FROM_MEASURES_SECONDS = 2.0

# A day changes values that are final: long before `as_of` of the pipeline.
ACCEPTED = ["--accept", "final_changed", "--reason", "a day of the benchmark"]


def loaded(bench):
    """Returns the trial that `full` left, loaded if it must be."""
    trial = bench.trial("full")
    trial.ensure_loaded(bench.logs(), bench.rows, bench.units)
    return trial


def add_up(numbers, more):
    """Returns numbers with those of a day."""
    return {name: n + more[name] for name, n in numbers.items()}


def a_day(bench, trial):
    """Runs the next day's change and a run with nothing new; returns costs and what was touched."""
    state = trial.state
    rows, units, day = state["rows"], state["units"], state["days"] + 1
    logs = data.make(bench.python, bench.work, rows, units, "--day", str(day))
    trial.add(logs)
    after = {**state, "numbers": add_up(state["numbers"], logs.numbers), "days": day}
    cells = trial.holds()["cells"]
    costs = in_turn([trial.run("day", after, words=ACCEPTED)], 1)
    touched = {path: n for path, n in trial.holds()["cells"].items() if path not in cells}
    report = trial.last_report()
    costs |= in_turn([trial.run("idle", after), trial.verify()], 1)
    fact = (
        f"Day {day}: {len(logs.files)} files, {logs.n_bytes / 1e6:.2f} MB; {len(touched)} of "
        f"{len(cells)} cells rewritten with {sum(touched.values()):,} dossiers, "
        f"{report['rows_changed']:,} published rows changed; then {told(after['numbers'])}."
    )
    return costs, fact


def daily(bench):
    """A day's change, then a run with nothing new, on the stores that `full` and `large` left."""
    result, trials = Result(), {"full": loaded(bench)}
    if bench.trial("large").state.get("rows") == bench.rows_large:
        trials["large"] = bench.trial("large")
    for name, trial in trials.items():
        load = bench.needs(name).median("hoso")
        for _ in range(bench.rounds):
            costs, fact = a_day(bench, trial)
            for job, runs in costs.items():
                result.costs.setdefault(f"{job}, {name}", []).extend(runs)
            result.facts.append(f"`{name}`: {fact}")
        day, idle = result.median(f"day, {name}"), result.median(f"idle, {name}")
        share = SHARES_OF_LOAD[name]
        result.goals += [
            Goal(f"a day on `{name}`, of the time of its load", day.wall / load.wall, share),
            Goal(f"nothing new on `{name}`", idle.wall, IDLE_SECONDS, "s"),
        ]
    return result


def edit(trial, table, key, value, version):
    """Sets a key of a table in the pipeline's `indicators.toml`, and the versions that go with it."""
    path = trial.pipeline / "indicators.toml"
    before, head, rest = path.read_text().partition(f"[{table}]\n")
    body, gap, after = rest.partition("\n\n")
    body = re.sub(f"(?m)^{key} = .*$", lambda _: f"{key} = {value}", body)
    if table.startswith("indicator."):
        body = re.sub("(?m)^version = .*$", f"version = {version}", body)
    path.write_text(before + head + body + gap + after)


def new_measure(trial, number):
    """Defines a measure anew, so that every cell is counted again, and the indicator made of it."""
    condition = f'"status = \'completed\' AND fee_vnd > {number}"'
    edit(trial, "measure.with_fee", "where", condition, number)
    edit(trial, "indicator.with_fee", "numerator", '"with_fee"', number)


def new_indicator(trial, number):
    """Defines an indicator anew from measures that are there."""
    numerator = ['"digitised"', '"e_results"'][number % 2]
    edit(trial, "indicator.digitisation_rate", "numerator", numerator, number)


def indicators(bench):
    """New definitions over the store that `full` left: of a measure, then of an indicator alone."""
    trial = loaded(bench)
    state = trial.state
    n_dossiers = sum(trial.holds()["cells"].values())
    numbers = iter(range(state.get("definitions", 1) + 1, 1 << 30))
    costs = {}
    for _ in range(bench.rounds):
        number = next(numbers)
        state = {**state, "definitions": number}
        jobs = [
            trial.run("idle", state),
            trial.run("new measure", state, lambda: new_measure(trial, number)),
            trial.run("new indicator", state, lambda: new_indicator(trial, number)),
            trial.verify(),
        ]
        for job, runs in in_turn(jobs, 1).items():
            costs.setdefault(job, []).extend(runs)
    result = Result(costs)
    measure, idle = median(costs["new measure"]).wall, median(costs["idle"]).wall
    result.facts = [
        f"{n_dossiers:,} dossiers, received in eight years. A run for a new measure takes "
        f"{measure:.2f} s, one with nothing new {idle:.2f} s: the counting and publishing alone "
        f"come to {n_dossiers / max(measure - idle, 0.01) / 1e6:.1f} million dossiers a second.",
    ]
    rate = n_dossiers / measure
    from_measures = median(costs["new indicator"]).wall
    result.goals = [
        Goal("from `dossiers`, whole run", rate / 1e6, DOSSIERS_A_SECOND / 1e6, "million/s", True),
        Goal("from `measures`, whole run", from_measures, FROM_MEASURES_SECONDS, "s"),
    ]
    return result
