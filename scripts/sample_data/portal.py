"""What the units' systems sent to the national portal: the payload of DongBoHoSoMC as of 2020.

It carries the distortions that such systems are known for, and three keys that came later, because
without them some distortions cannot be seen: MaHoSoKhac, DuocThanhToanTrucTuyen and DuocSoHoa.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from logformats import keyed

from .days import month_span
from .plan import MONTHS, SINCE
from .views import IDENTITY, PHONE, number_of, person, view_of

UNITS = ("G16.01", "G16.03", "G16.05", "G16.08")
N_A_MONTH = 26
LATER_KEYS_SHOWN = 60  # records in the last month: so many that what never changes is noticed
KINDS = {"citizen": "1", "enterprise": "2", "organisation": "4"}
N_REPLACED, N_REOPENED, N_FALSE_RESULTS, N_UNMAPPED, N_UNKNOWN = 5, 4, 8, 2, 7


@dataclass
class Sent:
    """What was sent of a dossier in a month."""

    month: int
    view: dict
    status: str
    number: str
    other_number: str = ""
    finished: datetime | None = None
    is_paid: bool = False
    has_false_result: bool = False
    planted: set = field(default_factory=set)


def plan_sent(dossiers, payments, random):
    """Chooses the dossiers that are sent and how each is distorted."""
    known = [d for d in dossiers if d.unit.code in UNITS and not d.fault and d.received.date() >= SINCE]
    paid = {id(p.dossier): p for p in payments if p.status == "paid" and p.dossier}
    chosen, replaced, false_results = [], 0, 0
    for month in MONTHS:
        ended = [d for d in known if d.month == month and d.ended and not d.sighted]
        n = LATER_KEYS_SHOWN if month == MONTHS[-1] else N_A_MONTH
        picked = random.sample(ended, n)
        # No due day; a fee of 0; a fee that was paid in cash: one or two of each a month.
        picked += [d for d in ended if d.due is None and d not in picked][:1]
        picked += [d for d in ended if d.service.fee == 0 and d.unit.code == "G16.08" and d not in picked][:2]
        in_cash = [d for d in ended if id(d) in paid and paid[id(d)].channel == "cash"]
        picked += [d for d in in_cash if d not in picked][:1]
        for dossier in sorted(picked, key=lambda d: (d.received, number_of(d))):
            sent = finished(dossier, month, paid)
            is_old = sent.number.startswith("000.")
            if is_old and replaced < N_REPLACED and random.randrange(3) == 0:
                # A number that the portal did not take: a made-up one instead, the own beside it.
                day = f"{dossier.received:%y%m%d}"
                sent.other_number = sent.number
                sent.number = f"G16.05-{day}-{10000 + random.randrange(90000)}"
                sent.planted.add("number_replaced")
                replaced += 1
            elif dossier.status == "completed" and false_results < N_FALSE_RESULTS and random.randrange(9) == 0:
                sent.has_false_result = True
                sent.planted.add("result_is_submitted_file")
                false_results += 1
            chosen.append(sent)
    assert (replaced, false_results) == (N_REPLACED, N_FALSE_RESULTS), (replaced, false_results)
    chosen += open_ones(known) + reopened(known, paid) + unmatched()
    unmapped = [sent for sent in chosen if sent.status == "10" and not sent.planted][::90][:N_UNMAPPED]
    for sent in unmapped:
        # The system knew no code for the status and wrote 0.
        sent.status = "0"
        sent.planted.add("unknown_code")
    return chosen


def finished(dossier, month, paid):
    """What is sent of a dossier that has ended."""
    view = view_of(dossier)
    status = {"completed": "10" if view["returned"] else "9", "refused": "3", "withdrawn": "7"}
    is_payable = dossier.service.payable_from and dossier.received.date() >= dossier.service.payable_from
    is_paid_online = bool(dossier.service.fee and dossier.channel == "online" and is_payable)
    sent = Sent(month, view, status[dossier.status], view["number"], finished=view["ended"])
    # Any request that was paid counts as paid online, be it in cash.
    sent.is_paid = id(dossier) in paid or is_paid_online
    if id(dossier) in paid and paid[id(dossier)].channel == "cash":
        sent.planted.add("paid_online_by_cash")
    if dossier.due is None and dossier.status == "completed":
        sent.planted.add("portal_end_without_due")
    if dossier.service.fee == 0 and dossier.unit.code == "G16.08":
        sent.planted.add("zero_fee_not_sent")
    return sent


def open_ones(known):
    """What is sent of open dossiers: those that wait or are paused are sent as finished."""
    sent = []
    for dossier in (d for d in known if d.ended is None):
        view = view_of(dossier)
        one = Sent(10, view, "4", view["number"])
        if dossier.status in ("supplement", "paused"):
            pretend_end(one)
            one.planted.add("portal_end_while_paused")
        if dossier.service.fee == 0 and dossier.unit.code == "G16.08":
            one.planted.add("zero_fee_not_sent")
        sent.append(one)
    return sent


def reopened(known, paid):
    """Dossiers sent as finished while they waited, then as open, then as finished."""
    waited = [
        d for d in known
        if d.sighted and view_of(d, is_sighting=True)["status"] == "supplement" and d.unit.code != "G16.05"
    ]
    sent = []
    for dossier in waited[:N_REOPENED]:
        first = Sent(dossier.sighted, view_of(dossier, is_sighting=True), "9", number_of(dossier))
        pretend_end(first)
        again = Sent(dossier.month, view_of(dossier), "4", number_of(dossier))
        last = finished(dossier, dossier.month, paid)
        last.planted.add("portal_reopened")
        sent += [first, again, last]
    assert len(sent) == 3 * N_REOPENED
    return sent


def unmatched():
    """Dossiers that no unit lists, two of them under the key that OpenCPS keeps for itself."""
    sent = []
    for n in range(N_UNKNOWN):
        received = datetime(2020, 3 + n, 17, 8, 40)
        number = f"G16.03-{received:%y%m%d}-9{n:03d}" if n > 1 else f"00000000-0000-4000-8000-99{n:010d}"
        view = {
            "number": number, "code": "1.903001", "name": "Cấp giấy phép phổ biến phim", "serial": n,
            "received": received, "due": (received + timedelta(days=21)).date(), "returned": None,
            "applicant": "citizen", "channel": "online", "supplements": 0, "level": "partial",
            "fee": 0, "ended": None,
        }
        sent.append(Sent(received.month, view, "4", number))
    return sent


def pretend_end(sent):
    """Has a dossier that waits be sent as finished, with an end that was made up."""
    sent.status = "9"
    sent.finished = datetime.combine(sent.view["received"].date(), time(16, 30)) + timedelta(days=1)


def stamp(when):
    """Writes a time as the portal wants it; a day as the end of work."""
    if when is None:
        return ""
    if not isinstance(when, datetime):
        when = datetime.combine(when, time(17, 0))
    return f"{when:%Y%m%d%H%M%S}"


def record_of(n, sent):
    """Returns the record: every value is a text, what is missing is empty."""
    view, path = sent.view, f"/files/2020/{n:06d}"
    has_result = sent.status in ("9", "10") and (view["level"] == "full" or sent.has_false_result)
    submitted = f"{path}-don.pdf"
    result = submitted if sent.has_false_result else f"{path}-kq.pdf"
    own = {"MaHoSoKhac": sent.other_number} if sent.other_number else {}
    return {
        "MaHoSo": sent.number, **own, "MaTTHC": view["code"], "TenTTHC": view["name"],
        "ChuHoSo": person(view), "LoaiDoiTuong": KINDS[view["applicant"]], "MaDoiTuong": "",
        "Email": "", "Fax": PHONE, "SoDienThoai": PHONE, "TrichYeuHoSo": "",
        "NgayTiepNhan": stamp(view["received"]), "NgayHenTra": stamp(view["due"]),
        "TrangThaiHoSo": sent.status, "NgayKetThucXuLy": stamp(sent.finished),
        "NgayTra": stamp(view["returned"]) if sent.status == "10" else "",
        "HinhThuc": str(int(view["channel"] == "post")), "DonViXuLy": "",
        "DuocThanhToanTrucTuyen": str(int(sent.is_paid)),
        "TaiLieuNop": [{"TepDinhKemId": str(n), "TenTepDinhKem": "don.pdf", "IsDeleted": "false",
                        "MaThanhPhanHoSo": "TP01", "DuongDanTaiTepTin": submitted, "DuocSoHoa": "1"}],
        "DanhSachLePhi": [{"MaPhiLePhi": "LP01", "HinhThucThu": "1", "Gia": str(view["fee"]),
                           "LoaiPhiLePhi": "1"}] if view["fee"] else [],
        "DanhSachHoSoBoSung": [
            {"HoSoBoSungId": str(i + 1), "NguoiYeuCauBoSung": "Trần Thị B",
             "NgayBoSung": stamp(view["received"] + timedelta(days=i))} for i in range(view["supplements"])
        ],
        "DanhSachGiayToKetQua": [{"TenGiayTo": "Kết quả", "GiayToId": IDENTITY[:4],
                                  "DuongDanTepTinKetQua": result}] if has_result else [],
    }


def write_sent(sent, output):
    """Writes what was sent in a month as the body of one request."""
    order = {"9": 0, "4": 1, "10": 2}
    n = 0
    for month in MONTHS:
        start, end = month_span(month, month)
        records = []
        for one in sorted(
            (one for one in sent if one.month == month),
            key=lambda one: (one.view["received"], one.number, order.get(one.status, 3)),
        ):
            n += 1
            records.append(record_of(n, one))
        envelope = {"service": "DongBoHoSoMC", "session": "", "madonvi": "G16", "isUpdating": "False"}
        name = f"DongBoHoSoMC_{start:%Y-%m}_{end + timedelta(days=2):%Y%m%d}.json"
        output.save("npsp", name, keyed.write_json(records, envelope))
