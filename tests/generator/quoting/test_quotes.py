"""Quotes: whatever is found stands in the passages, whatever was copied is found, in Chinese and English."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.quoting.quotes import QuoteFinder, kept_ranges
from generator.types import SourcePassage

WORDS = ["ducks", "eat", "weeds", "and", "insects", "trash-days", "7", "don't", "café", "JuiceFS", "2024"]
CHARACTERS = list("鸭子吃杂草和昆虫用人单位应当按月支付工资８")
GAPS = [" ", "\n", "  ", "\u3000", ", ", "，", "。", ". "]
FOREIGN = ["zebra", "Quark", "龘", "靐", "9999", "!"]


def plain(text: str) -> str:
    """What is left of a text when everything that does not count is dropped."""
    text = unicodedata.normalize("NFKC", re.sub("[\u200b\u2060\u00ad]", "", text))
    return re.sub(r"\s", "", text).replace("’", "'").replace("“", '"').replace("”", '"').replace("–", "-")


def joined(draw, words, least, most):
    parts = draw(
        st.lists(st.tuples(st.sampled_from(words), st.sampled_from(GAPS)), min_size=least, max_size=most)
    )
    return "".join(word + gap for word, gap in parts)


@st.composite
def passages(draw):
    def passage(key):
        text = joined(draw, WORDS + CHARACTERS, 0, 40)
        bounds = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
        kept = [(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=False) if a < b]
        return SourcePassage(key=str(key), text=text, kept=kept)

    return [passage(key) for key in range(draw(st.integers(1, 4)))]


@st.composite
def disguised(draw, text):
    """The same text in another width, with other white space and quotation marks, and with invisible characters."""
    forms = []
    for character in text:
        wide = chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character
        narrow = unicodedata.normalize("NFKC", character)
        others = [" ", "\n", "\u3000"] if character.isspace() else [character, wide, narrow]
        others += ["’"] if character == "'" else []
        forms.append(draw(st.sampled_from(others)))
    return "".join(form + draw(st.sampled_from(["", "", "\u2060"])) for form in forms)


@st.composite
def sentences(draw, sources):
    """Words of the sources and foreign ones, in any order."""
    parts = []
    for _ in range(draw(st.integers(0, 5))):
        source = draw(st.sampled_from(sources)).text
        start = draw(st.integers(0, len(source)))
        stretch = source[start : draw(st.integers(start, len(source)))]
        parts += [draw(disguised(stretch)), draw(st.sampled_from(FOREIGN + GAPS))]
    return "".join(parts)


@given(st.data())
def test_whatever_is_found_stands_in_what_may_be_read(data):
    sources = data.draw(passages())
    sentence = data.draw(sentences(sources))
    cited = data.draw(st.frozensets(st.integers(0, 5)))
    at = 0
    for quote in QuoteFinder(sources).quotes(sentence, cited):
        assert at <= quote.start < quote.end <= len(sentence)
        at = quote.end
        assert quote.text == quote.passage.text[quote.source_start : quote.source_end]
        assert plain(quote.text) == plain(sentence[quote.start : quote.end])
        assert any(
            start <= quote.source_start and quote.source_end <= end
            for start, end in kept_ranges(quote.passage)
        )
        assert any(character.isalnum() for character in quote.text)


@given(st.data())
def test_what_was_copied_is_found_in_any_disguise(data):
    planted = data.draw(st.lists(st.sampled_from(WORDS + CHARACTERS), min_size=6, max_size=20).map(" ".join))
    before, after = (joined(data.draw, FOREIGN, 1, 4) for _ in range(2))
    sources = [
        SourcePassage(key="other", text=joined(data.draw, FOREIGN, 1, 4)),
        SourcePassage(
            key="right", text=f"{joined(data.draw, WORDS, 0, 9)} {planted} {joined(data.draw, WORDS, 0, 9)}"
        ),
    ]
    sentence = f"{before} {data.draw(disguised(planted))} {after}"
    (quote,) = (q for q in QuoteFinder(sources).quotes(sentence) if q.passage.key == "right")
    assert plain(planted) in plain(quote.text)


@given(st.data())
def test_what_stands_nowhere_is_no_quote(data):
    sources = data.draw(passages())
    sentence = joined(data.draw, FOREIGN, 0, 20)
    assert QuoteFinder(sources).quotes(sentence) == []


LAW = SourcePassage(key="law", text="第一条　劳动者每日工作时间不超过８小时。\n用人单位应当按月支付工资。")
DUCKS = SourcePassage(
    key="ducks", text="Ducks eat weeds and\ninsects. “Files” are kept for 7 days… See “Trash”."
)


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("劳动者每日工作时间不超过 8 小时。", ["劳动者每日工作时间不超过８小时。"]),
        ("按规定,用人单位应当按月 支付工资,对吗?", ["用人单位应当按月支付工资"]),
        ("He says that ducks eat weeds and insects.", ["eat weeds and\ninsects."]),  # letter case counts
        ('"Files" are kept for 7 days...', ["“Files” are kept for 7 days…"]),
        ("They wait 7 days there.", ["7 days"]),
        ("Insects eat weeds daily.", []),  # two words are chance
        ("insects", ["insects"]),  # but a whole answer may be one
        ("duck", []),
        ("kept for 17 days", []),
        ("是", []),
        ("8小时", ["８小时"]),
        ("", []),
        ("?!", []),
    ],
)
def test_examples(sentence, found):
    assert [quote.text for quote in QuoteFinder([LAW, DUCKS]).quotes(sentence)] == found


def test_the_longest_quote_wins_and_among_equals_the_passage_that_is_named():
    first, second, longer = (
        SourcePassage(key=key, text=text)
        for key, text in (
            ("first", "ducks eat weeds daily"),
            ("second", "wild ducks eat weeds"),
            ("longer", "all ducks eat weeds and insects"),
        )
    )
    finder = QuoteFinder([first, second])
    assert [q.passage.key for q in finder.quotes("Yes, ducks eat weeds!")] == ["first"]
    assert [q.passage.key for q in finder.quotes("Yes, ducks eat weeds!", frozenset({2}))] == ["second"]
    finder = QuoteFinder([first, longer])
    (quote,) = finder.quotes("Yes, ducks eat weeds and insects!", frozenset({1}))
    assert (quote.passage.key, quote.text) == ("longer", "ducks eat weeds and insects")


def test_ranges_with_nothing_but_white_space_between_them_are_one():
    passage = SourcePassage(key="a", text="One.  Two. Three.", kept=[(0, 4), (6, 10), (11, 17)])
    assert kept_ranges(passage) == [(0, 17)]
    cut = SourcePassage(key="a", text="One. Two. Three.", kept=[(0, 4), (10, 16)])
    assert kept_ranges(cut) == [(0, 4), (10, 16)]
    assert QuoteFinder([cut]).quotes("Two.") == []
