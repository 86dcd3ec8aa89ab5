"""The content filter of a process: compiled from the lexicons in the database, again after each change of one."""

import threading
from typing import cast

from app.db import lexicons as rows
from app.db.engine import Database
from app.db.lexicons import LexiconState
from app.safety.lexicon_filter import LexiconFilter
from app.safety.personal_data import PersonalData
from app.safety.types import Finders, Level, Lexicon


class ContentFilter:
    """Looks for changes with each question, by one small query; without lexicons nothing is loaded."""

    def __init__(self, database: Database, *, redact_output: bool = False) -> None:
        """Read nothing yet.

        Args:
            database: Where the lexicons are.
            redact_output: Whether personal data is looked for in what is told.
        """
        self._database = database
        self._personal = (PersonalData(),) if redact_output else ()
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

    def finders(self) -> Finders:
        """Finders for the texts of a request that begins now."""
        compiled = self.current()
        lexicons = () if compiled is None else (compiled,)
        return Finders(incoming=lexicons, outgoing=(*lexicons, *self._personal))

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
