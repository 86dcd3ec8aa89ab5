"""Decision 0048: questions that name the year of a law of which the collection has several editions.

    python -m benchmarks.editions FOLDER [--laws 60]

FOLDER holds Markdown files `NAME(YEAR-MONTH-DAY).md`. Up to four articles a law that begin alike in all editions are
asked for with each year; right is that article in the edition of that year. Words alone search, without vectors.
Several values of the preference of `retrieval.editions` are shown, for each half of the questions.
"""

import argparse
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from retrieval.config import FusionConfig
from retrieval.editions import by_edition
from retrieval.fusion import fuse
from retrieval.index.lexical import TantivyIndex
from retrieval.lexical import search_lexical
from retrieval.metrics import hit_at, mean
from retrieval.types import Passage

DEPTH = 32
BEGINNING = 18
_NAME = re.compile(r"([^(]+)\((\d{4})-")
_ARTICLE = re.compile(r"\**第[一二三四五六七八九十百零]+条\**\s*(.{20,})", re.DOTALL)
Question = tuple[str, frozenset[int]]


def laws_of(folder: Path, most: int) -> dict[str, dict[str, Path]]:
    """Files by law and year, of laws with several editions."""
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for file in sorted(folder.rglob("*.md")):
        if match := _NAME.match(file.name):
            found[match[1]].setdefault(match[2], file)
    several = {name: files for name, files in sorted(found.items()) if len(files) > 1}
    return dict(list(several.items())[:most])


def read_laws(laws: dict[str, dict[str, Path]]) -> tuple[list[Passage], list[Question]]:
    """Articles as passages, and questions with the passages that are right."""
    passages: list[Passage] = []
    questions: list[Question] = []
    rng = random.Random(0)
    for law, files in laws.items():
        begun: dict[str, dict[str, set[int]]] = {}
        for year, file in files.items():
            begun[year] = defaultdict(set)
            for text in re.split(r"\n\s*\n", file.read_text(encoding="utf-8")):
                if match := _ARTICLE.match(text.strip()):
                    number = len(passages)
                    begun[year][match[1][:BEGINNING]].add(number)
                    passages.append(
                        Passage(
                            chunk_id=number,
                            document_id=file.name,
                            text=text,
                            start=0,
                            end=len(text),
                            title=law,
                            name=file.name,
                        )
                    )
        alike = sorted(set.intersection(*(set(found) for found in begun.values())))
        for beginning in rng.sample(alike, min(4, len(alike))):
            questions += [
                (f"{year}年{law}规定：{beginning}？", frozenset(found[beginning]))
                for year, found in begun.items()
            ]
    return passages, questions


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--laws", type=int, default=60)
    options = parser.parse_args()
    passages, questions = read_laws(laws_of(options.folder, options.laws))
    index = TantivyIndex()
    index.add([passage.chunk_id for passage in passages], [passage.text for passage in passages])
    index.commit()
    by_id = {passage.chunk_id: passage for passage in passages}

    def recalls(part: Sequence[Question]) -> tuple[float, float]:
        ranked = []
        for question, gold in part:
            found = fuse({"dense": [], "lexical": search_lexical(index, question, DEPTH)}, FusionConfig())
            ranked.append(([hit.chunk_id for hit in by_edition(question, found, by_id)], gold))
        first, five = (mean([hit_at(order, gold, depth) for order, gold in ranked]) for depth in (1, 5))
        return first, five

    half = len(questions) // 2
    print(f"{len(passages)} articles, {len(questions)} questions; recall@1 / recall@5")
    for preference in (0.0, 0.1, 0.2, 0.3, 0.5):
        with patch("retrieval.editions.PREFERENCE", preference):
            cells = [
                "{:.3f} / {:.3f}".format(*recalls(part)) for part in (questions[:half], questions[half:])
            ]
        print(f"{preference:4} " + "   ".join(cells))


if __name__ == "__main__":
    main()
