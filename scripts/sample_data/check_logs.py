"""Reads the units' logs again, knowing only what stands in them, and checks the plan's counts."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from .files import OUT
from .plan import AS_OF, EXPECTED, SINCE, UNITS
from .readers import read_records, read_rows

ENCODINGS = {
    "nghe-thuat-bieu-dien": "tcvn3", "the-duc-the-thao": "utf-16le", "thu-vien": "vni",
    "ho-so_2020-04_20200503.csv": "utf-8-as-cp1252", "dao-tao": "windows-1258",
    **{f"so-theo-doi_2020-0{month}.xls": "tcvn3" for month in (1, 2, 3)},
}
STATUSES = {
    "đã trả kết quả": "completed", "đã xử lý xong": "completed", "done": "completed",
    "releasing": "completed", "đang xử lý": "processing", "processing": "processing",
    "yêu cầu bổ sung giấy tờ": "supplement", "waiting": "supplement", "dừng xử lý": "paused",
    "paying": "paused", "từ chối giải quyết": "refused", "unresolved": "refused",
    "công dân yêu cầu rút hồ sơ": "withdrawn", "cancelled": "withdrawn",
}
RANKS = ["processing", "supplement", "paused", "refused", "withdrawn", "completed"]
ONLINE = {"trực tuyến", "nộp trực tuyến", "qua mạng", "trên mạng", "true"}
OFFLINE = {"trực tiếp", "tại chỗ", "bưu điện", "bcci", "qua bưu chính công ích",
           "dịch vụ bưu chính", "false"}
HEADINGS = {
    "number": ("mã hồ sơ", "mã biên nhận", "mahoso", "dossierno"),
    "code": ("mã tthc", "mã thủ tục", "matthc", "servicecode", "tên thủ tục hành chính"),
    "channel": ("hình thức nộp", "hình thức tiếp nhận", "kênh thực hiện", "loại tiếp nhận",
                "cách nộp", "loaitiepnhan", "online", "hình thức"),
    "status": ("trạng thái", "dossierstatus"),
    "received": ("ngày tiếp nhận", "ngày nhận", "ngaytiepnhan", "receivedate", "ngày"),
    "due": ("ngày hẹn trả", "ngayhentra", "duedate"),
    "completed": ("ngày kết thúc xử lý", "ngày có kết quả", "ngày xử lý xong", "releasedate"),
    "returned": ("ngày trả kết quả", "ngày trả", "ngaytra", "finishdate"),
}
LOGS = [unit.folder for unit in UNITS]


@dataclass
class Found:
    """What stands in the units' logs."""

    n_files: int
    n_records: int
    n_twice: int  # dossiers listed by two files
    counts: Counter
    statuses: Counter
    faults: Counter

    def summary(self):
        """Tells it in lines."""
        def told(counts):
            return ", ".join(f"{name} {n}" for name, n in sorted(counts.items()))
        n_good = sum(self.statuses.values())
        return (
            f"{self.n_files} logs of units, {self.n_records} records, {n_good} good dossiers\n"
            f"year to date: {told(self.counts)}\nby status: {told(self.statuses)}\n"
            f"faults: {told(self.faults)}")


def verify_logs(services, calendar, planned):
    """Reads the logs of every unit and checks the figures of the report."""
    by_code = {s.code: s for s in services} | {(s.unit, s.name_vi): s for s in services}
    state, faults, n_records, files_of = read_back(by_code)
    counts, statuses = Counter(), Counter()
    for (folder, _), (_, status, is_online, service, received, due, end) in state.items():
        statuses[status] += 1
        level = service.level_on(received)
        assert level is not None and calendar.is_working(received), (folder, service, received)
        assert end is None or (received < end and service.level_on(end) is not None), (folder, service)
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
    assert (counts["on_time"], counts["with_due"]) == (7961, 8695), counts
    assert statuses["refused"] == 25 and statuses["withdrawn"] == 20, statuses
    assert statuses["processing"] + statuses["supplement"] + statuses["paused"] == 45, statuses
    assert faults == planned, (faults, planned)
    snapshots = [names for (folder, _), names in files_of.items() if folder != "hop-tac-quoc-te"]
    n_twice = sum(len(names) > 1 for names in snapshots)
    assert n_twice == sum(u.repeats for u in UNITS), n_twice
    n_files = sum(len(list((OUT / folder).iterdir())) for folder in LOGS)
    return Found(n_files, n_records, n_twice, counts, statuses, faults)


def read_back(by_code):
    """Returns the last state of each dossier, the faults found, the records, the files of each."""
    state, faults, n_records, files_of = {}, Counter(), 0, defaultdict(set)
    for folder, unit in zip(LOGS, UNITS):
        for path in sorted((OUT / folder).iterdir()):
            seen = set()
            for row, cell in cells_in(path):
                n_records += 1
                if row in seen:
                    faults["duplicate"] += 1
                    continue
                seen.add(row)
                fault, record = judge(unit, cell, by_code)
                if fault:
                    faults[fault] += 1
                    continue
                # An old number and a new one may name one dossier.
                key = (folder, cell["number"].replace("000.00.05.G16", "G16.05"))
                files_of[key].add(path.name)
                state[key] = max(state.get(key, (-1,)), record, key=lambda r: r[0])
    return state, faults, n_records, files_of


def cells_in(path):
    """Yields each record with the cells that are needed of it; no cells where a row has too many."""
    is_keyed = path.name.endswith((".json", ".json.zst", ".ndjson.gz", ".parquet", ".xml"))
    if is_keyed:
        for record in read_records(path, "HoSo" if path.suffix == ".xml" else None):
            texts = {key.lower(): as_text(value) for key, value in record.items()}
            found = {column: first_of(texts, names) for column, names in HEADINGS.items()}
            yield tuple(texts.items()), found
        return
    rows = read_rows(path, ENCODINGS.get(path.name, ENCODINGS.get(path.parent.name, "utf-8")))
    names = HEADINGS["number"]
    top = next(at for at, row in enumerate(rows) if {cell.lower() for cell in row} & set(names))
    headings = [cell.lower() for cell in rows[top]]
    if path.suffix == ".xlsx":  # the headings of groups stand a row lower
        top += 1
        headings = [below.lower() or above for above, below in zip(headings, rows[top])]
    if path.parent.name == "van-hoa-co-so":
        headings.remove("người tiếp nhận")  # no cell is written under it
    for row in rows[top + 1:]:
        first = next((cell for cell in row if cell), "")
        if first.startswith("Tổng"):
            return
        if first == "(1)":
            continue
        texts = dict(zip(headings, row))
        is_whole = len(row) == len(headings)
        found = {column: first_of(texts, names) for column, names in HEADINGS.items()}
        yield tuple(row), found if is_whole else None


def first_of(texts, names):
    return next((texts[name] for name in names if name in texts), None)


def as_text(value):
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def judge(unit, cell, by_code):
    """Returns the fault of a record, or what it says of its dossier."""
    if cell is None:
        return "field_count", None
    if not cell["number"]:
        return "no_key", None
    try:
        received, due, completed, returned = (
            read_day(cell[column]) for column in ("received", "due", "completed", "returned"))
    except ValueError:
        return "impossible_day", None
    status = STATUSES.get((cell["status"] or "").lower())
    if cell["status"] is None:
        status = "completed" if returned else "processing"
    channel, end = cell["channel"].lower(), completed or returned
    service = by_code.get(cell["code"]) or by_code.get((unit.code, cell["code"]))
    if status is None:
        return "unknown_status", None
    if channel not in ONLINE | OFFLINE:
        return "unknown_channel", None
    if service is None:
        return "unknown_procedure", None
    if end and end < received:
        return "end_before_received", None
    if status in ("completed", "refused", "withdrawn") and not end:
        return "no_end_day", None
    return "", (RANKS.index(status), status, channel in ONLINE, service, received, due, end)


def read_day(text):
    """Reads a day in any form that the units use."""
    if not text:
        return None
    if text.isdigit():  # the number by which a workbook counts it
        return date(1899, 12, 30) + timedelta(days=int(text))
    if text[4] == "-":
        moment = datetime.fromisoformat(text.removesuffix("Z"))
        if moment.tzinfo:
            moment = moment.astimezone(timezone(timedelta(hours=7)))
        return moment.date()
    return datetime.strptime(text[:10].replace("-", "/"), "%d/%m/%Y").date()
