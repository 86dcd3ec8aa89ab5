"""`fathom tune`: try values of the few settings that matter on one part of a question set, and check them on the rest.

Weights of fusion and diversity are chosen by the rank of the right passage, which needs no answers: each question
is searched once, and its rankings are fused again for every value. How many passages and tokens an answer reads is
chosen by the answers themselves, one setting after the other, because more always finds more and yet may answer worse.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.composition.runtime import Runtime
from app.library import collections
from app.measuring.quality.asking import EvalOptions, Note, Session
from app.measuring.quality.run import OnProgress, ingest_articles
from app.measuring.quality.truth import Truth, read_truth
from app.measuring.questions.datasets import DatasetError, Question, QuestionSet
from app.search import searching
from app.search.scope import Scope, scope_of
from retrieval.config import FusionConfig
from retrieval.diversify import diversify
from retrieval.fusion import fuse
from retrieval.metrics import reciprocal_rank
from retrieval.pipeline import MMR_POOL
from retrieval.types import Hit

LEXICAL_WEIGHTS = (0.5, 1.0, 1.4, 2.0, 2.8, 4.0, 8.0)
"""Beside a dense weight of 1: only their ratio counts."""
MMR_LAMBDAS = (1.0, 0.8, 0.6, 0.4)
KS = (4, 8, 12, 16)
CONTEXT_TOKENS = (256, 512, 1024, 2048)
FEWEST = 8
"""Questions below which two parts say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """One value of each setting that is tuned, under the name that it has in the settings."""

    dense_weight: float
    lexical_weight: float
    mmr_lambda: float
    k: int
    context_tokens: int

    def changes(self, present: "Values") -> dict[str, float]:
        """Values that differ from the present ones."""
        before = asdict(present)
        return {name: value for name, value in asdict(self).items() if value != before[name]}


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneOptions:
    """How to tune.

    Attributes:
        train_share: Share of the questions to choose by; the others only judge.
        retrieval_only: Choose and judge by ranks alone, and leave `k` and the budget as they are.
        seed: Of the split.
    """

    train_share: float = 0.5
    retrieval_only: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Values with their score on the part to choose by."""

    values: Values
    figure: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The result of tuning.

    Attributes:
        held_out: Notes of the part that only judges, with the present and with the tuned values.
        by_article: Whether no article has questions in both parts.
    """

    present: Values
    tuned: Values
    train: int
    by_article: bool
    tried: tuple[Tried, ...]
    held_out: tuple[tuple[Note, Note], ...]
    documents: int
    chunks: int

    @property
    def changes(self) -> dict[str, float]:
        """Settings to write; empty where the present values are the best."""
        return self.tuned.changes(self.present)


def tune(
    runtime: Runtime,
    dataset: QuestionSet,
    options: TuneOptions,
    own: Mapping[str, Any],
    on_progress: OnProgress,
) -> Tuning:
    """Choose values on one part of a question set, and ask the other part with them and without.

    Args:
        runtime: On an empty, temporary home.
        dataset: Articles and questions.
        options: How to tune.
        own: Settings of the collection that is tuned for; those of the server hold where it has none.
        on_progress: Told `(stage, done, total)`.

    Raises:
        DatasetError: The set has too few questions to be split.
    """
    train, held_out, by_article = split(dataset.questions, options.train_share, options.seed)
    collection_id, names = ingest_articles(runtime, dataset.articles, on_progress)
    collections.update(runtime, collection_id, {"settings": dict(own)})
    truth = read_truth(runtime, collection_id, names, dataset.articles)
    tuner = _Tuner(runtime, dataset, truth, collection_id, options, on_progress)
    present = _values(scope_of(runtime.db, runtime.settings, [collection_id]))
    tuned = tuner.best_ranking(present, train)
    if not options.retrieval_only:
        tuned = tuner.best_reading(tuned, train)
    before = tuner.notes(present, held_out, "checking present values")
    after = tuner.notes(tuned, held_out, "checking tuned values") if tuned != present else before
    return Tuning(
        present=present,
        tuned=tuned,
        train=len(train),
        by_article=by_article,
        tried=tuple(tuner.tried),
        held_out=tuple(zip(before, after, strict=True)),
        documents=len(truth.document_of),
        chunks=len(truth.chunks),
    )


def split(
    questions: Sequence[Question], train_share: float, seed: int
) -> tuple[list[Question], list[Question], bool]:
    """Part questions by chance, whole articles to one side where there are several.

    Questions of one article resemble each other: on both sides they would make any choice look good.

    Returns:
        The part to choose by, the part that judges, and whether no article is in both.

    Raises:
        DatasetError: There are too few questions.
    """
    if len(questions) < FEWEST:
        raise DatasetError(f"{len(questions)} questions are too few to be split; give at least {FEWEST}")
    by_article: dict[int, list[Question]] = {}
    for question in questions:
        by_article.setdefault(question.article, []).append(question)
    groups = list(by_article.values()) if len(by_article) > 1 else [[question] for question in questions]
    random.Random(seed).shuffle(groups)
    smallest = min(groups, key=len)
    groups.sort(key=lambda group: group is smallest)  # the last one fills a side that would have none
    train: list[Question] = []
    held_out: list[Question] = []
    for group in groups:
        lacking = train_share * (len(train) + len(held_out) + len(group)) - len(train)
        to_train = lacking > len(group) / 2
        if group is smallest and not (train and held_out):
            to_train = not train
        (train if to_train else held_out).extend(group)
    return train, held_out, len(by_article) > 1


def answer_score(note: Note) -> float | None:
    """F1 of the answer; of a question that can't be answered, whether it was refused. None without an answer."""
    if note.retrieved is None:
        return None
    return note.retrieved.f1 if note.answerable else float(not note.retrieved.answered)


def _values(scope: Scope) -> Values:
    return Values(
        dense_weight=scope.dense_weight,
        lexical_weight=scope.lexical_weight,
        mmr_lambda=scope.mmr_lambda,
        k=scope.k,
        context_tokens=scope.context_tokens,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Searched:
    """A question's two rankings, and which chunks are right."""

    rankings: Mapping[str, Sequence[Hit]]
    vectors: Mapping[int, NDArray[np.float32]]
    right: frozenset[int]


class _Tuner:
    """Scores values on questions of one ingested set."""

    def __init__(
        self,
        runtime: Runtime,
        dataset: QuestionSet,
        truth: Truth,
        collection_id: str,
        options: TuneOptions,
        on_progress: OnProgress,
    ) -> None:
        self._runtime = runtime
        self._dataset = dataset
        self._truth = truth
        self._collection_id = collection_id
        self._asking = EvalOptions(retrieval_only=options.retrieval_only, gold=False)
        self._on_progress = on_progress
        self.tried: list[Tried] = []

    def best_ranking(self, present: Values, questions: Sequence[Question]) -> Values:
        """The weights and the diversity that rank right passages highest among the first `k`."""
        searched = list(self._searched(questions))
        weights = {lexical: (1.0, lexical) for lexical in LEXICAL_WEIGHTS}
        # the present ratio keeps its own weights: scaled, they might be more than settings may hold
        own = (present.dense_weight, present.lexical_weight)
        weights[present.lexical_weight / present.dense_weight] = own
        tries = [present] + [
            replace(present, dense_weight=dense, lexical_weight=lexical, mmr_lambda=trade_off)
            for (_, (dense, lexical)), trade_off in product(sorted(weights.items()), MMR_LAMBDAS)
        ]
        return self._best(tries, "mrr", lambda values: [_rank_score(item, values) for item in searched])

    def best_reading(self, values: Values, questions: Sequence[Question]) -> Values:
        """The number of passages, then the token budget, with which answers are best."""
        known: dict[Values, list[float]] = {}  # what won the first grid is tried again in the second
        for name, grid in (("k", KS), ("context_tokens", CONTEXT_TOKENS)):
            tries = [values] + [
                replace(values, **{name: value}) for value in grid if value != getattr(values, name)
            ]

            def scores(tried: Values, name: str = name) -> list[float]:
                if tried not in known:
                    notes = self.notes(tried, questions, f"answering, {name} {getattr(tried, name)}")
                    known[tried] = [score for note in notes if (score := answer_score(note)) is not None]
                return known[tried]

            values = self._best(tries, "answers", scores)
        return values

    def notes(self, values: Values, questions: Sequence[Question], stage: str) -> list[Note]:
        """Ask questions with these values, as a user of a collection with these settings would."""
        collections.update(self._runtime, self._collection_id, {"settings": asdict(values)})
        session = Session(self._runtime, self._dataset, self._truth, self._collection_id, self._asking)
        notes = []
        for number, question in enumerate(questions):
            self._on_progress(stage, number, len(questions))
            notes.append(session.ask(question, drop=False))
        self._on_progress(stage, len(questions), len(questions))
        return notes

    def _best(
        self, tries: Sequence[Values], figure: str, scores: Callable[[Values], Sequence[float]]
    ) -> Values:
        """The values of the highest mean; of equal ones the first, which are the present ones."""
        best, best_score = tries[0], -1.0
        for values in tries:
            found = scores(values)
            score = sum(found) / len(found) if found else 0.0
            self.tried.append(Tried(values=values, figure=figure, score=score))
            if score > best_score + 1e-9:
                best, best_score = values, score
        return best

    def _searched(self, questions: Sequence[Question]) -> Iterator[_Searched]:
        """Search once for each question whose place is known, as deep as the settings go."""
        scope = scope_of(self._runtime.db, self._runtime.settings, [self._collection_id])
        index = self._runtime.collection_index(scope.ids[0]).dense
        for number, question in enumerate(questions):
            self._on_progress("searching", number, len(questions))
            places = self._truth.gold(question)
            if not places:
                continue
            stages = searching.retrieve(self._runtime, scope, question.text, scope.k).stages
            rankings = {name: list(stages.get(name, ())) for name in ("dense", "lexical")}
            ids, rows = index.vectors([hit.chunk_id for hits in rankings.values() for hit in hits])
            yield _Searched(
                rankings=rankings,
                vectors=dict(zip(ids.tolist(), rows, strict=True)),
                right=self._truth.covering(places),
            )
        self._on_progress("searching", len(questions), len(questions))


def _rank_score(searched: _Searched, values: Values) -> float:
    """Reciprocal rank of the first right passage among the first `k`."""
    config = FusionConfig(dense_weight=values.dense_weight, lexical_weight=values.lexical_weight)
    hits = fuse(searched.rankings, config)
    if values.mmr_lambda < 1:
        hits = diversify(hits[: MMR_POOL * values.k], searched.vectors, values.mmr_lambda)
    return reciprocal_rank([hit.chunk_id for hit in hits[: values.k]], searched.right)
