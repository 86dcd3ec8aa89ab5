"""Texts to unit vectors by the encoder's own rules: prefixes, windows, mean pooling.

Long texts are read in windows of whole sentences and their token states
summed ("late chunking", arXiv 2409.04701): nothing is cut off, and a sentence has seen its neighbours.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from retrieval.config import EmbedderConfig
from retrieval.encoder_id import encoder_id
from retrieval.encoder_weights import load_tokenizer
from retrieval.errors import SpanError
from retrieval.packed_bert import PackedBert, load_packed_bert

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

QUERY_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "
# bfloat16 must be this much faster, and this close to float32, to be chosen by itself.
_WORTH_IT = 1.2
_CLOSE_ENOUGH = 0.9995
# Tokens of one forward pass: measured on a CPU; a GPU wants to be filled.
CPU_BATCH = 2_048
GPU_BATCH = 32_768

_Frame = tuple[list[int], list[int]]  # pieces before a text, pieces after it


@dataclass(frozen=True, slots=True)
class _Window:
    """Pieces of one forward pass and which part of them belongs to whom.

    Attributes:
        parts: (owner, first piece, piece after the last), ascending and disjoint.
    """

    pieces: list[int]
    parts: list[tuple[int, int, int]]


class SentenceTransformerEmbedder:
    """`Embedder` over the shipped encoder, equal to its sentence-transformers model; safe to use from many threads.

    Args:
        path: Encoder folder.
        device: A torch device.
        threads: Threads of torch for the whole process, or None to leave them as they are.
        config: Precision, batch and window sizes.

    Raises:
        EncoderError: The folder is incomplete or damaged.
    """

    def __init__(
        self,
        path: Path,
        device: str = "cpu",
        threads: int | None = None,
        config: EmbedderConfig | None = None,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self._config = config or EmbedderConfig()
        self._device = torch.device(device)
        self._path = path
        self._encoder = load_packed_bert(path, self._device)
        self._tokenizer = load_tokenizer(path)
        self._model_id = encoder_id(path)
        self._longest = self._encoder.max_positions
        self._window = min(self._config.window_pieces, self._longest)
        self._batch_tokens = self._config.batch_tokens or (
            CPU_BATCH if self._device.type == "cpu" else GPU_BATCH
        )
        self._query_frame = _frame(self._tokenizer, QUERY_PREFIX)
        self._passage_frame = _frame(self._tokenizer, PASSAGE_PREFIX)
        self._space = self._tokenizer.token_to_id("\u2581")
        if self._config.dtype != "float32":
            lower = self._encoder.to(torch.bfloat16)
            if self._config.dtype == "bfloat16" or self._pays(lower):
                self._encoder = lower

    @property
    def dim(self) -> int:
        """Width D of the vectors."""
        return self._encoder.dim

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the layers."""
        return self._encoder.dtype

    @property
    def model_id(self) -> str:
        """Name and content hash of the weights; vectors of different ids are never mixed."""
        return self._model_id

    @cached_property
    def sentence_model(self) -> "SentenceTransformer":
        """The same encoder in float32, as its own library runs, trains and saves it: the reference for this one."""
        # Imported late: the library takes seconds, and embedding does not need it.
        from retrieval.sentence_model import load_sentence_model

        return load_sentence_model(self._path, str(self._device))

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed questions: float32 [N, D], unit length."""
        return self._embed(texts, QUERY_PREFIX, self._query_frame)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages, long ones in several windows: float32 [N, D], unit length."""
        return self._embed(texts, PASSAGE_PREFIX, self._passage_frame)

    def sentence_states(
        self, text: str, spans: Sequence[tuple[int, int]]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Encode sentences of one text in windows that hold as many of them as fit.

        Args:
            text: The whole text.
            spans: Ranges of sentences, ascending and disjoint; what lies between them is not read.

        Returns:
            Sums of the token states of each sentence (float32 [N, D]; zeros for one without pieces, such as
            blanks), and the number of the window in which each begins (int64 [N]; -1 without pieces). A text's
            vector is the normalised sum of them all.

        Raises:
            SpanError: Ranges that overlap, run backwards, or leave the text.
        """
        _check_spans(text, spans)
        sentences = self._sentence_pieces(text, spans)
        windows = list(_windows(sentences, self._passage_frame, self._window))
        numbers_N = np.full(len(spans), -1, dtype=np.int64)
        # backwards, so that of a sentence that is split over several the first one stays
        for number, window in reversed(list(enumerate(windows))):
            numbers_N[[owner for owner, _, _ in window.parts]] = number
        return self._sums(windows, len(spans)), numbers_N

    def _embed(self, texts: Sequence[str], prefix: str, frame: _Frame) -> NDArray[np.float32]:
        if not len(texts):
            return np.empty((0, self.dim), dtype=np.float32)
        windows: list[_Window] = []
        for owner, encoded in enumerate(self._tokenizer.encode_batch([prefix + text for text in texts])):
            pieces: list[int] = encoded.ids
            if len(pieces) <= self._longest:
                windows.append(_Window(pieces, [(owner, 0, len(pieces))]))
                continue
            body = pieces[len(frame[0]) : len(pieces) - len(frame[1])]
            parts = _windows([body], frame, self._longest)
            windows.extend(_Window(part.pieces, [(owner, 0, len(part.pieces))]) for part in parts)
        sums = self._sums(windows, len(texts))
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)

    def _sentence_pieces(self, text: str, spans: Sequence[tuple[int, int]]) -> list[list[int]]:
        sentences = [text[start:end] for start, end in spans]
        encoded = self._tokenizer.encode_batch(sentences, add_special_tokens=False)
        pieces: list[list[int]] = [sentence.ids for sentence in encoded]
        for place, (start, _) in enumerate(spans):
            # Alone, a sentence gets a blank in front; inside Chinese text there is none.
            joined = start > 0 and not text[start - 1].isspace()
            if joined and len(pieces[place]) > 1 and pieces[place][0] == self._space:
                pieces[place] = pieces[place][1:]
        return pieces

    def _sums(self, windows: Sequence[_Window], owners: int) -> NDArray[np.float32]:
        """Sum token states by owner."""
        # The last row takes what belongs to none: special pieces, the prefix, padding.
        sums_ND = torch.zeros(owners + 1, self.dim, device=self._device)
        for batch in _batches(windows, self._batch_tokens):
            states_TD, places = self._encoder.states([window.pieces for window in batch])
            owner_T = np.full(len(states_TD), owners)
            for window, place in zip(batch, places, strict=True):
                for owner, first, last in window.parts:
                    owner_T[place + first : place + last] = owner
            sums_ND.index_add_(0, torch.from_numpy(owner_T).to(self._device), states_TD)
        return np.asarray(sums_ND[:owners].cpu().numpy(), dtype=np.float32)

    def _pays(self, lower: PackedBert) -> bool:
        """Measure both formats on a small batch: where bfloat16 is emulated it is slower."""
        rng = np.random.default_rng(0)
        pieces = rng.integers(5, self._tokenizer.get_vocab_size(), (2, 64)).tolist()
        seconds: list[float] = []
        means: list[Tensor] = []
        for encoder in (self._encoder, lower):
            means.append(encoder.states(pieces)[0].view(2, 64, -1).mean(dim=1).cpu())
            rounds = []
            for _ in range(2):
                start = time.perf_counter()
                encoder.states(pieces)[0].cpu()
                rounds.append(time.perf_counter() - start)
            seconds.append(min(rounds))
        exact, rough = means
        close = torch.cosine_similarity(exact, rough).mean() >= _CLOSE_ENOUGH
        return seconds[0] > _WORTH_IT * seconds[1] and bool(close)


def _frame(tokenizer: Tokenizer, prefix: str) -> _Frame:
    """Pieces that stand before and after a text: special ones and the prefix."""
    ids: list[int] = tokenizer.encode(prefix.rstrip()).ids
    return ids[:-1], ids[-1:]


def _check_spans(text: str, spans: Sequence[tuple[int, int]]) -> None:
    reached = 0
    for start, end in spans:
        if not reached <= start <= end <= len(text):
            raise SpanError(f"range [{start}, {end}) does not follow {reached} within {len(text)} characters")
        reached = end


def _windows(sentences: Sequence[Sequence[int]], frame: _Frame, limit: int) -> Iterator[_Window]:
    """Pack sentences, in order, into as few windows as they need, of about equal size.

    A sentence that alone exceeds a window is split into several; others stay whole.
    """
    before, after = frame
    room = limit - len(before) - len(after)
    pieces: list[int] = []
    parts: list[tuple[int, int, int]] = []
    left = sum(len(sentence) for sentence in sentences)
    # Equal windows instead of a full one and a scrap: a sentence at the end deserves context, too.
    aim = -(-left // max(1, -(-left // room)))
    for owner, sentence in enumerate(sentences):
        for start in range(0, len(sentence), room):
            part = sentence[start : start + room]
            over = len(pieces) + len(part) > room
            if pieces and (over or len(pieces) >= aim):
                yield _Window([*before, *pieces, *after], parts)
                pieces, parts = [], []
            first = len(before) + len(pieces)
            parts.append((owner, first, first + len(part)))
            pieces += part
    if pieces:
        yield _Window([*before, *pieces, *after], parts)


def _batches(windows: Sequence[_Window], budget: int) -> Iterator[list[_Window]]:
    """Group windows of like length, longest first, up to a number of tokens."""
    batch: list[_Window] = []
    tokens = 0
    for window in sorted(windows, key=lambda window: -len(window.pieces)):
        if batch and tokens + len(window.pieces) > budget:
            yield batch
            batch, tokens = [], 0
        batch.append(window)
        tokens += len(window.pieces)
    if batch:
        yield batch
