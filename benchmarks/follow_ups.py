"""Decision 0049: questions that lean on the one before: what each way to understand them finds and answers.

    python -m benchmarks.follow_ups zh=DRCD.json:0.8 en=QED.jsonl:-700 [--answers 24] [--json]

Conversations of two turns are made from reading sets (`follow_up_pairs.py`). A number behind the file cuts out the
development part: from that share of the articles on, or of the last so many questions (the first turn may then come
from anywhere). Every paragraph of the articles asked about is in the index, and others up to `--paragraphs`.

- `original`: the second question as its author wrote it; what a perfect rewriting gives.
- `alone`: with a pronoun for the title, and no history: what a question gets that is understood by itself.
- `concatenated`: the first question in front.
- `mixed vectors`: alone, but searched by the mean of both questions' vectors.
- `understood`: `retrieval.follow_up`, as shipped. `ellipsis, …`: the same where the title is left out (Chinese).
- `other topic, …`: the original behind the first turn of another conversation, where nothing may be carried over.

Recall is of the paragraph that answers, fused, among all. F1 is the whole path: search, compress, read `--k` passages.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.answers.reading import source_passage
from app.composition.runtime import shipped_parts
from app.measuring.quality.judge import AnswerScore, score_answer
from app.measuring.quality.scores import has_han
from app.measuring.questions.datasets import QuestionSet, Selection, build
from app.settings.schema import Settings
from benchmarks.follow_up_pairs import Pair, pairs_of
from benchmarks.public_sets import read
from generator.types import Generated, Generator, Request
from ingestion.sentences import split_sentences
from retrieval.compress import SentenceVectorCache, compress
from retrieval.config import CompressionConfig, FusionConfig
from retrieval.dense import search_dense
from retrieval.follow_up import Turn, standalone_question
from retrieval.fusion import fuse
from retrieval.index.exact import ExactIndex
from retrieval.index.lexical import TantivyIndex
from retrieval.lexical import search_lexical
from retrieval.metrics import mean
from retrieval.protocols import CountTokens, Embedder
from retrieval.types import Hit, Passage

DEPTH = 50
READ = ("original", "alone", "concatenated", "mixed vectors", "understood")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A way to put a question: the text that is searched and read, and vectors to average with its own."""

    text: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """What the path is made of."""

    embedder: Embedder
    generator: Generator
    count_tokens: CountTokens
    settings: Settings


def ways(pair: Pair, other: Pair) -> dict[str, Asked]:
    """All ways to put the second question of a conversation."""
    turn = Turn(question=pair.first, answer=pair.answer)
    elsewhere = Turn(question=other.first, answer=other.answer)
    original = pair.second.text
    found = {
        "original": Asked(text=original),
        "alone": Asked(text=pair.pronoun),
        "concatenated": Asked(text=f"{pair.first} {pair.pronoun}"),
        "mixed vectors": Asked(text=pair.pronoun, beside=(pair.first,)),
        "understood": Asked(text=standalone_question(pair.pronoun, [turn])),
        "other topic, concatenated": Asked(text=f"{other.first} {original}"),
        "other topic, understood": Asked(text=standalone_question(original, [elsewhere])),
    }
    if pair.ellipsis:
        found["ellipsis, alone"] = Asked(text=pair.ellipsis)
        found["ellipsis, understood"] = Asked(text=standalone_question(pair.ellipsis, [turn]))
    return found


class Collection:
    """Paragraphs of the articles asked about, and of others, as passages."""

    def __init__(
        self, dataset: QuestionSet, pairs: Sequence[Pair], most: int, embedder: Embedder, cache: Path | None
    ) -> None:
        asked = list(dict.fromkeys(pair.second.article for pair in pairs))
        others = [n for n in range(len(dataset.articles) - 1, -1, -1) if n not in set(asked)]
        self.passages: list[Passage] = []
        self._number: dict[tuple[int, int], int] = {}
        for article in asked + others:
            if article in asked or len(self.passages) < most:
                for place, text in enumerate(dataset.articles[article].paragraphs):
                    self._add(article, place, text)
        texts = [passage.text for passage in self.passages]
        if cache is not None and cache.exists():
            vectors = np.load(cache)
        else:
            vectors = embedder.embed_passages(texts)
            if cache is not None:
                np.save(cache, vectors)
        self.dense = ExactIndex(embedder.dim)
        self.dense.add(range(len(texts)), vectors)
        self.lexical = TantivyIndex()
        self.lexical.add(range(len(texts)), texts)
        self.lexical.commit()

    def _add(self, article: int, place: int, text: str) -> None:
        number = self._number[article, place] = len(self.passages)
        sentences = split_sentences(text)
        self.passages.append(
            Passage(
                chunk_id=number,
                document_id=str(article),
                text=text,
                start=0,
                end=len(text),
                sentences=sentences,
            )
        )

    def gold(self, pair: Pair) -> int:
        """The paragraph that answers the second question."""
        return self._number[pair.second.article, pair.second.paragraph]

    def find(self, asked: Asked, vector: NDArray[np.float32]) -> list[Hit]:
        """Fused hits, best first."""
        rankings = {
            "dense": search_dense(self.dense, vector, DEPTH),
            "lexical": search_lexical(self.lexical, asked.text, DEPTH),
        }
        return fuse(rankings, FusionConfig())


def measure(
    pairs: Sequence[Pair], collection: Collection, models: Models, *, answers: int, k: int
) -> dict[str, dict[str, float]]:
    """Figures in percent by way of asking; F1 of the ways in `READ`, over `answers` conversations spread evenly."""
    all_ways = [ways(pair, pairs[(n + len(pairs) // 2) % len(pairs)]) for n, pair in enumerate(pairs)]
    texts = list(
        dict.fromkeys(t for each in all_ways for asked in each.values() for t in (asked.text, *asked.beside))
    )
    vector_of = dict(zip(texts, models.embedder.embed_queries(texts), strict=True))
    step = max(1, len(pairs) // max(1, answers))
    read = set(range(0, len(pairs), step)[:answers])
    cache = SentenceVectorCache(models.embedder, len(collection.passages))
    hits: dict[str, list[Sequence[int]]] = {}
    scores: dict[str, list[AnswerScore]] = {}
    changed: dict[str, list[float]] = {}
    for number, (pair, each) in enumerate(zip(pairs, all_ways, strict=True)):
        for name, asked in each.items():
            vector = _mean([vector_of[text] for text in (asked.text, *asked.beside)])
            found = collection.find(asked, vector)
            hits.setdefault(name, []).append([hit.chunk_id == collection.gold(pair) for hit in found])
            changed.setdefault(name, []).append(
                float(asked.text not in {pair.pronoun, pair.ellipsis, pair.second.text})
            )
            if number in read and name in READ:
                given = [(hit, collection.passages[hit.chunk_id]) for hit in found[:k]]
                limits = CompressionConfig(max_tokens=models.settings.context_tokens)
                context = compress(asked.text, vector, given, models.count_tokens, limits, cache)
                passages = [source_passage(item, rank) for rank, item in enumerate(context.passages, 1)]
                request = Request(question=asked.text, passages=passages)
                scores.setdefault(name, []).append(_answer(pair, request, models.generator))
        if number in read:
            print(f"  {number + 1}/{len(pairs)}", end="\r", flush=True)
    return {name: _figures(hits[name], changed[name], scores.get(name, [])) for name in hits}


def _mean(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    total = np.sum(vectors, axis=0)
    return (total / np.linalg.norm(total)).astype(np.float32)


def _answer(pair: Pair, request: Request, generator: Generator) -> AnswerScore:
    made = next(event for event in generator.stream(request) if isinstance(event, Generated))
    return score_answer(
        pair.second.answers,
        text=made.text if made.answerable else "",
        phrase=made.phrase,
        sentences=(),
        confidence=made.confidence,
        shape=made.shape,
        by_character=has_han(pair.second.text),
    )


def _figures(
    rankings: Sequence[Sequence[bool]], changed: Sequence[float], scores: Sequence[AnswerScore]
) -> dict[str, float]:
    figures = {f"recall@{k}": mean([float(any(ranked[:k])) for ranked in rankings]) for k in (1, 5)}
    figures["changed"] = mean(changed)
    if scores:
        figures |= {"f1": mean([s.f1 for s in scores]), "phrase_f1": mean([s.phrase_f1 for s in scores])}
    return {name: round(100 * value, 1) for name, value in figures.items()}


def load(spec: str, most: int) -> tuple[QuestionSet, list[Pair]]:
    """Read `FILE[:SHARE|:-LAST]`, and make at most `most` conversations, spread evenly."""
    name, _, part = spec.partition(":")
    share = float(part or 0)
    selection = Selection(article_from=max(0.0, share), all_articles=share < 0)
    dataset = build(name, *read(Path(name)), selection)
    found = list(pairs_of(dataset, seconds_from=len(dataset.questions) + int(share) if share < 0 else 0))
    return dataset, found[:: math.ceil(len(found) / most)]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", metavar="NAME=FILE[:PART]")
    parser.add_argument("--pairs", type=int, default=80, help="conversations a set, at most")
    parser.add_argument("--answers", type=int, default=24, help="conversations a set that are answered too")
    parser.add_argument(
        "--paragraphs", type=int, default=300, help="in the index, at least where there are so many"
    )
    parser.add_argument("--k", type=int, default=8, help="passages to read")
    parser.add_argument("--cache", type=Path, help="folder to keep the vectors of paragraphs in")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    settings, parts = Settings(), shipped_parts()
    models = Models(
        embedder=parts.embedder(settings),
        generator=parts.generator(settings),
        count_tokens=parts.count_tokens(settings)[0],
        settings=settings,
    )
    report: dict[str, Mapping[str, Mapping[str, float]]] = {}
    for item in options.sets:
        name, _, spec = item.partition("=")
        dataset, pairs = load(spec, options.pairs)
        cache = options.cache / f"{name}-{options.paragraphs}.npy" if options.cache else None
        collection = Collection(dataset, pairs, options.paragraphs, models.embedder, cache)
        print(f"{name}: {len(pairs)} conversations, {len(collection.passages)} paragraphs")
        report[name] = measure(pairs, collection, models, answers=options.answers, k=options.k)
        for way, figures in report[name].items():
            print(
                f"  {way:26}" + "  ".join(f"{key} {value:5.1f}" for key, value in figures.items()), flush=True
            )
    if options.json:
        print(json.dumps(report))


if __name__ == "__main__":
    main()
