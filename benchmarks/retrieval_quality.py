"""Decision 0025: paragraph retrieval by stage: dense (whole passage, or late chunking), lexical, fused.

    python -m benchmarks.retrieval_quality SET=QUESTIONS[:LAST][+POOL...] ... [--dtype float32] [--json]

QUESTIONS is a file in SQuAD's format, or JSON lines with `question` and `context`; `:LAST` takes only the last so
many questions (lines, or the last share of the articles below 1). Every paragraph of QUESTIONS and POOL files is in
the index. A question is answered right by its own paragraph, found by its text.
"""

import argparse
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.config import EmbedderConfig, FusionConfig, LexicalConfig
from retrieval.embedder import SentenceTransformerEmbedder
from retrieval.fusion import fuse as fuse_rankings
from retrieval.index.exact import ExactIndex
from retrieval.index.lexical import TantivyIndex
from retrieval.metrics import hit_at, mean, reciprocal_rank
from retrieval.types import Hit

_SENTENCE = re.compile(r"[^。！？.!?\n]*(?:[。！？\n]|[.!?](?=\s|$)|$)")
DEPTH = 50


@dataclass
class Collection:
    """Articles as lists of paragraph numbers, the paragraphs, and questions with the paragraph that answers."""

    paragraphs: list[str] = field(default_factory=list)
    articles: list[list[int]] = field(default_factory=list)
    questions: list[tuple[str, int]] = field(default_factory=list)


def articles_of(path: Path) -> Iterator[list[tuple[str, list[str]]]]:
    """Yield articles: paragraphs with their questions."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        for line in text.splitlines():
            item = json.loads(line)
            yield [(item["context"], [item["question"]])]
        return
    for article in json.loads(text)["data"]:
        yield [(p["context"], [qa["question"] for qa in p["qas"]]) for p in article["paragraphs"]]


def load(spec: str, most: int) -> Collection:
    """Read `QUESTIONS[:LAST][+POOL...]`, with at most `most` paragraphs besides those asked for."""
    asked, *pools = spec.split("+")
    name, _, last = asked.partition(":")
    collection = Collection()
    seen: dict[str, int] = {}
    for path in (name, *pools):
        articles = list(articles_of(Path(path)))
        count = len(articles) if not last else float(last) * (1 if float(last) >= 1 else len(articles))
        for place, article in enumerate(articles):
            numbers = []
            asked_for = path == name and place >= len(articles) - count
            if not asked_for and len(collection.paragraphs) >= most:
                continue
            for text, questions in article:
                if text not in seen:
                    seen[text] = len(collection.paragraphs)
                    collection.paragraphs.append(text)
                    numbers.append(seen[text])
                if asked_for:
                    collection.questions += [(question, seen[text]) for question in questions]
            if numbers:
                collection.articles.append(numbers)
    return collection


def spans_of(text: str) -> list[tuple[int, int]]:
    """Sentence ranges that tile a text."""
    return [m.span() for m in _SENTENCE.finditer(text) if m.end() > m.start()]


def late(embedder: SentenceTransformerEmbedder, collection: Collection, whole: bool) -> NDArray[np.float32]:
    """Paragraph vectors as sums of sentence states, read alone or with the rest of the article."""
    vectors = np.zeros((len(collection.paragraphs), embedder.dim), dtype=np.float32)
    groups = collection.articles if whole else [[n] for n in range(len(collection.paragraphs))]
    for numbers in groups:
        text, spans, owners = "", [], []
        for number in numbers:
            paragraph = collection.paragraphs[number]
            spans += [(start + len(text), end + len(text)) for start, end in spans_of(paragraph)]
            owners += [number] * (len(spans) - len(owners))
            text += paragraph + "\n"
        sums, _ = embedder.sentence_states(text, spans)
        np.add.at(vectors, owners, sums)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def figures(rankings: Sequence[Sequence[int]], collection: Collection) -> dict[str, float]:
    """Recall at 1, 5, 20 and MRR, in percent."""
    gold = [{paragraph} for _, paragraph in collection.questions]
    pairs = list(zip(rankings, gold, strict=True))
    result = {f"recall@{k}": mean([hit_at(ranked, right, k) for ranked, right in pairs]) for k in (1, 5, 20)}
    result["mrr"] = mean([reciprocal_rank(ranked, right) for ranked, right in pairs])
    return {name: round(100 * value, 2) for name, value in result.items()}


def measure(
    collection: Collection, embedder: SentenceTransformerEmbedder, cache: Path | None
) -> dict[str, dict[str, float]]:
    """All stages of one set."""
    questions = [question for question, _ in collection.questions]
    print(
        f"  {len(collection.paragraphs)} paragraphs, {len(collection.articles)} articles, {len(questions)} questions"
    )
    vectors = {}
    start = time.perf_counter()
    vectors["dense"] = embedder.embed_passages(collection.paragraphs)
    print(f"  {len(collection.paragraphs) / (time.perf_counter() - start):.1f} paragraphs/s")
    vectors["late, alone"] = late(embedder, collection, whole=False)
    if len(collection.articles) < len(collection.paragraphs):
        vectors["late, article"] = late(embedder, collection, whole=True)
    asked = embedder.embed_queries(questions)
    if cache is not None:
        np.savez(cache, asked=asked, **{name.replace(", ", "_"): v for name, v in vectors.items()})
    dense = {name: ranked_by(v, asked) for name, v in vectors.items()}
    result = {name: figures(rankings, collection) for name, rankings in dense.items()}
    best = dense["late, article"] if "late, article" in dense else dense["late, alone"]
    for boost in (0.0, 0.5):
        index = TantivyIndex(config=LexicalConfig(gram_boost=boost))
        index.add(range(len(collection.paragraphs)), collection.paragraphs)
        index.commit()
        lexical = [[hit for hit, _ in index.search(question, DEPTH)] for question in questions]
        result[f"lexical, grams {boost}"] = figures(lexical, collection)
    for constant, weight in ((60, 1.0), (20, 1.0), (5, 1.0), (5, 0.5), (5, 0.7), (2, 1.0), (2, 0.5)):
        fused = [fuse(a, b, constant, weight) for a, b in zip(best, lexical, strict=True)]
        result[f"fused {constant}, lexical {weight}"] = figures(fused, collection)
    return result


def ranked_by(vectors: NDArray[np.float32], asked: NDArray[np.float32]) -> list[list[int]]:
    """Exact rankings."""
    index = ExactIndex(vectors.shape[1])
    index.add(range(len(vectors)), vectors)
    return [index.search(question, DEPTH)[0].tolist() for question in asked]


def fuse(dense: Sequence[int], lexical: Sequence[int], constant: float, weight: float) -> list[int]:
    """Reciprocal rank fusion of two rankings."""
    config = FusionConfig(method="ranks", lexical_weight=weight, constant=constant)
    rankings = {
        name: [Hit(chunk_id=number, score=0.0) for number in ranked]
        for name, ranked in (("dense", dense), ("lexical", lexical))
    }
    return [hit.chunk_id for hit in fuse_rankings(rankings, config)]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", metavar="SET=QUESTIONS[:LAST][+POOL...]")
    parser.add_argument("--encoder", type=Path, default=Path("models/encoder"))
    parser.add_argument("--dtype", default="auto", help="auto, float32 or bfloat16")
    parser.add_argument(
        "--window", type=int, default=EmbedderConfig().window_pieces, help="pieces a window of late chunking"
    )
    parser.add_argument("--most", type=int, default=10**9, help="paragraphs besides those asked for")
    parser.add_argument("--cache", type=Path, help="folder to keep the vectors in")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    config = EmbedderConfig(dtype=options.dtype, window_pieces=options.window)
    embedder = SentenceTransformerEmbedder(options.encoder, config=config)
    report = {}
    for item in options.sets:
        name, _, spec = item.partition("=")
        print(f"{name} ({embedder.dtype}, window {options.window})")
        cache = options.cache / f"{name}-{embedder.dtype}-{options.window}.npz" if options.cache else None
        report[name] = measure(load(spec, options.most), embedder, cache)
        for stage, values in report[name].items():
            print(f"  {stage:24}" + "  ".join(f"{key} {value:6.2f}" for key, value in values.items()))
    if options.json:
        print(json.dumps(report))


if __name__ == "__main__":
    main()
