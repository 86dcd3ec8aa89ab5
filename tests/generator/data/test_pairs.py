"""Batches of pairs: one question twice, the passage that answers and one that does not, of about one length."""

import dataclasses

import pytest
import torch

from generator.data.examples import Example, locate
from generator.data.kinds import Supervision
from generator.data.pairs import PairBatch, PairBatches, PairConfig, PairData
from generator.errors import TrainingDataError
from tests.generator.small_model import SmallModel

LONG = "the cat sat on the mat. " * 12 + "the treaty was signed in Paris. " + "the dog ran to the park. " * 12
CONFIG = PairConfig(question_pieces=32, passage_pieces=(32, 64), batch_pieces=8 * 96, restyled=0, unmatched=0)


def example(passage: str, answer: str, question: str = "where was it signed?", **more: object) -> Example:
    span = locate(passage, answer)
    assert span is not None
    values = {"question": question, "passage": passage, "answers": (span,), "group": "g", "source": "s"}
    return Example(**{**values, **more})


def passages(count: int, answer: str = "Paris") -> list[Example]:
    return [
        example(f"the treaty {n} was signed in {answer}.", answer, f"where was treaty {n} signed?")
        for n in range(count)
    ]


def batches(
    model: SmallModel, examples: list[Example], config: PairConfig = CONFIG, epoch: int = 0
) -> list[PairBatch]:
    data = PairData(examples, model.tokenizer, model.matcher, config)
    return list(PairBatches(data, {"s": 1.0, "t": 0.5}, 3)(epoch))


def text(model: SmallModel, ids: torch.Tensor) -> str:
    return model.tokenizer.decode(ids.tolist(), skip_special_tokens=True)


def test_a_pair_asks_once_and_reads_two_passages(small: SmallModel) -> None:
    for batch in batches(small, passages(40)):
        half = len(batch.own_B) // 2
        assert batch.own_B.tolist() == [True] * half + [False] * half
        rows = batch.reading
        assert rows.question_BQ[:half].equal(rows.question_BQ[half:])
        for b in range(half):
            (first, last), *_ = rows.answers_BN2[b].tolist()
            assert text(small, rows.passage_BS[b, first : last + 1]) == "Paris"
            assert text(small, rows.passage_BS[b]) != text(small, rows.passage_BS[half + b])
        assert (rows.answers_BN2[half:] == -1).all()
        assert rows.passage_mask_BS.equal(rows.passage_BS != 1)


def test_near_misses_do_not_hold_the_answer(small: SmallModel) -> None:
    examples = passages(6) + [
        example(f"the treaty {n} was signed in the park.", "park", f"where was treaty {n} signed?")
        for n in range(6)
    ]
    near = dataclasses.replace(CONFIG, near=1.0, group=0.0, batch_pieces=2 * 96)
    for batch in batches(small, examples, near):
        half = len(batch.own_B) // 2
        for own, other in zip(batch.reading.passage_BS[:half], batch.reading.passage_BS[half:], strict=True):
            assert ("Paris" in text(small, own)) != ("Paris" in text(small, other))


def test_windows_of_long_passages_hold_the_answer(small: SmallModel) -> None:
    examples = [example(LONG, "Paris")] * 20 + passages(20)
    found = [b for b in batches(small, examples) if b.reading.passage_BS.shape[1] == 64]
    assert found
    starts = set()
    for batch in found:
        for b in range(len(batch.own_B) // 2):
            (first, last), *_ = batch.reading.answers_BN2[b].tolist()
            assert text(small, batch.reading.passage_BS[b, first : last + 1]) == "Paris"
            assert batch.reading.passage_BS[b, 0] == 0
            starts.add(first)
    assert len(starts) > 3, "the answer is not always at the same place"


def test_pairs_of_about_one_length_come_together(small: SmallModel) -> None:
    lengths = {b.reading.passage_BS.shape[1] for b in batches(small, passages(40))}
    assert lengths == {32}


def test_an_epoch_is_a_function_of_its_number_and_samples_sets(small: SmallModel) -> None:
    one, again, next_one = (batches(small, passages(40), epoch=e) for e in (0, 0, 1))
    assert all(a.reading.passage_BS.equal(b.reading.passage_BS) for a, b in zip(one, again, strict=True))
    assert not one[0].reading.question_BQ.equal(next_one[0].reading.question_BQ)
    sampled = [dataclasses.replace(e, source="t") for e in passages(40)]
    assert sum(len(b.own_B) for b in batches(small, sampled)) < 60


def test_style_and_match_features_are_drawn_by_pair(small: SmallModel) -> None:
    config = dataclasses.replace(CONFIG, restyled=0.5, unmatched=0.5)
    matched, styles = set(), set()
    for batch in batches(small, passages(40), config):
        rows, half = batch.reading, len(batch.own_B) // 2
        assert rows.question_BQ[:half].equal(rows.question_BQ[half:])
        for b in range(half):
            features = rows.passage_match_BSM[[b, half + b]].flatten(1).any(1).tolist()
            assert features[0] == features[1]
            matched.add(features[0])
            styles.add("?" in text(small, rows.question_BQ[b]))
    assert matched == styles == {True, False}


def test_a_set_of_one_passage_has_nothing_beside_it(small: SmallModel) -> None:
    alone = example("the cat sat on the mat.", "mat", supervision=Supervision.WITHIN)
    config = dataclasses.replace(CONFIG, batch_pieces=4 * 96)
    for batch in batches(small, [alone] * 8, config):
        assert batch.own_B.all()
        assert (batch.supervision_B == Supervision.WITHIN).all()
        assert (batch.reading.answers_BN2[:, 0] >= 0).all()


def test_without_examples_there_is_nothing_to_train_on(small: SmallModel) -> None:
    nowhere = Example(question="q?", passage="the cat", answers=((90, 95),), group="g", source="s")
    with pytest.raises(TrainingDataError, match="no example"):
        PairData([nowhere], small.tokenizer, small.matcher, CONFIG)
