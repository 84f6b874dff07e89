"""Calendars (RFC 5545) → blocks: what, when, where and the description of each entry; by the library icalendar.

Fire drill
When: 11 March 2026 10:00 UTC to 11 March 2026 10:30 UTC
Where: Courtyard east
Leave by stairs only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.left_out import LeftOut, leave_out
from headgate.records import Remark
from headgate.records.remarks import note

_KINDS = ("VEVENT", "VTODO", "VJOURNAL")
#: Properties that are read, each with the words before it.
_LINES = (
    ("LOCATION", "Where"),
    ("RRULE", "Repeats"),
    ("STATUS", "Status"),
    ("DUE", "Due"),
    ("URL", "Address"),
    ("ORGANIZER", "Organiser"),
)
_READ = {name for name, _ in _LINES} | {"SUMMARY", "DESCRIPTION", "COMMENT", "DTSTART", "DTEND", "DURATION", "BEGIN", "END"}
_MAX_ENTRIES = 2000


def parse_calendar(content: bytes, *, path: str) -> ParsedFile:
    """A calendar file.

    Raises:
        ParseFailure: `malformed`: it can't be read as a calendar, or holds no entry.
    """
    blocks, left_out, findings = calendar_blocks(content, path=path)
    return assemble(blocks, findings=findings, left_out=left_out)


def calendar_blocks(content: bytes, *, path: str, level: int = 1) -> tuple[list[Block], list[LeftOut], list[Remark]]:
    """(blocks, what is left out, findings). `level` is that of the entries' titles.

    Raises:
        ParseFailure: as `parse_calendar`.
    """
    from icalendar import Calendar

    from headgate.ingest.parse.encoding import decode

    text, findings = decode(content, path=path)
    try:
        calendars = Calendar.from_ical(text, multiple=True)
        entries = [entry for calendar in calendars for entry in calendar.walk() if entry.name in _KINDS]
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise ParseFailure(path, "malformed", f"not readable as a calendar: {str(error)[:200]}") from error
    if not entries:
        raise ParseFailure(path, "malformed", "the calendar holds no entry")
    if len(entries) > _MAX_ENTRIES:
        findings = [*findings, note("truncated", f"only the first {_MAX_ENTRIES} of {len(entries)} calendar entries were read")]
    blocks = [block for entry in entries[:_MAX_ENTRIES] for block in _entry(entry, level)]
    rest = [leave_out("metadata", str(value)) for entry in entries for name, value in entry.property_items() if name not in _READ]
    over = [leave_out("over_limit", " ".join(block.text for entry in entries[_MAX_ENTRIES:] for block in _entry(entry, level)))]
    return blocks, [*rest, *over], findings


def _entry(entry: Any, level: int) -> Iterator[Block]:
    if summary := _text(entry, "SUMMARY"):
        yield Block("title", summary, level=level)
    if when := _when(entry):
        yield Block("text", f"When: {when}")
    for name, words in _LINES:
        if value := _text(entry, name):
            yield Block("text", f"{words}: {value}")
    for name in ("DESCRIPTION", "COMMENT"):
        for paragraph in _text(entry, name).split("\n\n"):
            if paragraph.strip():
                yield Block("text", paragraph.strip())


def _text(entry: Any, name: str) -> str:
    values = entry.get(name)
    several = values if isinstance(values, list) else [] if values is None else [values]
    return "\n".join(_shown(value) for value in several)


def _shown(value: Any) -> str:
    if hasattr(value, "dt"):
        return _moment(value)
    if hasattr(value, "to_ical") and not isinstance(value, str):
        return str(value.to_ical().decode("utf-8", "replace"))
    name = getattr(value, "params", {}).get("CN")
    return str(name or value).removeprefix("mailto:").removeprefix("MAILTO:").strip()


def _when(entry: Any) -> str:
    start, end, lasts = entry.get("DTSTART"), entry.get("DTEND"), entry.get("DURATION")
    if start is None:
        return f"until {_moment(end)}" if end is not None else ""
    shown = _moment(start)
    if end is not None:
        return f"{shown} to {_moment(end)}"
    return f"{shown}, for {lasts.to_ical().decode()}" if lasts is not None else shown


def _moment(value: Any) -> str:
    """`11 March 2026 10:00 UTC`; the zone as the calendar names it, none where the time is local."""
    moment = value.dt
    day = f"{moment.day} {moment:%B} {moment.year}" if isinstance(moment, date) else str(moment)
    if not isinstance(moment, datetime):
        return day
    zone = getattr(value, "params", {}).get("TZID") or (moment.tzname() if moment.tzinfo else "")
    return f"{day} {moment:%H:%M} {zone}".strip()
