"""Texts for the benchmarks: documents, paragraphs of mixed lengths, fixed windows of tokens."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import tiktoken

from app.errors import InvalidInputError
from app.intake.local_files import LocalFile, files_under
from ingestion.config import ParsingLimits
from ingestion.errors import IngestionError
from ingestion.parser_process import ParserProcess
from ingestion.pipeline import parse
from ingestion.types import Document, Source

WINDOW_TOKENS = 512
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def read_documents(files: Sequence[LocalFile], limits: ParsingLimits) -> list[Document]:
    """Parse files; unreadable ones are left out.

    Raises:
        InvalidInputError: None can be read.
    """
    documents = list(parsed(files, limits))
    if not documents:
        raise InvalidInputError(
            "no_readable_files", "None of the files holds text that can be read.", "Name others."
        )
    return documents


def parsed(files: Sequence[LocalFile], limits: ParsingLimits) -> Iterator[Document]:
    """Documents of files one by one; unreadable ones are left out."""
    with ParserProcess() as parser:
        for file in files:
            try:
                yield parse(Source(name=file.name, data=file.path.read_bytes()), limits, parser=parser)
            except IngestionError:
                continue


def sample_files() -> list[LocalFile]:
    """The sample documents that ship with the program."""
    return files_under([SAMPLES])


def mixed_paragraphs(documents: Sequence[Document], count: int, seed: int = 0) -> list[str]:
    """Stretches of log-normal lengths (median 300 characters, 20 to 1,200), in random order."""
    rng = random.Random(seed)
    text = "\n".join(document.text for document in documents)
    texts = []
    for _ in range(count):
        length = int(min(1200, max(20, rng.lognormvariate(5.7, 0.8))))
        start = rng.randrange(max(1, len(text) - length))
        texts.append(text[start : start + length])
    return texts


def window_ranges(
    text: str, encoding: tiktoken.Encoding, limit: int = WINDOW_TOKENS, overlap: int = 0
) -> Iterator[tuple[int, int]]:
    """Where a text is cut every `limit` tokens, wherever that falls: the common way of libraries.

    A character that a cut would part goes to the window after it; windows without a visible character are left out.
    """
    tokens = encoding.encode_ordinary(text)
    _, offsets = encoding.decode_with_offsets(tokens)
    offsets.append(len(text))
    for first in range(0, max(1, len(tokens) - overlap), limit - overlap):
        start, end = offsets[min(first, len(tokens))], offsets[min(first + limit, len(tokens))]
        if text[start:end].strip():
            yield start, end


def token_windows(
    text: str, encoding: tiktoken.Encoding, limit: int = WINDOW_TOKENS, overlap: int = 0
) -> list[str]:
    """Texts of `window_ranges`."""
    return [text[start:end] for start, end in window_ranges(text, encoding, limit, overlap)]
