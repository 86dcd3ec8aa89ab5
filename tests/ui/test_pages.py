"""The pages through Streamlit's own test harness, against the fake interface."""

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import ui
from tests.ui.fake_api import FakeStore
from tests.ui.servers import free_port
from tests.ui.test_client import filled
from ui import state
from ui.client import FathomClient, Upload

MAIN = Path(ui.__file__).parent / "frame.py"


@pytest.fixture
def _at_api(api_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FATHOM_API_URL", api_url)
    state.settings.clear()  # type: ignore[attr-defined]
    state.connections.clear()  # type: ignore[attr-defined]
    yield
    state.connections().close()
    state.settings.clear()  # type: ignore[attr-defined]
    state.connections.clear()  # type: ignore[attr-defined]


def page(body: str) -> AppTest:
    """A run of one page by itself."""
    return AppTest.from_string(
        f"from ui import navigation\nnavigation.register({{}})\n{body}", default_timeout=30
    )


def shown(app: AppTest) -> str:
    assert not app.exception, app.exception
    return "\n".join(element.proto.body for element in app.get("html"))


def settled(app: AppTest) -> AppTest:
    """Run again until the answer is there, as the page does by itself in a browser."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        live = app.session_state.get("live_answer", None)
        if live is None:
            return app
        live.finished.wait(10)
        app.run()
    raise AssertionError("the answer did not settle")


@pytest.mark.usefixtures("_at_api")
def test_the_first_page_leads_on_when_there_is_nothing_yet() -> None:
    app = AppTest.from_file(str(MAIN), default_timeout=30).run()
    assert "There is no collection to ask yet." in shown(app)
    assert [b.label for b in app.button] == ["Add documents"]


@pytest.mark.usefixtures("_at_api")
def test_the_language_switch_changes_every_word() -> None:
    app = AppTest.from_file(str(MAIN), default_timeout=30).run()
    app.radio(key="lang").set_value("zh").run()
    assert "还没有可以提问的文档集" in shown(app)
    assert "Ask" not in shown(app)
    assert [link.label for link in app.get("page_link")][:2] == ["提问", "文档"]


def test_a_missing_interface_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("FATHOM_API_URL", url)
    state.settings.clear()  # type: ignore[attr-defined]
    state.connections.clear()  # type: ignore[attr-defined]
    app = AppTest.from_file(str(MAIN), default_timeout=30).run()
    assert "Fathom does not answer" in shown(app)
    assert url in shown(app)
    state.settings.clear()  # type: ignore[attr-defined]
    state.connections.clear()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_at_api")
def test_an_answer_of_little_confidence_asks_to_check_the_source(
    client: FathomClient, store: FakeStore
) -> None:
    filled(client, "A whale eats krill. It sleeps.")
    app = page("from ui.views import ask\nask.render()").run()
    app.chat_input[0].set_value("What, perhaps, about krill?").run()
    settled(app)
    assert "Probably right (about 6 of 10 such answers are) · unsure, so check the source" in shown(app)


@pytest.mark.usefixtures("_at_api")
def test_a_question_is_answered_and_stays_in_the_address(client: FathomClient, store: FakeStore) -> None:
    filled(client, "A whale eats krill. It sleeps.")
    app = page("from ui.views import ask\nask.render()").run()
    app.chat_input[0].set_value("What about krill?").run()
    settled(app)
    assert "What about krill?" in shown(app)
    assert "Very likely right (about 9 of 10 such answers are)" in shown(app)
    assert "unsure" not in shown(app)
    named = app.query_params["answer"]  # Streamlit's test gives a value, or the list of them
    assert (named if isinstance(named, list) else [named]) == list(store.answers)
    # A new session at the same address shows the same answer without asking again.
    again = page("from ui.views import ask\nask.render()")
    again.query_params["answer"] = next(iter(store.answers))
    again.run()
    assert "What about krill?" in shown(again)
    assert len(store.answers) == 1


@pytest.mark.usefixtures("_at_api")
def test_what_is_not_in_the_documents_is_said(client: FathomClient) -> None:
    filled(client, "A whale eats krill.")
    app = page("from ui.views import ask\nask.render()").run()
    app.chat_input[0].set_value("Say nothing").run()
    settled(app)
    assert "<strong>No direct answer</strong>" in shown(app)
    assert "The nearest passages" in shown(app)


@pytest.mark.usefixtures("_at_api")
@pytest.mark.parametrize(
    ("question", "said"), [("   ", "Type a question first."), ("x" * 100_000, "The question is too long")]
)
def test_a_bad_question_gets_one_clear_line(client: FathomClient, question: str, said: str) -> None:
    filled(client, "A whale eats krill.")
    app = page("from ui.views import ask\nask.render()").run()
    app.chat_input[0].set_value(question).run()
    settled(app)
    assert said in shown(app)


@pytest.mark.usefixtures("_at_api")
def test_feedback_is_sent_once_and_again_with_its_comment(client: FathomClient, store: FakeStore) -> None:
    filled(client, "A whale eats krill.")
    app = page("from ui.views import ask\nask.render()").run()
    app.chat_input[0].set_value("krill").run()
    settled(app)
    app.feedback[0].set_value(0).run()
    app.run()
    assert [(f["rating"], f.get("comment")) for f in store.feedback] == [(-1, None)]
    app.text_input[0].set_value("wrong whale")
    next(b for b in app.button if b.label == "Send").click().run()
    assert [(f["rating"], f.get("comment")) for f in store.feedback][1:] == [(-1, "wrong whale")]


@pytest.mark.usefixtures("_at_api")
def test_untrusted_text_is_escaped_wherever_html_is_drawn(client: FathomClient) -> None:
    evil = "<img src=x onerror=alert(1)>"
    filled(client, f"A whale eats krill {evil}.")
    app = page("from ui.views import ask\nask.render()").run()
    app.chat_input[0].set_value(f"{evil} krill").run()
    settled(app)
    assert evil not in shown(app)
    assert "&lt;img src=x onerror=alert(1)&gt; krill" in shown(app)
    assert not [m for m in app.markdown if evil in m.value]


@pytest.mark.usefixtures("_at_api")
def test_a_refused_upload_keeps_the_others(client: FathomClient) -> None:
    collection_id = client.create_collection("c")["id"]
    app = page("from ui.views import documents\ndocuments.render()").run()
    files = [
        ("good.txt", b"krill", "text/plain"),
        ("big.txt", b"TOO LARGE", "text/plain"),
        ("too.txt", b"x", "text/plain"),
    ]
    app.file_uploader[0].set_value(files).run()
    assert "Not accepted: big.txt" in shown(app)
    assert "Split the file" in shown(app)
    assert [d["name"] for d in client.documents(collection_id).items] == ["good.txt", "too.txt"]
    assert not app.file_uploader[0].value  # the area is empty again, its bytes are let go


@pytest.mark.usefixtures("_at_api")
def test_a_page_of_the_web_is_taken_in_and_a_refused_one_keeps_its_address(client: FathomClient) -> None:
    collection_id = client.create_collection("c")["id"]
    app = page("from ui.views import documents\ndocuments.render()").run()
    app.text_input[0].set_value("http://private.example/x")
    app.button[0].click().run()
    assert "Not accepted: http://private.example/x" in shown(app)
    assert "Download the page" in shown(app)
    assert app.text_input[0].value == "http://private.example/x"
    app.text_input[0].set_value(" https://example.org/guide ")
    app.button[0].click().run()
    assert [d["name"] for d in client.documents(collection_id).items] == ["https://example.org/guide"]
    assert app.text_input[0].value == ""


@pytest.mark.usefixtures("_at_api")
def test_one_request_shows_the_progress_of_many_documents(client: FathomClient, store: FakeStore) -> None:
    collection_id = client.create_collection("c")["id"]
    store.hold = True
    client.upload(collection_id, [Upload(name=f"{n}.txt", content=b"SLOW %d" % n) for n in range(30)])
    app = page(f"from ui.views import documents\ndocuments._list({{'id': {collection_id!r}}})")
    app.session_state["documents_busy"] = True
    store.calls.clear()
    app.run()
    assert "0 ready · 30 in progress" in shown(app)
    asked = [path for method, path, _ in store.calls if method == "GET"]
    assert asked == [f"/v1/collections/{collection_id}/documents"]


@pytest.mark.usefixtures("_at_api")
def test_search_shows_scores_and_times(client: FathomClient) -> None:
    filled(client, "A whale eats krill.")
    app = page("from ui.views import search_test\nsearch_test.render()").run()
    app.text_input[0].set_value("krill")
    next(b for b in app.button if b.label == "Search").click().run()
    assert "120 tokens compressed to 30" in shown(app)
    assert "94 ms" in shown(app)


@pytest.mark.usefixtures("_at_api")
def test_search_asks_for_diversity_only_where_it_is_switched_on(client: FathomClient, monkeypatch) -> None:
    asked = []
    real = FathomClient.search
    monkeypatch.setattr(
        FathomClient, "search", lambda self, *a, **k: (asked.append(k["mmr_lambda"]), real(self, *a, **k))[1]
    )
    filled(client, "A whale eats krill.")
    app = page("from ui.views import search_test\nsearch_test.render()").run()
    for on in (False, True):
        next(t for t in app.toggle if t.label == "Avoid repetition").set_value(on)
        app.text_input[0].set_value("krill")
        next(b for b in app.button if b.label == "Search").click().run()
    assert asked == [None, 0.5]


@pytest.mark.usefixtures("_at_api")
def test_only_the_documents_that_are_chosen_are_searched(client: FathomClient, monkeypatch) -> None:
    asked = []
    real = FathomClient.search
    monkeypatch.setattr(
        FathomClient, "search", lambda self, *a, **k: (asked.append(k["wanted"]), real(self, *a, **k))[1]
    )
    filled(client, "A whale eats krill.")
    app = page("from ui.views import search_test\nsearch_test.render()").run()
    next(t for t in app.toggle if t.label == "Only some documents").set_value(True).run()
    assert "year" not in [picker.label for picker in app.multiselect]
    next(picker for picker in app.multiselect if picker.label == "team").set_value(["docs"])
    next(picker for picker in app.multiselect if picker.label == "Language").set_value(["zh"])
    app.date_input[0].set_value(date(2026, 1, 31))
    app.text_input[0].set_value("krill")
    next(b for b in app.button if b.label == "Search").click().run()
    assert asked == [
        {
            "and": [
                {"team": {"in": ["docs"]}},
                {"document.language": {"in": ["zh"]}},
                {"document.date": {"gte": "2026-01-31"}},
            ]
        }
    ]


@pytest.mark.usefixtures("_at_api")
def test_status_counts_and_lists_failures(client: FathomClient) -> None:
    filled(client, "A whale eats krill.", "FAIL encrypted")
    app = page("from ui.views import status\nstatus.render()").run()
    assert "Ready for work" in shown(app)
    assert "<b>2</b><span>Documents</span>" in shown(app)
    assert "<b>1</b><span>Failed</span>" in shown(app)


@pytest.mark.usefixtures("_at_api")
def test_a_collection_needs_a_name(client: FathomClient) -> None:
    app = page("from ui.views import collections\ncollections.render()").run()
    next(b for b in app.button if b.label == "Create").click().run()
    assert "Give the collection a name." in shown(app)
    client.create_collection("taken")
    app.text_input[0].set_value("taken")
    next(b for b in app.button if b.label == "Create").click().run()
    assert "The name is taken" in shown(app)


@pytest.mark.usefixtures("_at_api")
@pytest.mark.parametrize("address", ["doc_none", "<script>"])
def test_a_document_that_is_gone_is_said_so(client: FathomClient, address: str) -> None:
    app = page("from ui.views import documents\ndocuments.render()")
    app.query_params["document"] = address
    app.run()
    assert "This document does not exist any more." in shown(app)


@pytest.mark.usefixtures("_at_api")
@pytest.mark.parametrize("view", ["ask", "documents", "search_test"])
def test_an_address_that_names_no_collection_is_said_so(client: FathomClient, view: str) -> None:
    filled(client, "A whale eats krill.")
    app = page(f"from ui.views import {view}\n{view}.render()")
    app.query_params["collection"] = "col_none"
    app.run()
    assert "There is no such collection" in shown(app)
    assert "Choose another one" in shown(app)
    if view == "ask":
        app.chat_input[0].set_value("What about krill?").run()
        assert "Choose at least one collection." in shown(app)


@pytest.mark.usefixtures("_at_api")
def test_a_refused_file_is_shown_until_it_is_accepted(client: FathomClient) -> None:
    client.create_collection("c")
    app = page("from ui.views import documents\ndocuments.render()").run()
    app.file_uploader[0].set_value([("big.txt", b"TOO LARGE", "text/plain")]).run()
    app.file_uploader[0].set_value([("good.txt", b"krill", "text/plain")]).run()
    assert "Not accepted: big.txt" in shown(app)
    app.file_uploader[0].set_value([("big.txt", b"smaller krill", "text/plain")]).run()
    assert "Not accepted" not in shown(app)


@pytest.mark.usefixtures("_at_api")
@pytest.mark.parametrize(("named", "said"), [("zh", "提问"), ("中文", "提问"), ("en", "Ask"), ("fr", "Ask")])
def test_the_address_sets_the_language_of_everything(named: str, said: str) -> None:
    app = AppTest.from_file(str(MAIN), default_timeout=30)
    app.query_params["lang"] = named
    app.run()
    assert app.get("page_link")[0].label == said
    assert ("还没有可以提问的文档集" in shown(app)) == (said == "提问")
    app.radio(key="lang").set_value("en" if said == "提问" else "zh").run()
    chosen = app.query_params["lang"]
    assert (chosen if isinstance(chosen, str) else chosen[0]) == ("en" if said == "提问" else "zh")
    assert app.get("page_link")[0].label != said


@pytest.mark.usefixtures("_at_api")
def test_the_bin_stands_below_the_list_only_where_something_is_in_it(client: FathomClient) -> None:
    collection = filled(client, "krill", "shrimp")
    body = f"from ui.components.deletions import bin_section\nbin_section({collection!r})\n"
    assert [one.label for one in page(body).run().expander] == []
    client.delete_document(client.documents(collection).items[0]["id"])
    app = page(body).run()
    assert [one.label for one in app.expander] == ["Bin (1)"]
    assert "can be restored as it was" in shown(app)
    client.restore(collection, client.bin_items(collection)[0]["id"])
    assert len(client.documents(collection).items) == 2


@pytest.mark.usefixtures("_at_api")
def test_the_right_answer_and_its_passage_go_with_the_feedback(
    client: FathomClient, store: FakeStore
) -> None:
    filled(client, "A whale eats krill.")
    app = page("from ui.views import ask\nask.render()").run()
    app.chat_input[0].set_value("krill").run()
    settled(app)
    app.feedback[0].set_value(0).run()
    app.run()
    app.text_input[1].set_value("krill, of course")
    choice = app.multiselect[-1]
    choice.set_value(choice.options[:1])
    next(b for b in app.button if b.label == "Send").click().run()
    sent = store.feedback[-1]
    assert (sent["rating"], sent["expected"]) == (-1, "krill, of course")
    (place,) = sent["passages"]
    assert set(place) == {"document_id", "start", "end"}
