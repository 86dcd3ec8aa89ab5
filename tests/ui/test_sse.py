"""Server-sent events: any cutting of the bytes gives the same events."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ui.sse import ServerEvent, read_events

STREAM = (
    'id: 1\nevent: token\ndata: {"text": "深 \u2028 deep"}\n\n'
    ": ping\n\n"
    "id: 2\r\nevent: done\r\ndata: a\r\ndata: b\r\n\r\n"
    "data: no id of its own\r\r"
).encode()
EVENTS = [
    ServerEvent("token", '{"text": "深 \u2028 deep"}', "1"),
    None,
    ServerEvent("done", "a\nb", "2"),
    ServerEvent("message", "no id of its own", "2"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_pieces_of_any_size_give_the_same_events(cuts: list[int]) -> None:
    bounds = sorted({0, len(STREAM), *cuts})
    parts = [STREAM[a:b] for a, b in itertools.pairwise(bounds)]
    # A CR at the very end of a stream is a line's end only once something follows.
    assert list(read_events([*parts, b"\n"])) == EVENTS


def test_an_event_cut_off_before_its_empty_line_is_not_an_event() -> None:
    assert list(read_events([b"event: done\ndata: {}\n"])) == []


def test_fields_without_colon_and_unknown_fields_are_ignored() -> None:
    assert list(read_events([b"retry: 5\nnonsense\ndata: x\n\n"])) == [ServerEvent("message", "x", None)]
