"""Words are found however they are disguised, where they stand, and not where they only seem to stand."""

import pytest

from app.safety.folding import fold, places
from app.safety.lexicon_filter import LexiconFilter
from app.safety.types import Lexicon, masked

WORDS = (
    "敏感词",
    "毒品",
    "法轮功",
    "ass",
    "therapist",
    "kill",
    "ku klux klan",
    "bomb*",
    "*ware",
    "赌博网站",
    "coup",
)


def filter_of(*words: str, pinyin: bool = False) -> LexiconFilter:
    return LexiconFilter([Lexicon(name="test", level="mask", words=words, pinyin=pinyin)])


def found(text: str, compiled: LexiconFilter | None = None) -> list[str]:
    return [text[match.start : match.end] for match in (compiled or filter_of(*WORDS)).find(text)]


@pytest.mark.parametrize(
    ("text", "stretch"),
    [
        ("这是敏感词。", "敏感词"),
        ("繁體的敏感詞在此", "敏感詞"),
        ("敏\u200b感\u2060词", "敏\u200b感\u2060词"),
        ("敏 感 词", "敏 感 词"),
        ("敏*感*词", "敏*感*词"),
        ("敏\n感词", "敏\n感词"),
        ("敏🙂感🙂词", "敏🙂感🙂词"),
        ("an ASS.", "ASS"),
        ("ａｓｓ", "ａｓｓ"),
        ("аѕѕ", "аѕѕ"),  # Cyrillic
        ("𝐤𝐢𝐥𝐥 it", "𝐤𝐢𝐥𝐥"),
        ("ⓚⓘⓛⓛ", "ⓚⓘⓛⓛ"),
        ("kíll", "kíll"),
        ("ki\u0301ll", "ki\u0301ll"),
        ("k i l l", "k i l l"),
        ("k.i.l.l!", "k.i.l.l"),
        ("k\u00adill", "k\u00adill"),
        ("ku-klux-klan", "ku-klux-klan"),
        ("kukluxklan", "kukluxklan"),
        ("\u03f2оսр", "\u03f2оսр"),  # a lunate sigma, Cyrillic, Armenian
        ("κ\u0456\u04cf\u04cf", "κ\u0456\u04cf\u04cf"),
        ("κɪʟʟ", "κɪʟʟ"),
        ("kiłł", "kiłł"),
        ("🅺🅸🅻🅻", "🅺🅸🅻🅻"),
        ("bombs away", "bomb"),
        ("spyware", "ware"),
    ],
)
def test_a_word_is_found_at_its_range_in_the_text_as_written(text, stretch):
    assert found(text) == [stretch]


@pytest.mark.parametrize(
    "text",
    [
        "class assess grass",
        "has some",
        "the rapist was seen",
        "skill, killed",
        "k il l",
        "warehouse",
        "敏。感词",
        "敏感\n\n词",
        "敏 - - 感词",
        "消毒。品质",
        "kuklux",
        "",
        "\u200b\u200b",
    ],
)
def test_what_only_looks_so_without_its_spaces_is_not_found(text):
    assert found(text) == []


def test_digits_and_signs_stay_what_they_are():
    assert fold("１×３ ℮ 🇰🇮 ф ж 〇 一 ル") == fold("13фж〇一ル")
    assert fold("0123456789") == "0123456789"


def test_mask_keeps_every_position():
    text = "前 敏\u200b感 词 后 kill."
    matches = filter_of(*WORDS).find(text)
    assert masked(text, matches) == "前 █████ 后 ████."


def test_flagged_words_stay_readable():
    compiled = LexiconFilter([Lexicon(name="notes", level="flag", words=["kill"])])
    assert masked("kill", compiled.find("kill")) == "kill"


def test_places_lead_from_folded_characters_to_written_ones():
    text = "Ａ\u200bß。é ﬁ"
    folded = fold(text)
    assert folded == "ass\nefi"
    assert [text[place] for place in places(text)] == ["Ａ", "ß", "ß", "。", "é", "ﬁ", "ﬁ"]


def test_no_match_ends_within_a_character():
    assert found("aß") == ["aß"]
    assert found("asß") == []


@pytest.mark.parametrize(
    "text", ["fa lun gong", "falungong", "FaLunGong", "法lun功", "发轮功", "fa-lun-gong", "du pin"]
)
def test_pinyin_finds_the_sound_where_it_is_asked_for(text):
    assert found(text, filter_of(*WORDS, pinyin=True)) == [text]
    assert found(text, filter_of(*WORDS)) == []


@pytest.mark.parametrize("text", ["读品", "afalungong", "falungongs", "fal ungong"])
def test_pinyin_needs_three_syllables_of_characters_and_whole_words(text):
    assert found(text, filter_of(*WORDS, pinyin=True)) == []


def test_a_lexicon_without_usable_words_finds_nothing():
    compiled = filter_of("", " ", "***", "。")
    assert compiled.find("anything") == ()
    assert compiled.scan().feed("anything") == len("anything")


def test_ten_thousand_words_are_one_pass():
    words = [f"w{number}x" for number in range(10_000)]
    assert found("so w77x and w10000x.", filter_of(*words)) == ["w77x"]
