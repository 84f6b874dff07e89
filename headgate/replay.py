"""A logged question again, on the bundle and the index version that answered it: is the answer the same?"""

from __future__ import annotations

from typing import Any

from headgate.bundle import OpenBundle, open_bundle
from headgate.errors import UsageError
from headgate.interactions.log import InteractionLog
from headgate.records import Answer, Record
from headgate.storage import Store

#: What is compared: everything but clocks and what the provider charged.
_COMPARED = {
    "text",
    "refused",
    "refusal_reason",
    "citations",
    "retrieved",
    "contexts",
    "evidence",
    "language",
    "bundle_id",
    "model",
}


class Replay(Record):
    """`differences` names the fields of the answer that differ; empty when `identical`."""

    interaction_id: str
    bundle_id: str
    identical: bool
    differences: tuple[str, ...]
    expected: Answer
    got: Answer


def replay(store: Store, interaction_id: str, *, opener: OpenBundle = open_bundle) -> Replay:
    """Ask the logged question again and compare text, refusal, citations, retrieved passages with their scores, and contexts.

    Raises:
        NotFoundError: no such interaction, or its bundle is gone.
        IntegrityError: the bundle is not what it was.
        UsageError: the interaction never got a whole answer.
    """
    interaction = InteractionLog(store).find(interaction_id)
    if not interaction.completed:
        raise UsageError(
            f"interaction {interaction_id!r} was cut off ({interaction.error or 'the client went away'}); there is no whole answer to compare with"
        )
    answerer = opener(store, interaction.answer.bundle_id)
    try:
        got = answerer.answer_now(interaction.question)
    finally:
        answerer.close()
    expected_fields, got_fields = _compared(interaction.answer), _compared(got)
    differences = tuple(name for name in sorted(_COMPARED) if expected_fields[name] != got_fields[name])
    return Replay(
        interaction_id=interaction_id,
        bundle_id=interaction.answer.bundle_id,
        identical=not differences,
        differences=differences,
        expected=interaction.answer,
        got=got,
    )


def _compared(answer: Answer) -> dict[str, Any]:
    return answer.model_dump(include=_COMPARED, mode="json")
