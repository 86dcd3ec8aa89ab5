#!/usr/bin/env bash
# Guess: `str(cell.value)` of openpyxl shows a number of hours about as Excel does: with the format `[h]:mm`, 1.5625 days
# read 37:30.
# Seen with openpyxl 3.1.5: the value is a `datetime.timedelta`, and its text is "1 day, 13:30:00": the hours of the sheet
# stand nowhere in it, and whoever searches for 37:30 or compares 13:30 with other rows is led astray.
# Ends with 1 where that is no longer so. Needs pip and a package index; takes about ten seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openpyxl==3.1.5
"$folder/venv/bin/python" - <<'PY'
import io

import openpyxl

file = io.BytesIO()
workbook = openpyxl.Workbook()
workbook.active["A1"] = 1.5625
workbook.active["A1"].number_format = "[h]:mm"
workbook.save(file)
value = openpyxl.load_workbook(file).active["A1"].value
print(repr(value), "reads", str(value))
assert str(value) == "1 day, 13:30:00"
PY
