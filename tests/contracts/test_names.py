"""How names are shown, which the command line and the pages have each for themselves."""

import unicodedata

import pytest

import app.cli.output
import ui.names

SHOWN = [app.cli.output.visible, ui.names.visible]


@pytest.fixture(params=SHOWN, ids=["command line", "pages"])
def visible(request):
    return request.param


def test_what_turns_the_direction_is_shown_as_a_mark(visible):
    assert visible("invoice\u202etxt.exe") == "invoice[U+202E]txt.exe"
    turning = {c for c in map(chr, range(0x110000)) if unicodedata.bidirectional(c) in
               {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}}  # fmt: skip
    for character in turning | {"\u200e", "\u200f", "\u061c", "\u200b", "\ufeff", "\x1b", "\x9b", "\u2028"}:
        assert visible(f"a{character}b") == f"a[U+{ord(character):04X}]b"


@pytest.mark.parametrize(
    "name",
    [
        "报告.pdf",
        "דוח.pdf",
        "گزارش\u200cها.pdf",
        "👩\u200d🌾 notes.md",
        "re\u00adport.txt",
        "a [b] c.md",
        "é.md",
    ],
)
def test_other_names_are_shown_as_they_are(visible, name):
    assert visible(name) == name


def test_a_reply_keeps_its_texts_and_shows_its_names():
    reply = {
        "items": [
            {"name": "a\u202eb", "title": "\u2066x", "text": "c\u202ed", "document": {"name": "\u200fe"}}
        ]
    }
    assert ui.names.with_visible_names(reply) == {
        "items": [
            {
                "name": "a[U+202E]b",
                "title": "[U+2066]x",
                "text": "c\u202ed",
                "document": {"name": "[U+200F]e"},
            }
        ]
    }
