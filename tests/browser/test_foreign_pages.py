"""Pages of other sites, and a foreign name that is led to this machine, reach neither the pages nor their socket."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.browser.chromium import Chromium, chromium

# Opens the socket of the pages as their own script does, and gives "open" or "closed".
OPEN_SOCKET = """
const done = arguments[arguments.length - 1];
const socket = new WebSocket(arguments[0], ['streamlit']);
socket.onopen = () => { socket.close(); done('open'); };
socket.onerror = () => done('closed');
"""
READ = """
const done = arguments[arguments.length - 1];
fetch(arguments[0]).then(async (r) => done(r.status + ' ' + await r.text()), () => done('unreadable'));
"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>another program</title>")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def other_port() -> Iterator[int]:
    """Port of another program on this machine that has a web page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def misled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A browser that is told this machine's address for a name of another site."""
    rule = "--host-resolver-rules=MAP rebound.example 127.0.0.1"
    with chromium(tmp_path_factory.mktemp("misled") / "profile", flags=[rule]) as found:
        found.driver.set_script_timeout(30)
        yield found


def test_a_foreign_name_that_leads_here_gets_no_page(misled: Chromium, ui_url: str) -> None:
    port = urlsplit(ui_url).port
    misled.driver.get(f"http://rebound.example:{port}/documents")
    assert "not served here" in misled.driver.page_source
    # Same origin for the browser: it would hand over whatever is answered.
    for path in ("/", "/_stcore/health", "/_stcore/host-config"):
        assert misled.driver.execute_async_script(READ, path).startswith("403 ")
    socket = f"ws://rebound.example:{port}/_stcore/stream"
    assert misled.driver.execute_async_script(OPEN_SOCKET, socket) == "closed"


@pytest.mark.parametrize(
    "page", ["http://rebound.example:{}/", "http://127.0.0.1:{}/", "http://localhost:{}/"]
)
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "rebound.example"])
def test_a_page_of_another_place_opens_no_socket_and_reads_nothing(
    misled: Chromium, ui_url: str, other_port: int, page: str, name: str
) -> None:
    port = urlsplit(ui_url).port
    misled.driver.get(page.format(other_port))
    assert misled.driver.title == "another program"
    assert misled.driver.execute_async_script(OPEN_SOCKET, f"ws://{name}:{port}/_stcore/stream") == "closed"
    read = misled.driver.execute_async_script(READ, f"http://{name}:{port}/_stcore/host-config")
    assert read == "unreadable"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_our_own_page_opens_its_socket(misled: Chromium, ui_url: str, name: str) -> None:
    """The same script from the right place: the tests above would notice an open door."""
    port = urlsplit(ui_url).port
    misled.open(f"http://{name}:{port}/")
    assert misled.driver.execute_async_script(OPEN_SOCKET, f"ws://{name}:{port}/_stcore/stream") == "open"
    assert misled.driver.execute_async_script(READ, "/_stcore/health").startswith("200 ")
