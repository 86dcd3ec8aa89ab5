"""Ways to take an answer along, to ask it again, and its confidence in words."""

import pytest

from tests.ui.fake_api import FakeStore
from tests.ui.test_client import filled
from tests.ui.test_pages import _at_api, page, settled
from ui.client import FathomClient
from ui.components.answer_actions import confidence_words
from ui.export import as_markdown, with_numbers

__all__ = ["_at_api"]


def citation(n: int, end: int, name: str = "whale.md", title: str | None = "The whale") -> dict:
    document = {"id": "doc_1", "name": name, "title": title}
    quote = "It eats krill.\nAll day."
    return {"n": n, "answer_start": 0, "answer_end": end, "quote": quote, "document": document, "page": 3}


def test_numbers_stand_after_what_they_cite() -> None:
    assert with_numbers("Krill. And fish.", [citation(1, 6), citation(2, 16)]) == "Krill. [1] And fish. [2]"  # type: ignore[list-item]


def test_markdown_has_question_answer_and_quotes() -> None:
    answer = {"question": "What\ndoes it eat?", "text": "Krill.", "citations": [citation(1, 6)]}
    assert as_markdown(answer, "Sources") == (  # type: ignore[arg-type]
        "# What does it eat?\n\nKrill. [1]\n\n## Sources\n\n"
        "1. The whale (whale.md, p. 3)\n\n   > It eats krill.\n   > All day.\n"
    )


@pytest.mark.parametrize(
    ("confidence", "said"),
    [
        (0.97, "Very likely right (almost all such answers are)"),
        (0.8, "Very likely right (about 8 of 10 such answers are)"),
        (0.62, "Probably right (about 6 of 10 such answers are)"),
        (0.03, "Perhaps right (about 1 of 10 such answers are)"),
    ],
)
def test_confidence_is_said_as_a_share(confidence: float, said: str) -> None:
    assert confidence_words(confidence) == said


@pytest.mark.usefixtures("_at_api")
def test_a_question_is_asked_again_with_more_passages(client: FathomClient, store: FakeStore) -> None:
    filled(client, "A whale eats krill. It sleeps.")
    app = page("from ui.views import ask\nask.render()").run()
    app.chat_input[0].set_value("What about krill?").run()
    settled(app)
    next(b for b in app.button if b.label == "Answer from more passages").click().run()
    settled(app)
    assert [body.get("k") for body in store.asked] == [None, 24]
    assert store.asked[0]["collections"] == store.asked[1]["collections"]
    assert len(store.answers) == 2
