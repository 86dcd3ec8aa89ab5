"""ZIP archives and mails give the files inside; bombs, quines, locked and damaged members end with a reason."""

import io
import stat
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.config import ParsingLimits
from ingestion.errors import (
    CorruptFileError,
    EmptyDocumentError,
    EncryptedError,
    IngestionError,
    LimitExceededError,
    PartlyUnpackedError,
)
from ingestion.parser_process import ParserProcess
from ingestion.parsers import parse_source
from ingestion.types import Document, Source
from tests.ingestion.hostile import docx, locked, paragraph, zipped
from tests.ingestion.samples import sample


class Kept(dict[str, bytes]):
    def __call__(self, name: str, data: bytes) -> None:
        assert name not in self
        self[name] = data


def read(data: bytes, limits: ParsingLimits | None = None, name: str = "a.zip") -> tuple[Document, Kept]:
    kept = Kept()
    return parse_source(Source(name=name, data=data), limits or ParsingLimits(), kept), kept


def mail(**files: bytes) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Files"
    message.set_content("See the files.")
    for name, data in files.items():
        message.add_attachment(
            data, maintype="application", subtype="octet-stream", filename=name.replace("_", ".")
        )
    return bytes(message)


def test_every_file_is_handed_on_and_listed() -> None:
    files = {"a.txt": b"one", "sub/b.docx": docx(paragraph("two")), "empty.txt": b""}
    document, kept = read(zipped(files))
    assert kept == files
    assert document.text == "- a.txt\n- sub/b.docx\n- empty.txt"
    assert document.media_type == "application/zip"


def test_archives_and_mails_inside_are_opened_under_their_path() -> None:
    message = mail(y_txt=b"y", z_zip=zipped({"deep.txt": b"d"}))
    _, kept = read(zipped({"in/inner.zip": zipped({"x.txt": b"x"}), "m.eml": message}))
    assert list(kept) == ["in/inner.zip/x.txt", "m.eml", "m.eml/y.txt", "m.eml/z.zip/deep.txt"]


def test_too_deep_an_archive_is_named_and_the_others_are_handed_on() -> None:
    data = zipped({"deep.txt": b"d"})
    for _ in range(3):
        data = zipped({"n.zip": data, "t.txt": b"t"})
    with pytest.raises(PartlyUnpackedError, match=r"1 of 4 .*n.zip/n.zip/n.zip .more than 3"):
        read(data)


def test_what_a_system_left_behind_and_links_are_counted() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("a.txt", ".hidden", "__MACOSX/._a.txt", "d/.git/config", "Thumbs.db"):
            archive.writestr(name, "text")
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    document, kept = read(buffer.getvalue())
    assert list(kept) == ["a.txt"]
    assert {(item.what, item.count) for item in document.dropped} == {("hidden files", 4), ("links", 1)}


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/absolute.txt", "absolute.txt"),
        ("..\\..\\win.ini", "win.ini"),
        ("a/./b//c.txt", "a/b/c.txt"),
        ("line\nbreak\x7f.txt", "linebreak.txt"),
        ("...", "..."),
    ],
)
def test_names_lead_nowhere(name: str, clean: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if clean.startswith("."):
        with pytest.raises(EmptyDocumentError):
            read(zipped({name: b"x"}))
    else:
        assert list(read(zipped({name: b"x"}))[1]) == [clean]
    assert list(tmp_path.iterdir()) == []


def test_equal_names_get_numbers() -> None:
    buffer = io.BytesIO()
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("d/a.txt", "one")
        archive.writestr("d/a.txt", "two")
    assert read(buffer.getvalue())[1] == {"d/a.txt": b"one", "d/a (2).txt": b"two"}


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_names_in_the_encoding_of_old_programs_are_read(encoding: str) -> None:
    raw = "会议纪要的时间.txt".encode(encoding)
    data = zipped({"x" * len(raw): b"text"}).replace(b"x" * len(raw), raw)
    assert list(read(data)[1]) == ["会议纪要的时间.txt"]


def test_locked_and_damaged_members_are_named_and_the_others_are_handed_on() -> None:
    files = {"good.txt": b"good" * 30, "bad.txt": bytes(range(200)), "locked.txt": b"secret"}
    data = bytearray(locked(zipped(files), "locked.txt"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        place = archive.getinfo("bad.txt").header_offset + 60
    data[place : place + 20] = bytes(20)
    kept = Kept()
    with pytest.raises(PartlyUnpackedError) as caught:
        parse_source(Source(name="a.zip", data=bytes(data)), ParsingLimits(), kept)
    assert list(kept) == ["good.txt"]
    assert caught.value.message == (
        "2 of 3 files in the archive could not be unpacked: "
        "bad.txt (damaged), locked.txt (protected by a password)."
    )


def test_an_archive_that_is_locked_cut_off_or_empty_is_told() -> None:
    data = zipped({"a.txt": b"secret"})
    with pytest.raises(EncryptedError):
        read(locked(data, "a.txt"))
    with pytest.raises(EmptyDocumentError, match="no file"):
        read(zipped({}))
    for share in (0.2, 0.6, 0.9):
        with pytest.raises(CorruptFileError):
            read(data[: int(share * len(data))])


def test_bombs_are_refused_flat_nested_and_lying() -> None:
    flat = zipped({"a.txt": bytes(20_000_000)})
    with pytest.raises(LimitExceededError) as caught:
        read(flat)
    assert "bomb" in caught.value.hint
    with pytest.raises(LimitExceededError):
        read(zipped({"in.zip": flat}))
    part = zipped({f"{n}.bin": bytes(900_000) for n in range(10)})
    nested = zipped({f"{n}.zip": part for n in range(10)})
    with pytest.raises(LimitExceededError, match="unpacks to more"):
        read(nested, ParsingLimits(max_unpacked_bytes=30_000_000))
    with pytest.raises(LimitExceededError, match="parts"):
        read(nested, ParsingLimits(max_parts=50))
    with pytest.raises(PartlyUnpackedError, match="larger than 1 MiB"):
        read(zipped({"big.bin": bytes(1 << 21), "a.txt": b"a"}), ParsingLimits(max_bytes=1 << 20))


def test_a_mail_nested_too_deep_fails_alone() -> None:
    deep = b"From: a@b.c\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    )
    _, kept = read(zipped({"deep.eml": deep, "good.txt": b"good"}))
    assert set(kept) == {"deep.eml", "good.txt"}
    with pytest.raises(CorruptFileError, match="too deep"):
        read(deep, name="deep.eml")


def test_the_child_hands_files_on_and_the_next_file_is_read() -> None:
    files = {"two_columns.pdf": sample("two_columns.pdf").data, "a.txt": b"one"}
    with ParserProcess() as parser:
        kept = Kept()
        document = parser.parse(Source(name="a.zip", data=zipped(files)), ParsingLimits(), kept)
        assert kept == files
        assert parser.parse(Source(name="a.zip", data=zipped(files)), ParsingLimits()) == document
        with pytest.raises(LimitExceededError):
            parser.parse(Source(name="b.zip", data=zipped({"a": bytes(9_000_000)})), ParsingLimits(), Kept())
        assert parser.parse(Source(name="a.txt", data=b"next"), ParsingLimits(), Kept()).text == "next"


def test_attachments_are_handed_on_or_counted_and_pictures_of_the_layout_are_not() -> None:
    message = EmailMessage()
    message["Subject"] = "S"
    message.set_content("Body")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", disposition="inline", cid="<logo>")
    message.add_attachment(b"text", maintype="text", subtype="plain", filename="../报告.txt")
    message.add_attachment(b"\x00", maintype="application", subtype="octet-stream")
    message.add_attachment(
        locked(zipped({"a": b"a"}), "a"), maintype="application", subtype="zip", filename="l.zip"
    )
    document, kept = read(bytes(message), name="m.eml")
    assert kept["报告.txt"] == b"text"
    assert len(kept) == 2
    assert {(item.what, item.count) for item in document.dropped} == {
        ("pictures", 1),
        ("attached files that could not be unpacked", 1),
    }


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_archives_end_as_a_reason_or_with_files(data: st.DataObject) -> None:
    damaged = bytearray(zipped({"a.txt": b"one" * 20, "d/b.md": b"# two", "c.zip": zipped({"x": b"y"})}))
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(4, len(damaged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        document, kept = read(bytes(damaged))
    except IngestionError as error:
        assert error.code in {
            "corrupt_file", "partly_unpacked", "encrypted", "empty_document", "limit_exceeded",
        }  # fmt: skip
        return
    assert document.text.count("\n") + 1 == len(kept)
    assert all(not name.startswith("/") and ".." not in name.split("/") for name in kept)
