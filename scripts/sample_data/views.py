"""What a log says of a dossier, in neutral terms, and how its faults show there."""

from datetime import date, timedelta

PEOPLE = ["Nguyễn Văn A", "Trần Thị B", "Lê Văn C", "Phạm Thị D", "Hoàng Văn E"]
FIRMS = ["Công ty TNHH Ví Dụ Một", "Công ty CP Ví Dụ Hai", "Công ty TNHH Ví Dụ Ba"]
PHONE, IDENTITY = "0900000001", "000000000001"


def number_of(dossier, is_sighting=False):
    """Writes the dossier's number as its unit did on that occasion."""
    if dossier.fault == "no_key":
        return ""
    unit, day = dossier.unit, dossier.received.date()
    if unit.is_register:
        return f"{dossier.serial:02d}/2020/{'GĐ' if unit.code == 'G16.11' else 'ĐT'}"
    tail = f"{day:%y%m%d}-{dossier.serial:04d}"
    # This unit wrote the old, leaf-first code until the new one came into force in September 2020;
    # what was seen open before is listed under the old form, and completed under the new.
    is_old_form = unit.code == "G16.05" and day < date(2020, 9, 15)
    if is_old_form and (is_sighting or not dossier.sighted):
        return f"000.00.05.G16-{tail}"
    return f"{unit.code}-{tail}"


def view_of(dossier, is_sighting=False):
    """Returns what a file says of a dossier."""
    view = {
        "number": number_of(dossier, is_sighting), "code": dossier.service.code,
        "name": dossier.service.name_vi, "channel": dossier.channel, "status": dossier.status,
        "received": dossier.received, "due": dossier.due, "ended": dossier.ended,
        "returned": dossier.returned, "changed": dossier.returned or dossier.ended,
        "supplements": dossier.supplements, "level": dossier.level, "uid": dossier.uid,
        "applicant": dossier.applicant, "fee": dossier.service.fee, "fault": dossier.fault,
        "serial": dossier.serial, "tax_code": dossier.tax_code,
        "is_bad_reception": False, "is_bad_end": False,
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
        view.update(code="9.999999", name="Thủ tục không có trong danh mục")
    elif fault == "unknown_channel":
        view.update(channel="?")
    elif fault == "impossible_day":
        view.update({"is_bad_reception" if dossier.serial % 2 else "is_bad_end": True})
    return view


def views_of_months(dossiers, months):
    """Returns what the file of these months lists, in order of reception."""
    views = []
    for dossier in dossiers:
        if dossier.sighted in months:
            views.append(view_of(dossier, is_sighting=True))
        if dossier.month in months:
            views.append(view_of(dossier))
    return views


def person(view):
    """Names the applicant."""
    return FIRMS[view["serial"] % 3] if view["applicant"] == "enterprise" else PEOPLE[view["serial"] % 5]


def has_note(view):
    """Whether an officer wrote something beside the dossier."""
    return view["received"].second % 12 == 0 and not view["fault"]


def spoil_count(row, is_longer, address_at):
    """Gives a row one field too many (an unquoted comma in an address) or one too few."""
    if is_longer:
        return row[:address_at] + [row[address_at], "tầng 2"] + row[address_at + 1:]
    return row[:address_at] + row[address_at + 1:]


def add_duplicates(rows, n):
    """Repeats n rows further down, as they are."""
    for i in range(n):
        rows.insert(len(rows) - 2 - i, list(rows[3 + 5 * i]))
    return rows
