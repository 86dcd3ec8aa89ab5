"""Pictures and scanned pages: recognised where that is installed, told clearly where it is not."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, IngestionError, LimitExceededError, NoTextLayerError
from ingestion.parser_process import ParserProcess
from ingestion.parsers import parse_source
from ingestion.parsers.pdf import ocr
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.hostile import pdf, pdf_lines
from tests.ingestion.samples import sample

SQUARE = "q 100 0 0 100 72 400 cm 0 0 1 1 re f Q"  # a page that shows something, and no text


def read(name: str, data: bytes, limits: ParsingLimits | None = None) -> Document:
    return parse_source(Source(name=name, data=data), limits or ParsingLimits())


def picture(kind: str, size: tuple[int, int] = (400, 200), pages: int = 1) -> bytes:
    image, buffer = Image.new("RGB", size, "white"), io.BytesIO()
    more = [image.copy() for _ in range(pages - 1)]
    image.save(buffer, kind, **({"save_all": True, "append_images": more} if more else {}))
    return buffer.getvalue()


@pytest.fixture
def recogniser(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Finds the same two lines in every picture: one at the top left, one below it; gives what it was shown."""
    shown: list[np.ndarray] = []

    def find(image: np.ndarray) -> SimpleNamespace:
        shown.append(image)
        height, width = image.shape[:2]

        def box(top: float, bottom: float) -> np.ndarray:
            left, right = 0.1 * width, 0.5 * width
            return np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) * [1, height]

        return SimpleNamespace(boxes=[box(0.6, 0.7), box(0.1, 0.2)], txts=("second line", "第一行"))

    monkeypatch.setattr(ocr, "is_available", lambda: True)
    monkeypatch.setattr(ocr, "_engine", lambda: find)
    return shown


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "is_available", lambda: False)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_without_recognition_a_picture_is_refused_by_name(kind: str, missing: None) -> None:
    with pytest.raises(NoTextLayerError) as caught:
        read("a", picture(kind))
    assert "make ocr" in caught.value.hint


def test_without_recognition_scanned_pages_are_told_or_counted(missing: None) -> None:
    with pytest.raises(NoTextLayerError, match="only pictures") as caught:
        read("a.pdf", sample("picture_only.pdf").data)
    assert "make ocr" in caught.value.hint
    mixed = pdf([pdf_lines([(72, 700, "A page of text")]), SQUARE, ""])
    assert [(item.what, item.count) for item in read("a.pdf", mixed).dropped] == [("pages without text", 1)]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_text_of_a_picture_is_in_reading_order_at_its_place(kind: str, recogniser: list[np.ndarray]) -> None:
    document = read("a", picture(kind))
    assert document.text == "第一行\n\nsecond line"
    assert document.blocks[0].box == (40, 160, 200, 180)
    assert document.media_type.startswith("image/")
    assert recogniser[0].shape == (200, 400, 3)


def test_each_page_of_a_tiff_is_a_page_and_large_ones_are_scaled_down(recogniser: list[np.ndarray]) -> None:
    document = read("a.tiff", picture("TIFF", (6000, 300), pages=2))
    assert [page.number for page in document.pages] == [1, 2]
    assert all(max(image.shape) <= ocr.MAX_SIDE_PX for image in recogniser)


def test_only_pages_without_text_that_show_something_are_recognised(recogniser: list[np.ndarray]) -> None:
    document = read("a.pdf", pdf([pdf_lines([(72, 700, "A page of text")]), SQUARE, ""]))
    assert document.text == "A page of text\n\n第一行\n\nsecond line"
    assert len(recogniser) == 1
    box = document.blocks[1].box
    assert box is not None
    assert box == pytest.approx((61.2, 633.6, 306, 712.8), abs=1)
    assert document.dropped == ()


def test_recognised_lines_of_one_font_have_one_size(recogniser: list[np.ndarray]) -> None:
    assert all(block.kind is BlockKind.PARAGRAPH for block in read("a.png", picture("PNG")).blocks)


def test_broken_and_giant_pictures_end_as_a_reason(recogniser: list[np.ndarray]) -> None:
    for kind in ("PNG", "JPEG", "TIFF"):
        data = picture(kind)
        try:
            read("a", data[: len(data) // 2])
        except IngestionError as error:
            assert error.code in {"corrupt_file", "unsupported_format"}
    with pytest.raises(CorruptFileError):
        read("a.png", b"\x89PNG\r\n\x1a\n" + bytes(range(200)))
    with pytest.raises(LimitExceededError, match="pixels"):
        read("a.png", giant_png())
    with pytest.raises(LimitExceededError, match="pages"):
        read("a.tiff", picture("TIFF", pages=3), ParsingLimits(max_pages=2))


def giant_png() -> bytes:
    """A picture that says it has 40,000 x 40,000 pixels."""
    data = bytearray(picture("PNG"))
    data[16:24] = (40_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.slow
@pytest.mark.skipif(not ocr.is_available(), reason="text recognition is not installed")
def test_the_real_recogniser_reads_a_picture_and_a_scan_in_the_confined_child() -> None:
    image, buffer = Image.new("RGB", (900, 200), "white"), io.BytesIO()
    ImageDraw.Draw(image).text((40, 60), "The invoice number is 48151623", fill="black", font_size=48)
    image.save(buffer, "PNG")
    scan = io.BytesIO()
    image.save(scan, "PDF", resolution=150)
    with ParserProcess() as parser:
        for name, data in (("a.png", buffer.getvalue()), ("a.pdf", scan.getvalue())):
            text = parser.parse(Source(name=name, data=data), ParsingLimits()).text
            assert "48151623" in text
