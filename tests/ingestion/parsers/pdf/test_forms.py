"""PDF: what was typed, ticked, stamped or noted onto a page stands in its text."""

from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.parsers.pdf.built import built, drawn, stream, text

FORM = "/AcroForm << {} /Fields [{}] /DR << /Font << /F1 3 0 R >> >> /DA (/F1 11 Tf 0 g) >>"
WIDGET = "<< /Type /Annot /Subtype /Widget /F 4 "
LABELS = "\n".join(
    [
        text(60, 700, "Name of the owner:"),
        text(60, 670, "Chassis number:"),
        text(60, 600, "The office keeps this form for ten years."),
    ]
)


def read(data: bytes) -> Document:
    return parse_source(Source(name="a.pdf", data=data), ParsingLimits())


def form(
    fields: dict[int, str], *, settings: str = "", labels: str = LABELS, more: dict[int, str] | None = None
):
    catalog = FORM.format(settings, " ".join(f"{number} 0 R" for number in fields))
    return read(built([labels], {**fields, **(more or {})}, annotations=list(fields), catalog=catalog))


def dropped(document: Document) -> dict[str, int]:
    return {item.what: item.count for item in document.dropped}


def test_values_stand_beside_their_labels_as_the_page_draws_them() -> None:
    document = form(
        {
            100: WIDGET
            + "/FT /Tx /T (owner) /V (Helga Brandt) /Rect [200 695 400 713] /AP << /N 101 0 R >> >>",
            102: WIDGET + "/FT /Tx /T (price) /V (1234) /Rect [200 665 400 683] /AP << /N 103 0 R >> >>",
        },
        more={
            101: drawn("/Tx BMC q BT /F1 11 Tf 2 5 Td (Helga Brandt) Tj ET Q EMC"),
            103: drawn("/Tx BMC q BT /F1 11 Tf 2 5 Td (1,234.00 EUR) Tj ET Q EMC"),
        },
    )
    assert "Name of the owner: | Helga Brandt" in document.text
    assert "Chassis number: | 1,234.00 EUR" in document.text
    # Coverage is counted against what the page shows, drawn values among it.
    assert "1,234.00 EUR" in document.page_texts[0]


def test_values_that_are_not_drawn_are_read_from_their_fields() -> None:
    fields = {
        100: WIDGET + "/FT /Tx /T (owner) /V (Helga Brandt) /Rect [200 695 400 713] >>",
        102: WIDGET + "/FT /Tx /T (chassis) /V (WKX-55871) /Rect [200 665 400 683] /AP << /N 103 0 R >> >>",
    }
    empty = {103: drawn("/Tx BMC q BT ET Q EMC")}
    for settings in ("", "/NeedAppearances true"):
        document = form(fields, settings=settings, more=empty)
        assert "Name of the owner: | Helga Brandt" in document.text
        assert "Chassis number: | WKX-55871" in document.text


def test_a_value_in_chinese_is_read_whatever_the_field_is_drawn_with() -> None:
    value = "<FEFF" + "张伟".encode("utf-16-be").hex() + ">"
    document = form(
        {100: WIDGET + f"/FT /Tx /T (owner) /V {value} /Rect [200 695 400 713] /AP << /N 101 0 R >> >>"},
        more={101: drawn("/Tx BMC q BT /F1 11 Tf 2 5 Td (??) Tj ET Q EMC")},
    )
    assert "Name of the owner: | 张伟" in document.text
    assert "?" not in document.text


def test_ticked_boxes_and_buttons_are_told_from_others() -> None:
    mark = "/AP << /N << /{0} 110 0 R /Off 111 0 R >> >> >>"
    document = form(
        {
            100: WIDGET + "/FT /Btn /T (a) /V /Yes /AS /Yes /Rect [60 695 72 707] " + mark.format("Yes"),
            101: WIDGET + "/FT /Btn /T (b) /V /Off /AS /Off /Rect [60 665 72 677] " + mark.format("Yes"),
            102: WIDGET + "/Parent 120 0 R /AS /Off /Rect [60 635 72 647] " + mark.format("A"),
            103: WIDGET + "/Parent 120 0 R /AS /B /Rect [60 605 72 617] " + mark.format("B"),
            104: WIDGET + "/FT /Btn /Ff 65536 /T (send) /Rect [60 500 120 520] >>",
        },
        labels="\n".join(
            text(78, 697 - 30 * place, words)
            for place, words in enumerate(["Electric drive", "Trailer", "Private use", "Business use"])
        ),
        more={
            110: drawn("q BT /F1 11 Tf 2 5 Td (4) Tj ET Q", 12, 12),
            111: drawn("q Q", 12, 12),
            120: "<< /FT /Btn /Ff 49152 /T (use) /V /B /Kids [102 0 R 103 0 R] >>",
        },
    )
    assert "☑ Electric drive" in document.text
    assert "☐ Trailer" in document.text
    assert "☐ Private use" in document.text
    assert "☑ Business use" in document.text
    assert "4" not in document.text
    assert dropped(document) == {"buttons": 1}


def test_choices_give_the_labels_of_what_is_chosen() -> None:
    document = form(
        {
            100: WIDGET
            + "/FT /Ch /Ff 131072 /T (c) /Opt [[(de) (Germany)] [(fr) (France)]] /V (fr) /Rect [200 695 400 713] >>",
            101: WIDGET
            + "/FT /Ch /Ff 2097152 /T (d) /Opt [(red) (green) (blue)] /V [(red) (blue)] /Rect [200 640 400 690] >>",
        }
    )
    assert "France" in document.text
    assert "Germany" not in document.text
    assert "red, blue" in document.text
    assert "green" not in document.text


def test_letters_in_boxes_are_one_value() -> None:
    document = form(
        {100: WIDGET + "/FT /Tx /Ff 16777216 /MaxLen 8 /T (f) /V (AB123456) /Rect [200 695 400 713] >>"}
    )
    assert "Name of the owner: | AB123456" in document.text


def test_passwords_and_hidden_fields_are_counted() -> None:
    document = form(
        {
            100: WIDGET + "/FT /Tx /Ff 8192 /T (p) /V (geheim) /Rect [200 695 400 713] >>",
            101: "<< /Type /Annot /Subtype /Widget /F 2 /FT /Tx /T (h) /V (internal) /Rect [200 665 400 683] >>",
        }
    )
    assert "geheim" not in document.text
    assert "internal" not in document.text
    assert dropped(document) == {"passwords": 1, "hidden form fields": 1}


def test_values_in_large_type_are_no_headings() -> None:
    document = form(
        {100: WIDGET + "/FT /Tx /T (a) /V (Helga Brandt) /DA (/F1 18 Tf) /Rect [60 620 400 650] >>"}
    )
    assert "Helga Brandt" in document.text
    assert not [block for block in document.blocks if block.kind is BlockKind.HEADING]


def test_lines_of_a_long_value_keep_their_order() -> None:
    document = form(
        {
            100: WIDGET
            + "/FT /Tx /Ff 4096 /T (a) /V (Harbour Road 5\\r2100 Turku) /DA (/F1 9 Tf) /Rect [60 500 400 580] >>"
        }
    )
    assert document.text.index("Harbour Road 5") < document.text.index("2100 Turku")


def test_free_text_stands_at_its_place() -> None:
    notes = {
        100: "<< /Type /Annot /Subtype /FreeText /Contents (Helga Brandt) /DA (/F1 11 Tf) /Rect [200 695 400 713] >>",
        101: "<< /Type /Annot /Subtype /FreeText /Contents (x) /Rect [200 665 400 683] /AP << /N 102 0 R >> >>",
        102: drawn("q BT /F1 11 Tf 2 5 Td (WKX-55871) Tj ET Q"),
    }
    document = read(built([LABELS], notes, annotations=[100, 101]))
    assert "Name of the owner: | Helga Brandt" in document.text
    assert "Chassis number: | WKX-55871" in document.text


def test_comments_stand_apart_at_the_end_of_their_page() -> None:
    rect = "/Rect [400 700 420 720]"
    notes = {
        100: f"<< /Type /Annot /Subtype /Text /T (Kim) /Contents (Ask Nordbank for an offer) {rect} >>",
        101: f"<< /Type /Annot /Subtype /Highlight /Contents (This is too long) {rect} >>",
        102: f"<< /Type /Annot /Subtype /Underline /Contents (keeps this form) {rect} >>",
        103: f"<< /Type /Annot /Subtype /Popup /Parent 100 0 R /Contents (Ask Nordbank for an offer) {rect} >>",
        104: f"<< /Type /Annot /Subtype /Stamp /Name /Draft {rect} >>",
    }
    document = read(built([LABELS, text(60, 700, "and the second page")], notes, annotations=list(notes)))
    quotes = [block for block in document.blocks if block.kind is BlockKind.QUOTE]
    assert [document.text[block.start : block.end] for block in quotes] == [
        "Note (Kim): Ask Nordbank for an offer",
        "Note: This is too long",
    ]
    assert {block.page for block in quotes} == {1}
    assert "\n\nand the second page" in document.text
    assert dropped(document) == {"stamps": 1}


def test_a_stamp_with_words_is_read() -> None:
    notes = {
        100: "<< /Type /Annot /Subtype /Stamp /Rect [60 500 260 518] /AP << /N 101 0 R >> >>",
        101: drawn("q BT /F1 11 Tf 2 5 Td (Received 12 May 2024) Tj ET Q"),
    }
    assert "Received 12 May 2024" in read(built([LABELS], notes, annotations=[100])).text


def test_forms_on_turned_pages() -> None:
    fields = {100: WIDGET + "/FT /Tx /T (owner) /V (Helga Brandt) /MK << /R 90 >> /Rect [82 200 100 400] >>"}
    label = "BT /F1 11 Tf 0 1 -1 0 95 60 Tm (Name of the owner:) Tj ET"
    catalog = FORM.format("", "100 0 R")
    document = read(built([label], fields, annotations=[100], catalog=catalog, page="/Rotate 90"))
    assert "Name of the owner: | Helga Brandt" in document.text


def test_a_form_that_a_page_only_announces_is_counted() -> None:
    xfa = "<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template/></xdp:xdp>"
    document = read(
        built(
            [text(60, 700, "Please wait until the form is shown.")],
            {110: stream(xfa)},
            catalog="/NeedsRendering true /AcroForm << /Fields [] /XFA 110 0 R >>",
        )
    )
    assert dropped(document) == {"XFA forms": 1}


def test_a_value_of_several_lines_stands_beside_its_label() -> None:
    value = "(Roof damaged in the storm.\\rSecond visit in June.)"
    for settings, drawing in (("/NeedAppearances true", ""), ("", "/AP << /N 101 0 R >>")):
        document = form(
            {
                100: WIDGET
                + f"/FT /Tx /Ff 4096 /T (a) /V {value} /DA (/F1 9 Tf) /Rect [200 660 400 720] {drawing} >>"
            },
            settings=settings,
            labels=text(60, 685, "Remarks"),
            more={
                101: drawn(
                    "BT /F1 9 Tf 2 45 Td (Roof damaged in the storm.) Tj 0 -11 Td (Second visit in June.) Tj ET",
                    200,
                    60,
                )
            },
        )
        assert "Remarks | Roof damaged in the storm. Second visit in June." in document.text


def test_what_is_chosen_in_a_list_stands_beside_its_label() -> None:
    document = form(
        {100: WIDGET + "/FT /Ch /T (d) /Opt [(red) (green)] /V (green) /Rect [200 655 400 705] >>"},
        labels=text(60, 693, "Colour"),
    )
    assert "Colour | green" in document.text
