"""Decision 0048: pages that exist in two languages, as chunks, with questions from the headings that they share.

Two pages are parallel where their headings have the same levels in the same order: then the n-th section of one is
the n-th of the other. A section asks by the title of its page and its heading. What answers is every chunk of that
page that overlaps the section, in either language; a section ends where the next heading begins.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.intake.mapping import sentence_encoder
from ingestion.chunker import chunk
from ingestion.config import ChunkingConfig, ParsingLimits
from ingestion.errors import EmptyDocumentError
from ingestion.parser_process import ParserProcess
from ingestion.pipeline import parse
from ingestion.types import Block, BlockKind, Document, Source
from retrieval.protocols import CountTokens, Embedder

LANGUAGES = ("en", "zh")
LEAST_SECTION = 40
"""Characters of a section below its heading that can answer anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChunk:
    """A chunk of one page: its language ("en", "zh": that of the folder), and its range in the page's text."""

    page: int
    language: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One section, asked for in both languages.

    Attributes:
        question: By language, the title of the page and the heading.
        gold: By language, numbers of the chunks that answer.
    """

    page: int
    question: dict[str, str]
    gold: dict[str, frozenset[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelPages:
    """All chunks of both languages with their vectors (float32 [N, D]), and what is asked, in file order."""

    pages: int
    chunks: Sequence[PageChunk]
    vectors: NDArray[np.float32]
    asked: Sequence[Asked]

    def part(self, first: float, last: float) -> list[Asked]:
        """Questions about the pages between two shares of them, by file order."""
        return [item for item in self.asked if first <= item.page / self.pages < last]


def read_pages(
    folders: dict[str, Path], embedder: Embedder, count_tokens: CountTokens, cache: Path | None = None
) -> ParallelPages:
    """Parse, cut and embed the pages that both folders have, as the program does it.

    Args:
        folders: By language.
        embedder: Encoder of the chunks.
        count_tokens: By the configured vocabulary.
        cache: File (`.npz`) to keep the vectors in, or None.
    """
    names = sorted(
        {str(file.relative_to(folders["en"])) for file in folders["en"].rglob("*.md")}
        & {str(file.relative_to(folders["zh"])) for file in folders["zh"].rglob("*.md")}
    )
    with ParserProcess() as parser:
        read = [[read_page(folders[language] / name, parser) for language in LANGUAGES] for name in names]
    # a few pages hold nothing but what another one includes
    both = [(en, zh) for en, zh in read if en is not None and zh is not None]
    documents = dict(zip(LANGUAGES, zip(*both, strict=True), strict=True))
    kept = np.load(cache) if cache is not None and cache.exists() else None
    chunks: list[PageChunk] = []
    vectors: list[NDArray[np.float32]] = []
    for language in LANGUAGES:
        for page, document in enumerate(documents[language]):
            if kept is None:
                cut = chunk(
                    document,
                    encode=sentence_encoder(embedder),
                    count_tokens=count_tokens,
                    config=ChunkingConfig(),
                )
                ranges = [(item.start, item.end) for item in cut]
                vectors += [item.vector for item in cut]
            else:
                mine = (kept["page"] == page) & (kept["zh"] == (language == "zh"))
                ranges = [(int(a), int(b)) for a, b in kept["ranges"][mine]]
                vectors += list(kept["vectors"][mine])
            chunks += [
                PageChunk(page=page, language=language, start=a, end=b, text=document.text[a:b])
                for a, b in ranges
            ]
    if cache is not None and kept is None:
        np.savez(
            cache,
            page=[item.page for item in chunks],
            zh=[item.language == "zh" for item in chunks],
            ranges=[(item.start, item.end) for item in chunks],
            vectors=np.stack(vectors),
        )
    asked = [
        item
        for page in range(len(both))
        for item in _asked(page, {language: documents[language][page] for language in LANGUAGES}, chunks)
    ]
    return ParallelPages(pages=len(both), chunks=chunks, vectors=np.stack(vectors), asked=_only_once(asked))


def read_page(file: Path, parser: ParserProcess) -> Document | None:
    """A page as the program reads it; None where it has no text of its own."""
    try:
        return parse(Source(name=file.name, data=file.read_bytes()), ParsingLimits(), parser=parser)
    except EmptyDocumentError:
        return None


def _asked(page: int, pair: dict[str, Document], chunks: Sequence[PageChunk]) -> Iterator[Asked]:
    """Sections of two parallel pages that say something in both."""
    headings = {language: headings_of(document) for language, document in pair.items()}
    if [block.level for block in headings["en"]] != [block.level for block in headings["zh"]]:
        return
    for place in range(1, len(headings["en"])):
        question, gold = {}, {}
        for language, document in pair.items():
            blocks = headings[language]
            end = blocks[place + 1].start if place + 1 < len(blocks) else len(document.text)
            if end - blocks[place].end < LEAST_SECTION:
                break
            title, heading = (document.text[b.start : b.end].strip() for b in (blocks[0], blocks[place]))
            question[language] = f"{title}: {unnumbered(heading)}"
            gold[language] = frozenset(
                number
                for number, item in enumerate(chunks)
                if item.page == page
                and item.language == language
                and item.start < end
                and blocks[place].start < item.end
            )
        else:
            yield Asked(page=page, question=question, gold=gold)


def headings_of(document: Document) -> list[Block]:
    """Its headings, in order."""
    return [block for block in document.blocks if block.kind is BlockKind.HEADING]


def unnumbered(heading: str) -> str:
    """A heading without its number."""
    return re.sub(r"^(?:\d+[.)、]?\s*)+", "", heading) or heading


def _only_once(asked: Sequence[Asked]) -> list[Asked]:
    """Without questions that two sections ask in the same words."""
    times = Counter(item.question[language] for item in asked for language in LANGUAGES)
    return [item for item in asked if all(times[item.question[language]] == 1 for language in LANGUAGES)]
