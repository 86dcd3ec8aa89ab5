"""Models: one for each collection, and the encoder."""

from typing import Any

from fastapi import APIRouter

from app.api.access import RuledRoute, any_key
from app.api.deps import RuntimeDep
from app.api.openai.questions import MODEL_PREFIX, collection_of
from app.api.openai.times import unix_time
from app.composition.runtime import Runtime
from app.library import collections
from app.library.collections import CollectionView

router = APIRouter(route_class=RuledRoute)

ENCODER = "encoder"
PAGE = 200


@router.get("/models")
@any_key("read")
def list_models(runtime: RuntimeDep) -> dict[str, Any]:
    """A model `fathom:NAME` for each collection, and the encoder of texts."""
    models, cursor = [_encoder(runtime)], None
    while True:
        found = collections.page(runtime, cursor, PAGE)
        models += map(_model, found.items)
        cursor = found.next_cursor
        if cursor is None:
            return {"object": "list", "data": models}


@router.get("/models/{model:path}")
@any_key("read")
def get_model(model: str, runtime: RuntimeDep) -> dict[str, Any]:
    """One model."""
    if is_encoder(model, runtime):
        return _encoder(runtime)
    return _model(collections.get(runtime, collection_of(model)))


def is_encoder(model: str, runtime: Runtime) -> bool:
    """Whether a model's name is that of the encoder."""
    return model in {ENCODER, runtime.encoder_id}


def _model(view: CollectionView) -> dict[str, Any]:
    return {
        "id": MODEL_PREFIX + view.row.name,
        "object": "model",
        "created": unix_time(view.row.created_at),
        "owned_by": "fathom",
    }


def _encoder(runtime: Runtime) -> dict[str, Any]:
    return {"id": runtime.encoder_id, "object": "model", "created": 0, "owned_by": "fathom"}
