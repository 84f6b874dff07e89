"""Tell people that something is wrong, once, and again when it is over.

    raise_alert(key …) ──new, or repeat_hours passed──► every destination (log, webhook, e-mail) ──► alerts/open/<digest of key>.json
    resolve_alert(key) ──was open──► every destination ──all told──► alerts/closed/<time>-<digest>.json

An alert is stored before it is sent: a destination that stays down is told so in the record and tried again at the next call, alone; the
others are not told twice. So it is with the end of an alert, whose record stays under `open` until every destination has heard of it.
Sending never raises: what raised the alert goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import Field, model_validator

from headgate.monitor.alerts.destinations import Destination, open_destinations
from headgate.records import Record
from headgate.records.base import renamed
from headgate.settings import AlertSettings
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import CLOSED_ALERTS, OPEN_ALERTS

Severity = Literal["warning", "error"]
Clock = Callable[[], datetime]
#: Calls at which the end of an alert is sent to a destination that stays down; then it is told nobody any more.
_MOST_ATTEMPTS = 50
_log = logging.getLogger(__name__)


class Delivery(Record):
    """What became of telling one destination."""

    destination: str
    sent_at: str = ""  # ISO 8601, UTC; empty = not told yet
    attempts: int = 0
    error: str = ""  # of the last attempt
    told_before: bool = False  # whether an earlier message of the same alert arrived

    @model_validator(mode="before")
    @classmethod
    def _read_older(cls, stored: Any) -> Any:
        return renamed(stored, "channel", "destination")


class Alert(Record):
    """One thing that is wrong. `key` names it, so that the same thing is not told twice."""

    key: str = Field(min_length=1, max_length=200)
    severity: Severity
    title: str
    text: str  # what, which, what to do
    project: str
    first_seen: str  # ISO 8601, UTC
    last_seen: str
    seen: int = 1
    resolved_at: str = ""
    deliveries: tuple[Delivery, ...] = ()

    @property
    def undelivered(self) -> tuple[Delivery, ...]:
        return tuple(delivery for delivery in self.deliveries if not delivery.sent_at)


def raise_alert(
    store: Store,
    settings: AlertSettings,
    *,
    project: str,
    key: str,
    title: str,
    text: str,
    severity: Severity = "error",
    destinations: Sequence[Destination] | None = None,
    clock: Clock = lambda: datetime.now(UTC),
) -> Alert:
    """Record that `key` is wrong now and tell whom the settings name, unless they were told within `alerts.repeat_hours`.

    Raises:
        StorageError: the store can't be written; then nobody was told.
    """
    now = clock()
    told = open_destinations(settings) if destinations is None else destinations
    known = _read(store, key)
    if known is not None and known.resolved_at:  # wrong again before everybody knew that it was over: a new alert
        _close(store, known, now)
        known = None
    alert = Alert(
        key=key,
        severity=severity,
        title=title,
        text=text,
        project=project,
        first_seen=known.first_seen if known else _iso(now),
        last_seen=_iso(now),
        seen=known.seen + 1 if known else 1,
        deliveries=_due(known, told, now, timedelta(hours=settings.repeat_hours)),
    )
    store.put(_open_key(key), alert.model_dump_json(indent=2).encode())
    delivered = alert.model_copy(update={"deliveries": _deliver(alert, told, now)})
    store.put(_open_key(key), delivered.model_dump_json(indent=2).encode())
    return delivered


def resolve_alert(
    store: Store,
    settings: AlertSettings,
    key: str,
    *,
    destinations: Sequence[Destination] | None = None,
    clock: Clock = lambda: datetime.now(UTC),
) -> Alert | None:
    """Record that `key` is over and tell whoever was told of it; None where it was not open.

    What a destination did not hear of it is sent at the next call, as long as the settings name that destination.
    """
    known = _read(store, key)
    if known is None:
        return None
    now = clock()
    told = open_destinations(settings) if destinations is None else destinations
    names = {destination.name for destination in told}
    if known.resolved_at:
        due = tuple(
            one for one in known.deliveries if one.sent_at or (one.destination in names and one.attempts < _MOST_ATTEMPTS)
        )
    else:
        heard = {delivery.destination for delivery in known.deliveries if delivery.sent_at or delivery.told_before}
        due = tuple(Delivery(destination=destination.name) for destination in told if destination.name in heard)
    over = known.model_copy(update={"resolved_at": known.resolved_at or _iso(now), "deliveries": due})
    store.put(_open_key(key), over.model_dump_json(indent=2).encode())
    over = over.model_copy(update={"deliveries": _deliver(over, told, now)})
    if over.undelivered:
        store.put(_open_key(key), over.model_dump_json(indent=2).encode())
    else:
        _close(store, over, now)
    return over


def open_alerts(store: Store) -> list[Alert]:
    """What is wrong now, the oldest first."""
    alerts = [Alert.model_validate_json(store.get(key)) for key in store.list(OPEN_ALERTS.prefix())]
    return sorted((alert for alert in alerts if not alert.resolved_at), key=lambda alert: alert.first_seen)


def _due(known: Alert | None, destinations: Sequence[Destination], now: datetime, repeat: timedelta) -> tuple[Delivery, ...]:
    """Deliveries as far as they still stand: those older than `repeat` are due again."""
    before = {delivery.destination: delivery for delivery in known.deliveries} if known else {}
    due = []
    for destination in destinations:
        last = before.get(destination.name, Delivery(destination=destination.name))
        again = bool(last.sent_at) and now - datetime.fromisoformat(last.sent_at) >= repeat
        due.append(Delivery(destination=destination.name, told_before=True) if again else last)
    return tuple(due)


def _deliver(alert: Alert, destinations: Sequence[Destination], now: datetime) -> tuple[Delivery, ...]:
    by_name = {destination.name: destination for destination in destinations}
    deliveries = []
    for delivery in alert.deliveries:
        if delivery.sent_at or delivery.destination not in by_name:
            deliveries.append(delivery)
            continue
        error = by_name[delivery.destination].send(alert.model_dump(exclude={"deliveries"}))
        if error:
            _log.error("alert %r could not be sent to %s: %s", alert.key, delivery.destination, error)
        deliveries.append(
            delivery.model_copy(update={"sent_at": "" if error else _iso(now), "attempts": delivery.attempts + 1, "error": error})
        )
    return tuple(deliveries)


def _close(store: Store, over: Alert, now: datetime) -> None:
    store.put(CLOSED_ALERTS.key(_stamp(now), _digest(over.key)), over.model_dump_json(indent=2).encode())
    store.delete(_open_key(over.key))


def _read(store: Store, key: str) -> Alert | None:
    return Alert.model_validate_json(store.get(_open_key(key))) if store.exists(_open_key(key)) else None


def _open_key(key: str) -> str:
    return OPEN_ALERTS.key(_digest(key))


def _digest(key: str) -> str:
    return sha256_hex(key.encode())[:16]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%S%f")
