"""The list of fees collected, with what PayGov and the portal's payment platform settled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from logformats import formats
from logformats.table import Table

from .days import month_span
from .plan import MONTHS, SINCE
from .views import PEOPLE, number_of

UNITS = ("G16.01", "G16.03", "G16.08")
PAYGOV_SINCE = datetime(2020, 7, 24)
ONE_IN = 9  # a payment is listed of one in so many dossiers with a fee
N_UNKNOWN = 6  # payments of dossiers that no unit lists
TWELVE_HOUR_MONTH = 8  # when the gateway wrote its times with a clock of twelve hours
GROUPED_MONTH = 3  # when amounts were written as text with points
METHODS = {"paygov": ("truc-tuyen", "PayGov"), "npsp": ("truc-tuyen", "Cổng DVCQG"),
           "transfer": ("chuyen-khoan", "Ngân hàng"), "cash": ("tien-mat", "Quầy một cửa")}
STATUSES = {"paid": "Đã thanh toán", "unpaid": "Chờ thanh toán", "refunded": "Đã hoàn phí",
            "cancelled": "Hủy thanh toán"}
CHANNELS = {"online": "Nộp trực tuyến", "counter": "Trực tiếp", "post": "BCCI"}
HEADINGS = (
    "STT|Mã hồ sơ|Người tiếp nhận|Loại tiếp nhận|Tên người nộp|Số biên lai|Mẫu số|Ký hiệu|"
    "Ngày tiếp nhận|Ngày thu|Phí (VNĐ)|Lệ phí (VNĐ)|Tổng (VNĐ)|Hình thức thanh toán|"
    "Kênh thanh toán|Trạng thái thanh toán"
).split("|")


@dataclass
class Payment:
    dossier: object
    number: str
    receipt: str
    vnd: int
    channel: str
    status: str
    at: datetime
    month: int


def plan_payments(dossiers, random):
    """Plans the payments of some of the dossiers, and some of dossiers that no unit lists."""
    payments = []
    for dossier in dossiers:
        fits = dossier.unit.code in UNITS and dossier.service.fee > 0 and not dossier.fault
        if not fits or dossier.received.date() < SINCE or random.randrange(ONE_IN) > 0:
            continue
        at = dossier.received + timedelta(minutes=2 + random.randrange(30))
        channel = channel_of(dossier, at, random)
        status = random.choices(["paid", "unpaid", "cancelled"], [96, 2, 2])[0]
        payments.append(
            Payment(dossier, number_of(dossier), "", dossier.service.fee, channel, status, at, at.month))
    payments.sort(key=lambda payment: (payment.at, payment.number))
    paid = [payment for payment in payments if payment.status == "paid"]
    for payment in paid[5::100]:
        # Two receipts for one dossier.
        part = payment.vnd // 2
        payment.vnd -= part
        payments.append(Payment(
            payment.dossier, payment.number, "", part, payment.channel, "paid",
            payment.at + timedelta(minutes=20), payment.month))
    for n in range(N_UNKNOWN):
        at = datetime(2020, 3 + n, 11, 9, 15)
        payments.append(
            Payment(None, f"G16.01-{at:%y%m%d}-9{n:03d}", "", 100000, "cash", "paid", at, at.month))
    payments.sort(key=lambda payment: (payment.at, payment.number))
    for n, payment in enumerate(payments, 1):
        payment.receipt = f"{n:07d}"
    for payment in paid[20::150]:
        # Listed as paid, and refunded a month later.
        if payment.month < 10:
            again = Payment(**{**vars(payment), "status": "refunded", "month": payment.month + 1})
            payments.append(again)
    return payments


def channel_of(dossier, at, random):
    """Tells how a fee was paid: online once the procedure's fee could be."""
    payable_from = dossier.service.payable_from
    if dossier.channel == "online" and payable_from and at.date() >= payable_from:
        return "paygov" if at >= PAYGOV_SINCE and random.randrange(3) > 0 else "npsp"
    return random.choices(["cash", "transfer"], [80, 20] if dossier.channel == "counter" else [20, 80])[0]


def write_payments(payments, output):
    """Writes a workbook a month. Under one heading the system writes no cell."""
    for month in MONTHS:
        start, end = month_span(month, month)
        exported = end + timedelta(days=4)
        listed = [payment for payment in payments if payment.month == month]
        rows = [row_of(n, payment, month) for n, payment in enumerate(listed, 1)]
        total = sum(payment.vnd for payment in listed)
        titles = [["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"], ["DANH SÁCH THU PHÍ, LỆ PHÍ"],
                  [f"(Từ ngày {start:%d/%m/%Y} đến ngày {end:%d/%m/%Y})"]]
        below = [["Tổng số", *[""] * 8, amount(total, month), 0, amount(total, month)]]
        table = Table([HEADINGS], rows, titles, below, sheet="Thu phí")
        name = f"thu-phi_{start:%Y-%m}_{exported:%Y%m%d}.xlsx"
        output.save("paygov", name, formats.write(table, "xlsx"))


def row_of(n, payment, month):
    """Returns the cells of a payment."""
    method, channel = METHODS[payment.channel]
    clock = "%d/%m/%Y %I:%M:%S" if month == TWELVE_HOUR_MONTH else "%d/%m/%Y %H:%M:%S"
    is_made = payment.status in ("paid", "refunded")
    received = payment.dossier.received if payment.dossier else payment.at
    return [
        n, payment.number, CHANNELS[payment.dossier.channel if payment.dossier else "counter"],
        PEOPLE[n % 5], payment.receipt, "01BLP2-001", "AA/20P", f"{received:%d/%m/%Y}",
        f"{payment.at:{clock}}" if is_made else "", amount(payment.vnd, month), 0,
        amount(payment.vnd, month), method, channel, STATUSES[payment.status],
    ]


def amount(vnd, month):
    """Writes an amount: a number, or a text with points between thousands."""
    return f"{vnd:,}".replace(",", ".") if month == GROUPED_MONTH else vnd
