"""Numbers and times as sources write them → values. What can't be read as one is none; nothing here raises."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from headgate.text.numbers import whole_number


def iso_moment(moment: datetime) -> str:
    """ISO 8601 in UTC, "" where that lies outside the years 1 to 9999. Without a time zone it is taken for UTC."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return ""


def iso_timestamp(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC, "" where that lies outside the years 1 to 9999."""
    try:
        return iso_moment(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return ""


def iso_date(header: str) -> str:
    """An HTTP date as ISO 8601 in UTC, "" where it is none."""
    try:
        return iso_moment(parsedate_to_datetime(header)) if header else ""
    except (ValueError, OverflowError):
        return ""


def retry_after(header: str) -> float:
    """Seconds to wait, from a number or a date (RFC 9110, 10.2.3); 0 where the header says neither."""
    if (seconds := whole_number(header)) is not None:
        return float(seconds)
    when = iso_date(header)
    return max((datetime.fromisoformat(when) - datetime.now(UTC)).total_seconds(), 0.0) if when else 0.0
