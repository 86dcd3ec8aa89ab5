"""Words and what of one text another one lacks."""

import random

import pytest

from ingestion.coverage.words import compare, words_in


def test_a_word_that_is_missing_is_counted_with_its_characters() -> None:
    coverage = compare(words_in("The gate code is 4711"), "The gate is")
    assert (coverage.visible, coverage.kept, coverage.lost) == (17, 9, ("code", "4711"))
    assert coverage.share == 9 / 17


def test_words_that_a_parser_repeats_do_not_make_up_for_others() -> None:
    source = words_in("Zone Price Alpine 11 Alpine 19 Coast 27")
    kept = "Zone: Alpine | Price: 11\nZone: Alpine | Price: 19\nZone: Zone | Price: Price"
    assert set(compare(source, kept).lost) == {"Coast", "27"}


def test_a_word_counts_as_often_as_it_occurs() -> None:
    coverage = compare(words_in("row row row"), "row row")
    assert (coverage.visible, coverage.kept) == (9, 6)


def test_where_a_parser_cuts_words_is_no_loss() -> None:
    source = words_in("Growth 106 permission Annaberg")
    assert compare(source, "Growth 10^6 per- mission Anna berg").lost == ()


def test_every_chinese_character_is_a_word() -> None:
    coverage = compare(words_in("第一条 为了保护劳动者"), "第一条 保护劳动")
    assert (coverage.visible, coverage.kept) == (10, 7)


def test_forms_of_a_character_are_equal() -> None:
    assert compare(words_in("ﬁle Ａ１ soft\u00adware"), "file A1 software").lost == ()


def test_keys_and_base64_are_no_words() -> None:
    assert words_in("before " + "iVBORw0KGgoAAAAN" * 8 + "== after").keys() == {"before", "after"}


def test_a_text_without_words_is_kept_whole() -> None:
    assert compare(words_in("… !"), "").share == 1.0


def test_the_sample_of_lost_words_is_short() -> None:
    coverage = compare(words_in(" ".join("x" * 30 + "y" * n for n in range(1, 30))), "nothing")
    assert len(coverage.lost) == 5
    assert all(len(word) <= 40 for word in coverage.lost)


def test_letters_of_a_formula_may_be_joined_more_often_than_in_the_source() -> None:
    source = words_in("Rn is a space. Let R n be R n and n too.")
    assert compare(source, "Rn is a space. Let Rn be Rn and n too.").lost == ()
    assert set(compare(source, "Rn is a space. Let Rn be Rn and too.").lost) == {"n"}


_PIECES = (
    "row", "Row-17", "x_1", "ﬁle", "＋3，", "第一条", "（二）保护", "a\u00adb", "10^6", "½", "é", "ab" * 40,
    "key=" + "Ab1" * 30, "・", "_", "…", "R", "n", "Rn", "per-", "mission", "permission", "e\u0301", "\u3000", "\u200b",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_a_text_and_its_words_give_the_same_coverage(seed: int) -> None:
    chosen = random.Random(seed)
    source = [chosen.choice(_PIECES) for _ in range(30)]
    kept = [piece for piece in source if seed % 2 or chosen.random() < 0.9]
    chosen.shuffle(kept)
    text, kept_text = " ".join(source), chosen.choice((" ", "\n")).join(kept)
    assert compare(text, kept_text) == compare(words_in(text), kept_text)
    assert seed % 2 == 0 or compare(text, kept_text).share == 1.0


def test_pieces_that_differ_in_their_marks_only_are_kept() -> None:
    coverage = compare("**Note**: use `--cache-size`（默认）_now_", "Note : use --cache-size (默认) now")
    assert (coverage.visible, coverage.share) == (len("NoteusecachesizeNow默认"), 1.0)
