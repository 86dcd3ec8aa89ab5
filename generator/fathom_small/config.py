"""Configuration of the model as frozen dataclasses; `ReaderConfig` checks its width when made."""

from dataclasses import dataclass, field

from generator.errors import CheckpointError

DOCUMENT_LAYERS = 4
"""Layers of the encoder that see one text alone; more cost quality, see `docs/training-log.md`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderConfig:
    """The encoder half: document layers (passage alone), reading layers (question and passage together).

    Attributes:
        vocab_size: Pieces of the encoder's tokenizer.
        width: Model width D.
        heads: Attention heads H; width must divide by it.
        hidden: Width F of the feed-forward part.
        document_layers: Layers that see one text alone; their output is the passage's memory.
        reading_layers: Layers that see question and passage together.
        max_positions: Longest text, in pieces, special pieces included.
        match_features: Numbers a piece that tell whether and how it occurs in the other text.
    """

    vocab_size: int
    width: int = 384
    heads: int = 12
    hidden: int = 1536
    document_layers: int = DOCUMENT_LAYERS
    reading_layers: int = 8
    max_positions: int = 512
    token_types: int = 2
    norm_eps: float = 1e-12
    match_features: int = 4

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise CheckpointError(f"width {self.width} does not divide by {self.heads} heads")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderConfig:
    """The writing half: causal self-attention, cross-attention over the read states, experts.

    Attributes:
        layers: Decoder layers; the first `dense_layers` have one dense feed-forward part instead of experts.
        kv_heads: Key and value heads of grouped-query self-attention.
        experts: Routed experts E of an expert layer.
        active_experts: Experts chosen per token (top-k).
        shared_experts: Experts that every token passes.
        expert_hidden: Width F of each expert.
        write_pieces: Pieces that can be written, a subset of the encoder's vocabulary.
        rope_theta: Base of the rotary position embedding.
        bias_step: Step of the routing bias per update (auxiliary-loss-free balance).
        entropy_weight: Weight of the gate's entropy regulariser.
        window: Steps that a windowed layer of self-attention sees, itself included; None for full attention everywhere.
        global_tokens: First steps, which a windowed layer sees too.
        full_every: With a window: every layer of this number sees all steps, as docs/decisions/0064 found needed.
    """

    layers: int = 3
    dense_layers: int = 1
    heads: int = 6
    kv_heads: int = 2
    experts: int = 8
    active_experts: int = 2
    shared_experts: int = 1
    expert_hidden: int = 256
    dense_hidden: int = 1024
    write_pieces: int = 16_000
    rope_theta: float = 10_000.0
    bias_step: float = 0.03
    entropy_weight: float = 1e-3
    norm_eps: float = 1e-6
    max_actions: int = 256
    window: int | None = None
    global_tokens: int = 0
    full_every: int = 2

    def window_of(self, layer: int) -> int | None:
        """Window of a layer, by its number from 0; None if it sees all steps."""
        return None if (layer + 1) % self.full_every == 0 else self.window


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """The whole model `fathom-small`."""

    reader: ReaderConfig
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    name: str = "fathom-small"
