"""Golden questions on the pages, against the real interface."""

from dataclasses import replace

import pytest

from app.answers import golden_runs
from app.main import create_app
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.copying_generator import CopyingGenerator
from tests.app.doubles import small_parts
from tests.app.texts import DUCKS
from tests.contracts.test_ui_wire import Comparison
from tests.ui.servers import serve
from tests.ui.test_pages import page, shown
from tests.ui.test_people import cards, field
from ui import state
from ui.client import FathomClient, Upload
from ui.wire import golden as wire_golden

COLLECTIONS = "from ui.views import collections\ncollections.render()"


@pytest.fixture
def app(tmp_path):
    parts = replace(small_parts(), generator=lambda _: CopyingGenerator())
    return create_app(load_settings(home=tmp_path / "home", golden={"watch": False}), parts)


def test_questions_are_kept_asked_and_removed(app, monkeypatch):
    with serve(app) as url:
        client = FathomClient(url)
        monkeypatch.setattr(state, "client", lambda: client)
        monkeypatch.setattr(state, "has_users", lambda: False)
        birds = client.create_collection("birds")["id"]
        client.upload(birds, [Upload(name="ducks.md", content=DUCKS)])
        runtime = app.state.runtime
        Worker(runtime).run_pending()
        run = page(COLLECTIONS)
        run.query_params["golden"] = birds
        run.run()
        assert "No golden questions yet." in shown(run)
        for question, expected in (
            ("Which weeds do they eat?", "grass | weeds"),
            ("Do ducks swim?", "<b>never</b>"),
        ):
            field(run, "text_input", "Question").set_value(question)
            field(
                run, "text_input", "Texts any of which the answer has to hold, separated by | (optional)"
            ).set_value(expected)
            field(run, "button", "Keep the question").click().run()
        assert client.golden(birds)["items"][0]["expected"] == ["grass", "weeds"]
        field(run, "button", "Ask all now").click().run()
        assert "A run waits or is under way." in shown(run)
        golden_runs.run_due(runtime)
        run.run()
        assert "1 of 2 passed" in shown(run)
        assert "<b>" not in shown(run)
        listed = cards(run, "golden_cards")
        assert listed["Which weeds do they eat?"]["state"] == "passes"
        assert listed["Do ducks swim?"]["state"] == "fails"
        client.remove_golden(birds, listed["Do ducks swim?"]["id"])
        assert len(client.golden(birds)["items"]) == 1
        field(run, "button", "All collections").click().run()
        assert not run.query_params.get("golden")
        client.close()


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (wire_golden.GoldenList, "GoldenListOut"),
        (wire_golden.GoldenRun, "GoldenRunOut"),
        (wire_golden.GoldenReport, "GoldenReportOut"),
    ],
)
def test_the_pages_expect_what_the_interface_sends(app, kind, schema):
    described = app.openapi()
    found = Comparison(described).faults(kind, described["components"]["schemas"][schema], kind.__name__)
    assert list(found) == []
