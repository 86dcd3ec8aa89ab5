"""The web pages: `streamlit run ui/main.py`, with the REST interface at `FATHOM_API_URL`."""

from pathlib import Path

from starlette.middleware import Middleware
from streamlit.starlette import App

from ui.guard import GuardMiddleware
from ui.settings import read_settings

# Streamlit looks for an `App` in the file that it is told to run, and serves it.
app = App(
    Path(__file__).with_name("frame.py"),
    middleware=[Middleware(GuardMiddleware, names=read_settings().allowed_hosts)],
)
