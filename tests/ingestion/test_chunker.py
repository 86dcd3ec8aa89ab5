"""The contract of chunks: they tile the text, keep within the limit, and are cut where they should be."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingestion.boundaries import cheapest_cuts, similarity_costs, size_costs
from ingestion.chunker import chunk
from ingestion.config import ChunkingConfig, ParsingLimits
from ingestion.errors import EmptyDocumentError
from ingestion.parsers import parse_source
from ingestion.parsers.text.plain import lay_blocks
from ingestion.types import Chunk, Document, SentenceStates, Source
from tests.ingestion.samples import COUNT_TOKENS, BigramEncoder, sample


def chunks_of(document: Document, config: ChunkingConfig | None = None) -> tuple[Chunk, ...]:
    return chunk(
        document, encode=BigramEncoder(), count_tokens=COUNT_TOKENS, config=config or ChunkingConfig()
    )


def plain(text: str) -> Document:
    return Document(text=text, media_type="text/plain", title="", blocks=lay_blocks(text))


def markdown(text: str) -> Document:
    return parse_source(Source(name="a.md", data=text.encode()), ParsingLimits())


def check_contract(document: Document, chunks: tuple[Chunk, ...], max_tokens: int) -> None:
    assert "".join(piece.text for piece in chunks) == document.text
    position = 0
    for index, piece in enumerate(chunks):
        assert (piece.index, piece.start) == (index, position)
        assert document.text[piece.start : piece.end] == piece.text
        position = piece.end
        assert piece.token_count == COUNT_TOKENS(piece.text)
        assert piece.token_count <= max_tokens or len(piece.text) == 1
        assert np.linalg.norm(piece.vector) == pytest.approx(1, abs=1e-5)
        for start, end in piece.sentences:
            assert piece.start <= start < end <= piece.end
    visible = "".join(document.text.split())
    said = "".join(
        "".join(document.text[start:end] for piece in chunks for start, end in piece.sentences).split()
    )
    assert said == visible


CHINESE = st.text(
    alphabet=st.sampled_from("数据引擎把文件切成块的一是在了。，！？；：“”（）\n 　"),
    min_size=1,
    max_size=800,
)
ENGLISH = st.lists(
    st.sampled_from(
        [
            "The",
            "engine",
            "keeps",
            "blocks.",
            "Mr.",
            "Is",
            "3.5?",
            "\n\n",
            "#",
            "-",
            "a,",
            "(b)",
            '"c"',
            "e.g.",
            "1.",
        ]
    ),
    min_size=1,
    max_size=300,
)
ANY = st.text(min_size=1, max_size=400)


@settings(deadline=None, max_examples=60)
@given(CHINESE, st.integers(16, 200))
def test_contract_on_chinese(text: str, max_tokens: int) -> None:
    _check_plain(text, max_tokens)


@settings(deadline=None, max_examples=60)
@given(ENGLISH, st.integers(16, 200))
def test_contract_on_english(words: list[str], max_tokens: int) -> None:
    _check_plain(" ".join(words), max_tokens)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(CHINESE, ANY, ENGLISH.map(" ".join)), min_size=1, max_size=4).map("\n\n".join))
def test_contract_on_mixed_text(text: str) -> None:
    _check_plain(text, 64)


@settings(deadline=None, max_examples=40)
@given(st.text(alphabet=st.sampled_from(" \n\t\u3000"), max_size=3000), st.integers(0, 3000))
@example(" \u3000" * 40, 72)
def test_contract_on_white_space(space: str, position: int) -> None:
    _check_plain(space[:position] + "字" + space[position:], 32)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(["数据", "abc", "a b ", "１", "!", "\u0301", "😀", "。"]), st.integers(200, 2000))
def test_contract_on_one_huge_sentence(run: str, times: int) -> None:
    _check_plain("头" + run * times, 64)


def _check_plain(text: str, max_tokens: int) -> None:
    document = plain(text)
    config = ChunkingConfig(max_tokens=max_tokens, target_tokens=max(1, max_tokens // 2))
    if not text.strip():
        with pytest.raises(EmptyDocumentError):
            chunks_of(document, config)
        return
    check_contract(document, chunks_of(document, config), max_tokens)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.one_of(
            st.integers(1, 4).map(lambda level: "#" * level + " 标题 Heading"),
            st.integers(1, 30).map(
                lambda times: "数据引擎把文件切成块。The engine keeps the blocks. " * times
            ),
            st.integers(1, 20).map(lambda rows: "| a | 列 |\n|---|---|\n" + "| one | 一行 |\n" * rows),
            st.integers(1, 30).map(lambda lines: "```\n" + "code(1)\n\n" * lines + "```"),
            st.integers(1, 15).map(lambda items: "- item 一项。\n" * items),
        ),
        min_size=1,
        max_size=12,
    ).map("\n\n".join)
)
def test_contract_on_markdown(text: str) -> None:
    document = markdown(text)
    config = ChunkingConfig(max_tokens=128, target_tokens=80)
    check_contract(document, chunks_of(document, config), 128)


@pytest.mark.parametrize(
    "name",
    [
        "io_processing_en.md",
        "io_processing_zh.md",
        "personal_information_law_zh.md",
        "paper.docx",
        "two_columns.pdf",
    ],
)
def test_real_documents_are_cut_into_chunks_of_a_useful_size(name: str) -> None:
    document = parse_source(sample(name), ParsingLimits())
    chunks = chunks_of(document)
    check_contract(document, chunks, 512)
    sizes = sorted(piece.token_count for piece in chunks)
    assert 180 <= sizes[len(sizes) // 2] <= 450
    assert sum(size < 80 for size in sizes) <= 1


def test_same_input_gives_the_same_chunks() -> None:
    document = parse_source(sample("io_processing_zh.md"), ParsingLimits())
    assert chunks_of(document) == chunks_of(document)


def test_sentences_are_whole_where_they_fit() -> None:
    document = parse_source(sample("personal_information_law_zh.md"), ParsingLimits())
    for piece in chunks_of(document):
        assert piece.text.rstrip()[-1] in "。；：）日"


def test_a_statute_is_cut_between_its_articles() -> None:
    document = parse_source(sample("personal_information_law_zh.md"), ParsingLimits())
    starts = [piece.text.lstrip()[:1] for piece in chunks_of(document)]
    assert starts.count("第") >= 0.9 * len(starts) - 1


def test_a_heading_is_never_the_end_of_a_chunk() -> None:
    body = "The engine keeps the blocks of a file in an object store. " * 12
    document = markdown("\n\n".join(f"## Section {number}\n\n{body}" for number in range(8)))
    for piece in chunks_of(document):
        assert not piece.text.rstrip().split("\n")[-1].startswith("Section")
        assert piece.heading_path == (piece.text.split("\n")[0],)


def test_small_sections_share_a_chunk_under_their_common_heading() -> None:
    sections = "\n\n".join(f"### Option {number}\n\nIt sets one thing." for number in range(6))
    document = markdown(f"# Guide\n\n## Options\n\n{sections}")
    (only,) = chunks_of(document)
    assert only.heading_path == ("Guide", "Options")


def test_a_code_block_that_fits_stays_whole() -> None:
    prose = "The engine keeps the blocks of a file in an object store. " * 15
    code = "\n".join(f"juicefs mount --option-{number} value redis://localhost /mnt" for number in range(12))
    document = markdown(f"{prose}\n\n```\n{code}\n```\n\n{prose}")
    assert sum(code in piece.text for piece in chunks_of(document)) == 1


def test_table_rows_are_never_cut() -> None:
    rows = "\n".join(
        f"| --option-{number} | sets the value number {number} | {number} |" for number in range(80)
    )
    document = markdown(f"| Option | What it does | Default |\n|---|---|---|\n{rows}")
    for piece in chunks_of(document):
        assert all(line.startswith("Option: ") for line in piece.text.strip().split("\n"))


def test_a_change_of_topic_is_where_the_text_is_cut() -> None:
    first = [f"The cat number {number} sat on the mat near the cat house." for number in range(20)]
    second = [f"Quantum flux {number} grows by voltage in quantum circuits." for number in range(24)]
    document = plain(" ".join(first + second))
    cut = document.text.index("Quantum")
    assert cut in [piece.start for piece in chunks_of(document, ChunkingConfig(semantic_weight=1.0))]


def test_each_visible_sentence_is_encoded_exactly_once() -> None:
    document = parse_source(sample("io_processing_en.md"), ParsingLimits())
    encoder = BigramEncoder()
    chunks = chunk(document, encode=encoder, count_tokens=COUNT_TOKENS, config=ChunkingConfig())
    asked = [span for call in encoder.calls for span in call]
    assert asked == [span for piece in chunks for span in piece.sentences]


def test_progress_ends_at_the_total() -> None:
    seen: list[tuple[int, int]] = []
    document = plain("数据引擎把文件切成块。" * 9000)
    chunk(
        document,
        encode=BigramEncoder(),
        count_tokens=COUNT_TOKENS,
        config=ChunkingConfig(),
        on_encoded=lambda done, total: seen.append((done, total)),
    )
    assert len(seen) > 1
    assert seen[-1] == (9000, 9000)


def test_pages_of_a_chunk_are_those_of_its_text() -> None:
    document = parse_source(sample("four_pages.pdf"), ParsingLimits())
    chunks = chunks_of(document, ChunkingConfig(max_tokens=120, target_tokens=80))
    assert chunks[0].page == 1
    assert [page for piece in chunks for page in (piece.page, piece.page_end)] == sorted(
        page or 0 for piece in chunks for page in (piece.page, piece.page_end)
    )
    for piece in chunks:
        span = next(page for page in document.pages if page.number == piece.page)
        assert span.start <= piece.sentences[0][0] < span.end


def test_cheapest_cuts_equal_those_of_trying_them_all() -> None:
    config = ChunkingConfig(max_tokens=60, target_tokens=40)
    random = np.random.default_rng(1)
    for _ in range(30):
        tokens = random.integers(5, 40, size=9).tolist()
        cut, span = random.random(9), random.random(9) * 0.3

        def cost(starts: list[int], tokens: list[int] = tokens, cut=cut, span=span) -> float:
            total = sum(cut[start] for start in starts[1:])
            for start, end in zip(starts, [*starts[1:], 9], strict=True):
                size = sum(tokens[start:end])
                if size > 60 and end - start > 1:
                    return float("inf")
                total += float(size_costs(np.array([size]), config)[0]) + sum(span[start + 1 : end])
            return total

        every = [[0, *(place for place in range(1, 9) if mask >> place & 1)] for mask in range(0, 512, 2)]
        assert cost(cheapest_cuts(tokens, cut, span, config)) == pytest.approx(min(map(cost, every)))


def two_topics(each: int) -> np.ndarray:
    """States of `each` sentences about one thing, then of as many about another; float32 [2 * each, 32]."""
    rng = np.random.default_rng(0)
    topics = np.repeat(rng.standard_normal((2, 32), dtype=np.float32), each, axis=0)
    return topics + rng.standard_normal(topics.shape, dtype=np.float32)


def one_window(sums: np.ndarray) -> SentenceStates:
    return SentenceStates(sums=sums, windows=np.zeros(len(sums), dtype=np.int64))


def test_similarity_is_lowest_at_the_change() -> None:
    states = two_topics(8)
    costs = similarity_costs(one_window(states), 3)
    assert int(np.argmin(costs)) == 8
    assert costs.min() < -1
    assert not similarity_costs(one_window(states[:4]), 3).any()


def test_where_encoder_windows_meet_is_no_change_of_topic() -> None:
    windows = np.repeat(np.arange(3), 8)
    company = 3 * np.random.default_rng(1).standard_normal((3, 32), dtype=np.float32)
    sums = two_topics(12) + company[windows]
    costs = similarity_costs(SentenceStates(sums=sums, windows=windows), 3)
    assert int(np.argmin(costs)) == 12
    assert costs[[8, 16]].min() > costs[12] + 0.5
    together = similarity_costs(one_window(sums), 3)
    assert set(np.argsort(together)[:2]) == {8, 16}, "what would happen without windows"


@pytest.mark.parametrize("wrong", [{"max_tokens": 8}, {"target_tokens": 600}, {"semantic_weight": -1.0}])
def test_settings_that_cannot_be_met_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ChunkingConfig(**wrong)
