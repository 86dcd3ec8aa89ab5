"""Write settings.md, rest.md, cli.md, errors.md and access.md in docs/ from the code they describe.

`python docs/generate.py` writes them; `--check` says which are out of date and changes nothing.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

FOLDER: Final = Path(__file__).resolve().parent
ROOT: Final = FOLDER.parent
# The code beside this file is described, wherever the environment's own checkout lies.
sys.path.insert(0, str(ROOT))
_MADE: Final = "<!-- Written by `make docs`; change the code instead. -->\n"


def settings_page() -> str:
    """The table of all settings with variable, default and meaning."""
    from app.settings.schema import Settings, variables

    lines = [
        "# Settings",
        "",
        "Read in this order: arguments, `FATHOM_*` variables, `./fathom.toml` (or the file that",
        "`FATHOM_CONFIG` names). In the file, a variable's `__` is a table: `FATHOM_WORKER__LEASE_S` is",
        "`lease_s` in `[worker]`.",
        "",
        "| variable | default | meaning |",
        "| --- | --- | --- |",
    ]
    for variable, path in variables():
        field = Settings.model_fields[path[0]]
        default = field.default
        for key in path[1:]:
            group: Any = field.annotation
            field = group.model_fields[key]
            default = getattr(default, key)
        if isinstance(default, BaseModel):
            continue
        lines.append(f"| `{variable}` | {_default(default)} | {_one_line(field.description or '')} |")
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, Path):
        inside = value.is_absolute() and value.is_relative_to(ROOT)
        return f"`{value.relative_to(ROOT) if inside else value}`"
    if isinstance(value, tuple):
        return f"`{json.dumps(value)}`"
    return f"`{value}`"


def rest_page() -> str:
    """Every route with its parameters, a request and a reply, from the OpenAPI document."""
    sys.path.insert(0, str(FOLDER))
    from rest_reference import reference

    from app.main import create_app
    from app.settings.schema import Settings

    return reference(create_app(Settings()).openapi())


def cli_page() -> str:
    """The help of every command, as the terminal shows it without colours."""
    import typer
    from typer.main import get_command

    from app.cli import app

    command: Any = get_command(app)
    lines = ["# Command line", "", "`fathom COMMAND --help` shows the same.", ""]
    for name, one in _commands(command, "fathom"):
        lines += [f"## {name}", ""]
        if one.help:
            lines += [one.help.strip(), ""]
        context = typer.Context(one, info_name=name)
        rows = [row for parameter in one.params if (row := parameter.get_help_record(context))]
        usage = " ".join(one.collect_usage_pieces(context))
        lines += ["```", f"{name} {usage}".rstrip(), "```", ""]
        if rows:
            lines += ["| option | meaning |", "| --- | --- |"]
            lines += [f"| `{_one_line(option)}` | {_one_line(meaning)} |" for option, meaning in rows]
            lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for child, one in sorted(children.items()):
        yield from _commands(one, f"{name} {child}")


def errors_page() -> str:
    """The codes of problem documents."""
    sys.path.insert(0, str(FOLDER))
    from error_codes import error_codes

    lines = [
        "# Error codes",
        "",
        "A failed request answers `application/problem+json`; its `code` is one of these and does not change,",
        "its `detail` says what happened to which thing, its `hint` what to do. Failed documents carry the same.",
        "",
        "| code | status | what happened |",
        "| --- | --- | --- |",
    ]
    lines += [f"| `{one.code}` | {one.status} | {_one_line(one.meaning)} |" for one in error_codes(ROOT)]
    return "\n".join(lines) + "\n"


def access_page() -> str:
    """Every route with the scope that it needs, the thing that it names and the least role on its collection."""
    from fastapi.routing import iter_route_contexts

    from app.main import create_app
    from app.settings.schema import Settings

    lines = [
        "# Access",
        "",
        "Which key a route needs where users are served ([identity.md](identity.md)). A thing that may not be read is",
        "not there: 404. Where it may be read and the role is too low: 403.",
        "",
        "| route | scope | is about | least role |",
        "| --- | --- | --- | --- |",
    ]
    for context in iter_route_contexts(create_app(Settings()).routes):
        rule = getattr(context.original_route, "rule", None)
        if rule is None:
            continue
        scope = "no key" if rule.scope is None else rule.scope
        role = {None: "", "answer": "its asker"}.get(rule.kind, rule.role)
        lines += [
            f"| {method} `{context.path}` | {scope}{', no key from this machine' if rule.local else ''} | "
            f"{rule.kind or ''} | {role} |"
            for method in sorted(context.methods or ())
        ]
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PAGES: Final[dict[str, Callable[[], str]]] = {
    "settings.md": settings_page,
    "rest.md": rest_page,
    "cli.md": cli_page,
    "errors.md": errors_page,
    "access.md": access_page,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` only compare them.

    Returns:
        1 if `--check` found a page out of date.
    """
    stale = []
    for name, render in PAGES.items():
        path, text = FOLDER / name, _MADE + render()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in arguments:
            stale.append(name)
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote docs/{name}")
    if stale:
        print(f"out of date: {', '.join(stale)}; run `make docs`")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
