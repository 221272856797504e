"""Reads what comes from outside the units again, and checks it against the plan and the dossiers."""

from collections import Counter

from .files import OUT
from .readers import read_records, read_rows
from .tax_codes import is_valid
from .views import number_of


def verify_feeds(dossiers, feeds):
    """Checks each feed; returns a line on each."""
    known = {number_of(dossier).replace("000.00.05.G16", "G16.05") for dossier in dossiers}
    checks = [
        verify_payments(feeds["payments"]), verify_parcels(feeds["parcels"]),
        verify_sent(feeds["sent"]), verify_steps(feeds["steps"]), verify_look_ups(feeds["look_ups"]),
    ]
    lines = []
    for name, numbers, told in checks:
        unknown = {n for n in numbers if n.replace("000.00.05.G16", "G16.05") not in known}
        lines.append(f"{name}: {len(numbers)} records, {len(unknown)} dossiers that no unit lists; {told}")
        assert unknown or name == "progress", name
    return lines


def files_in(folder):
    return sorted((OUT / folder).iterdir())


def rows_below(path):
    """Yields the rows of a sheet by their headings, up to the totals."""
    rows = read_rows(path)
    top = next(at for at, row in enumerate(rows) if "Mã hồ sơ" in row)
    headings = [cell for cell in rows[top] if cell and cell != "Người tiếp nhận"]
    for row in rows[top + 1:]:
        if row[0].startswith("Tổng"):
            yield {"total": row}
            return
        yield dict(zip(headings, row))


def verify_payments(planned):
    numbers, by_status, channels = [], Counter(), Counter()
    for path in files_in("paygov"):
        *rows, last = rows_below(path)
        amounts = [int(row["Tổng (VNĐ)"].replace(".", "")) for row in rows]
        assert int(last["total"][9].replace(".", "")) == sum(amounts), path
        numbers += [row["Mã hồ sơ"] for row in rows]
        by_status.update(row["Trạng thái thanh toán"] for row in rows)
        channels.update(row["Kênh thanh toán"] for row in rows)
    assert len(numbers) == len(planned) and len(by_status) == len(channels) == 4, (by_status, channels)
    return "payments", numbers, told(by_status)


def verify_parcels(planned):
    numbers, parcels, by_way = [], {}, Counter()
    for path in files_in("vnpost"):
        *rows, last = rows_below(path)
        assert int(last["total"][1]) == len(rows), path
        for row in rows:
            numbers.append(row["Mã hồ sơ"])
            parcels[row["Mã bưu gửi"]] = row
    for row in parcels.values():
        by_way["in" if row["Thu nhận hồ sơ"] == "Có" else "out"] += 1
        by_way["under way"] += not row["Ngày phát"]
    assert len(parcels) == len(planned), (len(parcels), len(planned))
    return "parcels", numbers, told(by_way)


def verify_sent(planned):
    numbers, found, statuses = [], Counter(), {}
    for path in files_in("npsp"):
        for record in read_records(path, "data"):
            numbers.append(record.get("MaHoSoKhac") or record["MaHoSo"])
            status = record["TrangThaiHoSo"]
            files = {file["DuongDanTaiTepTin"] for file in record["TaiLieuNop"]}
            results = {file["DuongDanTepTinKetQua"] for file in record["DanhSachGiayToKetQua"]}
            found["number_replaced"] += "MaHoSoKhac" in record
            found["result_is_submitted_file"] += bool(files & results)
            found["portal_end_without_due"] += status in ("9", "10") and not record["NgayHenTra"]
            found["unknown_code"] += status == "0"
            before = statuses.setdefault(record["MaHoSo"], [])
            found["portal_reopened"] += status == "4" and "9" in before
            before.append(status)
    in_plan = Counter(kind for sent in planned for kind in sent.planted)
    for kind in found:
        assert found[kind] == in_plan[kind] > 0, (kind, found[kind], in_plan[kind])
    assert len(numbers) == len(planned)
    found.update({kind: n for kind, n in in_plan.items() if kind not in found})
    assert all(found[kind] for kind in ("portal_end_while_paused", "paid_online_by_cash", "zero_fee_not_sent"))
    return "sent to the portal", numbers, told(found)


def verify_steps(planned):
    records = [r for path in files_in("my-thuat-nhiep-anh-tien-do") for r in read_records(path, "data")]
    assert len(records) == len(planned)
    return "progress", [r["MaHoSo"] for r in records], told(Counter(f"status {r['TrangThai']}:" for r in records))


def verify_look_ups(planned):
    records = [r for path in files_in("dang-ky-doanh-nghiep") for r in read_records(path, "TraCuu")]
    found = Counter("found" if r["TimThay"] == "1" else "not found" for r in records)
    found["wrong check digit"] = sum(not is_valid(r["MaSoDoanhNghiep"]) for r in records)
    assert len(records) == len(planned) and found["wrong check digit"] > 3, found
    return "look-ups", [r["MaHoSo"] for r in records], told(found)


def told(counts):
    return ", ".join(f"{name} {n}" for name, n in sorted(counts.items()))
