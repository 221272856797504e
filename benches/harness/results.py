"""The results of the scenarios, kept as JSON until a scenario is measured again."""

import json
from dataclasses import asdict, dataclass, field

from .measuring import Cost, median


@dataclass
class Goal:
    """A goal, and what was measured: at most, or at least, the limit."""

    text: str
    measured: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self):
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


@dataclass
class Result:
    """What a scenario measured: the costs of each job by round, facts in words, the goals."""

    costs: dict = field(default_factory=dict)
    facts: list = field(default_factory=list)
    goals: list = field(default_factory=list)
    about: dict = field(default_factory=dict)

    def median(self, job) -> Cost:
        return median(self.costs[job])


class Results:
    """All results, in a file."""

    def __init__(self, path):
        self.path = path
        self.by_name = {}
        if path.exists():
            for name, told in json.loads(path.read_text()).items():
                told["goals"] = [Goal(**goal) for goal in told["goals"]]
                self.by_name[name] = Result(**told)

    def keep(self, name, result):
        """Keeps the result of a scenario in place of an earlier one."""
        self.by_name[name] = result
        told = {name: asdict(it) for name, it in self.by_name.items()}
        text = json.dumps(told, indent=1, ensure_ascii=False)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(text + "\n")

    def get(self, name):
        return self.by_name.get(name)
