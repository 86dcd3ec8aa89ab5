"""The old Chinese encodings, UTF-16, wrong and mixed encodings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.encodings import decode
from ingestion.errors import UndecodableError
from tests.ingestion.samples import sample

SIMPLIFIED = "为了保护个人信息权益，规范个人信息处理活动，促进个人信息合理利用，根据宪法，制定本法。"
TRADITIONAL = "在歐洲，梵語的學術研究，由德國學者開創。後來發現印歐語系，也要歸功於對梵語的研究。"
JAPANESE = "これは日本語の文章です。文字コードを調べるために使います。"


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (SIMPLIFIED, "gbk", "gb18030"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED + " in English too", "utf-16-le", "utf-16-le"),
        (SIMPLIFIED + " in English too", "utf-16-be", "utf-16-be"),
        (SIMPLIFIED, "utf-32", "utf-32"),
        ("Plain English in UTF-16.", "utf-16-le", "utf-16-le"),
        (JAPANESE, "cp932", "cp932"),
        (JAPANESE, "euc_jp", "euc_jp"),
        ("한국어 문장입니다. 문자 코드를 알아봅니다.", "cp949", "cp949"),
        ("Le café était fermé à l'été, déjà.", "cp1252", "cp1252"),
    ],
)
def test_encodings_are_found(text: str, encoding: str, told: str) -> None:
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.encoding, decoded.replaced) == (text, told, 0)


@pytest.mark.parametrize(
    ("text", "encoding"), [("标题：预算", "gb18030"), ("標題：預算與說明", "big5"), ("价格表", "gb18030")]
)
def test_a_few_words_are_enough(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@given(st.text(alphabet=st.sampled_from(SIMPLIFIED), max_size=60))
def test_simplified_text_comes_back_from_gb18030(text: str) -> None:
    assert decode((SIMPLIFIED + text).encode("gb18030")).text == SIMPLIFIED + text


@given(st.text(alphabet=st.sampled_from(TRADITIONAL), max_size=60))
def test_traditional_text_comes_back_from_big5(text: str) -> None:
    assert decode((TRADITIONAL + text).encode("big5")).text == TRADITIONAL + text


@given(st.text())
def test_any_utf8_comes_back(text: str) -> None:
    if not text.startswith(("\ufeff", "\ufffe", "\x00")) and "\x00" not in text:
        assert decode(text.encode("utf-8")).text == text


def test_a_shift_jis_table_is_read() -> None:
    assert decode(sample("shift_jis.csv").data).text.startswith("名前,年齢,住所")


def test_lines_in_another_encoding_are_read_each_in_its_own() -> None:
    data = (SIMPLIFIED + "\n").encode() * 4 + (SIMPLIFIED + "\n").encode("gb18030") + SIMPLIFIED.encode()
    decoded = decode(data)
    assert decoded.text == "\n".join([SIMPLIFIED] * 6)
    assert decoded.encoding == "utf-8+gb18030"


def test_a_file_cut_inside_a_character_loses_that_character_and_says_so() -> None:
    decoded = decode((SIMPLIFIED * 3).encode()[:-1])
    assert decoded.replaced == 1
    assert decoded.text[:-1] == (SIMPLIFIED * 3)[:-1]


def test_bytes_that_fit_nothing_are_refused() -> None:
    data = SIMPLIFIED.encode() + b"\n" + bytes(range(0x80, 0xC0)) * 3 + b"\xff\xfe\xfd" * 40
    with pytest.raises(UndecodableError) as caught:
        decode(data)
    assert "UTF-8" in caught.value.hint
