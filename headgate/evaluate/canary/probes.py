"""Can each document still be found by its own words? Known-item search for what no suite asks about.

a document that is in both versions     asked for with words of its old text, on both; with words of its new text where that fails
one that left the index                 is its file still in the corpus? Then why did it leave?
one whose text shrank or changed language is named, found or not
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from headgate.evaluate.canary.hits import Found
from headgate.records import FileOutcome, Question, VersionDifference
from headgate.settings import CanarySettings

#: Words of a chunk that are asked for.
_WORDS = 24
#: Quarantine for these is a decision about the corpus, not a regression of the document.
_INTENDED = ("near_duplicate", "duplicate", "exact_duplicate", "stale")
#: Hits for a question, best first.
Search = Callable[[Question], Sequence[Found]]


@dataclass(slots=True)
class IndexedDocument:
    """What an index holds of a document. `probe` is the beginning of one of its chunks."""

    characters: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    confidentiality: str = ""
    probe: str = ""
    _rank: str = ""

    def add(self, row: Mapping[str, Any]) -> None:
        text = str(row["text"])
        self.characters += len(text)
        self.languages[str(row["language"])] += 1
        self.confidentiality = str(row["confidentiality"])
        rank = hashlib.sha256(text.encode()).hexdigest()
        words = text.split()
        if not self.probe or (len(words) >= _WORDS // 2 and (len(self.probe.split()) < _WORDS // 2 or rank < self._rank)):
            self.probe, self._rank = " ".join(words[:_WORDS]) if len(words) > 1 else text[:120], rank

    @property
    def language(self) -> str:
        return self.languages.most_common(1)[0][0] if self.languages else ""


@dataclass(frozen=True, slots=True)
class Lost:
    """What the probes found, each entry a document and why.

    `asked` counts the documents that were searched for, `left_out` the changed ones that were not, because they are too many.
    """

    unreachable: tuple[str, ...]
    emptied: tuple[str, ...]
    language_changed: tuple[str, ...]
    asked: int
    left_out: int = 0


def read_documents(table: Any) -> dict[str, IndexedDocument]:
    """Document id → what `table`, a LanceDB table, holds of it; read in batches."""
    documents: dict[str, IndexedDocument] = {}
    columns = ["doc_id", "text", "language", "confidentiality"]
    for batch in table.search().select(columns).limit(table.count_rows() or 1).to_batches():
        for row in batch.to_pylist():
            documents.setdefault(row["doc_id"], IndexedDocument()).add(row)
    return documents


def probe_documents(
    old: Mapping[str, IndexedDocument],
    new: Mapping[str, IndexedDocument],
    difference: VersionDifference,
    outcomes: Mapping[str, FileOutcome],
    *,
    search_old: Search,
    search_new: Search,
    access: Mapping[str, Sequence[str]],
    settings: CanarySettings,
) -> Lost:
    """Look for every document that changed, at most `settings.changed_probes`, and for others up to `settings.probes` in all.

    Where more documents changed, those with the lowest SHA-256 of their id are looked for: a sample that is always the same.

    Args:
        outcomes: path → what the newer ingest made of it; empty where its record is gone.
        access: audience → labels it may see; documents that nobody may see are not looked for.
    """
    moved = {pair.before: pair.after for pair in difference.documents_moved}
    unreachable: dict[str, str] = {}
    emptied: dict[str, str] = {}
    switched: dict[str, str] = {}
    for name in difference.documents_removed:
        outcome = outcomes.get(name)
        if outcome is not None and (why := _withdrawn(outcome)):
            unreachable[name] = why
    for name, before in old.items():
        after = new.get(moved.get(name, name))
        if after is None:
            continue
        if after.characters < settings.emptied_share * before.characters:
            emptied[name] = f"{before.characters} characters before, {after.characters} now"
        if before.language and after.language and after.language != before.language:
            switched[name] = f"{before.language} before, {after.language} now"
    audiences: dict[str, str] = {}
    for audience, labels in access.items():
        for label in labels:
            audiences.setdefault(label, audience)
    able = [
        name
        for name, before in old.items()
        if before.probe and before.confidentiality in audiences and moved.get(name, name) in new
    ]
    chosen, left_out = _to_probe(able, moved, set(difference.documents_changed), settings)
    for name in chosen:
        target, before = moved.get(name, name), old[name]
        question = Question(text=before.probe, audience=audiences[before.confidentiality])
        if name not in _found(search_old(question)) or target in _found(search_new(question)):
            continue
        again = Question(text=new[target].probe, audience=question.audience)
        if not again.text.strip() or target not in _found(search_new(again)):
            unreachable[name] = "neither its old nor its new words find it"
    return Lost(
        unreachable=_told(unreachable, settings.accept),
        emptied=_told(emptied, settings.accept),
        language_changed=_told(switched, settings.accept),
        asked=len(chosen),
        left_out=left_out,
    )


def _withdrawn(outcome: FileOutcome) -> str:
    """Why a document whose file is still there left the index; "" where that was meant."""
    if outcome.outcome in ("indexed", "excluded"):
        return "its file is indexed and has no passage" if outcome.outcome == "indexed" else ""
    reason = outcome.reasons[0] if outcome.reasons else None
    if outcome.outcome == "quarantined" and reason is not None and reason.code in _INTENDED:
        return ""
    return f"{outcome.outcome.replace('_', '-')}: {str(reason or 'no reason given')[:160]}"


def _to_probe(
    able: Iterable[str], moved: Mapping[str, str], changed: Set[str], settings: CanarySettings
) -> tuple[list[str], int]:
    """Changed documents first, then moved ones, then others; and how many changed ones are left out."""
    mixed = sorted(able, key=lambda name: hashlib.sha256(name.encode()).digest())
    edited = [name for name in mixed if name in changed]
    chosen = edited[: settings.changed_probes]
    others = sorted((name for name in mixed if name not in changed), key=lambda name: name not in moved)
    return chosen + others[: max(0, settings.probes - len(chosen))], len(edited) - len(chosen)


def _found(hits: Sequence[Found]) -> set[str]:
    return {hit.doc_id for hit in hits}


def _told(found: Mapping[str, str], accepted: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        f"{name} ({why})" for name, why in sorted(found.items()) if not any(fnmatchcase(name, pattern) for pattern in accepted)
    )
