"""Inline elements become the plain text that a reader sees."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.types import Document, Source


def read(page: str, *, keep_hidden: bool = False) -> Document:
    limits = ParsingLimits(keep_hidden=keep_hidden)
    return parse_source(Source(name="a.html", data=f"<html><body>{page}".encode()), limits)


def dropped(document: Document) -> dict[str, int]:
    return {item.what: item.count for item in document.dropped}


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("10<sup>6</sup> cells, 5 m<sup>2</sup>, 10<sup>-3</sup>", "10^6 cells, 5 m^2, 10^-3"),
        ("x<sup>n+1</sup> and (a+b)<sup>2</sup>", "x^(n+1) and (a+b)^2"),
        ("1<sup>st</sup>, 2<sup>e</sup>, n<sup>o</sup> 5, Acme<sup>®</sup>", "1st, 2e, no 5, Acme®"),
        ("H<sub>2</sub>O, SO<sub>4</sub><sup>2-</sup>, x<sub>i</sub>", "H2O, SO4^2-, x_i"),
        ("word<sup><a href='#n'>1</a></sup> and <sup>[2]</sup>", "word[1] and [2]"),
        ("措施<sup>3</sup>。", "措施[3]。"),
        ("<sup>2<sup>3</sup></sup>" + "<sup>" * 1500 + "deep", "[2^3]deep"),
        ("say <q>no</q> to <abbr title='x'>HTML</abbr>", "say “no” to HTML"),
        ("soft&shy;ware opt<wbr>ional", "software optional"),
        ("a<br>b<img alt='not included' src=n.png>c", "a b not included c"),
    ],
)
def test_raised_lowered_and_quoted_text(page: str, text: str) -> None:
    assert read(f"<p>{page}</p>").text == text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<ruby>龟<rt>jūn</rt>裂<rt>liè</rt></ruby>的皮肤", "龟裂(jūn liè)的皮肤"),
        (
            "<ruby>秋<rp>(</rp><rt>あき</rt><rp>)</rp></ruby><ruby>葉<rt>は</rt></ruby>で",
            "秋葉(あきは)で",
        ),
        ("<ruby>食<rp>(<rt>た<rp>)</ruby>べる。", "食べる(た)。"),
        ("<ruby>東京<rtc><rt>Tokyo</rt></rtc></ruby>", "東京(Tokyo)"),
        ("<ruby>\n  北\n  <rt>běi</rt>\n  京\n  <rt>jīng</rt>\n</ruby>", "北京(běi jīng)"),
    ],
)
def test_readings_stand_beside_their_word(page: str, text: str) -> None:
    assert read(f"<p>{page}</p>").text == text


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<msup><mi>a</mi><mn>2</mn></msup>", "a^2"),
        ("<mi>E</mi><mo>=</mo><mi>m</mi><mo>&#x2062;</mo><msup><mi>c</mi><mn>2</mn></msup>", "E=mc^2"),
        (
            "<mfrac><mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow><mn>2</mn></mfrac>",
            "(a+1)/2",
        ),
        ("<msqrt><mi>x</mi></msqrt><msubsup><mi>y</mi><mn>0</mn><mn>3</mn></msubsup>", "√(x)y_0^3"),
        (
            "<semantics><mi>v</mi><annotation encoding='application/x-tex'>\\vec v</annotation></semantics>",
            "v",
        ),
    ],
)
def test_formulas_are_written_on_one_line(formula: str, text: str) -> None:
    assert read(f"<p><math>{formula}</math></p>").text == text


def test_form_fields_show_their_values() -> None:
    page = (
        "<form>Owner <input value='Helga Brandt'> <input type=checkbox checked> paid <input type=checkbox> open"
        "<select><option>f<option selected>m</select><textarea>By the\nriver</textarea>"
        "<input type=hidden value=token><input type=password value=pw><input type=submit value=Send>"
        "<input type=checkbox role=button></form>"
    )
    document = read(page)
    assert document.text == "Owner Helga Brandt ☑ paid ☐ open m By the river"
    assert dropped(document) == {"options that are not chosen": 1}


def test_hidden_and_struck_text_is_left_out_and_counted_unless_it_is_wanted() -> None:
    page = (
        "<p>Shown to everybody who opens the page, at any time of the day.</p><p style='display: none'>one</p>"
        "<p style='visibility:hidden'>two</p><p hidden>three</p><dialog>four</dialog>"
        "<p>Now <del>5</del><s>6</s><strike>7</strike><b style='text-decoration: line-through'>8</b> 9</p>"
    )
    document = read(page)
    assert document.text.endswith("day.\n\nNow 9")
    assert dropped(document) == {"hidden text": 4, "struck text": 4}
    everything = read(page, keep_hidden=True)
    assert all(word in everything.text for word in ("one", "two", "three", "four", "5678"))
    assert dropped(everything) == {}


def test_words_of_neighbouring_blocks_widgets_and_custom_elements_stay_apart() -> None:
    page = "<b style='display:block'>one</b><b style='display:block'>two</b><x-a>three</x-a><x-b>four</x-b>"
    assert read(page).text == "one\n\ntwo\n\nthree four"
