"""The steps that one unit's system sent to the national portal: CapNhatTienDoHoSoMC."""

from datetime import timedelta

from logformats import keyed

from .days import month_span
from .plan import AS_OF, MONTHS, SINCE
from .portal import stamp
from .views import PEOPLE, number_of

UNIT = "G16.04"
ONE_IN = 7
N_REOPENED = 3


def plan_steps(dossiers, random):
    """Plans steps: number, status, when it began, when it ended. First and last are synthetic."""
    steps, n_reopened = [], 0
    for dossier in dossiers:
        if dossier.unit.code != UNIT or dossier.fault or dossier.received.date() < SINCE:
            continue
        if random.randrange(ONE_IN) > 0 and dossier.ended:
            continue
        number, begun = number_of(dossier), dossier.received
        at = begun + timedelta(minutes=30)
        told = [("2", begun), ("4", at)]
        if dossier.ended and dossier.supplements and n_reopened < N_REOPENED:
            # It waits for the applicant, and is sent as finished until it goes on.
            n_reopened += 1
            told += [("9", at + timedelta(hours=1)), ("4", at + timedelta(hours=20))]
        elif dossier.status in ("supplement", "paused"):
            told.append(("9", at + timedelta(hours=1)))
        if dossier.ended:
            told.append(({"refused": "3", "withdrawn": "7"}.get(dossier.status, "9"), dossier.ended))
        if dossier.returned:
            told.append(("10", max(dossier.returned, dossier.ended + timedelta(minutes=1))))
        steps += [(number, status, when, dossier.due) for status, when in told if when.date() <= AS_OF]
    assert n_reopened == N_REOPENED
    return steps


def write_steps(steps, output):
    """Writes the steps of a month as the body of one request."""
    titles = {"2": "Tiếp nhận", "4": "Xử lý", "9": "Kết thúc", "10": "Trả kết quả"}
    for month in MONTHS:
        start, end = month_span(month, month)
        records = [
            {"MaHoSo": number, "NguoiXuLy": PEOPLE[1], "ChucDanh": "Chuyên viên",
             "ThoiDiemXuLy": stamp(when), "PhongBanXuLy": "Phòng Mẫu",
             "NoiDungXuLy": titles.get(status, "Dừng"), "TrangThai": status, "NgayBatDau": stamp(when),
             "NgayKetThucTheoQuyDinh": stamp(due)}
            for number, status, when, due in steps if when.month == month
        ]
        envelope = {"service": "CapNhatTienDoHoSoMC", "session": "", "madonvi": UNIT}
        name = f"CapNhatTienDoHoSoMC_{start:%Y-%m}.json"
        output.save("my-thuat-nhiep-anh-tien-do", name, keyed.write_json(records, envelope))
