"""A logged question again, on the bundle and the index version that answered it: is the answer the same?"""

from __future__ import annotations

from typing import Any

from headgate.bundle import OpenBundle, load_manifest, open_bundle
from headgate.errors import NotFoundError, UsageError
from headgate.interactions.log import InteractionLog
from headgate.records import Answer, Record
from headgate.storage import Store
from headgate.withdrawals.ledger import history, withdrawn

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
    """`differences` names the fields of the answer that differ; empty when `identical`.

    Where the logged answer rests on documents that are withdrawn by now, `withdrawn` names them: neither answer is quoted then, and the
    two are not identical.
    """

    interaction_id: str
    bundle_id: str
    identical: bool
    differences: tuple[str, ...]
    expected: Answer
    got: Answer
    withdrawn: tuple[str, ...] = ()


def replay(store: Store, interaction_id: str, *, opener: OpenBundle = open_bundle) -> Replay:
    """Ask the logged question again and compare text, refusal, citations, retrieved passages with their scores, and contexts.

    Raises:
        NotFoundError: no such interaction, or its bundle is gone.
        IntegrityError: the bundle is not what it was, or the list of withdrawals can't be read.
        UsageError: the interaction never got a whole answer.
    """
    interaction = InteractionLog(store).find(interaction_id)
    if not interaction.completed:
        raise UsageError(
            f"interaction {interaction_id!r} was cut off ({interaction.error or 'the client went away'}); there is no whole answer to compare with"
        )
    if lost := withdrawn_of(store, interaction.answer):
        return _without_quotes(interaction_id, interaction.answer, lost)
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


def withdrawn_of(store: Store, answer: Answer) -> tuple[str, ...]:
    """Documents that an answer found or cites and that are withdrawn by now.

    Raises:
        IntegrityError: the list of withdrawals can't be read.
    """
    lines = history(store)
    try:
        corpora = {load_manifest(store, answer.bundle_id).corpus.name} if lines else set()
    except NotFoundError:
        corpora = {line.corpus for line in lines}
    used = {one.doc_id for one in answer.retrieved} | {one.doc_id for one in answer.citations}
    return tuple(sorted({path for corpus in corpora for path in withdrawn(lines, corpus).among(used)}))


def _without_quotes(interaction_id: str, logged: Answer, lost: tuple[str, ...]) -> Replay:
    """That there was an answer, and that it is not shown."""
    told = f"not shown: it rests on {len(lost)} withdrawn document(s); see `headgate withdraw --list`"
    silent = Answer(text=told, refused=logged.refused, bundle_id=logged.bundle_id, language=logged.language, model=logged.model)
    return Replay(
        interaction_id=interaction_id,
        bundle_id=logged.bundle_id,
        identical=False,
        differences=("withdrawn",),
        expected=silent,
        got=silent,
        withdrawn=lost,
    )


def _compared(answer: Answer) -> dict[str, Any]:
    return answer.model_dump(include=_COMPARED, mode="json")
