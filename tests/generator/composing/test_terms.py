"""Content terms of texts."""

import pytest

from generator.composing.terms import TermWeights, terms_of


def test_english_words_lose_their_endings_and_empty_words_go():
    assert terms_of("How do the servers start?") == terms_of("a server starts")
    assert set(terms_of("restarting the server's caches")) == set(terms_of("restarts server cache"))
    assert not terms_of("What is it, and how do you do it?")


def test_chinese_runs_become_pairs_and_the_words_of_asking_go():
    assert terms_of("劳动合同") == {"劳动": 1, "动合": 1, "合同": 1}
    assert terms_of("请问什么是商标？") == terms_of("商标")
    assert "商标" in terms_of("注册商标的有效期")
    assert not terms_of("这是什么？")


def test_names_of_options_and_files_stay_whole():
    assert len(terms_of("--max-chunk-size")) == 1
    assert terms_of("--max-chunk-size") & terms_of("set max-chunk-size to 3")
    assert "config.toml" in terms_of("edit config.toml")


@pytest.mark.parametrize("text", ["", " \n", "？！", "of the"])
def test_a_text_may_have_no_terms(text):
    assert not terms_of(text)
    assert TermWeights(text, [terms_of("x")]).share(terms_of("cats")) == 0.0


def test_a_rare_term_weighs_more_than_one_that_all_units_hold():
    weights = TermWeights(
        "port of the server", [terms_of("server one"), terms_of("server port"), terms_of("server")]
    )
    assert weights.weights["port"] > weights.weights["server"] > 0
    assert weights.share(terms_of("port")) > 0.5 > weights.share(terms_of("server"))


def test_texts_share_a_question_between_them_and_no_term_counts_twice():
    weights = TermWeights("port of the server", [terms_of("server"), terms_of("port")])
    one, other = terms_of("the port"), terms_of("our server, our server")
    assert weights.share(one, other) == pytest.approx(1.0)
    assert weights.share(one, one) == weights.share(one) == pytest.approx(0.5)
    assert weights.share() == 0.0


UNITS = [
    terms_of("The cache lives in memory."),
    terms_of("The trash keeps files."),
    terms_of("Nothing else."),
]
TRANSLATED = (("缓存", ("buffer memory", "cache")), ("位置", ("location", "place")), ("minio", ()))


def test_a_word_is_held_by_any_of_its_translations():
    plain = TermWeights("缓存位置 minio", UNITS)
    weights = TermWeights("缓存位置 minio", UNITS, TRANSLATED)
    assert plain.share(UNITS[0]) == 0.0
    assert weights.share(UNITS[0]) > 0.25
    assert weights.share(UNITS[1]) == 0.0
    assert weights.share(terms_of("the place of the cache"), terms_of("minio")) == pytest.approx(1.0)


def test_a_translation_of_several_words_is_held_as_a_whole():
    weights = TermWeights("缓存", UNITS, (("缓存", ("buffer memory",)),))
    assert weights.share(terms_of("memory")) == 0.0
    assert weights.share(terms_of("a memory as buffer")) == pytest.approx(1.0)


def test_a_word_that_nothing_translates_counts_less():
    units = [terms_of("cache"), terms_of("trash")]
    known = TermWeights("缓存 位置", units, (("缓存", ("cache",)), ("位置", ("place",))))
    unlisted = TermWeights("缓存 位置", units, (("缓存", ("cache",)), ("位置", ())))
    assert unlisted.share(units[0]) > known.share(units[0]) > 0


def test_texts_in_the_language_of_the_question_keep_their_share():
    units = [terms_of("缓存在内存中。"), terms_of("回收站。")]
    translated = (("缓存", ("cache",)), ("内存", ("memory",)))
    plain, weights = (TermWeights("缓存 内存", units, given) for given in ((), translated))
    assert weights.share(units[0]) >= plain.share(units[0]) > 0
    (cache,) = terms_of("cache")
    assert weights.asks_for(cache)
    assert weights.asks_for("缓存")
    assert not plain.asks_for(cache)


def test_a_part_of_a_question_counts_its_own_words():
    weights = TermWeights("缓存", UNITS, TRANSLATED)
    assert weights.share(terms_of("the cache")) == pytest.approx(1.0)
