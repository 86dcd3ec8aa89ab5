"""`fathom bench`: speed of this installation, each figure beside a named peer's from the same run."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import JsonFlag, open_runtime, print_json, results, table_of

if TYPE_CHECKING:
    import numpy as np
    import tiktoken
    from numpy.typing import NDArray

    from app.composition.runtime import Runtime
    from app.intake.local_files import LocalFile
    from app.settings.schema import Settings
    from retrieval.embedder import SentenceTransformerEmbedder

bench_app = typer.Typer(name="bench", help="Measure speed beside named peers.", no_args_is_help=True)

Files = Annotated[
    list[str] | None, typer.Argument(help="Files and folders; the sample documents where none is named.")
]
Rounds = Annotated[int, typer.Option(help="Rounds that count, after one that warms up.", min=1)]
Threads = Annotated[int | None, typer.Option(help="Threads of torch, for all sides.", min=1)]


@bench_app.callback()
def group() -> None:
    """Sides take turns in one process, medians are compared; a ratio above 1 says that we are faster."""


@bench_app.command("index")
def index(
    context: typer.Context,
    n: Annotated[int, typer.Option("--n", help="Vectors to index.", min=20)] = 20_000,
    dim: Annotated[int, typer.Option("--dim", help="Width of the vectors.", min=2)] = 384,
    collection: Annotated[
        str | None, typer.Option("--from", help="Take the vectors of this collection instead.")
    ] = None,
    queries: Annotated[int, typer.Option(help="Searches.", min=1)] = 300,
    thorough: Annotated[bool, typer.Option("--thorough", help="Filters, and replaced vectors, too.")] = False,
    saved: Annotated[
        Path | None,
        typer.Option(
            help="File of the index: written, or loaded instead of a build; hnswlib searches it too."
        ),
    ] = None,
    ef: Annotated[int | None, typer.Option(help="Candidates that a search looks at.", min=1)] = None,
    m: Annotated[int | None, typer.Option(help="Links of a node.", min=2, max=128)] = None,
    threads: Annotated[int, typer.Option(help="Threads that build both graphs; -1 for all cores.")] = -1,
    seed: Annotated[int, typer.Option(help="Of vectors and queries.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Vector index: recall, latency, build, load and size against exact search and hnswlib alone.

    Vectors lie in clusters, as embeddings do; queries are never in the index.
    """
    from app.measuring.speed.dense_index import IndexBench, clustered, held_out, measure_index
    from retrieval.config import HnswConfig

    with open_runtime(context) as runtime:
        if collection is None:
            rows = clustered(n + queries, dim, seed)
            vectors, asked = rows[:n], rows[n:]
        else:
            vectors, asked = held_out(*_vectors_of(runtime, collection, queries), seed)
        config = HnswConfig(exact_below=runtime.settings.retrieval.exact_below, threads=threads)
    config = replace(config, m=m or config.m)
    if ef is not None:
        config = replace(config, ef_search=ef, ef_grows_above=max(len(vectors), 1))
    result = measure_index(
        IndexBench(vectors=vectors, queries=asked, config=config, saved=saved, thorough=thorough)
    )
    _report(result | {"data": collection or "clustered"}, as_json=as_json)


@bench_app.command("embed")
def embed(
    context: typer.Context,
    files: Files = None,
    texts: Annotated[int, typer.Option(help="Paragraphs of mixed lengths to draw.", min=1)] = 128,
    rounds: Rounds = 3,
    threads: Threads = None,
    as_json: JsonFlag = False,
) -> None:
    """Texts a second against SentenceTransformer.encode: float32, same weights, equal threads."""
    from app.intake.mapping import parsing_limits
    from app.measuring.speed.embedding import ARRIVAL, SORTED, SentenceTransformersPeer, measure_embedding
    from app.measuring.speed.texts import mixed_paragraphs, read_documents

    with open_runtime(context) as runtime:
        documents = read_documents(_files(files), parsing_limits(runtime.settings.limits))
        embedder = _embedder(runtime, threads)
        peer = SentenceTransformersPeer(embedder)
        result = measure_embedding(
            mixed_paragraphs(documents, texts),
            embedder.embed_passages,
            {ARRIVAL: peer.in_arrival_order, SORTED: peer.all_at_once},
            rounds,
        )
        result["dtype"] = str(embedder.dtype).removeprefix("torch.")
    _report(result, as_json=as_json)


@bench_app.command("chunk")
def chunk(
    context: typer.Context,
    files: Files = None,
    rounds: Rounds = 3,
    threads: Threads = None,
    as_json: JsonFlag = False,
) -> None:
    """Text to chunks with vectors, against fixed windows and against embedding the final chunks alone."""
    from app.intake.mapping import chunking_config, parsing_limits
    from app.measuring.speed.embedding import measure_chunking
    from app.measuring.speed.texts import read_documents, token_windows

    with open_runtime(context) as runtime:
        settings = runtime.settings
        documents = read_documents(_files(files), parsing_limits(settings.limits))
        encoding = _vocabulary(settings)
        result = measure_chunking(
            documents,
            _embedder(runtime, threads),
            runtime.count_tokens,
            lambda text: token_windows(text, encoding),
            chunking_config(settings.chunking),
            rounds,
        )
    _report(result, as_json=as_json)


@bench_app.command("ingest")
def ingest(
    context: typer.Context,
    paths: Files = None,
    rounds: Rounds = 3,
    threads: Threads = None,
    as_json: JsonFlag = False,
) -> None:
    """Files to searchable passages on an empty home, against the plain script that stores nothing."""
    from app.composition.runtime import Parts, shipped_parts
    from app.intake.mapping import parsing_limits
    from app.measuring.speed.embedding import SentenceTransformersPeer
    from app.measuring.speed.paths import measure_ingestion, plain_script
    from app.measuring.speed.texts import token_windows

    files = _files(paths)
    with open_runtime(context) as runtime:
        settings, embedder = runtime.settings, _embedder(runtime, threads)
        peer, encoding = SentenceTransformersPeer(embedder), _vocabulary(settings)
        counted = (runtime.count_tokens, runtime.vocabulary_id)
        result = measure_ingestion(
            files,
            settings,
            Parts(
                embedder=lambda _: embedder,
                encoder_id=lambda _: embedder.model_id,
                count_tokens=lambda _: counted,
                generator=shipped_parts().generator,
            ),
            lambda: plain_script(
                files,
                parsing_limits(settings.limits),
                lambda text: token_windows(text, encoding),
                peer.in_arrival_order,
            ),
            rounds,
        )
    _report(result, as_json=as_json)


@bench_app.command("search")
def search(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(help="Name or id.")],
    questions: Annotated[
        Path | None, typer.Option(help="File with a question a line; sentences of the collection otherwise.")
    ] = None,
    n: Annotated[int, typer.Option("--n", help="Sentences to draw where no file is given.", min=1)] = 100,
    k: Annotated[int | None, typer.Option(help="Hits wanted.", min=1, max=100)] = None,
    threads: Threads = None,
    as_json: JsonFlag = False,
) -> None:
    """Question to compressed context, against encode and semantic_search of sentence-transformers."""
    from app.measuring.speed.embedding import SentenceTransformersPeer
    from app.measuring.speed.paths import measure_search, questions_of

    with open_runtime(context) as runtime:
        peer = SentenceTransformersPeer(_embedder(runtime, threads))
        asked = _lines(questions) if questions else questions_of(runtime, collection, n)
        result = measure_search(runtime, collection, asked, peer.queries, k)
    _report(result, as_json=as_json)


def _files(paths: list[str] | None) -> "list[LocalFile]":
    from app.cli.progress import expand
    from app.intake.local_files import files_under
    from app.measuring.speed.texts import sample_files

    return files_under(expand(paths)) if paths else sample_files()


def _embedder(runtime: "Runtime", threads: int | None) -> "SentenceTransformerEmbedder":
    """The shipped encoder, with its threads set."""
    import torch

    from retrieval.embedder import SentenceTransformerEmbedder

    embedder = runtime.embedder
    if not isinstance(embedder, SentenceTransformerEmbedder):
        raise TypeError(f"{type(embedder).__name__} is no encoder that sentence-transformers could run")
    if threads is not None:
        torch.set_num_threads(threads)
    return embedder


def _vocabulary(settings: "Settings") -> "tiktoken.Encoding":
    from app.composition.encoder import VOCABULARY
    from ingestion.tokens import load_vocabulary

    return load_vocabulary(settings.models_dir / VOCABULARY)


def _vectors_of(runtime: "Runtime", collection: str, queries: int) -> "tuple[NDArray[np.float32], int]":
    """Vectors of a collection, and how many of them to search with: a tenth at most.

    Raises:
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: It holds too few passages.
    """
    from app.errors import InvalidInputError
    from app.library import collections

    found = collections.get(runtime, collection)
    index = runtime.collection_index(found.row.id).dense
    _, vectors = index.vectors(index.ids().tolist())
    if len(vectors) < 20:
        raise InvalidInputError(
            "too_few_passages",
            f"Collection {found.row.name!r} holds {len(vectors)} passages; 20 are needed.",
            "Take more documents in, or leave --from away.",
        )
    return vectors, min(queries, len(vectors) // 10)


def _lines(path: Path) -> list[str]:
    """Questions of a file.

    Raises:
        InvalidInputError: It can't be read.
    """
    from app.errors import InvalidInputError

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(
            "file_unreadable", f"Can't read {path}: {error}.", "Check the file."
        ) from error
    return [line.strip() for line in lines if line.strip()]


def _report(result: dict[str, Any], *, as_json: bool) -> None:
    from app.measuring.speed.timing import machine

    result = result | {"machine": machine()}
    if as_json:
        print_json(result)
        return
    _show(result)


def _show(result: dict[str, Any]) -> None:
    """Our figures and the peers' as one table, then the data that they were measured on."""
    out = results(160)
    plain = {name: value for name, value in result.items() if not isinstance(value, list | dict)}
    sides = [plain | {"name": "ours", "ratio": None}, *result["peers"]]
    named = ["name", *(key for key in plain if any(key in peer for peer in result["peers"]))]
    extra = [key for peer in result["peers"] for key in peer if key not in named]
    columns = list(dict.fromkeys([*named, *extra]))
    rows = [[side.get(column) for column in columns] for side in sides]
    out.print(table_of(f"fathom bench {result['bench']}", columns, rows))
    rest = {name: value for name, value in plain.items() if name not in {*columns, "bench"}}
    out.print(" · ".join(f"{name} {value}" for name, value in rest.items()))
    for name in ("filtered", "after_churn", "stages_p50_ms", "machine"):
        for item in result[name] if isinstance(result.get(name), list) else [result.get(name) or {}]:
            if item:
                out.print(f"{name}: " + " · ".join(f"{key} {value}" for key, value in item.items()))
