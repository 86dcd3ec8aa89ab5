"""The rule for Host and Origin headers, which the interface and the pages have each for itself."""

import pytest

import app.api.hosts
import ui.guard

BOTH = [app.api.hosts.Hosts, ui.guard.Hosts]
NAMES = ("localhost", "127.0.0.1", "::1", "Fathom.example", "proxied.example:443", "[::2]:8443")


@pytest.fixture(params=BOTH, ids=["interface", "pages"])
def hosts(request):
    return request.param(NAMES)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8000", "127.0.0.1:8501", "[::1]", "[::1]:8000", "fathom.example:1",
     "proxied.example:443", "[::2]:8443"],
)  # fmt: skip
def test_a_name_of_the_settings_is_served(hosts, host):
    assert hosts.serves(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:8000", "localhost.evil.example", "localhost@evil.example", "evil@localhost",
     "localhost/evil", "localhost:x", "localhost:99999", "[::1", "::1", "*", "proxied.example", "proxied.example:80",
     "[::2]", " localhost", "localhost\udc80"],
)  # fmt: skip
def test_no_other_host_is_served(hosts, host):
    assert not hosts.serves(host)


@pytest.mark.parametrize("rule", BOTH)
def test_a_star_serves_every_host_that_can_be_read(rule):
    assert rule(["*"]).serves("evil.example:80")
    assert not rule(["*"]).serves("[::1")
    assert not rule(["*"]).is_own("http://evil.example", "localhost:8000")


@pytest.mark.parametrize(
    ("origin", "host"),
    [("http://localhost:8501", "localhost:8501"), ("http://LocalHost:8501", "localhost:8501"),
     ("http://[::1]:8501", "[::1]:8501"), ("http://127.0.0.1", "127.0.0.1:80"),
     ("https://fathom.example", "fathom.example"), ("https://proxied.example", "127.0.0.1:8501")],
)  # fmt: skip
def test_a_page_of_the_same_place_or_one_named_with_its_port_may_send(hosts, origin, host):
    assert hosts.is_own(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [("http://localhost:9999", "localhost:8501"), ("http://localhost", "localhost:8501"),
     ("http://127.0.0.1:8501", "localhost:8501"), ("http://evil.example:8501", "127.0.0.1:8501"),
     ("https://fathom.example", "127.0.0.1:8501"), ("http://proxied.example", "127.0.0.1:8501"),
     ("null", "localhost:8501"), ("", ""), ("http://", ""), ("http://[", "["), ("http://localhost:x", "localhost:x"),
     ("file://localhost:8501", "localhost:8501"), ("localhost:8501", "localhost:8501"),
     ("http://localhost:8501/x", "localhost:8501"), ("http://u@localhost:8501", "localhost:8501"),
     ("http://[::1", "[::1"), ("http://localhost:99999", "localhost:99999")],
)  # fmt: skip
def test_no_other_page_may_send(hosts, origin, host):
    assert not hosts.is_own(origin, host)
