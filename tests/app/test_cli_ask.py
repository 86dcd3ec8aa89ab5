"""What `fathom ask` prints of an answer."""

from typing import Any

import pytest

from app.cli.ask import _Screen

PASSAGE = "Start it so.\n\nThe port is 8000. Another is set with --port."
WHERE: dict[str, Any] = {"document": {"id": "doc_1", "name": "guide.md", "title": "Guide"}, "page": None}


def printed(capsys: pytest.CaptureFixture[str], **more: Any) -> str:
    answer: dict[str, Any] = {
        "text": "", "parts": [], "more": False, "citations": [], "unsupported": [], "nearest": [], "also": [],
    }  # fmt: skip
    screen = _Screen(live=False)
    with screen:
        screen.end(answer | more)
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
    cited = WHERE | {"n": 1, "start": 0, "end": 5, "quote": "This.", "supported": supported}
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
