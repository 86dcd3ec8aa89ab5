"""Cards of documents: order, and the badge of one whose text is not whole."""

import pytest

from tests.ui.test_client import filled
from ui import i18n
from ui.client import FathomClient
from ui.components.documents import document_card, sorted_documents


@pytest.mark.parametrize(
    ("language", "badge", "words", "hint"),
    [
        ("en", "12 % of its text was not read", "among others: chassis, WKX", "save the file as PDF"),
        ("zh", "有 12 % 的文字未读取", "chassis, WKX", "另存为 PDF"),
    ],
)
def test_a_document_that_lacks_text_has_a_badge_with_the_reason(
    client: FathomClient, monkeypatch: pytest.MonkeyPatch, language: str, badge: str, words: str, hint: str
) -> None:
    monkeypatch.setattr(i18n, "language", lambda: language)
    collection = filled(client, "krill", "krill LOST chassis WKX", "FAIL encrypted")
    failed, cut, whole = map(document_card, sorted_documents(client.documents(collection).items))
    assert (failed["tone"], cut["tone"], whole["tone"]) == ("bad", "warn", "ok")
    assert badge in cut["state"]
    assert words in cut["lines"][0][0]["t"]
    assert hint in cut["hint"]
    assert "view" in [action for action, *_ in cut["actions"]]
    assert "lines" not in whole


def test_a_warning_that_is_not_known_is_told_as_it_came(
    client: FathomClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "en")
    (document,) = client.documents(filled(client, "krill LOST x")).items
    document["warnings"][0]["code"] = "newer"
    card = document_card(document)
    assert (card["lines"][0][0]["t"], card["hint"], card["tone"]) == (
        "Server message.",
        "Server hint.",
        "warn",
    )
