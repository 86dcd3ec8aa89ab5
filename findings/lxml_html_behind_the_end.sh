#!/usr/bin/env bash
# Guess: what stands behind `</html>` becomes part of the body, as in browsers, so that `text_content()` of the root that
# `lxml.html.document_fromstring` gives is all text of the page. (Behind `</body>` it is so.)
# Seen with lxml 6.1.3 (libxml2 2.14.6): it goes into a second `html` element, a sibling of the root. `text_content()`,
# `iter()` and `tostring()` of the root, and of its tree too, pass over it without a word; only `root.getnext()` has it.
# Pages that servers put together from pieces lose their end that way.
# Ends with 1 where that is no longer so. Needs pip and a package index; takes about ten seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check lxml==6.1.3
"$folder/venv/bin/python" - <<'PY'
from lxml import etree, html

print("libxml2", ".".join(map(str, etree.LIBXML_VERSION)))
body = html.document_fromstring("<html><body><p>before</p></body><p>behind</p></html>")
root = html.document_fromstring("<html><body><p>before</p></body></html><p>behind</p>")
following = root.getnext()
print("behind </body>:", body.text_content())
print("behind </html>:", root.text_content(), "and in a sibling", following.tag, following.text_content())
assert "behind" in body.text_content()
assert "behind" not in root.text_content()
assert b"behind" not in html.tostring(root.getroottree())
assert not any("behind" in (element.text or "") for element in root.getroottree().iter())
assert following.tag == "html" and following.text_content() == "behind"
PY
