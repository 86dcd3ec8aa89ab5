"""The content filter of a process: compiled from the lexicons in the database, anew after each change of one."""

import threading
from typing import cast

from app.db import lexicons as rows
from app.db.engine import Database
from app.db.lexicons import LexiconState
from app.safety.lexicon_filter import LexiconFilter
from app.safety.types import Level, Lexicon


class ContentFilter:
    """Looks for changes with each question, by one small query; without lexicons nothing is loaded."""

    def __init__(self, database: Database) -> None:
        """Read nothing yet."""
        self._database = database
        self._lock = threading.Lock()
        self._states: list[LexiconState] = []
        self._compiled: LexiconFilter | None = None

    def current(self) -> LexiconFilter | None:
        """The filter of the lexicons in use now, whichever process changed them; None where there are none."""
        with self._database.read() as session:
            states = rows.states(session)
        if not states:
            return None
        with self._lock:
            if states != self._states or self._compiled is None:
                self._compiled, self._states = self._compile(states), states
            return self._compiled

    def _compile(self, states: list[LexiconState]) -> LexiconFilter:
        with self._database.read() as session:
            lexicons = [
                Lexicon(
                    name=name,
                    level=cast("Level", level),
                    version=version,
                    pinyin=pinyin,
                    words=rows.words(session, key),
                )
                for key, name, level, pinyin, version in states
            ]
        return LexiconFilter(lexicons)
