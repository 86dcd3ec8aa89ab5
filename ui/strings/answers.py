"""Strings of the first screen, of answers and of conversations: key -> (English, Chinese)."""

from typing import Final

ANSWERS: Final[dict[str, tuple[str, str]]] = {
    "welcome.sentence": (
        "Ask in your own words: Fathom answers from your documents and shows the place.",
        "用自己的话提问：Fathom 依据您的文档回答，并指明出处。",
    ),
    "welcome.try": ("These documents answer, for example", "这些文档可以回答，例如"),
}
