"""The stories of a Word file (body, notes, boxes, margins) as paragraphs, tables and charts in reading order."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from ingestion.canonical import squeeze
from ingestion.config import ParsingLimits
from ingestion.parsers.office.charts import CX, C, chart_grids
from ingestion.parsers.office.diagrams import diagram_items
from ingestion.parsers.office.docx_numbering import Numbering
from ingestion.parsers.office.docx_styles import Style, Styles, W, switch, value, whole
from ingestion.parsers.office.docx_tables import Item, Paragraph, read_table, text_of
from ingestion.parsers.office.docx_text import TextReader, chosen, custom_mark, is_prompt, switch_of
from ingestion.parsers.office.drawing_text import MARKUP
from ingestion.parsers.office.numerals import numeral
from ingestion.parsers.office.package import OfficePackage, Relation

_R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_SILENT: Final = frozenset(
    f"{W}{name}" for name in ("del", "moveFrom", "sdtPr", "sdtEndPr", "sectPr", "pPr", "tcPr")
)
_BODY_TEXT: Final = 9
_MAX_HEADING_CHARS: Final = 300
_MAX_NOTES_IN_NOTES: Final = 10
_CHUNK: Final = "altChunk"


@dataclass(slots=True, kw_only=True)
class Word:
    """A Word file whose stories are read.

    Attributes:
        relations: What its main part names.
        left_out: Counts what is left out, by kind.
        notes: Footnotes, endnotes and comments by kind and id; those that were referred to are taken out.
        forms: How notes of a kind are numbered, and their first number.
        chunk: Reads an embedded document of another format, given its path.
    """

    package: OfficePackage
    relations: dict[str, Relation]
    limits: ParsingLimits
    styles: Styles
    numbering: Numbering
    left_out: Counter[str] = field(default_factory=Counter)
    notes: dict[tuple[str, str], etree._Element] = field(default_factory=dict)
    forms: dict[str, tuple[str, int]] = field(default_factory=dict)
    chunk: Callable[[str], list[Paragraph]]

    def note_mark(self, kind: str, reference: etree._Element) -> str:
        """Number of the next note of a kind, or the mark that its author gave it."""
        if switch_of(reference, "customMarkFollows"):
            return custom_mark(reference)
        form, number = self.forms[kind]
        self.forms[kind] = form, number + 1
        return numeral(number, form)


class Story:
    """Reads one story from its beginning to its end."""

    def __init__(self, word: Word, depth: int = 0) -> None:
        """Start; `depth` counts the stories around it."""
        self._word = word
        self._depth = depth
        self._text = TextReader(word.styles, word.limits, word.left_out, word.note_mark)
        self._carried = ""
        self._notes: list[Item] = []
        self._in_table = 0

    def items(self, parent: etree._Element) -> Iterator[Item]:
        """All below an element; notes follow the paragraph or table that refers to them."""
        for child in parent:
            tag = child.tag
            if not isinstance(tag, str) or tag in _SILENT:
                continue
            if tag == f"{W}p":
                yield from self._paragraph(child)
            elif tag == f"{W}tbl":
                yield from self._table(child)
            elif tag == f"{W}{_CHUNK}":
                yield from self._chunk(child)
            elif tag == f"{MARKUP}AlternateContent":
                if (form := chosen(child)) is not None:
                    yield from self.items(form)
            elif tag == f"{W}sdt" and is_prompt(child.find(f"{W}sdtPr")):
                self._word.left_out["prompts of empty fields"] += 1
            else:
                yield from self.items(child)
            if not self._in_table and self._notes:
                notes, self._notes = self._notes, []
                yield from notes

    def _paragraph(self, element: etree._Element) -> Iterator[Item]:
        properties = element.find(f"{W}pPr")
        marks = properties.find(f"{W}rPr") if properties is not None else None
        style = self._word.styles.paragraph(
            value(properties.find(f"{W}pStyle")) if properties is not None else ""
        )
        line = self._text.read(element, style.look)
        joined = self._carried + line.text
        self._carried = ""
        is_hidden = not line.is_seen or (not joined.strip() and bool(switch(marks, "vanish")))
        if marks is not None and (
            marks.find(f"{W}del") is not None or marks.find(f"{W}moveFrom") is not None
        ):
            self._carried = joined  # its end is deleted: it goes on in the next paragraph
        elif not is_hidden or self._word.limits.keep_hidden:
            yield from self._written(squeeze(joined), properties, style)
        for box in line.boxes:
            yield from self._inner(box)
        yield from (Paragraph(text=text) for text in map(squeeze, line.texts) if text)
        for relation in line.relations:
            yield from self._drawn(relation)
        for reference in line.references:
            self._note(reference.kind, reference.identity, reference.mark)

    def _written(self, text: str, properties: etree._Element | None, style: Style) -> Iterator[Item]:
        mark = self._word.numbering.mark(properties, style)
        heading = _heading(properties, style)
        if not text and not (self._in_table and mark is not None and mark.is_number):
            return  # an empty paragraph takes its number, but is no text, unless it numbers the row of a table
        if mark is None or not mark.text:
            is_heading = heading and len(text) <= _MAX_HEADING_CHARS
            yield Paragraph(
                text=text, heading=heading if is_heading else 0, is_member=mark is not None and not heading
            )
        elif heading and len(text) <= _MAX_HEADING_CHARS:
            yield Paragraph(text=mark.before(text), heading=heading)
        elif mark.joiner and mark.is_number and not self._in_table:
            yield Paragraph(text=text, bullet=mark.text, level=mark.level, is_member=True)
        elif mark.is_number:
            yield Paragraph(text=mark.before(text), level=mark.level, is_member=True)
        else:
            yield Paragraph(text=text, bullet=mark.text, level=mark.level, is_member=True)

    def _inner(self, box: etree._Element) -> Iterator[Item]:
        """A text box, which is a story of its own."""
        story = Story(self._word, self._depth + 1)
        story._in_table = self._in_table
        yield from story.items(box)
        self._notes.extend(story._notes)

    def _table(self, table: etree._Element) -> Iterator[Item]:
        self._in_table += 1
        found = read_table(table, lambda cell: list(self.items(cell)), self._drops_row)
        self._in_table -= 1
        if found.rows:
            yield found

    def _drops_row(self, properties: etree._Element) -> bool:
        if properties.find(f"{W}del") is not None:
            self._word.left_out["deleted rows of tables"] += 1
            return True
        if switch(properties, "hidden") and not self._word.limits.keep_hidden:
            self._word.left_out["hidden rows of tables"] += 1
            return True
        return False

    def _drawn(self, identity: str) -> Iterator[Item]:
        """A chart or diagram, read from the part that holds its data."""
        relation = self._word.relations.pop(identity, None)  # each is read once
        root = self._word.package.xml(relation.target) if relation and not relation.is_external else None
        if root is None:
            self._word.left_out["charts and diagrams that could not be read"] += 1
        elif root.tag.startswith((C, CX)):
            yield from chart_grids(root)
        else:
            yield from (
                Paragraph(text=text, bullet="-", level=level, is_member=True)
                for text, level in diagram_items(root)
            )

    def _chunk(self, element: etree._Element) -> Iterator[Item]:
        relation = self._word.relations.get(str(element.get(f"{_R}id", "")))
        items = self._word.chunk(relation.target) if relation and not relation.is_external else []
        if not items:
            self._word.left_out["embedded documents"] += 1
        yield from items

    def _note(self, kind: str, identity: str, mark: str) -> None:
        if self._depth > _MAX_NOTES_IN_NOTES:
            return  # it follows at the end
        note = self._word.notes.pop((kind, identity), None)
        if note is None:
            return
        story = Story(self._word, self._depth + 1)
        text = text_of(list(story.items(note)))
        if text:
            head = f"[{mark}] " if mark else f"{_author(note)}: "
            self._notes.append(Paragraph(text=f"{head}{text}"))
        self._notes.extend(story._notes)


def _heading(properties: etree._Element | None, style: Style) -> int:
    outline = whole(value(properties.find(f"{W}outlineLvl"))) if properties is not None else None
    if outline is None:
        return style.heading
    return outline + 1 if outline < _BODY_TEXT else 0


def _author(comment: etree._Element) -> str:
    return value(comment, "author") or "Comment"
