"""Chats through the official client: whole, streamed, with their sources, and refused where they ask for more."""

import re
from urllib.parse import urlsplit

import httpx
import openai
import pytest

from tests.app.texts import DUCKS

MODEL = "fathom:birds"
QUESTION = "Which weeds do they eat?"
ASK = [{"role": "user", "content": QUESTION}]


def test_a_chat_is_answered_from_the_collection_with_its_sources(client, base_url):
    reply = client.chat.completions.create(model=MODEL, messages=ASK)
    (choice,) = reply.choices
    assert (choice.finish_reason, choice.message.role) == ("stop", "assistant")
    assert choice.message.content
    note = choice.message.annotations[0].url_citation
    quoted = choice.message.content[note.start_index : note.end_index]
    assert quoted
    assert quoted in DUCKS.decode()
    address = urlsplit(note.url)
    start, end = map(int, re.fullmatch(r"char=(\d+),(\d+)", address.fragment).groups())
    text = httpx.get(note.url).json()["text"]
    assert (note.title, text[start:end]) == ("ducks.md", quoted)
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0
    stored = httpx.get(base_url.replace("/openai/v1", f"/v1/answers/{reply.fathom['id']}")).json()
    assert stored == reply.fathom


def test_the_pieces_of_a_stream_make_the_whole(client):
    whole = client.chat.completions.create(model=MODEL, messages=ASK)
    chunks = list(
        client.chat.completions.create(
            model=MODEL, messages=ASK, stream=True, stream_options={"include_usage": True}
        )
    )
    told = [chunk for chunk in chunks if chunk.choices]
    assert "".join(c.choices[0].delta.content or "" for c in told) == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in told] == [None] * (len(told) - 1) + ["stop"]
    assert told[-1].fathom["citations"] == whole.fathom["citations"]
    assert len(told[-1].choices[0].delta.annotations) == len(whole.choices[0].message.annotations)
    assert chunks[-1].usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_an_answer_that_says_so(client, stream):
    reply = client.chat.completions.create(model="fathom:empty", messages=ASK, stream=stream)
    if stream:
        chunks = list(reply)
        text, answer = "".join(c.choices[0].delta.content or "" for c in chunks), chunks[-1].fathom
    else:
        text, answer = reply.choices[0].message.content, reply.fathom
    assert (text, answer["answerable"], answer["reason"]) == (answer["text"], False, "empty_collection")


def test_earlier_messages_are_the_conversation_and_instructions_are_not_obeyed(client):
    earlier = [
        {"role": "system", "content": "Answer in rhymes."},
        {"role": "user", "content": [{"type": "text", "text": "What do Mandarin ducks eat?"}]},
        {"role": "assistant", "content": "Water weeds."},
    ]
    follow_up = {"role": "user", "content": "And where do they nest?"}
    reply = client.chat.completions.create(model=MODEL, messages=[*earlier, follow_up])
    assert "Mandarin ducks" in reply.fathom["standalone_question"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"model": "gpt-5"}, 404, "model_not_found"),
        ({"model": "fathom:nowhere"}, 404, "collection_not_found"),
        ({"messages": []}, 400, "invalid_request"),
        ({"messages": [{"role": "assistant", "content": "Hello."}]}, 400, "no_question"),
        ({"messages": [{"role": "user", "content": "?!"}]}, 400, "empty_question"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x:"}}]}]},
            400,
            "unsupported_content",
        ),
        ({"n": 2}, 400, "unsupported_parameter"),
        ({"response_format": {"type": "json_object"}}, 400, "unsupported_parameter"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
            400,
            "unsupported_parameter",
        ),
    ],
)
def test_whatever_can_not_be_done_is_told_in_the_form_that_clients_read(client, change, status, code):
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(**({"model": MODEL, "messages": ASK} | change))
    assert (refused.value.status_code, refused.value.code) == (status, code)
    assert refused.value.body["message"].endswith(".")


def test_a_generator_that_fails_ends_the_stream_with_an_error(client, generator, monkeypatch):
    def fail(_request):
        raise RuntimeError("out of order")
        yield

    monkeypatch.setattr(generator, "stream", fail)
    with pytest.raises(openai.APIError, match="went wrong"):
        list(client.chat.completions.create(model=MODEL, messages=ASK, stream=True))
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model=MODEL, messages=ASK)
