"""Formats that name each value: JSON, XML, Parquet."""

import io
import json
import re
import unicodedata
from datetime import date, datetime
from xml.sax.saxutils import escape


def json_text(value, indent=None):
    """Writes a value; times as ISO text."""
    separators = (",", ": ") if indent is not None else (",", ":")
    return json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, default=_iso)


def write_json(records, envelope=None, key="data"):
    """Writes records as an array, a record a line; within an envelope, as a list under a key."""
    lines = ",\n".join(json_text(record) for record in records)
    array = f"[\n{lines}\n]" if records else "[]"
    if envelope is None:
        return f"{array}\n".encode()
    head = json_text(envelope).removesuffix("}")
    comma = "," if envelope else ""
    return f"{head}{comma}{json_text(key)}:{array}}}\n".encode()


def write_ndjson(records):
    """Writes a record a line."""
    return "".join(f"{json_text(record)}\n" for record in records).encode()


def element_name(heading):
    """Makes an element's name of a heading: spaces become `_`, what no name may hold is dropped.

    Letters keep their accents; a name that would begin with a digit gets a `_` before it.
    """
    name = re.sub(r"\s+", "_", unicodedata.normalize("NFC", heading).strip())
    name = "".join(c for c in name if c == "_" or c in "-." or c.isalnum())
    return name if name[:1].isalpha() or name[:1] == "_" else f"_{name}"


def write_xml(records, root="Records", record="Record", attributes=None):
    """Writes records as elements, a record a line, an element a value; None is an empty element."""
    told = "".join(f' {name}="{escape(text)}"' for name, text in (attributes or {}).items())
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<{root}{told}>"]
    for values in records:
        elements = (_element(element_name(key), value) for key, value in values.items())
        lines.append(f"<{record}>{''.join(elements)}</{record}>")
    lines.append(f"</{root}>\n")
    return "\n".join(lines).encode()


def _element(name, value):
    if value in (None, ""):
        return f"<{name}/>"
    text = str(value).lower() if isinstance(value, bool) else _iso(value) or str(value)
    return f"<{name}>{escape(text)}</{name}>"


def _iso(value):
    return value.isoformat() if isinstance(value, (date, datetime)) else None


def write_parquet(keys, records, compression="zstd"):
    """Writes records as Parquet; the values of a column tell its type, text where there are none."""
    import pyarrow
    import pyarrow.parquet

    types = {
        bool: pyarrow.bool_(), int: pyarrow.int64(), datetime: pyarrow.timestamp("us"),
        date: pyarrow.date32(), str: pyarrow.string(),
    }
    columns = {}
    for key in keys:
        values = [None if record[key] == "" else record[key] for record in records]
        found = {type(value) for value in values if value is not None} or {str}
        if len(found) > 1:
            raise ValueError(f"column `{key}` holds values of several types")
        columns[key] = pyarrow.array(values, types[found.pop()])
    data = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), data, compression=compression)
    return data.getvalue()
