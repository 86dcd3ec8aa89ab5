"""Forms and lists of pairs: tables whose cells are a label and its value, side by side, and no row of names."""

import re
from collections.abc import Sequence
from typing import Final

from ingestion.tables.grid import Cell, text_of
from ingestion.tables.kinds import is_year, kind_of, shape_of

SHAPE_ROWS: Final = 20
"""Rows below the first that decide between names and values."""
MAX_NAME_CHARS: Final = 60
_COLUMNS_OF_PAIR = 2
_MIN_PAIRS, _PREVAILING = 2, 0.6
_VALUE_NAMES: Final = frozenset(
    {"value", "values", "content", "description", "detail", "details", "值", "内容", "说明", "数值", "描述"}
)
"""Names of columns whose values are of all kinds."""
_LABEL = re.compile(
    r".*(?:姓名|名称|性别|年龄|民族|籍贯|学历|学[位校]|院校|出生|年月|政治面貌|身份证|婚姻状况|职[务称位]|地[址点]|住址|电话|手机|传真|邮[箱编]|网址|日期|时间|"
    r"编号|号码?|账[号户]|负责人|代表人?|联系人|[甲乙丙]方|开户行|型号|规格|金额|预算|颜色|材质|材料|尺寸|重量|品牌|产地|状态|类[别型]|用途|版本|价格)|部门|单位|公司|专业|车主|备注|司机|房东|租客|承运人|收货人|发货人|经办人|审批人|供应商|客户|作者|导师|班主任|法人|见证人|投保人|被保险人|"
    r"(?:\A|.*\W)(?:names?|date|birth|sex|gender|age|nationality|phone|telephone|mobile|fax|e-?mail|address|number|no\.?|"
    r"id|owner|department|company|employer|position|occupation|contact|buyer|seller|customer|supplier|manufacturer|"
    r"model|colou?r|material|finish|brand|type|category|status|version|price|weight|height|width|length|size|location|mileage|budget|currency|remarks?|dealer|driver|tenant|landlord|insurer|insured|author|editor|teacher|director|manager|client|vendor|"
    r"sponsor|architect|builder|carrier|sender|recipient|applicant|witness|signatory|registrar)",
    re.I,
)
"""Ends of the labels of forms; the first row of a form holds values beside them, a row of names no values."""
_CATEGORY = re.compile(
    r"(?:.*\W)?(?:items?|terms?|keys?|fields?|propert(?:y|ies)|attributes?|parameters?|settings?|options?|plans?|"
    r"products?|parts?|words?|languages?|countr(?:y|ies)|capitals?|cit(?:y|ies)|states?|towns?|places?|roles?|titles?|"
    r"meanings?|translations?|answers?|questions?|results?|reasons?|causes?|notes?|comments?|codes?|units?|days?|months?|"
    r"years?|times?|rooms?|tasks?|steps?|actions?|teams?|groups?|kinds?|classes|class|levels?|features?|symptoms?|"
    r"persons?|people|employees?|members?|functions?|commands?|abbreviations?|regions?|services?|skills?|categor(?:y|ies)|"
    r"values?|paths?|files?|icons?|links?|locations?|examples?)"
    r"|.{0,6}(?:项目|名词|术语|字段|属性|参数|选项|产品|语言|国家|首都|城市|省份|角色|含义|翻译|答案|问题|结果|原因|代码|步骤|值|说明|描述|内容|路径|任务|功能|班级|科目|服务|人员|成员)",
    re.I,
)
"""Names of columns by their last word: they say of which kind all cells below are."""
_NAME_OF_ONE = re.compile(
    r"[A-Z\u00c0-\u00de][\w.'-]*(?: (?:(?:de|da|di|van|von|der|of|the|and|&) )?[A-Z\u00c0-\u00de][\w.'-]*)+"
)
"""Of a person, a company, a place: words with capitals."""
_SENTENCE_CASE = re.compile(r"[^\W\d_]+(?: [a-z]+)*")
_MAX_LABEL_WORDS = 4
_MIN_KNOWN = 2
_SAID = re.compile(r"[^\d:：]{1,20}[:：]\s*[^\s/]")


def are_said(texts: Sequence[str]) -> bool:
    """Whether each text is a label with its value, such as `Unit: EUR` above the names of columns."""
    return all(map(_SAID.match, filter(None, texts)))


def are_pairs(rows: Sequence[Sequence[Cell | None]]) -> bool:
    """Whether spread rows are pairs of a label and a value (`Owner | Helga`, or several in a row), without names.

    Labels that end in a colon tell, and labels of forms with values beside them; else values of several kinds none of
    which prevails in any column. Where all values are of one kind, nothing tells pairs from a table with names.
    """
    rows = rows[: 1 + SHAPE_ROWS]
    used = {column for row in rows for column, cell in enumerate(row) if text_of(cell)}
    rows = [[cell for column, cell in enumerate(row) if column in used] for row in rows]
    pairs = [_pairs_in(row) for row in rows]
    if all(row and (row[0][0].endswith((":", "：")) or are_said([*row[0]])) for row in pairs):
        return True
    width = max(len({id(cell) for cell in row}) for row in rows)
    labels = [label for row in pairs for label, _ in row]
    if len(rows) < 2 or width == 3 or any(value.casefold() in _VALUE_NAMES for _, value in pairs[0]):
        return False
    if _are_labels(pairs) or _are_plain_pairs(pairs):
        return True
    if len(rows) <= _MIN_PAIRS or width % 2 or (width > 2 and not _are_names(labels)):
        return False
    columns = [
        [kind for row in pairs[1:] if place < len(row) and (kind := kind_of(row[place][1]))]
        for place in range(width // 2)
    ]
    # Of two texts, that one has a digit says nothing.
    columns = [[] if sorted(kinds) == ["code", "words"] else kinds for kinds in columns]
    return all(kinds and max(map(kinds.count, kinds)) < _PREVAILING * len(kinds) for kinds in columns)


def begins_with_pair(rows: Sequence[Sequence[Cell | None]]) -> bool:
    """Whether the first of the spread rows of two columns is a pair, where their form demands a row of names there.

    That form is seldom misused. So they must be pairs in any form, the first value none of a kind, and a value have a
    digit or most labels be those of forms; or a cell has digits in the form of those below it.
    """
    if any(len(row) != _COLUMNS_OF_PAIR for row in rows):
        return False
    (label, value), *below = ([text_of(cell) for cell in row] for row in rows[: 1 + SHAPE_ROWS])
    if not (below and label and value):
        return False
    if any(
        _has_digit(text) and not is_year(text) and _prevailing_shape(column) == shape_of(text)
        for text, *column in zip((label, value), *below, strict=True)
    ):
        return True
    pairs = [_pairs_in(row) for row in rows]
    is_mixed = _are_plain_pairs(pairs) and any(map(_has_digit, (text for _, text in below)))
    is_named = _is_category(value) or _is_label(value)
    return not is_named and are_pairs(rows) and (_has_digit(value) or is_mixed or _are_labels(pairs))


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _prevailing_shape(texts: Sequence[str]) -> str:
    shapes = [shape_of(text) for text in texts if text]
    return max(set(shapes), key=shapes.count, default="")


def _pairs_in(row: Sequence[Cell | None]) -> list[tuple[str, str]]:
    """Cells of a row two by two, each cell once."""
    texts = list({id(cell): text_of(cell) for cell in row if cell is not None}.values())
    pairs = zip(texts[::2], [*texts[1::2], ""], strict=False)
    return [pair for pair in pairs if any(pair)]


def _are_labels(rows: Sequence[Sequence[tuple[str, str]]]) -> bool:
    """Whether most labels are labels of forms, also below the first row, and no value of the first row is one."""
    first, *below = ([_is_label(label) for label, _ in row] for row in rows)
    labels = [*first, *(found for row in below for found in row)]
    is_named = any(_is_label(value) for _, value in rows[0])
    return any(first) and any(map(any, below)) and not is_named and 2 * sum(labels) > len(labels)


def _are_plain_pairs(rows: Sequence[Sequence[tuple[str, str]]]) -> bool:
    """Whether two columns of words are labels and values, though their cells are all of one kind.

    Names of columns say of which kind the cells below are, labels what the one value beside them is: each label and
    each value stands once, and the first value is none of a kind. Two labels of forms tell then, or a first value that
    is the name of a person or a company.
    """
    if any(len(row) != 1 for row in rows):
        return False
    labels, values = zip(*(row[0] for row in rows), strict=True)
    if (
        len(set(labels)) < len(labels)
        or len(set(values)) < len(values)
        or not all(map(_may_be_label, labels))
    ):
        return False
    words = sum(kind_of(value) == "words" for value in values)
    if 2 * words <= len(values) or any(map(_is_category, (labels[0], values[0]))) or _is_label(values[0]):
        return False
    if sum(map(_is_label, labels)) >= _MIN_KNOWN:
        return True
    return _NAME_OF_ONE.fullmatch(values[0]) is not None and all(map(_SENTENCE_CASE.fullmatch, labels))


def _may_be_label(text: str) -> bool:
    return kind_of(text) == "words" and len(text.split()) <= _MAX_LABEL_WORDS and len(text) <= MAX_NAME_CHARS


def _is_category(text: str) -> bool:
    return text.casefold() in _VALUE_NAMES or _CATEGORY.fullmatch(text) is not None


def _is_label(text: str) -> bool:
    text = text.strip(":：* ")
    if len(text) > MAX_NAME_CHARS:
        return False
    return any(_LABEL.fullmatch(form) for form in (text, text.replace(" ", "")))  # 姓 名


def _are_names(labels: Sequence[str]) -> bool:
    return len(set(labels)) == len(labels) and all(label and kind_of(label) == "words" for label in labels)
