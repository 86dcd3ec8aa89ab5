"""Mailboxes: many mails in one file, each after a line that begins with "From " (RFC 4155)."""

import re
from collections.abc import Iterator
from typing import Final

_START: Final = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]*\r?\n(?=[!-9;-~]+:|>?From )")
_QUOTED: Final = re.compile(rb"^>(>*From )", re.M)


def is_mailbox(data: bytes) -> bool:
    """Whether a file begins as a mailbox does."""
    return _START.match(data) is not None


def messages_of(data: bytes) -> Iterator[bytes]:
    """The mails of a mailbox in order, marks that hide "From " at the start of a line taken off.

    A line begins a mail where it follows an empty line and a header follows it.
    """
    starts = [*_START.finditer(data)]
    for start, following in zip(starts, [*starts[1:], None], strict=False):
        end = len(data) if following is None else following.start()
        yield _QUOTED.sub(rb"\1", data[start.end() : end])
