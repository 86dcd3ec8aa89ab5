"""Train the byte-level BPE vocabulary on Chinese and English files and save it in tiktoken's format.

    python -m ingestion.train_vocabulary --chinese news.jsonl laws/ --english stories.jsonl docs/en

Text is taken from `.txt` and `.md` and, as every string value long enough to be prose, from `.json` and
`.jsonl`. Each language gets the same number of bytes, in equal shares of its paths.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as PreTokenizers
from tokenizers.trainers import BpeTrainer

from ingestion.tokens import PRE_SPLIT_PATTERN, save_vocabulary

_MIN_PROSE_CHARS = 40


def byte_symbols() -> dict[str, int]:
    """Printable stand-ins that byte-level BPE uses for bytes, as symbol -> byte.

    Printable Latin-1 stands for itself; the other bytes get the code points from 256 on (GPT-2's table).
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


def pre_tokenizer() -> PreTokenizers:
    """The pre-split pattern followed by the byte-level mapping."""
    return PreTokenizers(
        [
            Split(Regex(PRE_SPLIT_PATTERN), behavior="isolated"),
            ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def train_ranks(texts: Iterable[str], pieces: int) -> dict[bytes, int]:
    """Train a byte-level BPE.

    Args:
        texts: Training texts.
        pieces: Size of the vocabulary, at least 256.

    Returns:
        Piece -> rank, in the order of the merges; the 256 single bytes come first.
    """
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizer()
    trainer = BpeTrainer(
        vocab_size=pieces,
        min_frequency=4,
        initial_alphabet=sorted(byte_symbols()),
        max_token_length=64,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    symbols = byte_symbols()
    by_id = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    learned = [bytes(symbols[symbol] for symbol in piece) for piece, _ in by_id]
    return {piece: rank for rank, piece in enumerate(learned)}


def read_texts(path: Path) -> Iterator[str]:
    """Texts of one file, or of all files below a folder in name order."""
    if path.is_dir():
        for child in sorted(path.rglob("*")):
            if child.is_file():
                yield from read_texts(child)
    elif path.suffix in {".txt", ".md"}:
        yield path.read_text(encoding="utf-8", errors="replace")
    elif path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield from _prose_in(json.loads(line))
    elif path.suffix == ".json":
        yield from _prose_in(json.loads(path.read_text(encoding="utf-8")))


def _prose_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) >= _MIN_PROSE_CHARS:
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _prose_in(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _prose_in(item)


def sample(paths: Sequence[Path], budget_bytes: int) -> Iterator[str]:
    """Distinct texts, about `budget_bytes` of UTF-8, shared equally; a file's unused share goes to the next ones."""
    for position, path in enumerate(paths):
        share = budget_bytes // (len(paths) - position)
        taken = 0
        seen: set[int] = set()
        for text in read_texts(path):
            if taken >= share:
                break
            if hash(text) not in seen:
                seen.add(hash(text))
                taken += len(text.encode("utf-8", errors="replace"))
                yield text
        budget_bytes -= taken


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: train and write the vocabulary."""
    parser = argparse.ArgumentParser(description="Train the tiktoken vocabulary.")
    parser.add_argument("--chinese", type=Path, nargs="+", required=True, help="files or folders")
    parser.add_argument("--english", type=Path, nargs="+", required=True, help="files or folders")
    parser.add_argument("--megabytes", type=float, default=24.0, help="UTF-8 megabytes per language")
    parser.add_argument("--pieces", type=int, default=32_000, help="size of the vocabulary")
    parser.add_argument("--output", type=Path, default=Path("models/tokenizer/fathom_bpe.tiktoken"))
    options = parser.parse_args(arguments)
    budget = int(options.megabytes * 1_000_000)
    texts = (text for paths in (options.chinese, options.english) for text in sample(paths, budget))
    ranks = train_ranks(texts, options.pieces)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    save_vocabulary(options.output, ranks)


if __name__ == "__main__":
    main()
