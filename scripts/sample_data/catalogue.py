"""The procedures of the ministry and the catalogue `services.csv` made of them. All are invented."""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import date

from .files import PIPELINE

LEVELS = {"i": "information", "p": "partial", "f": "full"}

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
    payable_from: date | None
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
            payable_from = date.fromisoformat(payable) if payable else None
            services.append(
                Service(code, unit, vi, int(days), int(fee), int(weight), payable_from, rows)
            )
    return services, table


def write_services(table):
    """Writes services.csv."""
    heading = (
        "code,name_vi,name_en,field_code,field_vi,field_en,unit_code,level,eligible_full,fee_vnd,"
        "payable_online_from,result_paper,most_days,audience,npsp_from,valid_from,valid_to"
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading.split(","))
    writer.writerows(table)
    (PIPELINE / "services.csv").write_bytes(text.getvalue().encode())


def verify_services(services, table):
    """Checks the figures of the report: 95 procedures, 11 partial, 52 full, 32 on the portal."""
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
