#!/usr/bin/env bash
# Guess: a library that reads XLSX reads what Excel saves as "Strict Open XML Spreadsheet" too (the same parts, other
# namespaces), or raises.
# Seen with openpyxl 3.1.5: the workbook loads, with a warning about something else at most, and has no sheet: no cell, no
# error. A program that walks over `workbook.worksheets` gives an empty document.
# Ends with 1 where that is no longer so. Needs pip and a package index; takes about ten seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openpyxl==3.1.5
"$folder/venv/bin/python" - <<'PY'
import io
import zipfile

import openpyxl

STRICT = {
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": b"http://purl.oclc.org/ooxml/officeDocument/relationships",
}
usual, strict = io.BytesIO(), io.BytesIO()
workbook = openpyxl.Workbook()
workbook.active.append(["Part", "Price"])
workbook.active.append(["Gasket G7", 42])
workbook.save(usual)
with zipfile.ZipFile(usual) as parts, zipfile.ZipFile(strict, "w") as target:
    for name in parts.namelist():
        data = parts.read(name)
        for old, new in STRICT.items():
            data = data.replace(old, new)
        target.writestr(name, data.replace(b"<workbook ", b'<workbook conformance="strict" '))


def cells(file):
    return [row for sheet in openpyxl.load_workbook(file).worksheets for row in sheet.iter_rows(values_only=True)]


print("usual: ", cells(usual))
print("strict:", cells(strict))
assert ("Gasket G7", 42) in cells(usual)
assert cells(strict) == []
PY
