"""State shared by all commands: the settings, the runtime, output as text or JSON, errors."""

import json
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from app.composition.runtime import Runtime
    from app.settings.schema import Settings

SOME_FAILED = 6
# Turns the direction of writing, or shows nothing; `ui/names.py` has the same.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Options that stand before the command.

    Attributes:
        home: Folder of the data, or None for the configured one.
        debug: Whether errors come with a traceback.
    """

    home: Path | None = None
    debug: bool = False


def settings_of(context: typer.Context, **overrides: object) -> "Settings":
    """The configuration, with the options of the command line over it."""
    from app.settings.reading import load_settings

    state = context.find_object(State) or State()
    return load_settings(home=state.home, **overrides)


@contextmanager
def open_runtime(context: typer.Context) -> Iterator["Runtime"]:
    """A runtime on the configured home, in this process; no server is needed."""
    from app.composition.runtime import build_runtime
    from app.library import erasing

    quiet_libraries()
    runtime = build_runtime(settings_of(context))
    try:
        erasing.try_to_finish(runtime)  # what a process left that was killed in the middle of it
        yield runtime
    finally:
        runtime.close()


def results(width: int) -> "Console":
    """Standard output for tables; `width` characters wide where it is no terminal."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else width)


def place(name: str, page: int | None, start: int, end: int) -> str:
    """Where a text stands: document, page and range."""
    on_page = f", page {page}" if page else ""
    return f"{visible(name)}{on_page} [{start}, {end})"


def visible(name: str) -> str:
    """The name with a mark such as `[U+202E]` for each character that would show nothing or turn the rest."""
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", name)


def quiet_libraries() -> None:
    """Keep library chatter off a terminal that shows progress; warnings still come through."""
    import logging

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for name in ("jieba", "sentence_transformers", "transformers", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)


def console() -> "Console":
    """Where people read: standard error, so that standard output carries results only."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """Print one JSON value on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def fail(error: Exception, *, as_json: bool, debug: bool) -> int:
    """Print an error with its hint in a line.

    Args:
        error: What was raised.
        as_json: Print `{"error": …}` on standard output instead.
        debug: Print the traceback first.

    Returns:
        The exit code.
    """
    from app.errors import describe

    failure = describe(error)
    if debug:
        traceback.print_exception(error)
    message, hint = failure.message, failure.hint
    if failure.code == "internal_error":
        message = f"{type(error).__name__}: {error}".splitlines()[0]
        hint = "This is a fault of the program; `fathom --debug …` shows where it comes from."
    if as_json:
        print_json({"error": {"code": failure.code, "message": message, "hint": hint}})
    else:
        print(f"fathom: {message} {hint}", file=sys.stderr)
    return failure.exit_code


def table_of(title: str, columns: list[str], rows: list[list[Any]]) -> Any:
    """A rich table; numbers stand right. A cell is text, whatever brackets it holds, or a styled `Text`."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", header_style="bold")
    for index, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(value if isinstance(value, Text) else Text(_shown(value)) for value in row))
    return table


def _shown(value: object) -> str:
    return "" if value is None else visible(str(value))
