"""A model server as a generator: passages and question go as a prompt, the rest is `generator.quoting`."""

from collections.abc import Sequence

from generator.errors import ModelServerError, ModelServerRequestError
from generator.openai.client import ChatClient
from generator.quoting.completion import Completion, Ended
from generator.quoting.generator import QuotingGenerator, Relevance
from generator.quoting.prompt import messages
from generator.quoting.sentences import SplitSentences
from generator.types import Request, SourcePassage


class OpenAIGenerator(QuotingGenerator):
    """Answers by a model server.

    Args:
        client: Asks the server.
        split: Finds the sentences of an answer.
        relevance: Judges passages for reranking, which the protocol of the server has no call for.
    """

    def __init__(self, client: ChatClient, split: SplitSentences, relevance: Relevance) -> None:
        super().__init__(split, relevance)
        self._client = client

    @property
    def model_id(self) -> str:
        """Name of the model, and where its server is."""
        return f"{self._client.config.model}@{self._client.place}"

    def _complete(self, request: Request, passages: Sequence[SourcePassage]) -> Completion:
        return self._client.complete(
            messages(request.question, passages),
            max_tokens=request.max_new_tokens,
            temperature=request.temperature,
            seed=request.seed,
        )

    def _check(self, ended: Ended, request: Request, *, wrote: bool) -> None:
        """See the base class.

        Raises:
            ModelServerRequestError: The model used up its tokens before it wrote anything.
            ModelServerError: It wrote nothing, or was stopped by its server.
        """
        place = self._client.place
        if ended.reason == "content_filter":
            raise ModelServerError(f"The model server {place} stopped the answer by its content filter.")
        if wrote:
            return
        if ended.reason == "length":
            raise ModelServerRequestError(
                f"The model of {place} used its {request.max_new_tokens} tokens without writing an answer, "
                "as models do that think at length first."
            )
        raise ModelServerError(f"The model of {place} wrote nothing.")
