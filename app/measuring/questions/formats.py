"""Readers of question files: SQuAD JSON and JSON lines become `Record`s, in file order.

SQuAD JSON may have `is_impossible`. A JSON line has `question`, `answers` and `documents`; a document is a text, the
name of a text file beside the question file, or an object with `text` and `name`. Both may be packed (`.zst`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.measuring.questions.locate import locate
from generator.data.set_files import PACKED, set_text

Raw = Mapping[str, Any]
LAYOUTS = (
    "Question files are SQuAD JSON (an object with `data`), or JSON lines, each with `question`, `answers` and "
    "`documents`"
)
SHOWN_KEYS = 8
"""Keys of a line in another layout that its message shows."""


class FormatError(Exception):
    """The content of a question file is not in a known layout; the message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A question with the documents it is asked about; an empty question only adds documents.

    Attributes:
        documents: (article key, article title, paragraph text); the first is its own paragraph.
        ranges: Gold ranges in the only paragraph, where the data gives them.
        evidence: Verbatim texts to locate instead of the answers.
        sentences: Ranges of the sentences of the only paragraph, where the data gives them.
    """

    documents: tuple[tuple[str, str, str], ...]
    question: str = ""
    answers: tuple[str, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()
    evidence: tuple[str, ...] = ()
    sentences: tuple[tuple[int, int], ...] = ()
    id: str = ""


def read(path: Path) -> tuple[str, list[Record]]:
    """Read a question file.

    Returns:
        Name of the layout ("squad" or "documents"), and the records in file order.

    Raises:
        FormatError: The file is not JSON or JSONL, or is in another layout; the message names those that can be read.
        OSError: The file can't be read.
    """
    content = content_of(path)
    try:
        if not isinstance(content, list):
            return "squad", list(_squad(content))
        if missing := {"question", "documents"} - content[0].keys():
            found = ", ".join(list(content[0])[:SHOWN_KEYS]) or "nothing"
            raise FormatError(
                f"{path}: lines have no {' and no '.join(sorted(missing))}, but {found}. {LAYOUTS}"
            )
        return "documents", list(_whole_documents(content, path))
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise FormatError(f"{path}: not the layout it begins as ({error!r}). {LAYOUTS}") from error


def content_of(path: Path) -> Raw | list[Raw]:
    """The file as JSON: one object with `data` (SQuAD), else one object a line.

    Raises:
        FormatError: It is neither.
        OSError: The file can't be read.
    """
    packed = path.with_name(path.name + PACKED)
    text = (
        set_text(path) if path.suffix == PACKED or packed.is_file() else path.read_text(encoding="utf-8-sig")
    )
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        return _rows(text, path)
    if not isinstance(content, dict):
        raise FormatError(f"{path}: neither an object with `data` nor an object a line. {LAYOUTS}")
    return content if "data" in content else [content]


def _rows(text: str, path: Path) -> list[Raw]:
    rows: list[Raw] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise FormatError(f"{path}: line {number} is not JSON ({error.msg})") from error
        if not isinstance(row, dict):
            raise FormatError(f"{path}: line {number} is not a JSON object")
        rows.append(row)
    if not rows:
        raise FormatError(f"{path}: the file is empty")
    return rows


def _squad(content: Raw) -> Iterator[Record]:
    for number, article in enumerate(content["data"]):
        title = str(article.get("title") or article.get("id") or f"article {number + 1}")
        for paragraph in article["paragraphs"]:
            context = paragraph["context"]
            documents = ((str(number), title, context),)
            yield Record(documents=documents)
            for item in paragraph["qas"]:
                impossible = bool(item.get("is_impossible"))
                golds = [] if impossible else [gold for gold in item.get("answers", []) if gold["text"]]
                yield Record(
                    documents=documents,
                    question=item["question"],
                    answers=tuple(gold["text"] for gold in golds),
                    ranges=_squad_ranges(context, golds),
                    id=str(item.get("id", "")),
                )


def _squad_ranges(context: str, golds: Sequence[Raw]) -> tuple[tuple[int, int], ...]:
    """Ranges of the answers; a wrong offset is mended by the nearest place where the text occurs."""
    found = (locate(context, gold["text"], gold.get("answer_start")) for gold in golds)
    return tuple(span for span in found if span is not None)


def _whole_documents(rows: Sequence[Raw], path: Path) -> Iterator[Record]:
    for row in rows:
        answers = row.get("answers", row.get("answer", []))
        yield Record(
            documents=tuple(_document(item, path) for item in row["documents"]),
            question=row["question"],
            answers=tuple(item for item in ([answers] if isinstance(answers, str) else answers) if item),
            evidence=tuple(row.get("evidence", ())),
            id=str(row.get("id", "")),
        )


def _document(item: object, path: Path) -> tuple[str, str, str]:
    """A document given as text, as the name of a text file beside the question file, or as an object."""
    if isinstance(item, dict):
        text = str(item["text"] if "text" in item else item["content"])
        name = str(item.get("name") or item.get("title") or item.get("id") or text[:60])
        return f"{name}\n{text}", name, text
    text = str(item)
    if len(text) < 256 and "\n" not in text and (file := path.parent / text).is_file():
        return text, text, file.read_text(encoding="utf-8")
    title = text[:60].splitlines()[0] if text.strip() else "document"
    return text, title, text
