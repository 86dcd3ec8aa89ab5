"""A GPU that is configured and not there is told as such, whichever model is loaded first."""

from collections.abc import Callable

import pytest
import torch

from app.composition.encoder import load_encoder
from app.composition.generators import load_generator
from app.composition.reranker import load_reranker
from app.errors import UnavailableError
from app.settings.schema import Settings


@pytest.mark.parametrize("load", [load_encoder, load_generator, load_reranker])
def test_a_gpu_that_is_not_there_is_told(
    load: Callable[[Settings], object], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    settings = Settings(device="cuda", retrieval={"reranker": tmp_path})
    with pytest.raises(UnavailableError) as caught:
        load(settings)
    assert caught.value.code == "device_missing"
    assert "FATHOM_DEVICE=cpu" in (caught.value.hint or "")
