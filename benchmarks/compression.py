"""Decision 0047: share of tokens kept against answers and time, beside simpler ways to shorten a context.

    python -m benchmarks.compression FILE [FILE ...] [--sample 60] [--k 8] [--json]

FILE is a question file as `fathom eval` reads it; its articles are taken into a temporary home, and every question is
searched once. The same passages are then shortened in each way to each share of their tokens and answered from:

- all: nothing is left out;
- fathom: sentences by words, vectors, rank and neighbours, as the program does it;
- vectors: sentences by the likeness of their vectors to the question's alone;
- words: the program's way without vectors;
- first: the best passages whole, as many as fit.

Ratios are of "all" in the same run. Milliseconds are of shortening and answering together.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.answers.reading import source_passage
from app.composition.runtime import Runtime, build_runtime, shipped_parts
from app.measuring.quality.run import ingest_articles
from app.measuring.quality.scores import confidence_interval, contains_answer, f1, has_han
from app.measuring.questions.datasets import Question, QuestionSet, Selection, build
from app.search import searching
from app.search.scope import scope_of
from app.settings.reading import load_settings
from benchmarks.public_sets import read
from generator.fathom_small.generator import FathomSmall
from generator.types import Generated, Request
from retrieval.compress import compress
from retrieval.config import CompressionConfig
from retrieval.types import Context, ContextPassage, Hit, Passage

SHARES = (0.5, 0.25, 0.12)
UNLIMITED = 10**9
Found = Sequence[tuple[Hit, Passage]]
Shorten = Callable[[str, NDArray[np.float32], Found], Context]


@dataclass(slots=True)
class Tally:
    """What came of the questions in one way."""

    f1: list[float] = field(default_factory=list)
    phrase_f1: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)


def ways(runtime: Runtime) -> Mapping[str, Shorten]:
    """All ways to shorten, by name."""
    count, vectors = runtime.count_tokens, runtime.sentence_vectors

    def by(config: CompressionConfig, *, with_vectors: bool = True) -> Shorten:
        source = vectors if with_vectors else None
        return lambda question, vector, found: compress(question, vector, found, count, config, source)

    def first(share: float) -> Shorten:
        return lambda _question, _vector, found: whole_passages(found, share, count)

    made = {"all": by(CompressionConfig(max_tokens=UNLIMITED))}
    for share in SHARES:
        room = {"max_tokens": UNLIMITED, "keep_share": share}
        made |= {
            f"fathom {share}": by(CompressionConfig(**room)),
            f"vectors {share}": by(CompressionConfig(**room, semantic_weight=1e6, neighbour_bonus=0.0)),
            f"words {share}": by(CompressionConfig(**room), with_vectors=False),
            f"first {share}": first(share),
        }
    return made


def whole_passages(found: Found, share: float, count: Callable[[str], int]) -> Context:
    """The best passages whole, as many as fit; at least the first."""
    sizes = [count(passage.text) for _, passage in found]
    kept: list[ContextPassage] = []
    spent = 0
    for (hit, passage), size in zip(found, sizes, strict=True):
        if not kept or spent + size <= share * sum(sizes):
            kept.append(ContextPassage(passage=passage, hit=hit, kept=((passage.start, passage.end),)))
            spent += size
    return Context(passages=kept, tokens_before=sum(sizes), tokens_after=spent)


def answer(runtime: Runtime, question: str, context: Context) -> Generated:
    """Answer from what was kept.

    Raises:
        RuntimeError: The generator ended without a result.
    """
    passages = [source_passage(item, rank) for rank, item in enumerate(context.passages, 1)]
    for event in runtime.generator.stream(Request(question=question, passages=passages)):
        if isinstance(event, Generated):
            return event
    raise RuntimeError("the generator ended without a result")


def judge(tally: Tally, question: Question, context: Context, generated: Generated) -> None:
    """Note one answer."""
    by_character = has_han("".join(question.answers))
    said = generated.text if generated.answerable else ""
    tally.f1.append(100 * f1(said, question.answers, by_character=by_character))
    tally.phrase_f1.append(100 * f1(generated.phrase, question.answers, by_character=by_character))
    kept = " ".join(
        item.passage.text[a - item.passage.start : b - item.passage.start]
        for item in context.passages
        for a, b in item.kept
    )
    tally.held.append(float(contains_answer(kept, question.answers, by_character=by_character)))
    tally.share.append(context.tokens_after / max(1, context.tokens_before))


def measure(runtime: Runtime, dataset: QuestionSet, k: int) -> dict[str, Any]:
    """All ways on one set."""
    collection, _ = ingest_articles(runtime, dataset.articles, lambda *_: None)
    scope = scope_of(runtime.db, runtime.settings, [collection])
    asked = [question for question in dataset.questions if question.answerable]
    tallies = {name: Tally() for name in ways(runtime)}
    for number, question in enumerate(asked, 1):
        hits = searching.retrieve(runtime, scope, question.text, k).context.passages
        found = [(item.hit, item.passage) for item in hits]
        vector = runtime.embedder.embed_queries([question.text])[0]
        for name, shorten in ways(runtime).items():
            if isinstance(runtime.generator, FathomSmall):
                runtime.generator.reader.memories.clear()  # so that each way reads its passages anew
            began = time.perf_counter()
            context = shorten(question.text, vector, found)
            generated = answer(runtime, question.text, context)
            tallies[name].ms.append(1000 * (time.perf_counter() - began))
            judge(tallies[name], question, context, generated)
        if number % 10 == 0:
            print(f"{dataset.name}: {number} of {len(asked)}", file=sys.stderr, flush=True)
    return {
        "questions": len(asked),
        "ways": {name: figures(t, tallies["all"]) for name, t in tallies.items()},
    }


def figures(tally: Tally, whole: Tally) -> dict[str, Any]:
    """Means, and ratios to the uncompressed context."""
    mean = statistics.fmean
    row: dict[str, Any] = {
        "tokens_kept": round(mean(tally.share), 3),
        "holds_answer": round(mean(tally.held), 3),
        "f1": round(mean(tally.f1), 1),
        "phrase_f1": round(mean(tally.phrase_f1), 1),
        "ms_p50": round(statistics.median(tally.ms), 1),
    }
    row |= {
        "f1_ratio": round(mean(tally.f1) / max(1e-9, mean(whole.f1)), 3),
        "phrase_f1_ratio": round(mean(tally.phrase_f1) / max(1e-9, mean(whole.phrase_f1)), 3),
        "time_ratio": round(statistics.median(tally.ms) / statistics.median(whole.ms), 3),
    }
    low, high = confidence_interval([a - b for a, b in zip(tally.f1, whole.f1, strict=True)])
    return row | {"f1_difference_interval": [round(low, 1), round(high, 1)]}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--article-from", type=float, default=0.0)
    parser.add_argument("--last", type=int)
    parser.add_argument("--all-articles", action="store_true")
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--k", type=int, default=8, help="passages before they are shortened")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    selection = Selection(
        article_from=options.article_from,
        last=options.last,
        sample=options.sample,
        seed=options.seed,
        all_articles=options.all_articles,
    )
    report = {}
    for file in options.files:
        dataset = build(file.name, *read(file), selection)
        with tempfile.TemporaryDirectory(prefix="fathom-compression-") as home:
            settings = load_settings(home=Path(home), database_url=None)
            retrieval = settings.retrieval.model_copy(update={"context_tokens": UNLIMITED})
            settings = settings.model_copy(update={"retrieval": retrieval})
            runtime = build_runtime(settings, shipped_parts())
            try:
                report[str(file)] = measure(runtime, dataset, options.k)
            finally:
                runtime.close()
        if not options.json:
            for name, row in report[str(file)]["ways"].items():
                print(f"  {name:16}" + "  ".join(f"{key} {value}" for key, value in row.items()))
    if options.json:
        print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
