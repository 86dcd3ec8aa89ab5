"""Readers of the layouts that training sets have and question files have not: one passage a question.

Lines have `question` and `context`, with `answer_spans` (QED), with `sentence_id` and `answer_spans` (QAMR), or with
`answers` and `kind` (see `generator.data.kinds`).
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from app.measuring.questions import formats
from app.measuring.questions.formats import FormatError, Raw, Record

Reader = Callable[[Sequence[Raw]], Iterator[Record]]


def read(path: Path) -> tuple[str, list[Record]]:
    """Read a set in one of these layouts, or a question file.

    Returns:
        Name of the layout, and the records in file order.

    Raises:
        FormatError: The file is in none of them.
        OSError: The file can't be read.
    """
    content = formats.content_of(path)
    if isinstance(content, list):
        for name, needed, reader in READERS:
            if needed <= content[0].keys():
                return name, as_records(path, name, reader, content)
    return formats.read(path)


def as_records(path: Path, name: str, reader: Reader, rows: Sequence[Raw]) -> list[Record]:
    """The records of a file's rows.

    Raises:
        FormatError: A row lacks a key that the layout needs.
    """
    try:
        return list(reader(rows))
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise FormatError(f"{path}: a line lacks what {name} needs ({error!r})") from error


def _qed(rows: Sequence[Raw]) -> Iterator[Record]:
    for row in rows:
        title = str(row.get("title") or row["context"][:60])
        yield Record(
            documents=((title, title, row["context"]),),
            question=row["question"],
            answers=tuple(row["answers"]),
            ranges=tuple((int(start), int(end)) for start, end in row["answer_spans"]),
            sentences=tuple(pairwise(sorted({0, len(row["context"]), *row.get("sentence_starts", ())}))),
            id=str(row.get("id", "")),
        )


def _qamr(rows: Sequence[Raw]) -> Iterator[Record]:
    """Sentences of one paragraph are put together: one sentence is no passage."""
    sentences: dict[str, dict[int, str]] = {}
    for row in rows:
        paragraph, number = row["sentence_id"].rsplit(":", 1)
        sentences.setdefault(paragraph, {})[int(number)] = row["context"]
    for row in rows:
        paragraph, number = row["sentence_id"].rsplit(":", 1)
        parts = sorted(sentences[paragraph].items())
        offset = sum(len(text) + 1 for at, text in parts if at < int(number))
        article = paragraph.rsplit(":", 1)[0]
        spans = row["answer_spans"]
        yield Record(
            documents=((article, article, " ".join(text for _, text in parts)),),
            question=row["question"],
            answers=(row["answer"],),
            # an answer in several pieces is covered when the stretch that holds them all is
            ranges=((offset + min(s for s, _ in spans), offset + max(e for _, e in spans)),) if spans else (),
            id=str(row.get("id", "")),
        )


def _contexts(rows: Sequence[Raw]) -> Iterator[Record]:
    """One passage or page a question; untitled ones are distinguished by their text."""
    for row in rows:
        if row["kind"] in {"span", "howto", "freeform"}:
            title = row.get("title") or row["context"][:40]
            yield Record(
                documents=((row["context"][:200], title, row["context"]),),
                question=row["question"],
                answers=tuple(row["answers"]),
            )


READERS: tuple[tuple[str, frozenset[str], Reader], ...] = (
    ("qamr", frozenset(("question", "context", "sentence_id", "answer_spans")), _qamr),
    ("qed", frozenset(("question", "context", "answer_spans")), _qed),
    ("contexts", frozenset(("question", "context", "answers", "kind")), _contexts),
)
"""Layouts with the keys that their lines have; the first that fits is taken."""
