"""Settings of ingestion: how finely text is cut, and how much a parser may use."""

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkingConfig:
    """How a document is cut.

    Attributes:
        max_tokens: Most tokens a chunk may have, by the configured tiktoken vocabulary.
        target_tokens: Size that costs nothing; smaller and larger chunks need a reason.
        semantic_weight: Worth of a drop in similarity between neighbouring sentences, against an even size, of the
            order of 0.35; 0 cuts by size and structure alone, which retrieval was best with.
    """

    max_tokens: int = 512
    target_tokens: int = 320
    semantic_weight: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings that can't be met.

        Raises:
            ValueError: If a number is out of its range.
        """
        if self.max_tokens < 16:
            raise ValueError("max_tokens must be at least 16")
        if not 1 <= self.target_tokens <= self.max_tokens:
            raise ValueError("target_tokens must lie between 1 and max_tokens")
        if self.semantic_weight < 0:
            raise ValueError("semantic_weight can't be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsingLimits:
    """Limits on the parsing of one file, and the parts to read. A file beyond them fails with `LimitExceededError`.

    Attributes:
        max_bytes: Size of the file as uploaded.
        wall_s: Seconds from handing over to result; the child is killed then.
        cpu_s: Processor seconds of the child for one file.
        memory_bytes: Address space of the child.
        max_unpacked_bytes: Bytes that come out of a packed format (DOCX and its like), archives inside included.
        max_unpack_ratio: Unpacked to packed size of one part, for parts over 1 MiB.
        max_parts: Parts in a packed format, archives inside included.
        max_nesting: Archives and mails inside each other that are opened.
        max_pages: Pages of a document.
        max_text_chars: Characters of canonical text.
        keep_hidden: Whether hidden and struck text is read; it is left out and counted otherwise.
        keep_margins: Whether page headers, page footers and comments of Word are read; they are counted otherwise.
    """

    max_bytes: int = 100 * _MIB
    wall_s: float = 300.0
    cpu_s: int = 240
    memory_bytes: int = 2048 * _MIB
    max_unpacked_bytes: int = 512 * _MIB
    max_unpack_ratio: int = 250
    max_parts: int = 10_000
    max_nesting: int = 3
    max_pages: int = 5_000
    max_text_chars: int = 20_000_000
    keep_hidden: bool = False
    keep_margins: bool = False

    def __post_init__(self) -> None:
        """Refuse limits that nothing could meet.

        Raises:
            ValueError: If a limit is not positive, or the memory is less than an empty child needs.
        """
        limits = (getattr(self, name) for name in self.__slots__ if not name.startswith("keep_"))
        if min(limits) <= 0:
            raise ValueError("every limit must be positive")
        if self.memory_bytes < 256 * _MIB:
            raise ValueError("memory_bytes must be at least 256 MiB")
