"""Reading examples out of the usual file forms: SQuAD JSON, and JSON lines with a passage and answer ranges.

Every example is one question with one passage and the character ranges that answer it (none: unanswerable there).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.data.kinds import Supervision, has_kind, kind_answers
from generator.data.set_files import set_text
from generator.errors import TrainingDataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One question, one passage.

    Attributes:
        group: What passages may serve as each other's distractors: an article, or the set's name.
        answers: Character ranges in `passage`; empty where it does not answer.
        target: Free-form answer, where the set has one; else None.
        supervision: What `answers` say of the passage.
    """

    question: str
    passage: str
    answers: tuple[tuple[int, int], ...]
    group: str
    source: str
    target: str | None = None
    supervision: Supervision = Supervision.RANGES


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSpec:
    """One file of a recipe.

    Attributes:
        path: Relative to a data folder; the file may be packed (`.zst` after its name).
        name: What the set is called, for people; its licence follows.
        licence: Under which its authors publish it.
        compare: Leave out examples that touch a development part (see `overlap.py`).
        take: Share of the file that is used, from its start: articles of a SQuAD file, lines else.
        skip_last: Lines at the end that are left out (a development split).
        skip_first: Lines at the start that are left out.
        skip_share: Share of articles at the start of a SQuAD file that is left out.
        limit: Most examples, spread evenly over the file; None for all.
        repeat: How often the set is seen per epoch; a fraction samples.
        join: Largest number of neighbouring short passages (sentences) joined into one.
        free_form: Take answers as texts to be produced, also where the passage does not hold them word for word.
        cloze: Leave the set's own questions and make at most so many of each passage (see `cloze.py`); 0 asks the
            set's own. Lines then may hold a `text` alone.
        asked_in: A folder, where `path` is one too: its sentences are asked about the page of the same name, in
            another language (see `parallel.py`).
        page_parts: Lines are parts of pages that answer one question each; at most so many make a passage, and the
            first sentences of the right one are the answer (see `question_pages.py`). 0 for other sets.
    """

    path: str
    name: str = ""
    licence: str = ""
    compare: bool = False
    take: float = 1.0
    skip_last: int = 0
    skip_first: int = 0
    skip_share: float = 0.0
    limit: int | None = None
    repeat: float = 1.0
    join: int = 1
    free_form: bool = False
    cloze: int = 0
    asked_in: str = ""
    page_parts: int = 0


def locate(passage: str, answer: str, hint: int | None = None) -> tuple[int, int] | None:
    """Range of `answer` in `passage`: at `hint` where it stands there, else its nearest occurrence, else None."""
    if not answer:
        return None
    places = []
    at = passage.find(answer)
    while at >= 0:
        places.append(at)
        at = passage.find(answer, at + 1)
    if not places:
        return None
    start = min(places, key=lambda p: abs(p - hint)) if hint is not None else places[0]
    return start, start + len(answer)


def read_set(spec: SetSpec, root: Path) -> list[Example]:
    """The examples of a file that the spec selects, in file order; a line whose question is empty is none.

    Raises:
        TrainingDataError: The file is missing or of no known form.
    """
    return spread([e for e in _read_all(spec, root) if e.question.strip()], spec.limit)


def spread(examples: list[Example], limit: int | None) -> list[Example]:
    """At most `limit` of them, evenly over all; None for all."""
    if limit is None or len(examples) <= limit:
        return examples
    return [examples[i * len(examples) // limit] for i in range(limit)]


def _read_all(spec: SetSpec, root: Path) -> list[Example]:
    path = root / spec.path
    text = set_text(path)
    if path.suffix == ".json":
        content = json.loads(text)
        if "data" not in content:
            return _abstracts(content, spec)
        articles = content["data"]
        first, last = int(len(articles) * spec.skip_share), int(len(articles) * spec.take)
        return list(_squad(articles[first:last], spec.path))
    lines = [json.loads(line) for line in text.split("\n") if line.strip()]
    lines = lines[spec.skip_first : len(lines) - spec.skip_last]
    lines = lines[: int(len(lines) * spec.take)]
    examples = [e for line in lines if (e := _line(line, spec.path, free_form=spec.free_form)) is not None]
    if not examples:
        raise TrainingDataError(f"{path} holds no example of a known form")
    return _join_neighbours(lines, examples, spec.join) if spec.join > 1 else examples


def _abstracts(content: Any, spec: SetSpec) -> list[Example]:
    """PubMedQA (arXiv 1909.06146): abstracts without their conclusion, which answers the title in words of its own.

    Raises:
        TrainingDataError: The file is of another form, or the recipe wants ranges of it.
    """
    rows = list(content.items()) if isinstance(content, dict) else []
    known = bool(rows) and all(isinstance(row, dict) and "LONG_ANSWER" in row for _, row in rows)
    if not spec.free_form or not known:
        raise TrainingDataError(f"{spec.path} is no SQuAD file; of PubMedQA's form it needs `free_form`")
    return [
        Example(
            question=row["QUESTION"],
            passage="\n".join(row["CONTEXTS"]),
            answers=(),
            group=number,
            source=spec.path,
            target=row["LONG_ANSWER"],
        )
        for number, row in rows[: int(len(rows) * spec.take)]
    ]


def read_texts(spec: SetSpec, root: Path) -> list[str]:
    """The passages of a set, each once, in file order; a longer `text` of a line is cut into stretches of paragraphs.

    Raises:
        TrainingDataError: The file is missing or of no known form.
    """
    path = root / spec.path
    if path.suffix == ".jsonl":
        lines = [json.loads(line) for line in set_text(path).split("\n") if line.strip()]
        lines = lines[spec.skip_first : len(lines) - spec.skip_last]
        texts = [line.get("text") or line.get("answer") for line in lines[: int(len(lines) * spec.take)]]
        if lines and "context" not in lines[0] and "ctxs" not in lines[0]:
            return list(dict.fromkeys(part for text in texts if text for part in stretches(text)))
    return list(dict.fromkeys(example.passage for example in _read_all(spec, root)))


def stretches(text: str, longest: int = 700) -> list[str]:
    """Cut a text at sentence ends into parts of about `longest` Latin characters, or half as many Chinese ones."""
    parts, start, weight = [], 0, 0
    for place, character in enumerate(text):
        weight += 2 if character >= "\u3400" else 1
        if weight >= longest and character in ".!?。！？\n":
            parts.append(text[start : place + 1].strip())
            start, weight = place + 1, 0
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def _squad(articles: list[dict[str, Any]], source: str) -> Iterator[Example]:
    for number, article in enumerate(articles):
        group = f"{source}#{article.get('title', number)}"
        for paragraph in article["paragraphs"]:
            passage = paragraph["context"]
            for qa in paragraph["qas"]:
                found = {locate(passage, a["text"], a.get("answer_start")) for a in qa.get("answers", [])}
                answers = tuple(sorted(span for span in found if span is not None))
                if not answers and not qa.get("is_impossible", False):
                    continue
                yield Example(
                    question=qa["question"], passage=passage, answers=answers, group=group, source=source
                )


def _line(line: dict[str, Any], source: str, *, free_form: bool) -> Example | None:
    if "ctxs" in line:
        context = line["ctxs"][0]
        spans = tuple(s for a in line["answers"] if (s := locate(context["text"], a)) is not None)
        if not spans:
            return None
        return Example(
            question=line["question"],
            passage=context["text"],
            answers=spans,
            group=context["title"],
            source=source,
        )
    if has_kind(line):
        return _of_kind(line, source, free_form=free_form)
    passage, question = line["context"], line["question"]
    if line.get("validators_agree", 2) < 2:
        return None
    group = line.get("title") or line.get("story") or line.get("sentence_id", source).rsplit(":", 1)[0]
    if "answer_spans" in line:
        spans = tuple(sorted({(int(a), int(b)) for a, b in line["answer_spans"] if b > a}))
        spans = spans[:1] if not line.get("contiguous", True) else spans
    else:
        texts = line.get("answers") or [line.get("answer", "")]
        texts = [texts] if isinstance(texts, str) else texts
        spans = tuple(s for t in texts if (s := locate(passage, t)) is not None)
    target = line["answers"][0] if free_form else None
    if not spans and target is None:
        return None
    return Example(
        question=question, passage=passage, answers=spans, group=group, source=source, target=target
    )


def _of_kind(line: dict[str, Any], source: str, *, free_form: bool) -> Example | None:
    """Example of a line with a kind: for reading, or, as free form, for copying or writing."""
    found = kind_answers(line)
    if found is None or (free_form and not found.target and found.supervision != Supervision.RANGES):
        return None
    return Example(
        question=line["question"].strip(),
        passage=line["context"],
        answers=found.spans,
        group=f"{source}#{line['title']}" if line.get("title") else source,
        source=source,
        target=found.target if free_form else None,
        supervision=found.supervision,
    )


def _join_neighbours(lines: list[dict[str, Any]], examples: list[Example], most: int) -> list[Example]:
    """Put sentences of one article into passages of up to `most` sentences; half of the examples stay single."""
    sentences: dict[str, dict[int, str]] = {}
    place: dict[str, tuple[str, int]] = {}
    for line in lines:
        article, number = line["sentence_id"].rsplit(":", 1)
        sentences.setdefault(article, {})[int(number)] = line["context"]
        place[line["context"]] = (article, int(number))
    joined = []
    for i, example in enumerate(examples):
        article, number = place[example.passage]
        known = sentences[article]
        order = sorted(known)
        at = order.index(number)
        size = 1 if i % 2 else 2 + (i // 2) % (most - 1)
        first = max(0, at - (i // 4) % size)
        before = "".join(known[n] + " " for n in order[first:at])
        after = "".join(" " + known[n] for n in order[at + 1 : first + size])
        shift = len(before)
        joined.append(
            Example(
                question=example.question,
                passage=before + example.passage + after,
                answers=tuple((a + shift, b + shift) for a, b in example.answers),
                group=example.group,
                source=example.source,
            )
        )
    return joined
