"""The FastAPI application: routes, error shapes, life cycle. `headgate serve` runs it; its edge is `server.py`.

Every error is JSON in the shape of the OpenAI API. The process is alive (`/healthz`) from the start and ready (`/readyz`) once a
bundle is open and the interaction log can be written.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from headgate import __version__
from headgate.bundle import Answering, OpenBundle, check_audience, load_manifest, open_bundle
from headgate.errors import AnswerFailedError, BusyError, ClientGoneError, NotReadyError, RequestError, StorageError
from headgate.interactions.log import InteractionLog
from headgate.serve import wire
from headgate.serve.chat import make_router
from headgate.serve.exchange import Desk
from headgate.serve.live import LiveBundle
from headgate.serve.metrics import Outcome, ServiceMetrics
from headgate.settings import ServeSettings
from headgate.sources.state.freshness import FreshnessView
from headgate.storage import FolderStore, Store

logger = logging.getLogger(__name__)
PAGES = Path(__file__).parent / "pages"
#: The page loads its own files and talks to its own service, nothing else.
_PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
_PAGE_FILES = {"chat.js": "text/javascript; charset=utf-8", "chat.css": "text/css; charset=utf-8"}
#: What clients are told to wait after 503, seconds.
_RETRY_AFTER = "1"


def create_app(store: Store, track: str, settings: ServeSettings, *, opener: OpenBundle = open_bundle) -> FastAPI:
    """The service over a track of the store. A bundle that doesn't know `settings.audience` is not put in service."""

    def open_for_audience(store: Store, bundle_id: str) -> Answering:
        check_audience(load_manifest(store, bundle_id), settings.audience)
        return opener(store, bundle_id)

    metrics = ServiceMetrics()
    live = LiveBundle(
        store,
        track,
        open_for_audience,
        poll_seconds=settings.poll_seconds,
        on_swap=metrics.swapped,
        on_failure=metrics.swap_failed,
    )
    log = InteractionLog(store)
    desk = Desk(live, log, metrics, settings)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        log.start_sending()
        following = asyncio.create_task(live.follow())
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            await desk.close()
            live.close()
            log.close()

    app = FastAPI(title="Headgate", version=__version__, docs_url=None, redoc_url=None, lifespan=life)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
            expose_headers=["x-headgate-bundle", "x-headgate-interaction", "retry-after"],
        )
    app.include_router(make_router(desk, live, audience=settings.audience, max_body_bytes=settings.max_body_kib * 1024))
    _add_operations(app, track, store=store, live=live, desk=desk, metrics=metrics)
    _add_pages(app)
    _add_error_shapes(app, metrics)
    return app


def _add_operations(app: FastAPI, track: str, *, store: Store, live: LiveBundle, desk: Desk, metrics: ServiceMetrics) -> None:
    started = time.time()
    freshness = FreshnessView(store)

    async def sources() -> list[dict[str, Any]]:
        """Stale sources do not make the service unready: it goes on answering from what it has, and says how old that is."""
        try:
            return [source.model_dump() for source in await asyncio.to_thread(freshness.sources)]
        except (StorageError, ValidationError) as error:
            return [{"source": "", "fresh": False, "reason": f"freshness is not known: {error}"}]

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        """The process is alive."""
        return {"status": "alive", "version": __version__, "uptime_seconds": round(time.time() - started, 3)}

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        """Whether questions can be answered, and what stands in the way."""
        if desk.log_problem:
            desk.log_problem = await asyncio.to_thread(_still_not_writable, store)
        release, problem = live.release, live.problem
        reason = live.why_not_ready or ("" if live.withdrawals_trusted else live.withdrawal_problem) or desk.log_problem
        content = {
            "ready": not reason,
            "reason": reason,
            "track": track,
            "release": release.release if release else 0,
            "bundle_id": release.bundle_id if release else "",
            "promoted_at": release.promoted_at if release else "",
            "log_not_sent": desk.log_not_sent,
            "withdrawals_not_read": live.withdrawal_problem,
            "not_in_service": problem.model_dump() if problem else None,
            "sources": await sources(),
        }
        return JSONResponse(content, status_code=503 if reason else 200, headers={"cache-control": "no-store"})

    @app.get("/metrics")
    async def prometheus() -> PlainTextResponse:
        metrics.sources(await sources())
        return PlainTextResponse(
            metrics.render(open_bundles=live.open_bundles), media_type="text/plain; version=0.0.4; charset=utf-8"
        )


def _still_not_writable(store: Store) -> str:
    try:
        FolderStore(store.growing_root).check_writable()  # where the log is written, whatever the store is
    except StorageError as error:
        return str(error)
    return ""


def _add_pages(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGES / "index.html", headers=_PAGE_HEADERS)

    @app.get("/pages/{name}", include_in_schema=False)
    async def page_file(name: str) -> FileResponse:
        if name not in _PAGE_FILES:
            raise HTTPException(404)
        return FileResponse(PAGES / name, media_type=_PAGE_FILES[name], headers=_PAGE_HEADERS)

    @app.get("/favicon.ico", include_in_schema=False)
    async def favicon() -> FileResponse:
        return FileResponse(PAGES / "favicon.svg", media_type="image/svg+xml", headers=_PAGE_HEADERS)


def _add_error_shapes(app: FastAPI, metrics: ServiceMetrics) -> None:
    def count(request: Request, outcome: Outcome) -> None:
        if request.url.path.startswith("/v1/") and request.method == "POST":
            metrics.ended("chat" if "chat" in request.url.path else "answers", outcome)

    def reply(message: str, status: int, *, kind: str, code: str, param: str = "", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return JSONResponse(wire.error_body(message, kind=kind, code=code, param=param), status_code=status, headers=named)

    async def bad_request(request: Request, error: RequestError) -> Response:
        count(request, "rejected")
        return reply(str(error), error.status, kind="invalid_request_error", code=error.code, param=error.param)

    async def not_ready(request: Request, error: NotReadyError) -> Response:
        count(request, "not_ready")
        return reply(str(error), 503, kind="server_error", code="not_ready", retry_after=_RETRY_AFTER)

    async def busy(request: Request, error: BusyError) -> Response:
        count(request, "busy")
        return reply(str(error), 503, kind="server_error", code="busy", retry_after=_RETRY_AFTER)

    async def failed(_: Request, error: AnswerFailedError) -> Response:
        marks = {"x_headgate_interaction": error.interaction_id}
        if error.unlogged:
            return reply(str(error), 503, kind="server_error", code="log_unavailable", retry_after=_RETRY_AFTER, **marks)
        return reply(str(error), 502, kind="server_error", code="answer_failed", **marks)

    async def gone(_: Request, __: ClientGoneError) -> Response:
        return Response(status_code=499)  # nobody reads it; the number is nginx's for "client closed request"

    async def other_http(_: Request, error: HTTPException) -> Response:
        return reply(str(error.detail), error.status_code, kind="invalid_request_error", code=f"http_{error.status_code}")

    async def unexpected(request: Request, error: Exception) -> Response:
        logger.error("%s %s: internal error", request.method, request.url.path, exc_info=error)
        return reply("internal error; the service's log has the details", 500, kind="server_error", code="internal")

    handlers: dict[type[Exception], Callable[..., Any]] = {
        RequestError: bad_request,
        NotReadyError: not_ready,
        BusyError: busy,
        AnswerFailedError: failed,
        ClientGoneError: gone,
        HTTPException: other_http,
        Exception: unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
