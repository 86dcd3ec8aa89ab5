"""Plain text is kept as it is; HTML gives its text in order, without furniture, scripts or fetches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.config import ParsingLimits
from ingestion.errors import EmptyDocumentError, LimitExceededError
from ingestion.parsers import parse_source
from ingestion.types import Document, Source
from tests.ingestion.samples import sample


def read(name: str, data: bytes, limits: ParsingLimits | None = None) -> Document:
    return parse_source(Source(name=name, data=data), limits or ParsingLimits())


@given(st.text(alphabet=st.sampled_from("ab 字。\n\t.-#|<>&*"), min_size=1, max_size=200))
def test_plain_text_is_kept_character_by_character(text: str) -> None:
    if text.strip() and "\n\n\n" not in text.replace(" ", "").replace("\t", ""):
        assert read("a.txt", text.encode()).text == text


@given(st.text(alphabet=st.sampled_from("a字。 \n第一章"), min_size=1, max_size=200))
def test_blocks_of_plain_text_hold_every_visible_character(text: str) -> None:
    if not text.strip():
        return
    document = read("a.txt", text.encode())
    position = 0
    for block in document.blocks:
        assert position <= block.start < block.end
        assert not document.text[position : block.start].strip()
        position = block.end
    assert not document.text[position:].strip()


def test_line_ends_and_control_characters_are_normalised() -> None:
    document = read("a.txt", b"one\r\ntwo\rthree" + b" and more" * 9 + b"\x07")
    assert document.text.startswith("one\ntwo\nthree and")
    assert document.dropped[0].what == "control characters"


def test_chapters_of_a_statute_are_headings() -> None:
    text = "第一章 总则\n第一条 为了保护权益。\n第二章 规则\n第一节 一般规定\n第五条 应当遵循原则。"
    blocks = read("law.txt", text.encode("gb18030")).blocks
    assert blocks[-1].heading_path == ("第二章 规则", "第一节 一般规定")
    assert [block.kind.value for block in blocks] == [
        "heading",
        "paragraph",
        "heading",
        "heading",
        "paragraph",
    ]


def test_a_replaced_character_is_reported() -> None:
    document = read("a.txt", "数据引擎保存文件的数据和元数据。".encode()[:-1])
    assert [(item.what, item.count) for item in document.dropped] == [
        ("characters that could not be read", 1)
    ]


def test_html_gives_text_in_order_with_structure() -> None:
    page = (
        "<html><head><title>The page</title><style>p{}</style></head><body><nav><a href=/>Home</a></nav>"
        "<main><h1>Top</h1><p>One <b>bold</b>\n word.<br>Next.</p><script>alert(1)</script><ul><li>a<ul><li>b</li></ul>"
        "</li></ul><ol start=3><li>c</ol><pre>x\n  y</pre><blockquote><p>said</p></blockquote>"
        "<table><tr><th>Name</th><th>年</th></tr><tr><td>A</td><td>1</td></tr></table>"
        "<table><tr><th>Key</th><td>value</td></tr></table>"
        "<div hidden>secret</div><!-- note --></main><footer>© us</footer></body></html>"
    )
    document = read("a.html", page.encode())
    assert document.text == (
        "Top\n\nOne bold word. Next.\n\n- a\n  - b\n3. c\n\nx\n  y\n\nsaid\n\nName: A | 年：1\n\nKey: value"
    )
    assert document.title == "The page"


def test_declared_and_undeclared_encodings_of_html() -> None:
    body = "<html><body><p>为了保护个人信息权益，制定本法。</p></body></html>"
    assert "个人信息" in read("a.html", body.encode("gb18030")).text
    declared = "<meta charset='iso-8859-2'><body><p>Żółć i gęś</p>"
    assert read("a.html", declared.encode("iso-8859-2")).text == "Żółć i gęś"


def test_a_real_page_keeps_its_article() -> None:
    document = parse_source(sample("blog.html"), ParsingLimits())
    assert "Large language models (LLMs) are powerful tools" in document.text
    assert "function(" not in document.text
    assert document.title


def test_menus_go_and_prose_with_links_stays() -> None:
    links = "".join(f"<li><a href='/{number}'>Page {number}</a></li>" for number in range(30))
    page = f"<body><div class='site-menu'><ul>{links}</ul></div><div class='toc-like'><p>Real text.</p></div></body>"
    assert read("a.html", page.encode()).text == "Real text."


@pytest.mark.parametrize(
    "page", [b"<html></html>", b"<html><script>1</script></html>", b"<html><nav>menu</nav></html>"]
)
def test_a_page_without_text_is_empty(page: bytes) -> None:
    with pytest.raises(EmptyDocumentError):
        read("a.html", page)


@pytest.mark.parametrize(
    "page",
    [
        b"<div>" * 5000 + b"deep",
        b"<table><tr><td>" * 300 + b"deep",
        b"<ul><li>" * 2000 + b"deep",
        b"<b>" * 20000 + b"deep",
        b"<!DOCTYPE html [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><body>deep &x;</body>",
        b"<body>" + b"<a b=" * 5000 + b">deep</a><p>deep",
    ],
)
def test_hostile_pages_end_without_a_crash(page: bytes) -> None:
    try:
        text = read("a.html", page).text
    except EmptyDocumentError:
        return
    assert "root:" not in text


def test_text_over_the_limit_is_refused() -> None:
    limits = ParsingLimits(max_text_chars=1000)
    for name in ("a.txt", "a.md", "a.html"):
        with pytest.raises(LimitExceededError):
            read(name, b"<p>" + b"word " * 500, limits)
