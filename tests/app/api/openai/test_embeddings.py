"""Embeddings and models through the official client."""

import numpy as np
import openai
import pytest

from app.composition.runtime import build_runtime
from app.settings.reading import load_settings
from tests.app.doubles import small_parts

TEXTS = ["Mandarin ducks eat weeds.", "鸳鸯吃水草。"]


@pytest.mark.parametrize("encoding", ["float", "base64"])
@pytest.mark.parametrize("kind", ["passage", "query"])
def test_texts_are_embedded_as_search_embeds_them(client, home, encoding, kind):
    extra = {} if kind == "passage" else {"extra_body": {"input_type": "query"}}
    reply = client.embeddings.create(model="encoder", input=TEXTS, encoding_format=encoding, **extra)
    runtime = build_runtime(load_settings(home=home), small_parts())
    embedder = runtime.embedder
    expected = (embedder.embed_passages if kind == "passage" else embedder.embed_queries)(TEXTS)
    runtime.close()
    assert [item.index for item in reply.data] == [0, 1]
    found = [
        np.frombuffer(_bytes(item.embedding), "<f4") if encoding == "base64" else item.embedding
        for item in reply.data
    ]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def _bytes(written):
    import base64

    return base64.b64decode(written)


def test_a_client_that_names_no_form_gets_numbers(client):
    reply = client.embeddings.create(model="encoder", input="ducks")
    assert abs(float(np.linalg.norm(reply.data[0].embedding)) - 1) < 1e-5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model": "text-embedding-3-small"}, "model_not_found"),
        ({"input": [1, 2, 3]}, "tokens_not_supported"),
        ({"input": []}, "bad_input"),
        ({"input": ["a", " "]}, "empty_text"),
        ({"dimensions": 3}, "unsupported_parameter"),
    ],
)
def test_input_that_can_not_be_embedded_is_told(client, change, code):
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as refused:
        client.embeddings.create(**({"model": "encoder", "input": "ducks"} | change))
    assert refused.value.code == code


def test_each_collection_is_a_model(client):
    ids = [model.id for model in client.models.list()]
    assert {"fathom:birds", "fathom:empty"} < set(ids)
    assert client.models.retrieve("fathom:birds").created > 1_600_000_000
    assert client.models.retrieve("encoder").id in ids
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("fathom:nowhere")
