#!/usr/bin/env python3
"""Writes `sample_data/` and `pipelines/ministry/services.csv`.

Everything is invented; only the sums follow the ministry's report of 26 November 2020. The seed is
fixed, so every run writes the same bytes. After writing, the files are read again by a small reader
of its own and every planned count is checked.
"""

import csv
import io
import random
import shutil
import sys
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIPELINE = ROOT / "pipelines" / "ministry"
OUT = ROOT / "sample_data"
SINCE, AS_OF = date(2020, 1, 1), date(2020, 10, 31)
FIRST_RECEPTION = date(2019, 12, 2)
LEVELS = {"i": "information", "p": "partial", "f": "full"}

# --- services -----------------------------------------------------------------------------------
# levels | NPSP day | most working days | fee | payable from | paper result | audience | weight | vi | en
# `p>f@0601` is partial until 1 June 2020 and full from then on; `!0501` is abolished on that day.

SERVICES = {
    ("G16.01", "G16-BQ", "Bản quyền tác giả", "Copyright"): """
p|2020-03-20|15|100000|2020-07-24|t|b|60|Đăng ký quyền tác giả|Registration of copyright
p|2020-06-15|15|200000|2020-07-24|t|b|25|Đăng ký quyền liên quan|Registration of related rights
f|2020-05-11|7|50000|2020-03-02|t|b|4|Cấp lại Giấy chứng nhận đăng ký quyền tác giả|Reissue of a copyright certificate
f||7|50000|2020-03-02|t|b|4|Cấp đổi Giấy chứng nhận đăng ký quyền tác giả|Exchange of a copyright certificate
p>f@0601||7|50000||t|b|3|Cấp lại Giấy chứng nhận đăng ký quyền liên quan|Reissue of a related rights certificate
i>f@0701||7|50000||t|b|3|Cấp đổi Giấy chứng nhận đăng ký quyền liên quan|Exchange of a related rights certificate
i||10|0||t|b|1|Hủy bỏ hiệu lực Giấy chứng nhận đăng ký|Annulment of a registration certificate
""",
    ("G16.02", "G16-DS", "Di sản văn hóa", "Cultural heritage"): """
p|2020-04-10|10|0||t|b|8|Cấp phép làm bản sao di vật, cổ vật, bảo vật quốc gia|Licence to copy relics, antiques and national treasures
f|2019-12-09|5|0||t|b|4|Cấp giấy phép đưa di vật, cổ vật ra nước ngoài|Permit to take relics and antiques abroad
f||15|0||t|b|3|Công nhận bảo tàng chuyên ngành|Recognition of a specialised museum
f|2020-07-10|10|0||f|c|3|Cấp phép nghiên cứu di sản văn hóa phi vật thể cho người nước ngoài|Licence for foreigners to study intangible heritage
f||10|0||t|e|3|Cấp giấy chứng nhận hành nghề tu bổ di tích|Certificate of practice in monument restoration
f||5|0||t|e|2|Cấp lại giấy chứng nhận hành nghề tu bổ di tích|Reissue of a certificate of practice in restoration
p>f@0420|2020-09-01|15|0||t|e|3|Cấp phép thăm dò, khai quật khảo cổ|Licence for archaeological excavation
i>f@0601|2020-12-01|3|0||t|e|2|Cấp phép khai quật khẩn cấp|Licence for urgent excavation
i>f@0803||15|0||t|b|2|Xác nhận đủ điều kiện giám định cổ vật|Confirmation of eligibility to appraise antiques
i||30|0||t|b|2|Thỏa thuận chủ trương lập quy hoạch di tích|Agreement on planning for a monument
i||20|0||t|b|3|Thẩm định dự án tu bổ di tích quốc gia|Appraisal of a national monument's restoration
i||20|0||t|b|2|Thẩm định thiết kế bản vẽ thi công tu bổ di tích|Appraisal of restoration drawings
i||30|0||t|b|1|Xếp hạng di tích quốc gia|Ranking of a national monument
i||25|0||t|b|1|Xếp hạng bảo tàng hạng I|Ranking of a first-class museum
""",
    ("G16.03", "G16-DA", "Điện ảnh", "Cinema"): """
p|2019-12-20|15|3600000|2020-09-01|t|e|60|Cấp giấy phép phổ biến phim|Licence to release a film
f|2020-04-20|10|0||t|e|8|Cấp giấy phép phổ biến phim có sử dụng ngân sách nhà nước|Licence to release a State-funded film
f||20|0||t|e|4|Cấp giấy chứng nhận đủ điều kiện kinh doanh sản xuất phim|Certificate of eligibility for film production
f|2020-06-30|15|0||t|e|6|Cấp giấy phép hợp tác sản xuất phim với nước ngoài|Licence for film co-production with foreign partners
p>f@0302||7|1000000|2020-10-01|t|e|8|Cho phép tổ chức liên hoan phim chuyên ngành|Permission for a specialised film festival
i>f@0615||7|0||t|b|5|Cho phép tổ chức những ngày phim|Permission for film days
i||15|0||t|e|3|Cấp giấy phép văn phòng đại diện cơ sở điện ảnh nước ngoài|Licence for a foreign film company's office
i||15|0||t|e|3|Thẩm định kịch bản phim|Appraisal of a film script
i||10|0||f|e|2|Cho phép xuất khẩu phim|Permission to export a film
""",
    ("G16.04", "G16-MT", "Mỹ thuật, nhiếp ảnh, triển lãm", "Fine arts, photography, exhibition"): """
p|2020-02-17|7|0||t|b|40|Cấp giấy phép triển lãm mỹ thuật|Licence for a fine arts exhibition
f|2019-12-09|7|0||t|b|12|Cấp giấy phép triển lãm tác phẩm nhiếp ảnh tại Việt Nam|Licence for a photography exhibition in Viet Nam
f||7|0||t|b|8|Cấp giấy phép đưa tác phẩm nhiếp ảnh ra nước ngoài triển lãm|Licence to exhibit photographs abroad
f|2020-06-01|7|0||t|b|8|Cấp giấy phép sao chép tác phẩm mỹ thuật về danh nhân|Licence to copy artworks of eminent persons
f||10|0||t|b|5|Cấp giấy phép tổ chức trại sáng tác điêu khắc|Licence for a sculpture camp
p>f@0316|2020-10-12|7|0||t|b|6|Cấp giấy phép triển lãm do tổ chức ở trung ương tổ chức|Licence for an exhibition by a central body
i>p@0302>f@0810||7|0||t|b|5|Cấp giấy phép đưa triển lãm ra nước ngoài|Licence to take an exhibition abroad
i>f@0701||7|0||t|b|4|Cấp lại giấy phép triển lãm|Reissue of an exhibition licence
i||20|0||t|b|2|Cấp giấy phép xây dựng tượng đài, tranh hoành tráng|Licence to build a monument or mural
i||15|0||t|b|2|Thẩm định phác thảo tượng đài|Appraisal of a monument's sketch
i||10|0||f|b|3|Tiếp nhận thông báo tổ chức thi sáng tác mỹ thuật|Notice of a fine arts contest
i||10|0||f|b|3|Tiếp nhận thông báo tổ chức thi nhiếp ảnh|Notice of a photography contest
i||7|0||t|e|3|Xác nhận đủ điều kiện giám định tác phẩm mỹ thuật|Confirmation of eligibility to appraise artworks
i!0501||7|0||t|b|2|Cấp thẻ hướng dẫn triển lãm|Exhibition guide card
""",
    ("G16.05", "G16-BD", "Nghệ thuật biểu diễn", "Performing arts"): """
p|2019-12-09|5|0||t|e|50|Cấp giấy phép tổ chức biểu diễn nghệ thuật|Licence for an artistic performance
p|2020-05-18|5|0||t|e|25|Cho phép cá nhân nước ngoài vào Việt Nam biểu diễn|Permission for foreigners to perform in Viet Nam
f|2020-08-17|5|0||t|b|6|Cho phép đi biểu diễn ở nước ngoài|Permission to perform abroad
f||5|0||t|b|6|Cấp giấy phép cho đối tượng thi người đẹp quốc tế|Licence to enter an international beauty contest
p>f@0504||15|0||t|e|4|Cấp giấy phép tổ chức thi người đẹp, người mẫu|Licence for a beauty or model contest
i>f@0720||10|0||t|e|5|Cấp giấy phép phê duyệt nội dung bản ghi âm, ghi hình|Approval of a recording's content
i||5|0||f|b|6|Phổ biến tác phẩm âm nhạc sáng tác trước năm 1975|Release of music written before 1975
i||5|0||f|b|4|Tiếp nhận thông báo tổ chức biểu diễn nghệ thuật|Notice of an artistic performance
""",
    ("G16.06", "G16-VC", "Văn hóa cơ sở", "Grassroots culture"): """
p|2020-03-02|10|0||t|b|20|Cấp giấy phép tổ chức lễ hội cấp quốc gia|Licence for a national festival
f|2020-07-06|10|0||t|e|6|Cấp giấy chứng nhận đủ điều kiện kinh doanh trò chơi điện tử có thưởng|Certificate for prize electronic games
p>f@0511||7|0||t|b|5|Đăng ký tổ chức lễ hội|Registration of a festival
i>f@0622||5|0||t|e|4|Cấp lại giấy chứng nhận đủ điều kiện kinh doanh|Reissue of a business eligibility certificate
i||10|0||f|b|4|Thông báo tổ chức lễ hội|Notice of a festival
i!0701||10|500000||t|e|3|Cấp giấy phép kinh doanh vũ trường|Licence for a dance hall
""",
    ("G16.06", "G16-QC", "Quảng cáo", "Advertising"): """
f|2020-11-16|10|3000000|2020-08-03|t|e|10|Cấp giấy phép thành lập văn phòng đại diện quảng cáo nước ngoài|Licence for a foreign advertising office
f|2020-08-24|5|1500000|2020-08-03|t|e|6|Sửa đổi giấy phép văn phòng đại diện quảng cáo nước ngoài|Amendment of a foreign advertising office's licence
i||5|1500000||t|e|5|Cấp lại giấy phép văn phòng đại diện quảng cáo nước ngoài|Reissue of a foreign advertising office's licence
i||5|0||f|e|4|Tiếp nhận thông báo sản phẩm quảng cáo|Notice of an advertising product
""",
    ("G16.07", "G16-HT", "Hợp tác quốc tế", "International cooperation"): """
f|2020-09-14|20|0||t|e|6|Cấp giấy chứng nhận đăng ký cơ sở văn hóa nước ngoài|Registration of a foreign cultural establishment
i>f@0316||15|0||t|e|4|Cấp lại giấy chứng nhận cơ sở văn hóa nước ngoài|Reissue of a foreign cultural establishment's certificate
i||30|0||t|b|3|Cho phép tổ chức ngày văn hóa nước ngoài|Permission for a foreign culture day
""",
    ("G16.08", "G16-DL", "Du lịch", "Tourism"): """
p|2019-12-09|10|3000000|2020-07-24|t|e|40|Cấp giấy phép kinh doanh dịch vụ lữ hành quốc tế|Licence for international travel business
p|2020-02-10|10|1500000|2020-07-24|t|e|20|Cấp đổi giấy phép kinh doanh dịch vụ lữ hành quốc tế|Exchange of an international travel licence
f|2020-03-30|5|1500000|2020-06-01|t|e|8|Cấp lại giấy phép kinh doanh dịch vụ lữ hành quốc tế|Reissue of an international travel licence
f|2020-05-25|5|0||t|e|8|Thu hồi giấy phép lữ hành do chấm dứt hoạt động|Withdrawal of a travel licence at closing
f||5|0||t|e|6|Thu hồi giấy phép lữ hành do giải thể|Withdrawal of a travel licence at dissolution
f||7|0||t|e|4|Cấp giấy phép văn phòng đại diện lữ hành nước ngoài|Licence for a foreign travel agency's office
f||5|0||t|e|3|Cấp lại giấy phép văn phòng đại diện lữ hành nước ngoài|Reissue of a foreign travel office's licence
p>f@0217|2020-07-20|5|0||t|e|4|Điều chỉnh giấy phép văn phòng đại diện lữ hành nước ngoài|Amendment of a foreign travel office's licence
p>f@0601||5|0||t|e|3|Gia hạn giấy phép văn phòng đại diện lữ hành nước ngoài|Extension of a foreign travel office's licence
i>f@0706|2020-12-15|5|0||t|e|3|Chấm dứt hoạt động văn phòng đại diện lữ hành nước ngoài|Closing of a foreign travel office
i>f@0907|2020-10-05|30|0||t|e|4|Công nhận hạng cơ sở lưu trú 4 sao, 5 sao|Ranking of 4-star and 5-star accommodation
i||60|0||t|b|2|Công nhận khu du lịch quốc gia|Recognition of a national tourist area
i||30|0||t|b|2|Công nhận điểm du lịch|Recognition of a tourist site
i||10|0||f|b|3|Phê duyệt nội dung bồi dưỡng hướng dẫn viên|Approval of tour guide training
i||10|0||t|e|2|Chỉ định tổ chức thi nghiệp vụ hướng dẫn|Appointment of a tour guide examiner
i||15|0||t|e|2|Công nhận cơ sở dịch vụ đạt tiêu chuẩn phục vụ khách du lịch|Recognition of a service up to tourist standard
i!0316||10|0||t|e|2|Cấp biển hiệu phương tiện vận tải khách du lịch|Badge for a tourist vehicle
""",
    ("G16.09", "G16-TT", "Thể dục thể thao", "Sports"): """
p|2020-04-06|10|0||t|e|10|Đăng cai tổ chức giải thi đấu thể thao quốc tế|Hosting of an international sports competition
f|2020-08-10|7|0||t|e|6|Cho phép tổ chức giải vô địch quốc gia|Permission for a national championship
f||7|0||t|b|5|Phong cấp vận động viên kiện tướng|Grant of the master athlete grade
p>f@0525|2020-06-22|7|0||t|b|5|Phong cấp trọng tài quốc gia|Grant of the national referee grade
i>f@0727||7|0||t|b|4|Phong cấp huấn luyện viên cao cấp|Grant of the senior coach grade
i||10|0||t|e|3|Công nhận liên đoàn thể thao quốc gia|Recognition of a national sports federation
i||15|0||t|e|2|Công nhận cơ sở đào tạo vận động viên|Recognition of an athlete training establishment
i||10|0||f|b|2|Công nhận ban vận động thành lập hội thể thao|Recognition of a sports association's founding board
i||10|0||t|e|2|Cho phép tổ chức đại hội thể thao chuyên ngành|Permission for specialised sports games
""",
    ("G16.10", "G16-TV", "Thư viện", "Libraries"): """
f|2020-06-08|15|0||f|b|4|Thông báo thành lập thư viện chuyên ngành|Notice of founding a specialised library
p>f@0302||15|0||f|b|3|Thông báo sáp nhập, chia, tách thư viện|Notice of merging or dividing a library
i||15|0||f|b|2|Thông báo chấm dứt hoạt động thư viện|Notice of closing a library
""",
    ("G16.11", "G16-GD", "Gia đình", "Family"): """
p>f@0217||10|0||t|b|4|Cấp thẻ nhân viên tư vấn phòng, chống bạo lực gia đình|Card of an adviser against domestic violence
i||10|0||t|b|3|Cấp giấy chứng nhận nghiệp vụ chăm sóc nạn nhân bạo lực gia đình|Certificate in care for victims of domestic violence
""",
    ("G16.12", "G16-DT", "Đào tạo", "Training"): """
f|2020-10-19|20|0||t|c|4|Cử tuyển sinh viên khối văn hóa nghệ thuật đi học nước ngoài|Sending of arts students abroad
i||20|0||t|c|3|Công nhận văn bằng chuyên ngành nghệ thuật|Recognition of an arts diploma
""",
}

BASE_DAYS = [date(2017, 1, 1), date(2018, 3, 1), date(2018, 7, 1), date(2019, 1, 1), date(2019, 7, 1)]


@dataclass
class Service:
    code: str
    unit: str
    name_vi: str
    most_days: int
    fee: int
    weight: int
    rows: list  # (level, valid_from, valid_to)

    def level_on(self, day):
        for level, start, end in self.rows:
            if start <= day and (end is None or day < end):
                return level
        return None


def day_of(mmdd):
    return date(2020, int(mmdd[:2]), int(mmdd[2:]))


def read_services():
    """Returns the services and the rows of services.csv."""
    services, table, serial = [], [], Counter()
    for (unit, field_code, field_vi, field_en), lines in SERVICES.items():
        for line in lines.strip().split("\n"):
            path, npsp, days, fee, payable, paper, audience, weight, vi, en = line.split("|")
            serial[unit] += 1
            code = f"1.9{unit[-2:]}{serial[unit]:03d}"
            path, _, abolished = path.partition("!")
            steps = path.split(">")
            start, rows = BASE_DAYS[sum(serial.values()) % len(BASE_DAYS)], []
            for n, step in enumerate(steps):
                end = day_of(steps[n + 1].split("@")[1]) if n + 1 < len(steps) else None
                if end is None and abolished:
                    end = day_of(abolished)
                rows.append((LEVELS[step[0]], start, end))
                start = end
            is_eligible = path != "i" or serial[unit] % 3 == 0
            audience = {"b": "both", "c": "citizen", "e": "enterprise"}[audience]
            for level, valid_from, valid_to in rows:
                table.append([
                    code, vi, en, field_code, field_vi, field_en, unit, level,
                    str(is_eligible).lower(), fee, payable, "true" if paper == "t" else "false",
                    days, audience, npsp, valid_from.isoformat(),
                    valid_to.isoformat() if valid_to else "",
                ])
            services.append(Service(code, unit, vi, int(days), int(fee), int(weight), rows))
    return services, table


def write_services(table):
    heading = (
        "code,name_vi,name_en,field_code,field_vi,field_en,unit_code,level,eligible_full,fee_vnd,"
        "payable_online_from,result_paper,most_days,audience,npsp_from,valid_from,valid_to"
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading.split(","))
    writer.writerows(table)
    (PIPELINE / "services.csv").write_bytes(text.getvalue().encode())


# --- the calendar -------------------------------------------------------------------------------


class Calendar:
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


# --- the plan -----------------------------------------------------------------------------------


@dataclass
class Unit:
    code: str
    folder: str
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


UNITS = [
    Unit("G16.01", "ban-quyen-tac-gia", 2210, 60, 1890, 14, 9, 7, 12, 3, 5, {
        "no_key": 2, "impossible_day": 1, "unknown_status": 1, "unknown_channel": 1,
        "unknown_procedure": 1, "field_count": 2, "end_before_received": 1, "no_end_day": 1}),
    Unit("G16.02", "di-san-van-hoa", 25, 28, 170, 2, 1, 1),
    Unit("G16.03", "dien-anh", 380, 95, 420, 5, 3, 2, 8, 2, 2, {
        "no_key": 1, "impossible_day": 1, "unknown_channel": 1, "field_count": 1}),
    Unit("G16.04", "my-thuat-nhiep-anh", 210, 60, 330, 4, 2, 2, 0, 0, 0, {
        "unknown_status": 1, "unknown_procedure": 1, "end_before_received": 1, "no_end_day": 1}),
    Unit("G16.05", "nghe-thuat-bieu-dien", 520, 70, 560, 6, 4, 3, 10, 2, 2, {
        "no_key": 1, "impossible_day": 1, "unknown_status": 1, "unknown_channel": 1,
        "field_count": 1, "end_before_received": 1}),
    Unit("G16.06", "van-hoa-co-so", 90, 40, 190, 3, 1, 1, 0, 0, 0, {
        "unknown_procedure": 1, "field_count": 1, "no_end_day": 1}),
    Unit("G16.07", "hop-tac-quoc-te", 0, 30, 60, 2),
    Unit("G16.08", "du-lich", 430, 80, 480, 5, 4, 3, 8, 1, 3, {
        "no_key": 1, "impossible_day": 1, "unknown_status": 1, "unknown_procedure": 1,
        "field_count": 1}),
    Unit("G16.09", "the-duc-the-thao", 26, 45, 150, 2, 1, 1, 0, 0, 0, {
        "unknown_channel": 1, "end_before_received": 1, "no_end_day": 1}),
    Unit("G16.10", "thu-vien", 0, 12, 26, 1),
    Unit("G16.11", "gia-dinh", 0, 9, 20, 0),
    Unit("G16.12", "dao-tao", 0, 12, 30, 1),
]
MONTH_WEIGHTS = [9, 8, 11, 6, 9, 11, 11, 11, 11, 13]
EXPECTED = {"resolved": 8758, "partial": 3891, "full": 541}


@dataclass
class Dossier:
    unit: Unit
    service: Service
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


class Maker:
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
        if unit.folder not in ("gia-dinh", "dao-tao") and self.random() < 0.008:
            due = None
        channel = "online"
        if kind == "offline":
            channel = "counter" if self.random() < 0.85 or is_opencps(unit) else "post"
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
        if unit.folder != "dao-tao":
            status = self.weighted(["processing", "supplement", "paused"], [60, 27, 13])
        due = self.calendar.move(received, service.most_days)
        supplements = 1 if status == "supplement" else 0
        return Dossier(unit, service, level, channel, status, self.at_work(received), due, None,
                       None, 10, self.applicant(unit), supplements)

    def applicant(self, unit):
        if unit.folder == "dao-tao":
            return "citizen"
        return self.weighted(["citizen", "enterprise", "organisation"], [45, 45, 10])

    def unit(self, unit):
        """Makes every dossier of a unit, faulty ones among them, with numbers by reception."""
        kinds = ["partial"] * unit.partial + ["full"] * unit.full + ["offline"] * unit.offline
        is_small = len(kinds) < 120
        dossiers = []
        months = list(range(1, 11))
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
            if unit.folder in ("gia-dinh", "dao-tao"):
                dossier.serial = n + 1
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


def is_opencps(unit):
    return unit.folder in ("my-thuat-nhiep-anh", "du-lich", "hop-tac-quoc-te")


# --- writing ------------------------------------------------------------------------------------

PEOPLE = ["Nguyễn Văn A", "Trần Thị B", "Lê Văn C", "Phạm Thị D", "Hoàng Văn E"]
FIRMS = ["Công ty TNHH Ví Dụ Một", "Công ty CP Ví Dụ Hai", "Công ty TNHH Ví Dụ Ba"]
PHONE, IDENTITY = "0900000001", "000000000001"
ONE_STOP_STATUS = {
    "processing": "Đang xử lý", "supplement": "Yêu cầu bổ sung giấy tờ", "paused": "Dừng xử lý",
    "refused": "Từ chối giải quyết", "withdrawn": "Công dân yêu cầu rút hồ sơ",
}
OPENCPS_STATUS = {
    "processing": "processing", "supplement": "waiting", "paused": "paying",
    "refused": "unresolved", "withdrawn": "cancelled",
}
CHANNELS = {
    "ban-quyen-tac-gia": ("Trực tuyến", "Trực tiếp", "Qua bưu chính công ích"),
    "di-san-van-hoa": ("Nộp trực tuyến", "Trực tiếp", "BCCI"),
    "dien-anh": ("Qua mạng", "Trực tiếp", "Dịch vụ bưu chính"),
    "nghe-thuat-bieu-dien": ("TRỰC TUYẾN", "TRỰC TIẾP", "BCCI"),
    "van-hoa-co-so": ("Nộp trực tuyến", "Trực tiếp", "BCCI"),
    "the-duc-the-thao": ("Trên mạng", "Tại chỗ", "Bưu điện"),
    "thu-vien": ("Trực tuyến", "Trực tiếp", "BCCI"),
    "gia-dinh": ("Qua mạng", "Trực tiếp", "BCCI"),
    "dao-tao": ("Trực tuyến", "Trực tiếp", "BCCI"),
}
UNIT_NAMES = {
    "ban-quyen-tac-gia": "Cục Bản quyền tác giả", "di-san-van-hoa": "Cục Di sản văn hóa",
    "dien-anh": "Cục Điện ảnh", "my-thuat-nhiep-anh": "Cục Mỹ thuật, Nhiếp ảnh và Triển lãm",
    "nghe-thuat-bieu-dien": "Cục Nghệ thuật biểu diễn", "van-hoa-co-so": "Cục Văn hóa cơ sở",
    "hop-tac-quoc-te": "Cục Hợp tác quốc tế", "du-lich": "Tổng cục Du lịch",
    "the-duc-the-thao": "Tổng cục Thể dục thể thao", "thu-vien": "Vụ Thư viện",
    "gia-dinh": "Vụ Gia đình", "dao-tao": "Vụ Đào tạo",
}


def number_of(dossier, is_sighting):
    """Writes the dossier's number as its unit did on that occasion."""
    if dossier.fault == "no_key":
        return ""
    folder, day = dossier.unit.folder, dossier.received.date()
    if folder in ("gia-dinh", "dao-tao"):
        return f"{dossier.serial:02d}/2020/{'GĐ' if folder == 'gia-dinh' else 'ĐT'}"
    tail = f"{day:%y%m%d}-{dossier.serial:04d}"
    # This unit wrote the old, leaf-first code until the new one came into force in September 2020;
    # what was seen open before is listed under the old form, and completed under the new.
    is_old_form = folder == "nghe-thuat-bieu-dien" and day < date(2020, 9, 15)
    if is_old_form and (is_sighting or not dossier.sighted):
        return f"000.00.05.G16-{tail}"
    return f"{dossier.unit.code}-{tail}"


def view_of(dossier, is_sighting):
    """Returns what a file says of a dossier, in neutral terms."""
    view = {
        "number": number_of(dossier, is_sighting), "code": dossier.service.code,
        "name": dossier.service.name_vi, "channel": dossier.channel, "status": dossier.status,
        "received": dossier.received, "due": dossier.due, "ended": dossier.ended,
        "returned": dossier.returned, "changed": dossier.returned or dossier.ended,
        "supplements": dossier.supplements, "level": dossier.level, "uid": dossier.uid,
        "applicant": dossier.applicant, "fee": dossier.service.fee, "fault": dossier.fault,
        "serial": dossier.serial, "is_bad_reception": False, "is_bad_end": False,
    }
    if is_sighting or dossier.ended is None:
        view.update(ended=None, returned=None, changed=dossier.received + timedelta(hours=1))
    if is_sighting:
        view.update(due=dossier.first_due or dossier.due, supplements=0,
                    status="supplement" if dossier.serial % 2 else "processing")
    fault = dossier.fault
    if fault == "end_before_received":
        early = dossier.received - timedelta(days=3)
        view.update(ended=early, returned=early, changed=dossier.ended)
    elif fault == "no_end_day":
        view.update(ended=None, returned=None)
    elif fault == "unknown_status":
        view.update(status="???")
    elif fault == "unknown_procedure":
        view.update(code="9.999999")
    elif fault == "unknown_channel":
        view.update(channel="?")
    elif fault == "impossible_day":
        view.update({"is_bad_reception" if dossier.serial % 2 else "is_bad_end": True})
    return view


def day_text(form, when, is_impossible=False):
    if when is None:
        return ""
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day, 17, 0, 0)
    text = when.strftime(form)
    if is_impossible:
        bad = datetime(2020, 2, 29).strftime(form)[: len("29/02/2020")]
        text = bad.replace("29", "31", 1) + text[10:] if form[:2] != "%Y" else "2020-02-31" + text[10:]
    return text


def person(view):
    return FIRMS[view["serial"] % 3] if view["applicant"] == "enterprise" else PEOPLE[view["serial"] % 5]


def has_note(view):
    return view["received"].second % 12 == 0 and not view["fault"]


def one_stop_status(view):
    if view["status"] == "completed":
        return "Đã trả kết quả" if view["returned"] else "Đã xử lý xong"
    return ONE_STOP_STATUS.get(view["status"], view["status"])


def channel_text(folder, view):
    words = dict(zip(("online", "counter", "post"), CHANNELS[folder]))
    return words.get(view["channel"], "Kênh khác thường")


def list_row(folder, headings, n, view):
    """Fills a row of a one-stop list, tracking list or register by its headings."""
    form = {"di-san-van-hoa": "%d/%m/%Y", "thu-vien": "%d/%m/%Y", "gia-dinh": "%d/%m/%Y",
            "dao-tao": "%d/%m/%Y", "the-duc-the-thao": "%d-%m-%Y",
            "dien-anh": "%d/%m/%Y %H:%M", "van-hoa-co-so": "%d/%m/%Y %H:%M"}
    form = form.get(folder, "%d/%m/%Y %H:%M:%S")
    due_form = form.split(" ")[0] if folder != "ban-quyen-tac-gia" else form
    received = day_text(form, view["received"], view["is_bad_reception"])
    ended = day_text(form, view["ended"], view["is_bad_end"])
    returned, due = day_text(form, view["returned"]), day_text(due_form, view["due"])
    if folder in ("gia-dinh", "dao-tao"):
        returned = day_text(form, view["ended"])  # the one day that a register keeps
    note = ""
    if has_note(view):
        note = 'Bổ sung bản sao;\nđã gọi điện, hẹn "thứ Hai"' if folder == "nghe-thuat-bieu-dien" \
            else "Nộp thay, có giấy ủy quyền"
    applicant = {"citizen": "Cá nhân", "enterprise": "Doanh nghiệp", "organisation": "Tổ chức"}
    cells = {
        "stt": n, "tt": n, "mã hồ sơ": view["number"], "mã biên nhận": view["number"],
        "mahoso": view["number"], "mã tthc": view["code"], "mã thủ tục": view["code"],
        "matthc": view["code"], "tên thủ tục hành chính": view["name"], "trichyeu": view["name"],
        "người nộp": person(view), "chủ hồ sơ": person(view), "chuhoso": person(view),
        "vận động viên": PEOPLE[0], "số giấy tờ": IDENTITY, "sobohoso": 1,
        "địa chỉ": f"Số {view['serial']} phố Ví Dụ, phường Mẫu, Hà Nội", "diachi": "Phố Ví Dụ",
        "số điện thoại": PHONE, "sodienthoai": PHONE, "người tiếp nhận": PEOPLE[1],
        "tennguoinhan": PEOPLE[1], "đơn vị tiếp nhận": UNIT_NAMES[folder],
        "đối tượng": applicant[view["applicant"]],
        "hình thức nộp": channel_text(folder, view), "kênh thực hiện": channel_text(folder, view),
        "hình thức tiếp nhận": channel_text(folder, view),
        "loại tiếp nhận": channel_text(folder, view), "cách nộp": channel_text(folder, view),
        "loaitiepnhan": channel_text(folder, view),
        "mức độ": {"information": "Mức độ 2", "partial": "Mức độ 3", "full": "Mức độ 4"}[view["level"]],
        "ngày nộp hồ sơ": received, "ngày tiếp nhận": received, "ngày nhận": received,
        "ngaytiepnhan": received, "ngày hẹn trả": due, "ngayhentra": due,
        "ngày kết thúc xử lý": ended, "ngày có kết quả": ended, "ngày xử lý xong": ended,
        "ngày trả kết quả": returned, "ngày trả": returned, "ngaytra": returned,
        "trạng thái": one_stop_status(view), "số lần bổ sung": view["supplements"],
        "kết quả điện tử": "Có" if view["level"] == "full" and view["ended"] else "Không",
        "cập nhật lúc": view["changed"].strftime("%d/%m/%Y %H:%M:%S"), "ghi chú": note,
    }
    return [str(cells[heading.lower()]) for heading in headings]


LISTS = {
    "ban-quyen-tac-gia": "STT|Mã hồ sơ|Mã TTHC|Tên thủ tục hành chính|Người nộp|Số giấy tờ|Địa chỉ|"
    "Số điện thoại|Đối tượng|Hình thức nộp|Ngày tiếp nhận|Ngày hẹn trả|Ngày kết thúc xử lý|"
    "Ngày trả kết quả|Trạng thái|Cập nhật lúc|Ghi chú",
    "di-san-van-hoa": "TT|Mã hồ sơ|Mã TTHC|Tên thủ tục hành chính|Người nộp|Hình thức tiếp nhận|"
    "Ngày tiếp nhận|Ngày hẹn trả|Ngày có kết quả|Ngày trả|Trạng thái",
    "dien-anh": "STT|Mã hồ sơ|Mã thủ tục|Tên thủ tục hành chính|Chủ hồ sơ|Địa chỉ|Kênh thực hiện|"
    "Ngày tiếp nhận|Ngày hẹn trả|Ngày kết thúc xử lý|Ngày trả kết quả|Trạng thái|Ghi chú",
    "nghe-thuat-bieu-dien": "STT|MÃ HỒ SƠ|MÃ TTHC|NGƯỜI NỘP|ĐỊA CHỈ|SỐ ĐIỆN THOẠI|ĐỐI TƯỢNG|"
    "HÌNH THỨC NỘP|MỨC ĐỘ|NGÀY TIẾP NHẬN|NGÀY HẸN TRẢ|NGÀY KẾT THÚC XỬ LÝ|TRẠNG THÁI|"
    "SỐ LẦN BỔ SUNG|KẾT QUẢ ĐIỆN TỬ|CẬP NHẬT LÚC|GHI CHÚ",
    "van-hoa-co-so": "STT|Đơn vị tiếp nhận|Tên thủ tục hành chính|Mã thủ tục|Mã biên nhận|"
    "Loại tiếp nhận|Trạng thái|Địa chỉ|Người nộp|Chủ hồ sơ|Ngày nộp hồ sơ|Ngày nhận|Ngày hẹn trả|"
    "Ngày xử lý xong",
    "the-duc-the-thao": "STT|Mã biên nhận|Mã thủ tục|Tên thủ tục hành chính|Vận động viên|Cách nộp|"
    "Ngày nhận|Ngày hẹn trả|Ngày xử lý xong|Ngày trả|Trạng thái",
    "thu-vien": "STT|Mã hồ sơ|Mã TTHC|Người nộp|Hình thức nộp|Ngày tiếp nhận|Ngày hẹn trả|"
    "Ngày có kết quả|Trạng thái|Ghi chú",
    "gia-dinh": "STT|MaHoSo|TrichYeu|MaTTHC|SoBoHoSo|ChuHoSo|DiaChi|SoDienThoai|LoaiTiepNhan|"
    "NgayTiepNhan|NgayHenTra|NgayTra|TenNguoiNhan",
    "dao-tao": "STT|MaHoSo|TrichYeu|MaTTHC|ChuHoSo|LoaiTiepNhan|NgayTiepNhan|NgayHenTra|NgayTra|"
    "TenNguoiNhan",
}
OPENCPS_HEADINGS = (
    "dossierId|referenceUid|dossierNo|serviceCode|serviceName|govAgencyCode|govAgencyName|"
    "applicantName|applicantIdType|applicantIdNo|address|contactTelNo|contactEmail|online|viaPostal|"
    "originality|submitDate|receiveDate|dueDate|releaseDate|finishDate|dossierStatus|feeAmount|"
    "modifiedDate|dossierNote"
)
ACTION_HEADINGS = (
    "dossierActionId|dossierNo|referenceUid|serviceCode|actionCode|actionName|stepName|actionUser|"
    "applicantName|online|dossierStatus|receiveDate|dueDate|releaseDate|finishDate|createDate"
)


def opencps_row(folder, headings, n, view):
    form = "%Y-%m-%d %H:%M:%S"
    status = view["status"]
    if status == "completed":
        status = "done" if view["returned"] else "releasing"
    # The old code on some rows, the new one on others: both mean the same unit.
    agency = "000.00.08.G16" if view["serial"] % 2 else "G16.08"
    cells = {
        "dossierId": 100000 + n, "referenceUid": view["uid"], "dossierNo": view["number"],
        "serviceCode": view["code"], "serviceName": view["name"], "govAgencyCode": agency,
        "govAgencyName": UNIT_NAMES[folder], "applicantName": person(view),
        "applicantIdType": "business" if view["applicant"] == "enterprise" else "citizen",
        "applicantIdNo": IDENTITY, "address": "Phố Ví Dụ, Hà Nội", "contactTelNo": PHONE,
        "contactEmail": "nguyenvana@example.com", "online": str(view["channel"] == "online").lower(),
        "viaPostal": view["serial"] % 3, "originality": 3,
        "submitDate": day_text(form, view["received"] - timedelta(minutes=25)),
        "receiveDate": day_text(form, view["received"], view["is_bad_reception"]),
        "dueDate": day_text(form, view["due"]),
        "releaseDate": day_text(form, view["ended"], view["is_bad_end"]),
        "finishDate": day_text(form, view["returned"]),
        "dossierStatus": OPENCPS_STATUS.get(status, status), "feeAmount": view["fee"],
        "modifiedDate": day_text(form, view["changed"]),
        "dossierNote": "Ghi chú nội bộ:\ngọi lại cho người nộp" if has_note(view) else "",
    }
    return [str(cells[heading]) for heading in headings]


def spoil_count(row, serial, address_at):
    """Gives a row one field too many (an unquoted comma in an address) or one too few."""
    if serial % 2:
        return row[:address_at] + [row[address_at], "tầng 2"] + row[address_at + 1:]
    return row[:address_at] + row[address_at + 1:]


def rows_of_month(unit, dossiers, months):
    """Returns what the file of these months lists, in order of reception."""
    views = []
    for dossier in dossiers:
        if dossier.sighted in months:
            views.append(view_of(dossier, True))
        if dossier.month in months:
            views.append(view_of(dossier, False))
    return views


def add_duplicates(rows, n):
    """Repeats n rows further down, byte for byte."""
    for i in range(n):
        rows.insert(len(rows) - 2 - i, list(rows[3 + 5 * i]))
    return rows


def encode(rows, delimiter=",", end="\n", bom=False, form="NFC"):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    data = unicodedata.normalize(form, text.getvalue()).encode()
    return (b"\xef\xbb\xbf" if bom else b"") + data


def title_rows(folder, start, end, width):
    """The lines above the headings, as wide as the table or not, as the unit's system writes them."""
    hyphen = "-" if folder == "the-duc-the-thao" else "/"
    period = f"(Từ ngày {start:%d/%m/%Y} đến ngày {end:%d/%m/%Y})".replace("/", hyphen)
    lines = ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc",
             UNIT_NAMES[folder].upper(), "DANH SÁCH HỒ SƠ", period]
    if folder in ("gia-dinh", "dao-tao"):
        lines[3] = "SỔ THEO DÕI HỒ SƠ"
    if folder == "nghe-thuat-bieu-dien":
        made = datetime(end.year, end.month, end.day, 8, 15) + timedelta(days=2)
        lines.append(f"Kết xuất lúc {made:%d/%m/%Y %H:%M:%S}")
        return [[line] for line in lines]
    at = 2 if width > 6 else 0
    rows = [[""] * at + [line] + [""] * (width - at - 1) for line in lines]
    return rows + [[""] * width]


def write_lists(unit, dossiers):
    folder, headings = unit.folder, LISTS[unit.folder].split("|")
    spans = [(m,) for m in range(1, 11)]
    if folder == "thu-vien":
        spans = [(1, 2, 3), (4, 5, 6), (7, 8, 9), (10,)]
    left = unit.duplicates
    for months in spans:
        start = date(2020, months[0], 1)
        end = date(2020, months[-1] + 1, 1) - timedelta(days=1)
        views = rows_of_month(unit, dossiers, months)
        rows = []
        for n, view in enumerate(views, 1):
            row = list_row(folder, headings, n, view)
            if view["fault"] == "field_count":
                address = [h.lower() for h in headings].index("địa chỉ")
                row = spoil_count(row, view["serial"] + n, address)
            rows.append(row)
        if left > 0 and len(rows) > 30:
            rows = add_duplicates(rows, 1)
            left -= 1
        if folder == "nghe-thuat-bieu-dien":
            total = [[f"Tổng cộng: {len(views)} hồ sơ"]]
        elif folder in ("van-hoa-co-so", "the-duc-the-thao"):
            total = [["", "Tổng cộng", str(len(views))] + [""] * (len(headings) - 3)]
        else:
            total = [["Tổng số", str(len(views))] + [""] * (len(headings) - 2)]
        table = title_rows(folder, start, end, len(headings)) + [headings] + rows + total
        month, style = f"{start:%Y-%m}", {}
        name = {
            "ban-quyen-tac-gia": f"ho-so_{month}.csv", "di-san-van-hoa": f"di-san_{month}.csv",
            "dien-anh": f"ho-so_{month}_{end + timedelta(days=3):%Y%m%d}.csv",
            "nghe-thuat-bieu-dien": f"nghe-thuat-bieu-dien_{month}.csv",
            "van-hoa-co-so": f"theo-doi_{month}.tsv", "the-duc-the-thao": f"theo-doi_{month}.csv",
            "thu-vien": f"thu-vien_{start}_{end}.csv",
            "gia-dinh": f"so-theo-doi_{month}.csv", "dao-tao": f"so-theo-doi_{month}.csv",
        }[folder]
        if folder == "dien-anh":
            style = {"delimiter": ";", "end": "\r\n", "bom": True}
        elif folder == "di-san-van-hoa":
            style = {"form": "NFD"}
        elif folder == "van-hoa-co-so":
            style = {"delimiter": "\t"}
        save(folder, name, encode(table, **style))
    assert left == 0, folder


def write_opencps(unit, dossiers):
    headings = OPENCPS_HEADINGS.split("|")
    if unit.folder == "my-thuat-nhiep-anh":
        headings = [h for h in headings if h not in ("govAgencyCode", "feeAmount")]
    left, n = unit.duplicates, 0
    for month in range(1, 11):
        rows = []
        for view in rows_of_month(unit, dossiers, (month,)):
            n += 1
            row = opencps_row(unit.folder, headings, n, view)
            if view["fault"] == "field_count":
                row = spoil_count(row, view["serial"], headings.index("address"))
            rows.append(row)
        if left > 0:
            rows = add_duplicates(rows, 1)
            left -= 1
        end = "\r\n" if unit.folder == "du-lich" else "\n"
        save(unit.folder, f"dossiers-2020-{month:02d}.csv", encode([headings] + rows, end=end))
    assert left == 0, unit.folder


def write_actions(unit, dossiers, maker):
    """Writes one row a step; some steps reach the next month's file, and none is in order."""
    headings, files, n = ACTION_HEADINGS.split("|"), defaultdict(list), 0
    for dossier in dossiers:
        received, ended, returned = dossier.received, dossier.ended, dossier.returned
        steps = [("1000", "Tiếp nhận hồ sơ", "receiving_done", "processing", received, None, None)]
        if ended is None:
            if dossier.status != "processing":
                when = received + timedelta(hours=2)
                status = OPENCPS_STATUS[dossier.status]
                steps.append(("1300", "Tạm dừng", "waiting", status, when, None, None))
        else:
            steps.append(("2000", "Có kết quả", "released", "releasing", ended, ended, None))
            if returned is not None:
                when = max(returned, ended + timedelta(minutes=1))
                steps.append(("3000", "Trả kết quả", "finished", "done", when, ended, returned))
        for action, name, step, status, when, release, finish in steps:
            n += 1
            is_utc = n % 2 == 0

            def stamp(moment, is_utc=is_utc):
                if moment is None:
                    return ""
                local = moment.replace(tzinfo=timezone(timedelta(hours=7)))
                return (local.astimezone(timezone.utc) if is_utc else local).isoformat()

            due = datetime(dossier.due.year, dossier.due.month, dossier.due.day, 17) if dossier.due else None
            month = when.month if when.year == 2020 else 1
            if n % 23 == 0:
                month = min(month + 1, 10)
            files[month].append([
                str(900000 + n), number_of(dossier, False), dossier.uid, dossier.service.code, action,
                name, step, PEOPLE[1], PEOPLE[dossier.serial % 5],
                str(dossier.channel == "online").lower(), status, stamp(received), stamp(due),
                stamp(release), stamp(finish), stamp(when),
            ])
    for month in range(1, 11):
        rows = files[month]
        for i in range(len(rows) - 1, 0, -1):
            j = maker.below(i + 1)
            rows[i], rows[j] = rows[j], rows[i]
        save(unit.folder, f"actions-2020-{month:02d}.csv", encode([headings] + rows))


def save(folder, name, data):
    path = OUT / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# --- the check: the files are read again, knowing only what stands in them -------------------------

STATUS_OF = {
    "đã trả kết quả": "completed", "đã xử lý xong": "completed", "done": "completed",
    "releasing": "completed", "đang xử lý": "processing", "processing": "processing",
    "yêu cầu bổ sung giấy tờ": "supplement", "waiting": "supplement", "dừng xử lý": "paused",
    "paying": "paused", "từ chối giải quyết": "refused", "unresolved": "refused",
    "công dân yêu cầu rút hồ sơ": "withdrawn", "cancelled": "withdrawn",
}
ONLINE = {"trực tuyến", "nộp trực tuyến", "qua mạng", "trên mạng", "true"}
OFFLINE = {"trực tiếp", "tại chỗ", "bưu điện", "bcci", "qua bưu chính công ích",
           "dịch vụ bưu chính", "false"}
HEADINGS_OF = {
    "number": ("mã hồ sơ", "mã biên nhận", "mahoso", "dossierno"),
    "code": ("mã tthc", "mã thủ tục", "matthc", "servicecode"),
    "channel": ("hình thức nộp", "hình thức tiếp nhận", "kênh thực hiện", "loại tiếp nhận",
                "cách nộp", "loaitiepnhan", "online"),
    "status": ("trạng thái", "dossierstatus"),
    "received": ("ngày tiếp nhận", "ngày nhận", "ngaytiepnhan", "receivedate"),
    "due": ("ngày hẹn trả", "ngayhentra", "duedate"),
    "completed": ("ngày kết thúc xử lý", "ngày có kết quả", "ngày xử lý xong", "releasedate"),
    "returned": ("ngày trả kết quả", "ngày trả", "ngaytra", "finishdate"),
}


def read_day(text):
    if not text:
        return None
    if text[4] == "-":
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            moment = moment.astimezone(timezone(timedelta(hours=7)))
        return moment.date()
    text = text[:10].replace("-", "/")
    return datetime.strptime(text, "%d/%m/%Y").date()


def read_back(services):
    """Returns the last state of each dossier and what was found of each fault."""
    by_code = {s.code: s for s in services}
    state, found, n_records, months_seen = {}, Counter(), 0, defaultdict(set)
    rank = ["processing", "supplement", "paused", "refused", "withdrawn", "completed"]
    for path in sorted(OUT.glob("*/*.[ct]sv")):
        text = unicodedata.normalize("NFC", path.read_bytes().decode("utf-8-sig"))
        delimiter = "\t" if path.suffix == ".tsv" else ";" if "dien-anh" in path.parts else ","
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        top = next(i for i, row in enumerate(table)
                   if {c.lower() for c in row} & set(HEADINGS_OF["received"]))
        headings = [c.lower() for c in table[top]]
        at = {k: next((headings.index(h) for h in names if h in headings), None)
              for k, names in HEADINGS_OF.items()}
        seen = set()
        for row in table[top + 1:]:
            if next((c for c in row if c), "Tổng").startswith("Tổng"):
                continue
            n_records += 1
            if tuple(row) in seen:
                found["duplicate"] += 1
                continue
            seen.add(tuple(row))
            if len(row) != len(headings):
                found["field_count"] += 1
                continue
            cell = {k: row[i] if i is not None else "" for k, i in at.items()}
            if not cell["number"]:
                found["no_key"] += 1
                continue
            try:
                days = {k: read_day(cell[k]) for k in ("received", "due", "completed", "returned")}
            except ValueError:
                found["impossible_day"] += 1
                continue
            status = STATUS_OF.get(cell["status"].lower())
            if at["status"] is None:
                status = "completed" if days["returned"] else "processing"
            channel = cell["channel"].lower()
            end = days["completed"] or days["returned"]
            if status is None:
                found["unknown_status"] += 1
            elif channel not in ONLINE | OFFLINE:
                found["unknown_channel"] += 1
            elif cell["code"] not in by_code:
                found["unknown_procedure"] += 1
            elif end and end < days["received"]:
                found["end_before_received"] += 1
            elif status in ("completed", "refused", "withdrawn") and not end:
                found["no_end_day"] += 1
            else:
                number = cell["number"].replace("000.00.05.G16", "G16.05")
                key = (path.parent.name, number)
                record = (rank.index(status), status, channel in ONLINE, cell["code"],
                          days["received"], days["due"], end)
                months_seen[key].add(path.name)
                state[key] = max(state.get(key, (-1,)), record)
    return by_code, state, found, n_records, months_seen


def verify(services, calendar, planned):
    by_code, state, found, n_records, files_of = read_back(services)
    counts, statuses = Counter(), Counter()
    for (folder, _), (_, status, is_online, code, received, due, end) in state.items():
        statuses[status] += 1
        service = by_code[code]
        level = service.level_on(received)
        assert level is not None and calendar.is_working(received), (folder, code, received)
        assert end is None or (received < end and service.level_on(end) is not None), (folder, code)
        if status != "completed":
            continue
        assert SINCE <= end <= AS_OF
        counts["resolved"] += 1
        counts["with_due"] += due is not None
        counts["on_time"] += due is not None and end <= due
        counts["no_due"] += due is None
        if is_online:
            counts[level] += 1
    for name, value in EXPECTED.items():
        assert counts[name] == value, (name, counts[name], value)
    assert counts["information"] == 0, counts
    assert statuses["refused"] == 25 and statuses["withdrawn"] == 20, statuses
    assert statuses["processing"] + statuses["supplement"] + statuses["paused"] == 45, statuses
    assert found == planned, (found, planned)
    snapshots = [names for (folder, _), names in files_of.items() if folder != "hop-tac-quoc-te"]
    assert sum(len(names) > 1 for names in snapshots) == sum(u.repeats for u in UNITS)
    share = counts["on_time"] / counts["with_due"]
    assert 0.88 < share < 0.93, share
    return counts, statuses, found, n_records


def verify_services(services, table):
    valid = [r for r in table if r[15] <= "2020-10-31" and (not r[16] or r[16] > "2020-10-31")]
    levels = Counter(row[7] for row in valid)
    assert levels == {"full": 52, "partial": 11, "information": 32}, levels
    assert len(valid) == len({row[0] for row in valid}) == 95
    on_portal = [row for row in valid if row[14] and row[14] <= "2020-10-31"]
    assert len(on_portal) == 32 and all(row[7] != "information" for row in on_portal), len(on_portal)
    assert len({s.code for s in services}) == 98
    for row in table:
        for day in (row[14], row[10]):
            if row[7] == "information" and day:
                assert not row[16] or row[16] <= day, row  # nothing integrated while not online


README = """# Sample logs

**Every record here is invented**, with the unit and procedure codes: no real dossier, person, address or
number stands in these files. They are made so that the figures of the ministry's report of 26 November 2020
come out. `scripts/make_sample_data.py` writes them (fixed seed, the same bytes on every run), reads them again
and checks the counts; do not edit them by hand.

One folder a unit, one file a month (Vụ Thư viện: a quarter, then October): {n_files} files, {n_records} records,
{n_dossiers} good dossiers.

| Year to date at 2020-10-31 | Dossiers |
|---|---:|
| resolved | {resolved:,} |
| of them online in a partial service | {partial:,} |
| of them online in a full service | {full:,} |
| on time, of {with_due:,} with a due day | {on_time:,} |
| without a due day | {no_due} |
| refused | {refused} |
| withdrawn | {withdrawn} |
| open (processing {processing}, supplement {supplement}, paused {paused}) | {n_open} |

The level is that of `pipelines/ministry/services.csv` on the day of reception.

## Faults planted

Each in an otherwise good file; none changes the figures above.

| Rule | Records |
|---|---:|
{faults}

Totals rows, title rows and empty rows are no faults. {repeats} dossiers are listed twice, open in one month's file and
completed in a later one, {moved} of them with a later due day; their later row is known by its "Cập nhật lúc" or
`modifiedDate`, or by the day in the file's name.

## Shapes

| Folder | Shape |
|---|---|
| `ban-quyen-tac-gia` | one-stop list, title rows as wide as the table, totals row, time of change |
| `di-san-van-hoa` | one-stop list in NFD (decomposed accents), days only |
| `dien-anh` | `;`, BOM and CRLF; the day of the export in the file's name |
| `my-thuat-nhiep-anh` | OpenCPS dossiers without agency and fee, line breaks in notes |
| `nghe-thuat-bieu-dien` | headings in capitals; ragged title rows; old leaf-first numbers (`000.00.05.G16-…`) until 2020-09-14; line breaks inside quoted notes |
| `van-hoa-co-so` | tabs; other headings |
| `hop-tac-quoc-te` | OpenCPS actions: one row a step, shuffled, some a month late, offsets `+07:00` and `+00:00` mixed |
| `du-lich` | OpenCPS dossiers, CRLF, agency code in both forms, line breaks in notes |
| `the-duc-the-thao` | days with hyphens, words of its own for the channel |
| `thu-vien` | three quarters and a month, from and to in the file's name |
| `gia-dinh`, `dao-tao` | registers kept by hand: numbers of their own, no status |
"""


def main():
    services, table = read_services()
    verify_services(services, table)
    write_services(table)
    calendar = Calendar()
    if OUT.exists():
        shutil.rmtree(OUT)
    maker = Maker(services, calendar)
    planned = Counter()
    for unit in UNITS:
        dossiers = maker.unit(unit)
        planned.update(unit.faults)
        planned["duplicate"] += unit.duplicates
        if unit.folder == "hop-tac-quoc-te":
            write_actions(unit, dossiers, maker)
        elif is_opencps(unit):
            write_opencps(unit, dossiers)
        else:
            write_lists(unit, dossiers)
    counts, statuses, found, n_records = verify(services, calendar, planned)
    n_files = len(list(OUT.glob("*/*")))
    rules = ["no_key", "impossible_day", "unknown_status", "unknown_channel", "unknown_procedure",
             "field_count", "end_before_received", "no_end_day"]
    faults = "\n".join(f"| `{rule}` | {found[rule]} |" for rule in rules)
    faults += f"\n| all of these | {sum(found[rule] for rule in rules)} |"
    faults += f"\n| exact duplicates (not rejected, counted as duplicates) | {found['duplicate']} |"
    n_open = statuses["processing"] + statuses["supplement"] + statuses["paused"]
    text = README.format(
        n_files=n_files, n_records=f"{n_records:,}", n_dossiers=f"{sum(statuses.values()):,}",
        faults=faults, n_open=n_open, repeats=sum(u.repeats for u in UNITS),
        moved=sum(u.moved for u in UNITS), **counts,
        **{k: v for k, v in statuses.items() if k != "completed"},
    )
    (OUT / "README.md").write_text(text, encoding="utf-8")
    print(f"{n_files} files, {n_records} records, {sum(statuses.values())} good dossiers")
    print("year to date:", ", ".join(f"{k} {v}" for k, v in sorted(counts.items())))
    print("by status:", ", ".join(f"{k} {v}" for k, v in sorted(statuses.items())))
    print("faults:", ", ".join(f"{rule} {found[rule]}" for rule in [*rules, "duplicate"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
