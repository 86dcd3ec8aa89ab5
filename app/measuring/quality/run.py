"""`fathom eval`: ingest a question set, ask every question, and record every result.

Ingestion is the one that users have. What the notes add up to is `report.py`.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.composition.runtime import Runtime
from app.intake.record import Upload, record_uploads
from app.library import collections
from app.measuring.quality.asking import EvalOptions, Note, Session
from app.measuring.quality.truth import read_truth
from app.measuring.questions.datasets import Article, Question, QuestionSet
from app.worker import Worker
from ingestion.parser_process import ParserProcess

OnProgress = Callable[[str, int, int], None]

NAME = "evaluation"
BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalRun:
    """All notes of a run, with the data that it ran on."""

    dataset: QuestionSet
    notes: tuple[Note, ...]
    documents: int
    failed_documents: int
    chunks: int
    k: int
    model: str


def evaluate(
    runtime: Runtime, dataset: QuestionSet, options: EvalOptions, on_progress: OnProgress
) -> EvalRun:
    """Measure retrieval and answers on a question set.

    Args:
        runtime: On an empty, temporary home.
        dataset: Articles and questions.
        options: How to measure.
        on_progress: Told `(stage, done, total)`.
    """
    collection_id, names = ingest_articles(runtime, dataset.articles, on_progress)
    truth = read_truth(runtime, collection_id, names, dataset.articles)
    session = Session(runtime, dataset, truth, collection_id, options)
    dropped = _dropped(dataset.questions, options)
    session.warm_up()
    notes: list[Note] = []
    for number, question in enumerate(dataset.questions):
        on_progress("asking", number, len(dataset.questions))
        notes.append(session.ask(question, drop=number in dropped))
    on_progress("asking", len(notes), len(notes))
    return EvalRun(
        dataset=dataset,
        notes=tuple(notes),
        documents=len(truth.document_of),
        failed_documents=len(names) - len(truth.document_of),
        chunks=len(truth.chunks),
        k=session.k,
        model="" if options.retrieval_only else runtime.generator.model_id,
    )


def ingest_articles(
    runtime: Runtime, articles: Sequence[Article], on_progress: OnProgress
) -> tuple[str, list[str]]:
    """Make one document of each article; gives the collection's id and the document names in order."""
    collection_id = collections.create(runtime.db, name=NAME).row.id
    names = [f"{position:05d} {_file_name(article.title)}.txt" for position, article in enumerate(articles)]
    for begin in range(0, len(articles), BATCH):
        uploads = [
            Upload(name=name, blob=runtime.blobs.put("\n\n".join(article.paragraphs).encode()))
            for name, article in zip(
                names[begin : begin + BATCH], articles[begin : begin + BATCH], strict=True
            )
        ]
        record_uploads(runtime, collection_id, uploads)
    worker, done = Worker(runtime), 0
    on_progress("ingesting", done, len(names))
    with ParserProcess() as parser:
        while worker.run_one(parser):
            done += 1
            on_progress("ingesting", done, len(names))
    return collection_id, names


def _file_name(title: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f/\\]+", " ", title).strip()[:120] or "article"


def _dropped(questions: Sequence[Question], options: EvalOptions) -> frozenset[int]:
    """Positions of the questions whose gold is taken away."""
    able = [number for number, question in enumerate(questions) if question.answerable and question.evidence]
    count = round(options.drop_gold * len(able))
    return frozenset(random.Random(options.seed).sample(able, count))
