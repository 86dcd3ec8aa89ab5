"""Fit the language direction of an encoder to reading sets, and write it beside the encoder.

    python -m retrieval.language_direction_fit models/encoder --english QED.jsonl:-700 --chinese CMRC.json

A set is SQuAD JSON, or JSON lines with `question` and `context`; `:-N` leaves out its last N items. Of each language
`--sample` questions and the beginnings of their passages are encoded.
"""

import argparse
import json
import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.embedder import SentenceTransformerEmbedder
from retrieval.language_direction import fitted_direction, save_direction

_ENGLISH_CHARS, _CHINESE_CHARS = 700, 250
"""Characters of a passage that are read: about as many pieces in both."""


def pairs_of(spec: str) -> list[tuple[str, str]]:
    """Questions and passages of `FILE[:-LEFT_OUT]`, one a passage in SQuAD JSON."""
    name, _, left_out = spec.partition(":-")
    text = Path(name).read_text(encoding="utf-8")
    if name.endswith(".jsonl"):
        items = [json.loads(line) for line in text.splitlines()]
        pairs = [(item["question"], item["context"]) for item in items]
    else:
        paragraphs = [p for article in json.loads(text)["data"] for p in article["paragraphs"]]
        pairs = [(p["qas"][0]["question"], p["context"]) for p in paragraphs if p["qas"]]
    return pairs[: len(pairs) - int(left_out or 0)]


def _encoded(
    embedder: SentenceTransformerEmbedder, pairs: list[tuple[str, str]], chars: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    questions = embedder.embed_queries([question for question, _ in pairs])
    return questions, embedder.embed_passages([passage[:chars] for _, passage in pairs])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("encoder", type=Path)
    parser.add_argument("--english", required=True, metavar="FILE[:-N]")
    parser.add_argument("--chinese", required=True, metavar="FILE[:-N]")
    parser.add_argument("--sample", type=int, default=500)
    options = parser.parse_args()
    rng = random.Random(0)
    embedder = SentenceTransformerEmbedder(options.encoder)
    chinese = _encoded(embedder, rng.sample(pairs_of(options.chinese), options.sample), _CHINESE_CHARS)
    english = _encoded(embedder, rng.sample(pairs_of(options.english), options.sample), _ENGLISH_CHARS)
    save_direction(options.encoder, fitted_direction(english, chinese), embedder.model_id)


if __name__ == "__main__":
    main()
