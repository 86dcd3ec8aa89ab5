"""Lexicons, audit log and health on the pages, against the real interface."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings.reading import load_settings
from tests.app.doubles import small_parts
from tests.ui.servers import serve
from tests.ui.test_pages import page, shown
from tests.ui.test_people import field
from ui import state
from ui.client import FathomClient
from ui.components.health import in_words
from ui.strings import STRINGS

LEXICONS = "from ui.views import lexicons\nlexicons.render()"
AUDIT = "from ui.views import audit\naudit.render()"
WORDS = "Words, one a line; a star at an end lets a word go on"
TEXT = "Text to try; nothing of it is kept"


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FathomClient]:
    app: FastAPI = create_app(load_settings(home=tmp_path / "home"), small_parts())
    with serve(app) as url, FathomClient(url) as client:
        monkeypatch.setattr(state, "client", lambda: client)
        yield client


def test_a_list_of_words_is_made_and_tried(real: FathomClient) -> None:
    run = page(LEXICONS).run()
    assert "No list yet" in shown(run)
    field(run, "button", "Save the list").click().run()
    assert "Give a name and at least one word." in shown(run)
    field(run, "text_input", "Name of the list").set_value("projects")
    field(run, "selectbox", "What happens to them").set_value("mask")
    field(run, "text_area", WORDS).set_value("bluebird\n\n 青鸟 ")
    field(run, "button", "Save the list").click().run()
    assert sorted(real.lexicon("projects")["words"]) == ["bluebird", "青鸟"]
    field(run, "text_area", TEXT).set_value("Is Bluebird late?")
    field(run, "button", "Try").click().run()
    assert "████████" in shown(run)
    assert "“Bluebird” by “bluebird” in the list projects" in shown(run)
    field(run, "text_area", TEXT).set_value("Nothing here")
    field(run, "button", "Try").click().run()
    assert "it passes as it is" in shown(run)


def test_the_log_is_checked_and_its_head_can_be_kept(real: FathomClient) -> None:
    real.put_lexicon("projects", level="flag", words=["bluebird"], pinyin=False, enabled=True)
    run = page(AUDIT).run()
    field(run, "button", "Check the whole log").click().run()
    assert "Nothing was changed" in shown(run)
    assert run.session_state["audit_verdict"]["last"] >= 1
    field(run, "selectbox", "Kind").set_value("search").run()
    assert "There are no records yet." in shown(run)


def test_a_tampered_log_names_its_rows(real: FathomClient) -> None:
    found = [
        {"seq": 3, "last": 3, "kind": "changed", "detail": ""},
        {"seq": 5, "last": 7, "kind": "removed", "detail": ""},
    ]
    run = page(AUDIT)
    run.session_state["audit_verdict"] = {
        "whole": False,
        "first": 1,
        "last": 9,
        "hash": "0" * 64,
        "found": found,
    }
    run.run()
    assert "Record 3 was changed" in shown(run)
    assert "Record 5–7 was removed" in shown(run)


@pytest.mark.parametrize(
    ("name", "detail", "ok", "said"),
    [
        ("disk", "51200 MiB free", True, "53.7 GB are free."),
        ("disk", "100 MiB free", False, "Only 104.9 MB are free: make room."),
        ("count_tokens", "loaded", True, "Ready."),
        (
            "vectors",
            "12 chunks of 1,003 documents wait for vectors by x",
            True,
            "1,003 documents are found by words",
        ),
        (
            "worker",
            "1 alive; the oldest waiting document has waited for 600 s",
            True,
            "has waited for 10 min",
        ),
        ("worker", "none is running", False, "Start `fathom worker`"),
        ("something new", "its own words", True, "its own words"),
    ],
)
def test_health_is_said_in_words(name: str, detail: str, ok: bool, said: str) -> None:
    assert said in in_words(name, detail, ok=ok)


def test_every_part_that_is_checked_has_words(real: FathomClient) -> None:
    names = {check["name"] for check in real.readiness()["checks"]}
    assert {name for name in names if f"health.{name}" not in STRINGS} == set()
    run = page("from ui.views import status\nstatus.render()").run()
    assert "Reading and answering" in shown(run)
