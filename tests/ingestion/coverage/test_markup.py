"""Visible words of HTML without a tree."""

from functools import partial

import pytest

from ingestion.config import ParsingLimits
from ingestion.coverage.markup import visible_text, xml
from ingestion.sniff import HTML, XML
from tests.ingestion.coverage.measured import words_lost
from tests.ingestion.test_linear_time import assert_linear


def words(page: str) -> list[str]:
    return visible_text(page).split()


def test_text_after_a_form_an_aside_or_deep_nesting_is_visible() -> None:
    page = (
        "<form><p>one</p></form><aside>two</aside>" + "<div>" * 5000 + "three" + "</div>" * 5000 + "<p>four"
    )
    assert words(page) == ["one", "two", "three", "four"]
    assert words_lost(HTML, page.encode(), "one three") == {"two", "four"}


def test_what_a_page_does_not_show_is_not_visible() -> None:
    page = (
        "<head><title>t</title></head><style>a{}</style><script>if (a < b) x = '<p>no</p>'</script><!-- <p>no -->"
        "<nav><div><nav>no</nav></div>no</nav><p>yes</p><footer>no</footer><div hidden>no</div><div hidden='x'>no"
        '</div><span style="display: none">no</span><section aria-hidden="true">no</section><del>no</del>'
        "<div role=navigation>no</div><button>no</button><template>no</template>"
    )
    assert words(page) == ["yes"]


def test_an_element_that_is_never_closed_hides_nothing() -> None:
    assert words("<p>one</p><nav><p>two</p><div hidden><p>three") == ["one", "two", "three"]


def test_inline_elements_do_not_cut_words() -> None:
    page = "un<b>believ</b>able<br>line <ruby>龟<rt>jūn</rt>裂</ruby> 10<sup>6</sup>"
    assert words(page) == ["unbelievable", "line", "龟裂", "10", "6"]


def test_attributes_hold_no_text_however_long() -> None:
    page = (
        f"<p>one</p><img alt='a > b' src='data:image/png;base64,{'A' * 2_000_000}'><p title=\"x > y\">two</p>"
    )
    assert words(page) == ["one", "two"]


def test_an_empty_title_swallows_nothing() -> None:
    assert words("<head><title/></head><body><p>one</p></body>") == ["one"]


def test_entities_and_angle_brackets_of_text_are_text() -> None:
    assert words("a &lt; b &amp; c <d 3 < 4") == ["a", "<", "b", "&", "c", "<d", "3", "<", "4"]


@pytest.mark.parametrize(
    "item",
    [
        "<title>Gate</title>&lt;p&gt;code &lt;b&gt;4711&lt;/b&gt;&lt;/p&gt;",
        "<![CDATA[<p>Gate</p>code <b>4711</b>]]>",
    ],
)
def test_pages_inside_xml_count_by_what_they_show(item: str) -> None:
    feed = f"<?xml version='1.0'?><!-- no --><rss><item>{item}</item><button>3 &lt; 4</button></rss>"
    assert words_lost(XML, feed.encode(), "code 4711 3 4") == {"Gate"}


@pytest.mark.parametrize("piece", ["<a>&lt;b/", '<a "', "<a '\"", "<![CDATA[", "<!--", "&lt;a/"])
def test_time_grows_with_the_file(piece: str) -> None:
    assert_linear(4000, lambda n: partial(xml, f"<r>{piece * n}".encode(), ParsingLimits()))


@pytest.mark.parametrize("piece", ["<nav></nav>", '<a "', "<x%d hidden>"])
def test_time_grows_with_the_page(piece: str) -> None:
    assert_linear(
        4000, lambda n: partial(visible_text, "".join(piece.replace("%d", str(i)) for i in range(n)))
    )


def test_a_menu_of_languages_is_navigation() -> None:
    assert words(
        '<p>yes <a href="/b">link</a></p><li><a lang="de" hreflang="de" href="/de">Deutsch</a></li>'
    ) == [
        "yes",
        "link",
    ]
