"""The pages of signing in, before a stand-in for Streamlit's, against a real interface."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.identity import people
from app.main import create_app
from app.settings.reading import load_settings
from tests.app.identity.oidc_provider import CLIENT, LocalProvider, running
from tests.ui.servers import serve
from ui.client import FathomClient
from ui.sign_in import COOKIE, SignInMiddleware, SignInPages

WORDS = "four words of my own"
HTML = {"accept": "text/html"}


async def _home(request):
    return PlainTextResponse("the pages")


@contextmanager
def pages_before(api_url: str) -> Iterator[TestClient]:
    with FathomClient(api_url) as client:
        pages = SignInPages(client)
        app = Starlette(
            routes=[*pages.routes(), Route("/", _home)],
            middleware=[Middleware(SignInMiddleware, pages=pages)],
        )
        with TestClient(app, base_url="http://127.0.0.1:8501", follow_redirects=False) as browser:
            yield browser


@pytest.fixture
def pages(served):
    people.add_user(served.runtime.db, "ann", password=WORDS)
    with pages_before(str(served.client.base_url)) as browser:
        yield browser


def test_nobody_sees_a_page_before_signing_in_and_after_signing_out(pages):
    away = pages.get("/", headers=HTML)
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in")
    form = pages.get("/sign-in")
    assert "default-src 'none'" in form.headers["content-security-policy"]
    assert "<script" not in form.text
    wrong = pages.post("/sign-in", data={"name": "ann", "password": "no"})
    assert (wrong.status_code, COOKIE in pages.cookies) == (401, False)
    assert "Name or password is wrong." in wrong.text
    signed = pages.post("/sign-in", data={"name": "ann", "password": WORDS})
    assert (signed.status_code, signed.headers["location"]) == (303, "/")
    cookie = signed.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert pages.get("/", headers=HTML).text == "the pages"
    key = pages.cookies[COOKIE]
    assert pages.get("/sign-out").headers["location"] == "/sign-in"
    assert COOKIE not in pages.cookies
    end = time.monotonic() + 1.0
    while pages.get("/", headers=HTML | {"cookie": f"{COOKIE}={key}"}).status_code != 303:
        assert time.monotonic() < end


def test_a_key_signs_in_until_it_is_revoked_and_text_is_shown_as_text(pages, served):
    header = served.key("ann")
    key = header["Authorization"].split()[1]
    assert pages.post("/sign-in", data={"key": f" {key} "}).status_code == 303
    assert pages.get("/", headers=HTML).text == "the pages"
    served.revoke(header)
    assert pages.post("/sign-in", data={"key": key}).status_code in {303, 401}  # within the second
    assert pages.post("/sign-in", data={"key": "<b>€"}).status_code == 400
    chinese = pages.post(
        "/sign-in", data={"name": "<i>x", "password": "y"}, headers={"accept-language": "zh-CN"}
    )
    assert "用户名或密码不正确。" in chinese.text
    assert "<i>x" not in chinese.text


def test_the_provider_signs_in_whoever_began_there_and_nobody_by_a_link(settings, parts):
    with running(LocalProvider({"sub": "1", "preferred_username": "cleo"})) as provider:
        sign_in = {
            "issuer": provider.url, "client_id": CLIENT[0], "client_secret": CLIENT[1], "make_users": True,
            "redirect_url": "http://127.0.0.1:8501/sign-in/back", "provider_name": "Exämple <b>",
        }  # fmt: skip
        made = load_settings(home=settings.home, mode="users", sign_in=sign_in)
        with (
            serve(create_app(made, parts)) as url,
            pages_before(url) as pages,
            pages_before(url) as another_browser,
            FathomClient(url) as client,
        ):
            assert "Sign in with Exämple &lt;b&gt;" in pages.get("/sign-in").text
            begun = pages.get("/sign-in/provider")
            returned = httpx.get(begun.headers["location"], follow_redirects=False).headers["location"]
            assert another_browser.get(returned).status_code == 400
            back = pages.get(returned)
            assert (back.status_code, back.headers["location"]) == (303, "/")
            assert pages.get("/", headers=HTML).text == "the pages"
            assert client.with_key(pages.cookies[COOKIE]).me()["name"] == "cleo"


def test_one_person_is_asked_for_nothing(settings, parts):
    with serve(create_app(settings, parts)) as url, pages_before(url) as pages:
        assert pages.get("/", headers=HTML).text == "the pages"
        assert "Nobody signs in here." in pages.get("/sign-in").text


def test_pages_open_where_the_interface_is_away_and_say_so(settings):
    with pages_before("http://127.0.0.1:9") as pages:
        assert pages.get("/", headers=HTML).text == "the pages"
        assert "Fathom does not answer" in pages.get("/sign-in").text
