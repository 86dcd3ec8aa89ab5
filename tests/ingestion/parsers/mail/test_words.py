"""Headers, names of files and bodies in the encodings that programs declare, and in those that they really use."""

import base64
from email.message import Message

import pytest

from ingestion.parsers.mail.words import body_text, codec_of, file_name, header_text


def word(text: bytes, charset: str = "gb2312") -> str:
    return f"=?{charset}?B?{base64.b64encode(text).decode()}?="


def test_a_declared_encoding_is_read_as_its_superset() -> None:
    assert header_text(word("朱镕基与张喆".encode("gbk"))) == "朱镕基与张喆"
    assert header_text(word("“price” – 5 €".encode("cp1252"), "iso-8859-1")) == "“price” – 5 €"
    assert header_text(word("①会議".encode("cp932"), "Shift_JIS")) == "①会議"


def test_a_character_parted_between_two_words_is_whole_again() -> None:
    raw = "会议通知".encode()
    assert header_text(f"{word(raw[:4], 'utf-8')}\r\n {word(raw[4:], 'UTF-8')} (2)") == "会议通知 (2)"
    gbk = "会议通知".encode("gbk")
    assert header_text(f"Re: {word(gbk[:3])} {word(gbk[3:])}") == "Re: 会议通知"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_Ulm?=", "Grüße aus Ulm"),
        ("=?utf-8*de?q?Gr=C3=BC=C3=9Fe?= Anna", "Grüße Anna"),
        ('"=?utf-8?B?5byg5LiJ?=" <z@example.org>', '"张三" <z@example.org>'),
        ("=?utf-8?B?5byg5LiJ?==?utf-8?B?5byg5LiJ?=", "张三张三"),
        ("=?utf-8?B?5byg5LiJ5?=", "张三"),
        ("=?nonsense?B?5byg5LiJ?=", "张三"),
        ("2 =? 3 ?= 4", "2 =? 3 ?= 4"),
    ],
)
def test_words_are_read_as_programs_write_them(header: str, text: str) -> None:
    assert header_text(header) == text


def test_bare_bytes_are_read_beside_encoded_words() -> None:
    bare = "回复：".encode("gb18030").decode("ascii", "surrogateescape")
    assert header_text(f"{bare} {word('通知'.encode('gbk'))}") == "回复： 通知"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename*=utf-8''%E5%90%88%E5%90%8C.pdf", "合同.pdf"),
        ("attachment; filename*=gb2312''%D6%EC%E9F.pdf", "朱镕.pdf"),
        ("attachment; filename*0*=utf-8''%E5%90%88; filename*1*=%E5%90%8C; filename*2=.pdf", "合同.pdf"),
        ('attachment; filename="=?gbk?B?us/NrC5wZGY=?="', "合同.pdf"),
        ('attachment; filename="%E5%90%88%E5%90%8C.pdf"', "合同.pdf"),
        ('attachment; filename="50%25 off.pdf"', "50%25 off.pdf"),
        ('attachment; filename="a;b.pdf"', "a;b.pdf"),
    ],
)
def test_names_of_files(disposition: str, name: str) -> None:
    part = Message()
    part["Content-Disposition"] = disposition
    assert file_name(part.get_param("filename", None, "content-disposition")) == name


def test_bodies_are_read_as_declared_where_their_bytes_tell_little() -> None:
    assert body_text("茅台".encode("gbk"), "gb2312").text == "茅台"
    assert body_text("会議".encode("iso2022_jp"), "ISO-2022-JP").text == "会議"
    assert body_text("会议".encode("hz"), "hz-gb-2312").text == "会议"
    assert body_text("Grüße aus Ulm".encode(), "iso-8859-1").text == "Grüße aus Ulm"
    assert (
        body_text("会议改到周四下午两点，地点是三楼。".encode("gbk"), "us-ascii").text
        == "会议改到周四下午两点，地点是三楼。"
    )


def test_unknown_encodings_have_no_codec() -> None:
    assert [codec_of(name) for name in (None, "", "x-unknown", "us-ascii", "a\x00b")] == [""] * 5
