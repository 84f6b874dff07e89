"""Passages → the words of an answer, behind one protocol: the built-in extractive model, or any provider through litellm.

A model yields text as it comes and, last, what it used. It declines by yielding a `Delta` with `declined`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from headgate.answer.prompt import Prompt
from headgate.answer.retrieve import Query
from headgate.answer.weigh import ScoredUnit
from headgate.records import Hit, Question, Usage

#: What a chat model replies when the passages do not answer.
NO_ANSWER = "NO_ANSWER"


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Everything a model may use. `passages` are numbered from 1 in this order; `units` are scored, best first."""

    question: Question
    query: Query
    passages: Sequence[Hit]
    units: Sequence[ScoredUnit]
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer. `quotes` maps passage number to the verbatim text taken from it."""

    text: str = ""
    declined: bool = False
    usage: Usage | None = None
    quotes: dict[int, str] = field(default_factory=dict)


class ChatModel(Protocol):
    name: str

    def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """The answer in pieces.

        Raises:
            ModelError: the provider failed or did not answer in time.
        """


def render_messages(request: ChatRequest) -> list[dict[str, str]]:
    """Chat messages for a provider: instructions with passages, earlier turns, the question.

    Passages are fenced and their angle brackets are escaped, so that no passage can close its fence or open another.
    """
    passages = "\n\n".join(
        f'<passage number="{number}" title="{_escaped(hit.title)}" section="{_escaped(hit.heading)}">\n{_escaped(hit.text)}\n</passage>'
        for number, hit in enumerate(request.passages, start=1)
    )
    values = {"language": request.query.language, "passages": passages, "question": request.question.text}
    earlier = [{"role": turn.role, "content": turn.content} for turn in request.question.conversation]
    return [
        {"role": "system", "content": request.prompt.render("system", values)},
        *earlier,
        {"role": "user", "content": request.prompt.render("user", values)},
    ]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


_CITATION = re.compile(r"\[(\d{1,2})\]")


def cited_numbers(text: str, passages: int) -> list[int]:
    """Passage numbers that `text` cites, in order of first mention; numbers of no passage are left out."""
    numbers = dict.fromkeys(int(number) for number in _CITATION.findall(text))
    return [number for number in numbers if 1 <= number <= passages]
