"""What `fathom ask` prints of an answer."""

import errno
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.answers import stored
from app.answers.json_form import answer_from_json
from app.cli.ask import _Screen
from app.composition.runtime import build_runtime
from app.db.models import Answer
from generator.errors import ModelServerUnreachableError
from generator.types import Event, Request
from tests.app.doubles import SilentGenerator

PASSAGE = "Start it so.\n\nThe port is 8000. Another is set with --port."
WHERE: dict[str, Any] = {
    "document": {"id": "doc_1", "name": "guide.md", "title": "Guide"},
    "chunk": 1,
    "page": None,
}


def printed(capsys: pytest.CaptureFixture[str], **more: Any) -> str:
    head = {"id": "ans_1", "question": "?", "collections": [], "created_at": "2025-01-01T12:00:00Z"}
    answer = answer_from_json(head | {"status": "done"} | more)
    screen = _Screen(live=False)
    with screen:
        screen.end(answer)
    return capsys.readouterr().out


def nearest(key: tuple[int, int] | None) -> dict[str, Any]:
    start, end = key or (None, None)
    return WHERE | {"start": 100, "end": 100 + len(PASSAGE), "quote": PASSAGE, "score": 0.1,
                    "key_start": start, "key_end": end}  # fmt: skip


def test_code_is_set_in_and_keeps_its_lines(capsys):
    text = "Install it:\n\nfor x in 1 2\n  do it\n\nThen look."
    parts = [
        {"answer_start": 0, "answer_end": 11, "kind": "text"},
        {"answer_start": 13, "answer_end": 33, "kind": "code"},
        {"answer_start": 35, "answer_end": 45, "kind": "text"},
    ]
    out = printed(capsys, text=text, parts=parts)
    assert out == "Install it:\n\n    for x in 1 2\n      do it\n\nThen look.\n"


def test_what_else_may_answer_is_named_with_its_place(capsys):
    also = WHERE | {"start": 3, "end": 9, "quote": "Or\nthis.", "score": 0.2}
    out = printed(capsys, text="This.", also=[also], more=True)
    assert out == "This.\nThere is more in the document.\nAlso possible:\n -  guide.md [3, 9): “Or this.”\n"


@pytest.mark.parametrize(("supported", "doubt"), [(False, " (may not answer)"), (True, ""), (None, "")])
def test_a_quote_that_may_not_answer_is_marked(capsys, supported, doubt):
    place = {"n": 1, "answer_start": 0, "answer_end": 5, "start": 0, "end": 5}
    cited = WHERE | place | {"quote": "This.", "score": 1.0, "supported": supported}
    out = printed(capsys, text="This.", citations=[cited])
    assert out == f"This.\n[1] guide.md [0, 5){doubt}: “This.”\n"


def test_the_nearest_passages_are_whole_and_their_key_sentence_stands_out(capsys):
    start = 100 + PASSAGE.index("The port")
    out = printed(capsys, text="No.", nearest=[nearest((start, start + 17))])
    assert f"guide.md [100, {100 + len(PASSAGE)}):\n    Start it so.\n\n" in out
    assert "    **The port is 8000.** Another is set with --port.\n" in out
    assert "**" not in printed(capsys, text="No.", nearest=[nearest(None)])


def test_the_key_sentence_is_bold_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    out = printed(capsys, text="No.", nearest=[nearest((100, 112))])
    assert "\x1b[1mStart it so.\x1b[0m\n" in out


class BreakingGenerator(SilentGenerator):
    """Fails in the middle of an answer."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def stream(self, request: Request) -> Iterator[Event]:
        raise self.error
        yield


@pytest.mark.parametrize(
    ("error", "exit_code", "code"),
    [
        (ModelServerUnreachableError("nothing answers"), 5, "model_server_unreachable"),
        (OSError(errno.ENOSPC, "full"), 7, "disk_full"),
        (ZeroDivisionError("secret words"), 70, "internal_error"),
        (KeyboardInterrupt(), 130, "answer_interrupted"),
    ],
)
def test_an_answer_that_fails_keeps_why(
    fathom, settings, parts, tmp_path, monkeypatch, error, exit_code, code
):
    broken = replace(parts, generator=lambda _: BreakingGenerator(error))
    monkeypatch.setattr("app.composition.runtime.shipped_parts", lambda: broken)
    duck = tmp_path / "duck.md"
    duck.write_text("# Duck\n\nThe duck swims on the pond.", encoding="utf-8")
    assert fathom("ingest", "birds", str(duck))[0] == 0
    assert fathom("ask", "birds", "Where does the duck swim?")[0] == exit_code
    runtime = build_runtime(settings, parts)
    try:
        with runtime.db.read() as session:
            (row,) = session.scalars(select(Answer)).all()
        assert (row.status, row.error["code"]) == ("failed", code)
        assert "secret" not in str(row.error)
        answer = stored.get(runtime.db, row.id, in_work=False)
        assert (answer.status, answer.error.code) == ("failed", code)
    finally:
        runtime.close()
