"""Work interrupted at each step by which it changes a file: killed, torn, on a full disk, on a failing disk.

A step is a call of the process that writes, makes, renames, removes, cuts or syncs a file of ours, whoever makes it:
between two of them nothing on the disk changes, so that these are all the states a kill can leave behind. `make test`
tries some steps of each kind of work, `make faults` (`--every-step`) each of them.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.shim import Mode, compiler
from tests.faults.trials import run

pytestmark = [
    pytest.mark.crash,
    pytest.mark.processes,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="file calls are met by LD_PRELOAD"),
    pytest.mark.skipif(compiler() is None, reason="no C compiler was found"),
]

# Of how many steps one is tried where not all are.
SOME: dict[str, dict[Mode, int]] = {
    "ingestion": {Mode.KILL: 31, Mode.TORN: 43, Mode.FULL: 41, Mode.BROKEN: 97},
    "replacement": {Mode.KILL: 113},
    "archive": {Mode.KILL: 167},
    "reembedding": {Mode.KILL: 23, Mode.TORN: 31, Mode.FULL: 29, Mode.BROKEN: 47},
    "snapshot": {Mode.KILL: 2, Mode.TORN: 1, Mode.FULL: 2, Mode.BROKEN: 4},
    "graph_snapshot": {Mode.KILL: 4, Mode.TORN: 1, Mode.FULL: 2, Mode.BROKEN: 4},
    "settings": {Mode.KILL: 1, Mode.TORN: 1, Mode.FULL: 1, Mode.BROKEN: 1},
    "kept_vectors": {Mode.KILL: 2, Mode.TORN: 2, Mode.FULL: 2, Mode.BROKEN: 4},
}


@pytest.mark.parametrize("scenario", SOME)
def test_work_interrupted_at_any_step_is_whole_or_undone_and_can_be_repeated(
    scenario: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = SOME[scenario]
    if request.config.getoption("--every-step"):
        plan = dict.fromkeys(plan, 1)
    reports = run(tmp_path, scenario, plan, limit_s=7000)
    wrong = [what for report in reports.values() for what in report.wrong]
    untold = [told for report in reports.values() for told in report.told if "internal_error" in told]
    figures = [
        f"{mode.name.lower()} {report.trials} of {report.steps} steps" for mode, report in reports.items()
    ]
    record_property("injected", sum(report.trials for report in reports.values()))
    record_property("violations", len(wrong))
    slowest = max(report.check_s for report in reports.values())
    record_property("figures", f"{'; '.join(figures)}; restart and check at most {slowest:.1f} s")
    with capsys.disabled():
        print(f"\n{scenario}: {'; '.join(figures)}; violations {len(wrong)}")
    assert wrong == []
    assert untold == []
    assert all(report.trials >= report.steps // plan[mode] >= 1 for mode, report in reports.items())
