"""Sizes, names and places of source files."""

import ast
import re

from tests.project.source_tree import CHECKED, PACKAGES, ROOT, functions, name_of, python_files

MAX_FILE_LINES = 400
MAX_TEST_FILE_LINES = 600
MAX_FUNCTION_LINES = 60
VAGUE_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "tools", "base", "shared", "lib"}
# The modules that turn files of weights into tensors; in `generator` a package, see its contract.
WEIGHT_LOADERS = {
    *(f"generator/checkpoint/{name}.py" for name in ("folder", "part", "published")),
    "retrieval/encoder_weights.py",
    "retrieval/encoder_import.py",
}


def line_count(path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_source_files_are_short() -> None:
    long = {name_of(path): line_count(path) for path in python_files(*CHECKED)}
    assert {name: lines for name, lines in long.items() if lines > MAX_FILE_LINES} == {}


def test_test_files_are_short() -> None:
    long = {name_of(path): line_count(path) for path in python_files("tests")}
    assert {name: lines for name, lines in long.items() if lines > MAX_TEST_FILE_LINES} == {}


def test_functions_are_short() -> None:
    long = [
        f"{name_of(path)}:{name} has {lines} lines"
        for path in python_files(*CHECKED)
        if "versions" not in path.parts  # a revision is a list of tables, longer than a function may be
        for name, lines in functions(path)
        if lines > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_no_module_has_a_vague_name() -> None:
    vague = [name_of(path) for path in python_files(*CHECKED) if path.stem in VAGUE_NAMES]
    assert vague == []


def test_every_folder_with_code_is_a_package() -> None:
    # import-linter silently skips folders without one
    folders = {path.parent for path in python_files(*PACKAGES, "migrations", "tests")}
    assert [name_of(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        name_of(path)
        for path in python_files(*PACKAGES)
        if not says_more_than_its_name(
            path.parent.name if path.stem == "__init__" else path.stem,
            ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "",
        )
    ]
    assert silent == []


def says_more_than_its_name(name: str, caption: str) -> bool:
    """Whether a caption is fifteen characters at least, and not the name of its module again."""
    return len(caption) >= 15 and re.sub(r"\W+", "_", caption).strip("_").lower() != name


def test_every_package_is_tested_in_its_mirror_or_by_name() -> None:
    modules = (path for path in python_files(*PACKAGES) if path.stem != "__init__")
    packages = {path.parent.relative_to(ROOT).parts[:2] for path in modules}
    tests = list(python_files("tests"))
    mirrors = {
        path.parent.relative_to(ROOT / "tests").parts[:2] for path in tests if path.stem.startswith("test_")
    }
    sources = "\n".join(path.read_text(encoding="utf-8") for path in tests)
    missing = [
        "/".join(package) for package in packages - mirrors if f"from {'.'.join(package)}" not in sources
    ]
    assert missing == []


def test_weights_are_loaded_in_one_place_for_each_model() -> None:
    loaders = {
        name_of(path)
        for path in python_files(*PACKAGES)
        if "safe_open" in (source := path.read_text(encoding="utf-8")) or "safetensors.torch" in source
    }
    assert loaders <= WEIGHT_LOADERS
