"""Invitations as text: times with their weekday and zone, people, places, descriptions."""

import pytest

from ingestion.canonical import CanonicalWriter
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers import parse_source
from ingestion.parsers.mail.calendar import write_calendar
from ingestion.types import Source


def text_of(*lines: str, kind: str = "VEVENT") -> str:
    writer = CanonicalWriter(ParsingLimits())
    body = "\r\n".join(("BEGIN:VCALENDAR", f"BEGIN:{kind}", *lines, f"END:{kind}", "END:VCALENDAR"))
    assert write_calendar(body, writer) == 1
    return writer.build(media_type="x").text


def test_an_invitation_says_when_where_and_who() -> None:
    assert text_of(
        "SUMMARY:Turbine inspection",
        "DTSTART;TZID=Asia/Shanghai:20240614T140000",
        "DTEND;TZID=Asia/Shanghai:20240614T153000",
        "LOCATION:Hall 3\\, north",
        'ORGANIZER;CN="Li; Wei":MAILTO:li@example.org',
        "ATTENDEE;ROLE=REQ-PARTICIPANT;CN=Ann:mailto:ann@example.org",
        "ATTENDEE:mailto:bob@example.org",
        "DESCRIPTION:Bring hel",
        " mets.\\nMeet at the gate.",
        "BEGIN:VALARM",
        "DESCRIPTION:Reminder",
        "END:VALARM",
    ) == (
        "Turbine inspection\n\n"
        "Start: 2024-06-14 (Friday) 14:00 Asia/Shanghai | End: 2024-06-14 (Friday) 15:30 Asia/Shanghai | "
        "Place: Hall 3, north | Organiser: Li; Wei <li@example.org> | "
        "Attendees: Ann <ann@example.org>, bob@example.org\n\nBring helmets.\n\nMeet at the gate."
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["DTSTART:20240612T090000Z", "DURATION:PT1H30M"], "End: 2024-06-12 (Wednesday) 10:30 UTC"),
        (["DTSTART;VALUE=DATE:20240612", "DTEND;VALUE=DATE:20240614"], "End: 2024-06-13 (Thursday)"),
        (["DTSTART:20240612", "STATUS:CANCELLED"], "Status: CANCELLED"),
        (["DTSTART:next week"], "next week"),
        (["DTSTART:20241340T250000"], "20241340T250000"),
        (["DTSTART:99991231T090000", "DURATION:P9999W"], "Start: 9999-12-31"),
        (["DTSTART:20240612", "RRULE:FREQ=WEEKLY;BYDAY=MO"], "Repeats: FREQ=WEEKLY;BYDAY=MO"),
    ],
)
def test_times_are_said_as_people_see_them(lines: list[str], said: str) -> None:
    assert said in text_of("SUMMARY:锅炉检查", *lines)


def test_a_task_is_read_too() -> None:
    assert text_of("SUMMARY:Report", "DUE:20240612T170000", kind="VTODO").endswith(
        "2024-06-12 (Wednesday) 17:00"
    )


def test_a_calendar_file_is_a_document_and_an_empty_one_is_told() -> None:
    entry = "BEGIN:VEVENT\nSUMMARY:{}\nEND:VEVENT\n"
    data = "BEGIN:VCALENDAR\n" + entry.format("One") + entry.format("Two") + "BEGIN:VEVENT\nSUMMARY:Cut o"
    assert (
        parse_source(Source(name="a.ics", data=data.encode()), ParsingLimits()).text == "One\n\nTwo\n\nCut o"
    )
    with pytest.raises(CorruptFileError, match="no entries"):
        parse_source(Source(name="a.ics", data=b"BEGIN:VCALENDAR\nEND:VCALENDAR"), ParsingLimits())
