"""Visible words of a mail: its subject and its bodies, by the standard library's reading of the message."""

import email
import email.policy
from email.message import Message

from ingestion.config import ParsingLimits
from ingestion.coverage.markup import visible_text
from ingestion.coverage.words import Words, words_in
from ingestion.encodings import decode

_MOST_PARTS = 1000
_BOTH_SHARE = 3  # alternatives that differ in length by more than this are not two views of one text


def bodies(data: bytes, _limits: ParsingLimits) -> Words:
    """Words of the bodies; attached files are documents of their own."""
    return _part(email.message_from_bytes(data, policy=email.policy.compat32), [_MOST_PARTS])


def _part(part: Message, left: list[int]) -> Words:
    left[0] -= 1
    kind = part.get_content_type()
    if left[0] < 0 or part.get_content_disposition() == "attachment" or part.get_filename():
        return Words()
    children = part.get_payload() if part.is_multipart() else []
    if kind == "multipart/alternative":
        return _alternatives([_part(child, left) for child in children if isinstance(child, Message)])
    if kind.startswith("multipart/"):
        words = Words()
        for child in children:
            if isinstance(child, Message):
                words.update(_part(child, left))
        return words
    if kind not in {"text/plain", "text/html"}:
        return Words()
    payload = part.get_payload(decode=True)
    text = decode(payload, part.get_content_charset()).text if isinstance(payload, bytes) else ""
    return words_in(visible_text(text) if kind == "text/html" else text)


def _alternatives(views: list[Words]) -> Words:
    """Words that all views of a text have: a parser reads one of them. A view that is a mere note has no say."""
    views = sorted((view for view in views if view), key=Words.total)
    if not views:
        return Words()
    common = views[-1]
    for view in views[:-1]:
        if view.total() * _BOTH_SHARE >= common.total():
            common &= view
    return common
