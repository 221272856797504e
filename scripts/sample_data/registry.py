"""The answers of the business registry to look-ups, one a dossier of an enterprise."""

from datetime import datetime, timedelta

from logformats import keyed

from .days import month_span
from .plan import MONTHS, SINCE
from .tax_codes import is_valid, tax_code
from .views import number_of

N_UNKNOWN = 3
ONE_IN = 2  # a look-up of one in so many dossiers of enterprises, and of every wrong code


def plan_look_ups(dossiers, random):
    """Plans look-ups: number of the dossier, tax code, whether it was found, when."""
    look_ups = []
    for dossier in dossiers:
        if not dossier.tax_code or dossier.fault or dossier.received.date() < SINCE:
            continue
        is_right = is_valid(dossier.tax_code)
        if is_right and random.randrange(ONE_IN) > 0:
            continue
        is_found = is_right and random.randrange(25) > 0
        at = dossier.received + timedelta(minutes=5)
        look_ups.append((number_of(dossier), dossier.tax_code, is_found, at))
    for n in range(N_UNKNOWN):
        at = datetime(2020, 5 + n, 20, 14, 0)
        look_ups.append((f"G16.08-{at:%y%m%d}-9{n:03d}", tax_code(f"00080009{n}"), False, at))
    return sorted(look_ups, key=lambda look_up: (look_up[3], look_up[0]))


def write_look_ups(look_ups, output):
    """Writes an answer a line."""
    for month in MONTHS:
        start, end = month_span(month, month)
        told = [look_up for look_up in look_ups if look_up[3].month == month]
        records = [
            {"MaHoSo": number, "MaSoDoanhNghiep": code, "TimThay": int(is_found), "NgayTraCuu": at}
            for number, code, is_found, at in told
        ]
        attributes = {"tuNgay": f"{start}", "denNgay": f"{end}"}
        data = keyed.write_xml(records, "KetQuaTraCuu", "TraCuu", attributes)
        output.save("dang-ky-doanh-nghiep", f"tra-cuu_{start:%Y-%m}.xml", data)
