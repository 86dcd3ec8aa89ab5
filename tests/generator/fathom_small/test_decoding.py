"""The stream of an answer: copied runs are exact, an untrained decoder is the extractive reader, stopping works."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from generator.composing.emphasis import MOST
from generator.fathom_small.actions import Action, StepLogProbs
from generator.fathom_small.calibration import Calibration
from generator.fathom_small.decoder import Decoder, StepInputs
from generator.fathom_small.decoding import DecodingConfig, choose, fuse
from generator.fathom_small.reading import span_distribution
from generator.types import Generated, Ink, Request, SourcePassage, Token
from tests.generator.small_model import SmallModel

PASSAGES = [
    SourcePassage(
        key="a", text="the cat sat on the mat. the dog ran to the park.", sentences=[(0, 23), (24, 48)]
    ),
    SourcePassage(
        key="b", text="条约在1992年签署。 the treaty was signed in Paris.", sentences=[(0, 11), (12, 44)]
    ),
]


def answer(
    model: SmallModel, question: str, calibration: Calibration | None = None
) -> tuple[list[Token], Generated]:
    events = list(model.generator(calibration).stream(Request(question=question, passages=PASSAGES)))
    last = events[-1]
    assert isinstance(last, Generated)
    return [event for event in events if isinstance(event, Token)], last


@pytest.mark.parametrize("seed", range(8))
def test_untrained_decoder_answers_as_the_extractive_reader(tmp_path: Path, seed: int) -> None:
    model = SmallModel(tmp_path, seed)
    _, generated = answer(model, "who sat on the mat?")
    reading = model.read("who sat on the mat?", *PASSAGES)
    (span,) = generated.spans
    passage = next(p for p, source in enumerate(PASSAGES) if source.key == span.passage)
    inside = [
        s
        for s, (a, b) in enumerate(reading.ranges[passage])
        if a < b and (span.start or 0) <= a and b <= (span.end or 0)
    ]
    first, last = inside[0], inside[-1] + 1
    joint = span_distribution(reading).log_joint_PSS[passage, first:last, first:last]
    place = int(joint.flatten().argmax())
    start = reading.ranges[passage][first + place // len(inside)][0]
    end = reading.ranges[passage][first + place % len(inside)][1]
    assert generated.phrase == PASSAGES[passage].text[start:end]
    assert generated.text in {PASSAGES[passage].text[a:b] for a, b in PASSAGES[passage].sentences}


@pytest.mark.parametrize("seed", range(8))
def test_the_short_answer_is_marked_in_its_sentence(tmp_path: Path, seed: int) -> None:
    _, generated = answer(SmallModel(tmp_path, seed), "who sat on the mat?")
    assert generated.phrase in generated.text
    assert generated.shape is not None
    assert [(part.answer_start, part.answer_end) for part in generated.parts] == [(0, len(generated.text))]
    marked = "".join(generated.text[start:end] for start, end in generated.emphasis)
    assert marked == (generated.phrase if len(generated.phrase) < MOST * len(generated.text) else "")


def test_a_windowed_decoder_decodes_as_it_is_trained_and_forgets_what_left_its_window(tmp_path: Path) -> None:
    model = SmallModel(tmp_path)
    shape = replace(model.config.decoder, window=4, global_tokens=1)
    weights, writable_V = model.decoder.state_dict(), model.decoder.writable_V
    decoder = Decoder(model.config.reader.width, shape, writable_V).eval().requires_grad_(requires_grad=False)
    decoder.load_state_dict(weights)
    fused = fuse(decoder, model.read("who sat on the mat?", *PASSAGES), 1.0)
    steps = StepInputs(*torch.randint(0, 3, (3, 1, 20), generator=torch.Generator().manual_seed(0)))
    whole, _ = decoder(steps, fused, model.document.pieces)
    full, _ = model.decoder(
        steps, fuse(model.decoder, model.read("who sat on the mat?", *PASSAGES), 1.0), model.document.pieces
    )
    assert not torch.allclose(whole.write_BTV, full.write_BTV), "the window changes nothing"
    caches = decoder.new_caches()
    for t in range(20):
        one = StepInputs(*(part[:, t : t + 1] for part in steps))
        alone, _ = decoder(one, fused, model.document.pieces, positions_BT=torch.tensor([[t]]), caches=caches)
        assert torch.allclose(alone.write_BTV[:, 0], whole.write_BTV[:, t], atol=1e-5)
    windowed, seeing_all = caches
    assert windowed.nbytes < seeing_all.nbytes / 2


SPACED = [
    SourcePassage(
        key="c", text="the treaty , signed in 1992 , was in Paris ( 猫 坐在 垫子 上 ) . the dog 跑"
    ),
    SourcePassage(
        key="d",
        text="the cat , the dog . 条约 在 1992 年 签署",
        kept=[(0, 19), (20, 35)],
        sentences=[(0, 19)],
    ),
]


@pytest.mark.parametrize("seed", range(24))
def test_a_run_goes_on_across_white_space_that_is_a_piece_of_its_own(tmp_path: Path, seed: int) -> None:
    model = SmallModel(tmp_path, seed)
    pieces = model.tokenizer.encode(SPACED[0].text, add_special_tokens=False).tokens
    assert "▁" in pieces, "no white space stands alone; the test would show nothing"
    generated = list(model.generator().stream(Request(question="where?", passages=SPACED)))[-1]
    assert isinstance(generated, Generated)
    assert generated.phrase == generated.phrase.strip()
    assert generated.phrase in generated.text, "one run"
    assert len(generated.spans) == 1
    assert generated.spans[0].ink == Ink.COPIED


def test_copied_runs_equal_their_source(small: SmallModel) -> None:
    texts = {p.key: p.text for p in PASSAGES}
    with torch.no_grad():
        small.decoder.heads.state_bias.zero_()
        small.decoder.heads.action.bias[3] -= 2
    request = Request(question="where?", passages=PASSAGES, temperature=1.5, max_new_tokens=40)
    copied = 0
    for seed in range(20):
        events = list(small.generator().stream(Request(**{**_fields(request), "seed": seed})))
        generated = events[-1]
        assert isinstance(generated, Generated)
        assert generated.text == "".join(e.text for e in events if isinstance(e, Token))
        at = 0
        for span in generated.spans:
            assert span.answer_start == at
            at = span.answer_end
            if span.ink == Ink.COPIED:
                copied += 1
                assert span.passage is not None
                quote = texts[span.passage][span.start : span.end]
                assert quote == generated.text[span.answer_start : span.answer_end]
        assert at == len(generated.text)
    assert copied >= 20


def test_same_seed_gives_the_same_answer(small: SmallModel) -> None:
    request = Request(question="where?", passages=PASSAGES, temperature=1.0, seed=3)
    one, other = (list(small.generator().stream(request))[-1] for _ in range(2))
    assert isinstance(one, Generated)
    assert isinstance(other, Generated)
    assert one.text == other.text


def test_below_the_threshold_nothing_is_answered_but_the_phrase_is_told(small: SmallModel) -> None:
    tokens, generated = answer(small, "who?", Calibration(answer_from=1.1))
    assert not tokens
    assert not generated.answerable
    assert generated.text == ""
    assert generated.phrase


def test_a_request_may_ask_for_an_answer_at_another_confidence(small: SmallModel) -> None:
    strict = small.generator(Calibration(answer_from=1.1))
    request = Request(question="who sat?", passages=PASSAGES, answer_from=0.0)
    *_, anyway = strict.stream(request)
    *_, refused = strict.stream(replace(request, answer_from=None))
    *_, held = small.generator().stream(replace(request, answer_from=1.1))
    assert isinstance(anyway, Generated)
    assert isinstance(refused, Generated)
    assert isinstance(held, Generated)
    assert (anyway.answerable, refused.answerable, held.answerable) == (True, False, False)
    assert anyway.confidence == refused.confidence == held.confidence
    assert anyway.signals == refused.signals
    assert (refused.shape, refused.parts, refused.emphasis, refused.more) == (None, (), [], False)


def test_a_refusal_has_the_best_sentence_of_every_passage(small: SmallModel) -> None:
    _, refused = answer(small, "who sat?", Calibration(answer_from=1.1))
    assert {item.passage for item in refused.evidence} == {"a", "b"}
    texts = {p.key: p for p in PASSAGES}
    for item in refused.evidence:
        assert (item.start, item.end) in texts[item.passage].sentences


def test_yes_and_no_are_the_short_answer(small: SmallModel) -> None:
    passage = SourcePassage(key="a", text="the cat can not run.", sentences=[(0, 20)])
    *_, told = small.generator().stream(Request(question="can the cat run?", passages=[passage]))
    assert isinstance(told, Generated)
    assert (told.text, told.phrase, told.shape) == ("No. the cat can not run.", "No", "yes_no")
    assert [span.ink for span in told.spans] == [Ink.WRITTEN, Ink.COPIED]


def test_closing_the_stream_ends_it(small: SmallModel) -> None:
    stream = small.generator().stream(Request(question="who?", passages=PASSAGES))
    next(stream)
    stream.close()
    assert list(stream) == []


def test_nothing_to_read_is_not_answerable(small: SmallModel) -> None:
    events = list(small.generator().stream(Request(question="who?", passages=[])))
    assert events == [events[0]]
    assert isinstance(events[0], Generated)
    assert not events[0].answerable


def test_relevance_keeps_the_order_given(small: SmallModel) -> None:
    ignored = SourcePassage(key="c", text="the park", weight=0.0)
    scores = small.generator().relevance("who?", [PASSAGES[0], ignored, PASSAGES[1]])
    assert scores[1] == 0.0
    assert all(0 < s < 1 for s in (scores[0], scores[2]))


def _fields(request: Request) -> dict[str, object]:
    return {name: getattr(request, name) for name in request.__dataclass_fields__}


def test_words_of_its_own_must_be_more_probable_by_the_margin() -> None:
    log_probs = StepLogProbs(
        torch.tensor([[[0.5, 0.2, 0.2, 0.1]]]).log(), torch.zeros(1, 1, 4), torch.zeros(1, 1, 4)
    )
    generator = torch.Generator()
    assert choose(log_probs, DecodingConfig(), generator)[0] == Action.WRITE
    assert choose(log_probs, DecodingConfig(write_margin=0.9), generator)[0] == Action.WRITE
    assert choose(log_probs, DecodingConfig(write_margin=1.0), generator)[0] == Action.COPY
