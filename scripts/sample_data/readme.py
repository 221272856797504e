"""`sample_data/README.md`."""

from .plan import UNITS

RULES = ["no_key", "impossible_day", "unknown_status", "unknown_channel", "unknown_procedure",
         "field_count", "end_before_received", "no_end_day"]
TEXT = """# Sample logs

**Every record here is invented**, with the unit and procedure codes: no real dossier, person, enterprise, address,
payment or parcel stands in these files. They are made so that the figures of the ministry's report of 26 November
2020 come out. `scripts/make_sample_data.py` writes them (fixed seed), reads them again and checks the counts; do not
edit them by hand.

One folder a unit, one file a month (Vụ Thư viện: a quarter, then October): {n_files} files, {n_records} records,
{n_dossiers} good dossiers. Five more folders hold what comes from outside the units.

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

## What each unit sends

| Unit | Folder | Format and encoding | What is particular |
|---|---|---|---|
| G16.01 | `ban-quyen-tac-gia` | CSV in January; then the HTML table named `.xls` of one-stop systems, zipped from March | the shape of one log in two formats; totals row, time of change |
| G16.02 | `di-san-van-hoa` | XLSX | headings in rows 13 and 14, merged; the columns numbered below them; real date cells; a hidden sheet; signatures below the totals |
| G16.03 | `dien-anh` | CSV in NFD (decomposed accents), `;`, BOM, CRLF; April is UTF-8 that was read as windows-1252 and saved | the day of the export in the file's name |
| G16.04 | `my-thuat-nhiep-anh` | OpenCPS dossiers as JSON, in zstd from March | local times with a false `Z`; no agency, no fee; tax codes of enterprises |
| G16.05 | `nghe-thuat-bieu-dien` | CSV in TCVN3 | headings in capitals (TCVN3 has none with tones); ragged title rows; old leaf-first numbers (`000.00.05.G16-…`) until 2020-09-14; line breaks inside quoted notes |
| G16.06 | `van-hoa-co-so` | HTML table named `.xls` | a heading without a cell under it; procedures by name, without a code |
| G16.07 | `hop-tac-quoc-te` | OpenCPS actions as NDJSON in gzip | one record a step, shuffled, some a month late, offsets `+07:00` and `+00:00` mixed |
| G16.08 | `du-lich` | OpenCPS dossiers as Parquet, snappy until April, then zstd | typed columns; agency code in both forms; tax codes of enterprises |
| G16.09 | `the-duc-the-thao` | UTF-16LE with tabs: Excel's "Unicode text" | days with hyphens, words of its own for the channel |
| G16.10 | `thu-vien` | CSV in VNI-Windows | three quarters and a month, from and to in the file's name |
| G16.11 | `gia-dinh` | XLS (Excel 97), two sheets empty; the characters of TCVN3 until March | a register kept by hand: numbers of its own, no status; date cells, one of them a plain number |
| G16.12 | `dao-tao` | CSV in windows-1258, zipped; XML from July | a register, too |

## What comes from outside the units

| Folder | What | Format |
|---|---|---|
| `paygov` | fees collected, one row a payment: PayGov, the portal's platform, transfers, cash | XLSX; a heading without a cell under it; amounts with points in March, a clock of twelve hours in August |
| `vnpost` | parcels with applications and results | CSV |
| `npsp` | what the units' systems sent to the national portal (`DongBoHoSoMC`) | JSON |
| `my-thuat-nhiep-anh-tien-do` | steps that the system of G16.04 sent there (`CapNhatTienDoHoSoMC`) | JSON |
| `dang-ky-doanh-nghiep` | answers of the business registry to look-ups | XML |

They tell of a part of the dossiers only, and each but the steps of some that no unit lists:

{feeds}

`npsp` has the distortions that units' systems are known for: dossiers that wait or are paused sent as finished, some of
them open again later; no due day; a made-up number with the own one in `MaHoSoKhac`; a submitted file as the result;
a fee of 0 left out; paid in cash and sent as paid online; every paper digitised; two dossiers under the key that OpenCPS keeps for
itself; two with the status 0, which means nothing. `MaHoSoKhac`, `DuocThanhToanTrucTuyen` and `DuocSoHoa` are younger
than 2020: they are here because without them those distortions would not show.

Tax codes begin with 00, the code of no province. Some have a wrong check digit.

## Faults planted

Each in an otherwise good file; none changes the figures above.

| Rule | Records |
|---|---:|
{faults}

Titles, totals, numbers of columns, signatures and empty rows are no faults. {repeats} dossiers are listed twice, open in
one month's file and completed in a later one, {moved} of them with a later due day; their later row is known by its
"Cập nhật lúc" or `modifiedDate`, or by the day in the file's name.
"""


def readme(logs, feeds):
    """Fills in what was found in the files."""
    faults = [f"| `{rule}` | {logs.faults[rule]} |" for rule in RULES]
    faults.append(f"| all of these | {sum(logs.faults[rule] for rule in RULES)} |")
    faults.append(
        f"| exact duplicates (not rejected, counted as duplicates) | {logs.faults['duplicate']} |")
    statuses = logs.statuses
    n_open = statuses["processing"] + statuses["supplement"] + statuses["paused"]
    return TEXT.format(
        n_files=logs.n_files, n_records=f"{logs.n_records:,}",
        n_dossiers=f"{sum(statuses.values()):,}", faults="\n".join(faults), n_open=n_open,
        feeds="\n".join(f"- {line}" for line in feeds), repeats=logs.n_twice,
        moved=sum(unit.moved for unit in UNITS), **logs.counts,
        **{status: n for status, n in statuses.items() if status != "completed"},
    )
