"""What every `LexicalIndex` must do. A test class inherits this and gives the fixture `index`."""

import pytest

from retrieval.protocols import LexicalIndex

TEXTS = {
    1: "中华人民共和国合同法规定，当事人订立合同应当具有相应的民事行为能力。",
    2: "The quick brown foxes were running over lazy dogs.",
    3: "臺灣的計程車司機使用導航軟體。",
    4: "JuiceFS 支持将数据缓存在本地磁盘，参数为 cache-size。",
    5: "合同的解除与终止",
}


class LexicalIndexContract:
    @pytest.fixture
    def index(self) -> LexicalIndex:
        raise NotImplementedError

    @pytest.fixture
    def filled(self, index) -> LexicalIndex:
        index.add(list(TEXTS), list(TEXTS.values()))
        index.commit()
        return index

    def found(self, index, query: str, k: int = 10, allow=None) -> list[int]:
        return [chunk_id for chunk_id, _ in index.search(query, k, allow)]

    def test_empty_index_finds_nothing(self, index):
        assert index.search("anything", 5) == []
        assert len(index) == 0

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("合同法", 1),
            ("民事行为能力", 1),
            ("fox", 2),
            ("DOGS run", 2),
            ("台湾", 3),
            ("臺灣", 3),
            ("软体", 3),
            ("缓存", 4),
            ("cache", 4),
            ("ｊｕｉｃｅｆｓ", 4),
            ("cache-size", 4),
            ("解除", 5),
            ("终", 5),
        ],
    )
    def test_words_of_both_languages_are_found(self, filled, query, expected):
        assert self.found(filled, query)[0] == expected

    @pytest.mark.parametrize("place", range(len(TEXTS[1]) - 1))
    def test_every_pair_of_chinese_characters_is_found(self, filled, place):
        pair = TEXTS[1][place : place + 2]
        if "，" in pair or "。" in pair:
            pair = pair.strip("，。")
        assert 1 in self.found(filled, pair)

    def test_scores_fall(self, filled):
        scores = [score for _, score in filled.search("合同 解除", 10)]
        assert len(scores) == 2
        assert scores[0] > scores[1] > 0

    def test_a_score_says_how_much_of_the_question_a_text_has(self, index):
        index.add(range(40), [f"kiln number {n} burns wood" for n in range(40)])
        index.commit()
        whole, half = (
            index.search(query, 1)[0][1] for query in ("number 7 kiln", "number 7 kiln in Ravensburg")
        )
        assert whole == pytest.approx(1, abs=0.02)
        # a word that no text has is the rarest of all
        assert half < 0.6 * whole
        assert index.search("kiln of Ravensburg", 1)[0][1] < 0.1

    def test_scores_stay_above_zero_where_most_texts_were_removed(self, index):
        index.add(range(40), ["kiln"] * 40)
        index.commit()
        index.remove(range(1, 40))
        index.commit()
        ((chunk_id, score),) = index.search("kiln", 5)
        assert (chunk_id, score > 0) == (0, True)

    def test_adding_an_id_again_replaces_its_text(self, filled):
        filled.add([2], ["完全不同"])
        filled.commit()
        assert len(filled) == 5
        assert self.found(filled, "fox") == []
        assert self.found(filled, "不同")[0] == 2

    def test_of_an_id_given_twice_the_last_text_counts(self, index):
        index.add([7, 7], ["alpha", "beta"])
        index.commit()
        assert (self.found(index, "alpha"), self.found(index, "beta"), len(index)) == ([], [7], 1)

    def test_removed_texts_are_never_found_again(self, filled):
        filled.remove([1, 404])
        filled.commit()
        assert self.found(filled, "合同") == [5]
        assert len(filled) == 4

    def test_changes_are_invisible_before_commit(self, filled):
        filled.remove([5])
        filled.add([6], ["alpha"])
        assert self.found(filled, "解除") == [5]
        assert self.found(filled, "alpha") == []
        filled.commit()
        assert self.found(filled, "解除") == []
        assert self.found(filled, "alpha") == [6]

    def test_filter_gives_only_allowed_ids(self, filled):
        assert self.found(filled, "合同", allow=frozenset({5, 99})) == [5]
        assert self.found(filled, "合同", allow=frozenset()) == []

    def test_large_filter_gives_as_many_as_exist(self, index):
        index.add(range(9000), ["common word"] * 9000)
        index.commit()
        allow = frozenset(range(3000, 9000, 1)) | frozenset(range(10**6, 10**6 + 5))
        found = self.found(index, "common", 50, allow)
        assert len(found) == 50
        assert set(found) <= allow
        assert len(self.found(index, "common", 8000, allow)) == 6000

    @pytest.mark.parametrize("k", [0, 1, 3, 1000])
    def test_k_is_clamped(self, filled, k):
        assert len(filled.search("的 合同 fox", k)) <= k

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "   ",
            '"unbalanced AND (OR',
            "id:1 words:fox",
            "+fox -dog ~ ^ : * ? \\ / [a TO b] {c}",
            "' OR 1=1 --",
            "\x00\x01\ud7ff\uffff\U0010ffff",
            "👍🏽👨‍👩‍👧",
            "a" * 4000,
            "长" * 4000,
            " ".join(f"w{i}" for i in range(900)),
            "e\u0301" * 1000,
            "的是了吗",
            "what is the",
        ],
    )
    def test_any_question_is_only_text(self, filled, query):
        for chunk_id, score in filled.search(query, 5):
            assert chunk_id in TEXTS
            assert score >= 0

    def test_operators_are_words(self, filled):
        assert self.found(filled, "id:1") == []
        assert 2 in self.found(filled, "-fox")
        assert 2 in self.found(filled, 'NOT "fox')

    def test_long_question_still_finds_its_rare_word(self, filled):
        assert self.found(filled, " ".join(f"w{i}" for i in range(800)) + " fox")[0] == 2

    def test_any_text_can_be_added(self, index):
        texts = ["", "   ", "\x00", "a" * 100_000, "长" * 50_000, "\U0010ffff\n\t"]
        index.add(range(len(texts)), texts)
        index.commit()
        assert len(index) == len(texts)
        assert self.found(index, "长") == [4]
