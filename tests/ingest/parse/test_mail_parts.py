"""Of a mail, what its reader sees: the better of two forms, invitations, and no earlier mails."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from headgate.ingest.parse.mail_quotes import split_quotes

INVITATION = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
SUMMARY:Fire drill
LOCATION:Courtyard east\\, gate 4
DESCRIPTION:Leave by stairs only.
DTSTART:20260311T100000Z
DTEND;TZID=Europe/Madrid:20260311T113000
RRULE:FREQ=YEARLY
UID:7
END:VEVENT
END:VCALENDAR
"""


def mail(plain: str, *, html: str = "", attachment: str = "", calendar: str = "") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Offer"
    message.set_content(plain)
    if html:
        message.add_alternative(html, subtype="html")
    if calendar:
        message.add_alternative(calendar, subtype="calendar")
    if attachment:
        message.add_attachment(attachment, subtype="csv", filename="p.csv")
    return message


def read(message: EmailMessage) -> ParsedFile:
    return parse_file(message.as_bytes(), "message/rfc822", path="a.eml")


@pytest.mark.parametrize("attachment", ["", "part,price\nvalve,12\n"])
def test_the_html_form_is_read_also_beside_an_attachment_and_the_other_form_is_counted(attachment: str) -> None:
    parsed = read(mail("Your program cannot show this.", html="<p>The service costs 480 euros.</p>", attachment=attachment))
    assert "The service costs 480 euros." in parsed.text
    assert "cannot show" not in parsed.text
    assert [(one.reason, one.words) for one in parsed.left_out] == [("duplicate_form", 5)]


def test_a_plain_form_that_says_more_is_read() -> None:
    parsed = read(
        mail(
            "The boiler service costs 480 euros and takes two hours.",
            html="<p>Open this in a browser</p>".replace("this in a ", ""),
        )
    )
    assert "The boiler service costs 480 euros" in parsed.text


def test_an_invitation_is_read_in_the_mail_and_alone() -> None:
    wanted = [
        "Fire drill",
        "When: 11 March 2026 10:00 UTC to 11 March 2026 11:30 Europe/Madrid",
        "Where: Courtyard east, gate 4",
        "Repeats: FREQ=YEARLY",
        "Leave by stairs only.",
    ]
    inside = read(mail("You have been invited.", calendar=INVITATION)).text.split("\n\n")
    assert [line for line in inside if line in wanted] == wanted
    assert parse_file(INVITATION.encode(), "text/calendar", path="a.ics").text.split("\n\n") == wanted


@pytest.mark.parametrize(
    "content", [b"no calendar", b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon"]
)
def test_what_is_no_calendar_is_a_failure_by_name(content: bytes) -> None:
    with pytest.raises(ParseFailure) as caught:
        parse_file(content, "text/calendar", path="a.ics")
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize(
    ("text", "own", "quoted"),
    [
        (
            "Yes.\n\nOn Mon, 2 Mar 2026, Ben wrote:\n> Is it 5?\n> Or 6?",
            "Yes.",
            "On Mon, 2 Mar 2026, Ben wrote:\n> Is it 5?\n> Or 6?",
        ),
        ("Ja.\n\nAm 2. März 2026 schrieb Ben:\n\n> Fünf?", "Ja.", "Am 2. März 2026 schrieb Ben:\n> Fünf?"),
        ("Yes.\n-----Original Message-----\nFrom: Ben\nIs it 5?", "Yes.", "-----Original Message-----\nFrom: Ben\nIs it 5?"),
        ("> only quoted", "> only quoted", ""),
        ("First:\none\ntwo", "First:\none\ntwo", ""),
    ],
)
def test_earlier_mails_are_told_from_the_answer(text: str, own: str, quoted: str) -> None:
    found, taken = split_quotes(text)
    assert (found.strip(), taken) == (own, quoted)


def test_what_a_mail_quotes_is_counted_and_a_forwarded_mail_is_kept() -> None:
    parsed = read(mail("Yes.\n\n> Is it five?\n"))
    assert "five" not in parsed.text
    assert [(one.reason, one.words) for one in parsed.left_out] == [("quoted", 3)]
    reply = '<p>Yes.</p><div class="gmail_quote"><p>Is it five?</p></div>'
    assert "five" not in read(mail("", html=reply)).text
    forward = '<p>See below.</p><div class="gmail_quote">---------- Forwarded message ---------<p>It is five.</p></div>'
    assert "It is five." in read(mail("", html=forward)).text
