"""Decision 0048: questions in one language about passages in the other, from parallel question files.

    python -m benchmarks.cross_language EN.json ZH.json [--sample 100] [--json]

Both files are SQuAD JSON with the same questions in the same order, as BiPaR has them (arXiv 1910.05040). The four
pairs of languages are measured by `fathom eval` in a temporary home: a question finds its passage among all, and
is answered from the gold passage alone and from what was found, in the passage's language. Whole pages in two languages
are asked for by `benchmarks/cross_language_pages.py`.
"""

import argparse
import copy
import json
import tempfile
from pathlib import Path
from typing import Any

from app.measuring.quality.report import figure_of
from benchmarks.evaluated import evaluated

Squad = dict[str, Any]
FIGURES = (
    "retrieval.dense.recall@1", "retrieval.dense.recall@5", "retrieval.fused.recall@1", "retrieval.fused.recall@5",
    "gold.phrase_f1", "gold.f1", "retrieved.phrase_f1", "retrieved.f1", "abstention.auroc",
)  # fmt: skip


def asked_in(questions: Squad, passages: Squad) -> Squad:
    """The passages and answers of one file with the questions of the other.

    Raises:
        SystemExit: The files are not parallel.
    """
    mixed: Squad = copy.deepcopy(passages)
    for asked, read in zip(_groups(questions), _groups(mixed), strict=True):
        if len(asked) != len(read):
            raise SystemExit(
                "the files are not parallel: a paragraph has more questions in one than in the other"
            )
        for one, other in zip(asked, read, strict=True):
            other["question"] = one["question"]
    return mixed


def _groups(squad: Squad) -> list[list[dict[str, Any]]]:
    return [paragraph["qas"] for article in squad["data"] for paragraph in article["paragraphs"]]


def measured(squad: Squad, sample: int) -> dict[str, Any]:
    """The report of `fathom eval` on these questions."""
    with tempfile.TemporaryDirectory(prefix="fathom-bench-") as folder:
        file = Path(folder) / "questions.json"
        file.write_text(json.dumps(squad, ensure_ascii=False), encoding="utf-8")
        choice = ("--sample", str(sample), "--seed", "0", "--drop-gold", "0.25", "--all-articles")
        return evaluated(file, *choice)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("english", type=Path)
    parser.add_argument("chinese", type=Path)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    files = {
        "en": json.loads(options.english.read_text(encoding="utf-8")),
        "zh": json.loads(options.chinese.read_text(encoding="utf-8")),
    }
    reports = {
        f"{asked} about {read}": measured(asked_in(files[asked], files[read]), options.sample)
        for read in files
        for asked in files
    }
    if options.json:
        print(json.dumps(reports, ensure_ascii=False, indent=1))
        return
    print(f"{'':28}" + "".join(f"{name:>14}" for name in reports))
    for figure in FIGURES:
        values = (figure_of(report, figure) for report in reports.values())
        print(f"{figure:28}" + "".join(f"{'–' if value is None else f'{value:.3f}':>14}" for value in values))


if __name__ == "__main__":
    main()
