"""Classes that a page's own style sheets hide."""

import time

import pytest

from ingestion.config import ParsingLimits
from ingestion.coverage import with_coverage
from ingestion.parsers import parse_source
from ingestion.style_sheets import hiding_classes
from ingestion.types import Source


@pytest.mark.parametrize(
    ("sheet", "script", "classes"),
    [
        (".x{display:none}", "", {"x"}),
        ("p.x , .y{ color:red; visibility: hidden }", "", {"x", "y"}),
        ("/* .z{} */ @charset 'utf-8'; .x{display:none !important}", "", {"x"}),
        ("@media screen{.x{display:none}} @supports (display:grid){.y{display:none}}", "", {"x", "y"}),
        (".x{display:none} @media print{.x{display:block}}", "", {"x"}),
        # seen on paper, on wide screens, in a state, later
        ("@media print{.x{display:none}}", "", set()),
        ("@media (max-width: 600px){.x{display:none}}", "", set()),
        (".x{display:none} @media (min-width: 600px){.x{display:block}}", "", set()),
        (".x{display:none} .x.open{display:block}", "", set()),
        (".x{display:none} #t:checked ~ .x{visibility:visible}", "", set()),
        (".x{display:none}", "document.querySelector('.x').style.display = 'block'", set()),
        (".a .x{display:none} #x{display:none} .x:hover{display:none}", "", set()),
        ("@font-face{font-display:none} .x{color:none}", "", set()),
        (".x{display:none", "", set()),
    ],
)
def test_classes_that_no_reader_of_the_page_sees(sheet: str, script: str, classes: set[str]) -> None:
    assert hiding_classes([sheet], [script]) == classes


def read(page: str, *, keep_hidden: bool = False):
    source = Source(name="a.html", data=page.encode())
    limits = ParsingLimits(keep_hidden=keep_hidden)
    return with_coverage(source, parse_source(source, limits), limits)


PAGE = (
    "<html><head><style>.note{display:none} .sr{visibility:hidden}</style></head><body><p>The fee is 60 euros.</p>"
    '<div class="big note">The fee was 40 euros.</div><table><tr><td>Deposit</td><td class="note">12</td><td>90</td>'
    '</tr></table><span class="sr">Old deposit 80.</span><section hidden>Draft text.</section>'
    '<p aria-hidden="true">Boats leave at noon.</p></body></html>'
)


def test_hidden_text_is_left_out_and_counted() -> None:
    document = read(PAGE)
    assert "60 euros" in document.text
    assert "Boats leave at noon." in document.text
    assert not any(text in document.text for text in ("40", "12", "80", "Draft"))
    assert {item.what: item.count for item in document.dropped}["hidden text"] == 4
    assert document.coverage is not None
    assert document.coverage.share == 1


def test_hidden_text_is_kept_on_demand() -> None:
    assert "The fee was 40 euros." in read(PAGE, keep_hidden=True).text


def test_a_style_of_the_element_itself_shows_it() -> None:
    page = '<style>.x{display:none}</style><p>One.</p><p class="x" style="display:block">Two.</p>'
    assert read(page).text == "One.\n\nTwo."


def test_a_panel_that_a_link_opens_is_read() -> None:
    page = '<style>.x{display:none}</style><p><a href="#more">One.</a></p><div class="x" id="more">Two.</div>'
    assert "Two." in read(page).text


@pytest.mark.parametrize("sheet", ["{" * 300_000, ".x{" * 100_000, ".a,.b" * 60_000, ";" * 300_000])
def test_a_damaged_sheet_takes_no_long_time(sheet: str) -> None:
    began = time.process_time()
    hiding_classes([sheet], [])
    assert time.process_time() - began < 2
