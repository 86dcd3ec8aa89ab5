"""What is interrupted at each of its steps: how the home is before, what is done, and what must hold afterwards."""

import hashlib
import io
import shutil
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import URL, Engine

from app import worker as worker_module
from app.composition.runtime import Runtime, build_runtime
from app.db import chunks, vectors
from app.db import engine as engine_module
from app.db.types import utc_now
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.settings.file import write_settings
from app.settings.reading import load_settings
from app.worker import Worker
from generator.data import kept_vectors
from ingestion.parsers import parse_source
from retrieval.config import HnswConfig
from retrieval.index.hnsw import HnswIndex
from retrieval.index.snapshot import SnapshotStore
from tests.app.doubles import CountingEmbedder, NewEmbedder, small_parts
from tests.crash.invariants import violations

Tell = Callable[[str], None]
OLD = {"duck.md": b"# Duck\n\nA duck swims. It eats weeds.\n", "goose.md": b"# Goose\n\nA goose flies.\n"}
STORK = b"# Stork\n\nA stork walks. It eats frogs.\n\n## Nest\n\nThe nest of a stork is on a roof.\n"
HERON, CRANE = b"# Heron\n\nA heron waits in the reeds.\n", b"# Crane\n\nA crane dances.\n"
DUCK = b"# Duck\n\nThis edition says that a mallard dives.\n"


class InlineParser:
    """Parses in this process: the child that does it otherwise changes none of our files, and takes a second."""

    parse = staticmethod(parse_source)


class Scenario:
    """Something that changes files. Each call runs in a process of its own."""

    name = ""
    uses_sql = False

    def base(self, home: Path) -> None:
        """Make the home as it is before."""

    def act(self, home: Path, tell: Tell) -> None:
        """The work; it may be killed or fail anywhere. `tell` says what was acknowledged, at once."""
        raise NotImplementedError

    def check(self, home: Path, told: list[str]) -> list[str]:
        """What is wrong afterwards, in a new process and with a whole disk."""
        raise NotImplementedError


def opened(home: Path, *, new_encoder: bool = False, exact_below: int = 5000) -> Runtime:
    settings = load_settings(
        home=home,
        worker={"lease_s": 60.0, "heartbeat_s": 30.0, "max_attempts": 30},
        retrieval={"exact_below": exact_below},
    )
    return build_runtime(settings, small_parts(NewEmbedder() if new_encoder else CountingEmbedder()))


def warm(home: Path) -> None:
    """Let SQLAlchemy compile the statements, for all forks of this process at once; starts no thread that stays."""
    plain = engine_module.create_engine
    kept: dict[str, Engine] = {}

    def create_once(url: URL, **options: Any) -> Engine:
        return kept.setdefault(str(url), plain(url, **options))

    engine_module.create_engine = create_once
    runtime = opened(home)
    collection = collections.create(runtime.db, name="birds").row.id
    add(runtime, collection, OLD)
    work(runtime)
    add(runtime, collection, {"duck.md": DUCK})
    work(runtime)
    served(runtime, collection)
    with runtime.db.read() as session:
        live = chunks.live_ids(session, collection)
        list(chunks.entries(session, live, runtime.embedder.model_id))
    runtime.passages.passages(live)
    runtime.close()
    shutil.rmtree(home)


def work(runtime: Runtime, *, later: bool = False) -> None:
    """Run all jobs; `later` means when the leases of the dead and the pauses after failures are over."""
    plain = worker_module.utc_now
    if later:
        worker_module.utc_now = lambda: utc_now() + timedelta(days=1)
    try:
        worker = Worker(runtime)
        worker.plan()
        while worker.run_one(InlineParser()):  # type: ignore[arg-type]
            pass
    finally:
        worker_module.utc_now = plain


def add(runtime: Runtime, collection: str, files: Mapping[str, bytes]) -> None:
    uploads = [Upload(name=name, blob=runtime.blobs.put(data)) for name, data in files.items()]
    record_uploads(runtime, collection, uploads)


def the_collection(runtime: Runtime) -> str:
    return collections.page(runtime, None, 5).items[0].row.id


def served(runtime: Runtime, collection: str) -> dict[str, str]:
    """Hash of the bytes that serve, or the state, by name."""
    found = documents.page(runtime.db, collection, None, None, 100).items
    return {view.document.name: view.serving.sha256 if view.serving else view.newest.status for view in found}


def found_by(runtime: Runtime, collection: str, question: str) -> set[str]:
    """Names of the documents that both indexes find."""
    index = runtime.collection_index(collection)
    vector = runtime.embedder.embed_queries([question])[0]
    ids = set(index.dense.search(vector, 1000)[0].tolist()) & {
        key for key, _ in index.lexical.search(question, 1000)
    }
    return {passage.name for passage in runtime.passages.passages(sorted(ids)).values()}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Ingestion(Scenario):
    """An upload, its ingestion, and the search that takes it into the indexes, from the start of the process on."""

    name = "ingestion"
    uses_sql = True
    files: ClassVar[Mapping[str, bytes]] = {"stork.md": STORK}
    whole: ClassVar[Mapping[str, set[str]]] = {"stork.md": {sha(STORK)}}
    """Which bytes may serve under a name, at any time."""
    question, answers = "stork frogs", {"stork.md"}

    def base(self, home: Path) -> None:
        runtime = opened(home)
        collection = collections.create(runtime.db, name="birds").row.id
        add(runtime, collection, OLD)
        work(runtime)
        runtime.collection_index(collection).snapshot()
        runtime.close()

    def act(self, home: Path, tell: Tell) -> None:
        runtime = opened(home)
        collection = the_collection(runtime)
        runtime.collection_index(collection)
        add(runtime, collection, self.files)
        tell("acknowledged")
        work(runtime)
        runtime.collection_index(collection).snapshot()
        runtime.close()

    def check(self, home: Path, told: list[str]) -> list[str]:
        runtime = opened(home)
        try:
            collection = the_collection(runtime)
            wrong = [f"at the start: {what}" for what in violations(runtime, collection)]
            wrong += self._partly(served(runtime, collection))
            work(runtime, later=True)
            wrong += self._after(runtime, collection, told)
            wrong += [f"at the end: {what}" for what in violations(runtime, collection)]
            return wrong
        finally:
            runtime.close()

    def _partly(self, served_now: dict[str, str]) -> list[str]:
        """Each document is whole, or waits to become so; what was there before the work serves all the time."""
        wrong = [f"{name} is lost" for name in OLD if name not in served_now]
        for name, state in served_now.items():
            may_be = self.whole.get(name) or {sha(OLD[name])}
            waits = name not in OLD and state in {"queued", "parsing", "chunking", "embedding", "indexing"}
            wrong += [] if waits or state in may_be else [f"{name} is {state}"]
        return wrong

    def _after(self, runtime: Runtime, collection: str, told: list[str]) -> list[str]:
        now = served(runtime, collection)
        taken = set(self.files) <= set(now) and all(
            now[name] == sha(data) for name, data in self.files.items()
        )
        if "acknowledged" in told and not taken:
            return [f"acknowledged, and lost: {now}"]
        wrong = [f"{name} is {state} for ever" for name, state in now.items() if len(state) != 64]
        if taken:
            names = found_by(runtime, collection, self.question)
            wrong += [] if self.answers <= names else [f"search finds {names}, not {self.answers}"]
        return wrong + [
            f"search lost {name}" for name in OLD if name not in found_by(runtime, collection, name[:-3])
        ]


class Replacement(Ingestion):
    """A new edition of a document that serves."""

    name = "replacement"
    files: ClassVar[Mapping[str, bytes]] = {"duck.md": DUCK}
    whole: ClassVar[Mapping[str, set[str]]] = {"duck.md": {sha(OLD["duck.md"]), sha(DUCK)}}
    question, answers = "mallard dives", {"duck.md"}


def _archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in (("heron.md", HERON), ("crane.md", CRANE)):
            archive.writestr(zipfile.ZipInfo(name), data)
    return held.getvalue()


class Archive(Ingestion):
    """An archive, whose files become documents of their own."""

    name = "archive"
    files: ClassVar[Mapping[str, bytes]] = {"birds.zip": _archive()}
    whole: ClassVar[Mapping[str, set[str]]] = {
        "birds.zip": {sha(_archive())},
        "birds.zip/heron.md": {sha(HERON)},
        "birds.zip/crane.md": {sha(CRANE)},
    }
    question, answers = "heron reeds", {"birds.zip/heron.md"}


class Reembedding(Ingestion):
    """All documents embedded anew by another encoder, and the indexes with them."""

    name = "reembedding"

    def act(self, home: Path, tell: Tell) -> None:
        runtime = opened(home, new_encoder=True)
        collection = the_collection(runtime)
        work(runtime)
        if not _waiting(runtime):  # after a fault, a job may wait to be tried again
            tell("acknowledged")
        runtime.collection_index(collection).snapshot()
        runtime.close()

    def check(self, home: Path, told: list[str]) -> list[str]:
        runtime = opened(home, new_encoder=True)
        try:
            collection = the_collection(runtime)
            wrong = [f"at the start: {what}" for what in violations(runtime, collection)]
            wrong += self._partly(served(runtime, collection))
            left = _waiting(runtime)
            if left and "acknowledged" in told:
                wrong.append(f"{left} documents have lost their new vectors")
            work(runtime, later=True)
            index = runtime.collection_index(collection)
            if index.ids("dense") != index.ids("lexical"):
                wrong.append("not all is embedded anew in the end")
            wrong += [
                f"search lost {name}" for name in OLD if name not in found_by(runtime, collection, name[:-3])
            ]
            return wrong + [f"at the end: {what}" for what in violations(runtime, collection)]
        finally:
            runtime.close()


def _waiting(runtime: Runtime) -> int:
    """Documents without vectors by the encoder in use."""
    with runtime.db.read() as session:
        return len(vectors.waiting_documents(session, runtime.encoder_id))


class Snapshot(Scenario):
    """A third generation of an index on disk: the second or the third must come back, and be searched as before."""

    name = "snapshot"
    kind = staticmethod(lambda: HnswIndex(32))

    @staticmethod
    def _vectors(seed: int) -> npt.NDArray[np.float32]:
        return np.random.default_rng(seed).standard_normal((40, 32)).astype(np.float32)

    def _write(self, store: SnapshotStore, seq: int) -> None:
        index = self.kind()
        for seed in range(seq):
            index.add(range(seed * 40, seed * 40 + 40), self._vectors(seed))
        index.wait()
        store.write(index, seq=seq, model_id="encoder@1", dim=32)

    def base(self, home: Path) -> None:
        store = SnapshotStore(home)
        for seq in (1, 2):
            self._write(store, seq)

    def act(self, home: Path, tell: Tell) -> None:
        self._write(SnapshotStore(home), 3)
        tell("acknowledged")

    def check(self, home: Path, told: list[str]) -> list[str]:
        index = self.kind()
        manifest = SnapshotStore(home).load_newest(index, model_id="encoder@1", dim=32)
        if manifest is None or manifest.seq not in ({3} if "acknowledged" in told else {2, 3}):
            return [f"generation {manifest and manifest.seq} came back"]
        wrong = [] if len(index) == 40 * manifest.seq else [f"{len(index)} vectors of {manifest}"]
        for seed in range(manifest.seq):
            for row, vector in enumerate(self._vectors(seed)):
                found, _ = index.search(vector, 1)
                wrong += [] if found[0] == seed * 40 + row else [f"{found[0]} is found for {seed}/{row}"]
        left = [path.name for path in home.iterdir() if path.suffix == ".tmp"]
        return wrong + [f"left over: {name}" for name in left]


class GraphSnapshot(Snapshot):
    """Likewise, of an index that has a graph, which hnswlib writes without looking whether it could."""

    name = "graph_snapshot"
    kind = staticmethod(lambda: HnswIndex(32, HnswConfig(exact_below=0, threads=1)))


class Settings(Scenario):
    """A tuned setting is written into a settings file that holds others."""

    name = "settings"
    before = b"# ours\nport = 8010\n\n[retrieval]\nk = 6 # enough\n"

    def base(self, home: Path) -> None:
        home.mkdir(parents=True)
        (home / "fathom.toml").write_bytes(self.before)

    def act(self, home: Path, tell: Tell) -> None:
        write_settings(home / "fathom.toml", "retrieval", {"k": 12})
        tell("acknowledged")

    def check(self, home: Path, told: list[str]) -> list[str]:
        text = (home / "fathom.toml").read_text(encoding="utf-8")
        k = tomllib.loads(text)["retrieval"]["k"]
        if k not in ({12} if "acknowledged" in told else {6, 12}) or "# ours\nport = 8010" not in text:
            return [f"the file holds {text!r}"]
        if any(line.startswith("failed") for line in told) and len(list(home.iterdir())) > 1:
            return [f"left over: {[path.name for path in home.iterdir()]}"]
        write_settings(home / "fathom.toml", "retrieval", {"k": 13})
        left = [path.name for path in home.iterdir() if path.name != "fathom.toml"]
        return [f"left over: {name}" for name in left]


class KeptVectors(Scenario):
    """Vectors of training texts are added to those that are kept."""

    name = "kept_vectors"

    @staticmethod
    def _store(home: Path) -> Any:
        return kept_vectors.KeptVectors(CountingEmbedder, lambda: "hash@1", home / "vectors")

    def base(self, home: Path) -> None:
        self._store(home).embed_passages(["one", "two"])

    def act(self, home: Path, tell: Tell) -> None:
        self._store(home).embed_passages(["one", "two", "three", "four"])
        tell("acknowledged")

    def check(self, home: Path, told: list[str]) -> list[str]:
        texts = ["two", "three", "one", "four"]
        made = self._store(home).embed_passages(texts)
        wrong = [] if np.array_equal(made, CountingEmbedder().embed_passages(texts)) else ["other vectors"]
        files = [path.name for path in (home / "vectors").iterdir()]
        return wrong + ([f"left over: {files}"] if len(files) != 1 else [])


SCENARIOS = {
    kind.name: kind
    for kind in (Ingestion, Replacement, Archive, Reembedding, Snapshot, GraphSnapshot, Settings, KeptVectors)
}
