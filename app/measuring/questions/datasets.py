"""Question sets: articles of paragraphs, questions with gold answers, and the choice of a part of them.

Knows nothing of databases or models. The file formats are in `formats.py`; this module puts what they give
together and cuts out the development splits.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.measuring.questions.formats import Record
from app.measuring.questions.locate import locate


class DatasetError(Exception):
    """Raised for an unusable question file; the message names the file, the reason and the next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a gold answer stands: a range of one paragraph of one article.

    Attributes:
        sentence: The sentence or sentences around it, where the data gives them; else the range itself.
    """

    article: int
    paragraph: int
    start: int
    end: int
    sentence: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with its gold answers.

    Attributes:
        answers: Texts that count as right; empty where the documents do not answer.
        article: Position of its article in `QuestionSet.articles`.
        paragraph: Position of its gold paragraph in that article.
        evidence: Ranges that answer it, any of which is enough; empty where none could be located.
        asked_of: Positions of all articles that it is asked about.
    """

    id: str
    text: str
    answers: tuple[str, ...]
    article: int
    paragraph: int
    evidence: tuple[Evidence, ...]
    asked_of: tuple[int, ...]

    @property
    def answerable(self) -> bool:
        """Whether the documents hold an answer."""
        return bool(self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One document of the temporary collection."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """Articles and the questions about them."""

    name: str
    format: str
    articles: tuple[Article, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which part of a question file to use; applied in the order of the fields.

    Attributes:
        article_from: Share of the articles, in file order, to leave out at the start (0.8 keeps the rest).
        skip_articles: Number of articles to leave out at the start.
        last: Keep only this many questions from the end.
        every: Keep each n-th question, beginning with the first.
        sample: Keep this many questions chosen at random, in file order.
        limit: Keep only this many questions from the start of what is left.
        seed: Of `sample`.
        all_articles: Put every article of the file into the collection, not only those asked about.
    """

    article_from: float = 0.0
    skip_articles: int = 0
    last: int | None = None
    every: int | None = None
    sample: int | None = None
    limit: int | None = None
    seed: int = 0
    all_articles: bool = False


def build(name: str, file_format: str, records: Sequence[Record], selection: Selection) -> QuestionSet:
    """Put records together into articles and questions, and keep the chosen part.

    Args:
        name: Of the set, for the report.
        file_format: Recognised format, for the report.
        records: What the reader of the format gave, in file order.
        selection: The part to keep.

    Raises:
        DatasetError: No question is left.
    """
    articles: dict[str, tuple[str, dict[str, int]]] = {}
    order: dict[str, int] = {}
    questions: list[Question] = []
    for record in records:
        for key, title, paragraph in record.documents:
            order.setdefault(key, len(order))
            articles.setdefault(key, (title, {}))[1].setdefault(paragraph, len(articles[key][1]))
        if record.question:
            questions.append(_question(record, articles, order, len(questions)))
    chosen = choose(questions, len(order), selection)
    if not chosen:
        raise DatasetError(f"{name}: no question is left after the selection; loosen it, or check the file")
    built = [Article(title=title, paragraphs=tuple(paragraphs)) for title, paragraphs in articles.values()]
    if not selection.all_articles:
        built, chosen = _only_asked(built, chosen)
    return QuestionSet(name=name, format=file_format, articles=tuple(built), questions=tuple(chosen))


def _question(
    record: Record, articles: dict[str, tuple[str, dict[str, int]]], order: dict[str, int], number: int
) -> Question:
    evidence: list[Evidence] = []
    for key, _, paragraph in record.documents:
        ranges = record.ranges if len(record.documents) == 1 else ()
        spans = [*ranges] or [
            span
            for answer in (record.evidence or record.answers)
            if (span := locate(paragraph, answer, None)) is not None
        ]
        evidence += (
            Evidence(
                article=order[key],
                paragraph=articles[key][1][paragraph],
                start=start,
                end=end,
                sentence=_around(start, end, record.sentences),
            )
            for start, end in dict.fromkeys(spans)
        )
    home = evidence[0] if evidence else None
    key, _, paragraph = record.documents[0]
    return Question(
        id=record.id or str(number),
        text=record.question.strip(),
        answers=tuple(dict.fromkeys(record.answers)),
        article=home.article if home else order[key],
        paragraph=home.paragraph if home else articles[key][1][paragraph],
        evidence=tuple(evidence) if record.answers else (),
        asked_of=tuple(dict.fromkeys(order[key] for key, _, _ in record.documents)),
    )


def _around(start: int, end: int, sentences: Sequence[tuple[int, int]]) -> tuple[int, int]:
    touched = [sentence for sentence in sentences if sentence[0] < end and start < sentence[1]]
    return (touched[0][0], touched[-1][1]) if touched else (start, end)


def choose(questions: Sequence[Question], n_articles: int, selection: Selection) -> list[Question]:
    """Apply a selection to questions in file order."""
    # 0.29 * 100 is 28.999999999999996 in floating point: round before cutting off
    first = max(math.floor(round(selection.article_from * n_articles, 9)), selection.skip_articles)
    kept = [question for question in questions if question.article >= first]
    if selection.last is not None:
        kept = kept[-selection.last :]
    if selection.every is not None:
        kept = kept[:: selection.every]
    if selection.sample is not None and selection.sample < len(kept):
        picks = random.Random(selection.seed).sample(range(len(kept)), selection.sample)
        kept = [kept[index] for index in sorted(picks)]
    return kept if selection.limit is None else kept[: selection.limit]


def _only_asked(
    articles: Sequence[Article], questions: Sequence[Question]
) -> tuple[list[Article], list[Question]]:
    """Drop the articles that no chosen question needs, and renumber."""
    needed = {article for question in questions for article in question.asked_of}
    number = {old: new for new, old in enumerate(sorted(needed))}
    renumbered = [
        replace(
            question,
            article=number[question.article],
            asked_of=tuple(number[article] for article in question.asked_of),
            evidence=tuple(replace(item, article=number[item.article]) for item in question.evidence),
        )
        for question in questions
    ]
    return [articles[old] for old in sorted(needed)], renumbered
