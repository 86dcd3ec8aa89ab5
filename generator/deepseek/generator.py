"""A local checkpoint as a generator: passages go into its prompt, or by cross-attention into its decoder.

Dimensions in names: M pieces of all passages together, W their width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from generator.blocks.gated_cross_attention import MemoryView
from generator.blocks.passage_memory import PassageMemories, kept_rows
from generator.deepseek.decode import decode
from generator.deepseek.loading import LocalModel
from generator.errors import CheckpointError, ContextLengthError, NoAnswerError
from generator.quoting.completion import Completion, Ended
from generator.quoting.generator import QuotingGenerator, Relevance
from generator.quoting.prompt import messages, question_alone
from generator.quoting.sentences import SplitSentences
from generator.types import Request, SourcePassage


class DeepseekGenerator(QuotingGenerator):
    """Answers by a published DeepSeek decoder.

    Args:
        model: From `load_local_model`.
        split: Finds the sentences of an answer.
        relevance: Judges passages for reranking.
        memories: Of passages, for a model with fusion adapters: it reads them instead of a text in its prompt.

    Raises:
        CheckpointError: The adapters are for memories of another width.
    """

    def __init__(
        self,
        model: LocalModel,
        split: SplitSentences,
        relevance: Relevance,
        memories: PassageMemories | None = None,
    ) -> None:
        super().__init__(split, relevance)
        self._model, self._memories = model, memories
        given = None if memories is None else memories.width
        wanted = model.decoder.config.memory_width if model.is_fused else None
        if given != wanted:
            raise CheckpointError(
                f"the adapters of {model.model_id} read memories of width {wanted}, not {given}; they were trained "
                "with another encoder"
            )

    @property
    def model_id(self) -> str:
        """Name of the folder and hash of its content."""
        return self._model.model_id

    def _complete(self, request: Request, passages: Sequence[SourcePassage]) -> Completion:
        """See the base class.

        Raises:
            ContextLengthError: Prompt and answer do not fit into the window.
        """
        tokenizer = self._model.tokenizer
        fused = self._memories is not None
        prompt = tokenizer.prompt(
            question_alone(request.question) if fused else messages(request.question, passages)
        )
        if len(prompt) + request.max_new_tokens > self._model.window:
            raise ContextLengthError(
                f"Question and passages are {len(prompt)} tokens, an answer may take {request.max_new_tokens}, and "
                f"{self.model_id} has a window of {self._model.window}."
            )
        if tokenizer.thinks_aloud(prompt):
            yield "<think>"
        tokens = decode(
            self._model.decoder,
            prompt,
            self._view(passages),
            ends=tokenizer.ends,
            max_new_tokens=request.max_new_tokens,
            temperature=request.temperature,
            seed=request.seed,
        )
        to_text, written, text = tokenizer.text_stream(), 0, ""
        for token in tokens:
            written += token is not None
            piece = None if token is None else to_text(token)
            if piece is None:
                yield None
                continue
            text = (text + piece).lstrip()
            beyond = _beyond_end(text, tokenizer.end_text)
            yield piece[: max(0, len(piece) - beyond)]
            if beyond:
                break
        yield Ended("length" if written == request.max_new_tokens else "stop", written)

    def _view(self, passages: Sequence[SourcePassage]) -> list[MemoryView | None] | None:
        """Memory for the decoder: the pieces of all passages as one set, each with its passage's weight."""
        if self._memories is None:
            return None
        found = self._memories.get([passage.text for passage in passages])
        kept = [kept_rows(memory, p.kept).states_SD for memory, p in zip(found, passages, strict=True)]
        weights = [torch.full((len(rows),), p.weight) for rows, p in zip(kept, passages, strict=True)]
        place: Tensor = self._model.decoder.embed.weight
        memory_1MW = torch.cat(kept)[None].to(place)
        with torch.inference_mode():
            return self._model.decoder.view_memory(memory_1MW, torch.cat(weights)[None].to(place.device))

    def _check(self, ended: Ended, request: Request, *, wrote: bool) -> None:
        """See the base class.

        Raises:
            NoAnswerError: The model wrote nothing, or used up its tokens before it wrote anything.
        """
        if wrote:
            return
        if ended.reason == "length":
            raise NoAnswerError(
                f"{self.model_id} used its {request.max_new_tokens} tokens without writing an answer, as models do "
                "that think at length first."
            )
        raise NoAnswerError(f"{self.model_id} wrote nothing.")


def _beyond_end(text: str, end: str | None) -> int:
    """Characters from the first `end` on; 0 where there is none."""
    at = -1 if end is None else text.find(end)
    return 0 if at < 0 else len(text) - at
