"""Makes files that are meant to break a reader, runs hoso on them, and prints what it says and how
many MiB it took at most.

usage: bombs.py HOSO DIR    (DIR is a pipeline whose units read in/u1 and in/u2)
"""

import resource
import subprocess
import sys
import zipfile

hoso, folder = sys.argv[1:]
HEAD = "Mã hồ sơ,Ngày tiếp nhận,Trạng thái"
MIB = 1 << 20
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}


def workbook(name, pieces):
    """Writes a workbook whose only sheet is made of pieces of bytes."""
    with zipfile.ZipFile(f"{folder}/in/u1/{name}", "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in PARTS.items():
            archive.writestr(part, text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for piece in pieces:
                sheet.write(piece)


def text(name, pieces):
    with open(f"{folder}/in/u1/{name}", "wb") as file:
        for piece in pieces:
            file.write(piece if isinstance(piece, bytes) else piece.encode())


sheet = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()
row = b"<row><c/></row>"
workbook("2020-01.xlsx", [sheet] + [row * (MIB // len(row))] * 200)
far = b'<row r="1"><c r="BDWGN1" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>'
workbook("2020-02.xlsx", [sheet, far])
laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
text("2020-03.xml", [f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x><r>&l9;</r></x>'])
text("2020-04.json", ['[{"Mã hồ sơ": "'] + [b"a" * MIB] * 2048 + ['"}]'])
rows = b"A-1,10/01/2020,x\n" * 65536
text("2020-05.csv", [HEAD, '\nA-0,"10/01/2020,x\n'] + [rows] * 100)
text("2020-06.csv", [HEAD, b"," * 1_000_000, "\nA-1,10/01/2020,x\n"])
text("2020-07.html", ["<table><tr><td colspan=1000000>x</td></tr></table>"])

ran = subprocess.run(
    [hoso, "--pipeline", ".", "--store", "warehouse", "run"],
    cwd=folder, env={}, capture_output=True, text=True,
)
print(f"exit {ran.returncode}")
print(ran.stderr, end="")
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
