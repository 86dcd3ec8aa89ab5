"""Flipped bits, zeroed pages and cut ends in every kind of file of a home: noticed before use, told, and repaired."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.damage import UNHARMED, run

pytestmark = [pytest.mark.crash, pytest.mark.processes, pytest.mark.timeout(7200)]

# Of how many damages one is tried where not all are.
SOME = {
    "originals": 9,
    "dense_index": 19,
    "graph": 37,
    "lexical_index": 41,
    "kept_vectors": 3,
    "settings": 3,
    "database": 5,
}


@pytest.mark.parametrize("kind", SOME)
def test_a_damaged_file_is_made_again_or_told_and_never_ends_a_process(
    kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    every = 1 if request.config.getoption("--every-step") else SOME[kind]
    report = run(tmp_path, kind, every, limit_s=7000)
    outcomes = ", ".join(f"{what}: {count}" for what, count in sorted(report.outcomes.items()))
    record_property("injected", report.injected)
    record_property("violations", len(report.wrong))
    record_property("figures", outcomes)
    with capsys.disabled():
        print(f"\n{kind}: {report.injected} damages; {outcomes}; violations {len(report.wrong)}")
    assert report.wrong == []
    assert report.injected >= 2
    assert kind in {"originals", "settings", "database"} or set(report.outcomes) == {UNHARMED}
