"""The ceilings of the stages, as `benches/ceilings.rs` measures them."""

from .loads import Skipped
from .machine import ROOT, cargo
from .results import Result


def parse(output):
    """Reads the lines `name<TAB>MB/s<TAB>…`; other lines tell how cargo builds."""
    lines = [line.split("\t") for line in output.splitlines()]
    return [
        {"name": line[0].strip(), "mb_a_second": float(line[1]), "more": line[2:]}
        for line in lines
        if len(line) > 1
    ]


def ceilings(bench):
    """How fast each stage can be at all, beside how fast it is."""
    if not (ROOT / "benches" / "ceilings.rs").exists():
        raise Skipped("there is no `benches/ceilings.rs`")
    _, output = cargo("bench", "--locked", "--bench", "ceilings")
    return Result(ceilings=parse(output))
