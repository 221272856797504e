"""Lists of one-stop counters and hand-kept registers: a sheet with titles, headings and totals."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from logformats import formats, keyed
from logformats.table import Table

from .days import day_text, month_span
from .plan import MONTHS
from .template import as_template
from .views import IDENTITY, PEOPLE, PHONE, add_duplicates, has_note, person, spoil_count, views_of_months


@dataclass
class ListKind:
    """How a unit's list is written."""

    headings: str
    name: str  # of a file, with {month}, {start}, {end} or {exported}
    form_of: object  # month to the format and the suffix of the name
    words: tuple = ("Trực tuyến", "Trực tiếp", "BCCI")  # online, counter, post
    day: str = "%d/%m/%Y %H:%M:%S"
    due: str = ""  # as `day`, without the time, unless told
    without_cell: str = ""  # a heading under which no cell is written
    spans: tuple = tuple((month,) for month in MONTHS)


def always(form, suffix):
    return lambda month: (form, suffix)


def of_copyright(month):
    """The system's CSV in January, its Excel file from February, zipped for the mail from March."""
    if month == 1:
        return "csv", ".csv"
    return ("html", ".xls") if month == 2 else ("html.zip", ".xls.zip")


def of_cinema(month):
    """One month went through an editor that took UTF-8 for windows-1252."""
    return ("csv-semicolon-cp1252" if month == 4 else "csv-semicolon-nfd"), ".csv"


def of_family(month):
    """A .Vn font draws the workbook's texts until March: its characters are those of TCVN3."""
    return ("xls-dates-tcvn3" if month < 4 else "xls-dates"), ".xls"


def of_training(month):
    """A workbook saved as text and zipped for the mail; a small database since July."""
    return ("csv-1258.zip", ".zip") if month < 7 else ("xml", ".xml")


KINDS = {
    "ban-quyen-tac-gia": ListKind(
        "STT|Mã hồ sơ|Mã TTHC|Tên thủ tục hành chính|Người nộp|Số giấy tờ|Địa chỉ|Số điện thoại|"
        "Đối tượng|Hình thức nộp|Ngày tiếp nhận|Ngày hẹn trả|Ngày kết thúc xử lý|Ngày trả kết quả|"
        "Trạng thái|Cập nhật lúc|Ghi chú",
        "ho-so_{month}", of_copyright, ("Trực tuyến", "Trực tiếp", "Qua bưu chính công ích"),
        due="%d/%m/%Y %H:%M:%S"),
    "di-san-van-hoa": ListKind(
        "TT|Mã hồ sơ|Mã TTHC|Tên thủ tục hành chính|Người nộp|Hình thức tiếp nhận|Ngày tiếp nhận|"
        "Ngày hẹn trả|Ngày có kết quả|Ngày trả|Trạng thái",
        "di-san_{month}", always("xlsx-dates", ".xlsx"), ("Nộp trực tuyến", "Trực tiếp", "BCCI"),
        "%d/%m/%Y"),
    "dien-anh": ListKind(
        "STT|Mã hồ sơ|Mã thủ tục|Tên thủ tục hành chính|Chủ hồ sơ|Địa chỉ|Kênh thực hiện|"
        "Ngày tiếp nhận|Ngày hẹn trả|Ngày kết thúc xử lý|Ngày trả kết quả|Trạng thái|Ghi chú",
        "ho-so_{month}_{exported}", of_cinema, ("Qua mạng", "Trực tiếp", "Dịch vụ bưu chính"),
        "%d/%m/%Y %H:%M"),
    "nghe-thuat-bieu-dien": ListKind(
        "STT|MÃ HỒ SƠ|MÃ TTHC|NGƯỜI NỘP|ĐỊA CHỈ|SỐ ĐIỆN THOẠI|ĐỐI TƯỢNG|HÌNH THỨC NỘP|MỨC ĐỘ|"
        "NGÀY TIẾP NHẬN|NGÀY HẸN TRẢ|NGÀY KẾT THÚC XỬ LÝ|TRẠNG THÁI|SỐ LẦN BỔ SUNG|"
        "KẾT QUẢ ĐIỆN TỬ|CẬP NHẬT LÚC|GHI CHÚ",
        "nghe-thuat-bieu-dien_{month}", always("csv-tcvn3", ".csv"), ("TRỰC TUYẾN", "TRỰC TIẾP", "BCCI")),
    "van-hoa-co-so": ListKind(
        "STT|Đơn vị tiếp nhận|Người tiếp nhận|Tên thủ tục hành chính|Mã hồ sơ|Trạng thái|"
        "Loại tiếp nhận|Địa chỉ|Người nộp|Chủ hồ sơ|Ngày nộp hồ sơ|Ngày nhận|Ngày hẹn trả|"
        "Ngày kết thúc xử lý",
        "theo-doi_{month}", always("html", ".xls"), ("Nộp trực tuyến", "Trực tiếp", "BCCI"),
        "%d/%m/%Y %H:%M", without_cell="Người tiếp nhận"),
    "the-duc-the-thao": ListKind(
        "STT|Mã biên nhận|Mã thủ tục|Tên thủ tục hành chính|Vận động viên|Cách nộp|Ngày nhận|"
        "Ngày hẹn trả|Ngày xử lý xong|Ngày trả|Trạng thái",
        "theo-doi_{month}", always("csv-utf16", ".txt"), ("Trên mạng", "Tại chỗ", "Bưu điện"),
        "%d-%m-%Y"),
    "thu-vien": ListKind(
        "STT|Mã hồ sơ|Mã TTHC|Người nộp|Hình thức nộp|Ngày tiếp nhận|Ngày hẹn trả|Ngày có kết quả|"
        "Trạng thái|Ghi chú",
        "thu-vien_{start}_{end}", always("csv-vni", ".csv"), day="%d/%m/%Y",
        spans=((1, 2, 3), (4, 5, 6), (7, 8, 9), (10,))),
    "gia-dinh": ListKind(
        "STT|MaHoSo|TrichYeu|MaTTHC|SoBoHoSo|ChuHoSo|DiaChi|SoDienThoai|LoaiTiepNhan|NgayTiepNhan|"
        "NgayHenTra|NgayTra|TenNguoiNhan",
        "so-theo-doi_{month}", of_family, ("Qua mạng", "Trực tiếp", "BCCI"),
        "%d/%m/%Y"),
    "dao-tao": ListKind(
        "STT|MaHoSo|TrichYeu|MaTTHC|ChuHoSo|LoaiTiepNhan|NgayTiepNhan|NgayHenTra|NgayTra|TenNguoiNhan",
        "so-theo-doi_{month}", of_training, day="%d/%m/%Y"),
}
STATUSES = {
    "processing": "Đang xử lý", "supplement": "Yêu cầu bổ sung giấy tờ", "paused": "Dừng xử lý",
    "refused": "Từ chối giải quyết", "withdrawn": "Công dân yêu cầu rút hồ sơ",
}
APPLICANTS = {"citizen": "Cá nhân", "enterprise": "Doanh nghiệp", "organisation": "Tổ chức"}
LEVELS = {"information": "Mức độ 2", "partial": "Mức độ 3", "full": "Mức độ 4"}


def write_lists(unit, dossiers, output):
    """Writes the lists of a unit."""
    kind, left = KINDS[unit.folder], unit.duplicates
    for months in kind.spans:
        start, end = month_span(months[0], months[-1])
        form, suffix = kind.form_of(months[0])
        views = views_of_months(dossiers, months)
        rows = []
        for n, view in enumerate(views, 1):
            row = list_row(unit, kind, n, view)
            if view["fault"] == "field_count":
                # A page has no cell too few: only text loses a separator.
                is_longer = form.startswith("html") or (view["serial"] + n) % 2 == 1
                row = spoil_count(row, is_longer, cells_of(kind).index("địa chỉ"))
            rows.append(row)
        if left > 0 and len(rows) > 30:
            rows = add_duplicates(rows, 1)
            left -= 1
        exported = end + timedelta(days=3)
        name = kind.name.format(
            month=f"{start:%Y-%m}", start=start, end=end, exported=f"{exported:%Y%m%d}")
        table = shaped(unit, kind, rows, len(views), start, end)
        if form == "xml":
            told = {"donVi": unit.name, "tuNgay": f"{start}", "denNgay": f"{end}"}
            data = keyed.write_xml(Table(table.headings, rows).records(), "SoTheoDoi", "HoSo", told)
        else:
            inner = name + (".xls" if suffix == ".xls.zip" else ".csv")
            data = formats.write(table, form, inner)
        output.save(unit.folder, name + suffix, data)
    assert left == 0, unit.folder


def serial_of(text):
    """Returns the number by which a workbook counts a day."""
    return (datetime.strptime(text, "%d/%m/%Y") - datetime(1899, 12, 30)).days


def cells_of(kind):
    """The headings under which there are cells, in lower case."""
    return [h.lower() for h in kind.headings.split("|") if h != kind.without_cell]


def list_row(unit, kind, n, view):
    """Fills a row by its headings."""
    due_form = kind.due or kind.day.split(" ")[0]
    received = day_text(kind.day, view["received"], view["is_bad_reception"])
    ended = day_text(kind.day, view["ended"], view["is_bad_end"])
    returned, due = day_text(kind.day, view["returned"]), day_text(due_form, view["due"])
    if unit.is_register:
        returned = ended  # the one day that a register keeps
    is_performing = unit.code == "G16.05"
    note = 'Bổ sung bản sao;\nđã gọi điện, hẹn "thứ Hai"' if is_performing else "Nộp thay, có giấy ủy quyền"
    status = STATUSES.get(view["status"], view["status"])
    if status == "completed":
        status = "Đã trả kết quả" if view["returned"] else "Đã xử lý xong"
    words = dict(zip(("online", "counter", "post"), kind.words))
    channel = words.get(view["channel"], "Kênh khác thường")
    applicant, address = person(view), f"Số {view['serial']} phố Ví Dụ, phường Mẫu, Hà Nội"
    cells = {
        ("stt", "tt"): n,
        ("mã hồ sơ", "mã biên nhận", "mahoso"): view["number"],
        ("mã tthc", "mã thủ tục", "matthc"): view["code"],
        ("tên thủ tục hành chính", "trichyeu"): view["name"],
        ("người nộp", "chủ hồ sơ", "chuhoso"): applicant,
        ("vận động viên",): PEOPLE[0], ("số giấy tờ",): IDENTITY, ("sobohoso",): 1,
        ("địa chỉ",): address, ("diachi",): "Phố Ví Dụ",
        ("số điện thoại", "sodienthoai"): PHONE, ("tennguoinhan",): PEOPLE[1],
        ("đơn vị tiếp nhận",): unit.name, ("đối tượng",): APPLICANTS[view["applicant"]],
        ("hình thức nộp", "kênh thực hiện", "hình thức tiếp nhận", "loại tiếp nhận", "cách nộp",
         "loaitiepnhan"): channel,
        ("mức độ",): LEVELS[view["level"]],
        ("ngày nộp hồ sơ", "ngày tiếp nhận", "ngày nhận", "ngaytiepnhan"): received,
        ("ngày hẹn trả", "ngayhentra"): due,
        ("ngày kết thúc xử lý", "ngày có kết quả", "ngày xử lý xong"): ended,
        ("ngày trả kết quả", "ngày trả", "ngaytra"): returned,
        ("trạng thái",): status, ("số lần bổ sung",): view["supplements"],
        ("kết quả điện tử",): "Có" if view["level"] == "full" and view["ended"] else "Không",
        ("cập nhật lúc",): f"{view['changed']:%d/%m/%Y %H:%M:%S}",
        ("ghi chú",): note if has_note(view) else "",
    }
    by_heading = {heading: cell for headings, cell in cells.items() for heading in headings}
    return [str(by_heading[heading]) for heading in cells_of(kind)]


def shaped(unit, kind, rows, n_records, start, end):
    """Puts titles above the rows and totals below, as the unit's system writes them."""
    headings, width = kind.headings.split("|"), len(cells_of(kind))
    hyphen = "-" if unit.code == "G16.09" else "/"
    period = f"(Từ ngày {start:%d/%m/%Y} đến ngày {end:%d/%m/%Y})".replace("/", hyphen)
    report = "SỔ THEO DÕI HỒ SƠ" if unit.is_register else "DANH SÁCH HỒ SƠ"
    lines = ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", unit.name.upper(),
             report, period]
    if unit.code == "G16.02":
        return as_template(headings, rows, unit.name, period, end)
    if unit.code == "G16.05":
        made = datetime(end.year, end.month, end.day, 8, 15) + timedelta(days=2)
        lines.append(f"Kết xuất lúc {made:%d/%m/%Y %H:%M:%S}")
        below = [[f"Tổng cộng: {n_records} hồ sơ"]]
        return Table([headings], rows, [[line] for line in lines], below)
    if unit.code in ("G16.06", "G16.09"):
        below = [["", "Tổng cộng", str(n_records)] + [""] * (width - 3)]
    else:
        below = [["Tổng số", str(n_records)] + [""] * (width - 2)]
    if kind.form_of(start.month)[0].startswith("html"):
        return Table([headings], rows, [[line] for line in [*lines, ""]], below)
    titles = [["", "", line] + [""] * (width - 3) for line in lines] + [[""] * width]
    table = Table([headings], rows, titles, below)
    if unit.code == "G16.11":
        if start.month == 5:
            # A day that was typed into a cell of numbers.
            at = headings.index("NgayTiepNhan")
            rows[0][at] = serial_of(rows[0][at])
        # A new workbook of that time had three sheets.
        table.empty_sheets = ["Sheet2", "Sheet3"]
    return table
