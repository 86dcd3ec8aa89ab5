"""Invitations and calendars (iCalendar, RFC 5545) as text: subject, times, place, people, description."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError
from ingestion.sniff import CALENDAR
from ingestion.types import Document, Source

_ENTRIES: Final = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
_LINE: Final = re.compile(r'([A-Za-z0-9.-]+)((?:;(?:"[^"]*"|[^":])*)?):(.*)', re.S)
_PARAMETER: Final = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^;"]*)')
_TIME: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z?))?")
_DURATION: Final = re.compile(
    r"\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?"
)
_ESCAPED: Final = re.compile(r"\\([nN,;\\])")
_SHOWN: Final = (
    ("DTSTART", "Start"), ("DTEND", "End"), ("DUE", "Due"), ("LOCATION", "Place"), ("ORGANIZER", "Organiser"),
    ("ATTENDEE", "Attendees"), ("RRULE", "Repeats"), ("STATUS", "Status"),
)  # fmt: skip
_TIMES: Final = frozenset({"DTSTART", "DTEND", "DUE"})
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MAX_ATTENDEES: Final = 100
_Property = tuple[dict[str, str], str]


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a calendar file.

    Raises:
        CorruptFileError: If it holds no event, task or journal.
    """
    decoded = decode(source.data)
    writer = CanonicalWriter(limits)
    writer.drop("characters that could not be read", decoded.replaced)
    if not write_calendar(decoded.text, writer):
        raise CorruptFileError("The calendar has no entries.")
    return writer.build(media_type=CALENDAR, encoding=decoded.encoding)


def write_calendar(text: str, writer: CanonicalWriter, level: int = 1) -> int:
    """Write each entry of a calendar: its summary as a heading, its facts as a row, its description.

    Returns:
        Entries written.
    """
    count = 0
    for entry in _entries(text):
        count += 1
        writer.heading(level, _text(entry, "SUMMARY"))
        facts = [(name, value) for key, name in _SHOWN if (value := _fact(entry, key))]
        if facts:
            writer.table([[name for name, _ in facts], [value for _, value in facts]])
        for line in _text(entry, "DESCRIPTION").split("\n"):
            writer.paragraph(line)
    return count


def _entries(text: str) -> Iterator[dict[str, list[_Property]]]:
    """Properties by name of each entry; nested alarms and time zones are skipped."""
    entry: dict[str, list[_Property]] = {}
    open_parts: list[str] = []
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        found = _LINE.fullmatch(line.strip())
        if found is None:
            continue
        name, value = found[1].upper().rpartition(".")[2], found[3]
        if name == "BEGIN":
            open_parts.append(value.strip().upper())
            entry = {} if open_parts[-1] in _ENTRIES else entry
        elif name == "END":
            if open_parts and open_parts.pop() in _ENTRIES:
                yield entry
        elif open_parts and open_parts[-1] in _ENTRIES:
            parameters = {key.upper(): said.strip('"') for key, said in _PARAMETER.findall(found[2])}
            entry.setdefault(name, []).append((parameters, value))
    if open_parts and entry and any(part in _ENTRIES for part in open_parts):
        yield entry  # cut off


def _text(entry: dict[str, list[_Property]], name: str) -> str:
    values = entry.get(name, [])
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], values[0][1]) if values else ""


def _fact(entry: dict[str, list[_Property]], name: str) -> str:
    if name == "ATTENDEE" or name == "ORGANIZER":
        people = [_person(*item) for item in entry.get(name, [])]
        more = f", and {len(people) - _MAX_ATTENDEES} more" if len(people) > _MAX_ATTENDEES else ""
        return ", ".join(people[:_MAX_ATTENDEES]) + more
    if name == "DTEND" and name not in entry:
        return _end_by_duration(entry)
    if name in _TIMES:
        return _time(*entry[name][0], is_end=name == "DTEND") if name in entry else ""
    return squeeze(_text(entry, name))


def _person(parameters: dict[str, str], value: str) -> str:
    address = re.sub(r"\Amailto:", "", value.strip(), flags=re.I)
    name = parameters.get("CN", "").strip()
    return f"{name} <{address}>" if name and name != address else address


def _time(parameters: dict[str, str], value: str, *, is_end: bool = False) -> str:
    """A time with weekday and zone; the end of a whole-day event is its last day."""
    moment = _moment(value)
    if moment is None:
        return value.strip()
    if not isinstance(moment, datetime):
        moment = moment - timedelta(days=1) if is_end else moment
        return f"{moment.isoformat()} ({_DAYS[moment.weekday()]})"
    zone = "UTC" if value.strip().endswith("Z") else parameters.get("TZID", "")
    return squeeze(f"{moment:%Y-%m-%d} ({_DAYS[moment.weekday()]}) {moment:%H:%M} {zone}")


def _moment(value: str) -> date | datetime | None:
    found = _TIME.fullmatch(value.strip())
    try:
        if found is None:
            return None
        year, month, day = int(found[1]), int(found[2]), int(found[3])
        return (
            date(year, month, day)
            if found[4] is None
            else datetime(year, month, day, int(found[4]), int(found[5]))
        )
    except ValueError:
        return None


def _end_by_duration(entry: dict[str, list[_Property]]) -> str:
    if not {"DTSTART", "DURATION"} <= entry.keys():
        return ""
    (parameters, start), duration = entry["DTSTART"][0], _DURATION.fullmatch(_text(entry, "DURATION").strip())
    moment = _moment(start)
    if moment is None or duration is None:
        return ""
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in duration.groups())
    span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    try:
        end = moment + span
    except OverflowError:
        return ""
    if not isinstance(end, datetime):
        return _time(parameters, f"{end:%Y%m%d}", is_end=True)
    return _time(parameters, f"{end:%Y%m%dT%H%M%S}{'Z' if start.strip().endswith('Z') else ''}")
