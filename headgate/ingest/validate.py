"""Great Expectations suites over the documents and chunks of one ingest → quarantine, findings, and checks that can be shown.

    documents ──measure──► one row each ──suite──► rows that fail ──► quarantine with reasons, or a finding
    chunks    ──measure──► one row each ──suite──► rows that fail ──► an error: the chunker is wrong

Measuring (copies, personal data, instructions, age) is plain code in modules of its own; the suites only state what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from headgate.errors import IntegrityError
from headgate.ingest.blocks import ParsedFile
from headgate.ingest.chunk import TokenCounter
from headgate.ingest.duplicates import find_copies
from headgate.ingest.instructions import find_instructions
from headgate.ingest.personal_data import find_personal_data
from headgate.records import Chunk, Document, ValidationCheck
from headgate.settings import Settings, ValidationSettings

_EXAMPLES = 5


@dataclass
class Validated:
    """`quarantined` and `findings` map paths to reasons; `checks` is what a person or an asset check is shown."""

    quarantined: dict[str, list[str]] = field(default_factory=dict)
    findings: dict[str, list[str]] = field(default_factory=dict)
    checks: list[ValidationCheck] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Rule:
    """One expectation over the document rows and what a failing row means. `reason` is a column that says why."""

    name: str
    column: str
    expectation: str
    arguments: Mapping[str, Any]
    level: str  # "quarantine" or "finding"
    reason: str


def validate_documents(
    documents: Sequence[Document], parsed: Mapping[str, ParsedFile], settings: ValidationSettings
) -> Validated:
    """Check all documents at once; copies are looked for among those that nothing else is wrong with."""
    rows = [_measure(document, parsed[document.doc_id], settings) for document in documents]
    result = Validated()
    rules = [
        _Rule("not_empty", "characters", "ExpectColumnValuesToBeBetween", {"min_value": 1}, "quarantine", "empty_reason"),
        _Rule("not_too_short", "short_by", "ExpectColumnValuesToBeBetween", {"max_value": 0}, "quarantine", "short_reason"),
        _Rule("not_stale", "days_over", "ExpectColumnValuesToBeBetween", {"max_value": 0}, "quarantine", "stale_reason"),
        _Rule(
            "no_personal_data",
            "personal_values",
            "ExpectColumnValuesToBeBetween",
            {"max_value": 0},
            _level(settings.personal_data),
            "personal_reason",
        ),
        _Rule(
            "no_instructions",
            "instruction_hits",
            "ExpectColumnValuesToBeBetween",
            {"max_value": 0},
            _level(settings.hidden_instructions),
            "instruction_reason",
        ),
        _Rule(
            "no_hidden_text", "hidden_characters", "ExpectColumnValuesToBeBetween", {"max_value": 0}, "finding", "hidden_reason"
        ),
        _Rule("has_title", "title", "ExpectColumnValueLengthsToBeBetween", {"min_value": 1}, "finding", "title_reason"),
        _Rule("readable", "replaced_share", "ExpectColumnValuesToBeBetween", {"max_value": 0.2}, "quarantine", "replaced_reason"),
        _Rule(
            "cleanly_decoded",
            "replaced_share",
            "ExpectColumnValuesToBeBetween",
            {"max_value": 0.01},
            "finding",
            "replaced_reason",
        ),
    ]
    _apply(rules, rows, result)
    sound = [document for document in documents if document.doc_id not in result.quarantined]
    copies = find_copies(sound, threshold=settings.near_duplicate)
    copy_rows: list[dict[str, Any]] = []
    for document in sound:
        copy = copies.get(document.doc_id)
        of = repr(copy.of) if copy else ""
        copy_rows.append(
            {
                "doc_id": document.doc_id,
                "exact_copies": int(copy is not None and copy.exact),
                "near_copies": int(copy is not None and not copy.exact),
                "exact_reason": f"duplicate: of {of}" if copy else "",
                "near_reason": f"near_duplicate: of {of} (similarity {copy.similarity:.2f})" if copy else "",
            }
        )
    _apply(
        [
            _Rule(
                "no_duplicate", "exact_copies", "ExpectColumnValuesToBeBetween", {"max_value": 0}, "quarantine", "exact_reason"
            ),
            _Rule(
                "no_near_duplicate", "near_copies", "ExpectColumnValuesToBeBetween", {"max_value": 0}, "quarantine", "near_reason"
            ),
        ],
        copy_rows,
        result,
    )
    return result


def validate_chunks(
    documents: Mapping[str, Document], chunks: Iterable[Chunk], settings: Settings, count_tokens: TokenCounter
) -> list[ValidationCheck]:
    """Check what the chunker promises.

    Raises:
        IntegrityError: a chunk is not a slice of its document, has an id twice, or is empty. Such chunks must not be indexed.
    """
    rows = [
        {
            "doc_id": chunk.doc_id,
            "chunk_id": chunk.chunk_id,
            "characters": len(chunk.text.strip()),
            "slice_errors": int(documents[chunk.doc_id].text[chunk.start : chunk.end] != chunk.text),
            "tokens_over": max(count_tokens(f"{chunk.context}\n{chunk.text}") - settings.chunks.max_tokens, 0),
        }
        for chunk in chunks
    ]
    failed = _failing_rows(
        rows,
        [
            ("chunks_are_slices", "ExpectColumnValuesToBeBetween", {"column": "slice_errors", "max_value": 0}),
            ("chunk_ids_are_unique", "ExpectColumnValuesToBeUnique", {"column": "chunk_id"}),
            ("chunks_have_text", "ExpectColumnValuesToBeBetween", {"column": "characters", "min_value": 1}),
            ("chunks_fit_their_budget", "ExpectColumnValuesToBeBetween", {"column": "tokens_over", "max_value": 0}),
        ],
    )
    for name in ("chunks_are_slices", "chunk_ids_are_unique", "chunks_have_text"):
        if failed[name]:
            raise IntegrityError(
                f"{name} does not hold for {len(failed[name])} chunk(s), first in {failed[name][0]!r}; this is a defect of the chunker"
            )
    return [
        _check(name, "error" if name != "chunks_fit_their_budget" else "finding", len(rows), paths)
        for name, paths in failed.items()
    ]


def check_dropped_share(dropped: int, files: int, limit: float) -> ValidationCheck:
    """Error level: too many files were quarantined or dead-lettered.

    Args:
        files: without the excluded ones.
    """
    share = dropped / files if files else 0.0
    detail = (
        f"{dropped} of {files} files quarantined or dead-lettered ({share:.1%}), validation.max_dropped_share allows {limit:.1%}"
    )
    return ValidationCheck(
        name="dropped_share", level="error", passed=share <= limit, checked=files, failed=dropped, examples=(detail,)
    )


# --- measuring ------------------------------------------------------------------------------------------------------


def _level(policy: str) -> str:
    return "quarantine" if policy == "quarantine" else "finding"


def _measure(document: Document, parsed: ParsedFile, settings: ValidationSettings) -> dict[str, Any]:
    text = document.text
    characters = len(text.strip())
    short_by = settings.min_characters - characters if characters else 0
    days = _days_old(document.metadata.effective_date, settings.as_of)
    everything = "\n".join((text, *parsed.hidden))
    personal = find_personal_data(everything, allowed=settings.own_numbers)
    hits = find_instructions(text, parsed.hidden)
    hidden = sum(len(part) for part in parsed.hidden)
    replaced = text.count("\ufffd") / characters if characters else 0.0
    return {
        "doc_id": document.doc_id,
        "characters": characters,
        "empty_reason": "empty: no text",
        "short_by": max(short_by, 0),
        "short_reason": f"too_short: {characters} characters, validation.min_characters is {settings.min_characters}",
        "days_over": max(days - settings.stale_after_days, 0),
        "stale_reason": f"stale: effective {document.metadata.effective_date}, {days} days before {settings.as_of}, limit {settings.stale_after_days}",
        "personal_values": sum(personal.values()),
        "personal_reason": "personal_data: " + ", ".join(f"{count} {kind}" for kind, count in personal.items()),
        "instruction_hits": len(hits),
        "instruction_reason": "; ".join(
            f"{'hidden_instructions' if hit.hidden else 'instructions'}: {hit.rule}: {hit.excerpt!r}" for hit in hits[:3]
        ),
        "hidden_characters": hidden,
        "hidden_reason": f"hidden_text: {hidden} characters that a reader does not see were left out",
        "title": document.metadata.title,
        "title_reason": "no_title: neither a label nor a heading",
        "replaced_share": replaced,
        "replaced_reason": f"unreadable: {replaced:.1%} of the characters could not be decoded",
    }


def _days_old(effective: str, as_of: str) -> int:
    if not effective or not as_of:
        return 0
    return (date.fromisoformat(as_of) - date.fromisoformat(effective)).days


# --- Great Expectations ---------------------------------------------------------------------------------------------


def _apply(rules: Sequence[_Rule], rows: list[dict[str, Any]], result: Validated) -> None:
    by_path = {row["doc_id"]: row for row in rows}
    failing = _failing_rows(rows, [(rule.name, rule.expectation, {"column": rule.column, **rule.arguments}) for rule in rules])
    for rule in rules:
        paths = failing[rule.name]
        target = result.quarantined if rule.level == "quarantine" else result.findings
        for path in paths:
            target.setdefault(path, []).append(str(by_path[path][rule.reason]))
        result.checks.append(_check(rule.name, rule.level, len(rows), paths))


def _check(name: str, level: str, checked: int, paths: Sequence[str]) -> ValidationCheck:
    return ValidationCheck(
        name=name, level=level, passed=not paths, checked=checked, failed=len(paths), examples=tuple(paths[:_EXAMPLES])
    )


def _failing_rows(rows: list[dict[str, Any]], expectations: Sequence[tuple[str, str, dict[str, Any]]]) -> dict[str, list[str]]:
    """Expectation name → `doc_id` of every row that fails it.

    Raises:
        IntegrityError: an expectation could not be evaluated: a missing column must not read as "nothing failed".
    """
    if not rows:
        # An empty frame passes everything; say so without asking.
        return {name: [] for name, _, _ in expectations}
    import great_expectations as gx
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(globally=False)
    frame = pd.DataFrame(rows).reset_index(drop=True)
    batch = (
        context.data_sources.add_pandas("ingest")
        .add_dataframe_asset("rows")
        .add_batch_definition_whole_dataframe("all")
        .get_batch(batch_parameters={"dataframe": frame})
    )
    suite = gx.ExpectationSuite(
        name="ingest",
        expectations=[getattr(gx.expectations, kind)(**arguments, meta={"name": name}) for name, kind, arguments in expectations],
    )
    outcome = batch.validate(suite, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["doc_id"]})
    failing: dict[str, list[str]] = {}
    for entry in outcome.results:
        name = entry.expectation_config.meta["name"]
        if "element_count" not in entry.result:
            raise IntegrityError(f"expectation {name!r} could not be evaluated: {str(entry.exception_info)[:500]}")
        failing[name] = sorted({str(row["doc_id"]) for row in entry.result.get("unexpected_index_list") or ()})
    return failing
