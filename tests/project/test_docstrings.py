"""Docstrings of public code: the part of their truth that the syntax tree shows."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.source_tree import PACKAGES, name_of, python_files

# A caption begins with its subject and names things by a noun: "Documents without vectors", not "what lacks them".
SOFT = re.compile(
    r"\b(?:what|told|taken in|takes? in|taking in|anew|those that|ones? that|so many|go(?:es)? on)\b",
    re.IGNORECASE,
)

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = Function | ast.ClassDef


def public(*packages: str) -> Iterator[tuple[str, Documented, str]]:
    """Public classes and functions with a docstring, as (place, node, docstring)."""
    for path in python_files(*packages):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, Documented) and (not node.name.startswith("_") or node.name == "__init__"):
                docstring = ast.get_docstring(node)
                if docstring is not None:
                    yield f"{name_of(path)}:{node.name}", node, docstring


def named_in(docstring: str, section: str) -> list[str]:
    """Names that a section such as `Args` explains."""
    body = re.search(rf"^{section}:\n((?:    .*\n?|\n)*)", docstring, flags=re.M)
    return re.findall(r"^    \*{0,2}(\w+):", body[1], flags=re.M) if body else []


def parameters_of(node: Function) -> set[str]:
    given = node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {one.arg for one in every if one is not None}


def attributes_of(node: ast.ClassDef) -> set[str]:
    """Names that a class defines: fields, methods, and attributes of `self`."""
    names = set()
    for inner in ast.walk(node):
        match inner:
            case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {one.id for one in targets if isinstance(one, ast.Name)}
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
            names.add(inner.attr)
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_every_parameter_explained_is_in_the_signature(package: str) -> None:
    unknown = [
        f"{place}: {sorted(extra)}"
        for place, node, docstring in public(package)
        if isinstance(node, Function) and (extra := set(named_in(docstring, "Args")) - parameters_of(node))
    ]
    assert unknown == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_attribute_explained_is_in_the_class(package: str) -> None:
    unknown = [
        f"{place}: {sorted(extra)}"
        for place, node, docstring in public(package)
        if isinstance(node, ast.ClassDef)
        and (extra := set(named_in(docstring, "Attributes")) - attributes_of(node))
    ]
    assert unknown == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_caption_is_the_name_again(package: str) -> None:
    repeated = [
        place
        for place, node, docstring in public(package)
        if words_of(docstring.partition("\n")[0]) == words_of(node.name)
    ]
    assert repeated == []


def captions(path: Path) -> Iterator[tuple[int, str]]:
    """First paragraphs of all docstrings of a file, those below constants and fields too, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        described = isinstance(node, ast.Module | Documented)
        for before, item in zip([None, *body], body, strict=False):
            first = before is None and described
            match item:
                case ast.Expr(value=ast.Constant(value=str(text))) if first or isinstance(
                    before, ast.Assign | ast.AnnAssign
                ):
                    yield item.lineno, inspect.cleandoc(text).partition("\n\n")[0]


def soft_words(caption: str) -> list[str]:
    """Words of a caption that stand for a noun; code and quotations are left out."""
    return SOFT.findall(re.sub(r"`[^`]*`|\"[^\"]*\"", "", caption))


@pytest.mark.parametrize("package", PACKAGES)
def test_captions_name_things_by_nouns(package: str) -> None:
    soft = [
        f"{name_of(path)}:{line}: {words}"
        for path in python_files(package)
        for line, caption in captions(path)
        if (words := soft_words(caption))
    ]
    assert soft == []


def test_soft_words_are_seen_and_quotations_are_not(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text('"""What a module is."""\n\nLIMIT = 3\n"""So many are told."""\n', encoding="utf-8")
    assert [soft_words(caption) for _, caption in captions(source)] == [["What"], ["So many", "told"]]
    assert soft_words('Continuations such as "What about Windows?"; see `what_to_do`.') == []


def words_of(text: str) -> list[str]:
    """Words of a caption or a name, in lower case, without articles: `IndexConfig` is "the index config"."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).replace("_", " ").lower()
    return [word for word in re.findall(r"\w+", apart) if word not in {"a", "an", "the"}]


def test_the_checks_see_an_unknown_parameter_and_a_repeated_name() -> None:
    docstring = (
        "Read it.\n\nArgs:\n    path: The file.\n    limits: As\n        set: now.\n\nRaises:\n    E: Never."
    )
    assert named_in(docstring, "Args") == ["path", "limits"]
    assert words_of("The index config.") == words_of("IndexConfig") == words_of("index_config")
