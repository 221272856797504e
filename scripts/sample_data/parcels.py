"""What VNPost carried: applications to a counter, and results to applicants."""

from datetime import datetime, timedelta

from logformats import formats
from logformats.table import Table

from .days import month_span
from .plan import AS_OF, MONTHS, SINCE
from .views import number_of

UNITS = ("G16.01", "G16.02", "G16.03", "G16.05", "G16.06", "G16.09")
N_UNKNOWN = 4
HEADINGS = (
    "STT|Mã bưu gửi|Mã hồ sơ|Thu nhận hồ sơ|Chuyển trả kết quả|Ngày chấp nhận|Ngày phát|"
    "Bưu cục chấp nhận|Cước (VNĐ)"
).split("|")
COSTS = {"in": 26000, "out": 30000}


def plan_parcels(dossiers, random):
    """Plans parcels: number of the dossier, direction, when handed over, when delivered."""
    parcels = []
    for dossier in dossiers:
        if dossier.unit.code not in UNITS or dossier.fault or dossier.received.date() < SINCE:
            continue
        number = number_of(dossier)
        if dossier.channel == "post" and random.randrange(2) == 0:
            at = dossier.received - timedelta(days=random.randrange(1, 4))
            parcels.append((number, "in", at, dossier.received - timedelta(hours=1)))
        is_returned = dossier.returned and dossier.channel != "counter"
        if is_returned and random.randrange(3 if dossier.channel == "post" else 40) == 0:
            at = dossier.returned
            delivered = at + timedelta(days=random.randrange(1, 5), minutes=random.randrange(90))
            parcels.append((number, "out", at, delivered))
    for n in range(N_UNKNOWN):
        at = datetime(2020, 4 + n, 14, 10, 5)
        parcels.append((f"G16.02-{at:%y%m%d}-9{n:03d}", "out", at, at + timedelta(days=2)))
    parcels.sort(key=lambda parcel: (parcel[2], parcel[0], parcel[1]))
    return [(f"EV{900000000 + n}VN", *parcel) for n, parcel in enumerate(parcels, 1)]


def write_parcels(parcels, output):
    """Writes a text a month; a parcel that is under way is listed again when it is delivered."""
    for month in MONTHS:
        start, end = month_span(month, month)
        last, rows = datetime(end.year, end.month, end.day, 23, 59), []
        for code, number, direction, handed, delivered in parcels:
            listed_in = [max(handed.date(), SINCE).month]
            if delivered.date() <= AS_OF and delivered.month != listed_in[0]:
                listed_in.append(delivered.month)
            if month not in listed_in:
                continue
            is_delivered = delivered <= last
            rows.append([
                len(rows) + 1, code, number, "Có" if direction == "in" else "Không",
                "Có" if direction == "out" else "Không", f"{handed:%d/%m/%Y %H:%M}",
                f"{delivered:%d/%m/%Y %H:%M}" if is_delivered else "",
                "Hà Nội" if direction == "out" else "Bưu cục Mẫu", COSTS[direction],
            ])
        table = Table([HEADINGS], rows, below=[["Tổng cộng", len(rows), *[""] * 7]])
        name = f"vnpost_{start:%Y-%m}_{end + timedelta(days=2):%Y%m%d}.csv"
        output.save("vnpost", name, formats.write(table, "csv"))
