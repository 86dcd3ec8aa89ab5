"""Decision 0018: RapidOCR, as Fathom runs it, and Tesseract, on pictures of known text and on scans.

    python -m benchmarks.text_recognition [--english FILE] [--chinese FILE] [--font FILE] [--pages 2] [--scans FILE ...]
        [--json]

The text files are cut into pages and drawn at 150 dots per inch: clean; at 100 dots, as a JPEG of low quality; turned
by one degree, with noise. Errors are edits of characters over characters of the page (white space left out). Of a scan
nobody wrote down, each is compared with the other. Seconds are of the processor, one thread, a page each.
Tesseract is the program of the system with the data of `eng` and `chi_sim`.
"""

import argparse
import io
import json
import re
import resource
import shutil
import subprocess
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ingestion.parsers.pdf import ocr
from ingestion.parsers.pdf.layout import reading_order
from retrieval.metrics import mean

Picture = Image.Image
Reader = Callable[[Picture], str]
PAGE: Final = (1240, 1754)
"""A4 at 150 dots per inch."""
_MARGIN, _TEXT_SIZE, _LINE = 100, 25, 42
_CHARS: Final = {"eng": 75, "chi_sim": 40}
_NOISE: Final = 20.0
_SPACE: Final = re.compile(r"\s+")


@dataclass
class Tally:
    """Errors and seconds, a value a page."""

    errors: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def report(self) -> dict[str, float]:
        """Means; errors in percent."""
        return {"cer": round(100 * mean(self.errors), 2), "seconds": round(mean(self.seconds), 2)}


def pages_of(text: str, language: str, most: int) -> list[list[str]]:
    """Lines that fit on pages."""
    wrap = textwrap.TextWrapper(width=_CHARS[language], break_long_words=language != "eng")
    lines = [line for paragraph in text.splitlines() for line in (wrap.wrap(paragraph) or [""])]
    each = (PAGE[1] - 2 * _MARGIN) // _LINE
    return [lines[at : at + each] for at in range(0, len(lines), each)][:most]


def drawn(lines: Sequence[str], font: str) -> Picture:
    """A page with these lines."""
    picture = Image.new("RGB", PAGE, "white")
    pen, face = ImageDraw.Draw(picture), ImageFont.truetype(font, _TEXT_SIZE)
    for number, line in enumerate(lines):
        pen.text((_MARGIN, _MARGIN + number * _LINE), line, fill="black", font=face)
    return picture


def coarse(picture: Picture) -> Picture:
    """At 100 dots per inch, through a JPEG of low quality."""
    small = picture.resize((PAGE[0] * 2 // 3, PAGE[1] * 2 // 3), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    small.save(written, "JPEG", quality=25)
    return Image.open(written).convert("RGB")


def turned(picture: Picture) -> Picture:
    """Turned by one degree, with noise."""
    pixels = np.asarray(
        picture.rotate(1, fillcolor="white", resample=Image.Resampling.BICUBIC), dtype=np.float64
    )
    noisy = pixels + np.random.default_rng(0).normal(0, _NOISE, pixels.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


KINDS: Final[Mapping[str, Callable[[Picture], Picture]]] = {
    "clean": lambda p: p,
    "coarse": coarse,
    "turned": turned,
}


def by_rapidocr(picture: Picture) -> str:
    """As the parser of pictures does."""
    shown = picture.copy()
    shown.thumbnail((ocr.MAX_SIDE_PX, ocr.MAX_SIDE_PX))
    lines = ocr.lines_in(np.asarray(shown)[:, :, ::-1], *map(float, picture.size))
    return "\n".join(line.text for line in reading_order(lines))


def by_tesseract(picture: Picture) -> str:
    """With both languages, as a program that is not told which one it sees."""
    written = io.BytesIO()
    picture.save(written, "PNG")
    program = shutil.which("tesseract")
    assert program is not None
    done = subprocess.run(
        [program, "-", "-", "-l", "chi_sim+eng"], input=written.getvalue(), capture_output=True, check=True,
        env={"OMP_THREAD_LIMIT": "1"},
    )  # fmt: skip
    return done.stdout.decode()


def readers() -> dict[str, Reader]:
    """What is installed."""
    found: dict[str, Reader] = {"RapidOCR": by_rapidocr} if ocr.is_available() else {}
    return found | ({"Tesseract": by_tesseract} if shutil.which("tesseract") else {})


def error_rate(found: str, wanted: str) -> float:
    """Levenshtein distance over the length of what is wanted, white space left out."""
    left, right = (
        np.array([ord(c) for c in _SPACE.sub("", text)], dtype=np.int64) for text in (found, wanted)
    )
    return _distance(left, right) / max(1, len(right))


def _distance(left: NDArray[np.int64], right: NDArray[np.int64]) -> int:
    places = np.arange(len(right) + 1)
    row = places.copy()
    for number, character in enumerate(left, 1):
        change = row[:-1] + (right != character)
        best = np.concatenate(([number], np.minimum(change, row[1:] + 1)))
        # an insertion costs one a place: the best so far, moved along
        row = np.minimum.accumulate(best - places) + places
    return int(row[-1])


def timed(reader: Reader, picture: Picture) -> tuple[str, float]:
    """What a reader sees, and its processor seconds."""
    began = _processor_s()
    text = reader(picture)
    return text, _processor_s() - began


def _processor_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def known(file: Path, language: str, font: str, most: int) -> dict[str, dict[str, dict[str, float]]]:
    """Error rates on drawn pages, by kind of picture and reader."""
    pages = pages_of(file.read_text(encoding="utf-8"), language, most)
    report: dict[str, dict[str, dict[str, float]]] = {}
    for kind, spoil in KINDS.items():
        tallies = {name: Tally() for name in readers()}
        for lines in pages:
            picture = spoil(drawn(lines, font))
            for name, reader in readers().items():
                text, seconds = timed(reader, picture)
                tallies[name].errors.append(error_rate(text, "".join(lines)))
                tallies[name].seconds.append(seconds)
        report[kind] = {name: tally.report() for name, tally in tallies.items()}
        print(f"  {language} {kind}: {report[kind]}", flush=True)
    return report


def scanned(files: Sequence[Path]) -> dict[str, Any]:
    """What each reads in scans: characters, seconds, and how far they differ."""
    report: dict[str, Any] = {}
    for file in files:
        picture = _first_page(file)
        found = {name: timed(reader, picture) for name, reader in readers().items()}
        texts = [text for text, _ in found.values()]
        row: dict[str, Any] = {
            name: {"chars": len(_SPACE.sub("", text)), "seconds": round(seconds, 2)}
            for name, (text, seconds) in found.items()
        }
        report[file.name] = row | {"differ": round(100 * error_rate(texts[-1], texts[0]), 1)}
        print(f"  {file.name}: {report[file.name]}", flush=True)
    return report


def _first_page(file: Path) -> Picture:
    if file.suffix.lower() != ".pdf":
        return Image.open(file).convert("RGB")
    with pdfium.PdfDocument(file) as document:
        page = document[0]
        scale = min(180 / 72, ocr.MAX_SIDE_PX / max(page.get_size()))
        return page.render(scale=scale).to_pil().convert("RGB")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--english", type=Path)
    parser.add_argument("--chinese", type=Path)
    parser.add_argument("--font", default="NotoSansCJK-Regular.ttc", help="file of a font with both scripts")
    parser.add_argument("--pages", type=int, default=2)
    parser.add_argument("--scans", type=Path, nargs="+", default=[])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    by_rapidocr(Image.new("RGB", (64, 64), "white"))
    report: dict[str, Any] = {
        language: known(file, language, options.font, options.pages)
        for language, file in (("eng", options.english), ("chi_sim", options.chinese))
        if file
    }
    report["scans"] = scanned(options.scans)
    if options.json:
        print(json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    main()
