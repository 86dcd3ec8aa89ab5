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
from app.answers.generate import Outcome
from app.answers.json_form import answer_as_json
from app.answers.types import Answer
from app.cli.progress import ingest_with_bar
from app.composition.runtime import Runtime, build_runtime
from app.db import chunks
from app.intake import local_files
from app.library import collections
from app.settings.reading import load_settings
from retrieval.follow_up import Turn

FOREMOST = 5
"""Passages in which a person would look for the answer."""
SURE = 0.8
"""Confidence from which on an answer is shown without a doubt."""
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
                outcome = _ask(runtime, question, answer_all=chosen.answer_all, allow=allow)
                signals = dict(outcome.generated.signals) if outcome.generated else {}
                judged = judge(question, outcome)
                answer = answer_as_json(outcome.answer)
                shown.append({**question, "answer": answer, "signals": signals, "judged": judged})
                print(_as_text(question, outcome.answer), flush=True)
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
    print(json.dumps(summary([one["judged"] for one in shown])))


def judge(question: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    """What can be said of an answer without reading it.

    Args:
        question: With `must`, the texts that a right and whole answer shows; none where nothing answers.
        outcome: Of asking it.

    Returns:
        answerable, answered. whole: The answer holds all that it must. among_five, found, kept: All that it must
        stands in the five passages that search puts first, in all that it gave, in what compression kept of them.
    """
    must = [_bare(text) for text in question.get("must", ())]
    passages = outcome.retrieved.context.passages if outcome.retrieved else ()
    whole = [_bare(item.passage.text) for item in passages]
    kept = [
        _bare(item.passage.text[start - item.passage.start : end - item.passage.start])
        for item in passages
        for start, end in item.kept
    ]

    def stands_in(texts: Sequence[str]) -> bool:
        return bool(must) and all(any(wanted in text for text in texts) for wanted in must)

    return {
        "answerable": bool(must),
        "answered": outcome.answer.answerable,
        "whole": outcome.answer.answerable and stands_in([_bare(outcome.answer.text)]),
        "among_five": stands_in(whole[:FOREMOST]),
        "found": stands_in(whole),
        "kept": stands_in(kept),
        "confidence": outcome.answer.confidence,
    }


def summary(judged: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Counts over judged answers; see `judge`."""
    able = [one for one in judged if one["answerable"]]
    beside = [one for one in able if one["among_five"]]
    sure = [one for one in judged if one["answered"] and (one["confidence"] or 0.0) >= SURE]
    return {
        "answerable": len(able),
        "whole": sum(one["whole"] for one in able),
        "refused": sum(not one["answered"] for one in able),
        "among_five": len(beside),
        "refused_among_five": sum(not one["answered"] for one in beside),
        "found": sum(one["found"] for one in able),
        "kept": sum(one["kept"] for one in able),
        "unanswerable": len(judged) - len(able),
        "answered_though_unanswerable": sum(one["answered"] for one in judged if not one["answerable"]),
        "sure": len(sure),
        "sure_and_whole": sum(one["whole"] for one in sure),
    }


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
) -> Outcome:
    history = tuple(Turn(**turn) for turn in question.get("history", ()))
    asked = Ask(
        collections=(question["collection"],),
        question=question["question"],
        history=history,
        answer_from=0.0 if answer_all else None,
        allow=allow,
    )
    return run.answer(runtime, asked)


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
