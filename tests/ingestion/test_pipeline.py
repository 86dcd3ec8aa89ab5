"""The path as a whole: bytes to document and chunks, with progress and clear errors."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion import wire
from ingestion.config import ChunkingConfig, ParsingLimits
from ingestion.errors import EmptyDocumentError, IngestionError, LimitExceededError
from ingestion.parser_process import ParserProcess
from ingestion.parsers import parse_source
from ingestion.pipeline import ingest, parse
from ingestion.types import IngestEvent, Source
from tests.ingestion.samples import COUNT_TOKENS, BigramEncoder, sample

NAMES = [
    "two_columns.pdf",
    "paper.docx",
    "blog.html",
    "io_processing_en.md",
    "personal_information_law_zh.md",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_becomes_a_document_and_chunks(name: str) -> None:
    events: list[IngestEvent] = []
    document, chunks = ingest(
        sample(name),
        encode=BigramEncoder(),
        count_tokens=COUNT_TOKENS,
        chunking=ChunkingConfig(),
        limits=ParsingLimits(),
        on_event=events.append,
    )
    assert "".join(chunk.text for chunk in chunks) == document.text
    assert all(abs(float(np.linalg.norm(chunk.vector)) - 1) < 1e-5 for chunk in chunks)
    stages = [event.stage for event in events]
    assert stages[0] == "parsing"
    assert "embedding" in stages
    assert (events[-1].stage, events[-1].done, events[-1].total) == ("chunking", 1, 1)


def test_size_and_emptiness_are_checked_before_a_child_is_asked() -> None:
    with ParserProcess() as parser:
        with pytest.raises(LimitExceededError, match="3 MiB; 2 MiB are allowed"):
            parse(
                Source(name="a.txt", data=b"a" * (3 << 20)), ParsingLimits(max_bytes=2 << 20), parser=parser
            )
        with pytest.raises(EmptyDocumentError):
            parse(Source(name="a.txt", data=b""), ParsingLimits(), parser=parser)
        assert parser.pid is None


@pytest.mark.parametrize("name", NAMES)
def test_documents_survive_the_wire(name: str) -> None:
    document = parse_source(sample(name), ParsingLimits())
    assert wire.decode_reply(wire.encode_document(document)) == document


@pytest.mark.parametrize(
    "kind", [error for error in IngestionError.__subclasses__() if error.code != "bad_vocabulary"]
)
def test_errors_survive_the_wire(kind: type[IngestionError]) -> None:
    with pytest.raises(kind) as caught:
        wire.decode_reply(wire.encode_error(kind("what happened", "what to do")))
    assert (caught.value.message, caught.value.hint) == ("what happened", "what to do")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["a.txt", "a.md", "a.html", "a.pdf", "a.docx", "a.csv", "a"]))
def test_random_bytes_give_text_or_a_typed_error(data: bytes, name: str) -> None:
    try:
        document = parse_source(Source(name=name, data=data), ParsingLimits())
    except IngestionError as error:
        assert error.message
        assert error.hint
    else:
        assert document.text.strip()


@pytest.mark.parametrize(
    "start", [b"%PDF-1.7\n", b"PK\x03\x04", b"<html>", b"\xef\xbb\xbf", b"\xff\xfe", b"---\n"]
)
def test_a_right_start_and_random_bytes_give_text_or_a_typed_error(start: bytes) -> None:
    with ParserProcess() as parser:
        for size in (10, 1000, 50_000):
            try:
                parser.parse(Source(name="a", data=start + os.urandom(size)), ParsingLimits())
            except IngestionError as error:
                assert error.code != "limit_exceeded"
