"""RTF of Outlook: unpacked as its specification shows, encodings, groups that are no text, HTML inside."""

import struct

import pytest

from ingestion.parsers.mail.rtf_body import text_of, unpacked
from tests.ingestion.samples import HTML_RTF, PLAIN_RTF, stored


def test_the_examples_of_the_specification_are_unpacked() -> None:
    # [MS-OXRTFCP] 3.1.1 and 3.1.2: references into the first words, and a run that reads what it writes
    simple = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpacked(simple) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert unpacked(crossing) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_what_was_not_packed_is_given_as_it_is() -> None:
    assert unpacked(stored(PLAIN_RTF)) == PLAIN_RTF


def test_unknown_ways_of_packing_and_cut_off_bodies_are_told() -> None:
    with pytest.raises(ValueError, match="unknown way"):
        unpacked(stored(PLAIN_RTF).replace(b"MELA", b"ABCD"))
    with pytest.raises(struct.error):
        unpacked(b"LZFu")


def test_text_comes_in_its_encodings_and_without_tables_of_fonts_and_pictures() -> None:
    text, is_html = text_of(PLAIN_RTF)
    assert text == "Hello big world\nPrice\t5€ 价格\n价格\n{x} 😀 café"
    assert not is_html


def test_html_comes_as_it_was() -> None:
    text, is_html = text_of(HTML_RTF)
    assert text == "<html><body><ul><li>The price is 5&euro;, <b>café</b> 价格.</li></ul></body></html>"
    assert is_html


@pytest.mark.parametrize("rtf", [b"", b"}}}", b"{\\rtf1 a", b"\\", b"\\bin99 a", b"\\uc99\\u5 abc", b"\\'"])
def test_broken_rtf_ends(rtf: bytes) -> None:
    text_of(rtf)  # that it raises nothing is all that is promised
