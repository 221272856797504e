"""Working days, and days as logs write them."""

import csv
from datetime import date, datetime, timedelta

from .files import PIPELINE


class Calendar:
    """The working days of `calendar.csv`."""

    def __init__(self):
        with open(PIPELINE / "calendar.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.exceptions = {date.fromisoformat(r["day"]): r["working"] == "true" for r in rows}

    def is_working(self, day):
        return self.exceptions.get(day, day.weekday() < 5)

    def move(self, day, n):
        """Returns the n-th working day after (or, below zero, before) a day."""
        step = timedelta(days=1 if n > 0 else -1)
        while n != 0:
            day += step
            if self.is_working(day):
                n -= 1 if n > 0 else -1
        return day

    def working_days_of(self, year, month):
        day, days = date(year, month, 1), []
        while day.month == month:
            if self.is_working(day):
                days.append(day)
            day += timedelta(days=1)
        return days


def month_span(first, last):
    """Returns the first and the last day of some months of 2020."""
    start = date(2020, first, 1)
    return start, date(2020, last + 1, 1) - timedelta(days=1)


def day_text(form, when, is_impossible=False):
    """Writes a day or a time; a day alone at the end of work. An impossible one keeps its form."""
    if when is None:
        return ""
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day, 17, 0, 0)
    text = when.strftime(form)
    if is_impossible:
        bad = datetime(2020, 2, 29).strftime(form)[: len("29/02/2020")]
        is_iso = form[:2] == "%Y"
        text = "2020-02-31" + text[10:] if is_iso else bad.replace("29", "31", 1) + text[10:]
    return text
