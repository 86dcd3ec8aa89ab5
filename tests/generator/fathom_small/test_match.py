"""Match features: what occurs in both texts, by class and by parts."""

from pathlib import Path

import torch

from generator.fathom_small.loading import read_vocabulary
from generator.fathom_small.match import PieceMatcher
from tests.generator.small_model import write_tokenizer


def test_features_tell_exact_and_partial_matches(tmp_path: Path) -> None:
    path = write_tokenizer(tmp_path)
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    matcher = PieceMatcher.from_vocabulary(read_vocabulary(path))
    ids = {piece: tokenizer.token_to_id(piece) for piece in ("▁treaty", "▁cat", "猫", "。", "<s>")}
    own = torch.tensor([[ids["▁treaty"], ids["▁cat"], ids["猫"], ids["。"], ids["<s>"]]])
    other = torch.tensor([[ids["▁treaty"], ids["猫"], ids["。"], ids["<s>"]]])
    exact, weighted, share, _ = matcher.features(own, other).unbind(-1)
    assert exact.tolist() == [[1, 0, 1, 0, 0]]
    assert 0 < float(weighted[0, 0]) < float(weighted[0, 2])
    assert share.tolist() == [[1, 0, 1, 0, 0]]
