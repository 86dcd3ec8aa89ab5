"""Subtitles: spoken text in sentences, without times and styles."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers import parse_source
from ingestion.types import Document, Source

SRT = (
    "1\n00:00:01,000 --> 00:00:03,000\nWelcome to the\n\n2\n00:00:03,000 --> 00:00:05,000\n{\\an8}<i>harbour</i>\n"
    "tour.\n"
)
VTT = (
    "WEBVTT - Title\nKind: captions\n\nNOTE a remark\n\nSTYLE\n::cue { color: red }\n\n"
    "intro\n00:01.000 --> 00:03.000 align:start\n"
    "<v Anna>Tom &amp; I <c.red>saw</c> it.\n\n00:03.000 --> 00:04.000\nit was<00:03.500><c> red.</c>\n\n"
    "00:04.000 --> 00:05.000\nit was red.\n\n00:20.000 --> 00:21.000\nLater.\n"
)


def read(name: str, text: str) -> Document:
    return parse_source(Source(name=name, data=text.encode()), ParsingLimits())


@pytest.mark.parametrize("name", ["a.srt", "a.txt", "a"])
@pytest.mark.parametrize("text", [SRT, SRT.replace("\n", "\r\n"), "\ufeff" + SRT])
def test_a_sentence_over_two_cues_is_whole(name: str, text: str) -> None:
    document = read(name, text)
    assert document.text == "Welcome to the harbour tour."
    assert [(item.what, item.count) for item in document.dropped] == [("times of subtitles", 2)]


def test_webvtt_with_voices_notes_styles_and_scrolled_lines() -> None:
    document = read("a.vtt", VTT)
    assert document.text == "Anna: Tom & I saw it. it was red.\n\nLater."
    assert {item.what: item.count for item in document.dropped}["times of subtitles"] == 4


def test_chinese_lines_join_without_a_space() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n欢迎来到\n\n2\n00:00:02,000 --> 00:00:03,000\n港口。\n"
    assert read("a.srt", text).text == "欢迎来到港口。"


def test_without_times_it_is_corrupt() -> None:
    with pytest.raises(CorruptFileError, match="times"):
        read("a.srt", "Just text.\n")
