"""Where an alert goes: the log, a webhook, e-mail. Each tries a bounded number of times and says what went wrong; none raises.

Secrets are read from the environment variables that the settings name when something is sent, and never repeated in an error: of a
webhook's address, which often holds a token, only scheme and host are told.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from email.message import EmailMessage
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from headgate.errors import AlertFailed, AlertRefused
from headgate.process.retry import PASSING_STATUSES, Retries, of_alert
from headgate.settings import AlertSettings

#: Fields of an alert as a destination gets them.
Content = Mapping[str, Any]
#: Of one alert on one destination: whoever waits for the pipeline waits for this too.
RETRIES = Retries(tries=3, first_pause=1.0)
_log = logging.getLogger("headgate.alerts")


class Destination(Protocol):
    """A place that alerts go to."""

    name: str

    def send(self, content: Content) -> str:
        """Returns "" when it was delivered, else why not."""


class LogDestination:
    """The process's own log: always there."""

    name = "log"

    def send(self, content: Content) -> str:
        level = logging.WARNING if content["severity"] == "warning" or content["resolved_at"] else logging.ERROR
        _log.log(level, "%s: %s", headline(content), content["text"])
        return ""


class WebhookDestination:
    """A POST of the alert as JSON. With a secret, `X-Headgate-Signature: sha256=<HMAC-SHA256 of the body, hex>`.

    Any 2xx is delivered; 408, 429, 5xx and connection errors are tried again; redirects are not followed.
    """

    name = "webhook"

    def __init__(
        self, address: str, *, secret: bytes, timeout_seconds: float, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._address, self._secret, self._timeout, self._pause = address, secret, timeout_seconds, pause
        try:
            parts = urlsplit(address)
            self._shown = f"{parts.scheme}://{parts.hostname}"
        except ValueError:
            self._shown = ""

    def send(self, content: Content) -> str:
        import httpx

        if not self._shown:
            return "the webhook's address can't be read as one; check the variable that alerts.webhook_env names"

        body = orjson.dumps({**content, "text": f"{headline(content)}\n{content['text']}"})  # chat systems show `text`
        headers = {"content-type": "application/json", "user-agent": "headgate"}
        if self._secret:
            headers["x-headgate-signature"] = f"sha256={hmac.new(self._secret, body, hashlib.sha256).hexdigest()}"

        def once() -> None:
            try:
                reply = httpx.post(self._address, content=body, headers=headers, timeout=self._timeout)
            except httpx.HTTPError as error:
                raise AlertFailed(f"{self._shown}: {type(error).__name__}") from None
            except (httpx.InvalidURL, ValueError) as error:  # UnicodeError of a host name too
                raise AlertRefused(f"{self._shown}: {type(error).__name__}") from None
            if not reply.is_success:
                kind = AlertFailed if reply.status_code in PASSING_STATUSES else AlertRefused
                raise kind(f"{self._shown} answered {reply.status_code}")

        return _deliver(once, self._pause)


class EmailDestination:
    """A plain text mail through SMTP. A refusal of the recipient or the login is not tried again."""

    name = "email"

    def __init__(self, settings: AlertSettings, *, user: str, password: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._settings, self._user, self._password, self._pause = settings, user, password, pause

    def send(self, content: Content) -> str:
        return _deliver(lambda: self._once(self._message(content)), self._pause)

    def _message(self, content: Content) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = self._settings.email_from, ", ".join(self._settings.email_to)
        message["Subject"] = " ".join(headline(content).split())
        message.set_content(
            f"{content['text']}\n\nFirst seen {content['first_seen']}, seen {content['seen']} time(s).\nKey: {content['key']}\n"
        )
        return message

    def _once(self, message: EmailMessage) -> None:
        settings = self._settings
        server = f"{settings.smtp_host}:{settings.smtp_port}"
        context = ssl.create_default_context()
        try:
            if settings.smtp_security == "tls":
                client: smtplib.SMTP = smtplib.SMTP_SSL(
                    settings.smtp_host, settings.smtp_port, timeout=settings.timeout_seconds, context=context
                )
            else:
                client = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=settings.timeout_seconds)
            with client:
                if settings.smtp_security == "starttls":
                    client.starttls(context=context)
                if self._user:
                    client.login(self._user, self._password)
                refused = client.send_message(message)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as error:
            raise AlertRefused(f"{server}: {type(error).__name__}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise AlertFailed(f"{server}: {type(error).__name__}") from error
        if refused:
            raise AlertFailed(f"{server} refused {len(refused)} of {len(settings.email_to)} recipients")


def headline(content: Content) -> str:
    """One line: state, project, title."""
    state = "resolved" if content["resolved_at"] else content["severity"]
    return f"[headgate {content['project']}] {state}: {content['title']}"


def open_destinations(settings: AlertSettings, *, environment: Mapping[str, str] | None = None) -> Sequence[Destination]:
    """The destinations that the settings name; the log is always among them."""
    env = os.environ if environment is None else environment
    destinations: list[Destination] = [LogDestination()]
    address = env.get(settings.webhook_env, "") if settings.webhook_env else ""
    if settings.webhook_env:
        secret = env.get(settings.webhook_secret_env, "") if settings.webhook_secret_env else ""
        destinations.append(WebhookDestination(address, secret=secret.encode(), timeout_seconds=settings.timeout_seconds))
    if settings.email_to:
        user = env.get(settings.smtp_user_env, "") if settings.smtp_user_env else ""
        password = env.get(settings.smtp_password_env, "") if settings.smtp_password_env else ""
        destinations.append(EmailDestination(settings, user=user, password=password))
    return destinations


def _deliver(once: Callable[[], None], pause: Callable[[float], None]) -> str:
    """Why it was not delivered; "" when it was."""
    try:
        replace(RETRIES, sleep=pause).call(once, of_alert)
    except AlertRefused as refusal:
        return str(refusal)
    except AlertFailed as failure:
        return f"{failure} ({RETRIES.tries} attempts)"
    return ""
