"""Headless Chromium that counts what it asks the network for, and a few ways into our components."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

BROWSER, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip

PATIENCE_S = 90.0  # a busy machine is slow, not wrong

# Elements of the page and of the open shadow roots in it.
_FIND = """
const out = [];
const walk = (root) => {
  out.push(...root.querySelectorAll(arguments[0]));
  for (const host of root.querySelectorAll('*')) if (host.shadowRoot) walk(host.shadowRoot);
};
walk(document);
return out;
"""


class Chromium:
    """A browser with our pages in it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self.requests: list[str] = []

    def open(self, url: str) -> None:
        self.driver.get(url)
        self.until(lambda: self.all("[data-testid=stMainBlockContainer]") and not self.running(), "the page")

    def running(self) -> bool:
        return bool(self.all("[data-testid=stStatusWidget]"))

    def all(self, selector: str, having: str = "") -> list[WebElement]:
        found: list[WebElement] = self.driver.execute_script(_FIND, selector)
        return [e for e in found if having in self.text(e)] if having else found

    def text(self, element: WebElement) -> str:
        return str(self.driver.execute_script("return arguments[0].textContent", element))

    def until(self, check: Callable[[], Any], what: str, seconds: float = PATIENCE_S) -> Any:
        """Wait for `check` to give something true, and give it back."""
        deadline = time.monotonic() + seconds
        last: BaseException | None = None
        while time.monotonic() < deadline:
            try:
                if found := check():
                    return found
            except (StaleElementReferenceException, WebDriverException, IndexError, StopIteration) as error:
                last = error
            time.sleep(0.2)
        raise AssertionError(
            f"no {what} within {seconds} s ({last}); the page says: {self.page_text()[:1500]}"
        )

    def find(self, selector: str, having: str = "", seconds: float = PATIENCE_S) -> WebElement:
        found: WebElement = self.until(
            lambda: self.all(selector, having)[0], f"{selector} {having!r}", seconds
        )
        return found

    def click(self, selector: str, having: str = "", seconds: float = PATIENCE_S) -> None:
        def clicked() -> bool:
            element = self.all(selector, having)[0]
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True

        self.until(clicked, f"clickable {selector} {having!r}", seconds)

    def write(self, selector: str, text: str) -> None:
        """Type into the first element that takes text, once the page is drawn: a field that is replaced loses text."""

        def written() -> bool:
            if self.all("[data-testid=stApp][data-test-script-state=running]"):
                return False
            element = next(e for e in self.all(selector) if e.is_displayed() and e.is_enabled())
            element.send_keys(text)
            return True

        self.until(written, f"writable {selector}")

    def page_text(self) -> str:
        return " ".join(self.text(e) for e in self.all("[data-testid=stMainBlockContainer], .root"))

    def outgoing(self, *own: str) -> list[str]:
        """Addresses asked for so far outside `own` origins."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                self.requests.append(message["params"]["url"])
        local = {urlsplit(o).netloc for o in own}
        return [
            u
            for u in self.requests
            if urlsplit(u).scheme not in {"data", "blob", "about", "chrome"}
            and urlsplit(u).netloc not in local
        ]


@contextmanager
def chromium(
    profile: Path, *, width: int = 1360, height: int = 900, language: str = "en-US", flags: Sequence[str] = ()
) -> Iterator[Chromium]:
    options = Options()
    options.binary_location = str(BROWSER)
    for flag in (
        *FLAGS,
        *flags,
        f"--user-data-dir={profile}",
        f"--window-size={width},{height}",
        f"--lang={language}",
    ):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"intl.accept_languages": language})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        if width < 500:  # a headless window is never narrower than 500 pixels; the device's metrics may be
            driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True},
            )
        yield Chromium(driver)
    finally:
        driver.quit()
