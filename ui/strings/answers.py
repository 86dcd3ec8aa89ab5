"""Strings of the first screen, of answers and of conversations: key -> (English, Chinese)."""

from typing import Final

ANSWERS: Final[dict[str, tuple[str, str]]] = {
    "welcome.sentence": (
        "Ask in your own words: Fathom answers from your documents and shows the place.",
        "用自己的话提问：Fathom 依据您的文档回答，并指明出处。",
    ),
    "confidence.high": ("Very likely right", "很可能正确"),
    "confidence.middle": ("Probably right", "可能正确"),
    "confidence.low": ("Perhaps right", "不太确定"),
    "confidence.share": ("about {n} of 10 such answers are", "这类回答约 {n} 成正确"),
    "confidence.most": ("almost all such answers are", "这类回答几乎都正确"),
    "ask.no_direct": ("No direct answer", "没有直接的答案"),
    "ask.from_more": ("Answer from more passages", "读更多段落再答"),
    "ask.from_more.help": ("Asks again and reads {n} passages; slower.", "重新提问并阅读 {n} 个段落，较慢。"),
    "export.title": ("Export", "导出"),
    "export.markdown": ("Markdown, with sources", "Markdown（含来源）"),
    "export.json": ("JSON, with all details", "JSON（含全部细节）"),
    "welcome.try": ("These documents answer, for example", "这些文档可以回答，例如"),
}
