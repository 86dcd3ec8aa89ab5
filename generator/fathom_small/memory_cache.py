"""Memories of passages, computed once per text and cached.

Dimensions in names: S pieces of one passage, D width.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

import torch
from tokenizers import Tokenizer

from generator.blocks.passage_memory import FRAME, PassageMemory
from generator.device import HOST
from generator.fathom_small.encoder import DocumentLayers
from generator.prefixes import PASSAGE_PREFIX

MEMORY_ROWS = 200_000
"""Default capacity of the cache in rows, over all passages."""


class MemoryCache:
    """Computes memories and keeps the most recently used ones.

    A text longer than the encoder's window is read in windows, each alone; their rows are joined, so nothing is cut.
    """

    def __init__(
        self,
        document: DocumentLayers,
        tokenizer: Tokenizer,
        window: int,
        capacity_rows: int = MEMORY_ROWS,
        device: torch.device | None = None,
    ) -> None:
        """Set up an empty cache.

        Args:
            document: In evaluation mode.
            tokenizer: The encoder's.
            window: Longest text of the document layers, in pieces.
            capacity_rows: Rows kept over all passages (1,536 bytes each at width 384 in float32).
            device: Where they are kept, wherever they are computed; None for the device of the layers.
        """
        self._device = device or document.device
        self._document, self._tokenizer, self._window = document, tokenizer, window
        self._capacity, self._rows = capacity_rows, 0
        self._kept: OrderedDict[bytes, PassageMemory] = OrderedDict()
        self._lock = threading.Lock()
        self._bos, self._eos = tokenizer.token_to_id("<s>"), tokenizer.token_to_id("</s>")
        self._pad = tokenizer.token_to_id("<pad>")
        self._prefix = tokenizer.encode(PASSAGE_PREFIX.strip(), add_special_tokens=False).ids
        self.hits = self.misses = 0

    @property
    def width(self) -> int:
        """Width D of the states."""
        return self._document.pieces.embedding_dim

    def get(self, texts: Sequence[str]) -> list[PassageMemory]:
        """Memories of texts, in their order; missing ones are computed together."""
        keys = [
            hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts
        ]
        found: dict[bytes, PassageMemory] = {}
        with self._lock:
            for key in keys:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    found[key] = self._kept[key]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        self.hits, self.misses = self.hits + len(keys) - len(missing), self.misses + len(missing)
        if missing:
            computed = dict(zip(missing, self._compute(list(missing.values())), strict=True))
            found |= computed
            self._keep(computed)
        return [found[key] for key in keys]

    @property
    def counts(self) -> tuple[int, int, int]:
        """Passages kept, and how often one was found and was not."""
        return len(self._kept), self.hits, self.misses

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._rows = 0

    def _keep(self, computed: dict[bytes, PassageMemory]) -> None:
        with self._lock:
            for key, memory in computed.items():
                if key not in self._kept:
                    self._kept[key] = memory
                    self._rows += len(memory.ids_S)
            while self._rows > self._capacity and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._rows -= len(oldest.ids_S)

    def _compute(self, texts: Sequence[str]) -> list[PassageMemory]:
        windows: list[tuple[int, list[int], list[tuple[int, int]]]] = []
        for number, text in enumerate(texts):
            encoding = self._tokenizer.encode(PASSAGE_PREFIX + text, add_special_tokens=False)
            ids = encoding.ids[len(self._prefix) :]
            ranges = [
                piece_text_range(text, a - len(PASSAGE_PREFIX), b - len(PASSAGE_PREFIX))
                for a, b in encoding.offsets[len(self._prefix) :]
            ]
            room = self._window - len(self._prefix) - 2
            starts = range(0, max(1, len(ids)), room)
            windows.extend((number, ids[at : at + room], ranges[at : at + room]) for at in starts)
        parts: dict[int, list[PassageMemory]] = {}
        for (number, _, _), memory in zip(windows, self._encode(windows), strict=True):
            parts.setdefault(number, []).append(memory)
        return [_join(parts[number]) for number in range(len(texts))]

    def _encode(self, windows: Sequence[tuple[int, list[int], list[tuple[int, int]]]]) -> list[PassageMemory]:
        lead = [self._bos, *self._prefix]
        rows = [[*lead, *ids, self._eos] for _, ids, _ in windows]
        longest = max(len(row) for row in rows)
        padded = [row + [self._pad] * (longest - len(row)) for row in rows]
        ids_BS = torch.tensor(padded, device=HOST)
        placed_BS = ids_BS.to(self._document.device)
        with torch.inference_mode():
            states_BSD = self._document(placed_BS, placed_BS != self._pad).to(self._device)
        memories = []
        for b, (row, (_, _, ranges)) in enumerate(zip(rows, windows, strict=True)):
            framed = [FRAME] * len(lead) + ranges + [FRAME]
            memories.append(PassageMemory(ids_BS[b, : len(row)], states_BSD[b, : len(row)].clone(), framed))
        return memories


def piece_text_range(text: str, start: int, end: int) -> tuple[int, int]:
    """Character range of a piece without its leading space; where nothing else is left, the empty one behind it."""
    start = max(0, start)
    while start < end and text[start].isspace():
        start += 1
    return start, max(start, end)


def _join(parts: Sequence[PassageMemory]) -> PassageMemory:
    if len(parts) == 1:
        return parts[0]
    return PassageMemory(
        torch.cat([part.ids_S for part in parts]),
        torch.cat([part.states_SD for part in parts]),
        [r for part in parts for r in part.ranges],
    )
