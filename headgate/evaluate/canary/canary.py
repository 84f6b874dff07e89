"""A rebuilt index against the one before, before anybody asks it anything. Retrieval only: no model answers.

    suites, newest logged questions ──► old bundle, new bundle ──► recall, paired; overlap of the first k; documents without hits
    documents by their own words    ──► old bundle, new bundle ──► documents that can't be found any more
                                        (hits.py: what was asked of the same index before is remembered)
                                                                      └──► passed | failed | inconclusive ──► canaries/<id>.json, MLflow

Alone: `headgate canary [BUNDLE] [--against BUNDLE]`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

import orjson
from pydantic import ValidationError

from headgate.bundle import hold_bundle, load_manifest
from headgate.errors import HeadgateError, IntegrityError, NotFoundError, TrackingError, UnfitCorpus
from headgate.evaluate.canary.hits import Finder, Found, retrieval_key, search_key
from headgate.evaluate.canary.overlap import jaccard, rank_biased_overlap
from headgate.evaluate.canary.paired_recall import AskedOfBoth, PairedRecalls, gold_texts, paired_recalls, recall_slices
from headgate.evaluate.canary.probes import Lost, probe_documents, read_documents
from headgate.evaluate.suites.suite import Case, Suite, load_suites
from headgate.index.differences import compare_versions
from headgate.index.versions import open_version
from headgate.interactions.log import InteractionLog
from headgate.records import (
    Canary,
    CanaryCheck,
    CanarySlice,
    Decision,
    FileOutcome,
    IngestResult,
    Question,
    VersionDifference,
)
from headgate.records.progress import Progress
from headgate.release.ledger import history
from headgate.settings import CanarySettings, EvaluationSetup
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import BUNDLES, CANARIES, INGESTS

_log = logging.getLogger(__name__)
#: Questions asked at the same time.
_CONCURRENCY = 2
#: Documents searched by their own words in any case, and for each document that changed.
_LEAST_PROBES = 20
_PROBES_A_CHANGE = 5
#: Names that a result lists of documents nobody asks for.
_NAMED = 50


def run_canary(
    store: Store, bundle_id: str, setup: EvaluationSetup, *, against: str = "", progress: Progress | None = None
) -> Canary:
    """Compare a bundle with the one before, store the result and log a small MLflow run.

    Args:
        against: bundle to compare with; "" = the promoted one or, where this is the promoted one or there is none, the one built before.
            With neither the verdict is `passed`, and its only check, `baseline`, says that there was nothing to compare.
        progress: called with (questions asked, questions in all).

    Raises:
        NotFoundError, IntegrityError: the bundle is not there, or not what its id says.
        SuiteError: a suite file is malformed.
    """
    started = time.monotonic()
    hold_bundle(store, bundle_id)
    baseline, problem = choose_baseline(store, setup.track, bundle_id, against)
    if not baseline:
        check = CanaryCheck(
            name="baseline",
            verdict="inconclusive" if problem else "passed",
            reason=problem or "nothing to compare: no bundle of this corpus was built before this one",
        )
        result = _result(bundle_id, "", setup.canary, [check], {})
    else:
        hold_bundle(store, baseline)
        result = _compare(store, setup, bundle_id, baseline, progress)
    result = result.model_copy(update={"seconds": time.monotonic() - started})
    result = result.model_copy(update={"canary_id": _digest(result)})
    _save(store, result)
    from headgate.evaluate.report.tracking import log_canary

    try:
        run_id = log_canary(setup.tracking, result)
    except TrackingError as error:
        _log.warning("%s The canary %s… is stored all the same, without an MLflow run.", error, result.canary_id[:16])
        return result
    result = result.model_copy(update={"mlflow_run_id": run_id})
    _save(store, result)
    return result


def refuse_regression(canary: Canary) -> None:
    """Stop where a canary failed.

    Raises:
        UnfitCorpus: names the checks that failed.
    """
    if canary.verdict == "failed":
        reasons = " | ".join(f"{check.name}: {check.reason}" for check in canary.checks if check.verdict == "failed")
        raise UnfitCorpus(
            f"bundle {canary.bundle_id[:16]}… is worse than {canary.baseline_bundle_id[:16]}…: {reasons}; see `headgate canary`, "
            "and [canary] in headgate.toml for its limits and `accept`"
        )


def find_canary(store: Store, bundle_id: str, baseline_bundle_id: str = "") -> Canary | None:
    """The newest canary of a bundle, against one baseline or any; None where there is none."""
    found = []
    for key in store.list(CANARIES.prefix()):
        try:
            canary = Canary.model_validate_json(store.get(key))
        except ValidationError as error:
            raise IntegrityError(
                f"{key!r} is not a canary ({error.error_count()} problems); run `headgate canary` again"
            ) from error
        if canary.bundle_id == bundle_id and baseline_bundle_id in ("", canary.baseline_bundle_id):
            found.append(canary)
    return max(found, key=lambda canary: canary.created_at, default=None)


def choose_baseline(store: Store, track: str, bundle_id: str, against: str) -> tuple[str, str]:
    """The bundle to compare with and, where there is one that can't be used, why; both "" where there is nothing to compare.

    It is the promoted bundle, unless that is this one or of another corpus; else the bundle of this corpus built last before this one.
    Without `against` it is never the bundle itself, and never one that was built later unless that one is in force.

    Raises:
        NotFoundError, IntegrityError: either named bundle is not there, or not what its id says.
    """
    if against:
        load_manifest(store, against)
        return against, ""
    corpus = load_manifest(store, bundle_id).corpus.name
    releases = history(store, track)
    if releases and releases[-1].bundle_id != bundle_id:
        promoted = releases[-1].bundle_id
        try:
            if load_manifest(store, promoted).corpus.name == corpus:
                return promoted, ""
        except HeadgateError as error:
            return "", str(error)
    # Building a bundle again makes its file new, so a bundle that was in service is at least as old as its first release.
    ends = [store.stat(BUNDLES.key(bundle_id)).modified]
    ends += [datetime.fromisoformat(release.promoted_at).timestamp() for release in releases if release.bundle_id == bundle_id]
    older = [entry for entry in store.entries(BUNDLES.prefix()) if entry.modified < min(ends)]
    problem = ""
    for entry in sorted(older, key=lambda entry: -entry.modified):
        candidate = entry.key.rsplit("/", 1)[-1].removesuffix(".json")
        if candidate == bundle_id:
            continue
        try:
            if load_manifest(store, candidate).corpus.name == corpus:
                return candidate, ""
        except HeadgateError as error:
            problem = problem or str(error)
    return "", problem


def _compare(store: Store, setup: EvaluationSetup, bundle_id: str, baseline: str, progress: Progress | None) -> Canary:
    manifest, before = load_manifest(store, bundle_id), load_manifest(store, baseline)
    if retrieval_key(manifest) == retrieval_key(before):
        reason = "both search the same content in the same way, so they find the same: nothing was asked"
        return _result(bundle_id, baseline, setup.canary, [CanaryCheck(name="retrieval", verdict="passed", reason=reason)], {})
    difference = compare_versions(store, before.table, manifest.table, examples=0)
    old_table, new_table = open_version(store, before.table), open_version(store, manifest.table)
    old_documents, new_documents = read_documents(old_table), read_documents(new_table)
    suites = load_suites(setup.gate_files.suites)
    with (
        closing(Finder(store, baseline)) as old,
        closing(Finder(store, bundle_id)) as new,
        ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="canary") as threads,
    ):
        asked, errors = _ask(
            suites, recent_questions(store, setup.canary.questions, setup.logged_days), old, new, threads, progress
        )
        lost = probe_documents(
            old_documents,
            new_documents,
            difference,
            _outcomes(store, manifest.corpus.revision),
            search_old=old.find,
            search_new=new.find,
            access={audience: manifest.retrieval.audiences.seen_by(audience) for audience in manifest.retrieval.access},
            settings=_in_proportion(setup.canary, difference, same_search=search_key(manifest) == search_key(before)),
        )
    moved = {pair.before: pair.after for pair in difference.documents_moved}
    k = setup.canary.recall_at
    old_gold, new_gold = (gold_texts(table, suites, moved=moved) for table in (old_table, new_table))
    recalls = paired_recalls(asked, old_gold, new_gold, k, moved=moved)
    slices = recall_slices(setup.evaluation, recalls)
    found_old = {moved.get(hit.doc_id, hit.doc_id) for pair in asked for hit in pair.old}
    found_new = {hit.doc_id for pair in asked for hit in pair.new}
    never = sorted(new_documents.keys() - found_new)
    shared = {
        "questions": len(asked),
        "searches": old.asked + new.asked,
        "probes": lost.asked,
        "probes_left_out": lost.left_out,
        "jaccard": fmean(jaccard(_texts_of(p.old), _texts_of(p.new), k) for p in asked) if asked else None,
        "rank_biased": fmean(rank_biased_overlap(_texts_of(p.old), _texts_of(p.new)) for p in asked) if asked else None,
        "slices": slices,
        "unreachable": (*lost.unreachable, *lost.emptied),
        "lost_hits": tuple(sorted((found_old - found_new) & new_documents.keys())),
        "never_retrieved": tuple(never[:_NAMED]) if asked else (),
        "never_retrieved_count": len(never) if asked else 0,
        "cases_lost": recalls.lost,
    }
    checks = _checks(setup.canary, slices, lost, errors, shared["jaccard"], recalls, difference)
    return _result(bundle_id, baseline, setup.canary, checks, shared)


def _in_proportion(settings: CanarySettings, difference: VersionDifference, *, same_search: bool) -> CanarySettings:
    """Fewer probes of unchanged documents where little changed and both search in the same way: an edit of one page can push few others out."""
    if not same_search:
        return settings
    touched = sum(
        len(documents)
        for documents in (
            difference.documents_added,
            difference.documents_changed,
            difference.documents_moved,
            difference.documents_removed,
        )
    )
    return settings.model_copy(update={"probes": min(settings.probes, max(_LEAST_PROBES, _PROBES_A_CHANGE * touched))})


# --- asking ---------------------------------------------------------------------------------------------------------


def _ask(
    suites: Sequence[Suite],
    logged: Sequence[Question],
    old: Finder,
    new: Finder,
    threads: ThreadPoolExecutor,
    progress: Progress | None,
) -> tuple[list[AskedOfBoth], list[str]]:
    """Every question of both bundles; and what could not be asked."""
    questions: list[tuple[str, Case | None, Question]] = [
        (suite.name, case, case.asked) for suite in suites for case in suite.cases
    ]
    questions += [("", None, question) for question in logged]
    asked: list[AskedOfBoth] = []
    errors: list[str] = []

    def both(item: tuple[str, Case | None, Question]) -> AskedOfBoth | str:
        suite, case, question = item
        try:
            return AskedOfBoth(suite, case, question, old.find(question), new.find(question))
        except Exception as error:  # noqa: BLE001 - a question that can't be asked is counted, and fails the canary
            return f"{question.text[:80]!r}: {type(error).__name__}: {error}"

    for done, outcome in enumerate(threads.map(both, questions), start=1):
        if isinstance(outcome, str):
            errors.append(outcome)
        else:
            asked.append(outcome)
        if progress:
            progress(done, len(questions))
    return asked, errors


def recent_questions(store: Store, limit: int, days: int) -> list[Question]:
    """The newest logged questions of the last `days`, each text once, at most `limit`."""
    moment = datetime.now(UTC) - timedelta(days=days)
    logged = (
        sorted(InteractionLog(store).since(moment), key=lambda interaction: interaction.asked_at, reverse=True) if limit else []
    )
    newest: dict[tuple[str, str], Question] = {}
    for interaction in logged:
        newest.setdefault((interaction.question.audience, interaction.question.text.strip().casefold()), interaction.question)
    return list(newest.values())[:limit]


def _outcomes(store: Store, revision: str) -> dict[str, FileOutcome]:
    try:
        ingest = IngestResult.model_validate_json(store.get(INGESTS.key(revision)))
    except NotFoundError:
        return {}
    return {outcome.path: outcome for outcome in ingest.outcomes}


def _checks(
    settings: CanarySettings,
    slices: Sequence[CanarySlice],
    lost: Lost,
    errors: Sequence[str],
    overlap: Any,
    recalls: PairedRecalls,
    difference: VersionDifference,
) -> list[CanaryCheck]:
    checks = [_recall_check(settings, slices, recalls)]
    checks.append(unreachable_check(settings, lost))
    checks.append(
        CanaryCheck(
            name="emptied",
            verdict="failed" if len(lost.emptied) > settings.max_unreachable else "passed",
            reason=_few(lost.emptied, "no document lost most of its text"),
        )
    )
    checks.append(
        CanaryCheck(
            name="language",
            verdict="inconclusive" if lost.language_changed else "passed",
            reason=_few(lost.language_changed, "no document changed its language"),
        )
    )
    low = overlap is not None and overlap < settings.min_overlap
    changed = f"{difference.chunks_added} chunks added, {difference.chunks_removed} removed"
    reason = (
        "no question was asked" if overlap is None else f"mean Jaccard {overlap:.3f}, at least {settings.min_overlap}; {changed}"
    )
    checks.append(CanaryCheck(name="overlap", verdict="inconclusive" if low else "passed", reason=reason))
    if errors:
        checks.append(CanaryCheck(name="errors", verdict="failed", reason=_few(errors, "")))
    return checks


def _recall_check(settings: CanarySettings, slices: Sequence[CanarySlice], recalls: PairedRecalls) -> CanaryCheck:
    """A drop beyond the limit fails when the interval excludes that nothing got worse; else it needs a person."""
    if not slices:
        return CanaryCheck(name="recall", verdict="passed", reason="no case of the suites applies to both")
    whole = slices[0]
    bounds = f" (95 % interval {whole.low:.3f} to {whole.high:.3f})" if whole.low is not None and whole.high is not None else ""
    reason = (
        f"recall@{settings.recall_at} {whole.before:.3f} → {whole.after:.3f} over {whole.n} cases{bounds}, "
        f"limit −{settings.max_recall_drop}"
    )
    if recalls.lost:
        reason += f"; passages gone of {_few(recalls.lost, '')}"
    if whole.difference >= -settings.max_recall_drop:
        return CanaryCheck(name="recall", verdict="passed", reason=reason)
    certain = whole.high is not None and whole.high < 0
    return CanaryCheck(name="recall", verdict="failed" if certain else "inconclusive", reason=reason)


def unreachable_check(settings: CanarySettings, lost: Lost) -> CanaryCheck:
    """Documents that were not searched for may be lost as well: then nothing but a failure is certain."""
    reason = _few(lost.unreachable, f"none of {lost.asked} documents searched for")
    if lost.left_out:
        reason += (
            f"; {lost.left_out} changed documents were not searched for, above canary.changed_probes = {settings.changed_probes}"
        )
    verdict: Decision = "inconclusive" if lost.left_out else "passed"
    if len(lost.unreachable) > settings.max_unreachable:
        verdict = "failed"
    return CanaryCheck(name="unreachable", verdict=verdict, reason=reason)


def _few(names: Sequence[str], otherwise: str) -> str:
    shown = "; ".join(names[:5])
    return f"{shown}; and {len(names) - 5} more" if len(names) > 5 else shown or otherwise


# --- reading and writing --------------------------------------------------------------------------------------------


def _texts_of(hits: Sequence[Found]) -> list[str]:
    """What is compared: texts, so that a document that moved stays the same."""
    return [hit.text for hit in hits]


def _result(
    bundle_id: str, baseline: str, settings: CanarySettings, checks: Sequence[CanaryCheck], measured: Mapping[str, Any]
) -> Canary:
    verdicts = {check.verdict for check in checks}
    verdict: Decision = "failed" if "failed" in verdicts else "inconclusive" if "inconclusive" in verdicts else "passed"
    return Canary(
        canary_id="",
        bundle_id=bundle_id,
        baseline_bundle_id=baseline,
        verdict=verdict,
        recall_at=settings.recall_at,
        checks=tuple(checks),
        created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        **measured,
    )


def _digest(canary: Canary) -> str:
    return sha256_hex(orjson.dumps(canary.model_dump(exclude={"canary_id", "mlflow_run_id"}), option=orjson.OPT_SORT_KEYS))


def _save(store: Store, canary: Canary) -> None:
    store.put(CANARIES.key(canary.canary_id), orjson.dumps(canary.model_dump(), option=orjson.OPT_INDENT_2))
