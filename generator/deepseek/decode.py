"""Token after token from a prompt, with a cache.

Dimensions in names: B batch (1), T tokens of one step.
"""

from collections.abc import Iterator, Sequence

import torch

from generator.blocks.gated_cross_attention import MemoryView
from generator.blocks.sampling import pick
from generator.deepseek.model import Deepseek

PROMPT_STEP = 256
"""Tokens of a prompt that are read at once; between two steps the reader of the answer may look."""


def decode(
    model: Deepseek,
    prompt: Sequence[int],
    memory: Sequence[MemoryView | None] | None = None,
    *,
    ends: frozenset[int],
    max_new_tokens: int,
    temperature: float = 0.0,
    seed: int = 0,
) -> Iterator[int | None]:
    """Continue a prompt until a token that ends it, which is not given.

    Args:
        model: In evaluation mode.
        prompt: At least one id.
        memory: From `Deepseek.view_memory`; None leaves cross-attention out.
        ends: Ids that end the text.
        max_new_tokens: Most ids to give.
        temperature: 0 takes the most probable; else ids are drawn.
        seed: Of the draw.

    Yields:
        Ids, and before each step of the prompt None.
    """
    device = model.embed.weight.device
    caches, generator = model.new_caches(), torch.Generator().manual_seed(seed)
    *before, ids_BT = torch.split(torch.tensor([prompt], device=device), PROMPT_STEP, dim=1)
    for read_BT in before:
        yield None
        with torch.inference_mode():
            model(read_BT, caches=caches, memory=memory, last_only=True)
    yield None
    for _ in range(max_new_tokens):
        # Not around the loop: while this iterator rests, its caller would be in inference mode too.
        with torch.inference_mode():
            logits = model(ids_BT, caches=caches, memory=memory, last_only=True).logits_BTV[0, -1]
            token = pick(logits.float().cpu(), temperature, generator)
        if token in ends:
            return
        yield token
        ids_BT = torch.tensor([[token]], device=device)
