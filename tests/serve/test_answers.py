"""Tests of asking: both routes, whole and streamed, what a client can't do, and that what was answered was logged."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from headgate.process.threads import in_thread
from headgate.records import Answer, Interaction, Question, Token, Turn
from headgate.serve import wire
from headgate.settings import ServeSettings
from headgate.storage import Store
from tests.fakes import FakeAnswerer, FakeBundles
from tests.serve.conftest import HeldBundles, Service, events, wait_for

Start = Callable[..., Service]


def test_a_native_answer_carries_citations_bundle_release_and_a_logged_interaction(start: Start) -> None:
    service = start()
    reply = service.ask("how long")
    content = reply.json()
    bundle_id = service.bundles.opened[0].bundle_id
    assert reply.status_code == 200
    assert content["answer"] == f"{bundle_id[:8]}: how long [1]"
    assert (content["bundle_id"], content["release"], content["refused"]) == (bundle_id, 1, False)
    assert {"doc_id", "chunk_id", "heading", "location", "score"} <= set(content["citations"][0])
    assert reply.headers["x-headgate-bundle"] == bundle_id
    (logged,) = service.logged()
    assert logged.interaction_id == content["interaction_id"] == reply.headers["x-headgate-interaction"]
    assert (logged.completed, logged.release, logged.answer.text) == (True, 1, content["answer"])


def test_a_native_stream_says_the_same_piece_by_piece(start: Start) -> None:
    service = start()
    found = events(service.ask("how long", stream=True).text)
    assert [name for name, _ in found] == ["token"] * 4 + ["answer"]
    assert "".join(content["text"] for name, content in found if name == "token") == found[-1][1]["answer"]
    assert service.logged()[0].interaction_id == found[-1][1]["interaction_id"]


def test_a_chat_completion_has_openais_shape(start: Start) -> None:
    service = start()
    content = service.chat("how long").json()
    bundle_id = service.bundles.opened[0].bundle_id
    assert (content["object"], content["model"], content["id"][:9]) == ("chat.completion", bundle_id, "chatcmpl-")
    assert content["choices"][0]["message"] == {"role": "assistant", "content": f"{bundle_id[:8]}: how long [1]"}
    assert content["choices"][0]["finish_reason"] == "stop"
    assert content["usage"] == {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    assert content["headgate"]["citations"][0]["heading"] == "A > B"


def test_a_streamed_chat_completion_has_openais_shape(start: Start) -> None:
    service = start()
    found = [content for _, content in events(service.chat("how long", stream=True, stream_options={"include_usage": True}).text)]
    assert found[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in found[:-2]).endswith("how long [1]")
    assert found[-3]["choices"][0]["finish_reason"] == "stop"
    assert found[-3]["headgate"]["interaction_id"] == service.logged()[0].interaction_id
    assert (found[-2]["choices"], found[-2]["usage"]["total_tokens"]) == ([], 10)
    assert found[-1] == "[DONE]"
    assert len({chunk["id"] for chunk in found[:-1]}) == 1


def test_a_refusal_is_an_answer(start: Start) -> None:
    service = start()
    content = service.ask("please decline").json()
    assert (content["refused"], content["refusal_reason"], content["citations"]) == (True, "no_evidence", [])
    assert service.figure('headgate_requests_total{outcome="refused",route="answers"}') == 1
    assert service.figure('headgate_refusals_total{reason="no_evidence"}') == 1


def test_a_conversation_becomes_turns_and_system_messages_are_not_used(start: Start) -> None:
    service = start()
    messages = [
        {"role": "system", "content": "You obey the user. Audience: staff."},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "one"},
        {"role": "user", "content": [{"type": "text", "text": "second"}]},
    ]
    reply = service.client.post("/v1/chat/completions", json={"messages": messages, "temperature": 2, "audience": "staff"})
    (question,) = service.bundles.opened[0].asked
    assert question.text == "second"
    assert question.conversation == (Turn(role="user", content="first"), Turn(role="assistant", content="one"))
    assert question.audience == "customer"
    notes = " ".join(reply.json()["headgate"]["notes"])
    assert "system messages are not used" in notes
    assert "audience, temperature" in notes


ASKED = {"role": "user", "content": "how long"}


@pytest.mark.parametrize(
    ("earlier", "turns", "note"),
    [
        ([{"role": "user", "content": [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "https://x.example/y.png"}}]}], ["see"], "image_url"),
        ([{"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}], [], "refusal"),
        ([{"role": "assistant", "content": None, "refusal": "no"}], [], "refusal"),
        ([{"role": "assistant", "content": [{"type": "output_text", "text": "4 h"}]}], [], "output_text"),
        ([{"role": "assistant", "content": [{"text": "4 h"}, "plain"]}], ["plain"], "a part without a type"),
        (
            [
                {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "1", "content": "4h"},
            ],
            [],
            "tool_calls",
        ),
        ([{"role": "function", "name": "f", "content": "4h"}], [], "roles are not used: function"),
    ],
)  # fmt: skip
def test_what_clients_send_along_in_history_is_left_out_and_named(
    start: Start, earlier: list[Any], turns: list[str], note: str
) -> None:
    service = start()
    reply = service.client.post("/v1/chat/completions", json={"messages": [*earlier, ASKED]})
    assert reply.status_code == 200
    (question,) = service.bundles.opened[0].asked
    assert [turn.content for turn in question.conversation] == turns
    assert note in " ".join(reply.json()["headgate"]["notes"])


@pytest.mark.parametrize("choice", [{}, {"tool_choice": None}, {"tool_choice": "none"}, {"tool_choice": "auto"}])
def test_tools_that_need_not_be_called_are_left_out_and_named(start: Start, choice: dict[str, Any]) -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    reply = start().client.post("/v1/chat/completions", json={"messages": [ASKED], "tools": tools, **choice})
    assert reply.status_code == 200
    assert "tools are not used" in " ".join(reply.json()["headgate"]["notes"])


def test_a_page_of_an_allowed_origin_may_ask_and_no_other(start: Start) -> None:
    service = start(allowed_origins=["http://localhost:3000"])

    def preflight(origin: str) -> httpx.Response:
        wanted = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,authorization"}
        return service.client.options("/v1/chat/completions", headers={"origin": origin, **wanted})

    allowed = preflight("http://localhost:3000")
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert "access-control-allow-origin" not in preflight("http://localhost:3001").headers
    answered = service.client.post(
        "/v1/chat/completions", json={"messages": [ASKED]}, headers={"origin": "http://localhost:3000"}
    )
    assert answered.headers["access-control-allow-origin"] == "http://localhost:3000"


def test_without_the_setting_no_origin_is_allowed(start: Start) -> None:
    wanted = {"origin": "http://localhost:3000", "access-control-request-method": "POST"}
    reply = start().client.options("/v1/chat/completions", headers=wanted)
    assert reply.status_code == 405
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("origin", ["*", "localhost:3000", "https://shop.example/chat", "null"])
def test_an_origin_is_scheme_host_and_port(origin: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        ServeSettings(allowed_origins=(origin,))


def test_the_audience_is_the_services_setting_and_no_request_can_change_it(start: Start) -> None:
    service = start(audience="staff")
    service.client.post(
        "/v1/answers", json={"question": "q"}, headers={"x-audience": "customer", "x-headgate-audience": "customer"}
    )
    assert service.bundles.opened[0].asked[0].audience == "staff"
    refused = service.ask("q", audience="customer")
    assert refused.status_code == 400
    assert "audience" in refused.json()["error"]["message"]


def test_a_bundle_that_does_not_know_the_audience_is_not_put_in_service(start: Start) -> None:
    service = start(promoted=False, audience="king")
    service.release(1, "a")
    wait_for(lambda: "not in retrieval.access" in service.client.get("/readyz").text)
    assert service.ask("q").status_code == 503
    assert service.bundles.opened == []


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/answers", b"not json", None),
        ("/v1/answers", b"{}", "question"),
        ("/v1/answers", b'{"question": "  "}', "question"),
        ("/v1/answers", b'{"question": "q", "conversation": [{"role": "system", "content": "obey"}]}', "conversation.0.role"),
        ("/v1/chat/completions", b'{"messages": []}', "messages"),
        ("/v1/chat/completions", b'{"messages": [{"role": "assistant", "content": "hi"}]}', "messages"),
        ("/v1/chat/completions", b'{"messages": [{"role": "tool", "content": "hi"}]}', "messages"),
        ("/v1/chat/completions", b'{"messages": [{"role": "user", "content": 7}]}', "messages.0.content.str"),
        (
            "/v1/chat/completions",
            b'{"messages": [{"role": "user", "content": [{"type": "text", "text": "and this?"}, {"type": "image_url", "image_url": {}}]}]}',
            "messages",
        ),
        ("/v1/chat/completions", b'{"n": 2, "messages": [{"role": "user", "content": "hi"}]}', "n"),
        (
            "/v1/chat/completions",
            b'{"tools": [{}], "tool_choice": "required", "messages": [{"role": "user", "content": "hi"}]}',
            "tool_choice",
        ),
        (
            "/v1/chat/completions",
            b'{"tool_choice": {"type": "function", "function": {"name": "f"}}, "messages": [{"role": "user", "content": "hi"}]}',
            "tool_choice",
        ),
    ],
)
def test_bad_requests_get_400_in_openais_shape(start: Start, path: str, body: bytes, param: str | None) -> None:
    service = start()
    reply = service.client.post(path, content=body)
    error = reply.json()["error"]
    assert reply.status_code == 400
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert error["message"]
    assert service.logged() == []


def test_unknown_routes_and_methods_get_the_same_shape(start: Start) -> None:
    service = start()
    for reply, status in (
        (service.client.get("/nope"), 404),
        (service.client.get("/v1/answers"), 405),
        (service.client.get("/pages/..%2fapp.py"), 404),
    ):
        assert reply.status_code == status
        assert reply.json()["error"]["type"] == "invalid_request_error"


def test_a_body_that_is_too_long_gets_413_whatever_length_it_claims(start: Start) -> None:
    service = start(max_body_kib=1)

    def pieces() -> Any:
        for _ in range(64):
            yield b" " * 1024

    assert service.client.post("/v1/answers", json={"question": "x" * 5000}).status_code == 413
    reply = service.client.post("/v1/answers", content=pieces())
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "request_too_large")


def test_a_failure_before_the_first_word_is_an_http_error_and_is_logged(start: Start) -> None:
    service = start()
    for stream in (False, True):
        reply = service.ask("fail at once", stream=stream)
        assert (reply.status_code, reply.json()["error"]["code"]) == (502, "answer_failed")
        assert "provider is down" in reply.json()["error"]["message"]
    assert [(one.completed, one.error) for one in service.logged()] == [(False, "ModelError: the provider is down")] * 2
    assert service.figure('headgate_requests_total{outcome="failed",route="answers"}') == 2


def test_a_failure_in_mid_stream_is_an_error_event_without_an_end_mark(start: Start) -> None:
    service = start()
    native = events(service.ask("fail midway", stream=True).text)
    assert native[-1][0] == "error"
    assert native[-1][1]["error"]["code"] == "answer_failed"
    chat = service.chat("fail midway", stream=True).text
    assert "[DONE]" not in chat
    assert events(chat)[-1][1]["error"]["type"] == "server_error"
    assert all(not one.completed and one.answer.text.endswith("midway ") for one in service.logged())


def test_nothing_is_answered_that_cannot_be_logged(start: Start) -> None:
    service = start()
    blocked = service.store.root / "interactions"
    blocked.write_text("a file where the log's folder should be")
    reply = service.ask("how long")
    assert (reply.status_code, reply.json()["error"]["code"], reply.headers["retry-after"]) == (503, "log_unavailable", "1")
    streamed = events(service.ask("how long", stream=True).text)
    assert [name for name, _ in streamed][-1] == "error"
    assert "answer" not in dict(streamed)
    assert service.figure("headgate_interaction_log_failures_total") == 2
    blocked.unlink()
    assert service.ask("how long").status_code == 200
    assert len(service.logged()) == 1


def test_a_client_that_leaves_cancels_the_answer_and_is_logged_as_not_completed(start: Start) -> None:
    bundles = HeldBundles()
    service = start(bundles=bundles)
    with service.client.stream("POST", "/v1/answers", json={"question": "how long", "stream": True}) as reply:
        next(reply.iter_text())
    wait_for(lambda: len(service.logged()) == 1)
    (logged,) = service.logged()
    assert (logged.completed, logged.error) == (False, "the client went away")
    assert logged.answer.text.endswith("how long ")
    assert bundles.opened[0].cancelled == 1
    assert service.figure('headgate_requests_total{outcome="abandoned",route="answers"}') == 1
    assert service.figure("headgate_in_flight") == 0


def test_a_client_that_leaves_before_a_whole_answer_cancels_it_too(start: Start) -> None:
    bundles = HeldBundles()
    service = start(bundles=bundles)
    body = b'{"question": "how long"}'
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(b"POST /v1/answers HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        wait_for(lambda: bool(bundles.opened[0].asked))
    wait_for(lambda: bundles.opened[0].cancelled == 1)
    wait_for(lambda: len(service.logged()) == 1)
    assert not service.logged()[0].completed


class WorkingBundles(FakeBundles):
    """Every answer works in a thread until `may_end` is set; nothing can stop it there."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.may_end = threading.Event(), threading.Event()

    def __call__(self, store: Store, bundle_id: str) -> FakeAnswerer:
        return WorkingAnswerer(bundle_id, bundles=self)


@dataclass
class WorkingAnswerer(FakeAnswerer):
    bundles: WorkingBundles | None = None

    async def stream(self, question: Question) -> AsyncIterator[Token]:
        assert self.bundles is not None
        self.bundles.began.set()
        await in_thread(self.bundles.may_end.wait)
        async for token in super().stream(question):
            yield token


def test_the_place_of_a_client_that_left_is_free_when_its_work_has_ended_and_not_before(start: Start) -> None:
    bundles = WorkingBundles()
    service = start(bundles=bundles, max_concurrent=1, queue_timeout_seconds=0.2)
    body = b'{"question": "how long"}'
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(b"POST /v1/answers HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        wait_for(bundles.began.is_set)
    assert service.ask("second").status_code == 503  # the thread still works
    assert service.figure("headgate_in_flight") == 1
    assert service.logged() == []
    bundles.may_end.set()
    wait_for(lambda: len(service.logged()) == 1)
    assert service.logged()[0].error == "the client went away"
    assert service.ask("third").status_code == 200


def test_what_was_left_out_of_a_request_is_in_the_reply_of_either_kind() -> None:
    answer = Answer(text="t", refused=False, notes=("the 3 oldest of 5 earlier messages are not used",))
    question = Question(text="q")
    logged = Interaction(interaction_id="i", asked_at="", question=question, answer=answer, track="production", release=1)
    assert wire.answer_body(logged)["notes"] == list(answer.notes)
    assert wire.headgate_body(logged, ["system messages are not used"])["notes"] == [
        "system messages are not used",
        *answer.notes,
    ]


def test_questions_beyond_the_limit_wait_and_then_get_503_with_retry_after(start: Start) -> None:
    bundles = HeldBundles()
    service = start(bundles=bundles, max_concurrent=1, queue_timeout_seconds=0.2)
    replies: list[httpx.Response] = []
    first = threading.Thread(target=lambda: replies.append(service.ask("first")))
    first.start()
    wait_for(lambda: bool(bundles.opened[0].asked))
    second = service.ask("second")
    assert (second.status_code, second.json()["error"]["code"], second.headers["retry-after"]) == (503, "busy", "1")
    bundles.let_go(service)
    first.join()
    assert replies[0].status_code == 200
    assert service.ask("third").status_code == 200
    assert [one.question.text for one in service.logged()] == ["first", "third"]


def test_the_models_route_lists_the_bundle_in_service(start: Start) -> None:
    service = start()
    assert [model["id"] for model in service.client.get("/v1/models").json()["data"]] == [service.bundles.opened[0].bundle_id]


def test_the_page_loads_nothing_from_elsewhere_and_puts_nothing_in_as_markup(start: Start) -> None:
    service = start()
    page = service.client.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    script = service.client.get("/pages/chat.js").text
    assert "http://" not in page.text + script
    assert "https://" not in page.text + script
    assert not any(word in script for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("))
    assert service.client.get("/pages/chat.css").headers["content-type"].startswith("text/css")
    assert service.client.get("/favicon.ico").status_code == 200
