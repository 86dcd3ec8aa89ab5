"""The two paths of the program, ingestion and search, against the plain script that one would write instead.

Other programs (txtai, LlamaIndex, Haystack) are no dependencies of this one; `benchmarks/peers.py` measures them.
The scripts do less: they keep nothing in a database, find no words, and choose no sentences.
"""

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hnswlib
import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers.util import dot_score, semantic_search

from app.composition.runtime import Parts, Runtime, build_runtime
from app.errors import InvalidInputError
from app.intake import local_files
from app.intake.local_files import LocalFile
from app.library import collections
from app.measuring.speed.texts import parsed
from app.measuring.speed.timing import interleaved, percentiles_ms, ratio
from app.search import searching
from app.search.scope import scope_of
from app.settings.schema import Settings
from app.worker import Worker
from ingestion.config import ParsingLimits
from retrieval.config import HnswConfig

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
SCRIPT = (
    "plain script: same parsers, fixed 512-token windows, SentenceTransformer.encode, hnswlib; nothing stored"
)
SEMANTIC_SEARCH = "SentenceTransformer.encode and util.semantic_search over the same vectors"
NAME = "bench"


def plain_script(
    files: Sequence[LocalFile], limits: ParsingLimits, windows: Callable[[str], list[str]], encode: Encode
) -> int:
    """Read files, cut them into fixed windows, embed these, and index them in memory.

    Returns:
        Number of windows.
    """
    index: hnswlib.Index | None = None
    config, count = HnswConfig(), 0
    for document in parsed(files, limits):
        vectors = encode(windows(document.text))
        if index is None:
            index = hnswlib.Index(space="ip", dim=vectors.shape[1])
            index.init_index(len(vectors), M=config.m, ef_construction=config.ef_construction)
        else:
            index.resize_index(count + len(vectors))
        index.add_items(vectors, np.arange(count, count + len(vectors)))
        count += len(vectors)
    return count


def measure_ingestion(
    files: Sequence[LocalFile],
    settings: Settings,
    parts: Parts,
    script: Callable[[], int],
    rounds: int,
) -> dict[str, Any]:
    """From files to searchable passages, each round on an empty home of its own.

    Args:
        files: What to take in.
        settings: Those of the program; home and database are replaced.
        parts: With models that are loaded already, so that loading is in nobody's time.
        script: The peer, over the same files.
        rounds: Rounds that count.

    Raises:
        InvalidInputError: No file could be taken in.
    """
    with ExitStack() as stack:
        homes = [_empty_home(settings, parts, stack) for _ in range(rounds + 1)]
        fresh = iter(homes)
        spent = interleaved({"ours": lambda: _ingest(next(fresh), files), SCRIPT: script}, rounds)
        collection = collections.get(homes[-1], NAME)
        made = len(collections.chunk_ids(homes[-1].db, collection.row.id))
    ready = collection.stats.documents - collection.stats.failed
    if not made:
        raise InvalidInputError("no_readable_files", "No file could be taken in.", "Name others.")
    ours, theirs = spent["ours"], spent[SCRIPT]
    return {
        "bench": "ingest",
        "documents": ready,
        "failed": collection.stats.failed,
        "chunks": made,
        "rounds": rounds,
        **ours.rates("documents", ready),
        **ours.rates("chunks", made),
        "peers": [{"name": SCRIPT, **theirs.against(ours, "documents", ready)}],
        "ratio": ratio(theirs.wall_s, ours.wall_s),
    }


def _empty_home(settings: Settings, parts: Parts, stack: ExitStack) -> Runtime:
    home = stack.enter_context(tempfile.TemporaryDirectory(prefix="fathom-bench-"))
    runtime = build_runtime(settings.model_copy(update={"home": Path(home), "database_url": None}), parts)
    stack.callback(runtime.close)
    collections.create(runtime.db, name=NAME)
    return runtime


def _ingest(runtime: Runtime, files: Sequence[LocalFile]) -> None:
    local_files.record_files(runtime, collections.get(runtime, NAME).row.id, files)
    Worker(runtime).run_pending()


def questions_of(runtime: Runtime, collection: str, count: int, seed: int = 0) -> list[str]:
    """Sentences of a collection, drawn by chance, in place of questions that nobody has written down.

    Raises:
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: It holds no passage.
    """
    row = collections.get(runtime, collection).row
    live = collections.chunk_ids(runtime.db, row.id)
    if not live:
        raise InvalidInputError(
            "empty_collection", f"Collection {row.name!r} holds no passage.", "Take documents in first."
        )
    rng = random.Random(seed)
    drawn = rng.choices(live, k=count)
    passages = runtime.passages.passages(sorted(set(drawn)))
    limit = runtime.settings.limits.max_question_chars
    asked = []
    for chunk_id in drawn:
        passage = passages[chunk_id]
        start, end = rng.choice(passage.sentences or [(passage.start, passage.end)])
        asked.append(passage.text[start - passage.start : end - passage.start][:limit])
    return [text for text in asked if any(character.isalnum() for character in text)]


def measure_search(
    runtime: Runtime, collection: str, questions: Sequence[str], encode: Encode, k: int | None
) -> dict[str, Any]:
    """Latency from question to compressed context, each question asked of both sides in changing order.

    Args:
        runtime: On a home that holds the collection.
        collection: Id or name.
        questions: At least one.
        encode: Questions to vectors, for the peer.
        k: Hits; None for the collection's value.

    Raises:
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: There is no question or no passage.
    """
    scope = scope_of(runtime.db, runtime.settings, [collection])
    if not scope.chunks or not questions:
        raise InvalidInputError("nothing_to_search", "There is no passage or no question.", "Name others.")
    wanted = k or scope.k
    index = runtime.collection_index(scope.ids[0]).dense
    ids, vectors = index.vectors(index.ids().tolist())
    corpus = torch.from_numpy(vectors)

    stages: dict[str, list[float]] = {}

    def ours(question: str) -> list[int]:
        found = searching.retrieve(runtime, scope, question, wanted)
        for stage, value in found.timings_ms.items():
            stages.setdefault(stage, []).append(value)
        return [hit.chunk_id for hit in found.hits]

    def theirs(question: str) -> list[int]:
        # the vectors are unit; the default, cos_sim, would scale them all again for every question
        asked = torch.from_numpy(encode([question]))
        (hits,) = semantic_search(asked, corpus, top_k=wanted, score_function=dot_score)
        return [int(ids[int(hit["corpus_id"])]) for hit in hits]

    spent, agreed = _ask_both(questions, ours, theirs)
    for values in stages.values():
        del values[0]  # of the warm-up
    mine, peer = percentiles_ms(spent[0]), percentiles_ms(spent[1])
    return {
        "bench": "search",
        "collection": scope.names[0],
        "chunks": scope.chunks,
        "questions": len(questions),
        "k": wanted,
        **mine,
        "stages_p50_ms": {stage: round(float(np.median(values)), 3) for stage, values in stages.items()},
        "peers": [
            {
                "name": SEMANTIC_SEARCH,
                **peer,
                "ratio": ratio(peer["p50_ms"], mine["p50_ms"]),
                "its_best_among_ours": round(agreed, 4),
            }
        ],
        "ratio": ratio(peer["p50_ms"], mine["p50_ms"]),
    }


def _ask_both(
    questions: Sequence[str], ours: Callable[[str], list[int]], theirs: Callable[[str], list[int]]
) -> tuple[tuple[list[float], list[float]], float]:
    """Seconds of each question by side, and the share of questions whose best hit of theirs is among ours."""
    for ask in (ours, theirs):
        ask(questions[0])
    spent: tuple[list[float], list[float]] = ([], [])
    agreed = 0
    for number, question in enumerate(questions):
        found: list[list[int]] = [[], []]
        for side, ask in ((0, ours), (1, theirs)) if number % 2 == 0 else ((1, theirs), (0, ours)):
            start = time.perf_counter()
            found[side] = ask(question)
            spent[side].append(time.perf_counter() - start)
        agreed += found[1][0] in found[0]
    return spent, agreed / len(questions)
