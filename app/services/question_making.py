"""Make training questions from texts alone: candidates by rule, kept where the model itself answers them as meant."""

import json
import random
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import rjieba
import torch

from app.services.trained import Parts, load_reader
from generator.checkpoint import read_folder
from generator.errors import TrainingDataError
from generator.training.batches import BatchConfig, ReadingBatch, ReadingData
from generator.training.examples import SetSpec, read_texts
from generator.training.parallel import page_texts
from generator.training.synthetic.english_words import Words
from generator.training.synthetic.questions import MadeQuestion, made_questions
from generator.training.synthetic.round_trip import Read, RoundTripConfig, consistent
from retrieval.index.analysis import simplified

BLOCK = 96
"""Passages that are asked about, checked and written together; near misses come from among them."""
SHAPES = BatchConfig(passage_pieces=(96, 160, 224), batch_pieces=2048, negatives=0.0, hard_count=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class MakingOptions:
    """What the command line chooses.

    Attributes:
        data: Folder that the recipe's paths are relative to.
        recipe: `texts`: sets whose passages are asked about; `limit` of each is the most questions kept of it. A
            folder is taken as one of Markdown pages.
        out: JSON lines of `question`, `context`, `answer_spans`, `answers`, `kind`, `language`, `title`; what
            was made is told by block in `<out>.log`, from which a stopped run goes on.
        limit: Most questions kept in all; None for the sum of the sets'.
        models: Folder with `encoder/`.
        model: Model folder or run whose reader checks.
        seed: Of the order of passages, and of the choice and variation of questions.
        check: When a question is kept; how the model compares passages is read from its own calibration.
        compile_model: Use `torch.compile`.
    """

    data: Path
    recipe: Path
    out: Path
    limit: int | None = None
    models: Path = Path("models")
    model: Path = Path("models/fathom-small")
    seed: int = 0
    check: RoundTripConfig = field(default_factory=RoundTripConfig)
    compile_model: bool = True

    @property
    def log(self) -> Path:
        """One line a block."""
        return self.out.with_name(self.out.name + ".log")


def make_questions(options: MakingOptions, on_block: Callable[[Counter[str]], None]) -> Counter[str]:
    """Make questions until the limit, or until there are no more passages; none is kept twice.

    Args:
        options: What to read, and where to write.
        on_block: Told the sums so far after every block.

    Returns:
        How many were `made` and `kept`, in all and as `made/<language>/<kind>`.

    Raises:
        TrainingDataError: The recipe names no texts, or one of its sets is missing.
        CheckpointError: There is no reader.
    """
    plan = json.loads(options.recipe.read_text(encoding="utf-8"))
    specs = [SetSpec(**spec) for spec in plan.get("texts", [])]
    if not specs:
        raise TrainingDataError(f"{options.recipe} names no texts; give it a list of sets as `texts`")
    texts = {spec: _texts(spec, options.data) for spec in specs}
    words = Words([text for passages in texts.values() for text in passages])
    checker = _Checker(options)
    sums, done = _resume(options)
    asked = {json.loads(line)["question"] for line in options.out.read_text(encoding="utf-8").splitlines()}
    kept = {spec: sums[f"kept/{spec.path}"] for spec in specs}
    for spec, block in _in_turn({spec: len(passages) for spec, passages in texts.items()}):
        total = sum(kept.values())
        room = min(
            (
                limit - count
                for limit, count in ((spec.limit, kept[spec]), (options.limit, total))
                if limit is not None
            ),
            default=None,
        )
        name = f"{spec.path}#{block}"
        if name in done or (room is not None and room <= 0):
            continue
        rng = random.Random(zlib.crc32(f"{options.seed} {name}".encode()))
        passages = _shuffled(texts[spec], options.seed)[block * BLOCK : (block + 1) * BLOCK]
        new = (
            q for q in made_questions(passages, spec.path, words, tag, rng) if q.example.question not in asked
        )
        made = list({question.example.question: question for question in new}.values())
        good = checker.kept(made)
        if room is not None and len(good) > room:
            good = good[:room]
            made = made[: made.index(good[-1]) + 1]
        counts = _counts(made, good, spec)
        _write(options, name, good, counts)
        kept[spec] += len(good)
        asked |= {question.example.question for question in good}
        sums.update(counts)
        on_block(sums)
    return sums


def tag(text: str) -> list[tuple[str, str]]:
    """Chinese words with jieba's parts of speech; traditional characters are tagged as their simplified ones."""
    simple = simplified(text)
    tagged, at = [], 0
    for word, part in rjieba.tag(simple if len(simple) == len(text) else text):
        tagged.append((text[at : at + len(word)], part))
        at += len(word)
    return tagged


class _Checker:
    """The model's reader, loaded once."""

    def __init__(self, options: MakingOptions) -> None:
        self.parts = Parts(options.models)
        reader, _ = load_reader(self.parts, options.model)
        reader.eval()
        forward = torch.compile(reader, dynamic=False) if options.compile_model else reader
        self.config = RoundTripConfig(**asdict(options.check) | _calibration(options.model))

        def read(batch: ReadingBatch) -> Any:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return forward(batch)

        self.read: Read = read

    def kept(self, made: Sequence[MadeQuestion]) -> list[MadeQuestion]:
        """Those that the reader answers as meant."""
        if not made:
            return []
        examples = [question.example for question in made]
        data = ReadingData(examples, self.parts.tokenizer, self.parts.matcher, SHAPES)
        assert len(data.examples) == len(made), "every answer holds a piece, so that none is dropped"
        return [made[number] for number in consistent(data, self.read, self.config)]


def _calibration(model: Path) -> dict[str, float]:
    """How a packed model compares passages; nothing for a run."""
    if not (model / "meta.json").exists():
        return {}
    calibration = read_folder(model)[1]["calibration"]
    return {name: calibration[name] for name in ("relevance_weight", "answerable_scale", "answerable_shift")}


def _texts(spec: SetSpec, data: Path) -> list[str]:
    path = data / spec.path
    return page_texts(path, take=spec.take) if path.is_dir() else read_texts(spec, data)


def _shuffled(texts: Sequence[str], seed: int) -> list[str]:
    order = list(texts)
    random.Random(seed).shuffle(order)
    return order


def _in_turn(sizes: dict[SetSpec, int]) -> Iterator[tuple[SetSpec, int]]:
    """A block of each set in turn, by number."""
    for block in range(max(sizes.values()) // BLOCK + 1):
        for spec, size in sizes.items():
            if block * BLOCK < size:
                yield spec, block


def _counts(made: Sequence[MadeQuestion], kept: Sequence[MadeQuestion], spec: SetSpec) -> Counter[str]:
    counts: Counter[str] = Counter()
    for stage, questions in (("made", made), ("kept", kept)):
        counts[stage] += len(questions)
        counts[f"{stage}/{spec.path}"] += len(questions)
        counts.update(f"{stage}/{question.language}/{question.kind}" for question in questions)
    return counts


def _write(options: MakingOptions, block: str, kept: Sequence[MadeQuestion], counts: Counter[str]) -> None:
    """Append questions, then the block's line with the size the file has then: what comes after it is unfinished."""
    with options.out.open("a", encoding="utf-8") as handle:
        handle.writelines(json.dumps(_line(question), ensure_ascii=False) + "\n" for question in kept)
    line = {"block": block, "bytes": options.out.stat().st_size, "counts": counts}
    with options.log.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(line) + "\n")


def _line(question: MadeQuestion) -> dict[str, Any]:
    example = question.example
    return {
        "question": example.question,
        "context": example.passage,
        "answer_spans": example.answers,
        "answers": [example.passage[a:b] for a, b in example.answers],
        "kind": question.kind,
        "language": question.language,
        "title": example.group,
    }


def _resume(options: MakingOptions) -> tuple[Counter[str], set[str]]:
    """Sums and names of the blocks that an earlier run finished; what it wrote of others is cut off."""
    options.out.parent.mkdir(parents=True, exist_ok=True)
    sums: Counter[str] = Counter()
    done: set[str] = set()
    logged = written = 0
    options.log.touch()
    for text in options.log.read_bytes().splitlines(keepends=True):
        if text.endswith(b"\n"):
            line = json.loads(text)
            done.add(line["block"])
            sums.update(line["counts"])
            logged, written = logged + len(text), line["bytes"]
    for path, size in ((options.log, logged), (options.out, written)):
        with path.open("ab") as handle:
            handle.truncate(size)
    return sums, done
