"""Decision 0013: ways to cut a text, ours and those of other libraries, as functions of a document to ranges.

Every semantic chunker gets the same encoder and cuts where it thinks best; sizes are limited to 512 tokens of our
vocabulary wherever a library takes a limit. The libraries are no dependencies of Fathom; what is not installed is left
out.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tiktoken
from numpy.typing import NDArray

from app.intake.mapping import sentence_encoder
from app.measuring.speed.texts import WINDOW_TOKENS, window_ranges
from ingestion.chunker import chunk
from ingestion.config import ChunkingConfig
from ingestion.sentences import split_sentences
from ingestion.types import CountTokens, Document
from retrieval.protocols import Embedder

OVERLAP = 64
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """Chunks of one document: ranges of its text, and float32 [N, D] vectors where cutting made them."""

    ranges: Sequence[Range]
    vectors: NDArray[np.float32] | None = None


Chunker = Callable[[Document], Cut]


@dataclass(frozen=True, slots=True)
class Tools:
    """What chunkers share."""

    embedder: Embedder
    encoding: tiktoken.Encoding
    count_tokens: CountTokens


def chunkers(tools: Tools) -> Mapping[str, Chunker]:
    """All that can be had here, by name."""
    made: dict[str, Chunker] = {
        "fathom": lambda document: _ours(document, tools, ChunkingConfig()),
        "fathom, semantic": lambda document: _ours(document, tools, ChunkingConfig(semantic_weight=0.35)),
        "windows": lambda document: Cut(list(window_ranges(document.text, tools.encoding))),
        "windows, overlap": lambda document: Cut(
            list(window_ranges(document.text, tools.encoding, overlap=OVERLAP))
        ),
    }
    for name, module, make in (
        ("semchunk", "semchunk", _semchunk),
        ("chonkie semantic", "chonkie", _chonkie),
        ("LlamaIndex semantic", "llama_index.core.node_parser", _llama_index),
    ):
        try:
            made[name] = make(importlib.import_module(module), tools)
        except ImportError:
            continue
    return made


def _ours(document: Document, tools: Tools, config: ChunkingConfig) -> Cut:
    encode = sentence_encoder(tools.embedder)
    chunks = chunk(document, encode=encode, count_tokens=tools.count_tokens, config=config)
    return Cut([(c.start, c.end) for c in chunks], np.stack([c.vector for c in chunks]))


def _semchunk(module: Any, tools: Tools) -> Chunker:
    cut = module.chunkerify(tools.count_tokens, WINDOW_TOKENS, memoize=False)
    return lambda document: Cut(cut(document.text, offsets=True)[1])


def _chonkie(module: Any, tools: Tools) -> Chunker:
    class Encoder(module.BaseEmbeddings):  # type: ignore[misc]
        """Our encoder as its embeddings."""

        @property
        def dimension(self) -> int:
            return tools.embedder.dim

        def embed(self, text: str) -> NDArray[np.float32]:
            return tools.embedder.embed_passages([text])[0]

        def embed_batch(self, texts: list[str]) -> list[NDArray[np.float32]]:
            return list(tools.embedder.embed_passages(texts))

        def similarity(self, u: NDArray[np.float32], v: NDArray[np.float32]) -> np.float32:
            return np.float32(u @ v / (np.linalg.norm(u) * np.linalg.norm(v)))

        def get_tokenizer(self) -> CountTokens:
            return tools.count_tokens

    ends = [". ", "! ", "? ", "\n", "。", "！", "？"]
    cut = module.SemanticChunker(embedding_model=Encoder(), chunk_size=WINDOW_TOKENS, delim=ends)
    return lambda document: Cut([(c.start_index, c.end_index) for c in cut.chunk(document.text)])


def _llama_index(module: Any, tools: Tools) -> Chunker:
    core = importlib.import_module("llama_index.core")
    base = importlib.import_module("llama_index.core.embeddings").BaseEmbedding

    class Encoder(base):  # type: ignore[misc, valid-type]
        """Our encoder as its embeddings."""

        def _get_query_embedding(self, query: str) -> list[float]:
            return tools.embedder.embed_queries([query])[0].tolist()

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return tools.embedder.embed_passages([text])[0].tolist()

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return tools.embedder.embed_passages(texts).tolist()

    def sentences(text: str) -> list[str]:
        starts = [0, *(start for start, _ in split_sentences(text)[1:])]
        return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]

    # its own sentence splitter knows no Chinese, so it gets ours
    parser = module.SemanticSplitterNodeParser.from_defaults(
        embed_model=Encoder(embed_batch_size=64), sentence_splitter=sentences
    )

    def cut(document: Document) -> Cut:
        nodes = parser.get_nodes_from_documents([core.Document(text=document.text)])
        return Cut(_found([node.text for node in nodes], document.text))

    return cut


def _found(parts: Sequence[str], text: str) -> list[Range]:
    """Where parts stand that follow each other in a text."""
    ranges, at = [], 0
    for part in parts:
        visible = part.strip()
        start = text.index(visible, at)
        at = start + len(visible)
        ranges.append((start, at))
    return ranges
