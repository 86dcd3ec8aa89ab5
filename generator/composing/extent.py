"""Extent of an answer around its best sentence: the lines that it announces, and lines needed to understand it.

Items come after a lead-in and commands after "run"; an item needs its lead-in, a row the names of its columns, a line
of figures the name over it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from generator.composing import choice
from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.layout import ARTICLE, Layout, ListGroup
from generator.composing.plan import MOST_CHARS, Plan, Stretch, bounded, stretch_of_line, stretch_of_unit
from generator.composing.question import Asked
from generator.types import PartKind, Shape

SHORT_PARAGRAPH = 320
"""A question for the manner gets the whole paragraph, up to this many characters."""
CASE_MASS, CASE_FARTHER = 0.015, 0.3
"""Probability of a sentence about another case that is said too, and how much farther from the question it may be."""


def around(table: EvidenceTable, asked: Asked, core: Unit) -> Plan:
    """The best sentence with the lines that it announces and needs."""
    layout = table.layouts[core.passage]
    own = stretch_of_unit(table, core)
    if core.line is None:
        return Plan(_plain_shape(asked), [own], core=core)
    kind = layout.lines[core.line].kind
    if kind == PartKind.HEADING:
        return _under_heading(table, asked, core, own)
    if kind == PartKind.ROW:
        return _row(layout, core, own)
    if kind == PartKind.CODE:
        before = core.line - 1
        lead = [stretch_of_line(layout, core.passage, before)] if layout.leads_in(before) else []
        return Plan(Shape.SENTENCE, [*lead, own], core=core)
    group = layout.list_of(core.line)
    announces = group is not None and group.lead == core.line and not _says_amount(table, asked, core)
    if group is not None and (announces or kind == PartKind.ITEM):
        return of_list(table, asked, core, group)
    shape = Shape.DEFINITION if choice.defines(table.text(core), asked.subject) else _plain_shape(asked)
    stretches = _sentences(table, asked, core, own)
    if asked.shape != Shape.DEFINITION:
        stretches += _other_case(table, core, stretches)
    return Plan(shape, stretches, core=core)


_CASE = re.compile(
    r"\W*(?:but |however, )?(?:if|when|once|where|unless|in case|otherwise)\b"
    r"|(?:第[^\s条]{1,9}条\s*)?(?:[^。；]{1,40}但是?)?[^。；，]{2,40}的，",
    re.IGNORECASE,
)
"""A sentence that opens with a case: "If the lid is open, …", 遗失存单的，…, …，但是本人不要的，…"""


def _other_case(table: EvidenceTable, core: Unit, said: Sequence[Stretch]) -> list[Stretch]:
    """The sentence after the best one, where it states another case, which may be the case asked about."""
    last = said[-1]
    following = (u for u in table.units if u.passage == last.passage and u.start >= last.end)
    other = min(following, key=lambda unit: unit.start, default=None)
    if last.passage != core.passage or other is None or other.mass < CASE_MASS:
        return []
    source = table.reading.passages[core.passage].text
    apart = source[last.end : other.start].strip() or table.kind(other) not in {PartKind.TEXT, PartKind.ITEM}
    far = other.likeness < core.likeness - CASE_FARTHER or other.end - last.start > 2 * SHORT_PARAGRAPH
    return [] if apart or far or not _CASE.match(table.text(other)) else [stretch_of_unit(table, other)]


def _says_amount(table: EvidenceTable, asked: Asked, core: Unit) -> bool:
    """Whether an amount was asked for and the sentence holds one: the lines that it announces are something else."""
    return asked.amount and choice.has_number(table.text(core))


def _sentences(table: EvidenceTable, asked: Asked, core: Unit, own: Stretch) -> list[Stretch]:
    """A sentence of running text, with those beside it that it can't be understood without."""
    layout, text = table.layouts[core.passage], table.text(core)
    assert core.line is not None
    if layout.leads_in(core.line) and core.line + 1 < len(layout.lines):
        following = layout.lines[core.line + 1]
        if following.kind in {PartKind.CODE, PartKind.ROW} and _last_in_line(layout, core):
            return [*_label(table, core), own, stretch_of_line(layout, core.passage, core.line + 1)]
    ordinals = _ordinals(table, core, own) if _ENUMERATES.search(text) else [own]
    if ordinals != [own]:
        return ordinals
    line = layout.lines[core.line]
    whole = asked.manner and line.start < own.start and line.end - line.start <= SHORT_PARAGRAPH
    if _LEANS.match(text) and not whole:
        return _with_antecedent(layout, core, own)
    if asked.shape == Shape.DEFINITION and _ALSO_CALLED.search(text) and _last_in_line(layout, core):
        return [own, *_next_paragraph(layout, core)]
    if asked.manner:
        return _paragraph(layout, core, own)
    return [*_label(table, core), own]


def _plain_shape(asked: Asked) -> Shape:
    return Shape.PHRASE if asked.shape == Shape.PHRASE and not asked.manner else Shape.SENTENCE


def _last_in_line(layout: Layout, core: Unit) -> bool:
    """Whether a sentence ends its line, so that the following lines belong to it."""
    assert core.line is not None
    return not layout.text(core.end, layout.lines[core.line].end).strip()


def _label(table: EvidenceTable, core: Unit) -> list[Stretch]:
    """The name over a line of figures: receipts and forms set it on a line of its own."""
    layout = table.layouts[core.passage]
    if core.line and layout.is_tabular(core.line) and layout.is_label(core.line - 1):
        return [stretch_of_line(layout, core.passage, core.line - 1)]
    return []


def _paragraph(layout: Layout, core: Unit, own: Stretch) -> list[Stretch]:
    """The paragraph of a sentence, from the sentence on where the whole is too long."""
    assert core.line is not None
    line = layout.lines[core.line]
    if line.end - line.start <= SHORT_PARAGRAPH:
        return [stretch_of_line(layout, core.passage, core.line)]
    end = own.end
    text = layout.text(own.start, line.end)
    for at, character in enumerate(text):
        if character in "。！？.!?" and at + 1 <= SHORT_PARAGRAPH:
            end = max(end, own.start + at + 1)
    return [Stretch(core.passage, own.start, end)]


_ALSO_CALLED = re.compile(
    r"\b(?:also|sometimes) (?:called|named|known|referred to)\b|又称|又叫|也称|也叫", re.IGNORECASE
)
"""A sentence with another name of a thing, whose definition therefore comes after it."""


def _next_paragraph(layout: Layout, core: Unit) -> list[Stretch]:
    """The paragraph after that of a sentence; nothing where something else comes."""
    assert core.line is not None
    following = core.line + 1
    if following < len(layout.lines) and layout.lines[following].kind == PartKind.TEXT:
        return [stretch_of_line(layout, core.passage, following)]
    return []


_LEANS = re.compile(
    r"\W*(?:(?:it|its|this|these|they|their|those|such|the latter|the former|however|therefore|otherwise)\b"
    r"|其(?![他它中])|该|此|这|上述|前款|前述|前项|但)",
    re.IGNORECASE,
)


def _with_antecedent(layout: Layout, core: Unit, own: Stretch) -> list[Stretch]:
    """A sentence that begins with a pronoun or points back, behind the sentence or paragraph that it means."""
    assert core.line is not None
    line = layout.lines[core.line]
    before = layout.text(line.start, own.start).rstrip()
    if before:
        cut = max(
            before.rfind(mark, 0, len(before) - 1) for mark in ("。", "！", "？", ". ", "! ", "? ", "；")
        )
        start = line.start + cut + 1
        start += len(before[cut + 1 :]) - len(before[cut + 1 :].lstrip())
        return [replace(own, start=start)] if own.end - start <= 2 * SHORT_PARAGRAPH else [own]
    previous = core.line - 1
    if previous < 0 or layout.lines[previous].kind not in {PartKind.TEXT, PartKind.ITEM}:
        return [own]
    group = layout.list_of(previous)
    if group is not None and layout.lines[previous].kind == PartKind.ITEM:
        lead = [] if group.lead is None else [_lead(layout, core.passage, group.lead)]
        items = [stretch_of_line(layout, core.passage, i) for i in range(group.first, group.last + 1)]
        stretches, more = bounded([*lead, *items, own])
        return [own] if more else stretches
    if own.end - layout.lines[previous].start > 2 * SHORT_PARAGRAPH:
        return [own]
    return [stretch_of_line(layout, core.passage, previous), own]


_ENUMERATES = re.compile(r"\b(?:first(?:ly)?|one is)\b[,:]?|首先|第一[，、是]|一是|其一", re.IGNORECASE)
_GOES_ON = re.compile(
    r"^\W*(?:and )?(?:second(?:ly)?|third(?:ly)?|fourth|fifth|finally|lastly|next|then)\b"
    r"|^\W*(?:其次|再次|第[二三四五六][，、是]|[二三四五六]是|"
    r"其[二三四]|最后)",
    re.IGNORECASE,
)


def _ordinals(table: EvidenceTable, core: Unit, own: Stretch) -> list[Stretch]:
    """A sentence that begins to enumerate, with the sentences that continue: first, second, third."""
    source = table.reading.passages[core.passage]
    end, missed = own.end, 0
    for start, stop in source.sentences:
        if start < core.end:
            continue
        if _GOES_ON.search(source.text[start:stop]):
            end, missed = start + len(source.text[start:stop].rstrip()), 0
        else:
            missed += 1
        if missed > 1 or stop - own.start > MOST_CHARS:
            break
    return [replace(own, end=end)]


def _under_heading(table: EvidenceTable, asked: Asked, core: Unit, own: Stretch) -> Plan:
    """The content under a heading that was found: its first paragraph, or its list."""
    layout = table.layouts[core.passage]
    assert core.line is not None
    following = core.line + 1
    if following >= len(layout.lines) or layout.lines[following].kind == PartKind.HEADING:
        return Plan(_plain_shape(asked), [own], core=core)
    group = layout.list_of(following)
    if group is not None:
        return of_list(table, asked, core, group)
    return Plan(Shape.SENTENCE, [stretch_of_line(layout, core.passage, following)], core=core)


def _row(layout: Layout, core: Unit, own: Stretch) -> Plan:
    assert core.line is not None
    header = layout.header_of(core.line)
    rows = [] if header is None else [stretch_of_line(layout, core.passage, header)]
    return Plan(Shape.ROW, [*rows, own], core=core)


def of_list(table: EvidenceTable, asked: Asked, core: Unit, group: ListGroup) -> Plan:
    """A list whole, or one of its items with the line that leads it in.

    Args:
        table: What was read.
        asked: Decides whether one item is enough.
        core: A unit of the list, or one under whose heading it stands.
        group: A list of the unit's passage.
    """
    layout = table.layouts[core.passage]
    whole = core.line == group.lead or asked.shape in {Shape.LIST, Shape.STEPS} or core.line is None
    whole = whole or layout.lines[core.line or 0].kind == PartKind.HEADING
    whole = whole or (asked.several and group.lead is not None)
    lead = _over_list(layout, core.passage, group)
    if not whole:
        assert core.line is not None
        item = stretch_of_line(layout, core.passage, core.line)
        return Plan(_plain_shape(asked), [*lead, item], core=core)
    stretches, more = whole_list(layout, core.passage, group)
    items = [stretch_of_line(layout, core.passage, i) for i in range(group.first, group.last + 1)]
    if more and core.line is not None and group.first + len(stretches) - len(lead) <= core.line <= group.last:
        stretches, _ = bounded([*lead, *items[core.line - group.first :]])
    shape = Shape.STEPS if asked.shape == Shape.STEPS else Shape.LIST
    return Plan(shape, stretches, core=core, more=more)


def whole_list(layout: Layout, passage: int, group: ListGroup) -> tuple[list[Stretch], bool]:
    """A list with its lead-in, as far as it fits; and whether some of it was left out."""
    items = [stretch_of_line(layout, passage, i) for i in range(group.first, _end_of(layout, group) + 1)]
    return bounded([*_over_list(layout, passage, group), *items])


def _end_of(layout: Layout, group: ListGroup) -> int:
    """The last line of a list: the code of its last item, where other items have code too."""
    kinds = [line.kind for line in layout.lines[group.first : group.last + 2]]
    return group.last + (PartKind.CODE in kinds[:-1] and kinds[-1] == PartKind.CODE)


def _over_list(layout: Layout, passage: int, group: ListGroup) -> list[Stretch]:
    """The line that leads a list in, or else the heading that it stands right under."""
    if group.lead is not None:
        return [_lead(layout, passage, group.lead)]
    if group.first and layout.lines[group.first - 1].kind == PartKind.HEADING:
        return [stretch_of_line(layout, passage, group.first - 1)]
    return []


def _lead(layout: Layout, passage: int, index: int) -> Stretch:
    """The last sentence of a line that leads in, the number of its article included."""
    line = layout.lines[index]
    text = layout.text_of(index)
    if ARTICLE.match(text) or len(text) <= SHORT_PARAGRAPH:
        return stretch_of_line(layout, passage, index)
    cut = max(text.rfind(mark, 0, len(text) - 1) for mark in ("。", "！", "？", ". ", "! ", "? "))
    start = line.start + cut + 1 if cut >= 0 else line.start
    while layout.text(start, start + 1).isspace():
        start += 1
    return Stretch(passage, start, line.end, line.kind)
