"""Hashes of the audit trail, and the kind of tampering where hashes disagree. Pure functions over records.

A record's hash covers its number, its fields, the hash of the record before, and salted digests of its texts, but not
the texts: they may be erased, and the chain still holds. The salt goes with them, so that a digest left behind can't
be tried against guesses.

Whoever can write to the database can also hash everything anew. Against that, a head (number and hash of the newest
record) is kept elsewhere from time to time: the record of that number must still have that hash.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.db.audit import SALT_DIGITS, AuditRecord, TrailState
from app.errors import InvalidInputError

MOST_RENUMBERED = 1_000
"""Most numbers tried for a row: rows in front of it may have been removed and the later ones renumbered."""
GENESIS = "0" * 64
"""Stands for the hash of the record before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Number and hash of a record, kept outside of the database."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """Something that was done to the trail.

    Attributes:
        seq: Number of the row; of several in a row, the first.
        last: Number of the last of them.
        kind: What was done to it.
        detail: How that is known.
    """

    seq: int
    last: int
    kind: Literal["changed", "removed", "added", "moved", "rehashed"]
    detail: str


def heads_in(text: str) -> list[Head]:
    """Heads in a file of lines, as `fathom audit head` prints them.

    Args:
        text: The file.

    Raises:
        InvalidInputError: A line is no head.
    """
    heads = []
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            heads.append(Head(seq=int(given["seq"]), hash=str(given["hash"])))
        except (ValueError, KeyError, TypeError):
            raise InvalidInputError(
                "bad_audit_head",
                f"{line[:60]!r} is no head of a trail.",
                "Take what `fathom audit head` printed.",
            ) from None
    return heads


def digest(salt: str, text: str) -> str:
    """Salted SHA-256 of a text, in hex.

    Args:
        salt: Hex digits.
        text: Any text.
    """
    return hashlib.sha256(f"{salt}\x00{text}".encode("utf-8", "surrogatepass")).hexdigest()


def hash_of(record: AuditRecord, seq: int | None = None) -> str:
    """Hash that a record must have, in hex.

    Args:
        record: Its fields; `hash` is not looked at.
        seq: Another number than its own.
    """
    fields = [
        record.seq if seq is None else seq,
        record.previous,
        record.at.isoformat(timespec="microseconds"),
        record.event,
        record.actor,
        record.subject,
        record.body,
        record.question_digest,
        record.output_digest,
    ]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def hashed(record: AuditRecord) -> AuditRecord:
    """The record with its hash."""
    return replace(record, hash=hash_of(record))


def is_sound(record: AuditRecord) -> bool:
    """Whether a record's fields give its hash, and its texts their digests."""
    return hash_of(record) == record.hash and texts_agree(record)


def question_salt(salt: str) -> str:
    """The half of a record's salt that belongs to its input."""
    return salt[:SALT_DIGITS]


def output_salt(salt: str) -> str:
    """The half of a record's salt that belongs to its output; empty once that text was erased alone."""
    return salt[SALT_DIGITS:]


def texts_agree(record: AuditRecord) -> bool:
    """Whether the texts still present match the digests recorded with them."""
    salt = record.salt or ""
    return all(
        text is None or (own != "" and digest(own, text) == kept)
        for text, own, kept in (
            (record.question, question_salt(salt), record.question_digest),
            (record.output, output_salt(salt), record.output_digest),
        )
    )


def is_whole(records: Iterable[AuditRecord], state: TrailState) -> bool:
    """Whether a trail is as it was written; reads each record once and keeps none."""
    seq, previous = state.base_seq, state.base_hash
    for record in records:
        if record.seq != seq + 1 or record.previous != previous or not is_sound(record):
            return False
        seq, previous = record.seq, record.hash
    return (seq, previous) == (state.seq, state.hash)


def tampering(
    records: Sequence[AuditRecord], state: TrailState, heads: Sequence[Head] = ()
) -> list[Tampering]:
    """Signs of tampering with a trail, by the number of the row.

    Args:
        records: All rows, by number.
        state: Where the trail begins and ends.
        heads: Heads that were kept elsewhere.
    """
    found = [*_along(records, state), *_beyond_heads(records, state, heads)]
    return _joined(sorted(set(found), key=lambda one: (one.seq, one.kind)))


def _along(records: Sequence[AuditRecord], state: TrailState) -> Iterator[Tampering]:
    """Follow the chain from its base by the hashes, and tell each row that is not where it leads."""
    by_seq = {record.seq: record for record in records}
    after = _by_previous(records)
    seen: set[int] = set()
    seq, previous = state.base_seq + 1, state.base_hash
    last = max([state.seq, *by_seq])
    while seq <= last and (seq - 1, previous) != (state.seq, state.hash):
        record = _next(after.get(previous, ()), seq, after) or by_seq.get(seq)
        if record is None or record.seq in seen:
            resumed = min((one for one in by_seq if one > seq and one not in seen), default=state.seq + 1)
            yield _one(seq, "removed", "its number is missing", last=max(seq, resumed - 1))
            if resumed not in by_seq:
                break
            seq, record = resumed, by_seq[resumed]
        elif record.previous != previous or hash_of(record, seq) != record.hash:
            yield (broken := _unlinked(record, seq, by_seq))
            seq = broken.last + 1 if broken.kind == "removed" else seq
        if record.seq != seq:
            yield _one(record.seq, "moved", f"its hash is that of row {seq}")
        elif not texts_agree(record):
            yield _one(seq, "changed", "its text does not give the digest that was recorded")
        seen.add(record.seq)
        seq, previous = seq + 1, record.hash
    for record in records:
        if record.seq not in seen:
            beyond = record.seq > state.seq
            yield _one(
                record.seq, "added", "it stands behind the end" if beyond else "no other row leads to it"
            )


def _next(
    candidates: Sequence[AuditRecord], seq: int, after: Mapping[str, list[AuditRecord]]
) -> AuditRecord | None:
    """The next row among its candidates: its hash must fit the number; a row that others follow comes first."""
    fitting = [record for record in candidates if hash_of(record, seq) == record.hash]
    return max(fitting, key=lambda record: (record.hash in after, record.seq == seq), default=None)


def _unlinked(record: AuditRecord, seq: int, by_seq: Mapping[int, AuditRecord]) -> Tampering:
    """Why the row of a number does not follow the row before."""
    if hash_of(record) == record.hash:
        changed = seq - 1 if seq - 1 in by_seq else seq
        return _one(changed, "changed", f"row {seq} was written behind a row of another hash")
    for own in range(seq + 1, seq + MOST_RENUMBERED):
        if hash_of(record, own) == record.hash:
            return _one(seq, "removed", f"the hash of what has its number is that of row {own}", last=own - 1)
    return _one(seq, "changed", "its fields do not give its hash")


def _beyond_heads(
    records: Sequence[AuditRecord], state: TrailState, heads: Sequence[Head]
) -> Iterator[Tampering]:
    by_seq = {record.seq: record.hash for record in records} | {state.base_seq: state.base_hash}
    good = state.base_seq
    ended = [Head(seq=state.seq, hash=state.hash)] if state.seq == max(by_seq) else []
    for head in sorted([*heads, *ended], key=lambda head: head.seq):
        kept = by_seq.get(head.seq)
        if kept == head.hash:
            good = head.seq
        elif kept is not None:
            yield _one(
                good + 1, "rehashed", f"row {head.seq} had another hash when its head was kept", last=head.seq
            )
        elif head.seq > state.seq:
            yield _one(state.seq + 1, "removed", "a head was kept of a later row", last=head.seq)
        elif head.seq > state.base_seq:
            yield _one(head.seq, "removed", "a head was kept of it")


def _by_previous(records: Iterable[AuditRecord]) -> dict[str, list[AuditRecord]]:
    found: dict[str, list[AuditRecord]] = defaultdict(list)
    for record in records:
        found[record.previous].append(record)
    return found


def _one(
    seq: int,
    kind: Literal["changed", "removed", "added", "moved", "rehashed"],
    detail: str,
    last: int | None = None,
) -> Tampering:
    return Tampering(seq=seq, last=seq if last is None else last, kind=kind, detail=detail)


def _joined(found: Sequence[Tampering]) -> list[Tampering]:
    """Removed rows once, whoever noticed."""
    told: list[Tampering] = []
    for one in found:
        inside = any(
            other.kind == one.kind == "removed" and other.seq <= one.seq and one.last <= other.last
            for other in told
        )
        if not inside:
            told.append(one)
    return told
