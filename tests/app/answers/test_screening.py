"""Nothing of a word leaves before it is looked through, wherever the generator cuts its tokens."""

import random

import pytest

from app.answers.screening import AnswerBlockedError, ScreenedEvents
from app.answers.types import Answer, Citation, GeneratedText, NearestPassage, Replacement
from app.db.sources import DocumentName
from app.safety.lexicon_filter import LexiconFilter
from app.safety.personal_data import PersonalData
from app.safety.types import MASK, Lexicon

DOCUMENT = DocumentName(id="doc_1", name="bluebird.md", title="Bluebird")
MASKING = LexiconFilter(
    [Lexicon(name="secret", level="mask", words=["青鸟计划", "bluebird"])],
)
BLOCKING = LexiconFilter([Lexicon(name="hard", level="block", words=["青鸟计划", "bluebird"])])
FLAGGING = LexiconFilter([Lexicon(name="soft", level="flag", words=["bluebird"])])
TEXTS = (
    "The plan is called bluebird, and nothing else; blue birds are no bluebirds.",
    "这个项目叫青 鸟\u200b计划，又名ＢＬＵＥＢＩＲＤ。青鸟不是计划。",
    "Write to anna@example.org or call +44 20 7946 0958 about b-l-u-e-b-i-r-d.",
)


def told(finders, pieces, *, citations=()):
    events = []
    screen = ScreenedEvents(events.append, finders)
    for piece in pieces:
        screen(GeneratedText(text=piece, kind="written"))
    for citation in citations:
        screen(citation)
    screen.finish()
    return screen, events


def citation(text: str, said: str, **more: object) -> Citation:
    start = text.index(said)
    return Citation(
        n=1, answer_start=start, answer_end=start + len(said), document=DOCUMENT, chunk=1, page=None,
        start=start, end=start + len(said), quote=said, score=1.0, **more,
    )  # fmt: skip


def cut(text: str, seed: int) -> list[str]:
    chance = random.Random(seed)
    pieces = []
    while text:
        size = chance.randint(1, 6)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("seed", range(8))
def test_the_stream_tells_what_the_whole_text_would_show_however_it_is_cut(text, seed):
    finders = (MASKING, PersonalData())
    whole, _ = told(finders, [text])
    screen, events = told(finders, cut(text, seed))
    assert MASK in whole.text
    assert screen.text == whole.text == "".join(event.text for event in events)
    assert len(screen.text) == len(text)


@pytest.mark.parametrize("text", TEXTS)
def test_of_a_word_that_is_not_complete_nothing_has_left(text):
    events = []
    screen = ScreenedEvents(events.append, (MASKING,))
    for character in text:
        screen(GeneratedText(text=character, kind="copied"))
        left = "".join(event.text for event in events)
        for found in MASKING.find(text):
            assert set(left[found.start : found.end]) <= {MASK}


def test_a_text_without_words_is_not_held_back():
    events = []
    screen = ScreenedEvents(events.append, (MASKING,))
    for number, word in enumerate(["The ", "harbour ", "opens "], 1):
        screen(GeneratedText(text=word, kind="written"))
        assert len(events) == number
    screen(GeneratedText(text="blue", kind="written"))
    assert len(events) == 3


def test_a_blocked_word_is_never_told_and_ends_the_answer():
    events = []
    screen = ScreenedEvents(events.append, (BLOCKING,))
    screen(GeneratedText(text="It is called 青鸟", kind="copied"))
    assert "".join(event.text for event in events) == "It is called "
    with pytest.raises(AnswerBlockedError):
        screen(GeneratedText(text="计划。", kind="copied"))
    assert "".join(event.text for event in events) == "It is called "
    assert [match.source for match in screen.matches] == ["hard"]


def test_a_flagged_word_is_noted_and_told():
    screen, events = told((FLAGGING,), ["a blue", "bird"])
    assert "".join(event.text for event in events) == "a bluebird"
    assert [(match.level, match.start, match.end) for match in screen.matches] == [("flag", 2, 10)]


def test_kinds_and_citations_stay_in_their_places():
    text = "So: bluebird flies."
    events = []
    screen = ScreenedEvents(events.append, (MASKING,))
    screen(GeneratedText(text="So: ", kind="written"))
    screen(GeneratedText(text="blue", kind="copied"))
    screen(citation(text, "bluebird", before="the ", after=" and bluebird"))
    assert all(isinstance(event, GeneratedText) for event in events)
    screen(GeneratedText(text="bird", kind="copied"))
    screen(GeneratedText(text=" flies.", kind="written"))
    screen.finish()
    pieces = [event for event in events if isinstance(event, GeneratedText)]
    assert [(piece.text, piece.kind) for piece in pieces if piece.text.strip()] == [
        ("So: ", "written"),
        (MASK * 4, "copied"),
        (MASK * 4, "copied"),
        (" flies.", "written"),
    ]
    (cited,) = [event for event in events if isinstance(event, Citation)]
    assert (cited.quote, cited.before, cited.after) == (MASK * 8, "the ", f" and {MASK * 8}")
    assert cited.document.title == MASK * 8


def test_a_text_that_takes_the_place_of_another_is_looked_through_anew():
    events = []
    screen = ScreenedEvents(events.append, (MASKING,))
    screen(GeneratedText(text="It is blue", kind="written"))
    screen(Replacement(text="It is bluebird."))
    screen.finish()
    assert events[-1] == Replacement(text=f"It is {MASK * 8}.")
    with pytest.raises(AnswerBlockedError):
        ScreenedEvents(events.append, (BLOCKING,))(Replacement(text="bluebird"))


def test_the_stored_answer_is_what_was_told():
    text = "It is bluebird."
    screen, _ = told((MASKING,), [text])
    near = NearestPassage(document=DOCUMENT, chunk=1, page=None, start=0, end=9, quote="bluebird!", score=0.5)
    answer = Answer(
        id="ans_1", question="?", collections=("col",), created_at="", status="done",
        text=text, phrase="bluebird", citations=(citation(text, "bluebird"),), nearest=(near,),
    )  # fmt: skip
    shown = screen.screened_answer(answer)
    assert (shown.text, shown.phrase) == (f"It is {MASK * 8}.", MASK * 8)
    assert shown.citations[0].quote == MASK * 8
    assert shown.nearest[0].quote == f"{MASK * 8}!"


def test_without_finders_everything_passes_as_it_is():
    events = []
    screen = ScreenedEvents(events.append, ())
    event = GeneratedText(text="bluebird", kind="written")
    screen(event)
    screen.finish()
    answer = Answer(id="a", question="?", collections=(), created_at="", status="done", text="bluebird")
    assert events == [event]
    assert screen.screened_answer(answer) is answer
