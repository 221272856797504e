"""`docs/performance.md`, written from the results."""

import string
from pathlib import Path

from .measuring import median

TEMPLATE = Path(__file__).with_name("performance.md.in")
NOT_MEASURED = "Not measured yet."


def table(head, rows):
    """Returns a table; all columns but the first stand to the right."""
    aligned = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, aligned, *rows])


def seconds(costs, part):
    """Says the median of a time, with the least and the most."""
    values = [cost[part] for cost in costs]
    middle = getattr(median(costs), part)
    return f"{middle:.2f} s ({min(values):.2f} to {max(values):.2f})"


def amount(n_bytes):
    """Says a number of bytes."""
    if n_bytes >= 2**30:
        return f"{n_bytes / 2**30:,.2f} GiB"
    if n_bytes >= 2**20:
        return f"{n_bytes / 2**20:,.0f} MiB"
    return f"{n_bytes / 1024:,.0f} KiB"


def costs_table(result):
    """Tells what each job cost."""
    head = ["", "wall", "CPU", "peak memory", "read", "written", "from disk", "to disk"]
    rows = []
    for job, costs in result.costs.items():
        middle = median(costs)
        moved = [middle.read, middle.written, middle.from_disk, middle.to_disk]
        times = [seconds(costs, "wall"), f"{middle.cpu:.2f} s"]
        peak = f"{amount(middle.peak)} (most {amount(max(cost['peak'] for cost in costs))})"
        rows.append([job, *times, peak, *map(amount, moved)])
    return table(head, rows)


def goals_table(result):
    """Tells each goal beside what was measured."""
    rows = []
    for goal in result.goals:
        limit = f"at {'least' if goal.at_least else 'most'} {goal.limit:g} {goal.unit}".strip()
        measured = f"{goal.measured:.2f} {goal.unit}".strip()
        rows.append([goal.text, limit, measured, "met" if goal.is_met else "**missed**"])
    return table(["goal", "limit", "measured", ""], rows)


def machine(about):
    """Names the machine on which a scenario was measured."""
    it = about["machine"]
    memory, free = amount(it["memory"]), amount(it["disk_free"])
    return (
        f"{it['cores']} cores of {it['model']}, {memory} of memory, {it['kernel']}, "
        f"{free} free on the disk"
    )


def section(result):
    """Returns what a scenario measured."""
    if result is None:
        return NOT_MEASURED
    about = result.about
    how = f"{about['version']}, runs in turn of each: {about['rounds']}"
    parts = [f"Measured on {about['date']} with {how}: {machine(about)}."]
    parts += result.facts
    if result.costs:
        parts += [costs_table(result), goals_table(result)]
    return "\n\n".join(parts)


def summary(results):
    """Tells all goals that were missed, or that none was."""
    goals = [(name, goal) for name, result in results.by_name.items() for goal in result.goals]
    missed = [
        f"- `{name}`: {goal.text}: {goal.measured:.2f} {goal.unit}".rstrip()
        + f", at {'least' if goal.at_least else 'most'} {goal.limit:g} asked for"
        for name, goal in goals
        if not goal.is_met
    ]
    text = f"{len(goals) - len(missed)} of {len(goals)} goals are met."
    return text + ("\n\nMissed:\n\n" + "\n".join(missed) if missed else "")


def write(results, path, scenarios):
    """Writes the page."""
    parts = {name: section(results.get(name)) for name in scenarios}
    template = string.Template(TEMPLATE.read_text())
    path.write_text(template.substitute(parts, summary=summary(results)))
