"""Training of the head that tells a question's shape (`fathom train shapes`), a minute on one core.

Labels are shapes of answers, so that facts, rows and conditions all ask for a phrase; a condition that the rules read
as a question for yes or no is one.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from generator.composing.question import Asked, asked_of, decided
from generator.errors import TrainingDataError
from generator.fathom_small.shape_head import SHAPES, ShapeHead, rule_features
from generator.types import Shape

EPOCHS, BATCH, RATE, DECAY, DROPOUT, SMOOTHING = 12, 64, 2e-3, 0.05, 0.4, 0.05
LABELS = {
    "fact": Shape.PHRASE,
    "row": Shape.PHRASE,
    "condition": Shape.PHRASE,
    "list": Shape.LIST,
    "steps": Shape.STEPS,
    "yesno": Shape.YES_NO,
    "definition": Shape.DEFINITION,
    "comparison": Shape.COMPARISON,
}
"""Shape that satisfies, by the label of a question; others, as of questions that nothing answers, teach nothing."""


@dataclass(frozen=True, slots=True)
class ShapeQuestion:
    """A labelled question.

    Attributes:
        group: Stem of its file, a product or a kind of document.
        asked: How the rules understand it.
        label: What would satisfy.
        states_QD: Document-layer states, float32.
    """

    group: str
    asked: Asked
    label: Shape
    states_QD: Tensor


def questions_of(paths: Sequence[Path], states_of: Callable[[str], Tensor]) -> list[ShapeQuestion]:
    """Labelled questions of files of JSON lines (`question`, `shape`).

    Args:
        paths: The files.
        states_of: Document-layer states of a question: float32 [Q, D].

    Raises:
        TrainingDataError: A line is no JSON object or lacks a field, or no question has a label that teaches.
    """
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                told = json.loads(line)
                question, label = told["question"], LABELS.get(told["shape"])
            except (ValueError, KeyError, TypeError) as error:
                raise TrainingDataError(
                    f"{path}, line {number}: no question with a shape ({error})"
                ) from error
            if label is not None:
                asked = asked_of(question)
                if told["shape"] == "condition" and asked.shape == Shape.YES_NO:
                    label = Shape.YES_NO
                found.append(ShapeQuestion(path.stem, asked, label, states_of(question)))
    if not found:
        raise TrainingDataError("no question has a shape to learn")
    return found


def train_shape_head(questions: Sequence[ShapeQuestion], seed: int) -> ShapeHead:
    """Train a head from new weights; the same questions and seed give the same head.

    Args:
        questions: One or more.
        seed: Of weights, order and dropout.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = ShapeHead(questions[0].states_QD.shape[1], DROPOUT)
        states_ND = torch.cat([one.states_QD for one in questions])
        head.mean_D.copy_(states_ND.mean(0))
        head.scale_D.copy_(states_ND.std(0).clamp_min(1e-3))
        batches = max(1, len(questions) // BATCH)
        optimizer = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=EPOCHS * batches)
        for _ in range(EPOCHS):
            order = torch.randperm(len(questions))
            for chosen in order.chunk(batches):
                loss = _loss(head, [questions[i] for i in chosen.tolist()])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
    return head.eval().requires_grad_(requires_grad=False)


def _loss(head: ShapeHead, questions: Sequence[ShapeQuestion]) -> Tensor:
    labels_B = torch.tensor([SHAPES.index(one.label) for one in questions])
    return functional.cross_entropy(head(*_batch(questions)), labels_B, label_smoothing=SMOOTHING)


def _batch(questions: Sequence[ShapeQuestion]) -> tuple[Tensor, Tensor, Tensor]:
    states = [one.states_QD for one in questions]
    states_BQD = torch.nn.utils.rnn.pad_sequence(states, batch_first=True)
    lengths_B1 = torch.tensor([[len(one)] for one in states])
    mask_BQ = torch.arange(states_BQD.shape[1]) < lengths_B1
    return states_BQD, mask_BQ, torch.tensor([rule_features(one.asked) for one in questions])


@torch.inference_mode()
def measured(head: ShapeHead, questions: Sequence[ShapeQuestion]) -> dict[str, int]:
    """How many questions are understood: by the rules, by the head alone, and as answering takes both.

    Args:
        head: In evaluation mode.
        questions: Any number.
    """
    figures = {"questions": len(questions), "rules": 0, "head": 0, "both": 0}
    for start in range(0, len(questions), BATCH):
        batch = questions[start : start + BATCH]
        for one, row in zip(batch, head(*_batch(batch)).softmax(-1).tolist(), strict=True):
            learned = dict(zip(SHAPES, row, strict=True))
            figures["rules"] += one.asked.shape == one.label
            figures["head"] += max(learned, key=lambda shape: learned[shape]) == one.label
            figures["both"] += decided(one.asked, learned).shape == one.label
    return figures


def left_out(questions: Sequence[ShapeQuestion], seed: int) -> dict[str, dict[str, int]]:
    """Figures of each group by a head trained on the others, see `measured`."""
    figures = {}
    for group in sorted({one.group for one in questions}):
        others = [one for one in questions if one.group != group]
        if others:
            own = [one for one in questions if one.group == group]
            figures[group] = measured(train_shape_head(others, seed), own)
    return figures
