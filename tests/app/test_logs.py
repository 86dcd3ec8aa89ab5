"""No text of a document stands in a log line, whatever fails: each operation is made to fail with planted text."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import IntegrityError

from app.db.engine import Database
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.main import create_app
from app.observability import configure_logging
from app.worker import Worker
from tests.app.copying_generator import AttributingGenerator
from tests.app.doubles import CountingEmbedder

PLANTED = "Quuxbergen"
TITLE = "Brasskeyhall"
SPOILT = "INSERT INTO alembic_version (version_num) VALUES (NULL)"  # takes no values
TEXT = f"# {TITLE}\n\nThe vault of {PLANTED} opens with seventeen brass keys.\n".encode()
QUESTION = f"Which keys open the vault of {PLANTED}?"


class Spoilt(AttributingGenerator):
    """Claims to have copied what the passage does not say."""

    def stream(self, request):
        for made in super().stream(request):
            yield replace(made, text=made.text.upper())


class Broken(AttributingGenerator):
    """Breaks with the passage in its hands."""

    def stream(self, request):
        yield from ()
        raise RuntimeError(f"could not go on after {len(request.passages)} passages")


@pytest.fixture
def generator(request):
    return getattr(request, "param", AttributingGenerator)()


@pytest.fixture
def lines(settings) -> Iterator[Callable[[], str]]:
    """All that was logged, in both forms."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    streams = []
    handlers = []
    for form in ("text", "json"):
        configure_logging(settings.model_copy(update={"log_format": form, "log_level": "debug"}))
        handler = root.handlers[0]
        handler.setStream(io.StringIO())
        streams.append(handler.stream)
        handlers.append(handler)
    root.handlers[:] = handlers
    yield lambda: "".join(stream.getvalue() for stream in streams)
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture
def filled(runtime, work):
    """Ids of a collection and its document."""
    collection = collections.create(runtime.db, name="vaults").row.id
    taken = record_uploads(runtime, collection, [Upload(name="secret.md", blob=runtime.blobs.put(TEXT))])
    work()
    return collection, taken[0].view.document.id


@contextmanager
def failing(engine: Engine, beginning: str) -> Iterator[None]:
    """Statements with these words fail meanwhile, with the values that they were given in their hands."""

    def spoil(_connection, _cursor, statement, parameters, *_):
        return (SPOILT if beginning in statement else statement), parameters

    event.listen(engine, "before_cursor_execute", spoil, retval=True)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", spoil)


OPERATIONS = {
    "upload": ("INSERT INTO documents", lambda api, _: _upload(api, "new.md")),
    "upload a version": ("INSERT INTO document_versions", lambda api, _: _upload(api, "secret.md")),
    "ask": ("UPDATE answers", lambda api, _: _ask(api)),
    "ask, the question": ("INSERT INTO answers", lambda api, _: _ask(api)),
    "ask, the links": ("INSERT INTO answer_sources", lambda api, _: _ask(api)),
    "ask, the passages": ("FROM chunks", lambda api, _: _ask(api)),
    "ask with a key": ("UPDATE idempotency_keys", lambda api, _: _ask(api, key="k")),
    "search": ("FROM chunks", lambda api, _: _search(api)),
    "rate": ("UPDATE answers", lambda api, ids: _rate(api, ids)),
    "read an answer": ("FROM answers", lambda api, ids: api.get(f"/v1/answers/{ids[2]}")),
    "provenance": ("FROM answers", lambda api, ids: api.get(f"/v1/answers/{ids[2]}/provenance")),
    "content": ("FROM document_versions", lambda api, ids: api.get(f"/v1/documents/{ids[1]}/content")),
    "passages": ("FROM chunks", lambda api, ids: api.get(f"/v1/documents/{ids[1]}/chunks")),
    "metadata": ("UPDATE documents", lambda api, ids: _metadata(api, ids)),
    "erase": ("UPDATE answers", lambda api, ids: api.delete(f"/v1/documents/{ids[1]}?erase=true")),
    "erase, the note": ("INSERT INTO erasures", lambda api, ids: api.delete(f"/v1/documents/{ids[1]}?erase=true")),
    "delete": ("INSERT INTO frozen_documents", lambda api, ids: api.delete(f"/v1/documents/{ids[1]}")),
    "delete a collection": ("DELETE FROM collections", lambda api, ids: api.delete(f"/v1/collections/{ids[0]}")),
    "delete an answer": ("DELETE FROM answers", lambda api, ids: api.delete(f"/v1/answers/{ids[2]}")),
    "describe a collection": ("INSERT INTO collections", lambda api, _: _create(api)),
}  # fmt: skip


def _upload(api, name):
    text = TEXT + f"\nAnd {PLANTED} again.\n".encode()
    form = {"metadata": json.dumps({"town": PLANTED})}
    return api.post("/v1/collections/vaults/documents", files=[("files", (name, text))], data=form)


def _ask(api, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    return api.post("/v1/answers", json={"collections": ["vaults"], "question": QUESTION}, headers=headers)


def _search(api):
    return api.post("/v1/search", json={"collections": ["vaults"], "query": QUESTION})


def _create(api):
    return api.post("/v1/collections", json={"name": "x", "description": PLANTED})


def _rate(api, ids):
    return api.post(f"/v1/answers/{ids[2]}/feedback", json={"rating": 1, "comment": f"{PLANTED}, right."})


def _metadata(api, ids):
    return api.patch(f"/v1/documents/{ids[1]}", json={"metadata": {"town": PLANTED}})


def clean(logged: str) -> None:
    assert SPOILT in logged, "the failure is logged, so that there is something to look at"
    _says_nothing(logged)


def _says_nothing(logged: str) -> None:
    for word in (PLANTED, TITLE, "brass keys", PLANTED.upper(), "BRASS KEYS"):
        assert word not in logged, [line for line in logged.splitlines() if word in line][:3]


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_database_error_of_an_operation_logs_no_text(settings, parts, runtime, filled, lines, name):
    beginning, operation = OPERATIONS[name]
    with TestClient(create_app(settings, parts), raise_server_exceptions=False) as api:
        answer = _ask(api).json()
        with failing(api.app.state.runtime.db.engine, beginning):
            reply = operation(api, (*filled, answer["id"]))
    assert reply.status_code == 500, reply.text
    clean(lines())
    _says_nothing(reply.text)


@pytest.mark.parametrize(
    "beginning",
    [
        "INSERT INTO contents",
        "INSERT INTO content_chunks",
        "INSERT INTO chunk_vectors",
        "INSERT INTO chunks",
        "serving=?",
        "INSERT INTO index_changes",
    ],
)
@pytest.mark.parametrize("version", ["first", "second"])
def test_a_database_error_of_the_worker_logs_no_text(runtime, lines, work, beginning, version):
    collection = collections.create(runtime.db, name="vaults").row.id

    def upload(data):
        record_uploads(runtime, collection, [Upload(name="secret.md", blob=runtime.blobs.put(data))])

    if version == "second":
        upload(TEXT)
        work()
    upload(TEXT + b"\nMore.\n")
    with failing(runtime.db.engine, beginning):
        Worker(runtime).run_one()
    clean(lines())
    view = documents.page(runtime.db, collection, None, None, 5).items[0]
    _says_nothing(json.dumps(view.newest.error or {}))


@pytest.mark.parametrize("generator", [Spoilt, Broken], indirect=True)
def test_a_failing_generator_logs_and_tells_no_text(settings, parts, filled, lines):
    with TestClient(create_app(settings, parts), raise_server_exceptions=False) as api:
        reply = _ask(api)
        stored = api.get("/v1/answers/" + _last_answer(api)).json()
    assert reply.status_code == 500
    assert "answer failed" in lines()
    _says_nothing(lines())
    _says_nothing(reply.text)
    _says_nothing(json.dumps(stored | {"question": ""}))


def _last_answer(api):
    with api.app.state.runtime.db.read() as session:
        return session.execute(text("SELECT id FROM answers ORDER BY created_at DESC")).scalar()


def test_a_parser_that_fails_logs_no_text(runtime, work, lines):
    collection = collections.create(runtime.db, name="vaults").row.id
    hostile = {
        "a.json": b'{"town": "Quuxbergen", "keys": [',
        "b.csv": b"town\xff\xfe,\x00Quuxbergen\n" * 3,
        "c.docx": b"PK\x03\x04Quuxbergen",
        "d.pdf": b"%PDF-1.7\nQuuxbergen",
        "e.eml": b"Subject: Quuxbergen\nContent-Type: multipart/mixed; boundary=x\n\n--x\nQuuxbergen",
        "f.xlsx": b"PK\x03\x04Quuxbergen",
        "g.html": b"<table><tr><td>Quuxbergen" * 50,
    }
    uploads = [Upload(name=name, blob=runtime.blobs.put(data)) for name, data in hostile.items()]
    record_uploads(runtime, collection, uploads)
    assert work() >= len(hostile)
    assert "job ended" in lines()
    _says_nothing(lines())


def test_an_encoder_that_fails_logs_no_text(settings, parts, lines):
    class Failed(CountingEmbedder):
        def sentence_states(self, text, spans):
            raise RuntimeError("the device is gone")

    from app.composition.runtime import build_runtime

    runtime = build_runtime(settings, replace(parts, embedder=lambda _: Failed()))
    collection = collections.create(runtime.db, name="vaults").row.id
    record_uploads(runtime, collection, [Upload(name="secret.md", blob=runtime.blobs.put(TEXT))])
    Worker(runtime).run_pending()
    runtime.close()
    assert "the device is gone" in lines()
    _says_nothing(lines())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'fathom.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")
    opened = Database(url)
    yield opened
    opened.close()


@pytest.mark.parametrize("fault", ["twice", "nothing", "too long", "no number"])
def test_no_error_of_a_database_tells_a_value(database, fault):
    """PostgreSQL adds the row that did not fit to what it says."""
    statements = {
        "twice": "INSERT INTO things VALUES (1, :said, 'x')",
        "nothing": "INSERT INTO things VALUES (2, :said, NULL)",
        "too long": "INSERT INTO things VALUES (3, :said, :said)",
        "no number": "INSERT INTO things VALUES (:said, 'a', 'x')",
    }
    with database.write() as session:
        session.execute(
            text(
                "CREATE TABLE things (id INTEGER PRIMARY KEY, said TEXT UNIQUE, "
                "y VARCHAR(5) NOT NULL CHECK (length(y) < 6))"
            )
        )
        session.execute(text("INSERT INTO things VALUES (0, :said, 'x')"), {"said": PLANTED})
    with pytest.raises(Exception) as raised, database.write() as session:
        session.execute(text(statements[fault]), {"said": PLANTED})
    error: BaseException | None = raised.value
    if fault == "twice":
        assert isinstance(error, IntegrityError), "its class still tells what it is"
    while error is not None:
        assert PLANTED not in str(error), error
        error = error.__cause__


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("redacting", [True, False])
def test_personal_data_is_unreadable_in_log_lines_where_the_settings_say_so(settings, form, redacting):
    safety = settings.safety.model_copy(update={"redact": ("logs",) if redacting else ()})
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        configure_logging(settings.model_copy(update={"log_format": form, "safety": safety}))
        root.handlers[0].setStream(stream := io.StringIO())
        logging.getLogger("app.tests").error(
            "card 4111 1111 1111 1111",
            exc_info=RuntimeError("no letter for anna@example.org"),
            extra={"caller": "+44 20 7946 0958", "ms": 12345678901},
        )
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    line = stream.getvalue()
    assert ("anna@" in line, "1111" in line, "7946" in line) == (not redacting,) * 3
    assert "12345678901" in line


def test_lines_of_the_worker_carry_the_id_of_the_request_that_brought_the_document(api, runtime, work, lines):
    collection = api.post("/v1/collections", json={"name": "vaults"}).json()["id"]
    files = {"files": ("secret.md", TEXT)}
    given = {"X-Request-ID": "upload-of-today"}
    api.post(f"/v1/collections/{collection}/documents", files=files, headers=given)
    work()
    ended = [json.loads(line) for line in lines().splitlines() if '"job ended"' in line]
    assert [line["request_id"] for line in ended] == ["upload-of-today"]
