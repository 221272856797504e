"""The workbook of G16.02, filled into a template: headings merged over two rows, a sheet of codes
that is hidden, signatures below the totals."""

from datetime import timedelta

from logformats.table import Table

GROUPS = {"Hình thức tiếp nhận": ("Tiếp nhận", "Hình thức"), "Ngày tiếp nhận": ("Tiếp nhận", "Ngày"),
          "Ngày có kết quả": ("Giải quyết", "Ngày có kết quả"), "Ngày trả": ("Giải quyết", "Ngày trả")}
N_ABOVE = 12
CODES = [["Mã", "Hình thức"], [1, "Trực tiếp"], [2, "Nộp trực tuyến"], [3, "BCCI"]]


def as_template(headings, rows, unit_name, period, end):
    """Lays a list out in the template; its first heading spans two columns."""
    titles = [[] for _ in range(N_ABOVE)]
    titles[0] = ["BỘ VĂN HÓA, THỂ THAO VÀ DU LỊCH", *[""] * 3, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"]
    titles[1] = [*[""] * 4, "Độc lập - Tự do - Hạnh phúc"]
    titles[4] = [*[""] * 4, "DANH SÁCH HỒ SƠ"]
    titles[6] = ["", "", unit_name.upper()]
    titles[7] = ["", "", period]
    first, second = [headings[0], ""], ["", ""]
    merges = [(4, 4, 4, 10), (N_ABOVE, 0, N_ABOVE + 1, 1)]
    for heading in headings[1:]:
        group, own = GROUPS.get(heading, (heading, ""))
        is_next = group in first
        column = len(first)
        first.append("" if is_next else group)
        second.append(own)
        if is_next:
            merges.append((N_ABOVE, column - 1, N_ABOVE, column))
        elif not own:
            merges.append((N_ABOVE, column, N_ABOVE + 1, column))
    numbers = ["(1)", "", *(f"({n})" for n in range(2, len(headings) + 1))]
    filled = [[row[0], "", *row[1:]] for row in rows]
    signed = end + timedelta(days=3)
    below = [
        ["Tổng số", "", str(len(rows))],
        [],
        [*[""] * 8, f"Hà Nội, ngày {signed:%d} tháng {signed:%m} năm {signed:%Y}"],
        ["", "", "", "NGƯỜI LẬP BIỂU", *[""] * 4, "THỦ TRƯỞNG ĐƠN VỊ"],
        ["", "", "", "(Ký, họ tên)", *[""] * 4, "(Ký, đóng dấu)"],
    ]
    return Table(
        [first, second], [numbers, *filled], titles, below, merges, sheet="Danh sách",
        hidden_sheets={"DanhMuc": CODES},
    )
