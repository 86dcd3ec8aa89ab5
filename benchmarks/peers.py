"""Decision 0030: Fathom beside txtai, LlamaIndex and Haystack: same files, questions and machine, in turn.

    python -m benchmarks.peers FILE [FILE ...] --minilm FOLDER [--articles 80] [--sample 200] [--json] [--table FILE]

FILE is a question file as `fathom eval` reads it; each article becomes one text file. FOLDER holds all-MiniLM-L6-v2 in
sentence-transformers' format. Each side is a process of its own (`benchmarks/peer_sides.py`): it loads its models, then
it takes the files in, then it answers the questions one by one with five chunks.

A question is found at the rank of the first chunk that is of the right document and holds an answer word for word.
Chunks differ in size, and larger ones find more; so the tokens of the five are given too. Ours keeps everything in a
database on disk; the others keep it in memory. `--table` writes the table in Markdown between the marks in FILE.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerFast

from app.composition.encoder import VOCABULARY
from app.measuring.questions.datasets import Question, QuestionSet
from app.measuring.speed.timing import machine, percentiles_ms
from app.settings.reading import load_settings
from benchmarks.peer_sides import SIDES
from benchmarks.question_sets import chosen
from ingestion.tokens import TokenCounter, load_vocabulary
from retrieval.encoder_weights import load_encoder
from retrieval.metrics import mean

K = 5
MARKS = ("<!-- peers -->", "<!-- /peers -->")
SPACE = re.compile(r"\s+")


def write_encoder(models: Path, folder: Path) -> None:
    """Our encoder as a folder that any library of sentence embeddings loads."""
    encoder, tokenizer = load_encoder(models / "encoder")
    encoder.save_pretrained(folder)
    roles = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>", "unk": "<unk>", "pad": "<pad>"}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=512,
        **{f"{role}_token": piece for role, piece in roles.items()},
    ).save_pretrained(folder)


def names_of(dataset: QuestionSet) -> list[str]:
    """File names by article."""
    return [f"{number:04d}.txt" for number in range(len(dataset.articles))]


def run_side(name: str, job: Mapping[str, Any], work: Path) -> dict[str, Any]:
    """Run one side in a process of its own.

    Raises:
        RuntimeError: It failed; what it printed is in the message.
    """
    home = tempfile.mkdtemp(dir=work)
    file = work / "job.json"
    file.write_text(json.dumps({**job, "home": home}), encoding="utf-8")
    quiet = ["env", "HF_HUB_OFFLINE=1", "HAYSTACK_TELEMETRY_ENABLED=False"]
    command = [*quiet, sys.executable, "-m", "benchmarks.peer_sides", name, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def judged(result: Mapping[str, Any], dataset: QuestionSet, count: TokenCounter) -> dict[str, Any]:
    """Figures of one side."""
    names = names_of(dataset)
    ranks = [
        rank(found, question, dataset, names)
        for found, question in zip(result["found"], dataset.questions, strict=True)
    ]
    tokens = [sum(count(text) for _, text in found[:K]) for found in result["found"]]
    return {
        "chunks": result["chunks"],
        "documents_per_s": round(len(names) / result["ingest_s"], 2),
        "chunks_per_s": round(result["chunks"] / result["ingest_s"], 2),
        "ingest_s": round(result["ingest_s"], 2),
        "peak_mib": round(result["peak_mib"]),
        **percentiles_ms(result["seconds"]),
        "recall@1": round(mean([float(r == 1) for r in ranks]), 3),
        "recall@5": round(mean([float(r is not None) for r in ranks]), 3),
        "mrr@5": round(mean([1 / r if r else 0.0 for r in ranks]), 3),
        "tokens_at_5": round(float(np.mean(tokens))),
    }


def rank(
    found: Sequence[tuple[str, str]], question: Question, dataset: QuestionSet, names: Sequence[str]
) -> int | None:
    """Rank of the first chunk that answers, or None."""
    golds = [
        (
            names[item.article],
            SPACE.sub("", dataset.articles[item.article].paragraphs[item.paragraph][item.start : item.end]),
        )
        for item in question.evidence
    ]
    for number, (name, text) in enumerate(found[:K], 1):
        bare = SPACE.sub("", text)
        if any(name == document and gold in bare for document, gold in golds):
            return number
    return None


def table(report: Mapping[str, Any]) -> str:
    """The report in Markdown."""
    lines = []
    columns = (
        "documents/s",
        "peak memory, MiB",
        "search p50 / p99, ms",
        "recall@1",
        "recall@5",
        "MRR@5",
        "tokens of the 5",
    )
    for name, part in report["sets"].items():
        size = (
            f"{part['documents']} documents, {part['characters']:,} characters, {part['questions']} questions"
        )
        lines += [f"`{name}`: {size}", "", f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
        lines += [
            f"| {side} | {f['documents_per_s']} | {f['peak_mib']} | {f['p50_ms']:.1f} / {f['p99_ms']:.1f} "
            f"| {f['recall@1']:.2f} | {f['recall@5']:.2f} | {f['mrr@5']:.2f} | {f['tokens_at_5']:,} |"
            for side, f in part["sides"].items()
        ]
        lines.append("")
    return "\n".join(lines)


def put_into(file: Path, text: str) -> None:
    """Replace what stands between the marks of a file.

    Raises:
        ValueError: The file has no marks.
    """
    content = file.read_text(encoding="utf-8")
    start, end = (content.index(mark) for mark in MARKS)
    file.write_text(content[: start + len(MARKS[0])] + "\n" + text + content[end:], encoding="utf-8")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--articles", type=int, default=80, help="documents a file at most")
    parser.add_argument(
        "--article-from", type=float, default=0.0, help="share of articles to leave out at the start"
    )
    parser.add_argument("--sample", type=int, default=200, help="questions a file at most")
    parser.add_argument("--sides", nargs="*", default=list(SIDES))
    parser.add_argument("--table", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    models = load_settings().models_dir
    count = TokenCounter(load_vocabulary(models / VOCABULARY))
    report: dict[str, Any] = {"machine": machine(), "sets": {}}
    with tempfile.TemporaryDirectory(prefix="fathom-peers-") as folder:
        work = Path(folder)
        write_encoder(models, work / "encoder")
        for file in options.files:
            dataset = chosen(
                file, articles=options.articles, sample=options.sample, article_from=options.article_from
            )
            texts = ["\n\n".join(article.paragraphs) for article in dataset.articles]
            place = work / file.parent.name
            place.mkdir()
            for name, text in zip(names_of(dataset), texts, strict=True):
                (place / name).write_text(text, encoding="utf-8")
            job = {
                "folder": str(place),
                "questions": [question.text for question in dataset.questions],
                "k": K,
                "models": str(models),
                "minilm": str(options.minilm),
                "encoder": str(work / "encoder"),
            }
            sides = {}
            for side in options.sides:
                print(f"{file.parent.name}: {side}", file=sys.stderr)
                sides[side] = judged(run_side(side, job, work), dataset, count)
            report["sets"][file.parent.name] = {
                "documents": len(texts),
                "characters": sum(map(len, texts)),
                "questions": len(dataset.questions),
                "sides": sides,
            }
    print(json.dumps(report, ensure_ascii=False, indent=1) if options.json else table(report))
    if options.table:
        put_into(options.table, table(report))


if __name__ == "__main__":
    main()
