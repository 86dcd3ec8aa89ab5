#!/usr/bin/env bash
# Guess: `FPDFText_CountChars` counts the characters of a page, `FPDFText_GetUnicode` gives the code point of each, and the
# index of both is the index into the text that `get_text_range` gives.
# Seen with pypdfium2 5.15.2: the unit is that of UTF-16. A character beyond U+FFFF (𠮷 in a name, 𝑥 in a formula) counts
# twice, `FPDFText_GetUnicode` gives its two surrogates, and both have the box of the whole. So `chr()` of what a page gives
# can't be written as UTF-8, and from there on every index is one ahead of Python's:
#   𠮷野家   count_chars 4, len(get_text_range()) 3, units d842 dfb7 91ce 5bb6
# Ends with 1 where that is no longer so. Needs pip and a package index; takes about ten seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2
"$folder/venv/bin/python" - <<'PY'
import pypdfium2
import pypdfium2.raw

NAMES = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def
1 begincodespacerange <00> <FF> endcodespacerange
3 beginbfchar <41> <D842DFB7> <42> <91CE> <43> <5BB6> endbfchar endcmap end end"""
CONTENT = b"BT /F 24 Tf 50 100 Td (ABC) Tj ET"
objects = [
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
    b"<</Length %d>>stream\n%s\nendstream" % (len(CONTENT), CONTENT),
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
    b"<</Length %d>>stream\n%s\nendstream" % (len(NAMES), NAMES),
]
body = b"".join(b"%d 0 obj%s endobj\n" % pair for pair in enumerate(objects, 1))
file = b"%PDF-1.7\n" + body + b"trailer<</Size 7/Root 1 0 R>>\n%%EOF"
page = pypdfium2.PdfDocument(file)[0].get_textpage()
text, count = page.get_text_range(), page.count_chars()
units = [pypdfium2.raw.FPDFText_GetUnicode(page, index) for index in range(count)]
print(f"text {text}, len {len(text)}, count_chars {count}, units", *(f"{unit:x}" for unit in units))
print("boxes of the first two are one:", page.get_charbox(0) == page.get_charbox(1))
assert text == "𠮷野家"
assert count == 4
assert units == [0xD842, 0xDFB7, 0x91CE, 0x5BB6]
assert page.get_charbox(0) == page.get_charbox(1)
PY
