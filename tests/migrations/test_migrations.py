"""Schema changes on both databases: up, down, up again, many at once, and never past what is known."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from app.db import answers, collections, migrate
from app.db.access import Reader
from app.db.engine import Database
from app.identity import people


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fathom.db'}"
    return request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def database(url):
    opened = Database(url)
    yield opened
    opened.close()


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def test_there_is_one_head():
    assert len(ScriptDirectory.from_config(migrate.alembic_config()).get_heads()) == 1


def test_the_models_equal_the_migrated_schema(database):
    migrate.upgrade(database)
    config = migrate.alembic_config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_up_down_and_up_again(database):
    migrate.upgrade(database)
    full = tables(database)
    migrate.downgrade(database, "base")
    assert tables(database) == {"alembic_version"}
    migrate.upgrade(database)
    assert tables(database) == full


def test_an_answer_stored_before_provenance_is_kept_and_has_none(database):
    migrate.upgrade(database)
    migrate.downgrade(database, "0001")
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO answers (id, question, collection_ids, request, status, answer, model, created_at, "
                "updated_at) VALUES ('ans_1', 'Why?', '[]', '{}', 'done', '{\"text\": \"So.\"}', 'm', "
                "'2026-01-01 00:00:00', '2026-01-01 00:00:00')"
            )
        )
    migrate.upgrade(database)
    with database.read() as session:
        answer = answers.get(session, "ans_1", with_provenance=True)
        assert answer is not None
        assert (answer.answer, answer.provenance) == ({"text": "So."}, None)


def test_vectors_of_before_belong_to_the_encoder_that_made_them(database):
    migrate.upgrade(database)
    migrate.downgrade(database, "0004")
    moment = "'2026-01-01 00:00:00'"
    with database.engine.begin() as connection:
        for statement in (
            f"INSERT INTO blobs (sha256, size_bytes, created_at) VALUES ('a', 1, {moment})",
            "INSERT INTO contents (id, sha256, hint, recipe, text, blocks, pages, dropped, title, media_type, language,"
            " vector_model, chunk_count, page_count, created_at) VALUES (7, 'a', '', 'r', 'So.', '[]', '[]', '[]', '', "
            f"'text/plain', 'en', 'old@1', 1, 0, {moment})",
        ):
            connection.execute(text(statement))
        connection.execute(
            text(
                "INSERT INTO content_chunks (id, content_id, position, start, end_, text, token_count, language, "
                "heading_path, sentences, vector, sentence_vectors) VALUES (3, 7, 0, 0, 3, 'So.', 1, 'en', '[]', "
                "'[[0, 3]]', :vector, NULL)"
            ),
            {"vector": b"\x00\x3c"},
        )
    kept = text("SELECT content_chunk_id, vector_model, vector, sentence_vectors FROM chunk_vectors")
    for _ in range(2):
        migrate.upgrade(database)
        with database.engine.connect() as connection:
            assert [tuple(row) for row in connection.execute(kept)] == [(3, "old@1", b"\x00\x3c", None)]
        migrate.downgrade(database, "0004")
    with database.engine.connect() as connection:
        columns = "SELECT vector_model, vector FROM contents JOIN content_chunks ON content_id = contents.id"
        assert [tuple(row) for row in connection.execute(text(columns))] == [("old@1", b"\x00\x3c")]


def test_coverage_of_what_was_read_before_is_not_known(database):
    migrate.upgrade(database)
    migrate.downgrade(database, "20261130_erasing")
    moment = "'2026-01-01 00:00:00'"
    with database.engine.begin() as connection:
        for statement in (
            f"INSERT INTO blobs (sha256, size_bytes, created_at) VALUES ('a', 1, {moment})",
            "INSERT INTO contents (id, sha256, hint, recipe, text, blocks, pages, dropped, title, media_type, language,"
            " chunk_count, page_count, created_at) VALUES (7, 'a', '', 'r', 'So.', '[]', '[]', '[]', '', "
            f"'text/plain', 'en', 1, 0, {moment})",
        ):
            connection.execute(text(statement))
    for _ in range(2):
        migrate.upgrade(database)
        with database.engine.connect() as connection:
            assert connection.execute(text("SELECT id, coverage FROM contents")).all() == [(7, None)]
        migrate.downgrade(database, "20261130_erasing")


def test_a_second_start_changes_nothing(database):
    migrate.upgrade(database)
    migrate.upgrade(database)
    assert migrate.current_revision(database) == migrate.head_revision()


def test_processes_that_start_together_migrate_once(url):
    def start(_number: int) -> str | None:
        database = Database(url)
        try:
            migrate.upgrade(database)
            return migrate.current_revision(database)
        finally:
            database.close()

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(start, range(6))) == {migrate.head_revision()}


def test_a_database_of_a_newer_program_is_refused_and_left_alone(database):
    migrate.upgrade(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RuntimeError, match="newer Fathom"):
        migrate.upgrade(database)
    assert migrate.current_revision(database) == "9999"


def test_acknowledged_commits_are_flushed_and_foreign_keys_hold(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'fathom.db'}")
    with database.read() as session:
        settings = [
            session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    database.close()
    assert settings == ["wal", 2, 1]


def test_collections_and_answers_of_before_belong_to_the_owner_of_the_first_start(database):
    migrate.upgrade(database)
    migrate.downgrade(database, "20261201_fields")
    moment = "'2026-01-01 00:00:00'"
    with database.engine.begin() as connection:
        for statement in (
            "INSERT INTO collections (id, name, description, settings, index_seq, created_at, updated_at) "
            f"VALUES ('col_1', 'birds', '', '{{}}', 0, {moment}, {moment})",
            "INSERT INTO answers (id, question, collection_ids, request, status, model, created_at, updated_at) "
            f"VALUES ('ans_1', 'Why?', '[\"col_1\", \"col_gone\"]', '{{}}', 'done', 'm', {moment}, {moment})",
        ):
            connection.execute(text(statement))
    migrate.upgrade(database)
    owner = people.first_owner(database)
    other = people.add_user(database, "other", "admin")
    for user_id, seen in ((owner.view.user_id, True), (other.id, False)):
        with database.seen_by(Reader(user_id=user_id, is_admin=True)).read() as session:
            assert (collections.find(session, "birds") is not None) is seen
            assert (answers.get(session, "ans_1") is not None) is seen
    with database.engine.connect() as connection:
        links = connection.execute(text("SELECT answer_id, collection_id FROM answer_collections"))
        assert [tuple(row) for row in links] == [("ans_1", "col_1")]
