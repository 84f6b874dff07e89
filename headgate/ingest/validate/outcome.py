"""Facts of one ingest + suites → quarantine with reasons, findings, named checks, and a report that can be browsed.

    document facts ──rows──► documents.yaml ──► quarantine | finding | error
                  ├─compare─► copies, boilerplate; then contradictions of what is left (the rest of documents.yaml)
                  └─access──► damaged labels ──► quarantine; seen by more than before ──► error (in code: no suite can turn these off)
    facts ↔ last accepted ingest ──► changes.yaml ──► finding | error
    counts, sources ──► corpus.yaml ──► finding | error
    chunk facts ──► chunks.yaml ──► finding | error

Which documents are quarantined depends on the documents and settings alone. What earlier ingests looked like decides only whether a
check of level error stops the release (docs/decisions/0010-validation.md).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from headgate.errors import IntegrityError
from headgate.ingest.validate.baseline import Baseline, load_baseline, store_baseline
from headgate.ingest.validate.boilerplate import boilerplate_shares
from headgate.ingest.validate.changes import CHANGE_COLUMNS, Change, change_row, find_changes
from headgate.ingest.validate.contradictions import Comparison, comparison, find_contradictions
from headgate.ingest.validate.corpus_row import CORPUS_COLUMNS, corpus_row, source_columns
from headgate.ingest.validate.duplicates import Comparable, comparable, find_copies
from headgate.ingest.validate.facts.audiences import Seen, find_widened, report_access, seen_by
from headgate.ingest.validate.facts.document_facts import ChunkFacts, DocumentFacts
from headgate.ingest.validate.judge.expectations import Expectation, Suite, SuiteName, load_suites
from headgate.ingest.validate.judge.verdicts import open_judge
from headgate.ingest.validate.page import CheckReport, ReportedRow, render_report, report_key
from headgate.ingest.validate.rows import (
    CHUNK_COLUMNS,
    COMPARED_COLUMNS,
    CONTRADICTION_COLUMNS,
    DOCUMENT_COLUMNS,
    chunk_row,
    compared_row,
    contradiction_row,
    document_row,
)
from headgate.ingest.validate.shapes import Shape, shape_of
from headgate.records import AccessReport, Loss, Remark, SourceState, ValidationCheck
from headgate.settings import Audiences, ValidationSettings, ValidationSetup
from headgate.storage import Store

_EXAMPLES = 5
_BLOCK = 2000  # documents whose rows are in memory at once
_REHEARSED = 200  # rows on which a suite of changes is tried before there are any
_MAX_REPORTED = 1000  # failing rows of one check that the report lists; all are counted
#: Failing these means that the chunker is wrong; such chunks must not be indexed, and nobody can accept them.
_CHUNKER_DEFECTS = ("orphans", "repeated_ids", "empty")

_READABLE, _WIDENED = "labels_are_readable", "no_wider_audience"
_WIDER = "seen by {} until now, by {} from now on; accept it by name in validation.accept_audience (docs/access.md)"
#: Checks that no suite can turn off; their names are taken in the suites.
ACCESS_CHECKS: Mapping[str, Expectation] = {
    name: Expectation(name, "decided in code", {}, level, code, reason, {}, "headgate/ingest/validate/facts/access.py")
    for name, level, code, reason in (
        (
            _READABLE,
            "quarantine",
            "label_damaged",
            "its label is damaged, unknown or contradicting, with the line and what is wrong there",
        ),
        (_WIDENED, "error", "wider_audience", _WIDER.format("…", "…")),
    )
}
_SUITE_OF: Mapping[str, SuiteName] = {_READABLE: "documents", _WIDENED: "changes"}

COLUMNS: Mapping[SuiteName, Collection[str]] = {
    "documents": {**DOCUMENT_COLUMNS, **COMPARED_COLUMNS, **CONTRADICTION_COLUMNS},
    "changes": CHANGE_COLUMNS,
    "corpus": CORPUS_COLUMNS,
    "chunks": CHUNK_COLUMNS,
}


@dataclass
class Validated:
    """`quarantined` and `findings` map paths to reasons; `checks` is what a person or an asset check is shown.

    `data_docs` is the storage key of the report; "" when none was written.
    """

    quarantined: dict[str, list[Remark]] = field(default_factory=dict)
    findings: dict[str, list[Remark]] = field(default_factory=dict)
    checks: list[ValidationCheck] = field(default_factory=list)
    data_docs: str = ""
    access: AccessReport | None = None
    losses: tuple[Loss, ...] = ()
    validated_rows: int = 0  # rows that were judged; the verdicts on the others were known


@dataclass
class _Tally:
    """Of one expectation: how many rows were looked at, and the failing ones."""

    entry: Expectation
    suite: SuiteName
    checked: int = 0
    failed: int = 0
    failing: list[str] = field(default_factory=list)  # paths
    rows: list[ReportedRow] = field(default_factory=list)
    accepted: dict[str, str] = field(default_factory=dict)  # failing document → who accepted its text, and why


def validate(
    facts: Iterable[DocumentFacts],
    chunks: Iterable[ChunkFacts] = (),
    *,
    setup: ValidationSetup,
    store: Store | None,
    revision: str = "",
    unread: Collection[str] = (),
    sources: Collection[SourceState] = (),
    now: datetime | None = None,
) -> Validated:
    """Judge one ingest. `facts` is read once and to its end before `chunks` is.

    Args:
        chunks: of the documents in `facts`; those of quarantined documents are left aside.
        store: keeps verdicts, the last accepted ingest and the report; None = nothing is kept, nothing compared with.
        revision: of the corpus; "" = no report, and the ingest does not become the one that later ones are compared with.
        unread: paths of files that could not be read or parsed; those kept in an older version are in `facts` too.
        sources: how they stand after they were read.
        now: what the age of sources is judged by, shown in the report, and its day `as_of = "today"`; default the clock's.

    Raises:
        SettingsError: a suite is malformed.
        IntegrityError: a chunk is not a slice of its document, has an id twice, or is empty; or the last accepted ingest can't be read.
    """
    now = now or datetime.now(UTC)
    setup = setup.at(now)
    suites = load_suites(setup.validation, setup.project_dir, COLUMNS, taken=ACCESS_CHECKS)
    baseline = load_baseline(store, setup.corpus.name, Audiences(setup.access)) if store is not None and revision else None
    result = Validated()
    run = _Run(setup, store, result)
    shapes = run.judge_documents(facts, suites["documents"])
    indexed = {path: shape for path, shape in shapes.items() if path not in result.quarantined}
    run.judge_access(baseline)
    returning = baseline is not None and revision != baseline.revision and revision in baseline.accepted
    compared = None if returning else baseline
    run.judge_changes(shapes, compared, suites["changes"])
    row = corpus_row(shapes, indexed, set(unread), result.quarantined, compared) | source_columns(sources, now)
    run.judge("corpus", suites["corpus"], [row])
    run.judge_chunks(chunks, suites["chunks"])
    run.finish(revision)
    if store is not None and revision:
        result.data_docs = report_key(revision)
        reports = [_report(tally, check) for tally, check in zip(run.tallies.values(), result.checks, strict=True)]
        page = render_report(
            reports,
            corpus=setup.corpus.name,
            revision=revision,
            compared_with=compared.revision if compared else "",
            counts=row,
            access=result.access,
            losses=result.losses,
            now=now,
        )
        store.put(result.data_docs, page.encode("utf-8", "replace"))
        if all(check.passed or check.level != "error" or check.accepted for check in result.checks):
            store_baseline(store, setup.corpus.name, revision, indexed, {path: run.seen[path] for path in indexed}, baseline)
    return result


def named_checks(settings: ValidationSettings, project_dir: Path) -> list[Expectation]:
    """Every named check of a project, in the order they are shown; raises as `load_suites` does. Imports nothing heavy."""
    suites = load_suites(settings, project_dir, COLUMNS, taken=ACCESS_CHECKS)
    return [*ACCESS_CHECKS.values(), *(entry for suite in suites.values() for entry in suite.entries)]


class _Run:
    """The tallies of one validation, filled suite by suite."""

    def __init__(self, setup: ValidationSetup, store: Store | None, result: Validated) -> None:
        self.tallies: dict[str, _Tally] = {name: _Tally(entry, _SUITE_OF[name]) for name, entry in ACCESS_CHECKS.items()}
        self.seen: dict[str, Seen] = {}  # of every document, as if it were indexed
        self._audiences = Audiences(setup.access)
        self._setup = setup
        self._store = store
        self._result = result
        self._damaged: set[str] = set()
        self._leads_to: dict[str, tuple[str, ...]] = {}

    def judge(self, name: SuiteName, suite: Suite, rows: Sequence[Mapping[str, Any]]) -> None:
        """Judge rows that are all in memory."""
        self._judge_blocks(name, suite, iter([rows]))

    def judge_documents(self, facts: Iterable[DocumentFacts], suite: Suite) -> dict[str, Shape]:
        """The shapes of all documents."""
        shapes: dict[str, Shape] = {}
        comparables: list[Comparable] = []
        lines: list[bytes] = []
        stating: list[Comparison] = []

        def blocks() -> Iterator[list[dict[str, Any]]]:
            stream = iter(facts)
            while block := list(islice(stream, _BLOCK)):
                for one in block:
                    self._judge_label(one)
                    shapes[one.doc_id] = shape_of(one)
                    comparables.append(comparable(one))
                    lines.append(one.lines)
                    if (states := comparison(one)) is not None:
                        stating.append(states)
                    if one.leads_to:
                        self._leads_to[one.doc_id] = one.leads_to
                yield [document_row(one, self._setup) for one in block]

        later = {**COMPARED_COLUMNS, **CONTRADICTION_COLUMNS}
        self._judge_blocks("documents", suite.part(later, inside=False), blocks())
        sound = [position for position, one in enumerate(comparables) if one.doc_id not in self._result.quarantined]
        copies = find_copies((comparables[position] for position in sound), threshold=self._setup.validation.near_duplicate)
        shares = boilerplate_shares([lines[position] for position in sound])
        labels = (
            {"doc_id": one.doc_id, "confidentiality": repr(one.confidentiality)}
            for one in (comparables[position] for position in sound)
        )
        rows = [compared_row(row, copies, share) for row, share in zip(labels, shares, strict=True)]
        self.judge("documents", suite.part(COMPARED_COLUMNS, inside=True), rows)
        kept = [path for path in shapes if path not in self._result.quarantined]
        contradictions = find_contradictions([one for one in stating if one.doc_id not in self._result.quarantined])
        rows = [contradiction_row(path, contradictions.get(path, ())) for path in kept]
        self.judge("documents", suite.part(CONTRADICTION_COLUMNS, inside=True), rows)
        return shapes

    def _judge_label(self, facts: DocumentFacts) -> None:
        """A document whose label can't be told is set aside, whatever the suites say."""
        self.seen[facts.doc_id] = seen_by(facts, self._audiences)
        self.tallies[_READABLE].checked += 1
        if facts.label_problems:
            for problem in facts.label_problems:
                self._tell(_READABLE, facts.doc_id, problem, more=problem is not facts.label_problems[0])
            self._damaged.add(facts.doc_id)

    def judge_access(self, baseline: Baseline | None) -> None:
        """Who sees what, and who sees more than at the last accepted ingest; after the documents were judged."""
        now = {path: seen for path, seen in self.seen.items() if path not in self._result.quarantined}
        before = baseline.seen if baseline else {}
        widened = find_widened(now, before, self._setup.validation.accept_audience)
        tally = self.tallies[_WIDENED]
        tally.checked = len(now)
        for one in widened:
            if not one.accepted:
                self._tell(
                    _WIDENED,
                    one.path,
                    Remark("wider_audience", _WIDER.format(", ".join(one.before) or "nobody", ", ".join(one.now))),
                )
        self._result.access = report_access(now, before, widened, damaged=self._damaged, audiences=self._audiences.access)

    def judge_changes(self, shapes: Mapping[str, Shape], baseline: Baseline | None, suite: Suite) -> None:
        """Documents that changed since the last accepted ingest; after all were judged."""
        before = baseline.shapes if baseline else {}
        quarantined = self._result.quarantined

        def rehearsal() -> list[dict[str, Any]]:
            """Documents as if each had been the next one: among such rows every expectation has some that fail."""
            paths = sorted(shapes)[: _REHEARSED + 1]
            pairs = ((shapes[earlier], shapes[path], path) for earlier, path in pairwise(paths))
            return [change_row(Change(path, earlier, now, path in quarantined), self._setup) for earlier, now, path in pairs]

        changes = find_changes(shapes, before, quarantined=quarantined, leads_to=self._leads_to)
        rows = [change_row(change, self._setup) for change in changes]
        self._judge_blocks("changes", suite, iter([rows]), rehearsal)
        self._accept_losses(suite, {change.path: change.now.text_digest for change in changes})

    def _accept_losses(self, suite: Suite, digests: Mapping[str, str]) -> None:
        """Name the documents that fail a check of level error, and those of them whose text a person accepted."""
        failing: dict[str, list[str]] = {}
        for entry in suite.entries:
            if entry.level == "error":
                for path in self.tallies[entry.name].failing:
                    failing.setdefault(path, []).append(entry.name)
        losses = [
            Loss(path=path, text_digest=digests[path], checks=tuple(checks), accepted=self._accepted(path, digests[path]))
            for path, checks in sorted(failing.items())
        ]
        for loss in losses:
            for name in loss.checks if loss.accepted else ():
                self.tallies[name].accepted[loss.path] = loss.accepted
        self._result.losses = tuple(losses)

    def _accepted(self, path: str, text_digest: str) -> str:
        acceptances = self._setup.validation.accept_change
        return next((one.why for one in acceptances if one.covers(path, text_digest)), "")

    def judge_chunks(self, chunks: Iterable[ChunkFacts], suite: Suite) -> None:
        def blocks() -> Iterator[list[dict[str, Any]]]:
            stream = (one for one in chunks if one.doc_id not in self._result.quarantined)
            while block := list(islice(stream, _BLOCK)):
                for one in block:
                    for defect in _CHUNKER_DEFECTS:
                        if getattr(one, defect):
                            raise IntegrityError(
                                f"document {one.doc_id!r}: {getattr(one, defect)} of {one.chunks} chunk(s): {CHUNK_COLUMNS[defect] or defect}; "
                                "this is a defect of the chunker, nothing was indexed"
                            )
                yield [chunk_row(one) for one in block]

        self._judge_blocks("chunks", suite, blocks())

    def finish(self, revision: str) -> None:
        """Turn the tallies into checks."""
        for tally in self.tallies.values():
            entry = tally.entry
            rows = [row for row in tally.rows if row.path not in tally.accepted]
            told = [row.reason.text if tally.suite == "corpus" else row.path for row in rows or tally.rows]
            self._result.checks.append(
                ValidationCheck(
                    name=entry.name,
                    level=entry.level,
                    passed=not tally.failed,
                    checked=tally.checked,
                    failed=tally.failed,
                    examples=tuple(sorted(told)[:_EXAMPLES]),
                    accepted=self._acceptance(tally, revision),
                )
            )

    def _acceptance(self, tally: _Tally, revision: str) -> str:
        """Who accepted what failed and why: every failing document by its text, or the check for this revision."""
        if not tally.failed or tally.entry.level != "error" or tally.entry.name == _WIDENED:
            return ""
        if len(tally.accepted) == tally.failed:
            return "; ".join(sorted(set(tally.accepted.values())))
        return _acceptance(tally.entry.name, revision, self._setup)

    def _judge_blocks(
        self,
        name: SuiteName,
        suite: Suite,
        blocks: Iterator[Sequence[Mapping[str, Any]]],
        rehearsal: Callable[[], list[dict[str, Any]]] | None = None,
    ) -> None:
        for entry in suite.entries:
            self.tallies[entry.name] = _Tally(entry, name)
        judge = open_judge(self._store, suite)
        if rehearsal:
            judge.rehearse(rehearsal)
        for rows in blocks:
            for entry in suite.entries:
                self.tallies[entry.name].checked += len(rows)
            for row, failing in zip(rows, judge.judge(rows), strict=True):
                for entry in failing:
                    self._note(entry, row)
        judge.close()
        self._result.validated_rows += judge.validated

    def _note(self, entry: Expectation, row: Mapping[str, Any]) -> None:
        self._tell(entry.name, str(row.get("doc_id", "")), entry.explain(row))

    def _tell(self, name: str, path: str, reason: Remark, *, more: bool = False) -> None:
        """Note a failing row; `more` for a further reason of the same one."""
        tally = self.tallies[name]
        entry = tally.entry
        tally.failed += not more
        tally.failing.append(path)
        if len(tally.rows) < _MAX_REPORTED:
            tally.rows.append(ReportedRow(path, reason))
        if path:
            target = self._result.quarantined if entry.level == "quarantine" else self._result.findings
            told = target.setdefault(path, [])
            if reason not in told:
                told.append(reason)


def _acceptance(check: str, revision: str, setup: ValidationSetup) -> str:
    """Who accepted the failed check of this revision and why; "" when nobody did."""
    for accepted in setup.validation.accept:
        target, _, why = accepted.partition(": ")
        name, _, named = target.partition("@")
        known = setup.corpus.revisions.get(named, "").removesuffix(".dir")
        if name == check and revision and (revision == known or (len(named) >= 8 and revision.startswith(named))):
            return why
    return ""


def _report(tally: _Tally, check: ValidationCheck) -> CheckReport:
    return CheckReport(
        check=check,
        suite=tally.suite,
        expectation=tally.entry.kind,
        kwargs=dict(tally.entry.kwargs),
        reason=tally.entry.reason,
        rows=tally.rows,
    )
