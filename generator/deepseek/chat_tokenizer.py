"""Messages to token ids and token ids to text, by the files that lie beside published weights.

`tokenizer.json` is read as it is, by the class that stands for "any such file": the classes named after models build
the tokenizer anew, from a part of it.
"""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from jinja2 import TemplateError
from tokenizers.decoders import DecodeStream
from transformers import PreTrainedTokenizerFast

from generator.errors import CheckpointError
from generator.quoting.prompt import Messages, question_alone

PLAIN_TEMPLATE = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}\n\n{% endfor %}Answer:"
PLAIN_END = "\n\n"
THINKING = "<think>"
_TAIL = 16


class ChatTokenizer:
    """The tokenizer of a checkpoint with its chat template; several threads may use it.

    A base model has no template: it gets the messages as plain text, and its answer ends with its paragraph.

    Args:
        folder: With `tokenizer.json`, and mostly `tokenizer_config.json` or `chat_template.jinja`.

    Attributes:
        size: One more than the largest id.
        ends: Ids that end an answer.
        end_text: Text that ends an answer, or None.

    Raises:
        CheckpointError: A file is missing or damaged, or the template can't be applied.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._tokenizer = _open(folder)
        self.end_text: str | None = None
        if self._tokenizer.chat_template is None:
            self._tokenizer.chat_template, self.end_text = PLAIN_TEMPLATE, PLAIN_END
        self.size = max(self._tokenizer.get_vocab().values()) + 1
        self.ends = _end_ids(folder) | {i for i in [self._tokenizer.eos_token_id] if i is not None}
        if not self.ends:
            raise CheckpointError(f"{folder} names no token that ends a text; fetch generation_config.json")
        self.prompt(question_alone("?"))

    def prompt(self, messages: Messages) -> list[int]:
        """Ids of the conversation so far and of the beginning of an answer.

        What looks like a control token in a message becomes ids of plain text.

        Raises:
            CheckpointError: The template does not take such messages.
        """
        try:
            with self._lock:
                ids = self._tokenizer.apply_chat_template(
                    messages, add_generation_prompt=True, sanitize_control_tokens=True, return_dict=False
                )
        except (TemplateError, ValueError, TypeError) as error:
            raise CheckpointError(f"the chat template of {self._folder} can't be applied: {error}") from error
        return cast(list[int], ids)

    def thinks_aloud(self, prompt: list[int]) -> bool:
        """Whether the prompt opens the model's thinking section."""
        with self._lock:
            return str(self._tokenizer.decode(prompt[-_TAIL:])).rstrip().endswith(THINKING)

    def text_stream(self) -> Callable[[int], str | None]:
        """Decoder from the ids of one text, one by one, to its pieces; None while a character is not complete.

        Control tokens come as text, so that the marks around thoughts are seen.
        """
        stream, tokenizer = DecodeStream(skip_special_tokens=False), self._tokenizer.backend_tokenizer

        def step(token: int) -> str | None:
            with self._lock:
                piece: str | None = stream.step(tokenizer, token)
            return piece

        return step


def _open(folder: Path) -> PreTrainedTokenizerFast:
    """Read the tokenizer's files.

    Raises:
        CheckpointError: One is missing or damaged.
    """
    if not (folder / "tokenizer.json").is_file():
        raise CheckpointError(f"{folder / 'tokenizer.json'} is missing; fetch all files of the model")
    try:
        tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # the library raises `Exception` itself for a damaged file
        raise CheckpointError(f"the tokenizer of {folder} is damaged: {error}") from error
    return tokenizer


def _end_ids(folder: Path) -> frozenset[int]:
    """Ids that end a text, by `generation_config.json` and `config.json`.

    Raises:
        CheckpointError: One of them is damaged.
    """
    found: set[int] = set()
    for name in ("generation_config.json", "config.json"):
        file = folder / name
        if not file.is_file():
            continue
        try:
            values: Any = json.loads(file.read_text(encoding="utf-8"))
            ends = values.get("eos_token_id")
            found.update(int(end) for end in (ends if isinstance(ends, list) else [ends]) if end is not None)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{file} is damaged: {error}") from error
    return frozenset(found)
