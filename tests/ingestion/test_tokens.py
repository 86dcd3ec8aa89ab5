"""The vocabulary: loads offline, loses nothing, equals its `tokenizers` twin, stays fast on hostile runs."""

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import BPE

from ingestion.errors import VocabularyError
from ingestion.tokens import TokenCounter, load_vocabulary, save_vocabulary
from ingestion.train_vocabulary import byte_symbols, main, pre_tokenizer, sample, train_ranks

VOCABULARY = Path(__file__).parents[2] / "models" / "tokenizer" / "fathom_bpe.tiktoken"
ENCODING = load_vocabulary(VOCABULARY)


def tokenizer_from_ranks(ranks: Mapping[bytes, int]) -> Tokenizer:
    """A `tokenizers` twin: every pair that joins to a known piece merges, lowest rank first."""
    symbol_of = {byte: symbol for symbol, byte in byte_symbols().items()}

    def spell(piece: bytes) -> str:
        return "".join(symbol_of[byte] for byte in piece)

    merges: list[tuple[str, str]] = []
    for piece, _ in sorted(ranks.items(), key=lambda item: item[1]):
        cuts = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece))]
        pairs = [(left, right) for left, right in cuts if left in ranks and right in ranks]
        pairs.sort(key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))
        merges.extend((spell(left), spell(right)) for left, right in pairs)
    tokenizer = Tokenizer(BPE(vocab={spell(piece): rank for piece, rank in ranks.items()}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizer()
    return tokenizer


@pytest.fixture(scope="module")
def twin() -> Tokenizer:
    """The same vocabulary in HF tokenizers."""
    return tokenizer_from_ranks(ENCODING._mergeable_ranks)


TEXTS = [
    "中华人民共和国个人信息保护法第三条：组织、个人在中华人民共和国境内处理自然人个人信息的活动，适用本法。",
    "在歐洲，梵語的學術研究，由德國學者陸特和漢斯雷頓開創。",
    "JuiceFS's metadata engine isn't Redis-only; see `juicefs mount -d redis://192.168.1.6/1 /jfs`.",
    "GPU显存24GB，约合人民币12,345.67元（含税）。\r\n\r\n\t缩进  两个空格",
    "Ünïcödé naïve café — “quotes” … 😀👨‍👩‍👧 عربي हिन्दी ไทย 日本語のテスト 한국어",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_ids_equal_those_of_the_tokenizers_twin(text: str, twin: Tokenizer) -> None:
    assert ENCODING.encode_ordinary(text) == twin.encode(text).ids


@given(st.text(max_size=200))
def test_decoding_gives_the_text_back(text: str) -> None:
    assert ENCODING.decode(ENCODING.encode_ordinary(text)) == text


@given(st.text(st.characters(max_codepoint=0x9FFF, exclude_categories=["Cs", "Cn"]), max_size=80))
def test_twin_agrees_on_any_assigned_text(text: str) -> None:
    assert ENCODING.encode_ordinary(text) == _TWIN.encode(text).ids


_TWIN = tokenizer_from_ranks(ENCODING._mergeable_ranks)


def test_loading_and_counting_open_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "socket", refuse)
    assert TokenCounter(load_vocabulary(VOCABULARY))("今天天气很好 and warm") > 3


def test_both_languages_are_cut_into_few_pieces() -> None:
    count = TokenCounter(ENCODING)
    assert count("人民网北京七月二十八日电记者从国家统计局获悉经济运行总体平稳") <= 16
    assert count("The quick brown fox jumps over the lazy dog near the river bank") <= 16


def test_pieces_never_join_chinese_and_latin() -> None:
    pieces = [ENCODING.decode([token]) for token in ENCODING.encode_ordinary("使用Redis作为元数据引擎")]
    assert "Redis" in "".join(piece for piece in pieces if piece.isascii())


@pytest.mark.parametrize("run", ["中", "a", " ", "!", "\n", "é", "\u0301"])
def test_one_run_of_half_a_million_characters_takes_no_time(run: str) -> None:
    started = time.process_time()
    assert TokenCounter(ENCODING)(run * 500_000) > 0
    assert time.process_time() - started < 5


def test_special_token_text_counts_as_plain_text() -> None:
    assert TokenCounter(ENCODING)("<|endoftext|>") > 1


@pytest.mark.parametrize("content", [b"", b"not a vocabulary", b"YQ== 0\n", b"YQ== 0\nYQ== 7\n", b"!!!! 0\n"])
def test_a_malformed_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.tiktoken"
    path.write_bytes(content)
    with pytest.raises(VocabularyError, match=r"broken\.tiktoken"):
        load_vocabulary(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match="nowhere"):
        load_vocabulary(tmp_path / "nowhere.tiktoken")


def test_training_saves_a_vocabulary_that_loads(tmp_path: Path) -> None:
    chinese, english = tmp_path / "zh.jsonl", tmp_path / "en"
    english.mkdir()
    sentence = "数据引擎把文件切成块，再把块写进对象存储；元数据引擎记下它们的位置，客户端读的时候先查它。"
    chinese.write_text(json.dumps({"text": sentence}, ensure_ascii=False), encoding="utf-8")
    (english / "a.md").write_text("The metadata engine keeps the blocks. " * 9, encoding="utf-8")
    output = tmp_path / "out" / "small.tiktoken"
    options = ["--megabytes", "0.1", "--pieces", "300", "--output", str(output)]
    main(["--chinese", str(chinese), "--english", str(english), *options])
    encoding = load_vocabulary(output)
    assert 256 < encoding.n_vocab <= 300
    assert encoding.decode(encoding.encode_ordinary(sentence)) == sentence
    assert len(encoding.encode_ordinary("The metadata engine")) < len(b"The metadata engine")


def test_trained_ranks_start_with_all_single_bytes(tmp_path: Path) -> None:
    ranks = train_ranks(["abab abab abab abab abab"] * 5, 260)
    assert {piece for piece, rank in ranks.items() if rank < 256} == {bytes([byte]) for byte in range(256)}
    save_vocabulary(tmp_path / "v.tiktoken", ranks)
    assert load_vocabulary(tmp_path / "v.tiktoken").n_vocab == len(ranks)


def test_the_sample_shares_its_budget_and_skips_doubles(tmp_path: Path) -> None:
    short, long = tmp_path / "short.txt", tmp_path / "long.jsonl"
    short.write_text("s" * 100)
    rows = [json.dumps({"text": f"{number:04d}" * 25}) for number in range(100)]
    long.write_text("\n".join([*rows, *rows]))
    texts = list(sample([short, long], 2_000))
    assert texts[0] == "s" * 100
    assert len(texts) == len(set(texts)) == 1 + 19
