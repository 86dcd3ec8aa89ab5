"""Decision 0071: how right citations are, and whether answers depend on what is cited, beside two cheaper ways.

    python -m benchmarks.provenance qed_nq.jsonl --last 700 --sample 20

Takes the articles of a question file (any that `fathom eval` reads) into a temporary home, asks, and judges each
answer that was given to a question with gold evidence. All ways cite the same answers from the same passages:

- citations: ours, the ranges that were copied;
- attention: for each action of the decoder, the range that it looked at most;
- text, all: every place in the passages read that reads like the answer; text, first: the first of them in rank
  order.

Precision and recall are of gold sentences; exactness and coverage are of the characters of gold answers.
Leave-one-out: the answer is replayed with each passage masked, and its probability must fall most without the cited
one (ours: the one with most cited characters; attention: the one looked at most; text: the first that says it).
What is copied falls far where no other passage says it, since it must then be written piece by piece; so answers that
other passages say word for word too are counted apart, and so is the fall where the passage is only out of attention,
though copied from.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.answers import run
from app.answers.accept import Ask
from app.answers.types import Answer
from app.composition.runtime import Runtime, build_runtime, shipped_parts
from app.measuring.quality.run import ingest_articles
from app.measuring.quality.scores import confidence_interval
from app.measuring.quality.truth import Place, Truth, read_truth
from app.measuring.questions.datasets import Question, QuestionSet, Selection, build
from app.settings.reading import load_settings
from benchmarks.citing import (
    CitedScore,
    by_attention,
    by_text,
    falls_most,
    most_attended,
    score_places,
)
from benchmarks.public_sets import read
from generator.fathom_small.explain import Explanation
from generator.fathom_small.generator import FathomSmall
from generator.types import Event, Request, SourcePassage
from retrieval.types import Passage

WAYS = ("citations", "attention", "text, all", "text, first")
FIGURES = ("precision", "recall", "exactness", "coverage")


class Remembering:
    """The shipped generator, which keeps the last request, so that its answer can be explained."""

    def __init__(self, inner: FathomSmall) -> None:
        self.inner = inner
        self.request: Request | None = None

    @property
    def model_id(self) -> str:
        """Name and version of the model."""
        return self.inner.model_id

    def stream(self, request: Request) -> Iterator[Event]:
        """Answer as a stream of events."""
        self.request = request
        return self.inner.stream(request)

    def relevance(self, question: str, passages: Sequence[SourcePassage]) -> Sequence[float]:
        """Probability of each passage to hold the answer."""
        return self.inner.relevance(question, passages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One answered question.

    Attributes:
        scores: Of what each way cites.
        falls: Whether the answer falls most without the passage that a way cites; empty where one passage was read.
        looks: The same where the passage is only taken out of attention.
        elsewhere: Whether a passage besides the cited one says the answer word for word.
    """

    scores: Mapping[str, CitedScore]
    falls: Mapping[str, bool]
    looks: Mapping[str, bool]
    elsewhere: bool


def judge(
    question: Question,
    answer: Answer,
    explanation: Explanation,
    truth: Truth,
    passages_read: Sequence[Passage],
) -> Case:
    """Cite an answer in all ways, and judge them."""
    passages = {str(passage.chunk_id): passage for passage in passages_read}
    ours: list[Place] = [(c.document.id, c.start, c.end) for c in answer.citations]
    found = by_text(answer.text, passages_read)
    places = dict(zip(WAYS, (ours, by_attention(explanation, passages), found, found[:1]), strict=True))
    sentences, golds = truth.sentences(question), truth.gold(question)
    said_in = [key for key, passage in passages.items() if answer.text.strip() in passage.text]
    cited = _most_cited(answer)
    keys = dict(zip(WAYS, (cited, most_attended(explanation), *2 * [next(iter(said_in), None)]), strict=True))
    several = len(explanation.without) > 1
    return Case(
        scores={way: score_places(cited_by, sentences, golds) for way, cited_by in places.items()},
        falls={way: falls_most(explanation.without, key) for way, key in keys.items() if several},
        looks={way: falls_most(explanation.unseen, key) for way, key in keys.items() if several},
        elsewhere=any(key != cited for key in said_in),
    )


def _most_cited(answer: Answer) -> str | None:
    characters: dict[str, int] = {}
    for citation in answer.citations:
        key = str(citation.chunk)
        characters[key] = characters.get(key, 0) + citation.end - citation.start
    return max(characters, key=lambda key: characters[key]) if characters else None


def measure(runtime: Runtime, generator: Remembering, dataset: QuestionSet, k: int | None) -> dict[str, Any]:
    """Ask all questions that have gold evidence, and add up what came of them.

    Raises:
        RuntimeError: An explanation is of another answer than the one given.
    """
    collection, names = ingest_articles(runtime, dataset.articles, _progress)
    truth = read_truth(runtime, collection, names, dataset.articles)
    asked, cases = 0, []
    for number, question in enumerate(dataset.questions, 1):
        _progress("asking", number, len(dataset.questions))
        if not truth.gold(question) or not truth.sentences(question):
            continue
        asked += 1
        outcome = run.answer(runtime, Ask(collections=(collection,), question=question.text, k=k))
        if not outcome.answer.answerable or outcome.retrieved is None or generator.request is None:
            continue
        explanation = generator.inner.explain(generator.request)
        said = "".join(token.text for token in explanation.tokens) if explanation else ""
        if explanation is None or said != outcome.answer.text:
            raise RuntimeError(f"explained {said!r} instead of {outcome.answer.text!r}")
        passages_read = [item.passage for item in outcome.retrieved.context.passages]
        cases.append(judge(question, outcome.answer, explanation, truth, passages_read))
    return {"asked": asked, "answered": len(cases), "model": generator.model_id, **figures(cases)}


def figures(cases: Sequence[Case]) -> dict[str, Any]:
    """Means with 95 % intervals over questions, in percent."""
    apart = [case for case in cases if case.elsewhere]

    def of(way: str) -> dict[str, Any]:
        right = {
            name: [v for case in cases if (v := getattr(case.scores[way], name)) is not None]
            for name in FIGURES
        }
        owed = {
            "falls most": [float(case.falls[way]) for case in cases if case.falls],
            "falls most, said elsewhere": [float(case.falls[way]) for case in apart if case.falls],
            "falls most, unseen": [float(case.looks[way]) for case in cases if case.looks],
        }
        return {name: _mean(values) for name, values in (right | owed).items()}

    return {"ways": {way: of(way) for way in WAYS}}


def _mean(values: Sequence[float]) -> dict[str, float | int | None]:
    if not values:
        return {"n": 0, "mean": None, "low": None, "high": None}
    low, high = confidence_interval(values)
    mean = sum(values) / len(values)
    return {"n": len(values)} | {
        name: round(100 * value, 2) for name, value in (("mean", mean), ("low", low), ("high", high))
    }


def _progress(stage: str, done: int, total: int) -> None:
    if done == total or done % 10 == 0:
        print(f"{stage} {done}/{total}", file=sys.stderr, flush=True)


def show(report: Mapping[str, Any]) -> None:
    """Print the report as lines of text."""
    print(
        f"{report['model']}: {report['answered']} of {report['asked']} questions answered, {report['seconds']} s"
    )
    for way, found in report["ways"].items():
        print(way)
        for name, figure in found.items():
            value = (
                "no case"
                if figure["mean"] is None
                else "{mean:6.2f} [{low:.2f}, {high:.2f}]".format(**figure)
            )
            print(f"  {name:28}{value}  n={figure['n']}")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("questions", type=Path, help="question file, as `fathom eval` reads it")
    parser.add_argument("--last", type=int, help="only this many questions from the end")
    parser.add_argument("--sample", type=int, help="only this many of them, by chance")
    parser.add_argument(
        "--all-articles", action="store_true", help="search the articles of other questions too"
    )
    parser.add_argument("--seed", type=int, default=0, help="of --sample")
    parser.add_argument("--k", type=int, help="passages an answer reads")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    selection = Selection(
        last=options.last, sample=options.sample, seed=options.seed, all_articles=options.all_articles
    )
    form, records = read(options.questions)
    dataset = build(options.questions.name, form, records, selection)
    shipped = shipped_parts()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="fathom-provenance-") as home:
        settings = load_settings(home=Path(home), database_url=None)
        inner = shipped.generator(settings)
        if not isinstance(inner, FathomSmall):
            parser.error("only fathom-small tells actions and attention; set FATHOM_GENERATOR to it")
        generator = Remembering(inner)
        runtime = build_runtime(settings, replace(shipped, generator=lambda _: generator))
        try:
            report = measure(runtime, generator, dataset, options.k)
        finally:
            runtime.close()
    report = {"set": dataset.name, "seconds": round(time.perf_counter() - began)} | report
    print(json.dumps(report, indent=2)) if options.json else show(report)


if __name__ == "__main__":
    main()
