"""Hostile names, texts, questions and answers: nothing runs, nothing is fetched, everything is shown as text."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import Chromium
from tests.browser.test_pages import ask, new_collection, open_source
from tests.ui.fake_api import FakeStore
from ui.client import FathomClient, Upload


@pytest.fixture
def trap() -> Iterator[tuple[str, list[bytes]]]:
    """An address that records whoever comes to it."""
    caught: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    caught.append(connection.recv(200))

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", caught
        server.shutdown(socket.SHUT_RDWR)


def payloads(trap_url: str) -> list[str]:
    return [
        f"<script>window.ran=1;fetch('{trap_url}/script')</script>",
        f"<img src={trap_url}/img onerror=window.ran=2>",
        f"<svg onload=window.ran=3><image href='{trap_url}/svg'/></svg>",
        f"![md]({trap_url}/markdown.png) [link](javascript:window.ran=4)",
        f"<style>@import url({trap_url}/css); body{{background:url({trap_url}/bg)}}</style>",
        f"<iframe src='{trap_url}/frame'></iframe></div></span>",
        f":material/close: $\\href{{{trap_url}/tex}}{{x}}$ </mark><script src={trap_url}/s.js></script>",
        "{{constructor.constructor('window.ran=5')()}} ${window.ran=6}",
    ]  # fmt: skip


def test_hostile_text_stays_text(
    browser: Chromium,
    ui_url: str,
    api_url: str,
    store: FakeStore,
    tmp_path: Path,
    trap: tuple[str, list[bytes]],
) -> None:
    trap_url, caught = trap
    evil = payloads(trap_url)
    line = " ".join(evil)
    new_collection(browser, ui_url, f"Evil {evil[1]} {evil[3]}")
    collection = list(store.collections.values())[-1]
    collection["description"] = line
    with FathomClient(api_url) as client:
        for number, text in enumerate(evil):
            client.upload(
                collection["id"],
                [Upload(name=f"{number} {text}.txt", content=f"# {text}\n\n{line} krill{number}.".encode())],
            )
            client.upload(
                collection["id"],
                [Upload(name=f"bad{number} {text}", content=b"FAIL " + b"corrupt_file " + text.encode())],
            )
    for row in store.documents.values():
        row["title"] = f"{row['name']} {line}"

    shown = lambda part: browser.until(lambda: part in browser.page_text(), f"{part!r} as text")  # noqa: E731
    browser.open(f"{ui_url}/documents?collection={collection['id']}")
    browser.until(lambda: not browser.all(".card.busy") and len(browser.all(".card")) == 16, "all documents")
    for text in evil:
        shown(text)
    browser.click(".card.ok [data-what=view]")
    shown("krill0")
    browser.click(".card .name", "#2")
    browser.find("mark")
    browser.open(f"{ui_url}/collections")
    shown(evil[0])
    browser.open(f"{ui_url}/status")
    shown(evil[4])
    browser.open(f"{ui_url}/?collection={collection['id']}")
    ask(browser, f"{line} krill3")
    open_source(browser)
    for text in evil:
        shown(text)
    browser.click("[data-testid=stExpander] summary", "Where each part comes from")
    browser.find(".card .line .copied")
    ask(browser, "nothing " + line)
    browser.until(lambda: "No direct answer was found" in browser.page_text(), "the refusal")
    browser.click("[data-testid=stExpander] summary", "Asked in this session")
    browser.open(f"{ui_url}/search?collection={collection['id']}")
    browser.write("[data-testid=stTextInput] input", "krill5" + Keys.ENTER)
    browser.click(".card .name")
    browser.find("mark")

    assert browser.driver.execute_script("return window.ran ?? null") is None
    assert caught == []
    assert browser.outgoing(ui_url) == []
