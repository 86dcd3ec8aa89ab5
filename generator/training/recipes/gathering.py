"""Recipe: continue a trained reader on retrieved passages (`fathom train sft --stage gathered`)."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from generator.data.examples import read_set
from generator.data.gathered import GatheredBatches, GatheredConfig, GatheredQuestion, read_gathered
from generator.data.mixture import held_out
from generator.data.overlap import without_overlap
from generator.data.rehearsal import RehearsalSet, rehearsal_questions
from generator.data.set_files import root_of
from generator.data.tokenised import special_id
from generator.device import HOST
from generator.errors import CheckpointError, TrainingDataError
from generator.fathom_small.reading import PassageReader
from generator.training.gathered import GatheredReaderLoss, GatheredReading
from generator.training.loop import TrainingLoop
from generator.training.losses import GatheredWeights
from generator.training.optimizer import adamw
from generator.training.recipes.calibration import auroc
from generator.training.recipes.parts import EncoderParts
from generator.training.recipes.recipe import Recipe, RunOptions
from generator.training.recipes.runs import load_reader, resume


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringRecipe(Recipe):
    """Numbers of the gathered stage; see `gathered.json`. `train` names files of gathered questions.

    Attributes:
        rehearsal: Older sets that are mixed in.
        unanswered: Share of rehearsal questions that come without the passage that answers.
        longest_rehearsed: Longest passage of a rehearsal question; see `GatheredPassage.length`.
        development_share: Share of documents whose questions are scored, by a hash of their names.
        development_most: Questions that are scored at most, of gathered and of rehearsed ones each.
        batches: Parts of an epoch.
        loss: Numbers of the loss.
        memory_rows: Pieces whose memories are kept (1,536 bytes each): a passage comes with several questions.
    """

    rehearsal: tuple[RehearsalSet, ...] = ()
    unanswered: float = 0.12
    longest_rehearsed: int = 1_100
    development_share: float = 1 / 6
    development_most: int = 150
    batches: GatheredConfig = field(default_factory=GatheredConfig)
    loss: GatheredWeights = field(default_factory=GatheredWeights)
    memory_rows: int = 800_000


class GatheredScores:
    """Development scores over all passages of a question; the less the loss, the better the score."""

    def __init__(
        self, loss: GatheredReaderLoss, parts: Mapping[str, Sequence[GatheredQuestion]], questions: int
    ) -> None:
        """Keep the questions to score.

        Args:
            loss: Of the reader.
            parts: Questions by name prefix; those under "" choose the weights that are kept.
            questions: Of a batch.
        """
        self.loss, self.parts, self.questions = loss, parts, questions

    def __call__(self) -> Mapping[str, float]:
        """By part: `loss` in nats, `inside` (best spans that are right) and `auroc` (of answerable), in percent."""
        metrics: dict[str, float] = {}
        for prefix, questions in self.parts.items():
            if questions:
                metrics |= {f"{prefix}{name}": value for name, value in self._scores(questions).items()}
        return {**metrics, "score": -metrics["loss"]} if "loss" in metrics else metrics

    def _scores(self, questions: Sequence[GatheredQuestion]) -> dict[str, float]:
        total, spans = 0.0, []
        for first in range(0, len(questions), self.questions):
            part = questions[first : first + self.questions]
            loss, found = self.loss.scored(part)
            total += loss * len(part)
            spans += found
        scores = {"loss": total / len(questions)}
        inside = [span.inside for span in spans if span.inside is not None]
        if inside:
            scores["inside"] = 100 * sum(inside) / len(inside)
        if 0 < len(inside) < len(spans):
            logits_N = torch.tensor([span.logit for span in spans])
            labels_N = torch.tensor([float(span.inside is not None) for span in spans])
            scores["auroc"] = 100 * auroc(logits_N, labels_N)
        return scores


def train_gathered(
    parts: EncoderParts,
    recipe: GatheringRecipe,
    options: RunOptions,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train the reading half on gathered questions; True where an earlier run went on.

    Args:
        parts: The encoder.
        recipe: What to read, and all numbers.
        options: Where, and how long; `start_run` is the reader that goes on.
        stop: Asked before every step; true saves and ends the run.

    Raises:
        TrainingDataError: A set of the recipe is missing or has a line that is not of the form.
        CheckpointError: There is no reader to go on with, or the run folder holds another model.
    """
    if options.start_run is None:
        raise CheckpointError("gathered questions train a reader further; give --start-run")
    torch.manual_seed(options.seed)
    reader, _ = load_reader(parts, options.start_run)
    if reader.train_document:
        raise CheckpointError(f"{options.start_run} has document layers of its own; start with another run")
    reader = reader.to(torch.device(options.device))
    passages = PassageReader(
        reader.document,
        reader.reading,
        parts.tokenizer,
        parts.matcher,
        reader.config.max_positions,
        memory_rows=recipe.memory_rows,
        memories_on=HOST,  # more than an accelerator need have room for
    )
    reading = GatheredReading(reader, passages, parts.matcher, special_id(parts.tokenizer, "<pad>"))
    loss = GatheredReaderLoss(reading, recipe.loss)
    learned, scored = divided(gathered_questions(recipe, options.data), recipe, options.seed)
    rehearsed, recalled = divided(rehearsal(recipe, options.data, options.seed), recipe, options.seed)
    optimizer = adamw(reader, (), recipe.optimizer)
    loop = TrainingLoop(reader, optimizer, loss, options.run, recipe.loop_config(options))
    resumed = resume(loop, options.start_run)
    batches = GatheredBatches(learned, rehearsed, recipe.batches, options.seed)
    scores = GatheredScores(loss, {"": scored, "rehearsal/": recalled}, recipe.batches.questions)
    loop.run(batches, scores, stop)
    return resumed


def gathered_questions(recipe: GatheringRecipe, roots: Sequence[Path]) -> list[GatheredQuestion]:
    """The gathered questions of all files of a recipe.

    Raises:
        TrainingDataError: A file is missing, or has a line that is not of the form, or there is no question.
    """
    questions = [q for spec in recipe.train for q in read_gathered(root_of(spec.path, roots) / spec.path)]
    if not questions:
        raise TrainingDataError(
            "the recipe's files hold no gathered question; make some with benchmarks.gathered"
        )
    return questions


def rehearsal(recipe: GatheringRecipe, roots: Sequence[Path], seed: int) -> list[GatheredQuestion]:
    """Questions of the recipe's older sets; sets for a comparison come without questions that touch held-out data.

    Raises:
        TrainingDataError: A set is missing.
    """
    rng = random.Random(seed)
    sets = {each: read_set(each.spec, root_of(each.spec.path, roots)) for each in recipe.rehearsal}
    kept_from = held_out(recipe, roots) if any(each.spec.compare for each in sets) else None
    questions = []
    for each, examples in sets.items():
        if each.spec.compare and kept_from is not None:
            examples = without_overlap(examples, kept_from)
        questions += rehearsal_questions(
            examples, each.count, recipe.unanswered, recipe.longest_rehearsed, rng
        )
    return questions


def divided(
    questions: Sequence[GatheredQuestion], recipe: GatheringRecipe, seed: int
) -> tuple[list[GatheredQuestion], list[GatheredQuestion]]:
    """Questions to learn, and questions of other documents to score, `development_most` at most."""
    share = recipe.development_share
    learned = [question for question in questions if not question.held_out(share)]
    scored = [question for question in questions if question.held_out(share)]
    random.Random(seed).shuffle(scored)
    return learned, scored[: recipe.development_most]
