"""Plans as tokens and parts."""

from hypothesis import given
from hypothesis import strategies as st

from generator.composing.plan import Plan, Stretch, bounded, joined, parts_of, stretch_of_unit, tokens_of
from generator.types import Ink, PartKind, Shape, SourcePassage
from tests.generator.composing.tables import evidence, page

PASSAGE = SourcePassage(key="p", text="One two.\n\n- three\n- four", before="Zero. ", after="\n- five")


def tokens(*stretches, passages=(PASSAGE,), opening=""):
    return list(tokens_of(Plan(Shape.SENTENCE, list(stretches), opening=opening), passages))


def test_neighbours_in_a_document_are_one_run_and_keep_their_line_ends():
    (token,) = tokens(Stretch(0, 0, 8), Stretch(0, 10, 17, PartKind.ITEM))
    assert (token.text, token.ink, token.passage, token.start, token.end) == (
        "One two.\n\n- three",
        Ink.COPIED,
        "p",
        0,
        17,
    )


def test_what_is_apart_gets_a_line_end_of_our_own():
    apart = tokens(Stretch(0, 10, 17, PartKind.ITEM), Stretch(0, 25, 31, PartKind.ITEM))
    assert [(t.text, t.ink) for t in apart] == [
        ("- three", Ink.COPIED),
        ("\n", Ink.WRITTEN),
        ("- five", Ink.COPIED),
    ]
    text = tokens(Stretch(0, 0, 8), Stretch(0, 18, 24, PartKind.ITEM))
    assert [t.text for t in text] == ["One two.", "\n\n", "- four"]


def test_text_around_the_passage_has_places_outside_of_it():
    before, _, after = tokens(Stretch(0, -6, -1), Stretch(0, 25, 31))
    assert (before.text, before.start) == ("Zero.", -6)
    assert (after.text, after.end) == ("- five", 31)
    assert after.end > len(PASSAGE.text)


def test_two_passages_are_apart_though_their_places_touch():
    other = SourcePassage(key="q", text="0123456789")
    said = tokens(Stretch(0, 0, 8), Stretch(1, 8, 10), passages=(PASSAGE, other))
    assert [t.passage for t in said] == ["p", None, "q"]


def test_an_opening_is_written_and_is_a_part():
    said = tokens(Stretch(0, 0, 8), opening="Yes. ")
    assert [(t.text, t.ink) for t in said] == [("Yes. ", Ink.WRITTEN), ("One two.", Ink.COPIED)]
    plan = Plan(Shape.YES_NO, [Stretch(0, 0, 8)], opening="Yes. ")
    parts = parts_of(plan, [PASSAGE], "Yes. One two.")
    assert [(p.answer_start, p.answer_end) for p in parts] == [(0, 4), (5, 13)]


def test_nothing_to_say_is_nothing():
    assert tokens() == []
    assert parts_of(Plan(Shape.SENTENCE), [PASSAGE], "") == []


def test_the_same_words_twice_are_two_parts():
    passage = SourcePassage(key="p", text="- no\n- no\n- yes")
    plan = Plan(Shape.LIST, [Stretch(0, 0, 4), Stretch(0, 5, 9), Stretch(0, 10, 15)])
    parts = parts_of(plan, [passage], "".join(t.text for t in tokens_of(plan, [passage])))
    assert [(p.answer_start, p.answer_end) for p in parts] == [(0, 4), (5, 9), (10, 15)]


def test_what_is_bounded_is_never_cut():
    stretches = [Stretch(0, 0, 6), Stretch(0, 6, 10), Stretch(0, 10, 11)]
    assert bounded(stretches, 10) == (stretches[:2], True)
    assert bounded(stretches, 11) == (stretches, False)
    assert bounded(stretches, 3) == (stretches[:1], True), "the first always"
    assert bounded([], 3) == ([], False)


def test_a_sentence_is_copied_without_white_space_at_its_ends():
    table = evidence(
        "What?", SourcePassage(key="p", text="  a b \n c", sentences=[(0, 7), (7, 9)]), says={"a b": 1.0}
    )
    stretch = stretch_of_unit(table, table.units[0])
    assert (stretch.start, stretch.end) == (2, 5)


def test_the_kind_of_a_sentence_is_that_of_its_line():
    table = evidence("What?", page("# Title\n\n- item\n\nText."), says={"item": 1.0})
    kinds = [stretch_of_unit(table, unit).kind for unit in table.units]
    assert kinds == [PartKind.HEADING, PartKind.ITEM, PartKind.TEXT]


WORDS = st.text(alphabet="ab \n", max_size=12)


@st.composite
def plans(draw):
    passages = [
        SourcePassage(key=str(n), text=draw(WORDS), before=draw(WORDS), after=draw(WORDS))
        for n in range(draw(st.integers(1, 3)))
    ]
    stretches = []
    for number, passage in enumerate(passages):
        low, high = -len(passage.before), len(passage.text) + len(passage.after)
        cuts = sorted(draw(st.lists(st.integers(low, high), max_size=6, unique=True)))
        stretches += [
            Stretch(number, a, b, draw(st.sampled_from(list(PartKind))))
            for a, b in zip(cuts[::2], cuts[1::2], strict=False)
        ]
    return Plan(Shape.LIST, stretches, opening=draw(st.sampled_from(["", "Yes. ", "否。"]))), passages


@given(plans())
def test_copied_tokens_equal_their_source_and_parts_ascend_inside_the_text(drawn):
    plan, passages = drawn
    sources = {passage.key: passage for passage in passages}
    said = list(tokens_of(plan, passages))
    for token in said:
        if token.ink == Ink.COPIED:
            source = sources[token.passage]
            wide, origin = source.before + source.text + source.after, len(source.before)
            assert token.text == wide[token.start + origin : token.end + origin]
        else:
            assert token.passage is None
    text = "".join(token.text for token in said)
    parts = parts_of(plan, passages, text)
    assert len(parts) == len(plan.stretches) + bool(plan.opening)
    at = 0
    for part in parts:
        assert at <= part.answer_start < part.answer_end <= len(text)
        at = part.answer_end
    for part, stretch in zip(parts[bool(plan.opening) :], plan.stretches, strict=True):
        source = passages[stretch.passage]
        wide, origin = source.before + source.text + source.after, len(source.before)
        assert (
            text[part.answer_start : part.answer_end] == wide[stretch.start + origin : stretch.end + origin]
        )
        assert part.kind == stretch.kind


def test_plans_of_several_questions_follow_each_other_and_nothing_is_said_twice():
    first = Plan(Shape.PHRASE, [Stretch(0, 0, 8)])
    second = Plan(Shape.PHRASE, [Stretch(0, 4, 8), Stretch(0, 10, 17, PartKind.ITEM)], more=True)
    both = joined([first, second])
    assert both.stretches == [Stretch(0, 0, 8), Stretch(0, 10, 17, PartKind.ITEM)]
    assert (both.shape, both.more) == (Shape.SENTENCE, True)
    longer = Plan(Shape.SENTENCE, [Stretch(0, 0, 17)])
    assert joined([first, longer]).stretches == [Stretch(0, 0, 17)]
    assert joined([first, first]).stretches == first.stretches
    assert joined([first, first]).shape == Shape.PHRASE
