"""The first screen: a sentence, and questions that are asked by one click."""

import pytest

from tests.ui.fake_api import FakeStore
from tests.ui.test_client import filled
from tests.ui.test_pages import _at_api, page, settled, shown
from ui.client import FathomClient

ASK = "from ui.views import ask\nask.render()"
__all__ = ["_at_api"]


def suggested(app) -> list[str]:
    return [b.label for b in app.button if b.key and b.key.startswith("suggested:")]


@pytest.mark.usefixtures("_at_api")
def test_a_click_on_a_suggested_question_asks_it(client: FathomClient, store: FakeStore) -> None:
    filled(client, "A whale eats krill. It sleeps.")
    (collection,) = store.collections
    store.suggestions[collection] = [
        ("鲸鱼吃什么？", "zh"), ("What eats krill?", "en"), ("How long?", "en"), ("Where? (krill)", "en"),
    ]  # fmt: skip
    app = page(ASK).run()
    assert "Ask in your own words" in shown(app)
    assert suggested(app) == ["What eats krill?", "How long?", "Where? \\(krill\\)"]  # in the page's language
    app.button(key="suggested:2").click().run()
    settled(app)
    assert [answer["question"] for answer in store.answers.values()] == ["Where? (krill)"]
    assert suggested(app) == []  # no welcome beside an answer
    next(b for b in app.button if b.label == "New conversation").click().run()
    assert len(suggested(app)) == 3


@pytest.mark.usefixtures("_at_api")
def test_without_suggestions_the_sentence_is_there_alone(client: FathomClient, store: FakeStore) -> None:
    filled(client, "A whale eats krill.")
    app = page(ASK).run()
    assert "Ask in your own words" in shown(app)
    assert "These documents answer" not in shown(app)
