"""Every benchmark says in its first line which decision it measured."""

import ast
import re

from tests.project.source_tree import ROOT, name_of, python_files

DECISIONS = {path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")}


def test_every_benchmark_names_a_decision_that_is_there() -> None:
    wrong = []
    for path in python_files("benchmarks"):
        first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]
        named = re.match(r"Decision (\d{4}): \S", first)
        if named is None or named[1] not in DECISIONS:
            wrong.append(name_of(path))
    assert wrong == []
