"""However a text is cut into pieces, what leaves is what would leave of the whole, and nothing leaves too early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.safety.lexicon_filter import LexiconFilter
from app.safety.personal_data import PersonalData
from app.safety.screen import TextScreen, screened
from app.safety.types import Finder, Lexicon

PIECES = [
    "敏", "感", "词", "毒", "品", "a", "s", "h", "o", "l", "e", " ", "。", "*", "\u200b", "ku", "klux", "klan", "fa",
    "lun", "gong", "法", "功", "bomb", "bad", "b", "ß", "\n", "发", "轮", "138", "1234", "5678", "@",
    "x.org", "11010119", "AB", " 12", "34", "56", "C", "A123456", "(3", ")", "NHS",
    "943 476", "5919",
]  # fmt: skip
LEXICON = Lexicon(
    name="test",
    level="mask",
    words=["敏感词", "毒品", "法轮功", "ass", "asshole", "ku klux klan", "bomb*", "*bad", "ab cd"],
)
FINDERS: dict[str, list[Finder]] = {
    "words": [LexiconFilter([LEXICON])],
    "sounds": [LexiconFilter([Lexicon(name="s", level="mask", words=LEXICON.words, pinyin=True)])],
    "personal": [PersonalData()],
    "both": [LexiconFilter([LEXICON]), PersonalData()],
}


@pytest.mark.parametrize("finders", FINDERS.values(), ids=FINDERS)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14))
def test_pieces_give_what_the_whole_gives(finders, pieces):
    screen, text, matches = TextScreen(finders), "", []
    for piece in pieces:
        released = screen.feed(piece)
        text += released.text
        matches += released.matches
    released = screen.end()
    whole = screened("".join(pieces), finders)
    assert text + released.text == whole.text
    key = lambda match: (match.start, match.end, match.word)  # noqa: E731
    assert sorted([*matches, *released.matches], key=key) == sorted(whole.matches, key=key)


def sent(text: str, finders: list[Finder]) -> list[str]:
    """What leaves with each character of a text, and at its end."""
    screen = TextScreen(finders)
    return [screen.feed(character).text for character in text] + [screen.end().text]


def test_no_part_of_a_word_leaves_before_the_word_is_known():
    assert sent("的敏感词。", FINDERS["words"]) == ["的", "", "", "", "███。", ""]


def test_text_that_can_become_no_word_leaves_at_once():
    assert sent("xyz 中文", FINDERS["words"]) == ["x", "y", "z", " ", "中", "文", ""]
    assert sent("敏锐", FINDERS["words"]) == ["", "敏锐", ""]
    assert sent("assess", FINDERS["words"]) == ["", "", "", "asse", "s", "s", ""]


def test_an_address_leaves_only_when_it_is_over():
    assert "".join(sent("to x@y.org now", FINDERS["personal"])) == "to ███████ now"
    assert all("@" not in piece for piece in sent("to x@y.org now", FINDERS["personal"]))
