"""Takes the picture of the README from a running product: a question, its answer, its opened source.

    python -m tests.browser.screenshot http://127.0.0.1:8501 docs/images/ask.png "How long is trash kept?"

The first collection is asked. The picture is stored with 256 colours, so that it stays small.
"""

import io
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from tests.browser.chromium import chromium
from tests.browser.test_pages import ask, open_source


def main(ui_url: str, target: Path, question: str) -> None:
    with (
        tempfile.TemporaryDirectory() as profile,
        chromium(Path(profile), width=1360, height=1000) as browser,
    ):
        browser.open(f"{ui_url}/")
        ask(browser, question)
        open_source(browser, 300)
        time.sleep(2)  # scrolling and fading come to rest
        picture = Image.open(io.BytesIO(browser.driver.get_screenshot_as_png())).convert("RGB")
        picture.quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
        print(f"{target}: {target.stat().st_size // 1024} KB, answer at {browser.driver.current_url}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
