"""Lines, lists, sections and tables around a passage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.composing.layout import Layout
from generator.types import PartKind, SourcePassage, TextBlock
from tests.generator.composing.tables import page

GUIDE = """# Guide

Some words.

## Setup

Do the following:

- one
- two

Then run:

```
pip install it
it --now
```

## Use

1. First
2. Second

# Other

Last words.
"""


def layout(text, **more):
    return Layout(page(text, **more))


def lines(found):
    return [(line.kind.value, found.text(line.start, line.end)) for line in found.lines]


def place(found, text):
    return next(i for i in range(len(found.lines)) if found.text_of(i) == text)


def test_blocks_become_lines_with_their_roles():
    assert lines(layout(GUIDE))[:9] == [
        ("heading", "Guide"),
        ("text", "Some words."),
        ("heading", "Setup"),
        ("text", "Do the following:"),
        ("item", "- one"),
        ("item", "- two"),
        ("text", "Then run:"),
        ("code", "pip install it\nit --now"),
        ("heading", "Use"),
    ]


def test_positions_count_from_the_passage_so_that_what_stands_before_it_is_negative():
    found = layout(GUIDE, within=("- one", "- two"))
    index = place(found, "- one")
    assert found.lines[index].start == 0
    assert found.lines[index - 1].end < 0
    assert found.text_of(index - 1) == "Do the following:"
    assert found.line_at(0) == index
    assert found.line_at(-1) is None, "between lines"
    assert found.line_at(found.lines[0].start - 1) is None
    assert found.line_at(10_000) is None


def test_a_list_has_its_lead_in_across_blank_lines():
    found = layout(GUIDE)
    group = found.list_of(place(found, "- two"))
    assert (group.first, group.last) == (place(found, "- one"), place(found, "- two"))
    assert group.lead == place(found, "Do the following:")
    assert found.list_of(group.lead) == group
    numbered = found.list_of(place(found, "1. First"))
    assert numbered.lead is None, "a heading leads nothing in"
    assert found.list_of(place(found, "Some words.")) is None


@pytest.mark.parametrize(
    ("line", "leads"),
    [
        ("You need:", True),
        ("有下列情形之一的，用人单位可以解除合同：", True),
        ("There are three cases. They are as follows.", True),
        ("The following is true. Nothing else is said.", False),
        ("材料如下。", True),
        ("Nothing to see.", False),
        ("At 10:30 it ends.", False),
    ],
)
def test_what_leads_in(line, leads):
    assert layout(line).leads_in(0) is leads


def test_no_line_beyond_the_ends_leads_in():
    assert not layout("You need:").leads_in(1)
    assert not layout("You need:").leads_in(-1)


def test_a_section_reaches_to_the_next_heading_of_its_level_or_above():
    found = layout(GUIDE)
    setup, use, other = (place(found, name) for name in ("Setup", "Use", "Other"))
    assert found.section_of(place(found, "- two")) == (setup, use - 1)
    assert found.section_of(place(found, "Some words.")) == (0, other - 1), "with what stands under it"
    assert found.section_of(len(found.lines) - 1) == (other, len(found.lines) - 1)


def test_text_before_any_heading_is_a_section():
    found = layout("Words.\n\nMore.\n\n# Title\n\nLast.")
    assert found.section_of(1) == (0, 1)


STATUTE = """# 第二章

第十条 总则。

第十一条 有下列情形之一的，可以解除合同：

（一）迟到的；

（二）旷工的。

第十二条 其他。
"""


def test_items_of_a_statute_are_items_and_belong_to_their_article():
    found = layout(STATUTE)
    first, last = place(found, "第十一条 有下列情形之一的，可以解除合同："), place(found, "（二）旷工的。")
    assert [found.lines[i].kind for i in (last - 1, last)] == [PartKind.ITEM, PartKind.ITEM]
    assert found.list_of(last).lead == first
    assert found.article_of(last) == (first, last)
    assert found.article_of(place(found, "第二章")) is None
    assert layout("没有条文。").article_of(0) is None


@pytest.mark.parametrize(
    "text",
    [
        "- a",
        "* a",
        "• a",
        "1. a",
        "12) a",
        "(a) a",
        "（一）甲",
        "（12）甲",
        "一、甲",
        "①甲",
        "第一步 甲",
        "2、甲",
        "（iv） x",
    ],
)
def test_how_items_begin(text):
    (line,) = Layout(SourcePassage(key="plain", text=text)).lines
    assert line.kind == PartKind.ITEM


@pytest.mark.parametrize(
    "text", ["3.5 kg", "-5 degrees", "a) is", "1992年签署", "第一条 总则", "2024-01-01", "一是如此"]
)
def test_what_only_looks_like_an_item(text):
    (line,) = Layout(SourcePassage(key="plain", text=text)).lines
    assert line.kind == PartKind.TEXT


@pytest.mark.parametrize(
    ("text", "numbered"),
    [
        ("1. a", True),
        ("（2）甲", True),
        ("第三步 甲", True),
        ("Step 4 a", True),
        ("- a", False),
        ("（一）甲", False),
    ],
)
def test_steps_have_a_number(text, numbered):
    assert Layout(SourcePassage(key="plain", text=text)).numbered(0) is numbered


def test_rows_of_one_table_stay_together_and_apart_from_another():
    found = layout(
        "| a | b | c |\n|---|---|---|\n| x | 2 | 3 |\n| y | 3 | 4 |\n\n| d | e |\n|---|---|\n| z | 9 |\n"
    )
    assert [line.kind for line in found.lines] == [PartKind.ROW] * 3
    assert [(group.first, group.last) for group in found.lists] == [(0, 1), (2, 2)]


def test_a_row_that_names_its_values_needs_no_header():
    found = layout("name,age,town\nJim,33,Rome\nBo,20,Oslo\n", name="people.csv")
    assert found.text_of(1).startswith("name: ") or found.header_of(1) is not None
    if found.text_of(1).startswith("name: "):
        assert found.header_of(1) is None


def table(text):
    return Layout(SourcePassage(key="t", text=text, blocks=[TextBlock(kind="table", start=0, end=len(text))]))


def test_the_first_row_names_the_columns():
    found = table("Plan | Seats | Price\nBasic | 3 | 5.00\nPro | 10 | 50.00")
    assert [found.header_of(i) for i in range(3)] == [None, 0, 0]


def test_rows_that_name_their_values_in_chinese_have_no_header():
    found = table(
        "名称：spec | 类型：string | 描述：规范\n名称：code | 类型：integer | 描述：返回的 HTTP 状态码 400"
    )
    assert [found.header_of(i) for i in range(2)] == [None, None]


def test_a_paragraph_of_plain_text_that_is_a_table_or_a_receipt_is_cut_at_its_lines():
    found = layout("Plan | Seats | Price\nBasic | 3 | 5\n\nBlue widget\n2 x $5.00 $10.00\n", name="t.txt")
    assert [kind for kind, _ in lines(found)] == ["row", "row", "text", "text"]
    assert found.header_of(1) == 0
    assert found.is_label(2)
    assert found.is_tabular(3)
    assert len(lines(layout("Words that go on\nin a second line: $5.00.", name="t.txt"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Basic | 3 | 5.00\nPro | 10 | 50.00",  # figures
        "Plan: Basic | Seats: 3 | Price: 5\nPlan: Pro | Seats: 10 | Price: 50",
        "Name | Jim\nAge | 33",  # a form, not a table
        "Plan |  | Price\nBasic | 3 | 5.00",
    ],
)
def test_a_first_row_that_names_no_columns(text):
    assert table(text).header_of(1) is None


def test_names_and_lines_of_figures():
    found = layout("Widget, blue\n\n2 x $5.00 $10.00\n\nThank you for coming.\n", name="receipt.txt")
    label, figures, thanks = (
        place(found, t) for t in ("Widget, blue", "2 x $5.00 $10.00", "Thank you for coming.")
    )
    assert [found.is_label(i) for i in (label, figures, thanks)] == [True, False, False]
    assert [found.is_tabular(i) for i in (label, figures, thanks)] == [False, True, False]
    assert not found.is_label(-1)
    assert not found.is_label(99)


def test_white_space_alone_is_no_line():
    assert not Layout(SourcePassage(key="x", text=" \n\n \t")).lines
    assert not Layout(
        SourcePassage(key="x", text="a", blocks=[TextBlock(kind="paragraph", start=5, end=9)])
    ).lines


TEXTS = st.text(alphabet=st.sampled_from("ab 1.\n|:：-（一）第条。，?\t$é中"), max_size=60)


@st.composite
def passages(draw):
    before, text, after = draw(TEXTS), draw(TEXTS), draw(TEXTS)
    wide = before + text + after
    cuts = sorted(draw(st.lists(st.integers(0, len(wide)), max_size=8)))
    kinds = st.sampled_from(["heading", "paragraph", "list_item", "table", "code", "quote"])
    blocks = [
        TextBlock(kind=draw(kinds), start=a - len(before), end=b - len(before), level=draw(st.integers(0, 3)))
        for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    return SourcePassage(key="any", text=text, before=before, after=after, blocks=blocks)


@given(passages())
def test_lines_lie_in_order_and_inside_and_what_is_built_on_them_is_whole(passage):
    found = Layout(passage)
    at = -len(passage.before)
    for index, line in enumerate(found.lines):
        assert at <= line.start < line.end <= len(passage.text) + len(passage.after)
        assert found.text_of(index).strip()
        assert found.line_at(line.start) == found.line_at(line.end - 1) == index
        at = line.end
        first, last = found.section_of(index)
        assert 0 <= first <= index <= last < len(found.lines)
        article = found.article_of(index)
        assert article is None or article[0] <= index <= article[1]
        header = found.header_of(index) if line.kind == PartKind.ROW else None
        assert header is None or header < index
    grouped = [i for group in found.lists for i in range(group.first, group.last + 1)]
    assert grouped == sorted(set(grouped))
    assert {i for i, line in enumerate(found.lines) if line.kind in {PartKind.ITEM, PartKind.ROW}} <= set(
        grouped
    )
    assert all(group.lead in {None, group.first - 1} for group in found.lists)
