"""Checks that what the commands wrote as JSON is what docs/schemas says.

usage: schemas.py SCHEMAS DIR    (DIR/<name>.json is checked against SCHEMAS/<name>.schema.json)
"""

import json
import pathlib
import sys

import jsonschema

schemas, written = map(pathlib.Path, sys.argv[1:])
for schema in sorted(schemas.glob("*.schema.json")):
    name = schema.name.removesuffix(".schema.json")
    document = json.loads((written / f"{name}.json").read_text())
    jsonschema.validate(document, json.loads(schema.read_text()))
    print(name)
