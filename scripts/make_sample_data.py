#!/usr/bin/env python3
"""Writes `sample_data/` and `pipelines/ministry/services.csv`.

Everything is invented; only the sums follow the ministry's report of 26 November 2020. The seed is
fixed, so every run writes the same. After writing, the files are read again by readers that know
nothing of the writers, and every planned count is checked.
"""

import random
import sys
from collections import Counter

from sample_data import (
    catalogue, days, lists, maker, opencps, parcels, payments, plan, portal, progress, registry,
)
from sample_data.check_feeds import verify_feeds
from sample_data.check_logs import verify_logs
from sample_data.files import OUT, README, Output
from sample_data.readme import readme


def main():
    services, table = catalogue.read_services()
    catalogue.verify_services(services, table)
    catalogue.write_services(table)
    calendar = days.Calendar()
    output, planned, dossiers = Output(), Counter(), []
    made = maker.Maker(services, calendar)
    for unit in plan.UNITS:
        of_unit = made.unit(unit)
        dossiers += of_unit
        planned.update(unit.faults)
        planned["duplicate"] += unit.duplicates
        if unit.code == "G16.07":
            opencps.write_actions(unit, of_unit, made, output)
        elif unit.is_opencps:
            opencps.write_dossiers(unit, of_unit, output)
        else:
            lists.write_lists(unit, of_unit, output)
    feeds = write_feeds(dossiers, output)
    output.write()
    logs = verify_logs(services, calendar, planned)
    told = verify_feeds(dossiers, feeds)
    (OUT / README).write_text(readme(logs, told), encoding="utf-8")
    print(logs.summary(), *told, sep="\n")
    return 0


def write_feeds(dossiers, output):
    """Writes what comes from outside the units; each has a source of chance of its own."""
    paid = payments.plan_payments(dossiers, random.Random(1))
    payments.write_payments(paid, output)
    carried = parcels.plan_parcels(dossiers, random.Random(2))
    parcels.write_parcels(carried, output)
    sent = portal.plan_sent(dossiers, paid, random.Random(3))
    portal.write_sent(sent, output)
    steps = progress.plan_steps(dossiers, random.Random(4))
    progress.write_steps(steps, output)
    look_ups = registry.plan_look_ups(dossiers, random.Random(5))
    registry.write_look_ups(look_ups, output)
    return {"payments": paid, "parcels": carried, "sent": sent, "steps": steps, "look_ups": look_ups}


if __name__ == "__main__":
    sys.exit(main())
