"""Vectors of training texts are encoded once and read back, and never mixed with those of other texts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from generator.data.kept_vectors import KeptVectors

TEXTS = ["The ferry takes an hour.", "渡轮需要一个小时。"]


class LengthEncoder:
    """Two numbers for a text, other ones for a question."""

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[len(text), 1.0] for text in texts], np.float32)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[len(text), 0.0] for text in texts], np.float32)


def kept(folder: Path, name: str = "encoder@1") -> KeptVectors:
    return KeptVectors(LengthEncoder, lambda: name, folder)


def test_the_second_time_nothing_is_encoded(tmp_path: Path) -> None:
    first = kept(tmp_path / "vectors").embed_passages(TEXTS)
    again = kept(tmp_path / "vectors")
    assert np.array_equal(again.embed_passages(TEXTS), first)
    assert "encoder" not in vars(again)
    assert np.array_equal(again.embed_passages([TEXTS[1], TEXTS[0], TEXTS[1]]), first[[1, 0, 1]])
    assert not np.array_equal(again.embed_queries(TEXTS), first)
    assert len(list((tmp_path / "vectors").iterdir())) == 2


def test_only_what_is_new_is_encoded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = kept(tmp_path).embed_passages(TEXTS[:1])
    with caplog.at_level("INFO"):
        both = kept(tmp_path).embed_passages(TEXTS)
    assert "encoding 1 passages" in caplog.text
    assert np.array_equal(both[:1], one)
    assert np.array_equal(kept(tmp_path).embed_passages(TEXTS), both)


def test_vectors_of_another_encoder_are_not_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept(tmp_path).embed_passages(TEXTS)
    with caplog.at_level("INFO"):
        kept(tmp_path, "encoder@2").embed_passages(TEXTS)
    assert "encoding 2 passages" in caplog.text
