"""Decision 0077: questions asked as a user would, and their answers as shown, to be judged one by one by eye."""

import argparse
import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.answers import run
from app.answers.accept import Ask
from app.answers.json_form import answer_as_json
from app.answers.types import Answer
from app.cli.progress import ingest_with_bar
from app.composition.runtime import Runtime, build_runtime
from app.db import chunks
from app.intake import local_files
from app.library import collections
from app.settings.reading import load_settings
from retrieval.follow_up import Turn

TELLING = 6
"""Characters from which on a text that an answer must say hardly stands in other passages by chance."""


def main() -> None:
    """Ingest the collections into a home that stays, ask every question, print each answer as text or JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "questions", type=Path, help="JSON lines: id, collection, question, history, expected"
    )
    parser.add_argument("collections", type=Path, help="JSON: files and folders by collection name")
    parser.add_argument("--root", type=Path, default=Path(), help="folder that the files are relative to")
    parser.add_argument("home", type=Path, help="home folder; collections that are there already are kept")
    parser.add_argument("--answer-all", action="store_true", help="refuse nothing, for fitting confidence")
    parser.add_argument(
        "--without-answer", action="store_true", help="take away what answers, so that near misses are left"
    )
    parser.add_argument("--signals", type=Path, help="write what `fathom train calibrate --also` takes here")
    parser.add_argument("--only", default="", help="ids, separated by commas")
    parser.add_argument("--models", type=Path, help="another folder of weights than the shipped one")
    parser.add_argument("--out", type=Path, help="write JSON lines here as well")
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)
    given: dict[str, Any] = {"home": chosen.home.resolve()}
    if chosen.models:
        given["models_dir"] = chosen.models.resolve()
    runtime = build_runtime(load_settings(**given))
    questions = [
        json.loads(line) for line in chosen.questions.read_text(encoding="utf-8").splitlines() if line
    ]
    wanted = set(filter(None, chosen.only.split(",")))
    shown = []
    try:
        wanted_collections = json.loads(chosen.collections.read_text(encoding="utf-8"))
        used = {question["collection"] for question in questions}
        _ingest(runtime, {name: wanted_collections[name] for name in sorted(used)}, chosen.root)
        for question in questions:
            if not wanted or question["id"] in wanted:
                allow = _without_answer(runtime, question) if chosen.without_answer else None
                answer, signals = _ask(runtime, question, answer_all=chosen.answer_all, allow=allow)
                shown.append({**question, "answer": answer_as_json(answer), "signals": signals})
                print(_as_text(question, answer), flush=True)
    finally:
        runtime.close()
    if chosen.signals:
        samples = [_sample(one) for one in shown if one["signals"]]
        if chosen.without_answer:  # some is still said where an answer reaches around what was found
            samples = [
                {**one, "answerable": False} for one in samples if one["answerable"] and not one["right"]
            ]
        _write(chosen.signals, samples)
    if chosen.out:
        _write(chosen.out, shown)


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False, default=str) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _sample(shown: Mapping[str, Any]) -> dict[str, Any]:
    """An answer for fitting: right where it says half or more of what a right answer must say."""
    said = _bare(shown["answer"]["text"])
    must = [_bare(text) for text in shown.get("must", ())]
    held = sum(text in said for text in must)
    return {
        "source": shown["collection"],
        "signals": shown["signals"],
        "answerable": bool(must),
        "right": bool(must) and 2 * held >= len(must),
    }


def _bare(text: str) -> str:
    """A text without white space and marks that Markdown has and its canonical text lacks."""
    return re.sub(r"[\s*`_|\\#\[\]]+", "", text).lower()


def _ingest(runtime: Runtime, wanted: Mapping[str, Sequence[str]], root: Path) -> None:
    for name, paths in wanted.items():
        view = collections.get_or_create(runtime, name)
        if not view.stats.chunks:
            # samples stand in the project, all else below the root
            files = local_files.files_under(
                [root / path if (root / path).exists() else Path(path) for path in paths]
            )
            ingest_with_bar(runtime, view.row.id, files, quiet=True)


def _without_answer(runtime: Runtime, question: Mapping[str, Any]) -> frozenset[int]:
    """Chunks that hold none of the texts that a right answer says, short ones only where they hold them all."""
    must = [_bare(text) for text in question.get("must", ())]
    collection = collections.get_or_create(runtime, question["collection"]).row.id
    with runtime.db.read() as session:
        live = chunks.live_ids(session, collection)
    texts = {key: _bare(passage.text) for key, passage in runtime.passages.passages(live).items()}
    return frozenset(
        key
        for key, text in texts.items()
        if not any(len(wanted) >= TELLING and wanted in text for wanted in must)
        and not (must and all(wanted in text for wanted in must))
    )


def _ask(
    runtime: Runtime, question: Mapping[str, Any], *, answer_all: bool, allow: frozenset[int] | None
) -> tuple[Answer, dict[str, float]]:
    history = tuple(Turn(**turn) for turn in question.get("history", ()))
    asked = Ask(
        collections=(question["collection"],),
        question=question["question"],
        history=history,
        answer_from=0.0 if answer_all else None,
        allow=allow,
    )
    outcome = run.answer(runtime, asked)
    return outcome.answer, dict(outcome.generated.signals) if outcome.generated else {}


def _as_text(question: Mapping[str, Any], answer: Answer) -> str:
    lines = [f"### {question['id']} {question['question']}"]
    if answer.standalone_question:
        lines.append(f"understood: {answer.standalone_question}")
    confidence = "" if answer.confidence is None else f"{100 * answer.confidence:.0f} %"
    kind = answer.shape if answer.answerable else f"refused ({answer.reason})"
    lines.append(f"[{kind}, {confidence}, {answer.timings_ms['total']:.0f} ms] {answer.text}")
    if answer.phrase:
        lines.append(f"phrase: {answer.phrase}")
    lines += [f"  [{c.n}] {c.document.title}: {c.quote[:60]!r}" for c in answer.citations[:6]]
    lines += [f"  near: {n.document.title}: {n.quote[:160]!r}" for n in answer.nearest]
    lines.append(f"expected: {question.get('expected', '')}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
