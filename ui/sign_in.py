"""Signing in: pages without scripts, before Streamlit's own, and the cookie that they set.

The cookie holds a key of the REST interface, for HTTP alone: no script of a page reads it. Streamlit's pages take it
from the request that opened them (`state.client`). Where Fathom serves one person, nothing here is ever shown.
"""

import contextlib
import hmac
import time
from collections.abc import Sequence
from html import escape
from typing import Final
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.client import FathomClient
from ui.errors import ApiError, FathomError
from ui.strings import STRINGS
from ui.wire import SignInWays

COOKIE: Final = "fathom_key"
SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
_STATE_COOKIE: Final = "fathom_state"
_STATE_S: Final = 600
_KNOWN_S: Final = 10.0
_MAX_FORM_BYTES: Final = 10_000
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",  # with no-referrer, forms would send the Origin "null"
}
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:22rem;margin:12vh auto;padding:0 1rem;color:#1d2430;"
    "background:#fff}h1{font-size:1.4rem}label{display:block;margin:.8rem 0 .2rem}input{width:100%;"
    "box-sizing:border-box;padding:.5rem;font:inherit}button,.button{display:block;width:100%;margin-top:1rem;"
    "padding:.6rem;font:inherit;text-align:center;box-sizing:border-box;border:1px solid #1d2430;border-radius:.4rem;"
    "background:#1d2430;color:#fff;text-decoration:none;cursor:pointer}form+form,.button{margin-top:2rem}"
    "[role=alert]{border-left:4px solid #b3261e;padding-left:.8rem}"
    "@media(prefers-color-scheme:dark){body{background:#14181f;color:#e6e9ee}button,.button{background:#e6e9ee;"
    "color:#14181f}}"
)


class SignInPages:
    """The pages and routes of signing in, for one REST interface."""

    def __init__(self, client: FathomClient) -> None:
        """Ask `client`, which shows no key."""
        self._client = client
        self._ways: SignInWays | None = None
        self._asked = float("-inf")

    def routes(self) -> Sequence[BaseRoute]:
        """Routes that come before Streamlit's."""
        return [
            Route(SIGN_IN, self._show, methods=["GET"]),
            Route(SIGN_IN, self._take, methods=["POST"]),
            Route(f"{SIGN_IN}/provider", self._to_provider, methods=["GET"]),
            Route(f"{SIGN_IN}/back", self._back, methods=["GET"]),
            Route(SIGN_OUT, self._sign_out, methods=["GET"]),
        ]

    def wanted(self, request: Request) -> bool:
        """Whether whoever opens a page has to sign in first; not where the interface can't say."""
        try:
            if self._known().get("mode") != "users":
                return False
            key = request.cookies.get(COOKIE)
            if not key:
                return True
            self._client.with_key(key).me()
        except ApiError as error:
            return error.status == 401
        except ValueError:
            return True  # the cookie is not ours
        except FathomError:
            return False  # the page shows what is wrong
        return False

    def _known(self) -> SignInWays:
        if self._ways is None or time.monotonic() - self._asked > _KNOWN_S:
            self._ways, self._asked = self._client.ways_to_sign_in(), time.monotonic()
        return self._ways

    async def _show(self, request: Request) -> Response:
        return await self._page(request)

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        form = parse_qs(body[:_MAX_FORM_BYTES].decode("utf-8", "replace"))
        key, name, password = (form.get(part, [""])[0] for part in ("key", "name", "password"))
        try:
            if key:
                await run_in_threadpool(self._client.with_key(key.strip()).me)
                opened = key.strip()
            else:
                opened = await run_in_threadpool(self._client.sign_in, name.strip(), password)
        except (FathomError, ValueError) as error:
            return await self._page(request, error)
        return _signed_in(request, opened)

    async def _to_provider(self, request: Request) -> Response:
        try:
            begun = await run_in_threadpool(self._client.begin_at_provider)
        except FathomError as error:
            return await self._page(request, error)
        response = RedirectResponse(begun["url"], 303, headers=_HEADERS)
        _set(request, response, _STATE_COOKIE, begun["state"], _STATE_S)
        return response

    async def _back(self, request: Request) -> Response:
        state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
        # Begun in this browser, or somebody would be signed in as somebody else by a link.
        if not state or not hmac.compare_digest(state, request.cookies.get(_STATE_COOKIE, "")) or not code:
            return await self._page(request, ValueError("sign_in_over"))
        try:
            opened = await run_in_threadpool(self._client.return_from_provider, state, code)
        except FathomError as error:
            return await self._page(request, error)
        response = _signed_in(request, opened)
        response.delete_cookie(_STATE_COOKIE)
        return response

    async def _sign_out(self, request: Request) -> Response:
        key = request.cookies.get(COOKIE)
        if key:
            with contextlib.suppress(FathomError, ValueError):  # where it is over already
                await run_in_threadpool(self._client.with_key(key).sign_out)
        response = RedirectResponse(SIGN_IN, 303, headers=_HEADERS)
        response.delete_cookie(COOKIE)
        return response

    async def _page(self, request: Request, error: Exception | None = None) -> Response:
        try:
            ways: SignInWays | None = await run_in_threadpool(self._known)
        except FathomError as unreachable:
            ways, error = None, error or unreachable
        status = 200 if error is None else error.status if isinstance(error, ApiError) else 400
        text = _Texts(request.headers.get("accept-language", ""))
        return HTMLResponse(_document(text, ways, error), status, headers=_HEADERS)


class SignInMiddleware:
    """Sends whoever opens a page without a good key to the page of signing in."""

    def __init__(self, app: ASGIApp, pages: SignInPages) -> None:
        """Guard the pages of `app`; the REST interface guards everything else by itself."""
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or send it away."""
        if _opens_a_page(scope) and await run_in_threadpool(self._pages.wanted, Request(scope)):
            await RedirectResponse(SIGN_IN, 303, headers=_HEADERS)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _opens_a_page(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    ours = scope["path"].startswith((SIGN_IN, SIGN_OUT, "/_stcore"))
    return not ours and "text/html" in Headers(scope=scope).get("accept", "")


def _signed_in(request: Request, key: str) -> Response:
    response = RedirectResponse("/", 303, headers=_HEADERS)
    _set(request, response, COOKIE, key, None)
    return response


def _set(request: Request, response: Response, name: str, value: str, max_age: int | None) -> None:
    proto = request.headers.get("x-forwarded-proto", request.url.scheme)
    # lax: it goes along when the provider sends the browser back
    response.set_cookie(
        name, value, max_age=max_age, httponly=True, samesite="lax", secure=proto == "https", path="/"
    )


class _Texts:
    """Strings in the language that the browser asks for."""

    def __init__(self, accepted: str) -> None:
        self.language = "zh" if accepted.strip().lower().startswith("zh") else "en"

    def __call__(self, key: str, **values: object) -> str:
        return escape(STRINGS[key][self.language == "zh"].format(**values))

    def of_error(self, error: Exception) -> str:
        code = error.code if isinstance(error, ApiError) else str(error)
        known = [self(key) for key in (f"code.{code}", f"hint.{code}") if key in STRINGS]
        if known:
            return " ".join(known)
        if isinstance(error, ApiError):
            return escape(f"{error.detail} {error.hint}".strip() or error.title)
        return self("error.unreachable") if isinstance(error, FathomError) else self("error.refused")


def _document(text: _Texts, ways: SignInWays | None, error: Exception | None) -> str:
    alert = "" if error is None else f"<p role='alert'>{text.of_error(error)}</p>"
    forms = "" if ways is None else _forms(text, ways)
    return (
        f"<!doctype html><html lang='{text.language}'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>Fathom · {text('sign_in.title')}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>Fathom · {text('sign_in.title')}</h1>{alert}{forms}</main></body></html>"
    )


def _forms(text: _Texts, ways: SignInWays) -> str:
    if ways["mode"] != "users":
        return f"<p>{text('sign_in.single')}</p><a class='button' href='/'>{text('nav.ask')}</a>"
    provider = ways["provider"]
    link = "" if provider is None else (
        f"<a class='button' href='{SIGN_IN}/provider'>{text('sign_in.provider', name=provider)}</a>"
    )  # fmt: skip
    return (
        f"<form method='post' action='{SIGN_IN}'>"
        f"<label for='name'>{text('sign_in.name')}</label>"
        "<input id='name' name='name' autocomplete='username' required autofocus>"
        f"<label for='password'>{text('sign_in.password')}</label>"
        "<input id='password' name='password' type='password' autocomplete='current-password' required>"
        f"<button>{text('sign_in.title')}</button></form>"
        f"<form method='post' action='{SIGN_IN}'><label for='key'>{text('sign_in.key')}</label>"
        "<input id='key' name='key' type='password' autocomplete='off' required>"
        f"<button>{text('sign_in.button_key')}</button></form>{link}"
    )
