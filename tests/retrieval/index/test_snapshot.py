"""Snapshots: generations, damage of every kind, and writers killed at any moment."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from retrieval.config import HnswConfig
from retrieval.errors import IndexLockedError, SnapshotError
from retrieval.index import snapshot as snapshot_module
from retrieval.index.exact import ExactIndex
from retrieval.index.hnsw import HnswIndex
from retrieval.index.snapshot import Manifest, SnapshotStore
from tests.contracts.vector_index import DIM, vectors

MODEL = "encoder@1"
GRAPH = HnswConfig(exact_below=0, threads=1)
COUNT = 300


def filled(count: int = COUNT, seed: int = 0) -> HnswIndex:
    index = HnswIndex(DIM, GRAPH)
    index.add(range(count), vectors(count, seed=seed))
    return index


def write(store: SnapshotStore, index, seq: int) -> Manifest:
    return store.write(index, seq=seq, model_id=MODEL, dim=DIM)


def load(store: SnapshotStore, model: str = MODEL, dim: int = DIM) -> tuple[Manifest | None, HnswIndex]:
    index = HnswIndex(dim, GRAPH)
    return store.load_newest(index, model_id=model, dim=dim), index


def newest(folder: Path, suffix: str) -> Path:
    return max(folder.glob(f"gen-*{suffix}"))


def test_empty_folder_gives_nothing(tmp_path):
    assert load(SnapshotStore(tmp_path))[0] is None


@pytest.mark.parametrize("make", [lambda: filled(), lambda: HnswIndex(DIM), lambda: ExactIndex(DIM)])
def test_newest_generation_comes_back(tmp_path, make):
    store = SnapshotStore(tmp_path)
    write(store, make(), 1)
    index = make()
    index.add([7_000], vectors(1, seed=5))
    manifest = write(store, index, 42)
    found, loaded = load(store)
    assert found == manifest
    assert (found.seq, found.generation, found.count) == (42, 2, len(index))
    query = vectors(1, seed=5)[0]
    assert loaded.search(query, 5)[0].tolist() == index.search(query, 5)[0].tolist()


def test_two_generations_are_kept(tmp_path):
    store = SnapshotStore(tmp_path)
    for seq in range(5):
        write(store, filled(10), seq)
    assert sorted(path.name for path in tmp_path.glob("gen-*")) == [
        "gen-0000000004.index",
        "gen-0000000004.json",
        "gen-0000000005.index",
        "gen-0000000005.json",
    ]


def test_another_model_or_width_is_not_loaded(tmp_path):
    store = SnapshotStore(tmp_path)
    write(store, filled(), 1)
    assert load(store, model="other@2")[0] is None
    assert load(store, dim=DIM + 1)[0] is None


def flip(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def flip_header(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(min(96, len(data)))] ^= 1 << rng.randrange(8)


def truncate(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def zero_page(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(max(1, len(data) - 4096))
    data[start : start + 4096] = bytes(len(data[start : start + 4096]))


def extend(data: bytearray, rng: random.Random) -> None:
    data.extend(rng.randbytes(1 + rng.randrange(50)))


@pytest.mark.parametrize("suffix", [".index", ".json"])
@pytest.mark.parametrize("damage", [flip, flip_header, truncate, zero_page, extend])
def test_damaged_newest_generation_falls_back_to_the_one_before(tmp_path, damage, suffix):
    store = SnapshotStore(tmp_path)
    write(store, filled(COUNT, seed=1), 1)
    write(store, filled(COUNT, seed=2), 2)
    path = newest(tmp_path, suffix)
    whole = path.read_bytes()
    rng = random.Random(0)
    for _ in range(6):
        data = bytearray(whole)
        damage(data, rng)
        if bytes(data) == whole:
            continue
        path.write_bytes(data)
        manifest, index = load(store)
        if suffix == ".json" and manifest is not None and manifest.generation == 2:
            # Only harmless changes of the manifest may pass: blanks between its tokens.
            assert json.loads(data) == json.loads(whole)
            continue
        assert manifest is not None
        assert (manifest.generation, manifest.seq) == (1, 1)
        assert index.search(vectors(COUNT, seed=1)[3], 1)[0].tolist() == [3]


def test_all_generations_damaged_gives_none(tmp_path):
    store = SnapshotStore(tmp_path)
    for seq in (1, 2):
        write(store, filled(), seq)
    for path in tmp_path.glob("*.index"):
        path.write_bytes(b"gone")
    assert load(store)[0] is None


def test_missing_data_file_falls_back(tmp_path):
    store = SnapshotStore(tmp_path)
    write(store, filled(), 1)
    write(store, filled(), 2)
    newest(tmp_path, ".index").unlink()
    assert load(store)[0].seq == 1


def test_file_that_kills_the_loader_kills_only_a_child(tmp_path):
    """A graph with a valid checksum that hnswlib cannot survive: links that point far outside."""
    store = SnapshotStore(tmp_path)
    write(store, filled(seed=1), 1)
    write(store, filled(seed=2), 2)
    path, manifest_path = newest(tmp_path, ".index"), newest(tmp_path, ".json")
    data = bytearray(path.read_bytes())
    element = int.from_bytes(data[24:32], "little")
    for number in range(COUNT):
        links = 96 + number * element
        data[links + 4 : links + 4 + 64] = b"\xf0" * 64
    path.write_bytes(data)
    manifest = Manifest.from_json(manifest_path.read_text())
    fields = {name: getattr(manifest, name) for name in manifest.__slots__} | {
        "sha256": snapshot_module._sha256(path)
    }
    manifest_path.write_text(Manifest(**fields).to_json())
    found, index = load(store)
    assert found.seq == 1
    assert index.search(vectors(COUNT, seed=1)[3], 1)[0].tolist() == [3]


def test_leftovers_of_a_killed_writer_are_removed_at_start(tmp_path):
    for name in ("gen-0000000003.index.tmp", "gen-0000000003.json.tmp", "gen-0000000003.index"):
        (tmp_path / name).write_bytes(b"half")
    SnapshotStore(tmp_path)
    assert list(tmp_path.glob("gen-*")) == []


def test_second_writer_is_refused(tmp_path):
    store = SnapshotStore(tmp_path)
    with store._writer(), pytest.raises(IndexLockedError):
        write(SnapshotStore(tmp_path), filled(10), 1)


def test_failing_disk_leaves_earlier_generations(tmp_path, monkeypatch):
    store = SnapshotStore(tmp_path)
    write(store, filled(), 1)

    def fail(path):
        raise OSError(28, "No space left on device")

    for name in ("_sync", "_sha256"):
        with monkeypatch.context() as patch:
            patch.setattr(snapshot_module, name, fail)
            with pytest.raises(SnapshotError, match="No space left"):
                write(store, filled(), 2)
        assert list(tmp_path.glob("*.tmp")) == []
        assert load(SnapshotStore(tmp_path))[0].seq == 1


def test_store_keeps_at_least_two(tmp_path):
    with pytest.raises(ValueError, match="at least 2"):
        SnapshotStore(tmp_path, keep=1)


WRITER = """
import sys, numpy as np
from pathlib import Path
from retrieval.index.snapshot import SnapshotStore
from tests.retrieval.index.test_snapshot import filled, write
store = SnapshotStore(Path(sys.argv[1]))
index = filled(2000)
seq = int(sys.argv[2])
while True:
    seq += 1
    index.add([seq], np.ones((1, 16), dtype=np.float32))
    write(store, index, seq)
    print(seq, flush=True)
"""


@pytest.mark.crash
def test_killed_writers_always_leave_the_last_finished_snapshot(tmp_path):
    rng = random.Random(1)
    reached = 10_000
    for _ in range(6):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(reached)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as writer:
            first = int(writer.stdout.readline())
            time.sleep(rng.random() * 0.15)
            writer.send_signal(signal.SIGKILL)
            said = [first, *(int(line) for line in writer.stdout if line.strip())]
        manifest, index = load(SnapshotStore(tmp_path))
        assert manifest is not None
        # What was reported is there; one more may have been finished before it could be reported.
        assert manifest.seq in (said[-1], said[-1] + 1)
        found = index.search(np.ones(DIM, dtype=np.float32), 1)[0].tolist()
        assert found[0] >= 10_001
        assert len(index) == 2000 + 1 + manifest.seq - reached - 1
        assert list(tmp_path.glob("*.tmp")) == []
        reached = manifest.seq
