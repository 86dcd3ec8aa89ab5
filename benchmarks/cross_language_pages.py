"""Decision 0048: questions in one language about pages in the other, from pages that exist in both.

    python -m benchmarks.cross_language_pages EN_FOLDER ZH_FOLDER [--part last] [--cache FILE.npz] [--json]

Sections of the first 70 % of the pages (`--part first`, for development) or of the last 30 % are asked for by the title
of their page and their heading; all pages of a language are in the index, or those of both, or ("half and half") every
second page in English and the others in Chinese. Right is a chunk of that page and that section; where both languages
are in the index, in either. `before` ranks by plain cosines and by the question's own words alone.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.composition.runtime import WORDS, shipped_parts
from app.settings.schema import Settings
from benchmarks.parallel_pages import LANGUAGES, Asked, ParallelPages, read_pages
from retrieval.config import FusionConfig
from retrieval.dense import search_dense
from retrieval.fusion import fuse
from retrieval.index.across_languages import AcrossLanguages
from retrieval.index.exact import ExactIndex
from retrieval.index.lexical import TantivyIndex
from retrieval.index.word_list import WordList
from retrieval.language_direction import load_direction
from retrieval.lexical import search_lexical
from retrieval.metrics import hit_at, mean, reciprocal_rank
from retrieval.protocols import VectorIndex

DEPTH = 50
SPLIT = 0.7
PARTS = {"first": (0.0, SPLIT), "last": (SPLIT, 1.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What a search across languages is made of; None for each leaves it out."""

    direction: NDArray[np.float32] | None
    words: WordList | None


class Searched:
    """Some chunks of the pages, as the program indexes them."""

    def __init__(self, pages: ParallelPages, chosen: Sequence[int], ways: Ways) -> None:
        self._dense: VectorIndex = ExactIndex(pages.vectors.shape[1])
        self._dense.add(chosen, pages.vectors[list(chosen)])
        if ways.direction is not None:
            self._dense = AcrossLanguages(self._dense, ways.direction)
        self._words = TantivyIndex(words=ways.words)
        self._words.add(chosen, [pages.chunks[number].text for number in chosen])
        self._words.commit()

    def rankings(self, question: str, vector: NDArray[np.float32]) -> dict[str, list[int]]:
        """Chunk numbers by stage, best first."""
        found = {
            "dense": search_dense(self._dense, vector, DEPTH),
            "lexical": search_lexical(self._words, question, DEPTH),
        }
        found["fused"] = fuse(found, FusionConfig())
        return {stage: [hit.chunk_id for hit in hits] for stage, hits in found.items()}


def collections_of(pages: ParallelPages) -> dict[str, list[int]]:
    """Chunks of each collection that is searched, by its name."""
    every = range(len(pages.chunks))
    found = {
        language: [number for number in every if pages.chunks[number].language == language]
        for language in LANGUAGES
    }
    found["both"] = list(every)
    found["half and half"] = [
        number
        for number in every
        if (pages.chunks[number].page % 2 == 0) == (pages.chunks[number].language == "en")
    ]
    return found


def measured(
    pages: ParallelPages, asked: Sequence[Asked], vectors: dict[str, NDArray[np.float32]], ways: Ways
) -> dict[str, dict[str, float]]:
    """Figures by "language of the questions, collection", in shares of the questions that it can answer."""
    report: dict[str, dict[str, float]] = {}
    for name, chosen in collections_of(pages).items():
        searched, held = Searched(pages, chosen, ways), set(chosen)
        for about in LANGUAGES if name == "half and half" else ("",):
            for language in LANGUAGES:
                rows: dict[str, list[float]] = {}
                for item in asked:
                    gold = item.gold.get(about, item.gold["en"] | item.gold["zh"]) & held
                    if not gold:
                        continue
                    ranked = searched.rankings(item.question[language], vectors[item.question[language]])
                    for stage, order in ranked.items():
                        for depth in (1, 5):
                            rows.setdefault(f"{stage}.recall@{depth}", []).append(hit_at(order, gold, depth))
                        rows.setdefault(f"{stage}.mrr", []).append(reciprocal_rank(order, gold))
                place = f"{about} in {name}" if about else name
                report[f"{language} about {place}"] = {key: mean(values) for key, values in rows.items()}
    return report


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("english", type=Path)
    parser.add_argument("chinese", type=Path)
    parser.add_argument("--part", choices=list(PARTS), default="last")
    parser.add_argument("--cache", type=Path, help="file to keep the vectors of the pages in (.npz)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    settings, parts = Settings(), shipped_parts()
    embedder = parts.embedder(settings)
    folders = {"en": options.english, "zh": options.chinese}
    pages = read_pages(folders, embedder, parts.count_tokens(settings)[0], options.cache)
    asked = pages.part(*PARTS[options.part])
    questions = [item.question[language] for item in asked for language in LANGUAGES]
    vectors = dict(zip(questions, embedder.embed_queries(questions), strict=True))
    direction = load_direction(settings.models_dir / "encoder", embedder.model_id)
    words = WordList(settings.models_dir / WORDS)
    every = {
        "before": Ways(direction=None, words=None),
        "direction": Ways(direction=direction, words=None),
        "direction and word list": Ways(direction=direction, words=words),
    }
    report = {name: measured(pages, asked, vectors, ways) for name, ways in every.items()}
    if options.json:
        print(json.dumps(report, indent=1))
        return
    print(f"{len(asked)} sections; recall@1 / recall@5, fused (dense)")
    print(f"{'':34}" + "".join(f"{name:>32}" for name in report))
    for place in report["before"]:
        rows = [found[place] for found in report.values()]
        cells = (
            f"{row['fused.recall@1']:.3f} / {row['fused.recall@5']:.3f}"
            f" ({row['dense.recall@1']:.3f} / {row['dense.recall@5']:.3f})"
            for row in rows
        )
        print(f"{place:34}" + "".join(f"{cell:>32}" for cell in cells))


if __name__ == "__main__":
    main()
