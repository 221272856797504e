"""Makes the dossiers of the plan, with one source of chance."""

import random
from collections import Counter
from datetime import date, datetime, timedelta

from .plan import AS_OF, FIRST_RECEPTION, MONTH_WEIGHTS, MONTHS, SINCE, Dossier
from .tax_codes import give_tax_codes


class Maker:
    """Makes dossiers; the units must be made in the order of the plan."""

    def __init__(self, services, calendar):
        self.random = random.Random(20201031).random  # the one source of chance
        self.services, self.calendar = services, calendar

    def below(self, n):
        return int(self.random() * n)

    def pick(self, options):
        return options[self.below(len(options))]

    def weighted(self, options, weights):
        at = self.random() * sum(weights)
        for option, weight in zip(options, weights):
            at -= weight
            if at < 0:
                return option
        return options[-1]

    def at_work(self, day):
        minutes = 7 * 60 + 30 + self.below(9 * 60)
        return datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, self.below(60))

    def month_end(self, month):
        return self.calendar.working_days_of(2020, month)[-1]

    def ended(self, unit, kind, status, month):
        """Makes a dossier that ended in a month; `kind` is partial, full or offline."""
        candidates = [s for s in self.services if s.unit == unit.code]
        weights = [s.weight for s in candidates]
        while True:
            service = self.weighted(candidates, weights)
            end = self.pick(self.calendar.working_days_of(2020, month))
            most = service.most_days
            is_on_time = self.random() < 0.91
            n = most - int(most * self.random() ** 1.6) if is_on_time else most + 1 + self.below(9)
            n = min(max(n, 1), most) if is_on_time else n
            received = self.calendar.move(end, -n)
            if received < FIRST_RECEPTION or service.level_on(end) is None:
                continue
            level = service.level_on(received)
            if level is None or (kind != "offline" and level != kind):
                continue
            break
        due = self.calendar.move(received, most)
        if not unit.is_register and self.random() < 0.008:
            due = None
        channel = "online"
        if kind == "offline":
            channel = "counter" if self.random() < 0.85 or unit.is_opencps else "post"
        ended = self.at_work(end)
        returned = None
        if status == "completed":
            handed = self.calendar.move(end, self.weighted([0, 1, 2], [70, 20, 10]))
            if handed == end:
                returned = ended + timedelta(minutes=self.below(20))
            elif handed <= self.month_end(month):
                returned = self.at_work(handed)
        supplements = self.weighted([0, 1, 2], [90, 8, 2])
        return Dossier(unit, service, level, channel, status, self.at_work(received), due, ended,
                       returned, month, self.applicant(unit), supplements)

    def open(self, unit):
        """Makes a dossier that is open at the end of October."""
        candidates = [s for s in self.services if s.unit == unit.code]
        while True:
            service = self.weighted(candidates, [s.weight for s in candidates])
            received = self.calendar.move(self.month_end(10), -self.below(service.most_days + 4))
            if received >= date(2020, 1, 1) and service.level_on(AS_OF) is not None:
                break
        level = service.level_on(received)
        channel = "online" if level != "information" and self.random() < 0.5 else "counter"
        status = "processing"
        if unit.code != "G16.12":
            status = self.weighted(["processing", "supplement", "paused"], [60, 27, 13])
        due = self.calendar.move(received, service.most_days)
        supplements = 1 if status == "supplement" else 0
        return Dossier(unit, service, level, channel, status, self.at_work(received), due, None,
                       None, 10, self.applicant(unit), supplements)

    def applicant(self, unit):
        if unit.code == "G16.12":
            return "citizen"
        return self.weighted(["citizen", "enterprise", "organisation"], [45, 45, 10])

    def unit(self, unit):
        """Makes every dossier of a unit, faulty ones among them, with numbers by reception."""
        kinds = ["partial"] * unit.partial + ["full"] * unit.full + ["offline"] * unit.offline
        is_small = len(kinds) < 120
        dossiers = []
        months = list(MONTHS)
        offline_at = 0
        for kind in kinds:
            month = self.weighted(months, MONTH_WEIGHTS)
            if is_small and kind == "offline" and offline_at < 10:
                offline_at += 1
                month = offline_at  # so that no month of a small unit is empty
            dossiers.append(self.of_kind(unit, kind, "completed", month))
        for status, n in (("refused", unit.refused), ("withdrawn", unit.withdrawn)):
            for _ in range(n):
                month = self.weighted(months, MONTH_WEIGHTS)
                dossiers.append(self.ended(unit, "offline", status, month))
                if dossiers[-1].level != "information" and self.random() < 0.5:
                    dossiers[-1].channel = "online"
        dossiers.extend(self.open(unit) for _ in range(unit.open))
        self.repeat(unit, dossiers)
        for fault, n in unit.faults.items():
            for _ in range(n):
                month = self.pick([3, 6, 7, 8, 9, 10])  # the months with the most records
                dossier = self.ended(unit, "offline", "completed", month)
                if fault == "unknown_channel":
                    dossier.channel = "counter"
                dossier.fault = fault
                dossiers.append(dossier)
        dossiers.sort(key=lambda d: (d.received, d.service.code, d.month))
        serial = Counter()
        for n, dossier in enumerate(dossiers):
            serial[dossier.received.date()] += 1
            dossier.serial = serial[dossier.received.date()]
            dossier.uid = f"00000000-0000-4000-8000-{unit.code[-2:]}{n:010d}"
            if unit.is_register:
                dossier.serial = n + 1
        give_tax_codes(dossiers)
        return dossiers

    def of_kind(self, unit, kind, status, month):
        """Makes one; a month in which no service of the unit has that level is left for a later."""
        candidates = [s for s in self.services if s.unit == unit.code]
        starts = [start for s in candidates for level, start, _ in s.rows if level == kind]
        if kind != "offline":
            while min(starts) > self.calendar.move(date(2020, month, 20), -5):
                month += 1
        return self.ended(unit, kind, status, month)

    def repeat(self, unit, dossiers):
        """Has some be listed, open, by the file of the month of their reception as well."""
        left, moved = unit.repeats, unit.moved
        for dossier in dossiers:
            if left == 0:
                return
            received = dossier.received.date()
            is_later = received >= SINCE and received.month < dossier.month and dossier.due
            if dossier.status != "completed" or not is_later or dossier.channel == "post":
                continue
            dossier.sighted = received.month
            left -= 1
            if moved > 0:
                dossier.first_due = dossier.due
                dossier.due = self.calendar.move(dossier.due, 5)
                moved -= 1
        assert left == 0, unit.folder
