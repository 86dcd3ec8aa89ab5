"""Mixtures: which sets a run reads, how often, and which it keeps away from."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from generator.data.cloze import cloze_examples
from generator.data.cross_lingual import parallel_examples
from generator.data.examples import Example, SetSpec, read_set, read_texts
from generator.data.overlap import HeldOut, without_overlap
from generator.data.question_pages import page_examples
from generator.data.set_files import root_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Sets by their part in training.

    Attributes:
        train: What is learned.
        development: Splits of trained sets that are scored.
        transfer: Sets of a language or domain that training leaves out; scored too.
        kept_out: Splits that are neither trained nor scored here, but measured elsewhere.
        dense_near_misses: Whether near misses are looked for by meaning too.
    """

    train: tuple[SetSpec, ...]
    development: tuple[SetSpec, ...] = ()
    transfer: tuple[SetSpec, ...] = ()
    kept_out: tuple[SetSpec, ...] = ()
    dense_near_misses: bool = False

    @property
    def repeat(self) -> dict[str, float]:
        """How often each set is seen per epoch, by its path."""
        return {spec.path: spec.repeat for spec in self.train}


def training_examples(mixture: Mixture, roots: Sequence[Path], seed: int) -> list[Example]:
    """All examples to learn; sets for a comparison come without examples that touch held-out data.

    Args:
        mixture: What to read.
        roots: Data folders; each set is read from the first that has it.
        seed: Of questions that are made of texts.

    Raises:
        TrainingDataError: A set is missing.
    """
    rng = random.Random(seed)
    sets = {spec: _examples(spec, root_of(spec.path, roots), rng) for spec in mixture.train}
    compared = [example for spec, examples in sets.items() if spec.compare for example in examples]
    if compared:
        compared = without_overlap(compared, held_out(mixture, roots))
    return [e for spec, examples in sets.items() if not spec.compare for e in examples] + compared


def held_out(mixture: Mixture, roots: Sequence[Path]) -> HeldOut:
    """All examples of the mixture's development parts, also those beyond a limit of the scores.

    Raises:
        TrainingDataError: A set is missing.
    """
    specs = (*mixture.development, *mixture.transfer, *mixture.kept_out)
    whole = (replace(spec, limit=None) for spec in specs)
    return HeldOut(example for spec in whole for example in read_set(spec, root_of(spec.path, roots)))


def _examples(spec: SetSpec, root: Path, rng: random.Random) -> list[Example]:
    if spec.asked_in:
        return parallel_examples(root / spec.path, root / spec.asked_in, spec.path, rng, take=spec.take)
    if spec.page_parts:
        return page_examples(root / spec.path, spec.path, rng, parts=spec.page_parts, limit=spec.limit)
    if spec.cloze:
        return cloze_examples(read_texts(spec, root), spec.path, rng, spec.cloze, spec.limit)
    return read_set(spec, root)
