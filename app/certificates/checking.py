"""The checks of a certificate by its bytes, and by the originals where somebody has them; no server is needed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Literal

from app.certificates import form
from app.certificates.form import Certificate, CertifiedDocument, NotACertificateError

Verdict = Literal["ok", "failed", "not checked"]
ReadText = Callable[[bytes, CertifiedDocument], str]
"""Gives the canonical text of a file's bytes, by the parser hint of its document; raises ValueError where it can't."""
MOST_FILES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check with its verdict; `detail` names the fault, or the reason why nothing was checked."""

    name: str
    verdict: Verdict
    detail: str = ""


def checks(
    data: bytes,
    *,
    public_key: str | None = None,
    originals: Path | None = None,
    read_text: ReadText | None = None,
) -> tuple[Certificate | None, list[Check]]:
    """Check a certificate.

    Args:
        data: Bytes of its file.
        public_key: Key that it must be signed by, as certificates name it; None for any.
        originals: Folder with the files of the documents, at any depth.
        read_text: Reads a file as the installation did; needed for `originals`.

    Returns:
        The certificate, None where the bytes are none; and the checks in order. It holds where none failed.

    Raises:
        OSError: A file of the folder can't be read.
    """
    try:
        certificate = form.opened(data)
    except NotACertificateError as error:
        return None, [Check(name="form", verdict="failed", detail=f"This is no certificate: {error}.")]
    found = [Check(name="form", verdict="ok"), *_seal(certificate, public_key), *_ranges(certificate)]
    if originals is not None and read_text is not None:
        found += _originals(certificate, originals, read_text)
    else:
        found.append(Check(name="originals", verdict="not checked", detail="No originals were given."))
    return certificate, found


def _check(name: str, faults: Iterator[str]) -> Check:
    fault = next(faults, None)
    return Check(name=name, verdict="ok" if fault is None else "failed", detail=fault or "")


def _seal(certificate: Certificate, public_key: str | None) -> Iterator[Check]:
    same = form.hash_of(certificate) == certificate.hash
    yield Check(
        name="hash", verdict="ok" if same else "failed", detail="" if same else "The content was changed."
    )
    signed = form.is_signed(certificate)
    told = "" if signed else "It is not by the key that the certificate names."
    yield Check(name="signature", verdict="ok" if signed else "failed", detail=told)
    if public_key is None:
        hint = "Give the public key of the installation to know that it is this one."
        yield Check(name="key", verdict="not checked", detail=hint)
        return
    ours = certificate.instance.public_key == public_key
    told = "" if ours else "It is signed by the key of another installation."
    yield Check(name="key", verdict="ok" if ours else "failed", detail=told)


def _ranges(certificate: Certificate) -> Iterator[Check]:
    yield _check("citations", _wrong_citations(certificate))
    yield _check("ranges", _wrong_runs(certificate))


def _wrong_citations(certificate: Certificate) -> Iterator[str]:
    text = certificate.answer.text
    documents = {document.id: document for document in certificate.documents}
    for one in certificate.answer.citations:
        named = f"Citation {one.n}"
        if not 0 <= one.answer_start <= one.answer_end <= len(text):
            yield f"{named} lies outside of the answer."
        elif one.quote != text[one.answer_start : one.answer_end]:
            yield f"{named} does not read as the answer."
        if one.end - one.start != len(one.quote):
            yield f"The range of citation {one.n} is not as long as its quote."
        if form.text_hash(one.quote) != one.sha256:
            yield f"The quote of citation {one.n} does not have its hash."
        document = documents.get(one.document)
        if document is None or not 0 <= one.start <= one.end <= document.characters:
            yield f"{named} lies outside of its document."


def _wrong_runs(certificate: Certificate) -> Iterator[str]:
    text, at = certificate.answer.text, 0
    documents = {document.id: document for document in certificate.documents}
    for run in certificate.answer.runs:
        if run.answer_start != at or not run.answer_start <= run.answer_end <= len(text):
            yield "The runs do not follow each other through the answer."
            return
        at = run.answer_end
        for source in run.ranges:
            document = documents.get(source.document)
            if document is None or not 0 <= source.start <= source.end <= document.characters:
                yield "A run comes from a place outside of its document."
        said = text[run.answer_start : run.answer_end]
        if run.kind == "copied" and [source.sha256 for source in run.ranges] != [form.text_hash(said)]:
            yield "A copied run does not have the hash of its source."
    if certificate.answer.runs and at != len(text):
        yield "The runs do not reach the end of the answer."


def _originals(certificate: Certificate, folder: Path, read_text: ReadText) -> Iterator[Check]:
    files = _files(folder)
    names = {path.name for path in files.values()}
    for document in certificate.documents:
        name = f"original of {document.name}"
        path = files.get(document.original_sha256)
        if path is None:
            other = Path(document.name).name in names
            yield Check(
                name=name,
                verdict="failed" if other else "not checked",
                detail="The file of this name has other bytes." if other else "It is not in the folder.",
            )
            continue
        try:
            text = read_text(path.read_bytes(), document)
        except ValueError as error:
            yield Check(name=name, verdict="not checked", detail=f"It can't be read: {error}")
            continue
        yield _check(name, _wrong_text(certificate, document, text))


def _wrong_text(certificate: Certificate, document: CertifiedDocument, text: str) -> Iterator[str]:
    for one in certificate.answer.citations:
        if one.document == document.id and text[one.start : one.end] != one.quote:
            yield f"It does not read as citation {one.n} says."
    for run in certificate.answer.runs:
        for source in run.ranges:
            here = source.document == document.id
            if here and form.text_hash(text[source.start : source.end]) != source.sha256:
                yield f"It does not read at [{source.start}, {source.end}) as the certificate says."
    if len(text) != document.characters or form.text_hash(text) != document.sha256:
        yield "Its text is another: this program reads the file in another way."


def _files(folder: Path) -> Mapping[str, Path]:
    """Files below a folder by the SHA-256 of their bytes."""
    found: dict[str, Path] = {}
    for number, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
        if number >= MOST_FILES:
            break
        with path.open("rb") as file:
            found.setdefault(file_digest(file, "sha256").hexdigest(), path)
    return found
