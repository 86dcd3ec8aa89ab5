"""The page of faults tells what was run: what is missing, failed, skipped or not covered is never passed."""

import pytest

from tests.faults.matrix import MATRIX, ROWS, Row
from tests.faults.report import ROOT, Case, exists, files_of, line_of, page

FILE = "tests/faults/test_report.py"
ROW = Row("X1", "a fault", "a promise", (f"{FILE}::test_one",))


def case(name: str = "test_one", outcome: str = "passed", **more) -> Case:
    return Case(file=FILE, name=name, outcome=outcome, seconds=1.0, **more)


def test_the_matrix_has_all_rows_once_and_each_is_covered_or_says_why_not() -> None:
    assert len(MATRIX) == 41
    assert len({row.key for row in ROWS}) == len(ROWS)
    assert [row.key for row in ROWS if not row.tests and not row.lacks] == []


def test_every_test_that_a_row_names_is_there() -> None:
    assert [test for row in ROWS for test in row.tests if not exists(test)] == []


def test_a_test_that_does_not_exist_is_missing_and_its_row_is_not_well() -> None:
    line, well = line_of(ROW, [case("test_other")])
    assert not well
    assert "**missing**: faults/test_report.py::test_one" in line
    assert "not run" in line


def test_a_test_that_was_not_run_is_told_as_such_and_its_row_is_not_well() -> None:
    here = f"{FILE}::test_a_test_that_was_not_run_is_told_as_such_and_its_row_is_not_well"
    line, well = line_of(Row("X3", "a fault", "a promise", (f"{FILE}::test_one", here)), [case()])
    assert not well
    assert f"not run: {here.removeprefix('tests/')}" in line


@pytest.mark.parametrize(
    ("told", "well", "violations"),
    [
        ([case()], True, "0"),
        ([case(injected=7)], True, "0"),
        ([case("test_one[a]"), case("test_one[b]", "failed")], False, "1"),
        ([case(injected=7, violations=3, outcome="failed")], False, "3"),
        ([case(injected=7, violations=1)], False, "1"),
    ],
)
def test_violations_are_what_tests_count_and_at_least_one_for_each_that_failed(
    told, well, violations
) -> None:
    line, fine = line_of(ROW, told)
    assert fine is well
    assert line.split(" | ")[5] == violations


def test_what_was_only_skipped_is_not_well() -> None:
    line, well = line_of(ROW, [case(outcome="skipped")])
    assert not well
    assert "1 skipped" in line


def test_one_parameter_may_be_named_alone() -> None:
    row = Row("X2", "a fault", "a promise", (f"{FILE}::test_one[a]",))
    assert line_of(row, [case("test_one[a]"), case("test_one[b]", "failed")])[1]


def test_the_page_is_not_well_while_anything_is_missing() -> None:
    text, well = page([], every_step=True, seconds=0)
    assert not well
    assert all(f"| {row.key} |" in text or f"**{row.key}**" in text for row in ROWS)


def test_files_are_named_once_and_exist() -> None:
    files = files_of(ROWS)
    assert len(set(files)) == len(files)
    assert all((ROOT / file).is_file() for file in files)
