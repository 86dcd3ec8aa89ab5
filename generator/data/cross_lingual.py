"""Questions across languages without labels: a sentence with a blank, which the page in another language fills.

What both languages spell alike (names, commands, numbers) is what can be blanked: the place of the same characters in
the parallel section is the answer. Sections are parallel where two pages have the same headings, one by one.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from generator.data.cloze import blanked, sentence_ranges
from generator.data.examples import Example, stretches
from generator.errors import TrainingDataError

FENCE = re.compile(r"^\s*(```|~~~)")
HEADING = re.compile(r"^#{1,6}\s+")
PAGE_MARKUP = (
    re.compile(r"\A---\n.*?\n---\n", re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
)
"""Left out before headings are looked for: the head of the page, comments."""
TEXT_MARKUP = (
    (re.compile(r"!\[[^\]]*\]\([^)]*\)"), ""),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>\n]*>|\*\*|`|^:::.*$|^\|?[\s|:-]+\|\s*$|\{#[^}\n]*\}", re.MULTILINE), ""),
)
TERM = re.compile(r"-{0,2}[A-Za-z0-9][A-Za-z0-9_./=:+-]*[A-Za-z0-9]|\d")
COMMON_SHARE = 0.03
"""Terms in more sections than this share (the product's name) are not asked for."""


def parallel_examples(
    passages: Path, questions: Path, source: str, rng: random.Random, *, take: float = 1.0, most: int = 2
) -> list[Example]:
    """Ask in the language of one folder about the Markdown pages of another.

    Args:
        passages: Folder whose pages are read.
        questions: Folder with pages of the same names, whose sentences are the questions.
        source: Name that the examples carry.
        rng: Of the choice of terms.
        take: Share of the pages that is used, in order of names.
        most: Questions a section at most.

    Raises:
        TrainingDataError: The folders have no page in common.
    """
    names = sorted(p.relative_to(passages) for p in passages.rglob("*.md"))
    names = [name for name in names if (questions / name).is_file()]
    if not names:
        raise TrainingDataError(
            f"{passages} and {questions} have no page in common; check --data and the recipe"
        )
    pairs = [
        (str(name), read, asked)
        for name in names[: int(len(names) * take)]
        for read, asked in _aligned(
            (passages / name).read_text(encoding="utf-8"), (questions / name).read_text(encoding="utf-8")
        )
    ]
    sections_with = Counter(term for _, read, _ in pairs for term in set(TERM.findall(read)))
    common = max(3.0, COMMON_SHARE * len(pairs))
    examples = []
    for name, read, asked in pairs:
        terms = [t for t in sorted(set(TERM.findall(asked))) if 0 < sections_with[t] <= common]
        rng.shuffle(terms)
        made = (_ask(term, read, asked, f"{source}#{name}", source) for term in terms)
        examples += [example for example in made if example is not None][:most]
    return examples


def _aligned(read: str, asked: str) -> Iterator[tuple[str, str]]:
    """Plain texts of sections that stand at the same heading; none where the numbers of headings differ."""
    ours, theirs = list(_sections(read, code=True)), list(_sections(asked, code=False))
    if len(ours) == len(theirs):
        yield from zip(ours, theirs, strict=True)


def _sections(page: str, *, code: bool) -> Iterator[str]:
    """Text under each heading, with or without code blocks: code is the same in both languages and asks nothing."""
    for pattern in PAGE_MARKUP:
        page = pattern.sub("", page)
    lines: list[str] = []
    fenced = False
    for line in page.splitlines():
        if FENCE.match(line):
            fenced = not fenced
            continue
        if not fenced and HEADING.match(line):
            yield _plain(lines)
            lines = []
        if code or not fenced:
            lines.append(line if fenced else HEADING.sub("", line))
    yield _plain(lines)


def _plain(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    for pattern, instead in TEXT_MARKUP:
        text = pattern.sub(instead, text)
    return re.sub(r"\n\s*\n+", "\n", text).strip()


def _ask(term: str, read: str, asked: str, group: str, source: str) -> Example | None:
    """Blank the term where it first stands; the passage is the stretch that holds it at about the same depth."""
    alone = re.compile(rf"(?<![A-Za-z0-9_.=/-]){re.escape(term)}(?![A-Za-z0-9_=/-])")
    place = alone.search(asked)
    if place is None:
        return None
    start, end = place.span()
    a, b = next(((a, b) for a, b in sentence_ranges(asked) if a <= start and end <= b), (start, end))
    question = blanked(asked[a:start], term, asked[end:b])
    holding = [
        (abs(depth / max(1, len(read)) - start / len(asked)), part)
        for part in stretches(read)
        if (depth := read.find(part)) >= 0 and alone.search(part)
    ]
    if not question or not holding:
        return None
    passage = min(holding)[1]
    return Example(
        question=question,
        passage=passage,
        answers=tuple(match.span() for match in alone.finditer(passage)),
        group=group,
        source=source,
    )
