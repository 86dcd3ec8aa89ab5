"""Decision 0044: readers of public reading sets in the layouts that their authors publish.

NQ with gold passages (`ctxs`), FairytaleQA, DragonBall, MedQuAD, PubMedQA; QED, QAMR and lines with `context` and
`kind` as calibration reads them, and the files that `fathom eval` reads. Each layout becomes `Record`s, in file order.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from app.measuring.questions import calibration_sets
from app.measuring.questions.formats import FormatError, Raw, Record, content_of

Reader = Callable[[Sequence[Raw], Path], Iterator[Record]]


def read(path: Path) -> tuple[str, list[Record]]:
    """Read a set in any layout that is known here.

    Returns:
        Name of the layout, and the records in file order.

    Raises:
        FormatError: The file is in none of them.
        OSError: The file can't be read.
    """
    rows = content_of(path)
    if isinstance(rows, list):
        for name, fits, reader in READERS:
            if fits(rows[0]):
                try:
                    return name, list(reader(rows, path))
                except (KeyError, TypeError, IndexError, ValueError) as error:
                    raise FormatError(f"{path}: a line lacks what {name} needs ({error!r})") from error
    return calibration_sets.read(path)


def _nq(rows: Sequence[Raw], _: Path) -> Iterator[Record]:
    for row in rows:
        passage = next((item for item in row["ctxs"] if item.get("isgold")), row["ctxs"][0])
        yield Record(
            documents=((passage["title"], passage["title"], passage["text"]),),
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
        for row in map(json.loads, (path.parent / "docs.jsonl").read_text(encoding="utf-8").splitlines())
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


def _pubmedqa(rows: Sequence[Raw], _: Path) -> Iterator[Record]:
    for number, row in rows[0].items():
        yield Record(
            documents=((number, number, "\n".join(row["CONTEXTS"])),),
            question=row["QUESTION"],
            answers=(row["LONG_ANSWER"],),
            id=number,
        )


def _has(*keys: str) -> Callable[[Raw], bool]:
    return lambda row: {"question", *keys} <= row.keys()


def _is_pubmedqa(row: Raw) -> bool:
    return all(isinstance(item, dict) and "QUESTION" in item for item in row.values())


READERS: tuple[tuple[str, Callable[[Raw], bool], Reader], ...] = (
    ("nq", _has("ctxs"), _nq),
    ("fairytaleqa", _has("story", "context"), _fairytale),
    ("dragonball", _has("doc_ids", "references"), _dragonball),
    ("medquad", _has("qtype", "answer"), _medquad),
    ("pubmedqa", _is_pubmedqa, _pubmedqa),
)
"""Layouts, and whether a file that begins with this line is in one; the first that fits is taken."""
