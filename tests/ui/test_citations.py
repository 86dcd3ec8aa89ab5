"""A citation that is marked as not supported says so, on its card and on its number."""

from typing import Any

import pytest

from ui.components import answer, passages

CITED: dict[str, Any] = {
    "n": 1, "answer_start": 0, "answer_end": 5, "document": {"id": "doc_1", "name": "guide.md", "title": "Guide"},
    "start": 0, "end": 5, "quote": "This.", "score": 0.5,
}  # fmt: skip
DOUBT = "may not answer the question"


@pytest.mark.parametrize(
    ("known", "said"),
    [({"supported": False}, DOUBT), ({"supported": True}, ""), ({"supported": None}, ""), ({}, "")],
)
def test_a_source_that_may_not_answer_is_marked(
    monkeypatch: pytest.MonkeyPatch, known: dict[str, Any], said: str
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(passages, "cards", lambda items, **_: drawn.append(items))
    monkeypatch.setattr(answer, "mount", lambda _name, data, **_: drawn.append(data["labels"]))
    cited = CITED | known
    passages.citation_cards([cited], None, lambda _passage: None)  # type: ignore[list-item]
    shown = {
        "text": "This.",
        "citations": [cited],
        "spans": [{"answer_start": 0, "answer_end": 5, "kind": "copied"}],
    }
    answer.answer_text(shown, key="answer", on_open=lambda _n: None)
    ((card,), labels) = drawn
    assert card["state"] == said
    assert labels == {"1": " · ".join(filter(None, ("Source 1: Guide", said)))}
