"""How many documents each audience sees, on what ground, and which of them somebody sees who did not before.

    baseline (the last accepted ingest) ↔ this ingest ──► Widened, each accepted by name or not

A document is compared with itself, also after weeks in which it was not indexed; one under a new path with the documents that had the same
text. On a first ingest nothing is a change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headgate.ingest.validate.facts.document_facts import DocumentFacts
from headgate.records import AccessReport, Widened
from headgate.settings import AudienceAcceptance, Audiences


@dataclass(frozen=True, slots=True)
class Seen:
    """Which audiences see a document, sorted, and what it says (`DocumentFacts.text_digest`)."""

    audiences: tuple[str, ...]
    text_digest: str
    ground: str = ""  # see access.Ground; "" where it is not known any more


def seen_by(facts: DocumentFacts, audiences: Audiences) -> Seen:
    """Who sees a document that is indexed."""
    seeing = audiences.seeing(facts.labels.get("confidentiality", ""))
    return Seen(tuple(sorted(seeing)), facts.text_digest, facts.ground)


def find_widened(
    now: Mapping[str, Seen], before: Mapping[str, Seen], accepted: Sequence[AudienceAcceptance]
) -> tuple[Widened, ...]:
    """Documents that an audience sees which did not see them, or their text, before; sorted by path."""
    by_text: dict[str, dict[str, Seen]] = {}
    for path, seen in before.items():
        by_text.setdefault(seen.text_digest, {})[path] = seen
    found: list[Widened] = []
    for path, seen in sorted(now.items()):
        known = {path: before[path]} if path in before else by_text.get(seen.text_digest, {})
        earlier = {audience for one in known.values() for audience in one.audiences}
        if known and set(seen.audiences) - earlier:
            moved = "" if path in before else min(known)
            why = next((one.why for one in accepted if one.covers(path, sorted(earlier), seen.audiences)), "")
            found.append(Widened(path=path, before=tuple(sorted(earlier)), now=seen.audiences, same_text_as=moved, accepted=why))
    return tuple(found)


def report_access(
    now: Mapping[str, Seen],
    before: Mapping[str, Seen],
    widened: tuple[Widened, ...],
    *,
    damaged: Iterable[str],
    audiences: Iterable[str],
) -> AccessReport:
    """The figures of one ingest.

    Args:
        now: of the documents that are indexed.
        damaged: documents that are quarantined for their labels.
        audiences: of the project.
    """
    grounds = Counter(seen.ground for seen in now.values())
    narrowed = [path for path, seen in now.items() if path in before and set(before[path].audiences) - set(seen.audiences)]
    return AccessReport(
        seen_by={audience: sum(audience in seen.audiences for seen in now.values()) for audience in audiences},
        by_label=grounds["label"],
        by_rule=grounds["rule"],
        without_label=grounds["none"],
        damaged=len(set(damaged)),
        widened=widened,
        narrowed=tuple(sorted(narrowed)),
    )
