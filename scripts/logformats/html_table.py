"""The page of one table that one-stop systems send as an Excel file (`.xls`)."""

from html import escape

from .delimited import text_of

HEAD = """<html xmlns:o="urn:schemas-microsoft-com:office:office" \
xmlns:x="urn:schemas-microsoft-com:office:excel" xmlns="http://www.w3.org/TR/REC-html40">
<head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<!--[if gte mso 9]><xml><x:ExcelWorkbook><x:ExcelWorksheets><x:ExcelWorksheet><x:Name>Sheet1</x:Name>\
<x:WorksheetOptions><x:DisplayGridlines/></x:WorksheetOptions></x:ExcelWorksheet></x:ExcelWorksheets>\
</x:ExcelWorkbook></xml><![endif]-->
<style>td{white-space:nowrap}.t{mso-number-format:"\\@"}</style></head>
<body><table border="1">
"""
TAIL = "</table></body></html>\n"


def write(table):
    """Writes a table as a page in UTF-8 without a mark; codes with leading zeros are marked as text."""
    lines = [HEAD]
    width = max(len(row) for row in table.headings)
    for row in table.titles:
        lines.append(_row(row, "td", width - 1))  # the spans of real pages do not fit, either
    lines.extend(_row(row, "th") for row in table.headings)
    lines.extend(_row(row, "td") for row in [*table.rows, *table.below])
    lines.append(TAIL)
    return "".join(lines).encode()


def _row(cells, tag, span=1):
    if len(cells) == 1:
        return f'<tr><{tag} colspan="{span}">{escape(text_of(cells[0]))}</{tag}></tr>\n'
    texts = [escape(text_of(cell), quote=False).replace("\n", "<br>") for cell in cells]
    marked = [f"<{tag}{' class=t' if _has_leading_zero(text) else ''}>{text}</{tag}>" for text in texts]
    return f"<tr>{''.join(marked)}</tr>\n"


def _has_leading_zero(text):
    return text[:1] == "0" and text.isdigit() and len(text) > 1
