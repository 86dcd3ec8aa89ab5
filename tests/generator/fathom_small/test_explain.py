"""What an answer owes to its passages: a replay equals the run, a mask equals removal, attention is a distribution."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from generator.fathom_small.actions import Action
from generator.fathom_small.attribution import ATTENDED_RANGES, attended
from generator.fathom_small.calibration import Calibration
from generator.fathom_small.decoding import DecodingConfig, Step, decode, fuse
from generator.fathom_small.explain import Explanation, explain, mask, replay
from generator.fathom_small.reading import Reading
from generator.types import Generated, Ink, Request, SourcePassage, Token
from tests.generator.small_model import SmallModel

CAT = SourcePassage(key="cat", text="the cat sat on the mat. the dog ran to the park.", sentences=[(0, 23)])
TREATY = SourcePassage(key="treaty", text="条约在1992年签署。 the treaty was signed in Paris.")
AGAIN = SourcePassage(key="again", text="who ran? the cat sat on the mat. the passage")
QUESTION = "who sat on the mat?"


def read(model: SmallModel, *passages: SourcePassage) -> Reading:
    return model.read(QUESTION, *passages)


def writing(model: SmallModel) -> SmallModel:
    """The same model, writing and copying at random."""
    with torch.no_grad():
        model.decoder.heads.state_bias.zero_()
        model.decoder.heads.action.bias[3] -= 2
    return model


def run(model: SmallModel, reading: Reading, seed: int, temperature: float = 1.5) -> list[Step]:
    config = DecodingConfig(max_actions=24, temperature=temperature, seed=seed)
    return list(decode(model.decoder, model.document.pieces, model.pieces, reading, config))


def tokens_of(model: SmallModel, request: Request) -> Sequence[Token]:
    """The short answer, token by token."""
    found = model.generator().explain(request)
    assert found is not None
    return found.tokens


def test_each_token_says_which_action_gave_it(small: SmallModel) -> None:
    seen = set()
    for seed in range(6):
        request = Request(
            question=QUESTION, passages=[CAT, TREATY], temperature=1.5, seed=seed, max_new_tokens=30
        )
        for token in tokens_of(writing(small), request):
            seen.add(token.action)
            assert (token.action in {"copy", "next"}) == (token.ink == Ink.COPIED)
            assert bool(token.attention) == (token.action == "write")
    assert {"write", "copy", "next"} <= seen


def test_written_tokens_attend_to_real_ranges_with_a_share_each(small: SmallModel) -> None:
    texts = {passage.key: passage.text for passage in (CAT, TREATY)}
    request = Request(question=QUESTION, passages=[CAT, TREATY], temperature=1.5, seed=1, max_new_tokens=30)
    written = [token for token in tokens_of(writing(small), request) if token.action == "write"]
    assert written
    for token in written:
        weights = [item.weight for item in token.attention]
        assert weights == sorted(weights, reverse=True)
        assert 0 < sum(weights) <= 1 + 1e-5
        assert len(weights) <= ATTENDED_RANGES
        for item in token.attention:
            assert texts[item.passage][item.start : item.end].strip()


def test_attention_of_a_step_sums_to_one_over_rows_of_text(small: SmallModel) -> None:
    reading = read(small, CAT, TREATY)
    fused = fuse(small.decoder, reading, 1.0)
    attention_TN = replay(
        small.decoder, small.document.pieces, reading, fused, run(writing(small), reading, 0)
    ).attention_TN
    torch.testing.assert_close(attention_TN.sum(-1), torch.ones(len(attention_TN)))
    assert float(attention_TN[:, reading.segment_PS.flatten() < 0].abs().max()) == 0


def test_neighbouring_pieces_are_one_range_and_others_stay_apart(small: SmallModel) -> None:
    reading = read(small, CAT)
    rows = [s for s, (a, b) in enumerate(reading.ranges[0]) if CAT.text[a:b] in {"cat", "sat", "dog"}]
    weights_N = torch.zeros(reading.ids_PS.numel())
    weights_N[rows] = torch.tensor([0.3, 0.2, 0.4])
    found = [
        (CAT.text[item.start : item.end], round(item.weight, 4)) for item in attended(weights_N, reading)
    ]
    assert found == [("cat sat", 0.5), ("dog", 0.4)]


def test_a_replay_equals_the_run_step_by_step(small: SmallModel) -> None:
    for seed in range(4):
        reading = read(writing(small), CAT, TREATY)
        steps = run(small, reading, seed)
        fused = fuse(small.decoder, reading, 1.0)
        found = replay(small.decoder, small.document.pieces, reading, fused, steps)
        assert found.log_probability < 0
        for t, step in enumerate(steps):
            if step.action == Action.WRITE:
                then = [item.weight for item in step.tokens[-1].attention]
                again = [item.weight for item in attended(found.attention_TN[t], reading)]
                assert again == pytest.approx(then, abs=1e-4)


def test_replayed_probabilities_of_all_first_actions_sum_to_one(small: SmallModel) -> None:
    reading = read(writing(small), CAT)
    fused = fuse(small.decoder, reading, 1.0)
    firsts = [Step(Action.STOP, 0), Step(Action.NEXT, 1)]
    firsts += [Step(Action.WRITE, number) for number in range(len(small.decoder.writable_V))]
    firsts += [Step(Action.COPY, row) for row in range(reading.ids_PS.numel())]
    total = sum(
        math.exp(replay(small.decoder, small.document.pieces, reading, fused, [step]).log_probability)
        for step in firsts
    )
    assert total == pytest.approx(1.0, abs=1e-4)


def test_a_mask_equals_removal(small: SmallModel) -> None:
    writing(small)
    both, alone = read(small, TREATY, CAT), read(small, CAT)
    S, short = both.ids_PS.shape[1], alone.ids_PS.shape[1]
    steps = run(small, alone, 2)
    moved = [
        step._replace(argument=step.argument + S) if step.action in (Action.COPY, Action.NEXT) else step
        for step in steps
    ]
    hidden = mask(fuse(small.decoder, both, 1.0), torch.arange(both.ids_PS.numel()) < S)
    masked = replay(small.decoder, small.document.pieces, both, hidden, moved)
    removed = replay(small.decoder, small.document.pieces, alone, fuse(small.decoder, alone, 1.0), steps)
    assert masked.log_probability == pytest.approx(removed.log_probability, abs=1e-3)
    torch.testing.assert_close(
        masked.attention_TN[:, S : S + short], removed.attention_TN, atol=1e-4, rtol=1e-3
    )


@pytest.mark.parametrize("seed", range(3))
def test_weight_zero_gives_exactly_the_answer_without_the_passage(small: SmallModel, seed: int) -> None:
    writing(small)
    ignored = replace(TREATY, weight=0.0)
    request = Request(
        question=QUESTION, passages=[CAT, ignored], temperature=1.5, seed=seed, max_new_tokens=30
    )
    with_ignored, without = (
        list(small.generator().stream(replace(request, passages=passages)))
        for passages in ([CAT, ignored], [CAT])
    )
    assert with_ignored[:-1] == without[:-1]
    ends = [replace(events[-1], timings_ms={}) for events in (with_ignored, without)]
    assert isinstance(ends[0], Generated)
    assert ends[0] == ends[1]


def test_a_smaller_weight_is_looked_at_less(small: SmallModel) -> None:
    writing(small)

    def share(weight: float) -> float:
        reading = read(small, CAT, replace(TREATY, weight=weight))
        fused = fuse(small.decoder, reading, 1.0)
        found = replay(small.decoder, small.document.pieces, reading, fused, [Step(Action.STOP, 0)])
        return float(found.attention_TN[0, reading.ids_PS.shape[1] :].sum())

    assert share(0.01) < share(0.5) < share(1.0)


def explained(model: SmallModel, *passages: SourcePassage, calibration: Calibration | None = None):
    found = model.generator(calibration).explain(Request(question=QUESTION, passages=passages))
    assert found is not None
    return found


def copying(model: SmallModel, *passages: SourcePassage) -> Explanation:
    """What is said of an answer that copies the first sentence of the passage "cat" whole."""
    reading = read(model, *passages)
    number = next(p for p, passage in enumerate(reading.passages) if passage.key == "cat")
    S = reading.ids_PS.shape[1]
    rows = [s for s, (a, b) in enumerate(reading.ranges[number]) if a < b <= CAT.sentences[0][1]]
    steps = [Step(Action.NEXT if at else Action.COPY, number * S + s) for at, s in enumerate(rows)]
    fused = fuse(model.decoder, reading, 1.0)
    pieces = model.reader().pieces
    return explain(
        model.decoder, model.document.pieces, reading, fused, [*steps, Step(Action.STOP, 0)], pieces
    )


def test_what_stands_in_one_passage_only_is_least_probable_without_it(small: SmallModel) -> None:
    found = copying(small, CAT, TREATY)
    assert found.without["cat"] < found.without["treaty"]
    short = explained(small, CAT, TREATY)
    assert len(short.attention) == len(short.tokens)


def test_the_tokens_explained_are_those_of_the_short_answer(small: SmallModel) -> None:
    for calibration in (None, Calibration(answer_from=0.0)):
        *_, told = small.generator(calibration).stream(Request(question=QUESTION, passages=[CAT]))
        assert isinstance(told, Generated)
        found = explained(small, CAT, calibration=calibration)
        assert "".join(token.text for token in found.tokens) == told.phrase
        assert told.phrase in told.text
        assert math.isfinite(found.log_probability)


def test_what_another_passage_says_too_is_copied_from_there(small: SmallModel) -> None:
    again = replace(AGAIN, weight=1e-6)
    both = copying(small, replace(CAT, text=CAT.text[:23]), again)
    # the way through the other passage is open: without it, "cat" could only be written
    assert both.without["cat"] > copying(small, CAT, TREATY).without["cat"]


def test_without_the_only_passage_nothing_can_be_said(small: SmallModel) -> None:
    found = explained(small, CAT)
    assert found.without == found.unseen == {"cat": -math.inf}


def test_out_of_attention_a_passage_can_still_be_copied(small: SmallModel) -> None:
    found = copying(small, CAT, TREATY)
    assert found.unseen["cat"] > found.without["cat"]


def test_written_words_depend_on_what_is_attended_to(small: SmallModel) -> None:
    found = explained(writing(small), CAT, TREATY)
    assert {token.action for token in found.tokens} == {"write"}
    assert all(math.isfinite(value) for value in found.unseen.values())
    assert found.log_probability not in found.unseen.values()


def test_nothing_is_explained_where_nothing_is_answered(small: SmallModel) -> None:
    generator = small.generator(Calibration(answer_from=1.1))
    assert generator.explain(Request(question=QUESTION, passages=[CAT])) is None
    assert generator.explain(Request(question=QUESTION, passages=[])) is None
