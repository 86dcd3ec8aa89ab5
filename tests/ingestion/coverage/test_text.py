"""Visible words of text formats and mails."""

from ingestion.sniff import CSV, EML, JSON, MARKDOWN, TEXT
from tests.ingestion.coverage.measured import coverage_of, words_lost


def test_all_of_a_text_file_counts() -> None:
    assert words_lost(TEXT, "第一条 code 9917".encode("gb18030"), "第一条 code") == {"9917"}


def test_a_table_counts_without_the_line_of_its_separator() -> None:
    assert words_lost(CSV, b"sep=;\r\nName;Room\r\nIvana;204\r\n", "") == {"Name", "Room", "Ivana", "204"}


def test_values_of_json_count_and_names_do_not() -> None:
    data = rb'{"data": [{"id": "EMP", "note": "red \"gate\" \u4f1a", "n": 2001, "x": 0.5, "ok": true}]}'
    assert coverage_of(JSON, data, "EMP red gate 会 2001").share == 1.0
    assert words_lost(JSON, data, "EMP gate") == {"2001", "red", "会"}


def test_marks_of_markdown_do_not_count() -> None:
    page = (
        "---\ntitle: no\n---\n# Setup {#no}\n\n[link](http://no.example/no_(no) 'no') ![no](no.png) [x][no]\n\n"
        "<!-- no -->\n\n```python\ncode\n```\n\n[no]: http://no.example\n\nimport No from './no.js'\n"
        "\n<No kind='no'>in</No>\n"
    )
    assert coverage_of(MARKDOWN, page.encode(), "Setup link x code in").lost == ()
    assert words_lost(MARKDOWN, page.encode(), "link in") == {"Setup", "code", "x"}


def test_words_in_angle_brackets_are_text() -> None:
    page = "Run with <api-token> and Map<String, List<Item>>; the <new> series<br>next"
    lost = words_lost(MARKDOWN, page.encode(), "Run with and Map List the series next")
    assert lost == {"api", "token", "String", "Item", "new"}
    assert coverage_of(MARKDOWN, page.encode(), page.replace("<br>", " ")).share == 1.0


ALTERNATIVES = """Subject: Offer
Content-Type: multipart/mixed; boundary=M

--M
Content-Type: multipart/alternative; boundary=A

--A
Content-Type: text/plain; charset=utf-8

The price is 20 EUR for the pump. Plain only.
--A
Content-Type: text/html; charset=utf-8

<p>The price is 20 EUR for the <b>pump</b>. Rich.</p>
--A--
--M
Content-Type: text/plain
Content-Disposition: attachment; filename=a.txt

attached
--M--
"""


def test_a_mail_counts_what_all_its_views_show() -> None:
    assert words_lost(EML, ALTERNATIVES.encode(), "The price is 20 EUR for the") == {"pump"}


def test_an_empty_view_of_a_mail_has_no_say() -> None:
    mail = ALTERNATIVES.replace(
        "<p>The price is 20 EUR for the <b>pump</b>. Rich.</p>", "<html><body></body></html>"
    )
    assert words_lost(EML, mail.encode(), "The price is 20 EUR for the. only") == {"pump", "Plain"}
