"""Vectors of training texts are encoded once and read back, and never mixed with those of other texts."""

from pathlib import Path

import numpy as np
import pytest

from app.services.kept_vectors import KeptVectors

MODELS = Path(__file__).parents[3] / "models"


def test_the_second_time_nothing_is_encoded(tmp_path: Path) -> None:
    texts = ["The ferry takes an hour.", "渡轮需要一个小时。"]
    first = KeptVectors(MODELS, tmp_path / "vectors").embed_passages(texts)
    again = KeptVectors(MODELS, tmp_path / "vectors")
    assert np.array_equal(again.embed_passages(texts), first)
    assert "encoder" not in vars(again)
    assert np.array_equal(again.embed_passages([texts[1], texts[0], texts[1]]), first[[1, 0, 1]])
    assert not np.array_equal(again.embed_queries(texts), first)
    assert len(list((tmp_path / "vectors").iterdir())) == 2


def test_only_what_is_new_is_encoded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    texts = ["The ferry takes an hour.", "渡轮需要一个小时。"]
    one = KeptVectors(MODELS, tmp_path).embed_passages(texts[:1])
    more = KeptVectors(MODELS, tmp_path)
    with caplog.at_level("INFO"):
        both = more.embed_passages(texts)
    assert "encoding 1 passages" in caplog.text
    assert np.array_equal(both[:1], one)
    assert np.array_equal(KeptVectors(MODELS, tmp_path).embed_passages(texts), both)
