"""Questions in one language in texts of the other: by the word list, by names, and with what is left unknown."""

import gzip
from pathlib import Path

import pytest

from retrieval.index.analysis import asks_in_chinese, is_chinese_text
from retrieval.index.lexical import TantivyIndex
from retrieval.index.word_list import MOST_READINGS, WordList
from retrieval.index.word_list_import import glosses_of
from tests.faults.damage import damages

SHIPPED = Path(__file__).parents[3] / "models" / "words" / "zh_en.tsv.gz"

ENGLISH = {
    1: "Mount the volume with juicefs mount and give the path of the folder.",
    2: "A quota limits how many files a folder may hold.",
    3: "The trash keeps deleted files for one day.",
    4: "Backups are written to a bucket every hour.",
}
CHINESE = {
    11: "使用 juicefs mount 命令挂载卷，并给出目录的路径。",
    12: "配额限制目录中可以存放的文件数量。",
    13: "回收站会将已删除的文件保留一天。",
    14: "备份每小时写入存储桶。",
}


@pytest.fixture(scope="module")
def words() -> WordList:
    return WordList(SHIPPED)


def index_of(texts: dict[int, str], words: WordList | None) -> TantivyIndex:
    index = TantivyIndex(words=words)
    index.add(list(texts), list(texts.values()))
    index.commit()
    return index


@pytest.mark.parametrize(
    ("question", "texts", "right"),
    [
        ("怎么设置配额？", ENGLISH, 2),
        ("备份多久写入一次？", ENGLISH, 4),
        ("怎么挂载？", ENGLISH, 1),
        ("How do I set a quota?", CHINESE, 12),
        ("How often are backups made?", CHINESE, 14),
        ("How to mount?", CHINESE, 11),
    ],
)
def test_words_are_found_by_what_they_are_called_there(
    question: str, texts: dict[int, str], right: int, words: WordList
) -> None:
    assert index_of(texts, words).search(question, 3)[0][0] == right


@pytest.mark.parametrize("question", ["怎么设置配额？", "备份多久写入一次？"])
def test_without_the_list_such_words_find_nothing(question: str) -> None:
    assert index_of(ENGLISH, None).search(question, 3) == []


def test_names_and_commands_are_found_as_they_are() -> None:
    index = index_of(ENGLISH, None)
    assert [label for label, _ in index.search("juicefs mount 怎么用？", 3)] == [1]
    assert [label for label, _ in index_of(CHINESE, None).search("What does juicefs do?", 3)] == [11]


def test_the_page_in_the_language_of_the_question_comes_first(words: WordList) -> None:
    index = index_of(ENGLISH | CHINESE, words)
    assert [label for label, _ in index.search("配额限制文件数量吗？", 2)] == [12, 2]
    assert [label for label, _ in index.search("How many files does a quota limit?", 2)] == [2, 12]


def test_a_page_of_code_is_found_by_its_chinese_heading(words: WordList) -> None:
    code = {21: "配额 mkdir data; chmod a b c d e f g h i j k l m n"}
    assert not is_chinese_text(code[21])
    scores = dict(index_of(ENGLISH | code, words).search("配额", 3))
    assert scores[21] > 0.5


def test_a_filter_holds_across_languages(words: WordList) -> None:
    found = index_of(ENGLISH, words).search("删除的文件的配额", 4, frozenset({3}))
    assert [label for label, _ in found] == [3]


def test_what_is_unknown_lowers_the_share(words: WordList) -> None:
    index = index_of(ENGLISH, words)
    clear, odd = (index.search(question, 1)[0][1] for question in ("配额", "配额魑魅魍魉"))
    assert odd < clear


def test_the_list_is_not_read_where_all_texts_are_in_the_language_of_the_question(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = tmp_path / "zh_en.tsv.gz"
    damaged.write_bytes(b"not gzip")
    index = index_of(CHINESE, WordList(damaged))
    assert index.search("怎么设置配额？", 1)[0][0] == 12
    assert caplog.text == ""
    index.search("How is the quota set?", 1)
    assert "damaged" in caplog.text


def test_a_damaged_list_is_told_and_searches_go_on_without_it(tmp_path: Path) -> None:
    whole = gzip.compress("仓库\trepository\n配额\tquota\n".encode() * 400)
    path = tmp_path / "words.gz"
    for what, data in damages(whole):
        path.write_bytes(data)
        assert WordList(path).translations("仓库")[:1] in ([], (), ["repository"]), what
        assert index_of(CHINESE, WordList(path)).search("怎么设置配额？", 1)[0][0] == 12, what


def test_a_missing_list_is_empty(tmp_path: Path) -> None:
    assert WordList(tmp_path / "none.gz").readings("配额") == ()


def test_readings_go_both_ways_commonest_first(tmp_path: Path) -> None:
    lines = [f"词{chr(0x4E00 + n)}\tother|file\n" for n in range(MOST_READINGS + 5)]
    path = tmp_path / "words.gz"
    path.write_bytes(gzip.compress("".join(["卷宗\tfile|record book\n", *lines]).encode()))
    words = WordList(path)
    assert words.readings("卷宗") == (("file",), ("record", "book"))
    assert words.readings("file")[0] == ("卷宗",)
    assert len(words.readings("file")) == MOST_READINGS


def test_an_odd_translation_does_not_outweigh_the_usual_one(tmp_path: Path) -> None:
    path = tmp_path / "words.gz"
    path.write_bytes(gzip.compress("对象\tobject|sweetheart\n".encode()))
    texts = {n: f"An object {n}." for n in range(5)} | {8: "A sweetheart 8."}
    scores = dict(index_of(texts, WordList(path)).search("对象", 6))
    assert scores[8] <= scores[0] * 1.001


def test_translations_are_given_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "words.gz"
    path.write_bytes(gzip.compress("仓库\trepository\n仓库\trepository|storage room\n".encode()))
    words = WordList(path)
    assert words.translations("仓库") == ["repository", "repository", "storage room"]
    assert words.translations("Repositories") == ["仓库"]
    assert list(words.translations("字")) == list(words.translations("word")) == []


def test_the_import_keeps_short_glosses_of_words() -> None:
    lines = [
        "# CC-CEDICT\n",
        "掛載 挂载 [gua4 zai4] /(computing) to mount/\n",
        "備份 备份 [bei4 fen4] /backup; to back up/CL:個|个[ge4]/\n",
        "北京 北京 [Bei3 jing1] /Beijing/\n",
        "馬馬虎虎 马马虎虎 [ma3 ma3 hu1 hu1] /careless and rather casual about work (idiom)/\n",
    ]
    assert glosses_of(lines) == {"挂载": ["mount"], "备份": ["backup", "back up"]}


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("备份每小时写入存储桶。", True),
        ("juicefs mount 挂载", False),
        ("A backup.", False),
        ("1 2 3", False),
        ("", False),
    ],
)
def test_the_language_of_a_text_is_that_of_most_words(text: str, chinese: bool) -> None:
    assert is_chinese_text(text) is chinese


def test_a_question_with_commands_is_still_chinese() -> None:
    assert asks_in_chinese("juicefs mount --cache-size 怎么用")
    assert not asks_in_chinese("What does juicefs mount do?")
