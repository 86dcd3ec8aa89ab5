"""Visible text of one paragraph of Word, with its anchored boxes, notes, charts and diagrams."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from ingestion.canonical import squeeze
from ingestion.config import ParsingLimits
from ingestion.parsers.office.charts import CX, C
from ingestion.parsers.office.diagrams import RELATIONS
from ingestion.parsers.office.docx_fields import Field, box_of
from ingestion.parsers.office.docx_styles import PLAIN, Look, Styles, W, combine, look_of, switch, value
from ingestion.parsers.office.drawing_text import MARKUP, A, paragraph_text
from ingestion.parsers.office.math_text import M, math_text
from ingestion.parsers.office.raised_text import joined
from ingestion.parsers.office.symbol_fonts import is_symbol_font, symbol, without_font

_R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_V: Final = "{urn:schemas-microsoft-com:vml}"
_PICTURE: Final = "{http://schemas.openxmlformats.org/drawingml/2006/picture}pic"
_SAYING: Final = (f"{W}t", f"{A}t", f"{M}t", f"{W}sym", f"{_V}textpath", f"{C}chart", f"{CX}chart", RELATIONS)
_BLANKS: Final = ("tab", "br", "cr", "ptab")
_GRAPHICS: Final = ("drawing", "pict", "object")
_SILENT: Final = frozenset(
    f"{W}{name}"
    for name in ("pPr", "rPr", "sdtPr", "sdtEndPr", "moveFrom", "delInstrText", "rubyPr", "rt", "softHyphen")
)
_REFERENCES: Final = frozenset(
    f"{W}{name}" for name in ("footnoteReference", "endnoteReference", "commentReference")
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A note or comment that a paragraph refers to: its kind (such as "footnote"), its id, and its mark in the text."""

    kind: str
    identity: str
    mark: str


@dataclass(slots=True)
class Line:
    """A paragraph.

    Attributes:
        text: On one line, white space as it came.
        boxes: Text boxes anchored there, once each.
        references: Notes and comments, in order.
        relations: Charts and diagrams, by the ids of their relations.
        texts: Texts that drawings hold themselves.
        is_seen: Whether anything in it is shown, or it has no text at all.
    """

    text: str = ""
    boxes: list[etree._Element] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    is_seen: bool = True


def chosen(alternatives: etree._Element) -> etree._Element | None:
    """The form of `mc:AlternateContent` that is read: the first that says something, newer ones first."""
    forms = [form for form in alternatives if form.tag in {f"{MARKUP}Choice", f"{MARKUP}Fallback"}]
    return next(
        (form for form in forms if next(form.iter(*_SAYING), None) is not None), forms[0] if forms else None
    )


class TextReader:
    """Reads the paragraphs of one story (the body, a note, a box) in order; fields may span several paragraphs."""

    def __init__(
        self,
        styles: Styles,
        limits: ParsingLimits,
        left_out: Counter[str],
        note_mark: Callable[[str, etree._Element], str],
    ) -> None:
        """Start a story.

        Args:
            styles: Of the document.
            limits: `keep_hidden` tells whether hidden and struck text is kept, `keep_margins` so of comments.
            left_out: Counts what is left out, in characters or pieces as its name says.
            note_mark: Gives the number of a note, by its kind and its reference.
        """
        self._styles = styles
        self._limits = limits
        self._left_out = left_out
        self._note_mark = note_mark
        self._fields: list[Field] = []
        self._line = Line()
        self._pieces: list[tuple[str, str]] = []
        self._look = PLAIN
        self._paragraph_look = PLAIN
        self._readings: list[str] = []
        self._hidden_chars = 0

    def read(self, paragraph: etree._Element, style_look: Look) -> Line:
        """Read a paragraph whose style shows text like `style_look`."""
        self._line, self._pieces, self._hidden_chars = Line(), [], 0
        self._paragraph_look = self._look = style_look
        for begun in self._fields:
            begun.place = 0
        self._children(paragraph)
        self._close_ruby()
        # The code of a field that doesn't end here is text that would be lost: it is no code of a field.
        self._fields = [begun for begun in self._fields if begun.has_result]
        self._line.text = joined(self._pieces)
        self._line.is_seen = not self._hidden_chars or bool(self._line.text.strip())
        return self._line

    def _children(self, parent: etree._Element) -> None:
        for child in parent:
            self._node(child)

    def _node(self, node: etree._Element) -> None:
        read = _READERS.get(node.tag)
        if read is not None:
            read(self, node)
        elif isinstance(node.tag, str) and node.tag not in _SILENT:
            self._children(node)

    def _typed(self, node: etree._Element) -> None:
        self._add(without_font(node.text or "", self._look.font))

    def _blank(self, _: etree._Element) -> None:
        self._add(" ")

    def _hyphen(self, _: etree._Element) -> None:
        self._add("-")

    def _equation(self, node: etree._Element) -> None:
        self._add(math_text(node))

    def _deleted(self, node: etree._Element) -> None:
        removed = sum(len(text.text or "") for text in node.iter(f"{W}delText"))
        self._left_out["characters of deleted text"] += removed

    def _alternatives(self, node: etree._Element) -> None:
        if (form := chosen(node)) is not None:
            self._children(form)

    def _code(self, node: etree._Element) -> None:
        if self._fields:
            self._fields[-1].code.append(node.text or "")

    def _run(self, run: etree._Element) -> None:
        properties = run.find(f"{W}rPr")
        outer = self._look
        if properties is not None:
            named = value(properties.find(f"{W}rStyle"))
            character = self._styles.named(named).look if named else PLAIN
            self._look = combine(look_of(properties), character, self._paragraph_look)
        for child in run:
            self._node(child)
            if child.tag in _REFERENCES and switch_of(child, "customMarkFollows"):
                break  # what follows is the mark, which stands in brackets already
        self._look = outer

    def _add(self, text: str) -> None:
        if not text:
            return
        look = self._look
        if not self._limits.keep_hidden:
            what = "hidden" if look.is_hidden else "struck" if look.is_struck or look.is_double_struck else ""
            if what:
                self._left_out[f"characters of {what} text"] += len(text.strip())
                self._hidden_chars += len(text.strip())
                return
        self._close_ruby()
        self._pieces.append((text, look.raised))

    def _symbol(self, node: etree._Element) -> None:
        code, font = value(node, "char"), value(node, "font")
        try:
            number = int(code, 16)
        except ValueError:
            return
        shown = symbol(number, font) or (chr(number) if not is_symbol_font(font) and number < 0xE000 else "")
        if shown:
            self._add(shown)
        else:
            self._left_out["symbols"] += 1

    def _field(self, node: etree._Element) -> None:
        kind = value(node, "fldCharType")
        if kind == "begin":
            self._close_ruby()
            self._fields.append(Field(node, len(self._pieces)))
        elif self._fields and kind == "separate":
            begun = self._fields[-1]
            del self._pieces[begun.place :]
            begun.has_result = True
        elif self._fields and kind == "end":
            begun = self._fields.pop()
            if begun.is_box or not begun.has_result:
                del self._pieces[begun.place :]
            if begun.place == len(self._pieces):
                self._add(begun.shown())

    def _ruby(self, node: etree._Element) -> None:
        """The word; readings stand behind the words that follow each other, so that no word is cut."""
        readings, self._readings = self._readings, []
        for base in node.iterchildren(f"{W}rubyBase"):
            self._children(base)
        reading = "".join(
            text.text or "" for part in node.iterchildren(f"{W}rt") for text in part.iter(f"{W}t")
        )
        is_read = self._pieces and not self._look.is_hidden
        self._readings = [*readings, reading] if is_read else readings

    def _close_ruby(self) -> None:
        readings = squeeze(" ".join(self._readings))
        self._readings = []
        if readings:
            self._pieces.append((f"({readings})", ""))

    def _refer(self, node: etree._Element) -> None:
        kind, identity = node.tag.removeprefix(W).removesuffix("Reference"), value(node, "id")
        if kind == "comment":
            if self._limits.keep_margins:
                self._line.references.append(Reference(kind, identity, ""))
            return
        if self._look.is_hidden and not self._limits.keep_hidden:
            return
        mark = self._note_mark(kind, node)
        self._close_ruby()
        self._pieces.append((f" [{mark}]", ""))
        self._line.references.append(Reference(kind, identity, mark))

    def _control(self, node: etree._Element) -> None:
        properties = node.find(f"{W}sdtPr")
        if box := box_of(properties):
            self._add(box)
        elif is_prompt(properties):
            self._left_out["prompts of empty fields"] += 1
        else:
            self._children(node)

    def _graphic(self, graphic: etree._Element) -> None:
        """A drawing: its text boxes are read after the paragraph; pictures are counted."""
        if graphic.tag == f"{W}object":
            self._left_out["embedded files"] += 1
        stack = [graphic]
        while stack:
            node = stack.pop()
            if node.tag == f"{W}txbxContent":
                self._line.boxes.append(node)
            elif node.tag == f"{MARKUP}AlternateContent":
                stack.extend(form for form in (chosen(node),) if form is not None)
            elif node.tag in {f"{C}chart", f"{CX}chart"}:
                self._line.relations.append(str(node.get(f"{_R}id", "")))
            elif node.tag == RELATIONS:
                self._line.relations.append(str(node.get(f"{_R}dm", "")))
            elif node.tag == f"{A}p":
                self._line.texts.append(paragraph_text(node, self._left_out))
            elif node.tag == f"{_V}textpath":
                self._line.texts.append(str(node.get("string", "")))
            else:
                is_picture = node.tag in {_PICTURE, f"{_V}imagedata"} and graphic.tag != f"{W}object"
                self._left_out["pictures"] += is_picture
                stack.extend(reversed(node))


_READERS: Final[dict[object, Callable[[TextReader, etree._Element], None]]] = {
    f"{W}t": TextReader._typed,
    f"{W}r": TextReader._run,
    **{f"{W}{name}": TextReader._blank for name in _BLANKS},
    **{f"{W}{name}": TextReader._graphic for name in _GRAPHICS},
    **dict.fromkeys(_REFERENCES, TextReader._refer),
    f"{W}noBreakHyphen": TextReader._hyphen,
    f"{W}sym": TextReader._symbol,
    f"{W}fldChar": TextReader._field,
    f"{W}instrText": TextReader._code,
    f"{W}ruby": TextReader._ruby,
    f"{W}sdt": TextReader._control,
    f"{W}del": TextReader._deleted,
    f"{M}oMath": TextReader._equation,
    f"{MARKUP}AlternateContent": TextReader._alternatives,
}


def switch_of(element: etree._Element, name: str) -> bool:
    """Whether an attribute of Word's is switched on."""
    return value(element, name).lower() in {"1", "true", "on"}


def is_prompt(properties: etree._Element | None) -> bool:
    """Whether a content control is empty and shows only its prompt."""
    return bool(switch(properties, "showingPlcHdr"))


def custom_mark(reference: etree._Element) -> str:
    """The mark that the author gave a note; it stands behind the reference in its run."""
    texts: list[str] = []
    for node in reference.itersiblings():
        if node.tag == f"{W}t":
            texts.append(node.text or "")
        elif node.tag == f"{W}sym":
            code = value(node, "char")
            texts.append(
                symbol(int(code, 16), value(node, "font")) if re.fullmatch(r"[0-9A-Fa-f]{1,4}", code) else ""
            )
    return "".join(texts).strip().strip("[]")
