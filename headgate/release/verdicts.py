"""Verdicts in the store: sealed under the digest of what they say, and the override of one, with a name and a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
from pydantic import ValidationError

from headgate.errors import IntegrityError, ReleaseRefused
from headgate.records import Verdict
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import VERDICTS

#: What an override is about: it stands for exactly this.
_JUDGED = ("bundle_id", "baseline_bundle_id", "reference_bundle_id", "report_id", "gates_digest", "suite_digests", "gates")
#: Fields that verdicts did not have at first, and what they hold where they say nothing: the digests of older verdicts still hold.
_LATER: dict[str, object] = {"reference_bundle_id": "", "reference_report_id": "", "judged_on": "", "warnings": ()}
_LATER_OF_GATES: dict[str, object] = {"severity": "block", "on_inconclusive": "block"}


def verdict_digest(verdict: Verdict) -> str:
    """Digest of everything a verdict says, its own id aside; 64 hex digits. Later fields count where they say something."""
    content = verdict.model_dump(exclude={"verdict_id"})
    for record, later in ((content, _LATER), *((gate, _LATER_OF_GATES) for gate in content["gates"])):
        for name, nothing in later.items():
            if record[name] == nothing:
                del record[name]
    return sha256_hex(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))


def seal_verdict(verdict: Verdict) -> Verdict:
    """The verdict under the id that its content gives."""
    return verdict.model_copy(update={"verdict_id": verdict_digest(verdict)})


def store_verdict(store: Store, verdict: Verdict) -> None:
    """Write a sealed verdict."""
    store.put(VERDICTS.key(verdict.verdict_id), orjson.dumps(verdict.model_dump(), option=orjson.OPT_INDENT_2))


def load_verdict(store: Store, verdict_id: str) -> Verdict:
    """A stored verdict.

    Raises:
        NotFoundError: there is none.
        IntegrityError: it was changed after it was sealed.
    """
    return _parse_verdict(verdict_id, store.get(VERDICTS.key(verdict_id)))


def _parse_verdict(verdict_id: str, content: bytes) -> Verdict:
    try:
        verdict = Verdict.model_validate_json(content)
    except ValidationError as error:
        raise IntegrityError(
            f"verdict {verdict_id[:16]}… is not a verdict: {error.error_count()} problem(s); run `headgate gate` again"
        ) from error
    if verdict.verdict_id != verdict_id or verdict_digest(verdict) != verdict_id:
        raise IntegrityError(f"verdict {verdict_id[:16]}… was changed after it was sealed; run `headgate gate` again")
    return verdict


def list_verdicts(store: Store) -> list[Verdict]:
    """All verdicts, oldest first.

    Raises:
        IntegrityError: one was changed.
    """
    keys = list(store.list(VERDICTS.prefix()))
    ids = [VERDICTS.first(key) for key in keys]
    verdicts = [_parse_verdict(*found) for found in zip(ids, store.get_many(keys), strict=True)]
    return sorted(verdicts, key=lambda verdict: datetime.fromisoformat(verdict.created_at))


def record_override(store: Store, verdict: Verdict, *, override_by: str, reason: str) -> Verdict:
    """A verdict that lets a bundle through in spite of its gates, with a name and a reason; the gates' own results stay in it.

    Raises:
        ReleaseRefused: the name or the reason is empty.
    """
    if not override_by.strip() or not reason.strip():
        raise ReleaseRefused("an override needs the name of who decides it and a reason")
    later = datetime.fromisoformat(verdict.created_at) + timedelta(
        microseconds=1
    )  # also where the clock is coarse or was set back
    created_at = max(datetime.now(UTC), later).isoformat(timespec="microseconds")
    sealed = seal_verdict(
        verdict.model_copy(
            update={"verdict": "passed", "override_by": override_by, "override_reason": reason, "created_at": created_at}
        )
    )
    store_verdict(store, sealed)
    return sealed


def standing(store: Store, verdict: Verdict) -> Verdict:
    """The newest override of what this verdict judged, if there is one; else the verdict.

    Judging the same report again, with the same outcome, does not take back what somebody decided about it.
    """
    if verdict.verdict == "passed":
        return verdict
    overrides = [
        other
        for other in list_verdicts(store)
        if other.override_by and all(getattr(other, name) == getattr(verdict, name) for name in _JUDGED)
    ]
    return overrides[-1] if overrides else verdict
