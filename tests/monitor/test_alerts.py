from __future__ import annotations

import hashlib
import hmac
import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from headgate.errors import SettingsError
from headgate.monitor.alerts.alert import open_alerts, raise_alert, resolve_alert
from headgate.monitor.alerts.destinations import RETRIES, EmailDestination, WebhookDestination, open_destinations
from headgate.settings import AlertSettings, parse_settings
from headgate.storage import FolderStore
from tests.hooks import Hooks

START = datetime(2026, 2, 2, 3, 0, tzinfo=UTC)


class Recorder:
    """A destination that keeps what it was told, or is down."""

    def __init__(self, name: str = "recorder") -> None:
        self.name = name
        self.told: list[dict[str, Any]] = []
        self.problem = ""

    def send(self, content: Any) -> str:
        if not self.problem:
            self.told.append(dict(content))
        return self.problem


class Desk:
    """Raises and resolves alerts at a time that the test sets."""

    def __init__(self, folder: Path, *destinations: Recorder) -> None:
        self.settings = parse_settings({"corpus": {"name": "kb", "folder": "docs"}}, project_dir=folder)
        self.store = FolderStore(folder / "store")
        self.destinations = destinations
        self.now = START

    def wrong(self, key: str = "ingest:kb") -> Any:
        return raise_alert(
            self.store,
            self.settings.alerts,
            project=self.settings.corpus.name,
            key=key,
            title="ingest failed",
            text="disk full",
            destinations=self.destinations,
            clock=lambda: self.now,
        )

    def over(self, key: str = "ingest:kb") -> Any:
        return resolve_alert(self.store, self.settings.alerts, key, destinations=self.destinations, clock=lambda: self.now)


def webhook(hooks: Hooks, secret: bytes = b"") -> WebhookDestination:
    return WebhookDestination(hooks.address, secret=secret, timeout_seconds=5, pause=lambda _: None)


CONTENT = {
    "key": "k",
    "severity": "error",
    "title": "ingest failed",
    "text": "what and what to do",
    "project": "kb",
    "first_seen": "2026-02-02T03:00:00+00:00",
    "last_seen": "2026-02-02T03:00:00+00:00",
    "seen": 1,
    "resolved_at": "",
}


def test_the_same_thing_is_told_once_until_it_was_wrong_for_long(tmp_path: Path) -> None:
    destination = Recorder()
    desk = Desk(tmp_path, destination)
    desk.wrong()
    desk.now += timedelta(hours=11)
    assert desk.wrong().seen == 2
    assert len(destination.told) == 1
    desk.now += timedelta(hours=1)
    desk.wrong()
    assert len(destination.told) == 2
    assert open_alerts(desk.store)[0].first_seen == START.isoformat(timespec="seconds")


def test_an_alert_of_before_destinations_had_their_name_is_told_no_second_time(tmp_path: Path) -> None:
    destination = Recorder()
    desk = Desk(tmp_path, destination)
    desk.wrong()
    (key,) = desk.store.list("alerts/open")
    desk.store.put(key, desk.store.get(key).replace(b'"destination":', b'"channel":'))
    assert desk.wrong().seen == 2
    assert len(destination.told) == 1


def test_another_thing_is_told_by_itself(tmp_path: Path) -> None:
    destination = Recorder()
    desk = Desk(tmp_path, destination)
    desk.wrong("a")
    desk.wrong("b")
    assert [content["key"] for content in destination.told] == ["a", "b"]


def test_a_destination_that_is_down_is_tried_again_alone(tmp_path: Path) -> None:
    up, down = Recorder("up"), Recorder("down")
    down.problem = "no route"
    desk = Desk(tmp_path, up, down)
    alert = desk.wrong()
    assert [(d.destination, d.error) for d in alert.undelivered] == [("down", "no route")]
    down.problem = ""
    assert desk.wrong().undelivered == ()
    assert (len(up.told), len(down.told)) == (1, 1)


def test_the_end_is_told_to_whom_the_beginning_was(tmp_path: Path) -> None:
    up, down = Recorder("up"), Recorder("down")
    down.problem = "no route"
    desk = Desk(tmp_path, up, down)
    desk.wrong()
    down.problem = ""
    desk.now += timedelta(hours=1)
    desk.over()
    assert up.told[-1]["resolved_at"] == desk.now.isoformat(timespec="seconds")
    assert down.told == []
    assert open_alerts(desk.store) == []
    assert len(list(desk.store.list("alerts/closed"))) == 1


def test_a_destination_that_is_down_hears_of_the_end_later(tmp_path: Path) -> None:
    up, down = Recorder("up"), Recorder("down")
    desk = Desk(tmp_path, up, down)
    desk.wrong()
    down.problem = "no route"
    assert [delivery.destination for delivery in desk.over().undelivered] == ["down"]
    assert open_alerts(desk.store) == []  # it is over, whoever knows
    down.problem = ""
    desk.now += timedelta(minutes=5)
    assert desk.over().undelivered == ()
    assert desk.over() is None
    assert [[bool(content["resolved_at"]) for content in destination.told] for destination in (up, down)] == [[False, True]] * 2
    assert down.told[-1]["resolved_at"] == START.isoformat(timespec="seconds")
    assert len(list(desk.store.list("alerts/closed"))) == 1
    assert list(desk.store.list("alerts/open")) == []


def test_who_missed_a_repeated_alert_hears_of_the_end(tmp_path: Path) -> None:
    destination = Recorder()
    desk = Desk(tmp_path, destination)
    desk.wrong()
    destination.problem = "no route"
    desk.now += timedelta(hours=25)
    desk.wrong()
    destination.problem = ""
    desk.over()
    assert [bool(content["resolved_at"]) for content in destination.told] == [False, True]


def test_the_end_is_not_told_for_ever_to_a_destination_that_stays_down(tmp_path: Path) -> None:
    destination = Recorder()
    desk = Desk(tmp_path, destination)
    desk.wrong()
    destination.problem = "no route"
    calls = 0
    while desk.over() is not None:
        calls += 1
        assert calls < 100
    assert calls > 10
    assert len(list(desk.store.list("alerts/closed"))) == 1


def test_what_is_wrong_again_before_everybody_knew_the_end_is_told_anew(tmp_path: Path) -> None:
    up, down = Recorder("up"), Recorder("down")
    desk = Desk(tmp_path, up, down)
    desk.wrong()
    down.problem = "no route"
    desk.over()
    down.problem = ""
    desk.now += timedelta(minutes=5)
    assert desk.wrong().first_seen == desk.now.isoformat(timespec="seconds")
    assert [bool(content["resolved_at"]) for content in up.told] == [False, True, False]
    assert len(open_alerts(desk.store)) == len(list(desk.store.list("alerts/closed"))) == 1


def test_the_end_does_not_wait_for_a_destination_that_is_no_more(tmp_path: Path) -> None:
    up, down = Recorder("up"), Recorder("down")
    desk = Desk(tmp_path, up, down)
    desk.wrong()
    down.problem = "no route"
    desk.over()
    desk.destinations = (up,)
    desk.over()
    assert list(desk.store.list("alerts/open")) == []


def test_what_was_never_wrong_has_no_end(tmp_path: Path) -> None:
    destination = Recorder()
    assert Desk(tmp_path, destination).over() is None
    assert destination.told == []


def test_a_webhook_gets_a_signed_body(hooks: Any) -> None:
    receiver = hooks()
    assert webhook(receiver, b"key").send(CONTENT) == ""
    body = receiver.bodies[0]
    assert json.loads(body)["text"].startswith("[headgate kb] error: ingest failed\nwhat and what to do")
    assert receiver.signatures == ["sha256=" + hmac.new(b"key", body, hashlib.sha256).hexdigest()]


@pytest.mark.parametrize(
    ("statuses", "asked", "delivered"), [((503, 429), 3, True), ((500,) * 9, RETRIES.tries, False), ((403,), 1, False)]
)
def test_a_webhook_is_tried_again_only_where_that_can_help(
    hooks: Any, statuses: tuple[int, ...], asked: int, delivered: bool
) -> None:
    receiver = hooks(*statuses)
    error = webhook(receiver).send(CONTENT)
    assert len(receiver.bodies) == asked
    assert (error == "") is delivered
    assert "s3cret" not in error


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/hook/s3cret",
        "not an address",
        "",
        "https://[bad/s3cret",
        "https://ex\u2100.com/s3cret",
        "https://host:99999/s3cret",
        "http://a b\n/s3cret",
    ],
)
def test_a_webhook_that_is_not_there_is_told_without_its_token(address: str) -> None:
    error = WebhookDestination(address, secret=b"", timeout_seconds=2, pause=lambda _: None).send(CONTENT)
    assert error
    assert "s3cret" not in error


def test_a_mail_arrives() -> None:
    received: list[Any] = []

    class Keep(Message):
        def handle_message(self, message: Any) -> None:
            received.append(message)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(Keep(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        settings = AlertSettings(
            email_to=("a@kb.example", "b@kb.example"),
            email_from="headgate@kb.example",
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_security="none",
        )
        destination = EmailDestination(settings, user="", password="", pause=lambda _: None)
        assert destination.send({**CONTENT, "title": "ingest\r\nBcc: evil@x.example"}) == ""
    finally:
        server.stop()
    assert received[0]["To"] == "a@kb.example, b@kb.example"
    assert received[0]["Bcc"] is None
    assert "what and what to do" in received[0].get_payload()


def test_a_mail_server_that_is_not_there_is_told() -> None:
    settings = AlertSettings(
        email_to=("a@kb.example",), email_from="h@kb.example", smtp_host="127.0.0.1", smtp_port=9, timeout_seconds=2
    )
    error = EmailDestination(settings, user="u", password="s3cret", pause=lambda _: None).send(CONTENT)
    assert error.startswith("127.0.0.1:9: ConnectionRefusedError")
    assert "s3cret" not in error


def test_the_settings_say_which_destinations_there_are() -> None:
    assert [destination.name for destination in open_destinations(AlertSettings(), environment={})] == ["log"]
    mail = AlertSettings(webhook_env="HOOK", email_to=("a@x.example",), email_from="h@x.example", smtp_host="mail.x.example")
    assert [destination.name for destination in open_destinations(mail, environment={})] == ["log", "webhook", "email"]
    with pytest.raises(SettingsError, match=r"needs alerts.email_from and alerts.smtp_host"):
        parse_settings({"alerts": {"email_to": ["a@x.example"]}}, project_dir=Path())
