"""Encoded data and minified code are left out and counted; all that a reader can read stays."""

import base64
import binascii
import random
import time

import pytest

from ingestion.config import ChunkingConfig, ParsingLimits
from ingestion.errors import EmptyDocumentError
from ingestion.gibberish import ENCODED_DATA, without_gibberish
from ingestion.parsers import parse_source
from ingestion.pipeline import ingest
from ingestion.types import Source
from tests.ingestion.samples import COUNT_TOKENS, BigramEncoder

RANDOM = random.Random(7)
BYTES = RANDOM.randbytes(20_000)
ENCODED = base64.b64encode(BYTES).decode()
ENGLISH = b"The pump of the new series holds five bar and needs a new seal every two years. " * 20


def lines(text: str, width: int) -> str:
    return "\n".join(text[i : i + width] for i in range(0, len(text), width))


def dump(data: bytes) -> str:
    return "\n".join(
        f"{i:08x}  {data[i : i + 16].hex(' ')}  |{'.' * len(data[i : i + 16])}|"
        for i in range(0, len(data), 16)
    )


@pytest.mark.parametrize(
    "data",
    [
        ENCODED,
        lines(ENCODED, 76),
        lines(ENCODED, 64).replace("\n", " "),
        base64.b64encode(ENGLISH).decode(),
        base64.b64encode(bytes(range(256)) * 20).decode(),
        base64.b64encode(bytes(3000) + BYTES[:3000]).decode(),
        base64.urlsafe_b64encode(BYTES[:3000]).decode(),
        base64.b32encode(BYTES[:3000]).decode(),
        f"data:image/png;base64,{ENCODED}",
        BYTES[:5000].hex(),
        lines(BYTES[:5000].hex(), 64),
        *(lines(base64.b64encode(BYTES[:1000]).decode(), width) for width in (20, 32, 40, 48)),
        lines(base64.b64encode(BYTES[:1000]).decode(), 40).replace("\n", "\n  # "),
        lines(base64.b64encode(BYTES[:1000]).decode(), 48).replace("\n", '"\n    "'),
        lines(BYTES[:2011].hex(), 40),
        lines(BYTES[:2000].hex(), 32),
        lines(base64.b32encode(BYTES[:1001]).decode(), 40),
        "".join(binascii.b2a_uu(BYTES[i : i + 45]).decode() for i in range(0, 1000, 45)),
        "begin 644 a.bin\n"
        + "".join(binascii.b2a_uu(BYTES[i : i + 45], backtick=True).decode() for i in range(0, 1000, 45))
        + "`\nend",
        base64.a85encode(BYTES[:1000], wrapcol=72, adobe=True).decode(),
        dump(BYTES[:1024]),
        dump(ENGLISH[:1024]),
        ", ".join(f"0x{byte:02x}" for byte in BYTES[:1000]),
        "!function(e,t){var n=t.a,r=function(i){return i&&i.b?n(i):e[i]};for(var o=0;o<n.length;o++){e=r}}(this);"
        * 9,
        lines(ENCODED, 76).replace("\n", "\n> "),
        lines(ENCODED, 76).replace("\n", "\n// "),
        lines(ENCODED, 76).replace("\n", "\n * "),
        '!function(e,t){"object"==typeof exports?module.exports=t(e):e.x=t(e)}(this,function(e){var t=e.a,n=t.b,r=t.c,'
        "i=function(e,t){return e(t)},o=i(n,r),a=i(t,n),u=i(r,t),s=i(n,o);return o&&(a=u(s)),s});" * 9,
        ".a{color:#fff;margin:0 auto}.b>li{display:block;padding:2px;background:url(x.png)}" * 9,
    ],
)
def test_encoded_data_and_minified_code_are_left_out(data: str) -> None:
    text, left_out = without_gibberish(f"Before it.\n{data}\nAfter it.")
    assert text.startswith("Before it.\n")
    assert text.endswith("\nAfter it.")
    assert len(text) < 60
    assert left_out > 0.95 * len(data)


def test_a_key_is_left_out_and_its_frame_tells_what_was_there() -> None:
    key = lines(base64.b64encode(BYTES[:120]).decode(), 64)
    text, left_out = without_gibberish(f"-----BEGIN EC PRIVATE KEY-----\n{key}\n-----END EC PRIVATE KEY-----")
    assert text.split() == [
        "-----BEGIN",
        "EC",
        "PRIVATE",
        "KEY-----",
        "…",
        "-----END",
        "EC",
        "PRIVATE",
        "KEY-----",
    ]
    assert left_out >= 160


@pytest.mark.parametrize(
    "text",
    [
        "数据引擎保存数据并且通过网络读取文件" * 100,
        "ภาษาไทยเป็นภาษาที่มีระดับเสียง" * 30,
        lines("".join(RANDOM.choice("ACGT") for _ in range(3000)), 70),
        "".join(RANDOM.choice("ACDEFGHIKLMNPQRSTVWY") for _ in range(900)),
        f"The checksum is {BYTES[:32].hex()} and the commit {BYTES[:20].hex()} repaired it. " * 9,
        f"The key is sk-{base64.urlsafe_b64encode(BYTES[:48]).decode()} in all examples of the manual. " * 9,
        "\n".join(f"{RANDOM.randbytes(32).hex()}  file{i}.tar.gz" for i in range(60)),
        "\n".join(RANDOM.randbytes(32).hex() for _ in range(20)),
        "\n".join(RANDOM.randbytes(20).hex() for _ in range(30)),
        "\n".join(base64.urlsafe_b64encode(RANDOM.randbytes(24)).decode() for _ in range(20)),  # keys
        "\n".join(f"Item{i:04d}-{'ABCDEFGHIJ'[i % 10] * 11}" for i in range(90)),
        "\n".join(f"MEETING OF COMMITTEE NO {i:02d} IN THE GREAT HALL OF THE TOWN HOUSE" for i in range(20)),
        "\n".join(RANDOM.randbytes(6).hex(":") for _ in range(60)),
        "/".join(f"Project{i}Folder" for i in range(60)),
        "https://example.com/find?" + "&".join(f"field_{i}=Value{i}" for i in range(40)),
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 4,
        "getHttpResponseCodeFromServer" * 20,
        "".join(RANDOM.choice("0123456789") for _ in range(3000)),
        ",".join(str(RANDOM.randint(0, 999)) for _ in range(2000)),
        "INSERT INTO t VALUES " + ",".join(f"({i},'Anna','Riga')" for i in range(200)) + ";",
        r"$\frac{a_{1}}{b_{2}}=\sum_{i=0}^{n}x_{i}$" * 20,
        "\n".join("2023 12 34 56 78" for _ in range(40)),
        "\n".join(f"Chapter {i} {'.' * 80} {i}" for i in range(40)),
        "-" * 3000,
        'HEADER = "-----BEGIN CERTIFICATE-----"\nFOOTER = "-----END CERTIFICATE-----"\n' * 6,
        '{"ua":"Mozilla/5.0(X11;Linux;x86_64)","url":"https://x.y/z?a=1;b=2","n":{"a":1}},' * 9,
    ],
)
def test_what_can_be_read_stays(text: str) -> None:
    assert without_gibberish(text) == (text, 0)


def test_a_long_address_is_cut_at_its_bound() -> None:
    text, left_out = without_gibberish("See https://example.com/" + "long-path/" * 300 + " for it.")
    assert 1_000 < len(text) < 1_100
    assert text.endswith("… for it.")
    assert left_out > 1_900


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.csv", "a.json", "a.eml", "a.yaml"])
def test_every_text_format_passes_the_guard(name: str) -> None:
    data = {
        "a.html": f"<html><body><p>Before.</p><p>{ENCODED}</p><p>The code is 9917.</p></body></html>",
        "a.csv": f"name,data\nBefore,{ENCODED}\nThe code is 9917,x\n",
        "a.json": f'[{{"a": "Before", "b": "{ENCODED}"}}, {{"a": "The code is 9917."}}]',
        "a.eml": f"From: a@b.c\nSubject: x\n\nBefore.\n\n{lines(ENCODED, 76)}\n\nThe code is 9917.\n",
    }.get(name, f"Before.\n\n{lines(ENCODED, 76)}\n\nThe code is 9917.\n")
    document = parse_source(Source(name=name, data=data.encode()), ParsingLimits())
    assert "9917" in document.text
    assert len(document.text) < 200
    assert next(item.count for item in document.dropped if item.what == ENCODED_DATA) > 26_000


@pytest.mark.parametrize("data", [ENCODED, lines(ENCODED, 76), BYTES[:13_500].hex()])
def test_27_kb_of_encoded_data_take_less_than_a_second(data: str) -> None:
    source = Source(name="a.txt", data=f"The seal is old.\n\n{data}\n\nThe code is 9917.".encode())
    began = time.process_time()
    _, chunks = ingest(
        source,
        encode=BigramEncoder(),
        count_tokens=COUNT_TOKENS,
        chunking=ChunkingConfig(),
        limits=ParsingLimits(),
    )
    assert time.process_time() - began < 1
    assert [chunk.text for chunk in chunks] == ["The seal is old.\n\n…\n\nThe code is 9917."]


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_a_file_of_nothing_else_is_told(name: str) -> None:
    with pytest.raises(EmptyDocumentError, match="only encoded data"):
        parse_source(Source(name=name, data=ENCODED.encode()), ParsingLimits())


@pytest.mark.parametrize(
    "word", ["deadbeefcafe123 ", "aB3/", "0x", "-----BEGIN A-----", "begin 644 f\n", "data:a;"]
)
def test_what_only_begins_like_data_takes_no_long_time(word: str) -> None:
    began = time.process_time()
    without_gibberish(word * 20_000 + "\nend")
    assert time.process_time() - began < 2
