"""Decision 0044: parts of question files for benchmarks, and public sets turned into what `fathom eval` reads.

    python -m benchmarks.question_sets FILE > SET.jsonl

FILE is in a layout that `benchmarks/public_sets.py` reads. Each question becomes a line with `question`, `answers`,
`evidence` and `documents`; a document is one paragraph under the title of its article.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from app.measuring.quality.scores import has_han
from app.measuring.questions.datasets import QuestionSet, Selection, build
from app.measuring.questions.formats import Record
from benchmarks.public_sets import read


def chosen(
    file: Path, *, articles: int, sample: int, article_from: float = 0.0, language: str | None = None
) -> QuestionSet:
    """Choose a part of a file.

    Args:
        file: As `public_sets.read` reads it.
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


def as_lines(records: Iterable[Record]) -> Iterator[str]:
    """One JSON line a question, as `fathom eval` reads it; documents that nobody asks about are left out."""
    for record in records:
        if not record.question:
            continue
        paragraph = record.documents[0][2]
        evidence = record.evidence or tuple(paragraph[start:end] for start, end in record.ranges)
        row = {
            "question": record.question,
            "answers": list(record.answers),
            "documents": [{"name": title, "text": text} for _, title, text in record.documents],
            **({"evidence": list(evidence)} if evidence else {}),
            **({"id": record.id} if record.id else {}),
        }
        yield json.dumps(row, ensure_ascii=False)


def main() -> None:
    """Turn a public set into JSON lines on standard output."""
    parser = argparse.ArgumentParser(
        description="Public question sets as JSON lines that `fathom eval` reads."
    )
    parser.add_argument("file", type=Path)
    for line in as_lines(read(parser.parse_args().file)[1]):
        print(line)


if __name__ == "__main__":
    main()
