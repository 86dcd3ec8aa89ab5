"""Conversion of library types to row values, and of program settings to library settings."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from app.indexes.vectors import pack, pack_sentences
from app.settings.groups import ChunkingSettings, LimitSettings
from ingestion.config import ChunkingConfig, ParsingLimits
from ingestion.types import Chunk, Coverage, Document, SentenceEncoder, SentenceStates
from ingestion.vectors import ChunkVectors
from retrieval.protocols import Embedder


def sentence_encoder(embedder: Embedder) -> SentenceEncoder:
    """The embedder as chunking wants to call it."""

    def encode(text: str, spans: Sequence[tuple[int, int]]) -> SentenceStates:
        sums, windows = embedder.sentence_states(text, spans)
        return SentenceStates(sums=sums, windows=windows)

    return encode


def parsing_limits(limits: LimitSettings) -> ParsingLimits:
    """The configured limits as the parsers take them."""
    return ParsingLimits(
        max_bytes=limits.max_upload_bytes,
        wall_s=limits.parse_wall_s,
        cpu_s=max(1, round(limits.parse_cpu_s)),
        memory_bytes=limits.parse_memory_bytes,
        max_pages=limits.max_pages,
        max_text_chars=limits.max_text_chars,
        keep_hidden=limits.keep_hidden,
        keep_margins=limits.keep_margins,
    )


def chunking_config(settings: ChunkingSettings, max_tokens: int | None = None) -> ChunkingConfig:
    """Settings for the chunker; a collection's own size precedes the server's."""
    most = max_tokens or settings.max_tokens
    return ChunkingConfig(
        max_tokens=most,
        target_tokens=min(ChunkingConfig().target_tokens, most),
        semantic_weight=settings.semantic_weight,
    )


def stem(name: str) -> str:
    """The last part of a document's name without its suffix: its title where the text has none."""
    return PurePosixPath(name.replace("\\", "/")).stem or name


def content_values(document: Document, chunk_count: int, name: str) -> dict[str, Any]:
    """Columns of `contents` for a parsed document.

    Args:
        document: What ingestion read.
        chunk_count: Number of its chunks.
        name: The document's name; a title that only repeats it is not kept, because documents of other
            names may share this content.
    """
    return {
        "text": document.text,
        "blocks": [
            {"kind": str(b.kind), "start": b.start, "end": b.end, "level": b.level, "page": b.page}
            | ({"box": list(b.box)} if b.box else {})
            for b in document.blocks
        ],
        "pages": [{"number": p.number, "start": p.start, "end": p.end} for p in document.pages],
        "dropped": [{"what": d.what, "count": d.count} for d in document.dropped],
        "coverage": _coverage_value(document.coverage),
        "title": "" if document.title in {name, stem(name)} else document.title,
        "media_type": document.media_type,
        "encoding": document.encoding,
        "language": document.language,
        "chunk_count": chunk_count,
        "page_count": len(document.pages),
    }


def _coverage_value(coverage: Coverage | None) -> dict[str, Any] | None:
    if coverage is None:
        return None
    return {"visible": coverage.visible, "kept": coverage.kept, "lost": list(coverage.lost)}


def chunk_values(chunk: Chunk) -> dict[str, Any]:
    """Columns of `content_chunks` for a chunk."""
    return {
        "position": chunk.index,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "token_count": chunk.token_count,
        "language": chunk.language,
        "heading_path": list(chunk.heading_path),
        "page": chunk.page,
        "page_end": chunk.page_end,
        "sentences": [list(span) for span in chunk.sentences],
    }


def vector_values(made: Chunk | ChunkVectors) -> dict[str, Any]:
    """Columns of `chunk_vectors` for a chunk."""
    return {"vector": pack(made.vector), "sentence_vectors": pack_sentences(made.sentence_vectors)}
