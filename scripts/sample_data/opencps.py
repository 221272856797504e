"""What OpenCPS exports: dossiers as JSON or Parquet, actions as NDJSON."""

from collections import defaultdict
from datetime import datetime, timedelta, timezone

from logformats import keyed, packing

from .plan import MONTHS
from .views import IDENTITY, PEOPLE, PHONE, add_duplicates, has_note, number_of, person, views_of_months

HANOI = timezone(timedelta(hours=7))
STATUSES = {
    "processing": "processing", "supplement": "waiting", "paused": "paying",
    "refused": "unresolved", "withdrawn": "cancelled",
}


def write_dossiers(unit, dossiers, output):
    """Writes one record a dossier, as it stands when the export is made."""
    left, n = unit.duplicates, 0
    for month in MONTHS:
        rows = []
        for view in views_of_months(dossiers, (month,)):
            n += 1
            rows.append(list(dossier_of(unit, n, view).items()))
        if left > 0:
            rows = add_duplicates(rows, 1)
            left -= 1
        records, name = [dict(row) for row in rows], f"dossiers-2020-{month:02d}"
        if unit.code == "G16.08":
            # The older driver wrote snappy.
            compression = "snappy" if month < 5 else "zstd"
            data = keyed.write_parquet(list(records[0]), records, compression)
            output.save(unit.folder, f"{name}.parquet", data)
            continue
        data = keyed.write_json([{key: false_utc(value) for key, value in r.items()} for r in records])
        if month <= 2:
            output.save(unit.folder, f"{name}.json", data)
        else:
            output.save(unit.folder, f"{name}.json.zst", packing.pack(data, ".zst"))
    assert left == 0, unit.folder


def false_utc(value):
    """Writes a time as OpenCPS does in JSON: local, with a Z that says otherwise."""
    return f"{value:%Y-%m-%dT%H:%M:%S.000Z}" if isinstance(value, datetime) else value


def dossier_of(unit, n, view):
    """Returns the record of a dossier; one of the units has neither agency nor fee."""
    status = view["status"]
    if status == "completed":
        status = "done" if view["returned"] else "releasing"
    due = view["due"] and datetime(view["due"].year, view["due"].month, view["due"].day, 17)
    is_business = view["applicant"] == "enterprise"
    record = {
        "dossierId": 100000 + n, "referenceUid": view["uid"], "dossierNo": view["number"] or None,
        "serviceCode": view["code"], "serviceName": view["name"],
        # The old code on some records, the new one on others: both mean the same unit.
        "govAgencyCode": "000.00.08.G16" if view["serial"] % 2 else "G16.08",
        "govAgencyName": unit.name, "applicantName": person(view),
        "applicantIdType": "business" if is_business else "citizen",
        "applicantIdNo": view["tax_code"] if is_business else IDENTITY,
        "address": "Phố Ví Dụ, Hà Nội", "contactTelNo": PHONE,
        "contactEmail": "nguyenvana@example.com", "online": view["channel"] == "online",
        "viaPostal": view["serial"] % 3, "originality": 3,
        "submitDate": view["received"] - timedelta(minutes=25), "receiveDate": view["received"],
        "dueDate": due, "releaseDate": view["ended"], "finishDate": view["returned"],
        "dossierStatus": STATUSES.get(status, status), "feeAmount": view["fee"],
        "modifiedDate": view["changed"],
        "dossierNote": "Ghi chú nội bộ:\ngọi lại cho người nộp" if has_note(view) else None,
    }
    if unit.code == "G16.04":
        del record["govAgencyCode"], record["feeAmount"]
    return record


def write_actions(unit, dossiers, maker, output):
    """Writes one record a step; some steps reach the next month's file, and none is in order."""
    files, n = defaultdict(list), 0
    for dossier in dossiers:
        for step in steps_of(dossier):
            n += 1
            when = step[4]
            month = when.month if when.year == 2020 else 1
            if n % 23 == 0:
                month = min(month + 1, 10)
            files[month].append(action_of(dossier, n, *step))
    for month in MONTHS:
        records = files[month]
        for i in range(len(records) - 1, 0, -1):
            j = maker.below(i + 1)
            records[i], records[j] = records[j], records[i]
        data = packing.pack(keyed.write_ndjson(records), ".gz")
        output.save(unit.folder, f"actions-2020-{month:02d}.ndjson.gz", data)


def steps_of(dossier):
    """Returns the steps of a dossier: action, its name, step, status, time, days of the result."""
    received, ended, returned = dossier.received, dossier.ended, dossier.returned
    steps = [("1000", "Tiếp nhận hồ sơ", "receiving_done", "processing", received, None, None)]
    if ended is None:
        if dossier.status != "processing":
            status, when = STATUSES[dossier.status], received + timedelta(hours=2)
            steps.append(("1300", "Tạm dừng", "waiting", status, when, None, None))
        return steps
    steps.append(("2000", "Có kết quả", "released", "releasing", ended, ended, None))
    if returned is not None:
        when = max(returned, ended + timedelta(minutes=1))
        steps.append(("3000", "Trả kết quả", "finished", "done", when, ended, returned))
    return steps


def action_of(dossier, n, action, name, step, status, when, release, finish):
    """Returns the record of a step; every other is told in UTC."""
    def stamp(moment):
        if moment is None:
            return None
        local = moment.replace(tzinfo=HANOI)
        return (local.astimezone(timezone.utc) if n % 2 == 0 else local).isoformat()

    due = dossier.due and datetime(dossier.due.year, dossier.due.month, dossier.due.day, 17)
    return {
        "dossierActionId": 900000 + n, "dossierNo": number_of(dossier), "referenceUid": dossier.uid,
        "serviceCode": dossier.service.code, "actionCode": action, "actionName": name,
        "stepName": step, "actionUser": PEOPLE[1], "applicantName": PEOPLE[dossier.serial % 5],
        "online": dossier.channel == "online", "dossierStatus": status,
        "receiveDate": stamp(dossier.received), "dueDate": stamp(due), "releaseDate": stamp(release),
        "finishDate": stamp(finish), "createDate": stamp(when),
    }
