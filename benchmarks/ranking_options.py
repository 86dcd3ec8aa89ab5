"""Decision 0045: reranking, diversity, cap, neighbours, and copies of documents, side by side on one index.

    python -m benchmarks.ranking_options [SET=FILE[:LAST] ...] [--pages FOLDER] [--twins FOLDER] [--questions 150]
        [--answers 60] [--only NAME ...] [--json]

FILE is a question file as `fathom eval` reads it; of it the last LAST questions, or below 1 the last share of the
articles. The pages of a FOLDER of Markdown are asked for their own headings; a right hit lies in that section.
`--twins` takes each page in twice, as Markdown and as HTML. Ranks are those of the hits that an answer reads; of
further ones nothing counts. `read` is the share of questions whose answer stands in the compressed context, whatever
its rank; `pages` and `sections` are the shares of the first five hits that are different ones, whatever their format.
"""

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeVar

import numpy as np
from markdown_it import MarkdownIt
from numpy.typing import NDArray

from app.composition.runtime import Runtime, build_runtime
from app.db import chunks
from app.intake import local_files
from app.library import collections
from app.measuring.quality.asking import OPTIONAL_STAGES, EvalOptions, Note, Session
from app.measuring.quality.run import ingest_articles
from app.measuring.quality.scores import bootstrap_interval, has_han
from app.measuring.quality.truth import read_truth
from app.measuring.questions.datasets import Selection, build
from app.search import searching
from app.settings.schema import Settings
from app.worker import Worker
from benchmarks.public_sets import read
from retrieval.metrics import hit_at, mean, reciprocal_rank
from retrieval.types import Passage

DEPTH: Final = "rerank_depth"
OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "default": {},
    "rerank 10": {"rerank": True, DEPTH: 10},
    "rerank 20": {"rerank": True, DEPTH: 20},
    "MMR 0.8": {"mmr_lambda": 0.8},
    "MMR 0.5": {"mmr_lambda": 0.5},
    "cap 2": {"max_per_document": 2},
    "neighbours 1": {"neighbours": 1},
}
FIRST: Final = 5
T = TypeVar("T")
_HEADING_WORDS, _HEADING_HAN = 3, 5
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.S)


@dataclass
class Figures:
    """What one option gave, a value a question."""

    recall_1: list[float] = field(default_factory=list)
    recall_5: list[float] = field(default_factory=list)
    mrr: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)
    search_ms: list[float] = field(default_factory=list)
    f1: list[float] = field(default_factory=list)
    answer_ms: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    sections: list[float] = field(default_factory=list)

    def rank(self, ranked: Sequence[int], right: frozenset[int]) -> None:
        """Note one ranking."""
        self.recall_1.append(hit_at(ranked, right, 1))
        self.recall_5.append(hit_at(ranked, right, FIRST))
        self.mrr.append(reciprocal_rank(ranked, right))

    def report(self, base: "Figures") -> dict[str, Any]:
        """Means in percent (times: medians), and intervals of the differences to `base`."""
        values = {
            name: round(100 * mean(row), 1)
            for name in ("recall_1", "recall_5", "mrr", "read", "f1", "pages", "sections")
            if (row := getattr(self, name))
        }
        times = {
            name: round(median(row)) for name in ("search_ms", "answer_ms") if (row := getattr(self, name))
        }
        differences = {
            f"{name}_ci95": _difference(getattr(self, name), getattr(base, name))
            for name in ("mrr", "read", "f1", "pages", "sections")
            if getattr(self, name) and self is not base
        }
        return values | times | differences


def _difference(new: Sequence[float], old: Sequence[float]) -> list[float]:
    """95 % interval of the mean of paired differences, in percent."""
    change = 100 * (np.asarray(new) - np.asarray(old))

    def statistic(picks: NDArray[np.int64]) -> float:
        return float(change[picks].mean())

    return [round(bound, 1) for bound in bootstrap_interval(statistic, len(change)) or ()]


def of_set(file: Path, last: str, asked: int, answered: int, options: Sequence[str]) -> dict[str, Figures]:
    """Options on a question file, all on the same index."""
    with _runtime() as runtime:
        dataset = build(file.name, *read(file), _selection(last))
        collection, names = ingest_articles(runtime, dataset.articles, lambda *_: None)
        truth = read_truth(runtime, collection, names, dataset.articles)
        able = [q for q in dataset.questions if q.answerable and truth.gold(q)]
        searched, written = _spread(able, asked), _spread(able, answered)
        found: dict[str, Figures] = {}
        for name in options:
            _configure(runtime, collection, OPTIONS[name])
            figures = found[name] = Figures()
            sessions = [
                Session(runtime, dataset, truth, collection, EvalOptions(retrieval_only=flag, gold=False))
                for flag in (True, False)
            ]
            for session in sessions[: 1 + bool(written)]:
                session.warm_up()
            for question in searched:
                _searched(figures, sessions[0].ask(question, drop=False), sessions[0].k)
            for question in written:
                note = sessions[1].ask(question, drop=False)
                figures.f1.append(note.retrieved.f1 if note.retrieved else 0.0)
                figures.answer_ms.append(note.timings_ms.get("total", 0.0))
            print(f"  {file.name} {name}: {figures.report(figures)}", flush=True)
    return found


def _searched(figures: Figures, note: Note, k: int) -> None:
    last = next((name for name in reversed(OPTIONAL_STAGES) if name in note.ranks), "fused")
    rank = note.ranks[last] if note.ranks[last] <= k else 0
    figures.rank([0] * (rank - 1) + [1] if rank else [], frozenset({1}))
    figures.read.append(float(note.ranks["compressed"] > 0))
    figures.search_ms.append(
        sum(note.timings_ms.get(name, 0.0) for name in ("embed", "retrieve", "rerank", "compress"))
    )


def of_pages(folder: Path, asked: int, options: Sequence[str], *, twins: bool) -> dict[str, Figures]:
    """Options on a folder of Markdown that is asked for its headings."""
    with _runtime() as runtime, tempfile.TemporaryDirectory() as name:
        collection = collections.create(runtime.db, name="pages").row.id
        local_files.record_files(
            runtime,
            collection,
            local_files.files_under([_with_twins(folder, Path(name)) if twins else folder]),
        )
        Worker(runtime).run_pending()
        passages = _passages(runtime, collection)
        pages = _pages(runtime, list(passages))
        questions = _spread(list(_headings(passages, pages).items()), asked)
        found: dict[str, Figures] = {}
        for option in options:
            _configure(runtime, collection, OPTIONS[option])
            figures = found[option] = Figures()
            searching.search(runtime, [collection], "warm")
            for text, right in questions:
                result = searching.search(runtime, [collection], text)
                ranked = [hit.chunk_id for hit in result.retrieved.hits]
                figures.rank(ranked, frozenset(right))
                first = ranked[:FIRST]
                figures.pages.append(len({pages[chunk] for chunk in first}) / FIRST)
                figures.sections.append(
                    len({(pages[chunk], *passages[chunk].heading_path[-1:]) for chunk in first}) / FIRST
                )
                figures.search_ms.append(sum(result.retrieved.timings_ms.values()))
            print(f"  {folder.name} {option}: {figures.report(figures)}", flush=True)
    return found


def _passages(runtime: Runtime, collection: str) -> Mapping[int, Passage]:
    with runtime.db.read() as session:
        live = chunks.live_ids(session, collection)
    return runtime.passages.passages(live)


def _pages(runtime: Runtime, ids: Sequence[int]) -> Mapping[int, str]:
    """The page that each chunk stands on, whatever its format."""
    with runtime.db.read() as session:
        documents = searching.document_names(session, ids)
    return {chunk: str(Path(document.name).with_suffix("")) for chunk, document in documents.items()}


def _headings(passages: Mapping[int, Passage], pages: Mapping[int, str]) -> dict[str, list[int]]:
    """Chunks by the heading that they stand under, where only one page has a heading of these words."""
    under: dict[str, list[int]] = {}
    for key, passage in sorted(passages.items()):
        for heading in passage.heading_path[1:]:
            under.setdefault(heading, []).append(key)
    return {
        heading: keys
        for heading, keys in under.items()
        if _says_much(heading) and len({pages[key] for key in keys}) == 1
    }


def _says_much(heading: str) -> bool:
    return len(heading) >= _HEADING_HAN if has_han(heading) else len(heading.split()) >= _HEADING_WORDS


def _with_twins(folder: Path, target: Path) -> Path:
    """Each page of a folder as it is and as HTML."""
    html = MarkdownIt("commonmark").enable("table")
    for file in sorted(folder.rglob("*.md*")):
        text = file.read_text(encoding="utf-8")
        page = target / file.relative_to(folder)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
        body = html.render(_FRONT_MATTER.sub("", text))
        page.with_suffix(".html").write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
    return target


def _configure(runtime: Runtime, collection: str, option: Mapping[str, Any]) -> None:
    """Set one option and take the one before away."""
    own = {name: value for name, value in option.items() if name != DEPTH}
    unset = dict.fromkeys(("rerank", "mmr_lambda", "max_per_document", "neighbours"))
    collections.update(runtime, collection, {"settings": unset | own})
    depth = option.get(DEPTH, runtime.settings.retrieval.rerank_depth)
    retrieval = runtime.settings.retrieval.model_copy(update={DEPTH: depth})
    runtime.settings = runtime.settings.model_copy(update={"retrieval": retrieval})


@contextmanager
def _runtime() -> Iterator[Runtime]:
    with tempfile.TemporaryDirectory(prefix="fathom-bench-") as home:
        runtime = build_runtime(Settings(home=Path(home), models_dir=Path("models").resolve()))
        try:
            yield runtime
        finally:
            runtime.close()


def _selection(last: str) -> Selection:
    number = float(last or 0)
    return Selection(article_from=1 - number) if 0 < number < 1 else Selection(last=int(number) or None)


def _spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly spread."""
    step = max(1, len(items) // most) if most else 1
    return list(items[::step][:most])


def _print(name: str, found: Mapping[str, Figures]) -> None:
    columns = (
        "recall_1",
        "recall_5",
        "mrr",
        "mrr_ci95",
        "read",
        "read_ci95",
        "f1",
        "f1_ci95",
        "pages",
        "sections",
        "sections_ci95",
        "search_ms",
        "answer_ms",
    )
    print(f"{name}\n{'':14}" + "".join(f"{column:>15}" for column in columns))
    for option, figures in found.items():
        values = figures.report(found["default"])
        print(f"{option:14}" + "".join(f"{values.get(column, '–')!s:>15}" for column in columns))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", metavar="SET=FILE[:LAST]")
    parser.add_argument("--pages", type=Path, help="folder of Markdown")
    parser.add_argument("--twins", type=Path, help="folder of Markdown, each page to be taken in twice")
    parser.add_argument("--questions", type=int, default=150)
    parser.add_argument("--answers", type=int, default=60)
    parser.add_argument("--only", nargs="+", choices=list(OPTIONS), default=list(OPTIONS))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    options = ["default", *(name for name in arguments.only if name != "default")]
    results: dict[str, dict[str, Figures]] = {}
    for item in arguments.sets:
        name, _, spec = item.partition("=")
        file, _, last = spec.partition(":")
        results[name] = of_set(Path(file), last, arguments.questions, arguments.answers, options)
    for name in ("pages", "twins"):
        if folder := getattr(arguments, name):
            results[name] = of_pages(folder, arguments.questions, options, twins=name == "twins")
    for name, found in results.items():
        _print(name, found)
    if arguments.json:
        print(
            json.dumps(
                {n: {o: f.report(found["default"]) for o, f in found.items()} for n, found in results.items()}
            )
        )


if __name__ == "__main__":
    main()
