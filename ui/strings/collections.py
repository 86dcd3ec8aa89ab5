"""Strings of the pages that change collections afterwards: the bin."""

from typing import Final

COLLECTIONS: Final[dict[str, tuple[str, str]]] = {
    "bin.title": ("Bin ({n})", "回收站（{n}）"),
    "bin.lead": (
        "No search finds what lies here. It can be restored as it was until the day named; then its text is erased.",
        "检索不会找到这里的内容。在所示日期之前可以原样恢复，之后文字将被清除。",
    ),
    "bin.dates": ("Deleted {deleted}, erased on {ends}", "{deleted} 删除，{ends} 清除"),
    "bin.restore": ("Restore", "恢复"),
    "bin.erase": ("Erase now", "立即清除"),
    "bin.erase.title": ("Erase this for good?", "彻底清除？"),
    "bin.erase.body": (
        "Its text goes from the database, files, indexes and answers. This can't be undone.",
        "它的文字会从数据库、文件、索引和回答中清除，无法恢复。",
    ),
    "tags.label": ("Tags", "标签"),
    "tags.placeholder": ("Choose or write a tag", "选择或输入标签"),
    "filter.tag": ("Tags", "标签"),
    "bin.erase_at_once": (
        "Erase its text at once, without a way back",
        "立即清除文字，不可恢复",
    ),
}
