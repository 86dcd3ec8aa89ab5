"""The form of certificates: canonical bytes, hash and signature, and that no byte can be changed unseen."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from app.certificates import form, keys
from app.certificates.checking import checks
from app.errors import InvalidInputError, UnavailableError

DOCUMENT = "# 端口\n\nThe server listens on port 8000. 默认端口是 8000。\n"
TEXT = "The server listens on port 8000. 默认端口是 8000。"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
START = DOCUMENT.index("The server")


def statement(**changes) -> form.Statement:
    place = {"document": "doc_1", "start": START, "end": START + len(TEXT), "sha256": form.text_hash(TEXT)}
    at = {"answer_start": 0, "answer_end": len(TEXT)}
    value = {
        "format": "fathom-certificate", "version": 1, "issued_at": "2026-12-01T08:00:00Z",
        "answer": {
            "id": "ans_1", "created_at": "2026-12-01T07:00:00Z", "question": "Which port?",
            "standalone_question": None, "text": TEXT, "answerable": True, "reason": None,
            "runs": [{"kind": "copied", **at, "ranges": [place]}],
            "citations": [{"n": 1, **at, "page": None, "quote": TEXT, **place}],
        },
        "documents": [{
            "id": "doc_1", "name": "ports.md", "title": "端口", "version": 1, "sha256": form.text_hash(DOCUMENT),
            "characters": len(DOCUMENT), "original_sha256": form.text_hash(DOCUMENT), "media_type": "text/markdown",
            "hint": ".md", "recipe": "r",
        }],
        "derivation": {
            "model": "copying@1", "encoder": "hash@1",
            "collections": [{"id": "col_1", "name": "ports", "index_seq": 1}],
            "request": {"k": 8, "temperature": "0.0"}, "parsing": {"keep_hidden": False}, "program": "0.1.0",
        },
        "instance": {"id": "db_1", "public_key": form.public_text(KEY.public_key())},
    }  # fmt: skip
    return form.Statement.model_validate_json(json.dumps(value | changes))


SEALED = form.sealed(statement(), KEY)


def failed(data: bytes, **given) -> list[str]:
    return [one.name for one in checks(data, **given)[1] if one.verdict == "failed"]


def test_a_certificate_holds_as_it_was_written():
    assert failed(SEALED) == []
    assert failed(SEALED, public_key=form.public_text(KEY.public_key())) == []
    assert form.opened(SEALED).answer.text == TEXT


def test_every_altered_byte_is_found():
    for at in range(len(SEALED)):
        for flip in (1, 0x20, 0x80):
            altered = SEALED[:at] + bytes([SEALED[at] ^ flip]) + SEALED[at + 1 :]
            assert failed(altered), (at, flip, altered[max(0, at - 20) : at + 20])


@settings(max_examples=200)
@given(st.integers(0, len(SEALED)), st.binary(max_size=3), st.integers(0, 3))
def test_bytes_put_in_or_taken_out_are_found(at, more, fewer):
    altered = SEALED[:at] + more + SEALED[at + fewer :]
    assert altered == SEALED or failed(altered)


def _paths(value, path=()):
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _paths(value[key], (*path, key))
    yield path


def test_every_altered_field_is_found_though_the_form_is_kept():
    value = json.loads(SEALED)
    seen = 0
    for path in _paths(value):
        if not path:
            continue
        for other in ("x", 7, None, True, [], {}):
            copy = json.loads(SEALED)
            holder = copy
            for key in path[:-1]:
                holder = holder[key]
            if holder[path[-1]] == other and type(holder[path[-1]]) is type(other):
                continue
            holder[path[-1]] = other
            assert failed(form.canonical(copy) + b"\n"), (path, other)
            seen += 1
    assert seen > 250


def test_another_key_can_seal_a_changed_certificate_and_is_seen_by_its_own_name():
    other = Ed25519PrivateKey.generate()
    forged = form.sealed(
        statement(instance={"id": "db_1", "public_key": form.public_text(other.public_key())}), other
    )
    assert failed(forged) == []
    assert failed(forged, public_key=form.public_text(KEY.public_key())) == ["key"]
    with pytest.raises(ValueError, match="another key"):
        form.sealed(statement(), other)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"answer_start": 1}, "citations"),
        ({"quote": TEXT[:-1]}, "citations"),
        ({"start": START + 1}, "citations"),
        ({"document": "doc_2"}, "citations"),
        ({"sha256": "0" * 64}, "citations"),
        ({"start": 10**6, "end": 10**6 + len(TEXT)}, "citations"),
    ],
)
def test_a_sealed_citation_that_copies_nothing_is_found(change, check):
    answer = json.loads(SEALED)["answer"]
    answer["citations"][0] |= change
    assert failed(form.sealed(statement(answer=answer), KEY)) == [check]


def test_sealed_runs_that_do_not_make_up_the_answer_are_found():
    for change in ({"answer_end": 5}, {"answer_start": 1}, {"kind": "written", "answer_end": 3}):
        answer = json.loads(SEALED)["answer"]
        answer["runs"][0] |= change
        assert failed(form.sealed(statement(answer=answer), KEY)) == ["ranges"]
    answer = json.loads(SEALED)["answer"]
    answer["runs"][0]["ranges"][0]["sha256"] = "0" * 64
    assert failed(form.sealed(statement(answer=answer), KEY)) == ["ranges"]


def test_originals_are_compared(tmp_path):
    def read(data, _document):
        return data.decode()

    folder = tmp_path / "originals" / "deep"
    folder.mkdir(parents=True)
    given = {"originals": tmp_path / "originals", "read_text": read}
    verdicts = [one.verdict for one in checks(SEALED, **given)[1]]
    assert verdicts[-1] == "not checked"
    (folder / "any name.txt").write_text(DOCUMENT)
    assert [one.verdict for one in checks(SEALED, **given)[1]][-1] == "ok"
    assert failed(SEALED, originals=folder, read_text=lambda *_: DOCUMENT.replace("8000", "9000")) == [
        "original of ports.md"
    ]
    (folder / "any name.txt").unlink()
    (folder / "ports.md").write_text(DOCUMENT + "more")
    assert failed(SEALED, **given) == ["original of ports.md"]


@pytest.mark.parametrize(
    "data", [b"", b"{}\n", b"[]\n", b"\xff", b"null\n", b'{"format":1.5}\n', b"[" * 100_000]
)
def test_other_bytes_are_no_certificate(data):
    assert failed(data) == ["form"]


def test_a_signature_has_one_form_only():
    value = json.loads(SEALED)
    sign = value["signature"]
    twisted = sign[:-3] + chr(ord(sign[-3]) + 1) + "=="
    assert base64.b64decode(twisted) == base64.b64decode(sign)
    assert failed(form.canonical(value | {"signature": twisted}) + b"\n") == ["signature"]


def test_a_key_is_made_once_and_kept_to_its_owner(tmp_path):
    first, again = keys.instance_key(tmp_path), keys.instance_key(tmp_path)
    assert first.private_bytes_raw() == again.private_bytes_raw()
    (file,) = tmp_path.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == (keys.KEY_FILE, 0o600)
    pem = keys.public_pem(first.public_key()).encode()
    assert form.public_text(keys.read_public(pem)) == form.public_text(first.public_key())
    with pytest.raises(InvalidInputError, match="no public key"):
        keys.read_public(b"nothing")
    file.write_bytes(b"damaged")
    with pytest.raises(UnavailableError, match="can't be read"):
        keys.instance_key(tmp_path)
