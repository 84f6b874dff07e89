"""Documents → bundle: ingest, index, bundle, build."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from headgate.cli.display import SHORT, coloured, print_json, print_table, progress_lines, say
from headgate.cli.invocation import Invocation, json_option, pass_invocation
from headgate.errors import IntegrityError, NotFoundError
from headgate.records import AccessReport, Canary, IndexResult, IngestResult, Loss
from headgate.storage import Store
from headgate.storage.layout import INGESTS

_log = logging.getLogger(__name__)
#: Longest text of a failure in an alert, characters.
_LONGEST = 1500
_REVISION_HELP = (
    "Corpus revision: a name of corpus.revisions, a DVC digest, or a git revision; by default what the .dvc file says now."
)
revision_option = click.option("--revision", default="", metavar="REV", help=_REVISION_HELP)
folder_option = click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="A folder to take instead of the configured corpus."
)
_INGESTED_HELP = "The ingest to take; by default the last one."
ingested_option = click.option("--corpus-revision", default="", metavar="REV", help=_INGESTED_HELP)
alert_option = click.option(
    "--alert", is_flag=True, help="Tell whom [alerts] names when it fails, and when it is well again; for cron and the like."
)


@click.command()
@revision_option
@folder_option
@alert_option
@json_option
@pass_invocation
def ingest(invocation: Invocation, revision: str, folder: Path | None, alert: bool, as_json: bool) -> None:
    """Parse, validate and chunk the documents. Every file ends as indexed, quarantined, dead-lettered or excluded.

    Exit code 1 where a check of level error failed: the corpus is not fit to be indexed.
    """
    from headgate.build import refuse_failed_checks
    from headgate.ingest.run import ingest as run

    with alerting(invocation, "ingest", wanted=alert):
        with progress_lines() as progress:
            result = run(
                invocation.store,
                invocation.settings.ingest_setup,
                revision=revision,
                folder=folder,
                progress=lambda done, total: progress("ingest", done, total),
            )
        if as_json:
            print_json(ingest_summary(result))
        else:
            _print_ingest(result)
        refuse_failed_checks(result)


@click.command()
@ingested_option
@json_option
@pass_invocation
def index(invocation: Invocation, corpus_revision: str, as_json: bool) -> None:
    """Embed what is new, merge it into the table, pin the version."""
    from headgate.index.table import update_table

    ingested = find_ingest(invocation.store, corpus_revision)
    with progress_lines() as progress:
        result = update_table(
            invocation.store,
            ingested.chunk_set,
            invocation.settings.index_setup,
            progress=lambda done, total: progress("index", done, total),
        )
    if as_json:
        print_json(index_summary(result))
        return
    _print_index(result)


@click.command()
@ingested_option
@json_option
@pass_invocation
def bundle(invocation: Invocation, corpus_revision: str, as_json: bool) -> None:
    """Write the bundle of an indexed corpus under today's prompts and settings. What is not indexed yet is indexed first."""
    from headgate.bundle import create_bundle, read_prompts
    from headgate.index.table import update_table

    started = time.monotonic()
    settings, store = invocation.settings, invocation.store
    read_prompts(settings.answer, settings.project_dir)
    ingested = find_ingest(store, corpus_revision)
    indexed = update_table(store, ingested.chunk_set, settings.index_setup)
    made = create_bundle(store, indexed, settings.bundle_setup)
    content = {
        "bundle_id": made.bundle_id,
        "corpus_revision": made.manifest.corpus.revision,
        "table": made.manifest.table.table,
        "version": made.manifest.table.version,
        "model": made.manifest.model.name,
        "seconds": round(time.monotonic() - started, 3),
    }
    if as_json:
        print_json(content)
        return
    print_table("Bundle", ("", ""), list(content.items()))


@click.command()
@revision_option
@folder_option
@click.option("--no-canary", is_flag=True, help="Do not compare with the bundle in service.")
@alert_option
@json_option
@pass_invocation
def build(invocation: Invocation, revision: str, folder: Path | None, no_canary: bool, alert: bool, as_json: bool) -> None:
    """ingest + index + bundle, and the canary where a bundle is in service. What is known is not parsed or embedded again."""
    with alerting(invocation, "build", wanted=alert), progress_lines() as progress:
        from headgate.build import build as run

        result = run(invocation.settings, revision=revision, folder=folder, canary=not no_canary, progress=progress)
    indexed = index_summary(result.index)
    if as_json:
        print_json(
            {
                "bundle_id": result.bundle_id,
                "corpus_revision": result.ingest.corpus_revision,
                "table": indexed["table"],
                "version": indexed["version"],
                "counts": result.ingest.counts.model_dump(),
                "chunks": indexed["chunks"],
                "usage": indexed["usage"],
                "parsed": result.ingest.parsed,
                "derived": result.ingest.derived,
                "kept": len(result.ingest.kept),
                "access": result.ingest.access.model_dump() if result.ingest.access else None,
                "changes": changes_summary(result.ingest),
                "canary": result.canary.verdict if result.canary else None,
                "seconds": {stage: round(seconds, 3) for stage, seconds in result.seconds.items()},
                "ingest_seconds": result.ingest.stage_seconds,
            }
        )
        return
    _print_ingest(result.ingest)
    _print_index(result.index)
    say(f"\nBundle {result.bundle_id}")
    if result.canary:
        _print_canary(result.canary)
    say('Next: headgate evaluate, headgate gate, headgate promote; or try it: headgate ask "…"')


def _print_canary(canary: Canary) -> None:
    say(f"Canary against {canary.baseline_bundle_id[:SHORT]}, the bundle in service: {canary.verdict}")
    for check in canary.checks:
        if check.verdict != "passed":
            say(f"  {check.name}: {check.reason}")
    if canary.verdict == "failed":
        say("The gate refuses this bundle for it; see `headgate canary`")


@contextmanager
def alerting(invocation: Invocation, verb: str, *, wanted: bool) -> Iterator[None]:
    """Raise the alert `job:<verb>` when the block fails, resolve it when it does not; the block's error goes on as it is.

    An alert that can't be stored is logged and changes nothing else. A process that is killed tells nobody.

    Args:
        wanted: whether to do anything at all.
    """
    try:
        yield
    except Exception as error:
        if wanted:
            _tell(invocation, verb, error)
        raise
    if wanted:
        _tell(invocation, verb, None)


def _tell(invocation: Invocation, verb: str, error: Exception | None) -> None:
    from headgate.monitor.alerts.alert import raise_alert, resolve_alert

    key = f"job:{verb}"
    try:
        settings = invocation.settings
        if error is None:
            resolve_alert(invocation.store, settings.alerts, key)
        else:
            what = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
            title = f"headgate {verb} failed"
            raise_alert(invocation.store, settings.alerts, project=settings.corpus.name, key=key, title=title, text=what)
    except Exception as problem:  # noqa: BLE001 - whatever it is, it must not take the place of the verb's own outcome
        _log.error("alert %r could not be recorded: %s", key, problem)


def find_ingest(store: Store, corpus_revision: str) -> IngestResult:
    """The stored result of an ingest, the one written last by default.

    Raises:
        NotFoundError: nothing was ingested, or not that revision.
        IntegrityError: the stored result can't be read.
    """
    written = {entry.key: entry.modified for entry in store.entries(INGESTS.prefix())}
    if not written:
        raise NotFoundError(f"nothing was ingested into the store at {store.address!r} yet; run `headgate ingest`")
    key = INGESTS.key(corpus_revision) if corpus_revision else max(written, key=lambda key: written[key])
    if key not in written:
        known = ", ".join(INGESTS.first(key) for key in list(written)[:5])
        raise NotFoundError(f"corpus revision {corpus_revision!r} was not ingested; ingested are {known}")
    try:
        return IngestResult.model_validate_json(store.get(key))
    except ValidationError as error:
        raise IntegrityError(
            f"{key!r} is of another version of headgate ({error.error_count()} problems); run `headgate ingest` again"
        ) from error


def ingest_summary(result: IngestResult) -> dict[str, Any]:
    """What `ingest --json` prints; `not_indexed` names every file that did not make it, with its reasons."""
    return {
        "corpus_revision": result.corpus_revision,
        "counts": result.counts.model_dump(),
        "as_of": result.as_of,
        "parsed": result.parsed,
        "derived": result.derived,
        "changes": changes_summary(result),
        "moved": {outcome.path: outcome.moved_from for outcome in result.outcomes if outcome.moved_from},
        "kept": [
            {"path": outcome.path, "stale_since": outcome.kept.since, "findings": [asdict(one) for one in outcome.findings]}
            for outcome in result.outcomes
            if outcome.kept
        ],
        "documents": result.chunk_set.documents,
        "chunks": result.chunk_set.chunks,
        "chunk_set": result.chunk_set.model_dump(),
        "access": result.access.model_dump() if result.access else None,
        "losses": [loss.model_dump() for loss in result.losses],
        "checks": [check.model_dump() for check in result.checks],
        "not_indexed": [
            {"path": outcome.path, "outcome": outcome.outcome, "reasons": [asdict(one) for one in outcome.reasons]}
            for outcome in result.outcomes
            if outcome.outcome != "indexed"
        ],
        "seconds": round(result.seconds, 3),
        "stage_seconds": result.stage_seconds,
    }


def changes_summary(result: IngestResult) -> dict[str, int]:
    """Files against the ingest before; the first one has added them all."""
    return result.changes.model_dump() if result.changes else {}


def index_summary(result: IndexResult) -> dict[str, Any]:
    """What `index --json` prints."""
    return {
        "corpus_revision": result.corpus_revision,
        "table": result.ref.table,
        "version": result.ref.version,
        "digest": result.ref.digest,
        "chunks": {"total": result.total, "embedded": result.embedded, "reused": result.reused, "deleted": result.deleted},
        "usage": result.usage.model_dump(),
        "seconds": round(result.seconds, 3),
    }


def _print_ingest(result: IngestResult) -> None:
    counts = result.counts
    rows = [(coloured(name), getattr(counts, name)) for name in ("indexed", "quarantined", "dead_lettered", "excluded")]
    print_table(
        f"Corpus {result.corpus_revision[:SHORT]}" + (f", ages as of {result.as_of}" if result.as_of else ""),
        ("outcome", "files"),
        [*rows, ("[bold]in all[/]", counts.files)],
        right=("files",),
        markup=("outcome",),
    )
    left_out = [outcome for outcome in result.outcomes if outcome.outcome != "indexed"]
    if left_out:
        say()
        print_table(
            "Not indexed",
            ("path", "outcome", "reasons"),
            [(outcome.path, coloured(outcome.outcome), "; ".join(map(str, outcome.reasons))) for outcome in left_out],
            markup=("outcome",),
        )
    if result.kept:
        say()
        print_table(
            "Indexed in an older version, because the current one can't be read",
            ("path", "stale since", "because"),
            [
                (
                    outcome.path,
                    outcome.kept.since,
                    "; ".join(finding.text for finding in outcome.findings if finding.code == "kept"),
                )
                for outcome in result.kept
                if outcome.kept
            ],
        )
    if result.access:
        _print_access(result.access)
    if result.losses:
        _print_losses(result.losses)
    failed = [check for check in result.checks if not check.passed]
    if failed:
        say()
        print_table(
            "Checks that found something",
            ("check", "level", "failed", "of", "examples"),
            [(check.name, check.level, check.failed, check.checked, ", ".join(check.examples)) for check in failed],
            right=("failed", "of"),
        )
    if result.changes and result.changes.unchanged + result.changes.changed + result.changes.moved:
        say("\n" + ", ".join(f"{count} {name}" for name, count in changes_summary(result).items()))
    say(
        f"\n{result.chunk_set.documents} documents, {result.chunk_set.chunks} chunks; {result.parsed} file(s) parsed now, the rest reused; {result.seconds:.1f} s"
    )


def _print_access(access: AccessReport) -> None:
    say()
    print_table("Who sees what", ("audience", "documents"), list(access.seen_by.items()), right=("documents",))
    say(
        f"{access.by_label} documents by their own label, {access.by_rule} by a rule of corpus.labels, {access.without_label} without a label, "
        f"seen by the privileged audience alone; {access.damaged} set aside because their label is damaged"
    )
    if access.narrowed:
        say(f"Seen by fewer than at the last accepted ingest: {len(access.narrowed)}")
    if access.widened:
        say()
        print_table(
            "Seen by more than at the last accepted ingest",
            ("path", "until now", "from now on", "accepted"),
            [(one.path, ", ".join(one.before) or "nobody", ", ".join(one.now), one.accepted or "no") for one in access.widened],
        )
        if refused := [one for one in access.widened if not one.accepted]:
            from headgate.ingest.validate.acceptance import audience_lines

            say(f"To accept them, put into headgate.toml:\n\n{audience_lines(refused)}")


def _print_losses(losses: Sequence[Loss]) -> None:
    say()
    print_table(
        "Lost something since the last accepted ingest",
        ("path", "checks", "accepted"),
        [(one.path, ", ".join(one.checks), one.accepted or "no") for one in losses],
    )
    if refused := [one for one in losses if not one.accepted]:
        from headgate.ingest.validate.acceptance import change_lines

        say(f"If that is meant, put into headgate.toml:\n\n{change_lines(refused)}")


def _print_index(result: IndexResult) -> None:
    say()
    print_table(
        f"Table {result.ref.table} version {result.ref.version}",
        ("chunks", "count"),
        [("embedded now", result.embedded), ("reused", result.reused), ("in all", result.total), ("deleted", result.deleted)],
        right=("count",),
    )
    usage = result.usage
    if usage.requests:
        cost = "price not known" if usage.cost is None else f"{usage.cost:.4f} US dollars"
        say(f"\nembedding: {usage.requests} request(s), {usage.tokens} tokens, {cost}")
