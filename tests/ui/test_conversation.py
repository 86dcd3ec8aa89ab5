"""Conversations on the page: what is sent along, what is shown above, and how a new one begins."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.fake_api import FakeStore
from tests.ui.test_client import filled
from tests.ui.test_pages import _at_api, page, settled, shown
from ui.client import FathomClient
from ui.components.conversation import MOST_ANSWER_CHARS, MOST_TURNS, history_of
from ui.wire import Answer

__all__ = ["_at_api"]


def asked(app: AppTest, question: str) -> AppTest:
    app.chat_input[0].set_value(question).run()
    return settled(app)


def turns_on(app: AppTest) -> list[str]:
    return [answer["question"] for answer in app.session_state["conversation"]]


@pytest.mark.usefixtures("_at_api")
def test_a_follow_up_sends_what_was_asked_before_and_shows_how_it_was_understood(
    client: FathomClient, store: FakeStore
) -> None:
    filled(client, "A whale eats krill. It sleeps.")
    app = asked(page("from ui.views import ask\nask.render()").run(), "What about krill?")
    assert "understood as" not in shown(app)
    asked(app, "And when it sleeps?")
    first = next(iter(store.answers.values()))
    turn = {"question": "What about krill?", "answer": first["text"]}
    assert store.histories == [[], [turn]]
    assert "understood as: What about krill? And when it sleeps?" in shown(app)
    assert "Earlier in this conversation" in shown(app)
    asked(app, "Say nothing")
    assert store.histories[-1][1]["question"] == "What about krill? And when it sleeps?"
    asked(app, "And krill?")
    assert store.histories[-1][2] == {"question": "Say nothing", "answer": None}
    assert turns_on(app) == ["What about krill?", "And when it sleeps?", "Say nothing", "And krill?"]


@pytest.mark.usefixtures("_at_api")
def test_a_new_conversation_forgets_the_turns_and_keeps_the_history_of_answers(
    client: FathomClient, store: FakeStore
) -> None:
    filled(client, "A whale eats krill.")
    app = asked(page("from ui.views import ask\nask.render()").run(), "What about krill?")
    app.button(key="new_conversation").click().run()
    assert "answer" not in app.query_params
    assert "confidence" not in shown(app)
    assert not [button for button in app.button if button.key == "new_conversation"]
    assert [entry["question"] for entry in app.session_state["answer_history"]] == ["What about krill?"]
    asked(app, "And krill?")
    assert store.histories == [[], []]
    assert "understood as" not in shown(app)


@pytest.mark.usefixtures("_at_api")
def test_an_answer_from_elsewhere_begins_a_conversation(client: FathomClient, store: FakeStore) -> None:
    filled(client, "A whale eats krill.")
    asked(page("from ui.views import ask\nask.render()").run(), "What about krill?")
    linked = page("from ui.views import ask\nask.render()")
    linked.query_params["answer"] = next(iter(store.answers))
    asked(linked.run(), "And krill?")
    assert [turn["question"] for turn in store.histories[-1]] == ["What about krill?"]


@pytest.mark.usefixtures("_at_api")
def test_what_the_interface_says_of_a_question_is_drawn_as_text(client: FathomClient) -> None:
    evil = "<img src=x onerror=alert(1)>"
    filled(client, f"A whale eats krill {evil}.")
    app = asked(page("from ui.views import ask\nask.render()").run(), f"{evil} krill")
    asked(app, "And krill?")
    assert f"understood as: {evil}".replace("<", "&lt;").replace(">", "&gt;") in shown(app)
    assert evil not in shown(app)


def test_a_history_is_as_long_as_the_interface_takes() -> None:
    answers: list[Answer] = [
        {"id": str(n), "question": f"Question {n}?", "text": "a" * 30_000, "answerable": n % 2 == 0}
        for n in range(12)
    ]
    history = history_of(answers)
    assert [turn["question"] for turn in history] == [f"Question {n}?" for n in range(12 - MOST_TURNS, 12)]
    assert [len(turn["answer"] or "") for turn in history[:2]] == [MOST_ANSWER_CHARS, 0]


@pytest.mark.usefixtures("_at_api")
def test_what_was_deleted_since_is_neither_shown_nor_sent_from_the_memory_of_the_page(
    client: FathomClient, store: FakeStore
) -> None:
    filled(client, "A whale eats krill. It sleeps.")
    app = asked(page("from ui.views import ask\nask.render()").run(), "What about krill?")
    asked(app, "And when it sleeps?")
    first, second = store.answers.values()
    assert "A whale eats krill." in app.session_state["conversation"][0]["text"]
    first |= {"text": "[Deleted: its source was deleted.]", "citations": [], "spans": []}
    app.run()
    assert app.session_state["conversation"][0]["text"] == first["text"]
    asked(app, "And krill?")
    assert store.histories[-1][0]["answer"] == "[Deleted: its source was deleted.]"
    del store.answers[first["id"]]
    second["erased_sources"] = 1
    app.query_params["answer"] = second["id"]
    app.run()
    assert turns_on(app) == ["And when it sleeps?"]
    assert "they were deleted or replaced" in shown(app)
