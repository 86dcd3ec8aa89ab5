"""The codes of all errors that a client can meet, read from the code that raises them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class ErrorCode:
    """One code.

    Attributes:
        code: The stable word.
        status: HTTP status it comes with.
        meaning: What it says, as far as that is the same every time.
    """

    code: str
    status: int
    meaning: str


def error_codes(root: Path) -> tuple[ErrorCode, ...]:
    """All codes, sorted; the first meaning found for a code is kept.

    Args:
        root: Folder of the repository.
    """
    from app import errors
    from ingestion.errors import IngestionError

    found: dict[str, ErrorCode] = {}
    statuses = {name: cls.status for name, cls in vars(errors).items() if _is_fathom_error(cls)}
    for path in sorted((root / "app").rglob("*.py")):
        for code in _raised(ast.parse(path.read_text(encoding="utf-8")), statuses):
            found.setdefault(code.code, code)
    for cls in _subclasses(IngestionError):
        meaning = (cls.__doc__ or "").strip().splitlines()[0]
        found.setdefault(cls.code, ErrorCode(cls.code, 422, meaning))
    for generator_error, (code, status, _) in errors.GENERATOR_FAILURES.items():
        meaning = (generator_error.__doc__ or "").strip().splitlines()[0]
        found.setdefault(code, ErrorCode(code, status, meaning))
    for code, (status, _, message, _, _) in errors.MACHINE_FAULTS.items():
        found.setdefault(code, ErrorCode(code, status, message))
    return tuple(sorted(found.values()))


def _is_fathom_error(value: object) -> bool:
    from app.errors import FathomError

    return isinstance(value, type) and issubclass(value, FathomError)


def _subclasses(cls: type) -> Iterator[type]:
    for child in cls.__subclasses__():
        yield child
        yield from _subclasses(child)


def _raised(tree: ast.Module, statuses: dict[str, int]) -> Iterator[ErrorCode]:
    owners = {
        id(call): node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = _called(call.func, owners.get(id(call)))
        if name in statuses and len(call.args) >= 2 and isinstance(code := _text(call.args[0]), str):
            yield ErrorCode(code, statuses[name], _text(call.args[1]) or "")
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        if name == "Failure" and {"status", "code"} <= keywords.keys():
            code, status = _text(keywords["code"]), keywords["status"]
            if code and isinstance(status, ast.Constant) and isinstance(status.value, int):
                yield ErrorCode(code, status.value, _text(keywords["message"]) or "")


def _called(function: ast.expr, owner: str | None) -> str | None:
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute):
        # `super().__init__("code", …)` inside an error class speaks for that class
        return owner if function.attr == "__init__" else function.attr
    return None


def _text(node: ast.expr) -> str | None:
    """A string, with `…` where a value is filled in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return None
