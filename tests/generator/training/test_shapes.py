"""The head for a question's shape: what it learns from, that it learns, and that a seed gives the same head."""

import json

import pytest
import torch

from generator.checkpoint.folder import read_folder, write_atomically
from generator.composing.question import asked_of
from generator.errors import TrainingDataError
from generator.fathom_small.loading import store_shape_head
from generator.fathom_small.shape_head import RULES, SHAPES, ShapeHead, rule_features, shape_probabilities
from generator.training.shapes import left_out, measured, questions_of, train_shape_head
from generator.types import Shape

WIDTH = 8


def states_of(question: str) -> torch.Tensor:
    """States that tell lists by their first number, whatever else stands there."""
    noise = torch.randn(len(question), WIDTH, generator=torch.Generator().manual_seed(len(question)))
    noise[:, 0] = 2.0 if "conditions" in question else -2.0
    return noise


@pytest.fixture
def files(tmp_path):
    for name in ("alpha", "beta"):
        rows = [{"question": f"conditions for number {i}{name}", "shape": "list"} for i in range(200)]
        rows += [{"question": f"the port of number {i}{name}", "shape": "fact"} for i in range(200)]
        rows.append({"question": "nothing says so", "shape": "unanswerable"})
        text = "\n".join(json.dumps(row) for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return sorted(tmp_path.glob("*.jsonl"))


def test_labels_are_shapes_and_what_nothing_answers_teaches_nothing(files, tmp_path):
    assert {one.label for one in questions_of(files, states_of)} == {Shape.LIST, Shape.PHRASE}
    assert len(questions_of(files, states_of)) == 800
    cases = tmp_path / "cases.jsonl"
    rows = ["May I bring a dog?", "If the port is taken, which one is next?"]
    cases.write_text("\n".join(json.dumps({"question": row, "shape": "condition"}) for row in rows))
    assert [one.label for one in questions_of([cases], states_of)] == [Shape.YES_NO, Shape.PHRASE]


@pytest.mark.parametrize("line", ["{", "[]", '{"question": "Who?"}', '{"question": "Who?", "shape": "none"}'])
def test_files_without_questions_are_told(tmp_path, line):
    (tmp_path / "bad.jsonl").write_text(line)
    with pytest.raises(TrainingDataError):
        questions_of([tmp_path / "bad.jsonl"], states_of)


def test_what_rules_do_not_see_is_learned_and_measured_on_groups_left_out(files):
    figures = left_out(questions_of(files, states_of), seed=1)
    assert sorted(figures) == ["alpha", "beta"]
    for group in figures.values():
        assert (group["questions"], group["rules"]) == (400, 200)
        assert group["both"] == group["head"] == 400


def test_a_seed_gives_the_same_head_and_leaves_the_random_state_alone(files):
    questions = questions_of(files[:1], states_of)
    before = torch.random.get_rng_state()
    one, two = (train_shape_head(questions, 3).state_dict() for _ in range(2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_padding_says_nothing(files):
    head = train_shape_head(questions_of(files[:1], states_of), 0)
    short, long = (questions_of(files, states_of)[i] for i in (0, 350))
    alone = measured(head, [short])["head"] + measured(head, [long])["head"]
    assert alone == measured(head, [short, long])["head"]
    asked = asked_of("conditions")
    own = shape_probabilities(head, short.states_QD, asked)
    padded = torch.cat([short.states_QD, torch.full((3, WIDTH), 9.0)])[None]
    mask = torch.arange(padded.shape[1])[None] < len(short.states_QD)
    logits = head(padded, mask, torch.tensor([rule_features(asked)]))
    assert logits.softmax(-1)[0].tolist() == pytest.approx(list(own.values()), abs=1e-5)


def test_rules_are_told_as_numbers():
    told = rule_features(asked_of("How do I start it?"))
    assert len(told) == RULES
    assert told[: len(SHAPES)] == [float(shape == Shape.STEPS) for shape in SHAPES]


def test_a_head_is_stored_beside_the_other_weights(tmp_path):
    write_atomically(tmp_path / "model", {"reading": {"w": torch.ones(2)}}, {"training": {"reader": {}}})
    head = ShapeHead(WIDTH)
    store_shape_head(tmp_path / "model", head, {"seed": 4})
    tensors, meta = read_folder(tmp_path / "model")
    assert set(tensors) == {"reading", "shapes"}
    assert meta["training"] == {"reader": {}, "shapes": {"seed": 4}}
    again = ShapeHead(WIDTH)
    again.load_state_dict({name: tensor.float() for name, tensor in tensors["shapes"].items()})
    assert torch.allclose(again.out.weight, head.out.weight, atol=1e-3)
