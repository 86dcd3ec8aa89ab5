"""What a page leaves out is furniture and nothing else, and no limit of a library loses text."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source


def read(page: str) -> Document:
    return parse_source(Source(name="a.html", data=page.encode()), ParsingLimits())


def dropped(document: Document) -> dict[str, int]:
    return {item.what: item.count for item in document.dropped}


@pytest.mark.parametrize("tag", ["div", "b", "ul><li", "table><tr><td", "blockquote", "sup", "custom-tag"])
@pytest.mark.parametrize("depth", [300, 1500])
def test_nesting_loses_nothing(tag: str, depth: int) -> None:
    page = (
        "<p>Start.</p>"
        + f"<{tag}>" * depth
        + "Deep."
        + f"</{tag.rpartition('<')[2]}>" * depth
        + "<p>Last.</p>"
    )
    text = read(f"<html><body>{page}").text
    assert [word for word in ("Start.", "Deep.", "Last.") if word not in text] == []


def test_nesting_beyond_the_parser_loses_elements_and_no_text() -> None:
    page = "<div>" * 9000 + "<p>Deep <script>var x</script>text.</p>" + "</div>" * 9000 + "<p>Last.</p>"
    document = read(f"<html><body>{page}")
    assert document.text.split() == ["Deep", "text.", "Last."]
    assert dropped(document)["elements nested too deep"] > 7000


def test_text_behind_a_huge_attribute_is_kept() -> None:
    picture = "<img alt=map src='data:image/png;base64," + "A" * 11_000_000 + "'>"
    assert read(f"<p>Before.</p>{picture}<p>After.</p>").text == "Before.\n\nmap\n\nAfter."


def test_text_behind_the_end_of_the_page_is_kept() -> None:
    assert read("<html><body><p>a</p></body></html><p>b</p></html>c").text == "a\n\nb\n\nc"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<form id=aspnetForm><h1>Leave</h1><p>28 days.</p></form>", "Leave\n\n28 days."),
        ("<main><p>Start.</p><aside><p>Warning: wait.</p></aside></main>", "Start.\n\nWarning: wait."),
        (
            "<div><h1>Sale</h1><p>The mill.</p></div><article><p>A story of a dog.</p></article><div>Friday.</div>",
            "Sale\n\nThe mill.\n\nA story of a dog.\n\nFriday.",
        ),
        ("<p>a</p><footer>Open Mon-Fri 9-17, call 555-1234</footer>", "a\n\nOpen Mon-Fri 9-17, call 555-1234"),
        ("<p>a</p><div role=banner><h1>Name of it</h1></div>", "a\n\nName of it"),
        ("<h3><button>Delivery</button></h3><button>500 g: 12 EUR</button>", "Delivery\n\n500 g: 12 EUR"),
        ("<button aria-controls=c>Fee</button><div id=c hidden>12 EUR.</div>", "Fee\n\n12 EUR."),
        ("<a href='#t'>Tab</a><div id=t style='display:none'>Panel.</div>", "Tab\n\nPanel."),
        ("<div class='tab-pane' hidden>Panel.</div><p>a</p>", "Panel.\n\na"),
        ("<div aria-hidden=true>Body.</div><p>a <i aria-hidden=true>▼</i></p>", "Body.\n\na"),
        ("<div hidden><p>A script shows this page.</p></div>", "A script shows this page."),
        ("<noscript><p>The bus leaves at 8:00, 9:00.</p></noscript><p>a</p>", "The bus leaves at 8:00, 9:00.\n\na"),
        ("<picture><source srcset=a><img alt=Map></picture><p>a<embed src=x>b<p>c", "Map\n\nab\n\nc"),
        ("<button class=accordion>Delivery</button><div class=panel style='display:none'>Soon.", "Delivery\n\nSoon."),
        ("<button class=tablinks>Mac</button><div class=tabcontent>Brew.", "Mac\n\nBrew."),
        ("<details><summary>Returns</summary>Within 30 days.</details>", "Returns\n\nWithin 30 days."),
    ],
)  # fmt: skip
def test_what_a_reader_finds_on_the_page_is_kept(page: str, text: str) -> None:
    assert read(f"<html><body>{page}</body></html>").text == text


@pytest.mark.parametrize(
    ("page", "what"),
    [
        ("<nav><a href=a>Home</a> <a href=b>News</a></nav>", "navigation and page furniture"),
        ("<aside><a href=a>Related page</a></aside>", "navigation and page furniture"),
        ("<footer>© 2024 us</footer>", "navigation and page furniture"),
        ("<button>Submit</button>", "buttons"),
        ("<noscript>Please enable JavaScript.</noscript>", "demands for scripts"),
        ("<iframe src=x></iframe>", "embedded content"),
    ],
)
def test_furniture_is_left_out_and_counted(page: str, what: str) -> None:
    document = read(f"<html><body>{page}<p>Text of the page itself.</p></body></html>")
    assert document.text == "Text of the page itself."
    assert dropped(document)[what] == 1


def test_lists_of_links_beside_the_main_part_go() -> None:
    main = "<main><p>Main text of it.</p></main><p>Call 555.</p>"
    page = f"<div><a href=1>Other</a></div>{main}<ul><li><a href=2>B</a></ul>"
    assert read(page).text == "Main text of it.\n\nCall 555."
    contact = "<div><a href='tel:555'>555-1234</a></div>Write to <a href=x>us</a> now."
    assert read(f"{contact}{main}").text.startswith("555-1234\n\nWrite to us now.")


def test_the_title_of_a_drawing_is_not_that_of_the_page() -> None:
    assert read("<body><svg><g><title>icon</title></g></svg><p>Text.</p>").title == ""


def test_a_heading_that_is_not_closed_ends_where_the_next_begins() -> None:
    document = read("<h1>Title<h2>Part</h2></h1><p>Text.</p>")
    assert [(block.kind, block.level) for block in document.blocks] == [
        (BlockKind.HEADING, 1),
        (BlockKind.HEADING, 2),
        (BlockKind.PARAGRAPH, 0),
    ]


def test_links_that_are_called_buttons_are_navigation_too() -> None:
    links = "".join(f'<a href="/{name}" role="button">Section {name}</a>' for name in "abcdef")
    page = f'<body><div role="banner">{links}</div><p>The fee is 60 euros.</p></body>'
    assert read(page).text == "The fee is 60 euros."


@pytest.mark.parametrize(
    "says",
    [
        "Brandt Fleet Systems is a maker of vans and lorries in Annaberg.",
        "布兰特车队系统有限公司总部位于安娜贝格，成立于一九七五年四月，主要生产货车。",
    ],
)
def test_a_box_of_links_that_says_something_is_read(says: str) -> None:
    facts = "".join(f"<li>Owner {n}: <a href='/{n}'>Helga Brandt of Annaberg</a></li>" for n in range(9))
    box = f"<aside><a href='/w'>{says}</a><ul>{facts}</ul></aside>"
    article = "<main>" + "<p>Text of the page about its subject, of some length.</p>" * 20 + "</main>"
    assert says in read(f"<body>{article}{box}</body>").text
    assert says in read(f"<body>{box}<p>Text.</p></body>").text
    menu = (
        "<aside>" + "".join(f"<a href='/{n}'>What is new in release {n}?</a> " for n in range(9)) + "</aside>"
    )
    assert "release" not in read(f"<body>{article}{menu}</body>").text
