"""Words of a question with their translations."""

import gzip
from pathlib import Path

import pytest

from retrieval.index.translation import crosses, translated_words
from retrieval.index.word_list import WordList

LINES = "缓存\tcache|buffer memory\n文件\tfile\n系统\tsystem\n位置\tlocation\n回收站\ttrash\n回收\trecycle\n"


@pytest.fixture
def words(tmp_path: Path) -> WordList:
    path = tmp_path / "words.gz"
    path.write_bytes(gzip.compress(LINES.encode()))
    return WordList(path)


def test_words_of_a_chinese_question(words: WordList) -> None:
    assert translated_words("缓存的位置是什么？", words) == [
        ("缓存", ("cache", "buffer memory")),
        ("位置", ("location",)),
    ]


def test_a_long_word_is_whole_where_it_is_listed_and_taken_apart_where_it_is_not(words: WordList) -> None:
    assert translated_words("回收站", words) == [("回收站", ("trash",))]
    assert translated_words("文件系统", words) == [("文件", ("file",)), ("系统", ("system",))]


def test_names_stay_as_they_are_and_come_once(words: WordList) -> None:
    assert translated_words("juicefs 缓存 juicefs file", words) == [
        ("juicefs", ()),
        ("缓存", ("cache", "buffer memory")),
        ("file", ()),
    ]


def test_words_of_an_english_question(words: WordList) -> None:
    assert translated_words("Where are the caches and files?", words) == [
        ("caches", ("缓存",)),
        ("files", ("文件",)),
    ]


def test_a_question_crosses_to_texts_of_which_one_is_in_the_other_language() -> None:
    assert crosses("缓存在哪里？", ["缓存在这里。", "The cache is here."])
    assert crosses("Where is the cache?", ["缓存在这里。"])
    assert not crosses("Where is the cache?", ["The cache is here."])
    assert not crosses("Where is the cache?", [])
