"""Facts → the rows that the suites look at. The dicts of columns below are what the suites may name; docs/validation.md shows them.

Missing values are None; Great Expectations skips them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from headgate.ingest.parse.left_out import FURNITURE, NO_TEXT, LeftOut
from headgate.ingest.validate.contradictions import Contradiction
from headgate.ingest.validate.duplicates import Copies
from headgate.ingest.validate.facts.document_facts import ChunkFacts, DocumentFacts
from headgate.ingest.validate.facts.redaction import kinds_under, removed_words
from headgate.settings import Audiences, PersonalKindPolicy, ValidationSettings, ValidationSetup
from headgate.sources.patterns import matches

#: Below these a detected language is not believed.
_LANGUAGE_CONFIDENCE = 0.9
_LANGUAGE_CHARACTERS = 200
#: Rules for everything fill what is missing; they contradict nobody.
_CATCH_ALL = frozenset({"**", "*", "**/*"})

DOCUMENT_COLUMNS: Mapping[str, str] = {
    "doc_id": "path in the corpus",
    "media_type": "type of the file, from content and extension",
    "title": "label or first heading",
    "characters": "of the text, without white space at the ends",
    "characters_if_any": "the same, None when there are none, or when the page says where to read on and little else",
    "words": "",
    "hidden_characters": "of text that a reader does not see",
    "detected_language": f"ISO 639-1, None under {_LANGUAGE_CHARACTERS} characters or a confidence of {_LANGUAGE_CONFIDENCE}",
    "declared_language": "ISO 639-1, as the file says itself; None",
    "language": "the label that counts",
    "language_unexpected": "1 when the detected language is not among validation.languages",
    "language_contradicted": "1 when the file declares another language than is detected",
    "replaced_share": "share of characters that could not be decoded",
    "mojibake_share": "share of characters that look decoded with the wrong encoding",
    "control_characters": "",
    "links": "",
    "headings": "",
    "list_items": "",
    "code_blocks": "",
    "tables": "",
    "table_rows": "in all tables",
    "table_columns": "of the widest table",
    "empty_cell_share": "of the emptiest table of three rows or more",
    "effective_date": "YYYY-MM-DD or None",
    "dated": "effective or written: what the date says, that it holds from then or that it was written or sent then",
    "age_days": "days from the effective date to validation.as_of",
    "days_old": "days beyond validation.old_after_days, of what is not stale",
    "days_stale": "days beyond validation.stale_after_days, where a maximum age is set and the date says from when it holds",
    "audience": "",
    "topic": "",
    "region": "",
    "owner": "",
    "confidentiality": "",
    "declared_confidentiality": "as the file says itself",
    "ruled_confidentiality": "as the first matching rule of corpus.labels says",
    "confidentiality_looser": "1 when more audiences may see what the file declares than what the rule says",
    "declared_audience": "as the file says itself",
    "ruled_audience": "as the first matching rule of corpus.labels says, rules for everything aside",
    "audience_contradicted": "1 when the two differ",
    "audience_shut_out": "1 when retrieval.access does not let the document's audience see it",
    "seen_by_nobody": "1 when retrieval.access lets nobody see it",
    "personal_kinds": "what was found, in words",
    "personal_quarantine": "different values of personal data of kinds whose policy is quarantine",
    "personal_quarantine_kinds": "the same, in words",
    "personal_redact": "of kinds whose policy is redact",
    "personal_redact_kinds": "the same, in words",
    "personal_allow": "of kinds whose policy is allow",
    "personal_allow_kinds": "the same, in words",
    "removed_words": "words of personal data and of sentences addressed to the model that the policies take out of what is indexed",
    "instructions": "what was found, in words",
    "instructions_quarantine": "texts that address the model, where the policy is quarantine",
    "instructions_neutralise": "the same, where it is neutralise",
    "instructions_allow": "the same, where it is allow",
    "suspected_instructions": "texts that may address the model, or a colleague who answers customers",
    "suspected": "the first of them",
    "parser_findings": "remarks of the parser",
    "left_out_words": "words of the source that are not in the text",
    "left_out_share": "the same as a share of all its words, 0 to 1",
    "left_out": "the reasons, each with its share, in words",
    "values_not_compared": "values under labels beyond the first 300, which are not looked at for contradictions",
    "lost_share": "the share left out for other reasons than those of furniture, of the words that are no furniture, 0 to 1",
    "furniture_share": "the share left out as navigation, running headers, repeated forms or placeholders, 0 to 1",
}
#: Columns of documents that are known only after all were compared, among those not quarantined for another reason.
COMPARED_COLUMNS: Mapping[str, str] = {
    "exact_copy": "1 for the same text as another document",
    "near_copy": "1 for nearly the same text (validation.near_duplicate)",
    "copy_of": "the document that is kept",
    "kept_because": "why that one",
    "similarity": "of the two, 0 to 1",
    "conflicting_copies": "1 for nearly the same text as a document of another confidentiality",
    "conflicting_copy": "that document",
    "other_confidentiality": "its label",
    "boilerplate_share": "share of lines that stand in many documents; None where that can't be told",
}
#: Columns that are known only after copies were set aside.
CONTRADICTION_COLUMNS: Mapping[str, str] = {
    "contradictions": "values under a label for which another document that is indexed has another value",
    "contradicting": "the first three of them, with both places",
}
_TOLD = 3  # contradictions of a document that are told one by one
CHUNK_COLUMNS: Mapping[str, str] = {
    "doc_id": "path in the corpus",
    "chunks": "",
    "tokens_min": "of a chunk with its context, in tokens of the embedding model",
    "tokens_max": "",
    "tokens_mean": "",
    "budget": "tokens that a chunk may have",
    "over_budget": "chunks with more",
    "empty": "chunks without text",
    "orphans": "chunks that are not found in their document where they say",
    "repeated_ids": "",
    "covered_share": "share of the text, headings aside, that lies in a chunk",
}


def document_row(facts: DocumentFacts, setup: ValidationSetup) -> dict[str, Any]:
    """The columns of `DOCUMENT_COLUMNS`."""
    validation = setup.validation
    labels, declared = facts.labels, facts.declared
    confidence = facts.language_confidence >= _LANGUAGE_CONFIDENCE and facts.characters >= _LANGUAGE_CHARACTERS
    detected = facts.detected_language if confidence else None
    age = _days_old(labels.get("effective_date", ""), validation.as_of)
    limit = 0 if facts.written else validation.stale_after_days
    stale = max(age - limit, 0) if limit else 0
    hits = len(facts.instructions)
    large = [table.empty_share for table in facts.tables if table.rows >= 3]
    return {
        "doc_id": facts.doc_id,
        "media_type": facts.media_type,
        "title": facts.title,
        "characters": facts.characters,
        "characters_if_any": None if facts.leads_to else facts.characters or None,
        "words": facts.words,
        "hidden_characters": facts.hidden_characters,
        "detected_language": detected,
        "declared_language": declared.get("language") or None,
        "language": labels.get("language", ""),
        "language_unexpected": int(bool(detected and validation.languages and detected not in validation.languages)),
        "language_contradicted": int(bool(detected and declared.get("language") and detected != declared["language"])),
        "replaced_share": _share(facts.replaced, facts.characters),
        "mojibake_share": _share(facts.mojibake, facts.characters),
        "control_characters": facts.control,
        "links": facts.links,
        "headings": facts.headings,
        "list_items": facts.elements.get("list_item", 0),
        "code_blocks": facts.elements.get("code", 0),
        "tables": facts.elements.get("table", 0),
        "table_rows": sum(table.rows for table in facts.tables),
        "table_columns": max((table.columns for table in facts.tables), default=0),
        "empty_cell_share": max(large, default=0.0),
        "effective_date": labels.get("effective_date") or None,
        "dated": "written" if facts.written else "effective",
        "age_days": age,
        "days_old": 0 if stale else max(age - validation.old_after_days, 0),
        "days_stale": stale,
        **{name: labels.get(name, "") for name in ("audience", "topic", "region", "owner", "confidentiality")},
        **_label_columns(facts, setup),
        "personal_kinds": _in_words(facts.personal_kinds),
        **_personal_columns(facts, validation),
        "instructions": "; ".join(
            f"{hit.rule}{', in hidden text' if hit.hidden else ''}: {hit.excerpt!r}" for hit in facts.instructions[:3]
        ),
        **{
            f"instructions_{policy}": hits * (validation.hidden_instructions == policy)
            for policy in ("quarantine", "neutralise", "allow")
        },
        "suspected_instructions": len(facts.suspects),
        "suspected": "; ".join(repr(hit.excerpt) for hit in facts.suspects),
        "parser_findings": len(facts.findings),
        "values_not_compared": facts.unstated,
        **_left_out_columns(facts, validation),
    }


def compared_row(row: Mapping[str, Any], copies: Copies, boilerplate: float | None) -> dict[str, Any]:
    """`row` with the columns of `COMPARED_COLUMNS`."""
    copy = copies.copies.get(row["doc_id"])
    conflict = copies.conflicts.get(row["doc_id"])
    return {
        **row,
        "exact_copy": int(copy is not None and copy.exact),
        "near_copy": int(copy is not None and not copy.exact),
        "copy_of": repr(copy.of) if copy else "",
        "kept_because": copy.because if copy else "",
        "similarity": copy.similarity if copy else 0.0,
        "conflicting_copies": int(conflict is not None),
        "conflicting_copy": repr(conflict.other) if conflict else "",
        "other_confidentiality": repr(conflict.other_confidentiality) if conflict else "",
        "boilerplate_share": boilerplate,
    }


def contradiction_row(path: str, found: Sequence[Contradiction]) -> dict[str, Any]:
    """The columns of `CONTRADICTION_COLUMNS`."""
    more = [f"and {len(found) - _TOLD} more"] if len(found) > _TOLD else []
    return {
        "doc_id": path,
        "contradictions": len(found),
        "contradicting": "; ".join([*map(str, found[:_TOLD]), *more]),
    }


def chunk_row(facts: ChunkFacts) -> dict[str, Any]:
    """The columns of `CHUNK_COLUMNS`."""
    return {name: getattr(facts, name) for name in CHUNK_COLUMNS}


def audiences_of(confidentiality: str, access: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """The audiences that may see documents with this label."""
    return Audiences(access).seeing(confidentiality)


def is_looser(label: str, than: str, access: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether `label` is seen by an audience that `than` is not seen by."""
    return bool(audiences_of(label, access) - audiences_of(than, access))


def _label_columns(facts: DocumentFacts, setup: ValidationSetup) -> dict[str, Any]:
    declared, audience = facts.declared, facts.labels.get("audience", "")
    rules = [rule for rule in setup.corpus.label_rules if matches(facts.doc_id, rule.pattern)]
    ruled = next((rule.confidentiality for rule in rules if rule.confidentiality), "")
    ruled_audience = next((rule.audience for rule in rules if rule.audience and rule.pattern not in _CATCH_ALL), "")
    own, own_audience = declared.get("confidentiality", ""), declared.get("audience", "")
    seen_by = audiences_of(facts.labels.get("confidentiality", ""), setup.access)
    return {
        "declared_confidentiality": repr(own),
        "ruled_confidentiality": repr(ruled),
        "confidentiality_looser": int(bool(own and ruled and is_looser(own, ruled, setup.access))),
        "declared_audience": repr(own_audience),
        "ruled_audience": repr(ruled_audience),
        "audience_contradicted": int(bool(own_audience and ruled_audience and own_audience != ruled_audience)),
        "audience_shut_out": int(audience in setup.access and audience not in seen_by),
        "seen_by_nobody": int(not seen_by),
    }


def _personal_columns(facts: DocumentFacts, settings: ValidationSettings) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    policies: tuple[PersonalKindPolicy, ...] = ("quarantine", "redact", "allow")
    for policy in policies:
        kinds = kinds_under(policy, facts, settings)
        found = {kind: count for kind, count in facts.personal_kinds.items() if kind in kinds}
        columns |= {f"personal_{policy}": sum(found.values()), f"personal_{policy}_kinds": _in_words(found)}
    return columns


def _in_words(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())


def _left_out_columns(facts: DocumentFacts, settings: ValidationSettings) -> dict[str, Any]:
    removed = removed_words(facts, settings)
    of_text: list[LeftOut] = [one for one in facts.left_out if one.reason not in NO_TEXT] + ([removed] if removed else [])
    furniture = sum(one.words for one in of_text if one.reason in FURNITURE)
    left_out, kept = sum(one.words for one in of_text), facts.words - (removed.words if removed else 0)
    lost, total = left_out - furniture, left_out + kept
    told = sorted(of_text, key=lambda one: -one.words)
    return {
        "left_out_words": left_out,
        "left_out_share": _share(left_out, total),
        "left_out": ", ".join(
            f"{one.reason.replace('_', ' ')} {_percent(one.words, total)} ({one.sample[:40]!r})" for one in told
        ),
        "lost_share": _share(lost, lost + kept),
        "removed_words": removed.words if removed else 0,
        "furniture_share": _share(furniture, total),
    }


def _percent(part: int, whole: int) -> str:
    """Whole percents; below one, one significant digit, so that nothing that was left out reads as 0 %."""
    percent = 100 * _share(part, whole)
    return f"{percent:.0f} %" if percent >= 1 else f"{percent:.1g} %"


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _days_old(effective: str, as_of: str) -> int:
    return (date.fromisoformat(as_of) - date.fromisoformat(effective)).days if effective and as_of else 0
