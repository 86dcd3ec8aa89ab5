"""Decision 0076: answers across languages on parallel pages: passage among five, answered, and right section."""

import argparse
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.answers import run
from app.answers.accept import Ask
from app.cli.progress import ingest_with_bar
from app.composition.runtime import Runtime, build_runtime
from app.intake import local_files
from app.library import collections
from app.settings.reading import load_settings
from benchmarks.parallel_pages import LANGUAGES, LEAST_SECTION, headings_of, read_page, unnumbered
from ingestion.parser_process import ParserProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of a page, by language: how it is asked for, and its range in the page's text."""

    page: str
    question: dict[str, str]
    place: dict[str, tuple[int, int]]


def main() -> None:
    """Ask each section of a part of the pages, in both languages, of both; print a row for each direction."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("en", type=Path, help="folder of English pages")
    parser.add_argument("zh", type=Path, help="folder of the same pages in Chinese")
    parser.add_argument("home", type=Path, help="home folder; collections that are there already are kept")
    parser.add_argument(
        "--first", type=float, default=0.7, help="share of the pages to leave out at the start"
    )
    parser.add_argument("--last", type=float, default=1.0, help="share of the pages at which to end")
    parser.add_argument("--limit", type=int, default=60, help="sections")
    parser.add_argument("--answer-all", action="store_true", help="refuse nothing")
    parser.add_argument("--out", type=Path, help="write JSON lines here")
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)
    folders = {"en": chosen.en, "zh": chosen.zh}
    sections = _sections(folders, chosen.first, chosen.last)
    sections = sections[:: max(1, len(sections) // chosen.limit)][: chosen.limit]
    runtime = build_runtime(load_settings(home=chosen.home.resolve()))
    rows: list[dict[str, Any]] = []
    try:
        for language, folder in folders.items():
            view = collections.get_or_create(runtime, f"pages-{language}")
            if not view.stats.chunks:
                ingest_with_bar(runtime, view.row.id, local_files.files_under([folder]), quiet=True)
        for asked in LANGUAGES:
            for about in LANGUAGES:
                found = [
                    _ask(runtime, section, asked, about, answer_all=chosen.answer_all) for section in sections
                ]
                rows += found
                _print(asked, about, found)
    finally:
        runtime.close()
    if chosen.out:
        chosen.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _sections(folders: dict[str, Path], first: float, last: float) -> list[Section]:
    names = sorted(
        {str(file.relative_to(folders["en"])) for file in folders["en"].rglob("*.md")}
        & {str(file.relative_to(folders["zh"])) for file in folders["zh"].rglob("*.md")}
    )
    names = names[round(first * len(names)) : round(last * len(names))]
    with ParserProcess() as parser:
        return [section for name in names for section in _of_page(name, folders, parser)]


def _of_page(name: str, folders: dict[str, Path], parser: ParserProcess) -> Iterator[Section]:
    pair = {language: read_page(folders[language] / name, parser) for language in LANGUAGES}
    documents = {language: document for language, document in pair.items() if document is not None}
    headings = {language: headings_of(document) for language, document in documents.items()}
    levels = [[block.level for block in blocks] for blocks in headings.values()]
    if len(levels) < len(LANGUAGES) or levels[0] != levels[1]:
        return
    for place in range(1, len(levels[0])):
        question, places = {}, {}
        for language, blocks in headings.items():
            text = documents[language].text
            end = blocks[place + 1].start if place + 1 < len(blocks) else len(text)
            if end - blocks[place].end < LEAST_SECTION:
                break
            title, heading = (text[b.start : b.end].strip() for b in (blocks[0], blocks[place]))
            question[language] = f"{title}: {unnumbered(heading)}"
            places[language] = (blocks[place].start, end)
        else:
            yield Section(page=name, question=question, place=places)


def _ask(runtime: Runtime, section: Section, asked: str, about: str, *, answer_all: bool) -> dict[str, Any]:
    ask = Ask(
        collections=(f"pages-{about}",),
        question=section.question[asked],
        answer_from=0.0 if answer_all else None,
    )
    outcome = run.answer(runtime, ask)
    start, end = section.place[about]
    hits = outcome.retrieved.hits[:5] if outcome.retrieved else ()
    passages = runtime.passages.passages([hit.chunk_id for hit in hits])

    def inside(name: str, first: int, last: int) -> bool:
        return name == section.page and first < end and start < last

    citations = outcome.answer.citations
    return {
        "asked": asked,
        "about": about,
        "question": section.question[asked],
        "source": f"{asked} about {about}",
        "answerable": any(inside(p.name, p.start, p.end) for p in passages.values()),
        "answered": outcome.answer.answerable,
        "right": any(inside(c.document.name, c.start, c.end) for c in citations),
        "signals": dict(outcome.generated.signals) if outcome.generated else {},
        "confidence": outcome.answer.confidence,
        "text": outcome.answer.text,
    }


def _print(asked: str, about: str, rows: Sequence[dict[str, Any]]) -> None:
    shares = {
        key: sum(bool(row[key]) for row in rows) / len(rows) for key in ("answerable", "answered", "right")
    }
    print(
        f"{asked} about {about}: {len(rows)} sections, passage among five {shares['answerable']:.2f}, "
        f"answered {shares['answered']:.2f}, from the right section {shares['right']:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
