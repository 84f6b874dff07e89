"""What the service counts, for Prometheus. One registry an app, so that two apps in a process do not mix.

Outcomes of a request: `answered`, `refused` (a polite refusal is an answer), `small_talk`, `failed` (the model), `unlogged` (the log),
`abandoned` (the client left), `rejected` (bad request), `busy`, `not_ready`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from headgate.records import Answer, Release

Outcome = Literal["answered", "refused", "small_talk", "failed", "unlogged", "abandoned", "rejected", "busy", "not_ready"]
#: Upper bounds in seconds: an extractive answer takes tens of milliseconds, a provider's up to its deadline.
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class ServiceMetrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self._requests = Counter("headgate_requests", "Questions by how they ended", ["route", "outcome"], registry=registry)
        self._latency = Histogram(
            "headgate_request_seconds", "Question received to answer logged", ["route"], buckets=_BUCKETS, registry=registry
        )
        self._first_token = Histogram(
            "headgate_first_token_seconds",
            "Question received to first piece of the answer",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._retrieve = Histogram("headgate_retrieve_seconds", "Search, inside an answer", buckets=_BUCKETS, registry=registry)
        self._refusals = Counter("headgate_refusals", "Polite refusals by reason", ["reason"], registry=registry)
        self._tokens = Counter("headgate_model_tokens", "Tokens of model calls", ["kind"], registry=registry)
        self._cost = Counter("headgate_model_cost_dollars", "Price of model calls, where it is known", registry=registry)
        self._logged = Counter("headgate_interactions_logged", "Interactions durably logged", registry=registry)
        self._log_failures = Counter(
            "headgate_interaction_log_failures", "Interactions that could not be logged", registry=registry
        )
        self._swaps = Counter("headgate_swaps", "Releases put in service", registry=registry)
        self._swap_failures = Counter("headgate_swap_failures", "Releases that could not be put in service", registry=registry)
        self._release = Gauge("headgate_release", "Number of the release in service, 0 before the first", registry=registry)
        self._bundle = Info("headgate_bundle", "The bundle in service", registry=registry)
        self._in_flight = Gauge("headgate_in_flight", "Questions being answered", registry=registry)
        self._waiting = Gauge("headgate_waiting", "Questions waiting for a free place", registry=registry)
        self._fresh = Gauge(
            "headgate_source_fresh", "1 while a source of the corpus meets its freshness objective", ["source"], registry=registry
        )
        self._open_bundles = Gauge(
            "headgate_open_bundles", "Bundles held open, 1 except while answers end on an earlier one", registry=registry
        )

    def ended(self, route: str, outcome: Outcome) -> None:
        self._requests.labels(route, outcome).inc()

    def answered(self, route: str, answer: Answer, *, seconds: float) -> None:
        """An answer was logged, `seconds` after the question came in."""
        self.ended(route, "refused" if answer.refused else "small_talk" if answer.small_talk else "answered")
        self._latency.labels(route).observe(seconds)
        self._retrieve.observe(answer.timings.retrieve)
        if answer.refused:
            self._refusals.labels(answer.refusal_reason or "unnamed").inc()
        self._tokens.labels("prompt").inc(answer.usage.prompt_tokens)
        self._tokens.labels("completion").inc(answer.usage.completion_tokens)
        self._cost.inc(answer.usage.cost or 0.0)

    def first_piece(self, route: str, *, seconds: float) -> None:
        self._first_token.labels(route).observe(seconds)

    def logged(self, *, ok: bool) -> None:
        (self._logged if ok else self._log_failures).inc()

    def swapped(self, release: Release) -> None:
        self._swaps.inc()
        self._release.set(release.release)
        self._bundle.info({"bundle_id": release.bundle_id, "track": release.track})

    def swap_failed(self) -> None:
        self._swap_failures.inc()

    def in_flight(self, change: int) -> None:
        self._in_flight.inc(change)

    def waiting(self, change: int) -> None:
        self._waiting.inc(change)

    def sources(self, sources: Sequence[Mapping[str, Any]]) -> None:
        """One gauge a source: whether it meets its freshness objective."""
        self._fresh.clear()
        for source in sources:
            self._fresh.labels(source["source"]).set(float(source["fresh"]))

    def render(self, *, open_bundles: int) -> bytes:
        """All figures in Prometheus' text format."""
        self._open_bundles.set(open_bundles)
        rendered: bytes = generate_latest(self._registry)
        return rendered
