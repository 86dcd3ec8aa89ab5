"""Numbers fitted on development sets after training, stored with the weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Parameters fitted on development sets, stored with the weights.

    Attributes:
        confidence: Weights of the signals of an answer, and their bias; see `generator.composing.signals`.
        support: The same of the signals of one source, see `generator.composing.support`; empty tells none.
        answer_from: Least confidence to answer at all.
        span_temperature: Divides span scores before they become probabilities.
        relevance_temperature: Divides relevance logits.
        relevance_weight: Of the relevance head, beside the null scores, in comparing passages.
        write_margin: Log-probability margin by which writing must beat copying.
    """

    confidence: Mapping[str, float] = field(default_factory=lambda: {"answerable": 1.0})
    support: Mapping[str, float] = field(default_factory=dict)
    answer_from: float = 0.5
    span_temperature: float = 1.0
    relevance_temperature: float = 1.0
    relevance_weight: float = 1.0
    write_margin: float = 2.0
