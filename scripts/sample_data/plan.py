"""How many dossiers of each kind each unit has, and which faults its logs carry."""

from dataclasses import dataclass, field
from datetime import date, datetime

SINCE, AS_OF = date(2020, 1, 1), date(2020, 10, 31)
FIRST_RECEPTION = date(2019, 12, 2)
MONTHS = range(1, 11)
MONTH_WEIGHTS = [9, 8, 11, 6, 9, 11, 11, 11, 11, 13]
# What the ministry reported for the year to date.
EXPECTED = {"resolved": 8758, "partial": 3891, "full": 541}


@dataclass
class Unit:
    code: str
    folder: str
    name: str
    partial: int  # resolved, online, service partial on the day of reception
    full: int  # resolved, online, service full on the day of reception
    offline: int  # resolved, counter or post
    open: int = 0
    refused: int = 0
    withdrawn: int = 0
    repeats: int = 0  # seen open in an earlier file
    moved: int = 0  # of those, with another due day in the earlier file
    duplicates: int = 0
    faults: dict = field(default_factory=dict)

    @property
    def is_opencps(self):
        return self.code in ("G16.04", "G16.07", "G16.08")

    @property
    def is_register(self):
        return self.code in ("G16.11", "G16.12")


# A fault must be one that the unit's format can hold: there is no field too many in JSON.
UNITS = [
    Unit("G16.01", "ban-quyen-tac-gia", "Cục Bản quyền tác giả", 2210, 60, 1890, 14, 9, 7, 12, 3, 5, {
        "no_key": 2, "impossible_day": 1, "unknown_status": 1, "unknown_channel": 1,
        "unknown_procedure": 1, "field_count": 3, "end_before_received": 1}),
    Unit("G16.02", "di-san-van-hoa", "Cục Di sản văn hóa", 25, 28, 170, 2, 1, 1),
    Unit("G16.03", "dien-anh", "Cục Điện ảnh", 380, 95, 420, 5, 3, 2, 8, 2, 2, {
        "no_key": 1, "impossible_day": 1, "unknown_channel": 1, "field_count": 1}),
    Unit("G16.04", "my-thuat-nhiep-anh", "Cục Mỹ thuật, Nhiếp ảnh và Triển lãm",
         210, 60, 330, 4, 2, 2, 0, 0, 0, {
             "unknown_status": 1, "unknown_procedure": 1, "end_before_received": 1, "no_end_day": 1}),
    Unit("G16.05", "nghe-thuat-bieu-dien", "Cục Nghệ thuật biểu diễn", 520, 70, 560, 6, 4, 3, 10, 2, 2, {
        "no_key": 1, "impossible_day": 2, "unknown_status": 1, "unknown_channel": 1,
        "field_count": 1}),
    Unit("G16.06", "van-hoa-co-so", "Cục Văn hóa cơ sở", 90, 40, 190, 3, 1, 1, 0, 0, 0, {
        "unknown_procedure": 1, "field_count": 1, "no_end_day": 1}),
    Unit("G16.07", "hop-tac-quoc-te", "Cục Hợp tác quốc tế", 0, 30, 60, 2),
    Unit("G16.08", "du-lich", "Tổng cục Du lịch", 430, 80, 480, 5, 4, 3, 8, 1, 3, {
        "no_key": 1, "end_before_received": 1, "unknown_status": 1, "unknown_procedure": 1,
        "no_end_day": 1}),
    Unit("G16.09", "the-duc-the-thao", "Tổng cục Thể dục thể thao", 26, 45, 150, 2, 1, 1, 0, 0, 0, {
        "unknown_channel": 1, "end_before_received": 1, "no_end_day": 1}),
    Unit("G16.10", "thu-vien", "Vụ Thư viện", 0, 12, 26, 1),
    Unit("G16.11", "gia-dinh", "Vụ Gia đình", 0, 9, 20, 0),
    Unit("G16.12", "dao-tao", "Vụ Đào tạo", 0, 12, 30, 1),
]


@dataclass
class Dossier:
    unit: Unit
    service: object
    level: str  # of the service on the day of reception
    channel: str
    status: str
    received: datetime
    due: date | None
    ended: datetime | None
    returned: datetime | None
    month: int  # of the file that lists it last
    applicant: str
    supplements: int = 0
    fault: str = ""
    sighted: int = 0  # month of an earlier file that lists it open
    first_due: date | None = None
    serial: int = 0
    uid: str = ""
    tax_code: str = ""
