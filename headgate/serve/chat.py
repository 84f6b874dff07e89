"""The two ways to ask: OpenAI's `/v1/chat/completions` and the native `/v1/answers`, whole or as server-sent events.

A failure before the first piece is an HTTP error; later it is an error event, and the stream ends without its end mark.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, TypeVar

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from headgate.errors import AnswerFailedError, ClientGoneError, NotReadyError, RequestError
from headgate.records import Question
from headgate.serve import wire
from headgate.serve.exchange import Desk, Event, Exchange, Failed, Finished, Piece
from headgate.serve.live import LiveBundle

T = TypeVar("T")
CHAT, ANSWERS = "chat", "answers"
_SSE_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}  # the second: nginx must pass pieces on at once


def make_router(desk: Desk, live: LiveBundle, *, audience: str, max_body_bytes: int) -> APIRouter:
    """Routes below `/v1`."""
    router = APIRouter(prefix="/v1")

    @router.post("/chat/completions", openapi_extra=_described(wire.ChatRequest))
    async def chat_completions(request: Request) -> Response:
        asked, question, notes = wire.parse_chat(await read_body(request, max_body_bytes), audience=audience)
        created = int(time.time())
        exchange, first = await _begin(request, desk, question, CHAT)
        if asked.stream:
            frames = _chat_frames(exchange, first, notes, created=created, include_usage=asked.include_usage)
            return _event_stream(frames, exchange)
        interaction = (await _finish(request, exchange, first)).interaction
        return JSONResponse(wire.chat_body(interaction, notes, created=created), headers=_headers(exchange))

    @router.post("/answers", openapi_extra=_described(wire.AnswerRequest))
    async def answers(request: Request) -> Response:
        asked, question = wire.parse_answer_request(await read_body(request, max_body_bytes), audience=audience)
        exchange, first = await _begin(request, desk, question, ANSWERS)
        if asked.stream:
            return _event_stream(_answer_frames(exchange, first), exchange)
        finished = await _finish(request, exchange, first)
        return JSONResponse(wire.answer_body(finished.interaction), headers=_headers(exchange))

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """The bundle in service, as the only model."""
        release = live.release
        if release is None:
            raise NotReadyError("nothing is in service yet; see /readyz")
        model = {"id": release.bundle_id, "object": "model", "created": 0, "owned_by": "headgate", "release": release.release}
        return {"object": "list", "data": [model]}

    return router


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body.

    Raises:
        RequestError: it is longer than `limit` bytes; what is beyond is not read.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise RequestError(f"the request is longer than {limit} bytes", status=413, code="request_too_large")
        parts.append(part)
    return b"".join(parts)


# --- whole ----------------------------------------------------------------------------------------------------------


async def _begin(request: Request, desk: Desk, question: Question, route: str) -> tuple[Exchange, Event]:
    """Admit the question and wait for the first event, so that an early failure is still an HTTP error."""
    exchange = await _unless_gone(request, desk.admit(question, route=route))
    try:
        first = await _unless_gone(request, exchange.next_event())
    except (ClientGoneError, asyncio.CancelledError):
        exchange.abandon()
        raise
    if isinstance(first, Failed):
        raise _failed(first, exchange)
    return exchange, first


async def _finish(request: Request, exchange: Exchange, first: Event) -> Finished:
    async def end() -> Event:
        return [event async for event in _all_events(exchange, first)][-1]

    try:
        last = await _unless_gone(request, end())
    except (ClientGoneError, asyncio.CancelledError):
        exchange.abandon()
        raise
    if isinstance(last, Finished):
        return last
    raise _failed(last if isinstance(last, Failed) else Failed("the answer has no end"), exchange)


def _failed(failed: Failed, exchange: Exchange) -> AnswerFailedError:
    return AnswerFailedError(failed.message, interaction_id=exchange.interaction_id, unlogged=failed.unlogged)


async def _unless_gone(request: Request, awaited: Awaitable[T]) -> T:
    """What is awaited, or ClientGoneError as soon as the client closes the connection."""
    wanted = asyncio.ensure_future(awaited)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({wanted, gone}, return_when=asyncio.FIRST_COMPLETED)
        if wanted.done():
            return wanted.result()
        raise ClientGoneError
    finally:
        gone.cancel()
        wanted.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


# --- streamed -------------------------------------------------------------------------------------------------------


def _event_stream(frames: AsyncIterator[bytes], exchange: Exchange) -> StreamingResponse:
    return StreamingResponse(frames, media_type="text/event-stream", headers=_headers(exchange) | _SSE_HEADERS)


async def _chat_frames(
    exchange: Exchange, first: Event, notes: Sequence[str], *, created: int, include_usage: bool
) -> AsyncIterator[bytes]:
    def chunk(delta: dict[str, str], **more: Any) -> dict[str, Any]:
        return wire.chat_chunk(exchange.interaction_id, exchange.release.bundle_id, delta, created=created, **more)

    try:
        yield _frame(chunk({"role": "assistant", "content": ""}))
        async for event in _all_events(exchange, first):
            match event:
                case Piece(text):
                    yield _frame(chunk({"content": text}))
                case Failed():
                    yield _frame(_failure(event))
                case Finished(interaction):
                    yield _frame(chunk({}, finish_reason="stop") | {"headgate": wire.headgate_body(interaction, notes)})
                    if include_usage:
                        yield _frame(chunk({}) | {"choices": [], "usage": wire.usage_body(interaction.answer)})
                    yield b"data: [DONE]\n\n"
    finally:
        exchange.abandon()


async def _answer_frames(exchange: Exchange, first: Event) -> AsyncIterator[bytes]:
    try:
        async for event in _all_events(exchange, first):
            match event:
                case Piece(text):
                    yield _frame({"text": text}, name="token")
                case Failed():
                    yield _frame(_failure(event), name="error")
                case Finished(interaction):
                    yield _frame(wire.answer_body(interaction), name="answer")
    finally:
        exchange.abandon()


async def _all_events(exchange: Exchange, first: Event) -> AsyncIterator[Event]:
    event = first
    while isinstance(event, Piece):
        yield event
        event = await exchange.next_event()
    yield event


def _frame(content: dict[str, Any], *, name: str = "") -> bytes:
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + orjson.dumps(content) + b"\n\n"


def _failure(failed: Failed) -> dict[str, Any]:
    code = "log_unavailable" if failed.unlogged else "answer_failed"
    return wire.error_body(failed.message, kind="server_error", code=code)


def _headers(exchange: Exchange) -> dict[str, str]:
    return {"x-headgate-bundle": exchange.release.bundle_id, "x-headgate-interaction": exchange.interaction_id}


def _described(model: type[Any]) -> dict[str, Any]:
    """The request body for /openapi.json; bodies are read by hand, to bound their size and to word errors."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}
