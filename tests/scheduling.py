"""Which tests go to which worker, and in which order, where several run at the same time (`make test`).

The order is random, by a seed that the first lines of a run tell (pytest-randomly; `-p no:randomly` keeps the order of
the files). What takes long begins first, so that no worker is left alone with it at the end.
"""

from pathlib import PurePosixPath
from typing import Any

import pytest

LONG = frozenset({"crash", "faults", "browser", "processes"})
"""Folders whose tests start processes, and take as long as all others together."""
APART = ("tests/crash/", "tests/faults/", "tests/ingestion/test_linear_time.py")
"""Where tests share nothing: each may go to another worker. The tests of other files share fixtures."""
PRODUCT = "tests/browser/test_product"
"""Files whose tests share one real product."""
IN_ORDER = "tests/browser/"
"""Tests that share a store or a product, and what is in it: they run in the order in which they stand."""


def scope_of(test: str) -> str:
    """Name of what a test belongs to; one worker has all of it."""
    if test.startswith(PRODUCT):
        return PRODUCT
    return test if test.startswith(APART) else test.partition("::")[0]


@pytest.hookimpl(tryfirst=True)  # before xdist tells the order to the process that hands out the tests
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not _is_long(item))
    ordered = iter(sorted((item for item in items if item.nodeid.startswith(IN_ORDER)), key=_place))
    items[:] = [next(ordered) if item.nodeid.startswith(IN_ORDER) else item for item in items]


def _place(item: pytest.Item) -> tuple[str, int, list[int]]:
    """Where a test stands: its file, its line, its parameters in their order."""
    file, line, _ = item.reportinfo()
    indices = getattr(getattr(item, "callspec", None), "indices", {})
    return str(file), line or 0, list(indices.values())


def _is_long(item: pytest.Item) -> bool:
    folders = PurePosixPath(item.nodeid.partition("::")[0]).parts
    return bool(LONG & set(folders)) or item.get_closest_marker("slow") is not None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        """By scope; a test that ended its worker is told once, and not tried again by the next one."""

        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

        def remove_node(self, node: Any) -> str | None:
            fatal: str | None = super().remove_node(node)
            for scope, unit in list(self.workqueue.items()):
                if fatal in unit:
                    unit[fatal] = True
                    if all(unit.values()):
                        del self.workqueue[scope]
            return fatal

    return Scheduling(config, log)
