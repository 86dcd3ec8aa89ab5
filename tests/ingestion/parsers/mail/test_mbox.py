"""Mailboxes are parted where their mails begin, and nowhere else."""

from ingestion.parsers.mail.mbox import is_mailbox, messages_of

FIRST = b"From: a@example.org\nSubject: One\n\nHello.\n>From the start.\nFrom here on\n"
SECOND = b"Subject: Two\n\nText.\n\nFrom tomorrow it is dearer.\nSo it is.\n"


def test_mails_begin_after_their_line_and_marks_before_from_are_taken_off() -> None:
    data = b"From a@example.org Mon Jan  1 00:00:00 2024\n" + FIRST + b"\nFrom - Tue Jan  2 2024\n" + SECOND
    assert is_mailbox(data)
    assert list(messages_of(data)) == [FIRST.replace(b">From", b"From") + b"\n", SECOND]


def test_line_ends_of_other_systems_are_read() -> None:
    data = (b"From x Mon\n" + FIRST + b"\nFrom y Tue\n" + SECOND).replace(b"\n", b"\r\n")
    assert [message.split(b"\r\n")[0] for message in messages_of(data)] == [
        b"From: a@example.org",
        b"Subject: Two",
    ]


def test_words_are_no_mailbox() -> None:
    assert not is_mailbox(b"From Monday on\nthe price is 5.")
    assert list(messages_of(b"From Monday on\nthe price is 5.")) == []
