"""XML: data as records, running text as blocks, nothing expanded or fetched."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers import parse_source
from ingestion.types import Document, Source

ORDER = '<order id="A-{0}"><city>Riga</city><note>Leave at the &#171;red&#187; <b>gate</b> &amp; ring.</note></order>'
ROW = "order.id: A-{0} | order.city: Riga | order.note: Leave at the «red» gate & ring."
ARTICLE = (
    '<?xml version="1.0"?><article xmlns="urn:x"><title>Pumps</title><section><title>Seals</title><para>Change the'
    " <emphasis>seal</emphasis> yearly.</para><itemizedlist><listitem><para>One</para></listitem></itemizedlist>"
    "<table><title>Sizes</title><tgroup><thead><row><entry>Size</entry><entry>Price</entry></row></thead><tbody><row>"
    "<entry>M4</entry><entry>15</entry></row></tbody></tgroup></table><programlisting>a\n  b</programlisting></section>"
    "</article>"
)


def read(text: str, name: str = "a.xml") -> Document:
    return parse_source(Source(name=name, data=text.encode()), ParsingLimits())


@pytest.mark.parametrize("name", ["a.xml", "a.txt", "a", "a.rss"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("start", ["", '<?xml version="1.0" encoding="UTF-8"?>'])
def test_each_record_is_a_row(name: str, count: int, start: str) -> None:
    text = f"{start}<orders>{''.join(ORDER.format(i) for i in range(count))}</orders>"
    assert read(text, name).text.split("\n\n") == [ROW.format(i) for i in range(count)]


def test_running_text_is_read_in_blocks() -> None:
    document = read(ARTICLE)
    assert document.text.split("\n\n") == [
        "Pumps", "Seals", "Change the seal yearly.", "- One", "Sizes", "Size: M4 | Price: 15", "a\n  b",
    ]  # fmt: skip
    assert document.blocks[2].heading_path == ("Pumps", "Seals")


def test_an_attribute_stands_beside_the_text_of_its_element() -> None:
    assert read('<a><price currency="EUR">5</price><x/></a>').text == "price.currency: EUR | price: 5"


def test_gb18030_is_read_as_declared() -> None:
    data = '<?xml version="1.0" encoding="GB18030"?><a><b>张喆</b></a>'.encode("gb18030")
    assert parse_source(Source(name="a.xml", data=data), ParsingLimits()).text == "b: 张喆"


def test_entities_are_not_expanded() -> None:
    kinds = '<!DOCTYPE a [<!ENTITY e "ha"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    text = f'<?xml version="1.0"?>{kinds}<a><b>x &e; &f; &nbsp;&eacute; y</b></a>'
    assert read(text).text == "b: x &e; &f; é y"


def test_a_bomb_of_entities_is_damage() -> None:
    bomb = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 9))
    document = read(f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "ha">{bomb}]><a><b>x &e8; y</b></a>')
    assert len(document.text) < 100
    assert document.dropped[0].what == "damaged places in the XML"


def test_damage_is_passed_over_and_counted() -> None:
    document = read("<a><b>One</b><c>Two & more</c><d>Three</d></a>")
    assert all(word in document.text for word in ("One", "Two", "Three"))
    assert document.dropped[0].what == "damaged places in the XML"


def test_no_element_is_corrupt_and_depth_ends() -> None:
    with pytest.raises(CorruptFileError):
        read("no element at all")
    assert "x" in read("<a>" * 1500 + "x" + "</a>" * 1500).text
