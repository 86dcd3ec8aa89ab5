"""PDF: text that the page doesn't show is left out and counted; text laid over a scan is read."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import NoTextLayerError
from ingestion.parsers import parse_source
from ingestion.types import Document, Source
from tests.ingestion.parsers.pdf.built import built, stream, text

SHOWN = text(60, 700, "What the page shows")
LAYERS = "/OCProperties << /OCGs [110 0 R 111 0 R] /D << /OFF [110 0 R] >> >>"
LAYER_NAMES = "/Properties << /Off 110 0 R /On 111 0 R >>"


def read(content: str, **more) -> Document:
    return parse_source(Source(name="a.pdf", data=built([content], **more)), ParsingLimits())


@pytest.mark.parametrize(
    "hidden",
    [
        f"1 g {text(60, 600, 'secret')} 0 g",
        f"3 Tr {text(60, 600, 'secret')} 0 Tr",
        f"q /Clear gs {text(60, 600, 'secret')} Q",
        text(60, 900, "secret"),
        text(-300, 600, "secret"),
        text(60, 600, "secret", 0.2),
        f"/OC /Off BDC {text(60, 600, 'secret')} EMC",
        f"0.9 g 50 590 300 30 re f 1 g 50 590 300 30 re f {text(60, 600, 'secret')} 0 g",
    ],
)
def test_text_that_is_not_seen_is_left_out(hidden: str) -> None:
    document = read(
        f"{SHOWN} {hidden}",
        catalog=LAYERS,
        more={110: "<< /Type /OCG /Name (Off) >>", 111: "<< /Type /OCG /Name (On) >>"},
        resources=f"/ExtGState << /Clear << /ca 0 >> >> {LAYER_NAMES}",
    )
    assert document.text == "What the page shows"
    assert [(item.what, item.count) for item in document.dropped] == [("hidden lines", 1)]


@pytest.mark.parametrize(
    "shown",
    [
        f"0 g 50 590 300 30 re f 1 g {text(60, 600, 'no secret')} 0 g",
        f"/OC /On BDC {text(60, 600, 'no secret')} EMC",
        f"0.95 g {text(60, 600, 'no secret')} 0 g",
    ],
)
def test_text_that_is_seen_stays(shown: str) -> None:
    document = read(
        f"{SHOWN} {shown}",
        catalog=LAYERS,
        more={110: "<< /Type /OCG /Name (Off) >>", 111: "<< /Type /OCG /Name (On) >>"},
        resources=LAYER_NAMES,
    )
    assert "no secret" in document.text
    assert document.dropped == ()


def test_text_laid_over_a_scan_is_read() -> None:
    pixels = "".join("00ff"[2 * (n % 2) :][:2] for n in range(40 * 40))
    scan = stream(
        pixels + ">",
        "/Type /XObject /Subtype /Image /Width 40 /Height 40 /BitsPerComponent 8 /ColorSpace /DeviceGray "
        "/Filter /ASCIIHexDecode",
    )
    page = f"q 595 0 0 842 0 0 cm /Scan Do Q 3 Tr {text(60, 700, 'Recognised words')}"
    assert read(page, more={110: scan}, resources="/XObject << /Scan 110 0 R >>").text == "Recognised words"


def test_text_in_the_visible_part_of_a_page_alone_is_read() -> None:
    document = read(f"{text(60, 820, 'Printer marks')} {SHOWN}", page="/CropBox [0 0 595 800]")
    assert document.text == "What the page shows"


def test_a_page_of_hidden_text_alone_has_no_text() -> None:
    with pytest.raises(NoTextLayerError):
        read(f"3 Tr {text(60, 600, 'secret')}")
