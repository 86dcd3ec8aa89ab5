"""Embeddings of texts by the encoder that search uses."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from numpy.typing import NDArray

from app.api.access import any_key
from app.api.admitted import AdmittedRoute, admitted, in_thread
from app.api.deps import RuntimeDep
from app.api.openai.models import is_encoder
from app.api.openai.schemas import EmbeddingRequest, UnsupportedParameterError
from app.composition.runtime import Runtime
from app.errors import InvalidInputError, NotFoundError

router = APIRouter(route_class=AdmittedRoute)

MAX_TEXTS = 2_048
"""Texts of a request, as OpenAI has it."""
BATCH = 32
"""Texts between two looks at whether the client is still there."""


@router.post("/embeddings", response_model=None)
@any_key("read")
@admitted("searches")
async def create_embeddings(body: EmbeddingRequest, request: Request, runtime: RuntimeDep) -> Response:
    """Embed texts: vectors of unit length, as passages or, with `input_type` "query", as questions."""
    texts = _texts(body, runtime)
    return await in_thread(request, lambda has_left: _embed(runtime, body, texts, has_left))


def _texts(body: EmbeddingRequest, runtime: Runtime) -> list[str]:
    if not is_encoder(body.model, runtime):
        raise NotFoundError(
            "model_not_found",
            f"There is no encoder {body.model[:80]!r}.",
            f"Name `encoder`, or {runtime.encoder_id}.",
        )
    texts = [body.input] if isinstance(body.input, str) else body.input
    if not texts or len(texts) > MAX_TEXTS:
        raise InvalidInputError(
            "bad_input", f"{len(texts):,} texts can't be embedded at once.", f"Send 1 to {MAX_TEXTS:,}."
        )
    strings = [text for text in texts if isinstance(text, str)]
    if len(strings) < len(texts):
        raise InvalidInputError(
            "tokens_not_supported",
            "The input is an array of tokens, and their vocabulary is not known here.",
            "Send text; in LangChain, set check_embedding_ctx_length=False.",
        )
    if any(not text.strip() for text in strings):
        raise InvalidInputError("empty_text", "A text is empty.", "Leave empty texts away.")
    return strings


def _embed(
    runtime: Runtime, body: EmbeddingRequest, texts: Sequence[str], has_left: Callable[[], bool]
) -> Response:
    embedder = runtime.embedder
    if body.dimensions not in {None, embedder.dim}:
        raise UnsupportedParameterError("dimensions")
    embed = embedder.embed_queries if body.input_type == "query" else embedder.embed_passages
    vectors: list[NDArray[np.float32]] = []
    for begin in range(0, len(texts), BATCH):
        if has_left():
            break
        vectors.extend(embed(texts[begin : begin + BATCH]))
    data = [
        {"object": "embedding", "index": n, "embedding": _written(vector, body.encoding_format)}
        for n, vector in enumerate(vectors)
    ]
    tokens = sum(map(runtime.count_tokens, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return JSONResponse({"object": "list", "data": data, "model": runtime.encoder_id, "usage": usage})


def _written(vector: NDArray[np.float32], encoding: str) -> Any:
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return vector.tolist()
