"""Components of the pages, drawn in a plain page of Chromium as Streamlit draws them: data, into a shadow root.

    python -m tests.browser.rendering FILE.mjs

draws a foreign suite of payloads (a module whose default export is a list of `{payload}`, as DOMPurify's
test/fixtures/expect.mjs) at every state of a stream, and tells what ran and what was fetched.
"""

import json
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import ui.components
from tests.browser.chromium import Chromium, chromium
from ui.text_runs import answer_blocks

STATIC = Path(ui.components.__file__).parent / "static"
OURS = frozenset(["DIV", "SPAN", "STRONG", "BUTTON", "UL", "LI", "CODE", "I", "MARK"])
"""Elements that the components draw."""
PAGE = """<!doctype html><meta charset=utf-8><title>drawn</title><div id=host></div><script type=module>
window.alert = window.confirm = window.prompt = window.print = () => { window.ran = 1; };
import answer from "/answer.mjs";
import cards from "/cards.mjs";
import source from "/source.mjs";
const components = { answer, cards, source };
const host = document.getElementById("host").attachShadow({ mode: "open" });
window.draw = (name, states) => {
  host.innerHTML = "<div class='root'></div>";
  const told = [];
  for (const data of states) {
    components[name]({ parentElement: host, data, setTriggerValue: () => {} });
    told.push([host.querySelector(".root").textContent, [...host.querySelectorAll("*")].map((node) => node.tagName)]);
  }
  return told;
};
window.asMarkup = (text) => { host.innerHTML = text; };
window.isReady = true;
</script>"""
KINDS = ("text", "heading", "item", "row", "code")


class Drawing:
    """A page with our components in it, and what it did besides drawing."""

    def __init__(self, browser: Chromium, url: str, trap: "Trap") -> None:
        self.browser, self.url, self.trap = browser, url, trap
        browser.driver.get(url)
        browser.until(lambda: browser.driver.execute_script("return window.isReady === true"), "the page")
        self._before = len(browser.outgoing(url))

    def draw(self, name: str, states: Sequence[dict[str, Any]]) -> list[tuple[str, set[str]]]:
        """Draw states one after the other; gives the text and the elements of each."""
        told = self.browser.driver.execute_script(
            "return window.draw(arguments[0], arguments[1])", name, list(states)
        )
        return [(text, set(tags)) for text, tags in told]

    def as_markup(self, text: str) -> None:
        """What must not happen: a text that becomes markup."""
        self.browser.driver.execute_script("window.asMarkup(arguments[0])", text)

    def done(self) -> dict[str, Any]:
        """Scripts that ran, requests that were made, and whether the page is still the same one."""
        driver = self.browser.driver
        driver.execute_async_script("setTimeout(arguments[0], 500)")
        return {
            "scripts": int(driver.execute_script("return window.ran ?? 0")),
            "requests": [
                *self.browser.outgoing(self.url)[self._before :],
                *(line.decode("latin-1") for line in self.trap.caught),
            ],
            "moved": driver.current_url != self.url or len(driver.window_handles) > 1,
        }


class Trap:
    """An address that records whoever comes to it."""

    def __init__(self, server: socket.socket) -> None:
        self.caught: list[bytes] = []
        self.url = f"http://127.0.0.1:{server.getsockname()[1]}"
        self._server = server
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                self.caught.append(connection.recv(200).split(b"\r\n")[0])


@contextmanager
def trap() -> Iterator[Trap]:
    """A trap on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield Trap(server)
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def page(suite: Path | None = None) -> Iterator[str]:
    """Address of a page with our components; `suite` is served beside it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").removesuffix(".mjs")
            if name == "suite" and suite is not None:
                body = suite.read_bytes()
            elif (STATIC / f"{name}.js").is_file():
                body = (STATIC / "dom.js").read_bytes() + b"\n" + (STATIC / f"{name}.js").read_bytes()
            else:
                body = PAGE.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if self.path.endswith(".mjs") else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def states_of(payload: str, kind: str) -> list[dict[str, Any]]:
    """An answer that quotes a payload, as it is drawn after each of its characters, and when it is complete."""
    document = {"id": "doc", "name": payload, "title": payload}
    lead = "So: "
    text = lead + payload
    where = {"answer_start": len(lead), "answer_end": len(text)}
    copied = {"n": 1, "document": document, "quote": payload, **where}
    spans = [{"answer_start": 0, "answer_end": len(lead), "kind": "written"}, where | {"kind": "copied"}]
    states = []
    for end in range(1, len(text) + 1):
        partial = {"text": text[:end], "spans": [span for span in spans if span["answer_start"] < end]}
        states.append(_state(partial, payload, live=True))
    parts = [{"answer_start": 0, "answer_end": len(text), "kind": kind}]
    whole = {
        "text": text,
        "spans": spans,
        "citations": [copied],
        "parts": parts,
        "unsupported": [where],
        "emphasis": [where],
    }
    return [*states, _state(whole, payload, live=False)]


def _state(answer: dict[str, Any], label: str, *, live: bool) -> dict[str, Any]:
    blocks = answer_blocks(answer, [(0, 4, label)])
    return {"blocks": blocks, "labels": {"1": label}, "legend": [["copied", label]], "live": live}


def card_states(payload: str) -> list[dict[str, Any]]:
    """A list of cards with a payload in every place where text can stand."""
    item = {
        "id": payload, "tone": "ok", "name": payload, "state": payload, "lines": [[{"t": payload, "c": "key"}]],
        "hint": payload, "meta": payload, "progress": 0.5, "main": "view", "actions": [["view", payload, "plain"]],
    }  # fmt: skip
    return [
        {"items": [item], "label": payload},
        {"items": [item | {"name": f"{payload}!"}], "label": payload},
    ]


def source_states(payload: str) -> list[dict[str, Any]]:
    """A document's text with a payload in it, marked."""
    runs = [{"page": 1, "label": payload}, {"t": payload, "c": "hl"}, {"t": payload, "c": "code"}]
    state = {
        "runs": runs,
        "focus": payload,
        "region": payload,
        "before": True,
        "after": True,
        "more": payload,
    }
    return [state]


def drawn(drawing: Drawing, payloads: Sequence[str]) -> dict[str, Any]:
    """Draw payloads in all components; gives the number of states, and what was wrong."""
    states, wrong = 0, []
    for number, payload in enumerate(payloads):
        kind = KINDS[number % len(KINDS)]
        for name, some in (
            ("answer", states_of(payload, kind)), ("cards", card_states(payload)), ("source", source_states(payload))
        ):  # fmt: skip
            for state, (text, tags) in zip(some, drawing.draw(name, some), strict=True):
                states += 1
                shown = "".join(
                    run["t"] for block in state.get("blocks", ()) for run in block["runs"] if "t" in run
                )
                if tags - OURS or (
                    name == "answer" and shown.replace("\x00", "�") not in text.replace("\x00", "�")
                ):
                    wrong.append((payload, sorted(tags - OURS)))
    return {"payloads": len(payloads), "states": states, "wrong": wrong, **drawing.done()}


def main(file: Path) -> None:
    """Draw a foreign suite."""
    with (
        tempfile.TemporaryDirectory() as folder,
        trap() as caught,
        page(file) as url,
        chromium(Path(folder) / "profile") as browser,
    ):
        drawing = Drawing(browser, url, caught)
        suite = browser.driver.execute_async_script(
            "const end = arguments[0]; import('/suite.mjs').then((m) => end(m.default.map((one) => one.payload)))"
        )
        print(json.dumps(drawn(drawing, [text for text in suite if text]), ensure_ascii=False))
        for text in suite:
            drawing.as_markup(text)
        control = drawing.done()
        print(
            json.dumps(
                {
                    "as markup": {name: control[name] for name in ("scripts", "moved")},
                    "requests": len(control["requests"]),
                }
            )
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
