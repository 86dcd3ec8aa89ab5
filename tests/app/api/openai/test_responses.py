"""Responses through the official client: whole, streamed, followed up, stored, and refused where they ask for more."""

import openai
import pytest

from tests.app.texts import DUCKS

QUESTION = "Which weeds do they eat?"
TEXT = DUCKS.decode().removeprefix("# ").strip()  # as citations count it


@pytest.fixture(scope="module")
def tool(client, base_url):
    import httpx

    key = httpx.get(base_url.replace("/openai/v1", "/v1/collections/birds")).json()["id"]
    return {"type": "file_search", "vector_store_ids": [key]}


def test_a_response_cites_files_with_their_ranges(client, tool):
    reply = client.responses.create(
        model="fathom", input=QUESTION, tools=[tool], include=["file_search_call.results"]
    )
    call, message = reply.output
    assert (reply.status, call.type, call.queries) == ("completed", "file_search_call", [QUESTION])
    assert call.results[0].text in TEXT
    assert reply.output_text == message.content[0].text
    notes = message.content[0].annotations
    assert notes
    for note in notes:
        places = note.fathom
        quoted = TEXT[places["start"] : places["end"]]
        assert (note.type, note.filename, note.index) == ("file_citation", "ducks.md", places["answer_end"])
        assert quoted == places["quote"] == reply.output_text[places["answer_start"] : places["answer_end"]]
    assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens > 0
    assert client.responses.retrieve(reply.id).output_text == reply.output_text


ORDER = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.file_search_call.in_progress",
    "response.file_search_call.searching",
    "response.file_search_call.completed",
    "response.output_item.done",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.output_text.annotation.added",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


@pytest.mark.parametrize("searched", [True, False])
def test_events_come_in_the_order_of_the_protocol(client, tool, searched):
    asked = {"model": "fathom", "tools": [tool]} if searched else {"model": "fathom:birds"}
    with client.responses.stream(input=QUESTION, **asked) as stream:
        events = list(stream)
        whole = stream.get_final_response()
    names = [event.type for event in events]
    once = [name for n, name in enumerate(names) if n == 0 or name != names[n - 1]]
    expected = ORDER if searched else [*ORDER[:2], *ORDER[7:]]
    assert once == expected
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == whole.output_text == client.responses.create(input=QUESTION, **asked).output_text
    added = [e.annotation for e in events if e.type == "response.output_text.annotation.added"]
    told = [a if isinstance(a, dict) else a.model_dump() for a in added]
    assert told == [note.model_dump() for note in whole.output[-1].content[0].annotations]


def test_a_response_goes_on_from_the_one_before(client):
    first = client.responses.create(model="fathom:birds", input="What do Mandarin ducks eat?")
    then = client.responses.create(
        model="fathom:birds", input="And where do they nest?", previous_response_id=first.id
    )
    assert "Mandarin ducks" in then.fathom["standalone_question"]
    assert then.previous_response_id == first.id
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="fathom:birds", input="And why?", previous_response_id="resp_none")


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_not_to_be_stored_is_not(client, stream):
    reply = client.responses.create(model="fathom:birds", input=QUESTION, store=False, stream=stream)
    key = list(reply)[-1].response.id if stream else reply.id
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(key)


def test_a_response_can_be_deleted(client):
    reply = client.responses.create(model="fathom:birds", input=QUESTION)
    client.responses.delete(reply.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(reply.id)


def test_a_generator_that_fails_ends_the_stream_with_its_event(client, generator, monkeypatch):
    def fail(_request):
        raise RuntimeError("out of order")
        yield

    monkeypatch.setattr(generator, "stream", fail)
    events = list(client.responses.create(model="fathom:birds", input=QUESTION, stream=True))
    assert (events[-1].type, events[-1].response.status) == ("response.failed", "failed")
    assert "went wrong" in events[-1].response.error.message
    with pytest.raises(openai.InternalServerError):
        client.responses.create(model="fathom:birds", input=QUESTION)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model": "gpt-5"}, "model_not_found"),
        ({"model": "fathom"}, "no_collection"),
        ({"tools": [{"type": "web_search"}]}, "unsupported_parameter"),
        ({"tools": [{"type": "function", "name": "f", "parameters": {}}]}, "unsupported_parameter"),
        ({"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}}, "unsupported_parameter"),
        ({"background": True}, "unsupported_parameter"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x:"}]}]},
            "unsupported_content",
        ),
    ],
)
def test_whatever_can_not_be_done_is_told(client, change, code):
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as refused:
        client.responses.create(**({"model": "fathom:birds", "input": QUESTION} | change))
    assert refused.value.code == code
