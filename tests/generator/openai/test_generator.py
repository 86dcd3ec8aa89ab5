"""The whole generator against a real server: sentences as they come, quotes cited, refusals and stops."""

import threading

import pytest

from generator.errors import ModelServerError, ModelServerRequestError, RequestError
from generator.openai.client import ChatClient, ServerConfig
from generator.openai.generator import OpenAIGenerator
from generator.quoting.prompt import REFUSALS
from generator.types import Generated, Ink, Request, SourcePassage, Token, Waiting
from ingestion.sentences import split_sentences
from tests.generator.openai.model_server import PATIENCE_S, chunk, completion, model_server, saying, streaming

PASSAGES = [
    SourcePassage(key="ducks", text="Ducks are birds. They eat weeds and\ninsects all day."),
    SourcePassage(key="law", text="用人单位应当按月支付工资，不得拖欠。", weight=0.5),
    SourcePassage(key="gone", text="Ducks bark.", weight=0.0),
]


def generator_of(server, **more):
    client = ChatClient(ServerConfig(base_url=server.url, model="small", **more))
    return OpenAIGenerator(client, split_sentences, lambda _, passages: [0.5 for _ in passages])


def request(question="What do ducks eat?", passages=PASSAGES, **more):
    return Request(question=question, passages=passages, **more)


def answer(*replies, **more):
    """Tokens and result of an answer."""
    with model_server(*replies) as server:
        events = [e for e in generator_of(server).stream(request(**more)) if not isinstance(e, Waiting)]
    *tokens, generated = events
    assert isinstance(generated, Generated)
    assert all(isinstance(token, Token) for token in tokens)
    return tokens, generated


def test_quotes_are_copied_from_their_source_and_the_rest_is_written():
    tokens, generated = answer(
        saying("My ducks eat weeds", " and insects all day [1]", ". Lovely!", tokens=12)
    )
    assert [(token.text, token.ink.value) for token in tokens] == [
        ("My ducks ", "written"),
        ("eat weeds and\ninsects all day.", "copied"),
        (" ", "written"),
        ("Lovely!", "written"),
    ]
    assert generated.text == "My ducks eat weeds and\ninsects all day. Lovely!"
    (copied,) = (span for span in generated.spans if span.ink is Ink.COPIED)
    assert (copied.passage, PASSAGES[0].text[copied.start : copied.end]) == (
        "ducks",
        "eat weeds and\ninsects all day.",
    )
    assert generated.text[copied.answer_start : copied.answer_end] == "eat weeds and\ninsects all day."
    assert (generated.answerable, generated.confidence, generated.generated_tokens) == (True, None, 12)


def test_chinese_is_quoted_with_the_characters_of_the_source():
    _, generated = answer(saying("用人单位应当按月支付工资,", "不得拖欠[2]。"), question="工资何时支付？")
    assert generated.text == "用人单位应当按月支付工资，不得拖欠。"
    assert [span.passage for span in generated.spans] == ["law"]


def test_what_no_passage_says_is_never_a_quote():
    _, generated = answer(saying('The text says "ducks bark" [3], "ducks fly to the moon" [1].'))
    assert [span.ink for span in generated.spans] == [Ink.WRITTEN]
    assert generated.answerable


@pytest.mark.parametrize(
    "pieces", [REFUSALS[:1], ["The passages do ", "not answer this question.", " Sorry."]]
)
def test_a_refusal_is_no_answer_and_is_not_shown(pieces):
    tokens, generated = answer(saying(*pieces))
    assert tokens == []
    assert (generated.text, generated.answerable, list(generated.spans)) == ("", False, [])


def test_a_refusal_behind_words_without_a_quote_is_one_too():
    _, generated = answer(saying("Hm, ducks. ", REFUSALS[1]))
    assert (generated.text, generated.answerable) == ("", False)


def test_a_refusal_behind_a_quote_takes_nothing_back():
    _, generated = answer(saying("They eat weeds and insects all day. ", REFUSALS[0]))
    assert generated.answerable
    assert generated.text.endswith(REFUSALS[0])


def test_a_sentence_is_told_before_the_next_one_is_there():
    go_on = threading.Event()

    def reply(conversation):
        conversation.start()
        conversation.send(chunk("They eat weeds and insects. "), chunk("But"))
        assert go_on.wait(PATIENCE_S)
        conversation.send(chunk(" not bread."), *completion())

    with model_server(reply) as server:
        events = (e for e in generator_of(server).stream(request()) if not isinstance(e, Waiting))
        first = next(events)
        go_on.set()
        rest = list(events)
    assert first.ink is Ink.COPIED
    assert "bread" in rest[-1].text


def test_passages_without_weight_are_not_sent():
    with model_server(saying("Weeds.")) as server:
        list(generator_of(server).stream(request()))
        assert "Ducks are birds." in server.prompt
        assert "bark" not in server.prompt


def test_nothing_to_read_asks_nobody():
    with model_server(saying("x")) as server:
        events = list(generator_of(server).stream(request(passages=PASSAGES[2:])))
        assert server.seen == []
    assert [event.answerable for event in events] == [False]


def test_an_empty_question_is_refused():
    with model_server(saying("x")) as server, pytest.raises(RequestError):
        list(generator_of(server).stream(request(question=" ")))


@pytest.mark.parametrize(
    ("pieces", "finish", "kind", "said"),
    [
        (["<think>Hm, ", "ducks"], "length", ModelServerRequestError, "32 tokens"),
        ([], "length", ModelServerRequestError, "32 tokens"),
        ([], "stop", ModelServerError, "nothing"),
        (["<think></think>"], "stop", ModelServerError, "nothing"),
        (["They eat weeds"], "content_filter", ModelServerError, "content filter"),
    ],
)
def test_no_answer_is_an_error(pieces, finish, kind, said):
    with pytest.raises(kind, match=said):
        answer(saying(*pieces, finish=finish), max_new_tokens=32)


def test_an_answer_cut_by_its_length_is_given_as_far_as_it_goes():
    _, generated = answer(saying("They eat weeds and insects. But they ne", finish="length"))
    assert generated.text == "They eat weeds and\ninsects. But they ne"


def test_tokens_are_counted_where_the_server_does_not_tell():
    assert answer(saying("They ", "eat ", "weeds."))[1].generated_tokens == 3


def test_while_nothing_comes_the_caller_gets_to_look_and_may_close():
    def reply(conversation):
        conversation.wait_for_client_to_leave()

    with model_server(reply) as server:
        events = generator_of(server).stream(request())
        while not server.asked.is_set():
            assert isinstance(next(events), Waiting)
        events.close()
        assert server.left.wait(PATIENCE_S)


def test_a_broken_stream_is_an_error_after_what_came():
    with model_server(streaming([chunk("They eat weeds and insects. Bu")])) as server:
        events = (e for e in generator_of(server).stream(request()) if not isinstance(e, Waiting))
        assert next(events).ink is Ink.COPIED
        with pytest.raises(ModelServerError, match="broke off"):
            list(events)


def test_the_model_is_named_with_its_place_and_passages_are_judged_by_what_was_given():
    with model_server(saying("x")) as server:
        generator = generator_of(server, api_key="sk-1")
        assert generator.model_id == "small@" + server.url.removeprefix("http://").removesuffix("/v1")
        assert generator.relevance("q", PASSAGES) == [0.5] * 3
