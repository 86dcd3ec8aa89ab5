"""The web pages: `streamlit run ui/main.py`, with the REST interface at `FATHOM_API_URL`."""

from pathlib import Path

from starlette.middleware import Middleware
from streamlit.starlette import App

from ui.client import FathomClient
from ui.guard import GuardMiddleware
from ui.settings import read_settings
from ui.sign_in import SignInMiddleware, SignInPages

_settings = read_settings()
_sign_in = SignInPages(FathomClient(_settings.api_url))
# Streamlit looks for an `App` in the file that it is told to run, and serves it.
app = App(
    Path(__file__).with_name("frame.py"),
    routes=_sign_in.routes(),
    middleware=[
        Middleware(GuardMiddleware, names=_settings.allowed_hosts),
        Middleware(SignInMiddleware, pages=_sign_in),
    ],
)
