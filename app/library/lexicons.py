"""Lexicons of the content filter: listed, imported, exported, changed, and tried on a text. Each change is recorded."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy.orm import Session

from app.audit.recording import LOCAL, Entry, append
from app.db import lexicons as rows
from app.db.engine import Database
from app.db.lexicons import LexiconView as LexiconView  # the view is shown by routes
from app.errors import InvalidInputError, LexiconNotFoundError
from app.safety.lexicon_filter import LexiconFilter
from app.safety.patterns import pattern_of
from app.safety.types import LEVELS, Level, Lexicon, Match, hardest, masked

LONGEST_WORD = 200
COMMENT = "#"


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconContent:
    """A lexicon with its words; `checksum` is the SHA-256 of the words, each behind a line feed but the first."""

    view: LexiconView
    words: Sequence[str]
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The filter's effect on a text: the hardest level found (None for nothing), and the text as it would show."""

    level: Level | None
    text: str
    matches: Sequence[Match]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a lexicon; fields that are None stay.

    Attributes:
        add: Words to add.
        remove: Words to remove.
    """

    level: Level | None = None
    enabled: bool | None = None
    pinyin: bool | None = None
    add: Sequence[str] = ()
    remove: Sequence[str] = ()


def listed(database: Database) -> list[LexiconView]:
    """All lexicons, by name."""
    with database.read() as session:
        return rows.views(session)


def content(database: Database, name: str) -> LexiconContent:
    """A lexicon with its words.

    Args:
        database: The database.
        name: Its name.

    Raises:
        LexiconNotFoundError: There is none of that name.
    """
    with database.read() as session:
        view = _view(session, name)
        words = rows.words(session, view.id)
    return LexiconContent(view=view, words=words, checksum=checksum(words))


def put(database: Database, lexicon: Lexicon, *, enabled: bool = True, actor: str = LOCAL) -> LexiconView:
    """Make a lexicon, or replace the one of its name, words and all.

    Args:
        database: The database.
        lexicon: Name, level and words; its version is not looked at.
        enabled: Whether it is used.
        actor: Who does it.

    Raises:
        InvalidInputError: Name or level can't be used, or a word is too long or has no letter.
    """
    _check_name(lexicon.name)
    _check_level(lexicon.level)
    words = checked(lexicon, lexicon.words)
    with database.write() as session:
        key = rows.hold(session, lexicon.name)
        if key is None:
            key = rows.add(session, lexicon.name, lexicon.level, pinyin=lexicon.pinyin, enabled=enabled)
        else:
            rows.change(session, key, level=lexicon.level, pinyin=lexicon.pinyin, enabled=enabled)
            rows.remove_words(session, key)
        rows.add_words(session, key, words)
        return _recorded(session, lexicon.name, actor)


def change(database: Database, name: str, wanted: Change, *, actor: str = LOCAL) -> LexiconView:
    """Change a lexicon.

    Args:
        database: The database.
        name: Its name.
        wanted: What to change.
        actor: Who does it.

    Raises:
        LexiconNotFoundError: There is none of that name.
        InvalidInputError: A word is too long or has no letter.
    """
    if wanted.level is not None:
        _check_level(wanted.level)
    with database.write() as session:
        key = rows.hold(session, name)
        if key is None:
            raise LexiconNotFoundError(name)
        view = _view(session, name)
        lexicon = Lexicon(name=name, level=cast("Level", wanted.level or view.level))
        rows.change(session, key, level=wanted.level, enabled=wanted.enabled, pinyin=wanted.pinyin)
        rows.remove_words(session, key, [word.strip() for word in wanted.remove])
        rows.add_words(session, key, checked(lexicon, wanted.add))
        return _recorded(session, name, actor)


def remove(database: Database, name: str, *, actor: str = LOCAL) -> None:
    """Delete a lexicon.

    Args:
        database: The database.
        name: Its name.
        actor: Who does it.

    Raises:
        LexiconNotFoundError: There is none of that name.
    """
    with database.write() as session:
        key = rows.hold(session, name)
        if key is None:
            raise LexiconNotFoundError(name)
        rows.remove(session, key)
        append(session, [Entry(event="lexicon.deleted", actor=actor, body={"name": name})])


def trial(compiled: LexiconFilter | None, text: str) -> Trial:
    """The effect of the lexicons in use on a text.

    Args:
        compiled: They; None where there are none.
        text: Any text.
    """
    matches = compiled.find(text) if compiled is not None else ()
    return Trial(level=hardest(matches), text=masked(text, matches), matches=matches)


def decoded(content: bytes) -> str:
    """Text of a file in UTF-8, with or without its mark.

    Args:
        content: Bytes of the file.

    Raises:
        InvalidInputError: It is in another encoding.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInputError(
            "lexicon_not_utf8", "The file is not in UTF-8.", "Convert it, as with `iconv -t UTF-8`."
        ) from None


def words_in(text: str) -> list[str]:
    """Words of a file: one a line, without empty lines and lines that begin with "#"; a comma at the end is dropped.

    A file that `content` was written to as JSON gives its words too.

    Args:
        text: The file, decoded.

    Raises:
        InvalidInputError: It is JSON without a list of words.
    """
    if text.lstrip().startswith("{"):
        try:
            words = json.loads(text)["words"]
            if isinstance(words, list) and all(isinstance(word, str) for word in words):
                return words
        except (ValueError, KeyError):
            pass
        raise InvalidInputError(
            "bad_lexicon",
            "The file is JSON, but has no list `words` of texts.",
            "Take a file of one word a line.",
        )
    lines = (line.strip().rstrip(",，").strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(COMMENT)]


def checked(lexicon: Lexicon, words: Iterable[str]) -> list[str]:
    """Words as they are stored: without white space around them, each once.

    Args:
        lexicon: Where they are to stand.
        words: As given.

    Raises:
        InvalidInputError: One is too long, or has no letter, digit or Chinese character.
    """
    stripped = sorted({word.strip() for word in words} - {""})
    for word in stripped:
        if len(word) > LONGEST_WORD or pattern_of(lexicon, word) is None or "\x00" in word:
            raise InvalidInputError(
                "bad_word",
                f"{word[:40]!r} can't be a word of a lexicon.",
                f"A word has at most {LONGEST_WORD} characters, and a letter, digit or Chinese character among them.",
            )
    return stripped


def checksum(words: Sequence[str]) -> str:
    """SHA-256 of words in order, in hex."""
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def _view(session: Session, name: str) -> LexiconView:
    found = rows.views(session, name)
    if not found:
        raise LexiconNotFoundError(name)
    return found[0]


def _check_name(name: str) -> None:
    if not (0 < len(name.strip()) <= 64 and name == name.strip() and name.isprintable() and "/" not in name):
        raise InvalidInputError(
            "bad_lexicon_name",
            f"{name[:70]!r} can't be the name of a lexicon.",
            "Take 1 to 64 characters that can be printed, without a slash, and without a space at either end.",
        )


def _check_level(level: str) -> None:
    if level not in LEVELS:
        raise InvalidInputError(
            "bad_level", f"{level[:20]!r} is no level of a lexicon.", "Take block, mask or flag."
        )


def _recorded(session: Session, name: str, actor: str) -> LexiconView:
    """The lexicon after a change, which is recorded; the last step of its transaction."""
    view = _view(session, name)
    body = {
        "name": name,
        "version": view.version,
        "level": view.level,
        "enabled": view.enabled,
        "pinyin": view.pinyin,
        "words": view.words,
        "checksum": checksum(rows.words(session, view.id)),
    }
    append(session, [Entry(event="lexicon.changed", actor=actor, subject=view.id, body=body)])
    return view
