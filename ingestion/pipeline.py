"""The path of a document: bytes -> (sniff, parse in a child process) -> canonical text -> semantic chunks."""

from collections.abc import Callable
from dataclasses import replace

from ingestion.chunker import chunk
from ingestion.config import ChunkingConfig, ParsingLimits
from ingestion.errors import ConverterMissingError, EmptyDocumentError, LimitExceededError
from ingestion.office_conversion import converted
from ingestion.parser_process import ParserProcess
from ingestion.sniff import ZIP
from ingestion.types import (
    Chunk,
    CountTokens,
    Document,
    IngestEvent,
    KeepMember,
    Parser,
    SentenceEncoder,
    Source,
)

OnEvent = Callable[[IngestEvent], None]


def parse(
    source: Source,
    limits: ParsingLimits,
    *,
    parser: Parser | None = None,
    keep: KeepMember | None = None,
) -> Document:
    """Read a file in a child process.

    Args:
        source: The file.
        limits: What reading it may cost.
        parser: A warm child to use; without one a child is started for this file alone.
        keep: Given the files inside an archive, a mail or a PDF; see `ParserProcess.parse`.

    Raises:
        EmptyDocumentError: If the file has no bytes.
        LimitExceededError: If it is too large, or reading it takes too much.
        IngestionError: If it can't be read for another reason; the subclass and its message say why.
    """
    if not source.data:
        raise EmptyDocumentError("The file is empty.")
    if len(source.data) > limits.max_bytes:
        size, allowed = len(source.data) >> 20, limits.max_bytes >> 20
        raise LimitExceededError(f"The file has {size} MiB; {allowed} MiB are allowed.")
    if parser is None:
        with ParserProcess() as own:
            return parse(source, limits, parser=own, keep=keep)
    try:
        return parser.parse(source, limits, keep)
    except ConverterMissingError as refusal:
        document = parser.parse(converted(source, refusal, limits), limits)
        return replace(document, media_type=refusal.media_type)


def ingest(
    source: Source,
    *,
    encode: SentenceEncoder,
    count_tokens: CountTokens,
    chunking: ChunkingConfig,
    limits: ParsingLimits,
    on_event: OnEvent | None = None,
    parser: Parser | None = None,
    keep: KeepMember | None = None,
) -> tuple[Document, tuple[Chunk, ...]]:
    """Read a file and cut it into chunks with vectors. The same bytes and settings give the same result.

    Args:
        source: The file.
        encode: Gives the states of sentences.
        count_tokens: Counts tokens of the configured vocabulary.
        chunking: Sizes and weights of chunks.
        limits: What reading the file may cost.
        on_event: Told of progress; stages are parsing, chunking and embedding.
        parser: A warm child to use; without one a child is started for this file alone.
        keep: Given the files inside an archive, a mail or a PDF; see `ParserProcess.parse`.

    Returns:
        The document and its chunks. An archive has none: its text is the list of the files inside.

    Raises:
        IngestionError: If the file can't be read; the subclass and its message say why.
    """

    def tell(stage: str, done: int, total: int) -> None:
        if on_event is not None:
            on_event(IngestEvent(stage=stage, done=done, total=total))

    tell("parsing", 0, 1)
    document = parse(source, limits, parser=parser, keep=keep)
    tell("parsing", 1, 1)
    if document.media_type == ZIP:
        return document, ()
    tell("chunking", 0, 1)
    chunks = chunk(
        document,
        encode=encode,
        count_tokens=count_tokens,
        config=chunking,
        on_encoded=lambda done, total: tell("embedding", done, total),
    )
    tell("chunking", 1, 1)
    return document, chunks
