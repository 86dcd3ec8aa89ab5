"""Both languages say everything, and pages name no string that is missing."""

import re
from pathlib import Path
from string import Formatter

import pytest

import ui
from ui.i18n import ms_text, size_text
from ui.strings import STRINGS

SOURCES = [p for p in Path(ui.__file__).parent.rglob("*.py") if p.parent.name != "strings"]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(STRINGS))
def test_both_languages_are_there_with_the_same_placeholders(key: str) -> None:
    english, chinese = STRINGS[key]
    assert english
    assert chinese
    assert placeholders(english) == placeholders(chinese)
    assert re.search(r"[一-鿿]", chinese) or english == chinese


def test_every_string_named_in_a_page_exists() -> None:
    named = {
        (path.name, key)
        for path in SOURCES
        for key in re.findall(r'i18n\.(?:text|count)\(\s*"([\w.]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(named) > 60
    assert [(file, key) for file, key in sorted(named) if key not in STRINGS] == []


def test_no_string_is_left_over() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    # Keys put together at run time begin as an f-string of the code does.
    begins = tuple(set(re.findall(r'f"([\w.]+\.)\{', code)))
    assert [
        k
        for k in STRINGS
        if not k.startswith(begins)
        and not k.endswith(".one")
        and not re.search(rf'["\']{re.escape(k)}["\']', code)
    ] == []


def test_no_page_has_words_of_its_own() -> None:
    """Text that people read comes from the table: no Chinese and no sentence in the pages' code."""
    allowed = {"中文"}
    found = [
        (path.name, text)
        for path in SOURCES
        for text in re.findall(r'"([^"\n]*[一-鿿][^"\n]*)"', path.read_text(encoding="utf-8"))
        if text not in allowed
    ]
    assert found == []


def test_sizes_and_times_are_readable() -> None:
    assert [size_text(n) for n in (12, 5120, 3_400_000, 2_000_000_000)] == [
        "12 B",
        "5 KB",
        "3.4 MB",
        "2.0 GB",
    ]
    assert [ms_text(n) for n in (7.4, 999, 1530)] == ["7 ms", "999 ms", "1.53 s"]


def documented_codes() -> set[str]:
    page = (Path(ui.__file__).parents[1] / "docs" / "errors.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(\w+)` \|", page, flags=re.M))


def test_error_codes_with_words_of_ours_are_real() -> None:
    named = {key.partition(".")[2] for key in STRINGS if key.startswith(("code.", "hint."))}
    assert named - documented_codes() == set()


@pytest.mark.parametrize("kind", ["code", "hint"])
def test_what_a_document_can_fail_with_is_said_in_both_languages(kind: str) -> None:
    """The codes of ingestion, told by their one table; the pages may not import it."""
    tree = (Path(ui.__file__).parents[1] / "ingestion" / "errors.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'^    code = "(\w+)"', tree, flags=re.M)) - {"bad_vocabulary"}
    assert len(codes) >= 7
    wanted = codes | {"worker_died", "file_missing", "file_too_large", "upload_cut_off"}
    assert {code for code in wanted if f"{kind}.{code}" not in STRINGS} == set()
