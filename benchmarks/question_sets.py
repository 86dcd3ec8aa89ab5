"""Parts of question files for benchmarks: the first articles, and answerable questions about them, evenly spread."""

from dataclasses import replace
from pathlib import Path

from app.evaluation.datasets import QuestionSet, Selection, build
from app.evaluation.formats import read
from app.evaluation.scores import has_han


def chosen(
    file: Path, *, articles: int, sample: int, article_from: float = 0.0, language: str | None = None
) -> QuestionSet:
    """Choose a part of a file.

    Args:
        file: As `fathom eval` reads it.
        articles: Articles at most.
        sample: Questions at most, all with evidence.
        article_from: Share of the articles to leave out at the start.
        language: "zh" or "en" for articles in it alone.
    """
    whole = build(file.name, *read(file), Selection(article_from=article_from))
    if language is not None:
        whole = _in_language(whole, chinese=language == "zh")
    asked = [q for q in whole.questions if q.answerable and q.evidence and max(q.asked_of) < articles]
    step = max(1, len(asked) // sample)
    return replace(whole, articles=whole.articles[:articles], questions=tuple(asked[::step][:sample]))


def _in_language(dataset: QuestionSet, *, chinese: bool) -> QuestionSet:
    kept = [
        i for i, article in enumerate(dataset.articles) if has_han(article.paragraphs[0][:200]) == chinese
    ]
    number = {old: new for new, old in enumerate(kept)}
    questions = [
        replace(
            question,
            asked_of=tuple(number[a] for a in question.asked_of),
            evidence=tuple(replace(item, article=number[item.article]) for item in question.evidence),
            article=number[question.article],
        )
        for question in dataset.questions
        if all(a in number for a in question.asked_of)
    ]
    return replace(dataset, articles=tuple(dataset.articles[i] for i in kept), questions=tuple(questions))
