"""The Python sources of the repository, as the tests of this folder look at them."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("ingestion", "retrieval", "generator")
PACKAGES = ("app", *LIBRARIES, "ui")
CHECKED = (*PACKAGES, "migrations", "benchmarks", "docs")


def python_files(*folders: str) -> Iterator[Path]:
    """Every source file below the folders, generated ones left out."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "proto" not in path.parts:
                yield path


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Every function of a file as (name, lines from `def` to the end)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield node.name, node.end_lineno - node.lineno + 1


def name_of(path: Path) -> str:
    """The path as people write it, from the root of the repository."""
    return path.relative_to(ROOT).as_posix()
