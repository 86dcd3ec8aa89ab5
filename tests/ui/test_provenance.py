"""What is said over written words, and the list of runs."""

from typing import Any

import pytest

from ui.components import provenance as component
from ui.components.provenance import provenance_list, written_hints
from ui.wire import Provenance, SourceRange

WHALE: Any = {"id": "doc_1", "name": "whale.md", "title": "Blue {whale}"}


def looked(start: int, end: int, quote: str | None, weight: float, document: str = "doc_1") -> SourceRange:
    return {
        "chunk": 1, "document": document, "page": 2, "start": start, "end": end, "quote": quote, "weight": weight,
    }  # fmt: skip


def told(**more: Any) -> Provenance:
    found: Provenance = {
        "id": "ans_1",
        "text": "It is krill  daily",
        "recorded": "tokens",
        "note": None,
        "runs": [
            {"answer_start": 0, "answer_end": 6, "kind": "written", "weight_sum": 0.5,
             "ranges": [looked(9, 20, "krill {0}\n only", 0.4), looked(30, 32, "it", 0.1)]},
            {"answer_start": 6, "answer_end": 11, "kind": "copied", "weight_sum": 1.0,
             "ranges": [looked(9, 14, "krill", 1.0)]},
            {"answer_start": 11, "answer_end": 13, "kind": "written", "weight_sum": 0.0, "ranges": []},
            {"answer_start": 13, "answer_end": 18, "kind": "written", "weight_sum": 0.0, "ranges": []},
        ],
        "documents": [WHALE],
    }  # fmt: skip
    found.update(more)  # type: ignore[typeddict-item]
    return found


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.i18n.language", lambda: "en")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(component, "cards", lambda items, **more: calls.append({"items": items} | more))
    return calls


def test_written_words_say_what_they_looked_at_and_copied_ones_do_not() -> None:
    (hint,) = written_hints(told())
    assert hint[:2] == (0, 6)
    assert hint[2].splitlines() == [
        "looked at “krill {0} only” in Blue {whale} · Page 2 (40% of its attention)",
        "looked at “it” in Blue {whale} · Page 2 (10% of its attention)",
    ]


def test_every_run_with_text_is_a_card_in_its_ink_and_opens_its_place(drawn: list[dict[str, Any]]) -> None:
    opened: list[Any] = []
    provenance_list(told(), key="k", on_open=opened.append)
    items = drawn[0]["items"]
    assert [card["lines"][0] for card in items] == [
        [{"t": "It is ", "c": "written"}], [{"t": "krill", "c": "copied"}], [{"t": "daily", "c": "written"}],
    ]  # fmt: skip
    assert items[1]["name"] == "Blue {whale} · Page 2"
    assert "main" not in items[2]
    assert items[2]["lines"][1][0]["t"] == "What it looked at was not recorded."
    drawn[0]["on_act"]("open", items[1]["id"])
    assert (opened[0]["start"], opened[0]["end"], opened[0]["document"]) == (9, 14, WHALE)


def test_a_document_that_is_gone_is_said_to_be_gone(drawn: list[dict[str, Any]]) -> None:
    provenance_list(told(documents=[]), key="k", on_open=lambda _: None)
    assert all("main" not in card for card in drawn[0]["items"])
    assert drawn[0]["items"][0]["lines"][1][0]["t"] == "The document has been deleted since."
    assert drawn[0]["items"][1]["name"] == "The document has been deleted since."
