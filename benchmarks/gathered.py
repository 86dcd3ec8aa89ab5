"""Decision 0074: labelled questions asked of retrieval, and what answering would read, with gold ranges, to train on.

    python -m benchmarks.gathered HOME OUT QUESTIONS ...

Collections that HOME lacks are left out, as are questions that OUT has already: the same command goes on. Where none of
the passages found holds what answers, the passage that does takes the place of the last; where none of the whole
collection does, the question is left out.
"""

import argparse
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.answers.reading import source_passage
from app.composition.runtime import Runtime, build_runtime
from app.db import chunks
from app.errors import CollectionNotFoundError
from app.search import searching
from app.search.scope import scope_of
from app.settings.reading import load_settings

MARKUP = re.compile(r"\]\((?:[^()]|\([^()]*\))*\)|<[^<>]{1,200}>|\{#[^}]*\}")
"""What of Markdown canonical text has nothing of: targets of links, tags, anchors."""
IGNORED = re.compile(r"[\s*`_|\\#\[\]]")
LIST_MARK = re.compile(r"^\s*(?:[-*+]|\d+[.)、])\s*")
PARTS = re.compile(r"\n+|(?<=[。！？；])\s*|(?<=[.!?;])\s+")
SHORTEST_PART = 10
"""Characters from which on a part of a quote hardly stands elsewhere by chance."""
GAP = 40
"""Characters between two found parts, below which they are one range."""
PHRASES = frozenset(("fact", "row"))
"""Shapes whose answer is a phrase of the quote."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bare:
    """A text without white space and marks, in lower case.

    Attributes:
        text: The characters that are left.
        places: Where each of them stands.
    """

    text: str
    places: Sequence[int]

    def find(self, wanted: str) -> Range | None:
        """Where a bare text first stands, as a range of the whole text; None where it does not, or is empty."""
        at = self.text.find(wanted) if wanted else -1
        return (self.places[at], self.places[at + len(wanted) - 1] + 1) if at >= 0 else None


def bare(text: str) -> Bare:
    """A text without white space and the marks that Markdown has and its canonical text lacks."""
    kept = [(i, c) for i, c in enumerate(text) if not IGNORED.match(c)]
    lowered = "".join(c.lower() if len(c.lower()) == 1 else c for _, c in kept)
    return Bare(lowered, [i for i, _ in kept])


def bare_quote(quote: str) -> str:
    """A quote of Markdown source as `bare` leaves it of the canonical text."""
    return bare(MARKUP.sub("]", quote)).text


def quote_ranges(text: str, quote: str) -> list[Range]:
    """Where a quote of Markdown source stands in canonical text.

    Whole, else as the line that has all cells of a table row, else by lines and sentences, half of which or more must
    stand there.

    Args:
        text: Canonical text.
        quote: Copied from the source.

    Returns:
        Half-open ranges, ascending; empty where it does not stand there.
    """
    known = bare(text)
    whole = known.find(bare_quote(quote))
    if whole is not None:
        return [whole]
    row = _row(text, quote) if quote.count("|") >= 2 else None
    return [row] if row is not None else _parts(known, quote)


def _row(text: str, quote: str) -> Range | None:
    cells = [cell for part in quote.split("|") if (cell := bare_quote(part))]
    start = 0
    for line in text.split("\n"):
        content = bare(line).text
        if cells and all(cell in content for cell in cells):
            return start, start + len(line)
        start += len(line) + 1
    return None


def _parts(known: Bare, quote: str) -> list[Range]:
    parts = [part for part in PARTS.split(quote) if len(bare_quote(part)) >= SHORTEST_PART]
    found = []
    for part in parts:
        unmarked = bare_quote(LIST_MARK.sub("", part))
        place = known.find(bare_quote(part))
        if place is None and len(unmarked) >= SHORTEST_PART:
            place = known.find(unmarked)
        if place is not None:
            found.append(place)
    return joined(found) if 2 * len(found) >= len(parts) else []


def joined(ranges: Sequence[Range]) -> list[Range]:
    """Ranges in ascending order, those less than `GAP` apart as one."""
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start - merged[-1][1] < GAP:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def gold_ranges(text: str, question: Mapping[str, Any]) -> list[tuple[int, int, int]]:
    """Where a passage answers a question: [start, end, within] for each quote that stands in it.

    A phrase that answers is exact (0); of all else the answer is somewhere within (1).
    """
    gold = []
    phrase = question.get("answer") if question["shape"] in PHRASES else None
    for quote in question["quotes"]:
        for start, end in quote_ranges(text, quote):
            found = bare(text[start:end]).find(bare_quote(phrase)) if phrase else None
            gold.append((start, end, 1) if found is None else (start + found[0], start + found[1], 0))
    return gold


def gathered(runtime: Runtime, question: Mapping[str, Any]) -> dict[str, Any] | None:
    """A line of the file; None where the question is answerable and no passage of its collection holds a quote.

    Raises:
        CollectionNotFoundError: The collection is not in this home.
    """
    scope = scope_of(runtime.db, runtime.settings, (question["collection"],))
    found = searching.retrieve(runtime, scope, question["question"], scope.k)
    passages = []
    for rank, item in enumerate(found.context.passages, 1):
        source = source_passage(item, rank)
        passages.append(
            {
                "text": source.text,
                "kept": list(source.kept),
                "sentences": list(source.sentences),
                "weight": source.weight,
                "gold": gold_ranges(source.text, question),
            }
        )
    if question["answerable"] and not any(passage["gold"] for passage in passages):
        missed = _missed(runtime, scope.ids[0], question)
        if missed is None:
            return None
        passages[-1:] = [{**missed, "weight": passages[-1]["weight"] if passages else 1.0}]
    if not passages:
        return None
    told = {name: question[name] for name in ("id", "collection", "document", "question", "answerable")}
    return {**told, "passages": passages}


def _missed(runtime: Runtime, collection: str, question: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first passage of a collection that holds a quote, whole."""
    with runtime.db.read() as session:
        live = chunks.live_ids(session, collection)
    for passage in runtime.passages.passages(live).values():
        gold = gold_ranges(passage.text, question)
        if gold:
            sentences = [(start - passage.start, end - passage.start) for start, end in passage.sentences]
            return {"text": passage.text, "kept": [], "sentences": sentences, "gold": gold}
    return None


def questions_of(paths: Sequence[Path], known: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Questions of files of JSON lines, without those whose id is known."""
    for path in paths:
        for line in path.read_text(encoding="utf-8").split("\n"):
            question = json.loads(line) if line.strip() else None
            if question is not None and question["id"] not in known:
                yield question


def main() -> None:
    """Read the command line, ask, and append to the file."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("home", type=Path, help="home folder with the collections")
    options.add_argument("out", type=Path, help="file of JSON lines")
    options.add_argument("questions", type=Path, nargs="+", help="files of benchmarks/questions/labelled")
    given = options.parse_args()
    logging.disable(logging.WARNING)
    lines = given.out.read_text(encoding="utf-8").split("\n") if given.out.exists() else []
    known = frozenset(json.loads(line)["id"] for line in lines if line.strip())
    written = lost = absent = 0
    runtime = build_runtime(load_settings(home=given.home.resolve()))
    try:
        with given.out.open("a", encoding="utf-8") as out:
            for question in questions_of(given.questions, known):
                try:
                    line = gathered(runtime, question)
                except CollectionNotFoundError:
                    absent += 1
                    continue
                if line is None:
                    lost += 1
                    continue
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
                written += 1
    finally:
        runtime.close()
    print(
        f"{written} written, {lost} without a passage that answers, {absent} of collections that are not here"
    )


if __name__ == "__main__":
    main()
