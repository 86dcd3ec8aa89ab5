"""The database server that other tests rely on."""

import pytest
from sqlalchemy import create_engine, text

pytestmark = pytest.mark.postgres


def test_a_test_gets_an_empty_database_that_speaks_utf8(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        tables = connection.execute(
            text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        ).scalar()
        assert tables == 0
        assert connection.execute(text("SHOW server_encoding")).scalar() == "UTF8"
        assert connection.execute(text("SELECT length('劳动合同')")).scalar() == 4
    engine.dispose()
