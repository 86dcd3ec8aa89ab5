"""Decision 0076: first words, whole answers and memory of several builds, asked the same in turn, in CPU time.

    python -m benchmarks.answer_cost FILE BUILD=FOLDER ... [--last 700] [--article-from 0.8] [--questions 16] [--json]

FILE is a question file as `fathom eval` reads it, FOLDER a checkout with its models. Each build is a process that loads
its own weights with its own code, and reads its gold paragraph and four stretches of the set, 256 pieces each, with
nothing kept of them. The builds take turns question by question, in the order given and then the other way round.
Milliseconds are CPU time of all threads, so that other work on the machine does not count. What one of them refuses is
left out.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

PASSAGES, PIECES = 5, 256


class Build:
    """A process with the code and the weights of a checkout, asked one question at a time."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--child"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: str, passages: Sequence[str]) -> dict[str, Any]:
        """What the process tells of one answer; see `_child`.

        Raises:
            RuntimeError: The process has ended.
        """
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError(f"{self.name} has no pipes")
        print(
            json.dumps({"question": question, "passages": list(passages)}),
            file=self.process.stdin,
            flush=True,
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has ended")
        told: dict[str, Any] = json.loads(line)
        return told

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


def _child() -> None:
    """Answer the questions of standard input, one JSON line each, by the code in the working folder."""
    sys.path.insert(0, str(Path.cwd()))
    from ingestion.sentences import split_sentences
    from retrieval.encoder_weights import encoder_state

    try:
        from generator.fathom_small.loading import load_generator
    except ImportError:  # builds before 2026-12-01 have it elsewhere
        from generator.loading import load_generator  # type: ignore[import-not-found, no-redef]
    from generator.types import Generated, Request, SourcePassage, Token

    models = Path("models").resolve()
    generator = load_generator(
        models / "fathom-small",
        encoder_state=encoder_state(models / "encoder"),
        tokenizer_path=models / "encoder" / "tokenizer.json",
    )
    for line in sys.stdin:
        asked = json.loads(line)
        sources = [
            SourcePassage(key=str(i), text=text, sentences=split_sentences(text))
            for i, text in enumerate(asked["passages"])
        ]
        generator.reader.memories.clear()
        began, first = time.process_time(), 0.0
        for event in generator.stream(Request(question=asked["question"], passages=sources)):
            if isinstance(event, Token) and not first:
                first = time.process_time() - began
            if isinstance(event, Generated):
                told = {
                    "answered": event.answerable,
                    "first": 1000 * first,
                    "whole": 1000 * (time.process_time() - began),
                    "characters": len(event.text),
                    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                }
        print(json.dumps(told), flush=True)


def passages_of(options: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    """Questions, each with its gold paragraph and stretches of the set, cut to `PIECES` pieces."""
    from tokenizers import Tokenizer

    from app.measuring.questions.datasets import Selection, build
    from app.settings.reading import load_settings
    from benchmarks.chat_model import cut, gold, windows
    from benchmarks.public_sets import read

    selection = Selection(last=options.last, article_from=options.article_from, sample=200, seed=0)
    dataset = build(options.file.name, *read(options.file), selection)
    tokenizer = Tokenizer.from_file(str(load_settings().models_dir / "encoder" / "tokenizer.json"))
    stretches = windows(dataset, tokenizer)
    for question in dataset.questions:
        if question.answerable:
            first = cut(gold(dataset, question), tokenizer)
            yield question.text, [first, *(next(stretches) for _ in range(PASSAGES - 1))]


def compared(builds: Sequence[Build], options: argparse.Namespace) -> dict[str, Any]:
    """Medians of each build over the questions that all answered, and their ratios to the first build."""
    rows: list[list[dict[str, Any]]] = []
    asked = 0
    for question, passages in passages_of(options):
        order = list(enumerate(builds))
        asked += 1
        told: dict[int, dict[str, Any]] = {}
        for place, build in order if asked % 2 else reversed(order):
            told[place] = build.ask(question, passages)
        if asked > 1 and all(one["answered"] for one in told.values()):  # the first one warms up
            rows.append([told[place] for place, _ in order])
        if len(rows) == options.questions:
            break
    figures = ("first", "whole", "characters", "peak_mb")
    medians = [
        {name: round(statistics.median(row[at][name] for row in rows), 1) for name in figures}
        for at in range(len(builds))
    ]
    for at, one in enumerate(medians):
        one["peak_mb"] = round(rows[-1][at]["peak_mb"])
    ratios = [
        {name: round(statistics.median(row[at][name] / row[0][name] for row in rows), 2) for name in figures}
        for at in range(len(builds))
    ]
    names = [build.name for build in builds]
    return {
        "asked": asked,
        "answered_by_all": len(rows),
        "medians": dict(zip(names, medians, strict=True)),
        "ratio_to_first": dict(zip(names, ratios, strict=True)),
    }


def main() -> None:
    """Read the command line, ask all builds in turn, and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("builds", nargs="+", metavar="BUILD=FOLDER")
    parser.add_argument("--last", type=int)
    parser.add_argument("--article-from", type=float, default=0.0)
    parser.add_argument("--questions", type=int, default=16)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    builds = [Build(name, Path(folder)) for name, _, folder in (b.partition("=") for b in options.builds)]
    try:
        report = compared(builds, options)
    finally:
        for build in builds:
            build.close()
    print(json.dumps(report, indent=None if options.json else 1))


if __name__ == "__main__":
    if "--child" in sys.argv:
        _child()
    else:
        main()
