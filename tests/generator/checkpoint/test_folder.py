"""Weights on disk: killed writers, however often, and damaged files cost no more than the newest checkpoint.

The kills are real: a process that writes is ended by SIGKILL at its n-th change of the disk, for every n.
"""

import json
import os
import signal
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

import pytest
import torch

from generator.checkpoint.folder import (
    CHECKSUM,
    is_whole,
    is_written,
    read_folder,
    read_newest,
    write_atomically,
)
from generator.checkpoint.part import read_part, write_part
from generator.errors import CheckpointError

CHANGES = ("rename", "replace", "mkdir", "rmdir", "unlink", "fsync")


def write(folder: Path, step: int, *, keep: bool = True) -> None:
    tensors = {
        "model": {"w": torch.full((8,), float(step))},
        "optimizer": {"m": torch.full((4,), float(step))},
    }
    write_atomically(folder, tensors, {"step": step}, keep_previous=keep)


def step_of(folder: Path) -> int:
    found = read_newest(folder)
    assert found is not None
    tensors, meta = found
    assert tensors["model"]["w"].tolist() == [float(meta["step"])] * 8
    return int(meta["step"])


def killed_while_writing(write_it: Callable[[], None], at: int) -> bool:
    """Write in a process of its own that dies just before its `at`-th change of the disk; False where it lived."""
    child = os.fork()  # a fresh one would load torch for ten seconds, a hundred times
    if child == 0:
        try:
            _die_at(at)
            write_it()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


def _die_at(place: int) -> None:
    counted = 0

    def counting(original: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **more: object) -> object:
            nonlocal counted
            counted += 1
            if counted == place:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **more)

        return call

    for name in CHANGES:
        setattr(os, name, counting(getattr(os, name)))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_writer_killed_at_any_change_and_again_at_any_leaves_a_whole_checkpoint(tmp_path, capsys):
    """Each pair of places once: killed at the one, started again and killed at the other."""
    folder = tmp_path / "last"
    write(folder, 1)
    places, kills = 0, 0
    while killed_while_writing(partial(write, folder, 2), places + 1):
        places += 1
    for pair in product(range(1, places + 1), repeat=2):
        for at in pair:
            before = step_of(folder)
            kills += killed_while_writing(partial(write, folder, before + 1), at)
            assert step_of(folder) in (before, before + 1), f"killed at changes {pair}"
    with capsys.disabled():
        print(f"\n{kills} kills, each of {places} places followed by each; checkpoints lost: 0")
    assert places > 8
    before = step_of(folder)
    write(folder, before + 1)
    assert step_of(folder) == before + 1


@pytest.mark.slow
def test_a_part_killed_at_any_change_and_again_at_any_leaves_a_pair_that_belongs_together(tmp_path):
    def write_it(step: int) -> None:
        write_part(tmp_path, "adapters", {"w": torch.full((8,), float(step))}, {"step": step})

    write_it(1)
    places = 0
    while killed_while_writing(partial(write_it, 2), places + 1):
        places += 1
    for pair in product(range(1, places + 1), repeat=2):
        for at in pair:
            before = read_part(tmp_path, "adapters")[1]["step"]
            killed_while_writing(partial(write_it, before + 1), at)
            tensors, meta = read_part(tmp_path, "adapters")
            assert meta["step"] in (before, before + 1), f"killed at changes {pair}"
            assert tensors["w"].tolist() == [float(meta["step"])] * 8
    assert places > 4
    write_it(7)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapters.json", "adapters.safetensors"]


def test_two_kills_between_the_renames_lose_nothing(tmp_path, monkeypatch):
    """The case that lost everything: no folder, one older copy, and a writer that clears it away and dies."""
    folder = tmp_path / "last"
    write(folder, 1, keep=False)
    folder.rename(tmp_path / "last.old")  # the first kill

    def dies(_self: Path, _target: object) -> None:
        raise KeyboardInterrupt

    for _ in range(3):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Path, "rename", dies)
            write(folder, 2, keep=False)
        assert step_of(folder) == 1
    write(folder, 2, keep=False)
    assert step_of(folder) == 2


def damage(file: Path, kind: str) -> None:
    data = bytearray(file.read_bytes())
    if kind == "flip":
        data[len(data) // 2] ^= 1
    elif kind == "cut":
        del data[len(data) // 2 :]
    file.unlink()
    if kind != "remove":
        file.write_bytes(data)


FILES = ("model.safetensors", "optimizer.safetensors", "meta.json")


@pytest.mark.parametrize("kind", ["flip", "cut", "remove"])
@pytest.mark.parametrize("name", FILES)
def test_the_checkpoint_before_stands_in_for_a_damaged_one_and_is_not_overwritten_by_it(tmp_path, name, kind):
    folder = tmp_path / "last"
    for step in (1, 2):
        write(folder, step)
    damage(folder / name, kind)
    assert not is_whole(folder)
    assert step_of(folder) == 1
    write(folder, 3)
    assert step_of(folder) == 3
    damage(folder / name, kind)
    assert step_of(folder) == 1, "the damaged one took no place"
    assert (tmp_path / "last.damaged").is_dir(), "and is still there to be looked at"


@pytest.mark.parametrize("kind", ["flip", "cut", "remove"])
@pytest.mark.parametrize("name", FILES)
def test_where_none_is_whole_that_is_an_error_and_no_new_beginning(tmp_path, name, kind):
    folder = tmp_path / "last"
    write(folder, 1)
    damage(folder / name, kind)
    with pytest.raises(CheckpointError, match="another run folder"):
        read_newest(folder)
    write(folder, 2)
    damage(folder / name, kind)
    with pytest.raises(CheckpointError):
        read_newest(folder)


def test_every_bit_of_the_values_counts(tmp_path):
    folder = tmp_path / "last"
    write(folder, 1)
    text = (folder / "meta.json").read_text(encoding="utf-8")
    (folder / "meta.json").write_text(text.replace('"step": 1', '"step": 3'), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"meta\.json is damaged"):
        read_folder(folder)


def test_values_of_before_there_was_a_checksum_are_read(tmp_path):
    folder = tmp_path / "last"
    write(folder, 1)
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    del meta[CHECKSUM]
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    assert step_of(folder) == 1


def test_values_that_were_read_may_be_written_again(tmp_path):
    write(tmp_path / "one", 1)
    tensors, meta = read_folder(tmp_path / "one")
    write_atomically(tmp_path / "two", tensors, {**meta, "calibration": [0.1, 1e-7]})
    assert read_folder(tmp_path / "two")[1]["calibration"] == [0.1, 1e-7]


def test_nothing_written_is_no_error(tmp_path):
    assert read_newest(tmp_path / "last") is None
    assert not is_written(tmp_path / "last")


def test_a_packed_model_leaves_no_older_one_beside_it(tmp_path):
    for step in (1, 2):
        write(tmp_path / "model", step, keep=False)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("keep", [True, False])
def test_all_that_is_renamed_is_on_the_disk_before_and_its_name_after(tmp_path, monkeypatch, keep):
    """Every file, `meta.json` too, and every folder whose names change."""
    synced: list[str] = []
    original = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()).replace(str(tmp_path), ""))
        original(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    write(tmp_path / "last", 1, keep=keep)
    renamed = synced.index("/last.tmp")
    assert {f"/last.tmp/{name}" for name in FILES} <= set(synced[:renamed])
    assert synced[renamed + 1 :] == [""]
    synced.clear()
    write_part(tmp_path, "adapters", {"w": torch.ones(2)}, {})
    assert synced == ["/adapters.safetensors.tmp", "/adapters.json.tmp", "", ""]
