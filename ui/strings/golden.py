"""Strings of golden questions: key -> (English, Chinese)."""

from typing import Final

GOLDEN: Final[dict[str, tuple[str, str]]] = {
    "golden.action": ("Golden questions", "标准问题"),
    "golden.title": ("Golden questions of {name}", "{name} 的标准问题"),
    "golden.lead": (
        "Asked by themselves after every change of documents, encoder or model; a new encoder waits until they pass.",
        "文档、编码器或模型每次变更后自动提问；新的编码器要等这些问题通过后才启用。",
    ),
    "golden.empty": ("No golden questions yet.", "还没有标准问题。"),
    "golden.question": ("Question", "问题"),
    "golden.expected": (
        "Texts any of which the answer has to hold, separated by | (optional)",
        "回答须包含其中之一的文字，以 | 分隔（可选）",
    ),
    "golden.refused": ("The right answer is a refusal", "正确的结果是拒绝回答"),
    "golden.add": ("Keep the question", "保存问题"),
    "golden.run": ("Ask all now", "立即全部提问"),
    "golden.waits": ("A run waits or is under way.", "一次提问正在等待或进行中。"),
    "golden.failed_run": ("The last run could not be done.", "上一次提问未能完成。"),
    "golden.passed": ("{passed} of {total} passed ({reason}).", "{total} 个中通过 {passed} 个（{reason}）。"),
    "golden.reason.documents": ("documents changed", "文档有变更"),
    "golden.reason.parser": ("recipe of reading changed", "解析方式有变更"),
    "golden.reason.encoder": ("encoder changed", "编码器有变更"),
    "golden.reason.model": ("model changed", "模型有变更"),
    "golden.reason.questions": ("questions changed", "问题有变更"),
    "golden.reason.hand": ("asked by hand", "手动提问"),
    "golden.state.passed": ("passes", "通过"),
    "golden.state.failed": ("fails", "未通过"),
    "golden.state.new_failed": ("fails now, passed before", "之前通过，现在未通过"),
    "golden.not_found": ("the right passage was not found", "未找到正确的段落"),
    "golden.not_answered": ("not answered, or not refused, as it should be", "应答或拒答不符"),
    "golden.not_said": ("none of the expected texts is in the answer", "回答不含任何一段预期文字"),
    "golden.held_back": (
        "A new encoder is held back: fewer than {share} of the questions have passed. Words are searched meanwhile.",
        "新的编码器暂缓启用：通过的问题不足 {share}。其间按字词检索。",
    ),
    "golden.release": ("Use it nevertheless", "仍然启用"),
}
