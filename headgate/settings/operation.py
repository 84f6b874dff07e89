"""Sections of evaluation, storage, release and service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from headgate.settings.section import Section


class EvaluationSettings(Section):
    suites: tuple[str, ...] = Field(("evals/suites/golden.jsonl",), description="suite files, run in this order")
    gates: str = Field("evals/gates.yaml", description="gate file")
    recall_at: tuple[int, ...] = Field((1, 3, 5, 10), description="cut-offs k of recall@k and nDCG@k")
    tracking_uri: str = Field("", description="MLflow tracking address; empty = sqlite below storage.root")
    experiment: str = Field("headgate", description="MLflow experiment")
    bootstrap_samples: int = Field(2000, ge=200, description="resamples behind every interval")
    seed: int = Field(20260202, description="of the resampling")


class StorageSettings(Section):
    root: str = Field(".headgate", description="folder for tables, bundles, reports, releases and logs")


class ReleaseSettings(Section):
    channel: str = Field("production", pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$", description="name of the release ledger")
    probe_question: str = Field("How can I contact support?", description="asked of both bundles before a release is written")


class ServeSettings(Section):
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="0 = any free port")
    audience: str = Field("customer", description="who the askers are, a key of retrieval.access; a request can't change it")
    poll_seconds: float = Field(1.0, gt=0, description="how often the ledger is looked at for a new release")
    max_concurrent: int = Field(64, ge=1, description="questions answered at once; more wait, then get 503")
    queue_timeout_seconds: float = Field(5.0, gt=0, description="how long they wait")
    max_body_kib: int = Field(256, ge=1, description="larger requests get 413, KiB; bounds question and conversation together")
    shutdown_seconds: float = Field(10.0, gt=0, description="how long running answers may take to end after a stop signal")


class AlertSettings(Section):
    """Whom to tell when ingestion fails, a source goes stale or the index is damaged. The log is always told."""

    webhook_env: str = Field("", description="environment variable with the address that alerts are POSTed to as JSON")
    webhook_secret_env: str = Field("", description="environment variable with the key that signs them (HMAC-SHA256)")
    email_to: tuple[str, ...] = Field((), description="recipients of alerts by e-mail")
    email_from: str = Field("", description="their sender")
    smtp_host: str = Field("", description="mail server")
    smtp_port: int = Field(587, ge=1, le=65535, description="its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="how the connection is secured")
    smtp_user_env: str = Field("", description="environment variable with the user name; empty = no login")
    smtp_password_env: str = Field("", description="environment variable with the password")
    timeout_seconds: float = Field(10.0, gt=0, description="for one attempt of one channel; there are three")
    repeat_hours: float = Field(12.0, ge=0, description="what is still wrong is told again after this long")

    @model_validator(mode="after")
    def _whole(self) -> AlertSettings:
        if self.email_to and not (self.email_from and self.smtp_host):
            raise ValueError("alerts.email_to needs alerts.email_from and alerts.smtp_host")
        return self
