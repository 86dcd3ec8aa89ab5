"""The reading half in training: the module, its loss, its scores.

The document layers stay the search encoder's own, so that a passage's memory is shared with retrieval and ships once;
reading layers, match features and heads are trained. A reader may also learn from another one that sees question and
passage together from the first layer on (distillation, as DeFormer has it, arXiv 2005.00697).
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from generator.data.batches import ReadingBatch
from generator.data.pairs import PairBatch
from generator.fathom_small.config import ReaderConfig
from generator.fathom_small.encoder import DocumentLayers, ReadingLayers, ReadStates, reader_state_from_bert
from generator.fathom_small.reading import LONGEST_SPAN
from generator.training.losses import PAIR_WEIGHTS, PairWeights, distillation_loss, pair_counts, pair_loss
from generator.training.objective import Metrics, Objective


class Reader(nn.Module):
    """Document layers and reading layers, as one module for training; embeddings stay as they are."""

    def __init__(
        self,
        config: ReaderConfig,
        encoder_state: dict[str, Tensor],
        *,
        train_document: bool = False,
        dropout: float = 0.0,
    ) -> None:
        """Start from an encoder.

        Args:
            config: Where the document layers end.
            encoder_state: State dict of `transformers.BertModel`.
            train_document: Train the document layers too; their memory then is no longer the search encoder's.
            dropout: Share of what each half of a reading layer adds that is left out in training (Dropout, Srivastava
                et al. 2014; placed as in BERT, arXiv 1810.04805).
        """
        super().__init__()
        self.config = config
        self.document = DocumentLayers(config)
        self.reading = ReadingLayers(config)
        parts = reader_state_from_bert(encoder_state, config)
        self.document.load_state_dict(parts["document"])
        self.reading.load_state_dict(parts["reading"], strict=False)
        self.document.requires_grad_(requires_grad=False)
        self.document.layers.requires_grad_(requires_grad=train_document)
        for module in self.reading.layers.modules():
            if isinstance(module, nn.Dropout):
                module.p = dropout

    @property
    def train_document(self) -> bool:
        """Whether the document layers are trained too."""
        return any(parameter.requires_grad for parameter in self.document.parameters())

    def forward(self, batch: ReadingBatch) -> ReadStates:
        """Read a batch."""
        with torch.set_grad_enabled(self.train_document and torch.is_grad_enabled()):
            memory_BSD = self.document(batch.passage_BS, batch.passage_mask_BS)
            question_BQD = self.document(batch.question_BQ, batch.question_mask_BQ)
        states: ReadStates = self.reading(
            question_BQD,
            batch.question_mask_BQ,
            memory_BSD,
            batch.passage_mask_BS,
            batch.question_match_BQM,
            batch.passage_match_BSM,
        )
        return states


class ReaderLoss(Objective):
    """Loss of reading, on batches of pairs: span, relevance, competition, and distance from a teacher."""

    def __init__(
        self,
        reader: Reader,
        *,
        compile_model: bool,
        teacher: Reader | None = None,
        weights: PairWeights = PAIR_WEIGHTS,
    ) -> None:
        """Prepare.

        Args:
            reader: What learns.
            compile_model: Use `torch.compile`.
            teacher: A trained reader to learn from besides the answers, half and half.
            weights: Of the parts of the loss.
        """
        self.weights = weights
        self.forward = torch.compile(reader, dynamic=False) if compile_model else reader
        self.teacher: Callable[[ReadingBatch], ReadStates] | None = None
        if teacher is not None:
            frozen = teacher.requires_grad_(requires_grad=False).eval()
            self.teacher = torch.compile(frozen, dynamic=False) if compile_model else frozen

    def counts(self, batch: PairBatch, /) -> Tensor:
        """See `pair_counts`; the teacher's term is a mean over rows, as relevance is."""
        return pair_counts(batch.reading.answers_BN2, batch.supervision_B, batch.own_B)

    def end_step(self) -> None:
        """Nothing but the weights changes."""

    def __call__(self, batch: PairBatch, shares: Tensor | None = None) -> tuple[Tensor, Metrics]:
        """Loss of one batch."""
        rows = batch.reading
        read = self.forward(rows)
        loss = pair_loss(read, rows.answers_BN2, batch.supervision_B, batch.own_B, self.weights, shares)
        metrics: dict[str, Tensor | float] = {
            "span": loss.span,
            "relevance": loss.relevance,
            "competing": loss.competing,
            "rows": len(batch.own_B),
        }
        if self.teacher is None:
            return loss.total, metrics
        with torch.no_grad():
            taught = self.teacher(rows)
        distilled = distillation_loss(read, taught)
        metrics["distilled"] = distilled.detach()
        if shares is not None:
            distilled = distilled * shares[1]
        return (loss.total + distilled) / 2, metrics


def joint_scores(read: ReadStates) -> Tensor:
    """Start plus end logit of every span of at most `LONGEST_SPAN` pieces, others -inf.

    Returns:
        float32 [B, S * S]; the span from piece a to piece b is at a * S + b.
    """
    joint_BSS: Tensor = read.start_BS[:, :, None] + read.end_BS[:, None, :]
    S = joint_BSS.shape[-1]
    near_SS = torch.ones(S, S, dtype=torch.bool, device=joint_BSS.device).triu().tril(LONGEST_SPAN - 1)
    return joint_BSS.masked_fill(~near_SS, float("-inf")).flatten(1)


def best_spans(read: ReadStates) -> Tensor:
    """First and last piece of the most probable span of each row: int64 [B, 2]."""
    S = read.start_BS.shape[1]
    place_B = joint_scores(read).argmax(-1)
    return torch.stack([place_B // S, place_B % S], dim=-1)


NEW_PARAMETERS = ("reading.match", "reading.role", "reading.span", "reading.relevance")
"""Name prefixes of new parameters (not from the encoder), which learn faster."""


class PieceScores:
    """Development scores over pieces: exact match and F1 of the best span in windows of the data's longest length.

    A proxy for `fathom eval` that costs no text handling; unanswerable rows are left out. Sets of a language or domain
    that training leaves out (transfer) count as much as those it has: what is learned by heart helps the latter alone.
    """

    def __init__(
        self,
        development: Sequence[tuple[str, ReadingBatch]],
        reader: Reader,
        transfer: Sequence[tuple[str, ReadingBatch]] = (),
    ) -> None:
        """Keep the reader and its development batches.

        Args:
            development: Batches by set name, where the reader is.
            reader: What is scored.
            transfer: Batches of sets that are not trained on.
        """
        self.development, self.transfer, self.reader = development, transfer, reader

    def __call__(self) -> Mapping[str, float]:
        """Scores in percent by set name, `<set>/em`, `<set>/f1`; and `score`, the mean of the parts' mean F1."""
        metrics: dict[str, float] = {}
        means = []
        for part, batches in (("", self.development), ("transfer/", self.transfer)):
            found = {f"{part}{name}": value for name, value in self._scores(batches).items()}
            f1 = [value for name, value in found.items() if name.endswith("/f1")]
            means += [sum(f1) / len(f1)] if f1 else []
            metrics |= found
        return {**metrics, "score": sum(means) / len(means)} if means else metrics

    def _scores(self, batches: Sequence[tuple[str, ReadingBatch]]) -> dict[str, float]:
        sums: dict[str, list[float]] = {}
        for name, batch in batches:
            spans_B2 = best_spans(self.reader(batch))
            for span, answers in zip(spans_B2.tolist(), batch.answers_BN2.tolist(), strict=True):
                gold = [(a, b) for a, b in answers if a >= 0]
                if gold:
                    sums.setdefault(f"{name}/em", []).append(100.0 * (tuple(span) in gold))
                    sums.setdefault(f"{name}/f1", []).append(
                        100.0 * max(overlap_f1(tuple(span), g) for g in gold)
                    )
        return {name: sum(values) / len(values) for name, values in sums.items()}


def overlap_f1(guess: tuple[int, int], gold: tuple[int, int]) -> float:
    """F1 of two inclusive ranges."""
    common = min(guess[1], gold[1]) - max(guess[0], gold[0]) + 1
    if common <= 0:
        return 0.0
    return 2 * common / (guess[1] - guess[0] + 1 + gold[1] - gold[0] + 1)
