"""Reads a multipart upload as a stream: files go to the store piece by piece, limits hold while they do.

Nothing is recorded here. If the request ends badly, files that were complete stay in the store without a
row, and are swept later.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from app.api.json_body import read_json
from app.errors import InvalidInputError, TooLargeError, UnsupportedBodyError
from app.intake.record import Upload
from app.library.documents import check_name
from app.settings.groups import LimitSettings
from app.storage import BlobStore, BlobWriter

STALLED_S = 60.0
"""Longest pause between two pieces of a body: an upload holds one of a few places."""
MAX_FIELD_BYTES = 64 * 1024
FIELDS = ("metadata", "external_id")


@dataclass(slots=True)
class _Part:
    headers: dict[str, bytes] = field(default_factory=dict)
    header_name: bytes = b""
    header_value: bytes = b""
    name: str = ""
    filename: str | None = None
    media_type: str | None = None
    value: bytearray = field(default_factory=bytearray)
    writer: BlobWriter | None = None


async def read_uploads(
    request: Request, store: BlobStore, limits: LimitSettings, *, external_id: str | None = None
) -> list[Upload]:
    """Store the files of a multipart request.

    Args:
        request: The request.
        store: Where the files go.
        limits: What they may measure.
        external_id: The caller's own id where the address names it; the form then holds one file.

    Returns:
        The files, which now lie in the store, with the form's metadata.

    Raises:
        UnsupportedBodyError: The body is not multipart.
        InvalidInputError: The form is malformed, or holds no file.
        TooLargeError: A file is too large, or there are too many.
    """
    return (await _read(request, store, limits, FIELDS)).uploads(external_id)


async def read_file(
    request: Request, store: BlobStore, limits: LimitSettings, fields: Sequence[str]
) -> tuple[Upload, dict[str, str]]:
    """Store the one file of a multipart request.

    Args:
        request: The request.
        store: Where the file goes.
        limits: What it may measure.
        fields: Names of the other fields that the form may hold.

    Returns:
        The file, which now lies in the store, and the other fields.

    Raises:
        UnsupportedBodyError: The body is not multipart.
        InvalidInputError: The form is malformed, or does not hold one file.
        TooLargeError: The file is too large.
    """
    form = await _read(request, store, limits, fields)
    uploads = form.uploads(None)
    if len(uploads) > 1:
        raise InvalidInputError("many_files", "The form holds several files.", "Send them one by one.")
    return uploads[0], form.fields


async def _read(request: Request, store: BlobStore, limits: LimitSettings, fields: Sequence[str]) -> "_Form":
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if media_type != b"multipart/form-data" or not boundary:
        raise UnsupportedBodyError(
            "not_multipart",
            "Files are sent as multipart/form-data.",
            "Use curl -F files=@FILE, or the form upload of your client.",
        )
    with ExitStack() as open_files:
        try:
            form = _Form(store, limits, open_files, boundary, fields)
            async for piece in _body(request):
                await run_in_threadpool(form.feed, piece)
            await run_in_threadpool(form.finish)
        except FormParserError as error:
            raise InvalidInputError(
                "bad_multipart", f"The form can't be read: {error}.", "Check how your client builds the form."
            ) from error
    return form


def digest_of(uploads: list[Upload]) -> str:
    """Hash over the uploaded files; the boundaries of the form do not change it."""
    parts = [
        [u.name, u.blob.sha256, u.media_type, u.external_id, u.metadata and dict(u.metadata)] for u in uploads
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


async def _body(request: Request) -> AsyncIterator[bytes]:
    pieces = request.stream()
    try:
        while True:
            async with asyncio.timeout(STALLED_S):
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece
    except TimeoutError as error:
        raise InvalidInputError(
            "upload_stalled", f"Nothing of the upload has come for {STALLED_S:g} seconds.", "Send it again."
        ) from error
    except ClientDisconnect as error:
        raise InvalidInputError(
            "upload_cut_off", "The upload ended before it was complete.", "Send it again."
        ) from error


class _Form:
    """Callbacks of the parser; all are called in one thread at a time."""

    def __init__(
        self,
        store: BlobStore,
        limits: LimitSettings,
        open_files: ExitStack,
        boundary: bytes,
        known: Sequence[str],
    ) -> None:
        self._known = known
        self._store = store
        self._limits = limits
        self._open_files = open_files
        self._part = _Part()
        self.fields: dict[str, str] = {}
        self._files: list[Upload] = []
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._finish,
            },
        )

    def feed(self, piece: bytes) -> None:
        """Parse some bytes of the body."""
        self._parser.write(piece)

    def finish(self) -> None:
        """Check that the form is complete.

        Raises:
            InvalidInputError: It is not.
        """
        self._parser.finalize()
        if not self._ended:
            raise InvalidInputError(
                "upload_cut_off", "The form ends before its last boundary.", "Send the upload again."
            )

    def uploads(self, external_id: str | None) -> list[Upload]:
        """The files with the metadata of the form.

        Args:
            external_id: From the address, where it names one.

        Raises:
            InvalidInputError: There is no file, or the other fields do not fit.
        """
        if not self._files:
            raise InvalidInputError(
                "no_files", "The form holds no file.", "Name the field `files`, once for each file."
            )
        external_ids = {external_id, self.fields.get("external_id") or None} - {None}
        if external_ids and (len(self._files) > 1 or len(external_ids) > 1):
            raise InvalidInputError(
                "bad_external_id", "An external_id belongs to one file.", "Send the files one by one."
            )
        known = next(iter(external_ids), None)
        if known is not None and (len(known) > 255 or not known.isprintable()):
            raise InvalidInputError(
                "bad_external_id",
                f"An external_id can't be {known[:80]!r}.",
                "Use 1 to 255 printable characters.",
            )
        metadata = _metadata(self.fields.get("metadata"))
        return [
            Upload(
                name=file.name,
                blob=file.blob,
                media_type=file.media_type,
                external_id=known,
                metadata=metadata,
            )
            for file in self._files
        ]

    def _begin(self) -> None:
        self._part = _Part()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._part.header_name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.header_value += data[start:end]

    def _header_end(self) -> None:
        part = self._part
        part.headers[part.header_name.decode("latin-1").lower()] = part.header_value
        part.header_name = part.header_value = b""

    def _headers_finished(self) -> None:
        part = self._part
        _, options = parse_options_header(part.headers.get("content-disposition", b""))
        part.name = _text(options.get(b"name", b""))
        filename = options.get(b"filename")
        if filename is None:
            return
        part.filename = _text(filename)
        declared = _text(part.headers.get("content-type", b"")).partition(";")[0].strip().lower()
        part.media_type = declared[:255] if declared and declared.isprintable() else None
        check_name(part.filename, self._limits.max_name_chars)
        if len(self._files) >= self._limits.max_files_per_request:
            raise TooLargeError(
                "too_many_files",
                f"The request holds more than {self._limits.max_files_per_request} files.",
                "Send them in several requests.",
            )
        part.writer = self._open_files.enter_context(self._store.writer())

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.writer is None:
            part.value += data[start:end]
            if len(part.value) > MAX_FIELD_BYTES:
                raise TooLargeError(
                    "field_too_large",
                    f"The field {part.name[:80]!r} is larger than {MAX_FIELD_BYTES:,} bytes.",
                    "Send files with a file name, and shorter metadata.",
                )
            return
        part.writer.write(data[start:end])
        if part.writer.size_bytes > self._limits.max_upload_bytes:
            raise TooLargeError(
                "file_too_large",
                f"The file {part.filename!r} is larger than {self._limits.max_upload_bytes:,} bytes.",
                "Split the file, or raise FATHOM_LIMITS__MAX_UPLOAD_BYTES. Nothing of this request was kept.",
            )

    def _end(self) -> None:
        part = self._part
        if part.writer is not None and part.filename is not None:
            blob = part.writer.commit()
            self._files.append(Upload(name=part.filename, blob=blob, media_type=part.media_type))
        elif part.name in self._known:
            self.fields[part.name] = _text(bytes(part.value))
        else:
            raise InvalidInputError(
                "unknown_field",
                f"The form field {part.name[:80]!r} is not known.",
                f"Beside files there may be {', '.join(f'`{name}`' for name in self._known)}.",
            )

    def _finish(self) -> None:
        self._ended = True


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _metadata(raw: str | None) -> dict[str, Any] | None:
    if raw is None or not raw.strip():
        return None
    try:
        value = read_json(raw)
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise InvalidInputError(
            "bad_metadata",
            "The field `metadata` is not a JSON object.",
            'Send something like {"team": "docs"}.',
        )
    return value
