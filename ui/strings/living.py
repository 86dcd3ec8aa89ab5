"""Strings of outdated answers, of asking again, and of certificates."""

from typing import Final

LIVING: Final[dict[str, tuple[str, str]]] = {
    "outdated.source_changed": (
        "A source of this answer has changed since",
        "这个回答的来源在此之后已有改动",
    ),
    "outdated.source_gone": (
        "A source of this answer was deleted",
        "这个回答的某个来源已被删除",
    ),
    "certificate.make": ("Certificate", "证书"),
    "certificate.about": (
        "A signed file with this answer, its citations and hashes of its sources, which can be checked elsewhere.",
        "一个已签名的文件，含有这个回答、其引用及来源的哈希值，可在别处核验。",
    ),
    "certificate.save": ("Save the file", "保存文件"),
    "outdated.again": ("Ask again", "重新提问"),
    "outdated.show_new": ("Show the newer answer", "查看较新的回答"),
    "outdated.same": ("Asked again: it says the same as before", "已重新提问：内容与之前相同"),
    "outdated.changed": ("Asked again: it says something else now", "已重新提问：内容已有变化"),
    "outdated.before": ("Before", "之前"),
    "outdated.after": ("Now", "现在"),
    "outdated.count": (
        "{outdated} of {answers} answers from these documents are outdated",
        "出自这些文档的 {answers} 个回答中有 {outdated} 个已过时",
    ),
    "outdated.count.hint": (
        "A document that they stand on has changed or was deleted.",
        "它们所依据的文档已改动或被删除。",
    ),
    "outdated.all_again": ("Ask them all again", "全部重新提问"),
    "outdated.progress": ("Asking again: {done} of {total}", "正在重新提问：{done}/{total}"),
    "outdated.result": ("{changed} of {total} answers changed", "{total} 个回答中有 {changed} 个有变化"),
    "outdated.failed": ("{failed} could not be answered again", "{failed} 个未能重新回答"),
    "outdated.cancelled": ("cancelled", "已取消"),
    "outdated.broken_off": ("broken off: the model does not answer", "已中断：模型没有响应"),
}
