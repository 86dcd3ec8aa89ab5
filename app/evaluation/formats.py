"""Readers of question files: each turns one format into `Record`s, in file order.

Formats: SQuAD JSON (also with `is_impossible`), JSONL with `question, answers, documents`, and the plain
JSONL and JSON layouts of public reading sets (QED, QAMR, NQ with gold passages, FairytaleQA, DragonBall,
MedQuAD, PubMedQA, and JSONL with `question, context, answers, kind`); JSONL may be packed (`.zst`).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from app.evaluation.locate import locate
from generator.data.set_files import PACKED, set_text

Raw = Mapping[str, Any]


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
    """Read a question file of any known format.

    Returns:
        Name of the format, and the records in file order.

    Raises:
        FormatError: The file is not JSON or JSONL, or its layout is unknown.
        OSError: The file can't be read.
    """
    packed = path.with_name(path.name + PACKED)
    text = (
        set_text(path) if path.suffix == PACKED or packed.is_file() else path.read_text(encoding="utf-8-sig")
    )
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        rows = _rows(text, path)
        name, reader = _line_format(rows[0], path)
        try:
            return name, list(reader(rows, path))
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise FormatError(f"{path}: a line lacks what {name} needs ({error!r})") from error
    try:
        if isinstance(content, dict) and "data" in content:
            return "squad", list(_squad(content))
        if isinstance(content, dict) and content and "QUESTION" in next(iter(content.values())):
            return "pubmedqa", list(_pubmedqa(content))
        if isinstance(content, dict) and "question" in content:  # JSONL of a single line
            name, reader = _line_format(content, path)
            return name, list(reader([content], path))
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise FormatError(f"{path}: not the layout it begins as ({error!r})") from error
    raise FormatError(f"{path}: neither SQuAD JSON (`data`) nor JSONL with question, answers, documents")


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


def _line_format(row: Raw, path: Path) -> tuple[str, Callable[[Sequence[Raw], Path], Iterator[Record]]]:
    for needed, name, reader in (
        ({"documents"}, "documents", _whole_documents),
        ({"sentence_id", "answer_spans"}, "qamr", _qamr),
        ({"ctxs"}, "nq", _nq),
        ({"story", "context"}, "fairytaleqa", _fairytale),
        ({"doc_ids", "references"}, "dragonball", _dragonball),
        ({"qtype", "answer"}, "medquad", _medquad),
        ({"context", "answer_spans"}, "qed", _qed),
        ({"context", "answers", "kind"}, "contexts", _contexts),
    ):
        if needed | {"question"} <= row.keys():
            return name, reader
    raise FormatError(f"{path}: lines need `question`, `answers` and `documents`; found {', '.join(row)}")


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


def _qed(rows: Sequence[Raw], _: Path) -> Iterator[Record]:
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


def _qamr(rows: Sequence[Raw], _: Path) -> Iterator[Record]:
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


def _nq(rows: Sequence[Raw], _: Path) -> Iterator[Record]:
    for row in rows:
        passage = next((item for item in row["ctxs"] if item.get("isgold")), row["ctxs"][0])
        yield Record(
            documents=((passage["title"], passage["title"], passage["text"]),),
            question=row["question"],
            answers=tuple(row["answers"]),
        )


def _contexts(rows: Sequence[Raw], _: Path) -> Iterator[Record]:
    """One passage or page a question; those without a title are told apart by their text."""
    for row in rows:
        if row["kind"] in {"span", "howto", "freeform"}:
            title = row.get("title") or row["context"][:40]
            yield Record(
                documents=((row["context"][:200], title, row["context"]),),
                question=row["question"],
                answers=tuple(row["answers"]),
            )


def _fairytale(rows: Sequence[Raw], _: Path) -> Iterator[Record]:
    for row in rows:
        yield Record(
            documents=((row["story"], row["story"], row["context"]),),
            question=row["question"],
            answers=tuple(row["answers"]),
        )


def _dragonball(rows: Sequence[Raw], path: Path) -> Iterator[Record]:
    """Questions on whole reports, which are in `docs.jsonl` beside the questions."""
    reports = {
        row["doc_id"]: (
            str(row["doc_id"]),
            str(row.get("company_name") or row["doc_id"]),
            str(row["content"]),
        )
        for row in _rows((path.parent / "docs.jsonl").read_text(encoding="utf-8"), path.parent / "docs.jsonl")
    }
    for row in rows:
        references = tuple(item["text"] for item in row["references"])
        yield Record(
            # a question that no report answers may name none
            documents=tuple(reports[number] for number in row["doc_ids"]) or (next(iter(reports.values())),),
            question=row["question"],
            answers=() if row["type"].endswith("unsolvable") else (row["answer"],),
            evidence=references,
            id=str(row.get("id", "")),
        )


def _medquad(rows: Sequence[Raw], _: Path) -> Iterator[Record]:
    for row in rows:
        title = str(row.get("focus") or row["id"])
        if row["answer"]:
            yield Record(
                documents=((title, title, row["answer"]),),
                question=row["question"],
                answers=(row["answer"],),
                id=str(row["id"]),
            )


def _pubmedqa(content: Raw) -> Iterator[Record]:
    for number, row in content.items():
        yield Record(
            documents=((number, number, "\n".join(row["CONTEXTS"])),),
            question=row["QUESTION"],
            answers=(row["LONG_ANSWER"],),
            id=number,
        )
