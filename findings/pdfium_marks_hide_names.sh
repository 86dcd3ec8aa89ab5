#!/usr/bin/env bash
# Guess: `FPDFPageObjMark_GetParamStringValue` gives the values of a content mark that are words, so that a watermark or a
# header that Acrobat or Word has marked (`/Artifact <</Subtype /Watermark>> BDC`) is told by one call.
# Seen with pypdfium2 5.15.2: it gives strings, `(DRAFT)`, but nothing for names, `/Watermark`, although
# `FPDFPageObjMark_GetParamValueType` says that there is a name (4). The function for blobs does not give it either, and
# there is none for names: a mark says that something is an artifact, not of which kind.
# Ends with 1 where that is no longer so. Needs pip and a package index; takes about ten seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2
"$folder/venv/bin/python" - <<'PY'
import ctypes

import pypdfium2
import pypdfium2.raw as pdfium

CONTENT = b"/Artifact <</Subtype /Watermark /Contents (DRAFT)>> BDC BT /F 24 Tf 50 100 Td (DRAFT) Tj ET EMC"
objects = [
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
    b"<</Length %d>>stream\n%s\nendstream" % (len(CONTENT), CONTENT),
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
]
body = b"".join(b"%d 0 obj%s endobj\n" % pair for pair in enumerate(objects, 1))
page = pypdfium2.PdfDocument(b"%PDF-1.7\n" + body + b"trailer<</Size 6/Root 1 0 R>>\n%%EOF")[0]
mark = pdfium.FPDFPageObj_GetMark(next(page.get_objects()), 0)


def value(key):
    units, size = (pdfium.FPDF_WCHAR * 50)(), ctypes.c_ulong()
    found = pdfium.FPDFPageObjMark_GetParamStringValue(mark, key, units, 100, size)
    return bytes(units)[: size.value].decode("utf-16-le").rstrip("\0") if found else None


def has_blob(key):
    data, size = (ctypes.c_ubyte * 50)(), ctypes.c_ulong()
    return bool(pdfium.FPDFPageObjMark_GetParamBlobValue(mark, key, data, 50, size))


kinds = {key: pdfium.FPDFPageObjMark_GetParamValueType(mark, key) for key in (b"Contents", b"Subtype")}
for key, kind in kinds.items():
    print(key.decode(), "type", kind, "value", value(key), "blob", has_blob(key))
assert kinds == {b"Contents": pdfium.FPDF_OBJECT_STRING, b"Subtype": pdfium.FPDF_OBJECT_NAME}
assert value(b"Contents") == "DRAFT"
assert value(b"Subtype") is None and not has_blob(b"Subtype")
assert not any("GetParamName" in name for name in dir(pdfium))
PY
