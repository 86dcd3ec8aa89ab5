"""Outdated answers on the pages: the notice, asking again, old and new side by side, the review of a collection."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.fake_api import FakeStore
from tests.ui.test_client import filled
from tests.ui.test_pages import _at_api, page, settled, shown  # noqa: F401
from ui.client import FathomClient

EVIL = "<img src=x onerror=alert(1)>"
MARK = {
    "reason": "source_changed", "since": "2026-01-01T00:00:00Z",
    "documents": [{"id": "doc_1", "name": "whales.md", "title": f"Whales {EVIL}"}],
}  # fmt: skip


def asked(client: FathomClient) -> AppTest:
    filled(client, "A whale eats krill.")
    app = page("from ui.views import ask\nask.render()").run()
    app.chat_input[0].set_value("What about krill?").run()
    return settled(app)


def button(app: AppTest, label: str):
    return next(one for one in app.button if one.label == label)


def saves(app):
    """Buttons that save a certificate."""
    return [b for b in app.get("download_button") if "save_certificate" in b.proto.id]


@pytest.mark.usefixtures("_at_api")
def test_an_outdated_answer_is_asked_again_and_both_are_shown(client: FathomClient, store: FakeStore) -> None:
    app = asked(client)
    assert not [one for one in app.button if one.label == "Ask again"]
    old = next(iter(store.answers.values()))
    old["outdated"], old["text"] = MARK, old["text"] + f" {EVIL} Of old."
    app.run()
    assert "A source of this answer has changed since" in shown(app)
    assert "Whales &lt;img" in shown(app)
    assert EVIL not in shown(app)
    button(app, "Ask again").click().run()
    settled(app)
    assert next(one.label for one in app.expander) == "Asked again: it says something else now"
    assert "&lt;img src=x onerror=alert(1)&gt; Of old." in shown(app)
    assert EVIL not in shown(app)
    again = page("from ui.views import ask\nask.render()")
    again.query_params["answer"] = old["id"]
    again.run()
    button(again, "Show the newer answer").click().run()
    assert list(again.query_params["answer"])[-1] == list(store.answers)[1] or again.query_params["answer"] in (
        list(store.answers)[1], [list(store.answers)[1]]
    )  # fmt: skip


@pytest.mark.usefixtures("_at_api")
def test_all_outdated_answers_of_a_collection_are_asked_again(client: FathomClient, store: FakeStore) -> None:
    asked(client)
    documents = page("from ui.views import documents\ndocuments.render()").run()
    assert "outdated" not in shown(documents)
    next(iter(store.answers.values()))["outdated"] = MARK
    documents.run()
    assert "1 of 1 answers from these documents are outdated" in shown(documents)
    button(documents, "Ask them all again").click().run()
    assert [one.label for one in documents.expander][-1] == "1 of 1 answers changed"
    assert "Everything is new." in shown(documents)
    assert "are outdated" not in shown(documents)


@pytest.mark.usefixtures("_at_api")
def test_a_certificate_is_made_and_saved_or_it_is_said_why_not(
    client: FathomClient, store: FakeStore
) -> None:
    app = asked(client)
    assert not saves(app)
    button(app, "Certificate").click().run()
    (save,) = saves(app)
    assert save.proto.label == "Save the file"
    answer = next(iter(store.answers.values()))
    answer["outdated"] = MARK
    again = page("from ui.views import ask\nask.render()")
    again.query_params["answer"] = answer["id"]
    again.run()
    button(again, "Certificate").click().run()
    assert "A source of this answer is not there any more." in shown(again)
    assert not saves(again)
