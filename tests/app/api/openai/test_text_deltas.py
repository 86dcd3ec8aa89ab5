"""An answer for protocols that can't take back a word."""

import pytest

from app.answers.streams import StreamEvent
from app.api.openai.text_deltas import WITHDRAWN, TextDeltas


def sent(*events: tuple[str, dict]) -> str:
    deltas = TextDeltas()
    return "".join(
        deltas.of(StreamEvent(id=n, event=name, data=data)) for n, (name, data) in enumerate(events, 1)
    )


def token(text: str) -> tuple[str, dict]:
    return "token", {"text": text}


def done(text: str) -> tuple[str, dict]:
    return "done", {"answer": {"text": text}}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([token("Ducks "), token("eat."), done("Ducks eat.")], "Ducks eat."),
        ([token("Ducks"), ("replace", {"text": "Ducks eat."}), done("Ducks eat.")], "Ducks eat."),
        ([token("Cows"), ("replace", {"text": "Ducks."}), done("Ducks.")], f"Cows{WITHDRAWN[False]}Ducks."),
        ([token("牛"), done("鸭。")], f"牛{WITHDRAWN[True]}鸭。"),
        ([("meta", {}), ("citation", {}), done("")], ""),
        (
            [token("a"), ("replace", {"text": "b"}), token("c"), done("bc")],
            f"a{WITHDRAWN[False]}bc",
        ),
    ],
)
def test_the_sum_of_the_pieces_ends_with_the_answer(events, expected):
    assert sent(*events) == expected
