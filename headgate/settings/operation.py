"""Sections of evaluation, storage, release and service."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from headgate.settings.section import Section

#: RFC 6454: scheme, host, port; no path and no star, which would let every page of the world ask.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?")
_S3_ROOT = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.-]+)*/?")


class EvaluationSettings(Section):
    suites: tuple[str, ...] = Field(("evals/suites/golden.jsonl",), description="suite files, run in this order")
    gates: str = Field("evals/gates.yaml", description="gate file")
    calibration: str = Field(
        "evals/calibration.jsonl", description="labelled questions that `calibrate` fits on; none of them should stand in a suite"
    )
    wrong_answer_cost: float = Field(
        2.0, gt=0, description="cost of a wrong answer, in wrong declines; `calibrate` chooses the threshold by it"
    )
    unanswerable_share: float = Field(
        0.2,
        gt=0,
        lt=1,
        description="of the questions that people ask, those without an answer; `calibrate` weighs both kinds by it",
    )
    recall_at: tuple[int, ...] = Field((1, 3, 5, 10), description="cut-offs k of recall@k and nDCG@k")
    tracking_uri: str = Field(
        "", description="MLflow tracking address; empty = sqlite below storage.root, or storage.cache with S3"
    )
    artifact_root: str = Field(
        "", description="where MLflow keeps the files of a new experiment, e.g. s3://bucket/mlflow; empty = next to the runs"
    )
    experiment: str = Field("headgate", description="MLflow experiment")
    bootstrap_samples: int = Field(2000, ge=200, description="resamples behind every interval")
    seed: int = Field(20260202, description="of the resampling")


class StorageSettings(Section):
    root: str = Field(
        ".headgate",
        description="folder for tables, bundles, reports, releases and logs; or s3://bucket/prefix, see docs/storage.md",
    )
    endpoint: str = Field("", description="address of an S3-compatible service; empty = AWS, or AWS_ENDPOINT_URL")
    region: str = Field("", description="region of the bucket; empty = AWS_REGION, else us-east-1")
    allow_http: bool = Field(False, description="whether the endpoint may be plain http://")
    cache: str = Field(
        ".headgate",
        description="with an S3 store: folder for what stays on this machine: fetched files, the log until it is sent",
    )

    @property
    def is_s3(self) -> bool:
        """Whether `root` is a bucket."""
        return self.root.startswith("s3://")

    @model_validator(mode="after")
    def _fits(self) -> StorageSettings:
        if "://" in self.root and not self.is_s3:
            raise ValueError(
                f"root {self.root!r} is neither a folder nor s3://bucket/prefix; other kinds of stores are not known"
            )
        if self.is_s3 and (not _S3_ROOT.fullmatch(self.root) or {".", ".."} & set(self.root.split("/"))):
            raise ValueError(f"root {self.root!r} is not s3://bucket/prefix, with a bucket of 3 to 63 of a-z, 0-9, '.' and '-'")
        if self.endpoint and not self.endpoint.startswith(("http://", "https://")):
            raise ValueError(f"endpoint {self.endpoint!r} does not begin with https:// or http://")
        if "@" in self.endpoint:
            raise ValueError(
                "endpoint holds a name or a password; credentials go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        if self.endpoint.startswith("http://") and not self.allow_http:
            raise ValueError(f"endpoint {self.endpoint!r} is without TLS; take https://, or set storage.allow_http = true")
        return self


class RetentionSettings(Section):
    """What `headgate versions prune` leaves."""

    interactions_days: int = Field(
        90, ge=0, description="what an answer of the last so many days came from is kept, to replay it"
    )
    releases_keep: int = Field(0, ge=0, description="newest releases of a track whose bundles are kept; 0 = all")
    bundles_keep: int = Field(3, ge=1, description="newest bundles that are kept in any case")
    unreleased_days: int = Field(14, ge=0, description="other bundles, reports, verdicts and canaries go after so many days")
    grace_hours: float = Field(24.0, ge=1, description="nothing younger is removed: a build may be about to refer to it")
    max_gib: float = Field(20.0, ge=0, description="`versions prune` fails when the store is still larger, GiB; 0 = no limit")


class CanarySettings(Section):
    """When a rebuilt index is worse than the one before. See docs/versions.md."""

    recall_at: int = Field(5, ge=1, le=100, description="cut-off k of the recall and the overlap that are compared")
    max_recall_drop: float = Field(0.02, ge=0, le=1, description="largest drop of recall@k over the suites, 0 to 1")
    questions: int = Field(200, ge=0, description="newest logged questions that are asked of both")
    #: Two or three searches each, of 20 to 40 ms with 100,000 chunks: the default takes some minutes, which a nightly build can bear.
    changed_probes: int = Field(
        2000,
        ge=0,
        description="changed documents that are searched by their own words; if more changed, the result is inconclusive",
    )
    probes: int = Field(200, ge=0, description="documents searched so in all: unchanged ones fill up what the changed ones leave")
    max_unreachable: int = Field(0, ge=0, description="documents that may have become unfindable while their file is still there")
    emptied_share: float = Field(
        0.2, ge=0, le=1, description="a document with less than this share of its former text counts as emptied"
    )
    accept: tuple[str, ...] = Field(
        (), description="globs of documents that may become unfindable, emptied or change language: those that a person looked at"
    )
    min_overlap: float = Field(
        0.3, ge=0, le=1, description="mean Jaccard overlap of the first k results below which a person should look"
    )


class ReleaseSettings(Section):
    track: str = Field(
        "production",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$",
        description="the line of releases that is promoted to and served: production, staging",
    )
    probe_question: str = Field("How can I contact support?", description="asked of both bundles before a release is written")


class ServeSettings(Section):
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="0 = any free port")
    audience: str = Field("customer", description="who the askers are, a key of retrieval.access; a request can't change it")
    allowed_origins: tuple[str, ...] = Field(
        (),
        description="web origins whose pages may call the service from a browser, e.g. https://shop.example; empty = none, unless a proxy "
        "adds the headers",
    )
    poll_seconds: float = Field(1.0, gt=0, description="how often the ledger is looked at for a new release")
    max_concurrent: int = Field(64, ge=1, description="questions answered at once; more wait, then get 503")
    queue_timeout_seconds: float = Field(5.0, gt=0, description="how long they wait")
    max_body_kib: int = Field(256, ge=1, description="larger requests get 413, KiB; bounds question and conversation together")
    shutdown_seconds: float = Field(10.0, gt=0, description="how long running answers may take to end after a stop signal")

    @model_validator(mode="after")
    def _origins(self) -> ServeSettings:
        for origin in self.allowed_origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"serve.allowed_origins: {origin!r} is no origin; write scheme, host and port: https://shop.example"
                )
        return self


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
    timeout_seconds: float = Field(10.0, gt=0, description="for one attempt at one destination; there are three")
    repeat_hours: float = Field(12.0, ge=0, description="what is still wrong is told again after this long")

    @model_validator(mode="after")
    def _whole(self) -> AlertSettings:
        if self.email_to and not (self.email_from and self.smtp_host):
            raise ValueError("alerts.email_to needs alerts.email_from and alerts.smtp_host")
        return self
