"""Markdown of documentation sites: admonitions, tabs, modules and components (MDX, Docusaurus, MkDocs, VuePress)."""

import re
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

_PARTS_PARAGRAPHS: Final = ["paragraph", "reference", "blockquote", "list"]
_INDENT: Final = 4  # of what belongs to a block of MkDocs, and of code
_DIRECTIVE = re.compile(r":::+[ \t]*(?:\{([^{}]*)\}|[\w-]*)[ \t]*(?:\[(.*)\]|(.*))")
_INDENTED = re.compile(
    r"(?:(?:!!!|\?\?\?\+?)[ ]+([\w-]+)(?: [\w-]+)*(?:[ ]+\"(.*)\")?|===[+!]?[ ]+\"(.+)\")[ \t]*"
)
_IMPORT = re.compile(r"import\s[^;'\"]{1,500}?\sfrom\s+['\"][^'\"\n]{1,500}['\"];?[ \t]*(?=\n|\Z)")
_EXPORT = re.compile(r"export\s+(?:default|const|let|var|function|async|class)\s(?:[^\n]*\S[^\n]*(?:\n|\Z))+")
_COMMENT = re.compile(r"\{/\*(?:[^*]|\*(?!/\})){0,5000}+\*/\}[ \t]*(?=\n|\Z)")
# Components begin with a capital; readers see such an attribute above what is inside.
_COMPONENT = re.compile(r"<([A-Z][\w.]*)\s([^<>]*)>")
_LABEL = re.compile(r"(?<![\w-])(?:label|title)\s*=\s*\{?\s*(?:\"([^\"]*)\"|'([^']*)'|`([^`]*)`)")
_TAB_NAME = re.compile(r"(?<![\w-])value\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_TITLE = re.compile(r"(?<![\w-])(?:title|filename)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def site_plugin(markdown: MarkdownIt) -> None:
    """Read the blocks of documentation sites: titles and content stay, module code and comments don't."""
    rule = {"alt": _PARTS_PARAGRAPHS}
    markdown.block.ruler.before("fence", "site_directive", _directive_rule, rule)  # type: ignore[arg-type]
    markdown.block.ruler.before("fence", "site_indented", _indented_rule, rule)  # type: ignore[arg-type]
    markdown.block.ruler.before("fence", "site_module", _module_rule)


def label_of(tag: str) -> str:
    """The label that a component shows above its content; a tab without one has its value."""
    component = _COMPONENT.fullmatch(tag)
    if component is None:
        return ""
    found = _LABEL.search(component[2])
    if found is None and component[1] == "TabItem":
        found = _TAB_NAME.search(component[2])
    return _first(found)


def code_title(info: str) -> str:
    """The title that a block of code shows above it, from the line that opens its fence."""
    return _first(_TITLE.search(info))


def _first(found: re.Match[str] | None) -> str:
    return next(filter(None, found.groups()), "") if found else ""


def _line(state: StateBlock, number: int) -> str:
    """A line without its indent; an empty one where it is code by its indent."""
    if state.is_code_block(number):
        return ""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _write_title(state: StateBlock, line: int, title: str) -> None:
    if title.strip():
        state.push("paragraph_open", "p", 1).map = [line, line + 1]
        inline = state.push("inline", "", 0)
        inline.content, inline.map, inline.children = title.strip(), [line, line + 1], []
        state.push("paragraph_close", "p", -1)


def _directive_rule(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """`:::note Title` and the `:::` that ends it."""
    found = _DIRECTIVE.fullmatch(_line(state, start))
    if found is None:
        return False
    if not silent:
        _write_title(state, start, code_title(found[1] or "") or found[2] or found[3] or "")
        state.line = start + 1
    return True


def _indented_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`!!! note "Title"`, `??? question` and `=== "Tab"` of MkDocs, with the indented lines below."""
    found = _INDENTED.fullmatch(_line(state, start))
    if found is None:
        return False
    indent = state.blkIndent + _INDENT
    last = following = start + 1
    while following < end and (state.isEmpty(following) or state.sCount[following] >= indent):
        following += 1
        last = last if state.isEmpty(following - 1) else following
    if last == start + 1:
        return False
    if silent:
        return True
    was = state.blkIndent, state.lineMax, state.parentType
    state.push("site_open", "", 1).hidden = True
    kind = (found[1] or "").replace("-", " ").capitalize()
    _write_title(state, start, found[3] or (kind if found[2] is None else found[2]))
    state.blkIndent, state.lineMax, state.parentType = indent, last, "paragraph"
    state.md.block.tokenize(state, start + 1, last)
    state.blkIndent, state.lineMax, state.parentType = was
    state.push("site_close", "", -1).hidden = True
    state.line = last
    return True


def _module_rule(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """Imports, exports and comments of MDX between its blocks."""
    line = _line(state, start)
    if state.blkIndent or state.level or not line.startswith(("import", "export", "{/*")):
        return False
    at = state.bMarks[start] + state.tShift[start]
    found = _IMPORT.match(state.src, at) or _COMMENT.match(state.src, at) or _EXPORT.match(state.src, at)
    if found is None or (found[0][0] == "e" and found[0].rstrip()[-1] not in ";)}]>\"'`"):
        return False
    if not silent:
        if found[0][0] == "{":
            state.push("html_block", "", 0).content = "<!-- -->"  # counted as any other
        state.line = start + found[0].rstrip("\n").count("\n") + 1
    return True
