"""Batches: windows hold the answer, targets point at it, order is a function of seed and epoch."""

import math
import random
from pathlib import Path

import pytest
import torch

from generator.data.batches import BatchConfig, ReadingData
from generator.data.examples import Example, locate
from generator.data.tokenised import restyled
from generator.fathom_small.actions import Action
from generator.training.writer import AnswerConfig, WriterBatches, WritingBatch
from tests.generator.small_model import SmallModel

TEXT = "the cat sat on the mat. " * 12 + "the treaty was signed in Paris. " + "the dog ran to the park. " * 12


def example(answer: str, group: str = "g", target: str | None = None) -> Example:
    span = locate(TEXT, answer)
    assert span is not None
    return Example(
        question="where was it signed?", passage=TEXT, answers=(span,), group=group, source="s", target=target
    )


def data(model: SmallModel, examples: list[Example], negatives: float = 0.0) -> ReadingData:
    config = BatchConfig(question_pieces=32, passage_pieces=(64,), batch_pieces=4 * 96, negatives=negatives)
    return ReadingData(examples, model.tokenizer, model.matcher, config)


def decoded(model: SmallModel, ids: list[int]) -> str:
    return model.tokenizer.decode(ids, skip_special_tokens=True)


def test_windows_hold_the_answer_where_the_target_says(small: SmallModel) -> None:
    batches = list(data(small, [example("Paris")] * 8).epoch(range(8), seed=1))
    assert len(batches) == 2
    for batch in batches:
        for ids, answers in zip(batch.passage_BS, batch.answers_BN2.tolist(), strict=True):
            first, last = answers[0]
            assert decoded(small, ids[first : last + 1].tolist()) == "Paris"
            assert answers[1] == [-1, -1]


def test_the_last_rows_are_given_where_all_are_asked_for(small: SmallModel) -> None:
    reading = data(small, [example("Paris")] * 7)
    assert [len(b.answers_BN2) for b in reading.epoch(range(7), 0)] == [4]
    assert [len(b.answers_BN2) for b in reading.epoch(range(7), 0, whole=True)] == [4, 3]


def test_same_seed_same_batches(small: SmallModel) -> None:
    reading = data(small, [example("Paris")] * 8, negatives=0.5)
    one, other = (list(reading.epoch(range(8), seed=4)) for _ in range(2))
    assert all(torch.equal(a.passage_BS, b.passage_BS) for a, b in zip(one, other, strict=True))


def test_exchanged_passages_have_no_answer(small: SmallModel) -> None:
    other = Example(question="who?", passage="the dog ran.", answers=((4, 7),), group="g", source="s")
    reading = data(small, [example("Paris")] * 8 + [other], negatives=1.0)
    rows = [answers for batch in reading.epoch(range(8), 0) for answers in batch.answers_BN2.tolist()]
    assert any(all(a == -1 for a, _ in answers) for answers in rows)


def test_some_rows_are_read_without_match_features(small: SmallModel) -> None:
    def matched(share: float) -> list[bool]:
        config = BatchConfig(
            question_pieces=32, passage_pieces=(64,), batch_pieces=4 * 96, negatives=0.0, unmatched=share
        )
        reading = ReadingData([example("Paris")] * 40, small.tokenizer, small.matcher, config)
        batches = list(reading.epoch(range(40), seed=3))
        for batch in batches:
            rows = zip(batch.question_match_BQM, batch.passage_match_BSM, strict=True)
            assert all(bool(asked.any()) or not bool(read.any()) for asked, read in rows)
        return [bool(row.any()) for batch in batches for row in batch.passage_match_BSM]

    assert not any(matched(1.0))
    assert 0 < sum(matched(0.5)) < sum(matched(0.0)) - 5


def test_examples_without_a_located_answer_are_left_out(small: SmallModel) -> None:
    nowhere = Example(question="q?", passage="the cat", answers=((90, 95),), group="g", source="s")
    assert not data(small, [nowhere]).examples


def answers(batch: WritingBatch, small: SmallModel, writable: torch.Tensor) -> list[str]:
    """What the actions of a batch say."""
    rows_BN = batch.reading.passage_BS.view(len(batch.targets.action_BT), -1)
    texts = []
    for b, actions in enumerate(batch.targets.action_BT.tolist()):
        pieces = []
        for action, argument in zip(actions, batch.targets.argument_BT[b].tolist(), strict=True):
            if action in (Action.COPY, Action.NEXT):
                pieces.append(int(rows_BN[b, argument]))
            elif action == Action.WRITE:
                pieces.append(int(writable[argument]))
        texts.append(decoded(small, pieces))
    return texts


def test_writing_targets_reproduce_the_answer(small: SmallModel) -> None:
    reading = data(
        small, [example("signed in Paris"), example("Paris", target="in Paris the treaty was signed")] * 4
    )
    writable = torch.arange(4, 4 + 40)
    batches = WriterBatches(reading, {"s": 1.0}, writable, small.pieces, 0, AnswerConfig(actions=30))
    texts = {said for batch in batches(0) for said in answers(batch, small, writable)}
    assert texts == {"signed in Paris", "in Paris the treaty was signed"}


def test_a_rare_word_of_an_answer_is_spelled(small: SmallModel, caplog: pytest.LogCaptureFixture) -> None:
    """Of 350 abstracts 348 had been left out, each for a word that is neither in the passage nor common."""
    rare = small.pieces.index("▁dog")
    writable = torch.tensor([i for i in range(4, len(small.pieces)) if i != rare])
    reading = data(small, [example("Paris", target="the dog ran"), example("Paris", target="the 猫 dog")] * 4)
    batches = WriterBatches(reading, {"s": 1.0}, writable, small.pieces, 0, AnswerConfig(actions=8))
    caplog.set_level("INFO")
    texts = {said for batch in batches(0) for said in answers(batch, small, writable)}
    assert texts == {"the dog ran", "the 猫 dog"}
    assert "8 answers, left out as too long or not to be spelled: {}" in caplog.text

    no_cats = writable[writable != small.pieces.index("猫")]
    list(WriterBatches(reading, {"s": 1.0}, no_cats, small.pieces, 0, AnswerConfig(actions=8))(0))
    assert "8 answers, left out as too long or not to be spelled: {'s': 4}" in caplog.text


def test_sentences_are_joined_with_their_neighbours(tmp_path: Path) -> None:
    import json

    from generator.data.examples import SetSpec, read_set

    lines = [
        {
            "sentence_id": f"wiki:7:{n}",
            "context": f"Sentence number {n}.",
            "question": f"which {n}?",
            "answer": str(n),
            "answer_spans": [[16, 17]],
        }
        for n in range(8)
    ]
    (tmp_path / "q.jsonl").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    examples = read_set(SetSpec(path="q.jsonl", join=4), tmp_path)
    assert len(examples) == 8
    assert max(len(e.passage) for e in examples) > 40
    for n, e in enumerate(examples):
        (start, end), *_ = e.answers
        assert e.passage[start:end] == str(n)


def test_a_step_of_writing_learns_and_leaves_the_reader_alone(small: SmallModel) -> None:
    from generator.training.reader import Reader
    from generator.training.writer import Writer, WriterLoss

    reading = data(
        small, [example("signed in Paris"), example("Paris", target="in Paris the treaty was signed")] * 4
    )
    decoder = small.decoder.train()
    batches = WriterBatches(
        reading, {"s": 1.0}, decoder.writable_V, small.pieces, 0, AnswerConfig(actions=30)
    )
    reader = Reader.__new__(Reader)
    torch.nn.Module.__init__(reader)
    reader.document, reader.reading = small.document, small.reading
    writer = Writer(reader, decoder.requires_grad_(requires_grad=True))
    loss = WriterLoss(writer)
    optimizer = torch.optim.AdamW(decoder.parameters(), lr=3e-3)
    batch = next(iter(batches(0)))
    values = []
    for _ in range(25):
        with torch.device("meta"):  # nothing may be made but where the batch is
            value, metrics = loss(batch)
        value.backward()
        optimizer.step()
        loss.end_step()
        optimizer.zero_grad()
        values.append(metrics["nll"])
    assert values[-1] < values[0] / 2
    told = {name.rstrip("0123456789") for name in metrics}
    assert told == {"nll", "rows", "max_violation", "busy", "dropped", "gate_entropy"}
    assert 0 < metrics["gate_entropy0"] <= math.log(decoder.config.experts) + 1e-4
    assert metrics["dropped0"] == 0
    assert all(p.grad is None for p in reader.parameters())
    assert 0 < metrics["busy0"] <= 1


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("Where was it signed?", "where was it signed"),
        ("where was it signed", "Where was it signed?"),
        ("条约在哪里签署？", "条约在哪里签署"),
        ("条约在哪里签署", "条约在哪里签署？"),
        ("Paris", "paris"),
    ],
)
def test_a_question_is_restyled_both_ways(question: str, other: str) -> None:
    assert restyled(question) == other


def test_a_share_of_questions_is_asked_in_the_other_style(small: SmallModel) -> None:
    config = BatchConfig(passage_pieces=(64,), batch_pieces=4 * 96, negatives=0.0, restyled=0.5)
    reading = ReadingData([example("Paris")] * 40, small.tokenizer, small.matcher, config)
    asked = [tuple(row) for batch in reading.epoch(range(40), 0) for row in batch.question_BQ.tolist()]
    ends = [("?" in decoded(small, list(row))) for row in asked]
    assert 10 < sum(ends) < 30


def test_an_exchanged_passage_is_of_the_same_set(small: SmallModel) -> None:
    """Sets are typeset differently, so a passage of another one would be told apart without reading it."""
    texts = [("a", f"the dog ran to park {n}.") for n in range(6)] + [
        ("b", f"猫 坐在 {n}.") for n in range(6)
    ]
    examples = [
        Example(question="who ran?", passage=text, answers=((0, 3),), group=text, source=source)
        for source, text in texts
    ]
    config = BatchConfig(passage_pieces=(64,), batch_pieces=2 * 96, negatives=1.0, foreign=0.5)
    reading = ReadingData(examples, small.tokenizer, small.matcher, config)
    chinese = set(reading.by_source["b"])
    for encoded in reading.examples:
        assert {number in chinese for number in encoded.distractors} <= {encoded.source == "b"}
        for seed in range(20):
            window, _ = reading.window(encoded, random.Random(seed))
            assert ("dog" in decoded(small, window.tolist())) == (encoded.source == "a")
