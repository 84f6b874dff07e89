"""What clients send and get: request bodies → Question, answers → JSON. Nothing a client sends becomes an instruction or an access right.

Policy for chat requests. The last message is the question and must be plain text; the text of earlier `user` and `assistant` messages is
the conversation. What clients send along in history (pictures, refusals, calls of tools and their results) and offer without need (tools
that need not be called, sampling parameters) is not used, nor are `system` and `developer` messages: instructions come from the bundle
alone. What was left out is said in `headgate.notes` of the reply. What can't be left out without misleading (a picture in the question, a
tool that must be called, n > 1) is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from headgate.errors import RequestError
from headgate.records import Answer, Interaction, Question, Turn

#: Parameters of the OpenAI API that would change the kind of the reply; the values that mean "no change" are allowed.
_UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "audio": (None,),
    "function_call": (None, "none", "auto"),
    "logprobs": (None, False),
    "modalities": (None, ["text"]),
    "n": (None, 1),
    "response_format": (None, {"type": "text"}),
    "tool_choice": (None, "none", "auto"),
}
#: What a model may leave unused: with the choices of `_UNSUPPORTED`, an answer without a call is a right reply.
_OFFERED = ("functions", "tools")
_TEXT_PARTS = ("text", "input_text")
#: Roles whose text is the conversation. Every other role of an earlier message is left out and named.
_SPEAKERS: dict[str, Literal["user", "assistant"]] = {"user": "user", "assistant": "assistant"}

T = TypeVar("T", bound=BaseModel)


class _Message(BaseModel):
    """A message as clients send it; only the last one must be plain text."""

    model_config = ConfigDict(extra="allow")
    role: str = Field(min_length=1, max_length=40)
    content: str | list[dict[str, Any] | str] | None = None

    @property
    def text(self) -> str:
        """Its plain text, without parts of another kind."""
        if isinstance(self.content, list):
            return "\n".join(filter(None, (_text_of(part) for part in self.content)))
        return self.content or ""

    @property
    def unused_parts(self) -> list[str]:
        """Kinds of what it holds beside plain text, in order: `image_url`, `refusal`, `tool_calls`."""
        parts = self.content if isinstance(self.content, list) else []
        kinds = [_kind_of(part) for part in parts if _text_of(part) is None]
        return kinds + [
            name for name in ("tool_calls", "function_call", "refusal", "audio") if (self.model_extra or {}).get(name)
        ]


class _StreamOptions(BaseModel):
    model_config = ConfigDict(extra="ignore")
    include_usage: bool = False


class ChatRequest(BaseModel):
    """The part of an OpenAI chat request that is used; everything else is reported in `headgate.notes`."""

    model_config = ConfigDict(extra="allow")
    model: str = Field("", max_length=200, description="any value; the bundle in service answers and its id comes back here")
    messages: list[_Message] = Field(min_length=1)
    stream: bool = False
    stream_options: _StreamOptions | None = None

    @property
    def include_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage


class AnswerRequest(BaseModel):
    """A native request; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")
    question: str
    conversation: tuple[Turn, ...] = Field((), description="earlier turns, oldest first")
    stream: bool = False


def parse_chat(body: bytes, *, audience: str) -> tuple[ChatRequest, Question, tuple[str, ...]]:
    """Request, question, and notes on what was left out.

    Raises:
        RequestError: not JSON, a field missing or of the wrong type, a question that is missing or empty, something unsupported.
    """
    request = _validated(ChatRequest, body)
    extra = request.model_extra or {}
    for name, harmless in _UNSUPPORTED.items():
        if name in extra and extra[name] not in harmless:
            raise RequestError(f"{name!r} is not supported: leave it out", param=name, code="unsupported_parameter")
    last, earlier = request.messages[-1], request.messages[:-1]
    if last.role != "user":
        raise RequestError(f"the last message must be the user's question, its role is {last.role!r}", param="messages")
    if last.unused_parts:
        raise RequestError(f"the question must be plain text, it holds {last.unused_parts[0]!r}", param="messages")
    turns = tuple(
        Turn(role=_SPEAKERS[message.role], content=message.text)
        for message in earlier
        if message.role in _SPEAKERS and message.text.strip()
    )
    return request, _question(last.text, turns, audience, param="messages"), tuple(_notes(earlier, extra))


def _notes(earlier: Sequence[_Message], extra: dict[str, Any]) -> list[str]:
    """What of a request is not used, for the person who reads the reply."""
    notes = []
    roles = dict.fromkeys(message.role for message in earlier if message.role not in _SPEAKERS)
    if instructing := [role for role in roles if role in ("system", "developer")]:
        notes.append(f"{' and '.join(instructing)} messages are not used: instructions come from the bundle")
    if others := [role for role in roles if role not in ("system", "developer")]:
        notes.append(f"earlier messages of these roles are not used: {', '.join(others)[:500]}")
    if parts := dict.fromkeys(kind for message in earlier if message.role in _SPEAKERS for kind in message.unused_parts):
        notes.append(f"these parts of earlier messages are not used: {', '.join(parts)[:500]}")
    if offered := [name for name in _OFFERED if extra.get(name)]:
        notes.append(f"{' and '.join(offered)} are not used: the question is answered without a call")
    if ignored := sorted(set(extra) - set(_UNSUPPORTED) - set(_OFFERED)):
        notes.append(f"not used: {', '.join(ignored)[:500]}; the bundle decides")
    return notes


def _text_of(part: dict[str, Any] | str) -> str | None:
    """The text of a part, None for a part of another kind."""
    if isinstance(part, str):
        return part
    text = part.get("text")
    return text if part.get("type") in _TEXT_PARTS and isinstance(text, str) else None


def _kind_of(part: dict[str, Any] | str) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    return kind[:40] if isinstance(kind, str) and kind else "a part without a type"


def parse_answer_request(body: bytes, *, audience: str) -> tuple[AnswerRequest, Question]:
    """Request and question.

    Raises:
        RequestError: as `parse_chat`, and for unknown keys.
    """
    request = _validated(AnswerRequest, body)
    return request, _question(request.question, request.conversation, audience, param="question")


def _question(text: str, conversation: tuple[Turn, ...], audience: str, *, param: str) -> Question:
    if not text.strip():
        raise RequestError("the question is empty", param=param)
    return Question(text=text, conversation=conversation, audience=audience)


def _validated(model: type[T], body: bytes) -> T:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        described = "; ".join(f"{_place(problem['loc']) or 'body'}: {problem['msg']}" for problem in problems[:5])
        raise RequestError(described, param=_place(problems[0]["loc"])) from None


def _place(location: Sequence[Any]) -> str:
    return ".".join(str(part) for part in location)


# --- replies --------------------------------------------------------------------------------------------------------


def error_body(message: str, *, kind: str, code: str, param: str = "") -> dict[str, Any]:
    """An error in the shape of the OpenAI API."""
    return {"error": {"message": message, "type": kind, "param": param or None, "code": code}}


def answer_body(interaction: Interaction) -> dict[str, Any]:
    """A native reply."""
    answer = interaction.answer
    return {
        "answer": answer.text,
        "refused": answer.refused,
        "refusal_reason": answer.refusal_reason,
        "small_talk": answer.small_talk,
        "missing_names": list(answer.missing_names),
        "corrections": answer.corrections,
        "notes": list(answer.notes),
        "citations": citations(answer),
        "language": answer.language,
        "evidence": answer.evidence,
        "bundle_id": answer.bundle_id,
        "track": interaction.track,
        "release": interaction.release,
        "interaction_id": interaction.interaction_id,
        "usage": answer.usage.model_dump(),
        "timings": answer.timings.model_dump(),
    }


def citations(answer: Answer) -> list[dict[str, Any]]:
    return [citation.model_dump() for citation in answer.citations]


def headgate_body(interaction: Interaction, notes: Sequence[str]) -> dict[str, Any]:
    """What a chat reply carries beyond the OpenAI API, under `headgate`."""
    native = answer_body(interaction)
    return {name: native[name] for name in native if name not in ("answer", "usage")} | {"notes": [*notes, *native["notes"]]}


def chat_body(interaction: Interaction, notes: Sequence[str], *, created: int) -> dict[str, Any]:
    """A whole chat completion. `created` is in seconds since 1970."""
    message = {"role": "assistant", "content": interaction.answer.text}
    return {
        "id": chat_id(interaction.interaction_id),
        "object": "chat.completion",
        "created": created,
        "model": interaction.answer.bundle_id,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": usage_body(interaction.answer),
        "headgate": headgate_body(interaction, notes),
    }


def chat_chunk(
    interaction_id: str, bundle_id: str, delta: dict[str, str], *, created: int, finish_reason: str | None = None
) -> dict[str, Any]:
    """A piece of a streamed chat completion."""
    return {
        "id": chat_id(interaction_id),
        "object": "chat.completion.chunk",
        "created": created,
        "model": bundle_id,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}],
    }


def chat_id(interaction_id: str) -> str:
    return f"chatcmpl-{interaction_id}"


def usage_body(answer: Answer) -> dict[str, int]:
    usage = answer.usage
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
