"""Pinned versions of the index: list, diff, verify, prune; and the canary."""

from __future__ import annotations

import re
from typing import Any

import click

from headgate.cli.display import SHORT, coloured, interval, number, print_json, print_table, say
from headgate.cli.invocation import Invocation, bundle_argument, chosen, json_option, pass_invocation
from headgate.errors import NotFoundError
from headgate.records import PinnedVersion

_MOST_NAMES = 20


@click.group()
def versions() -> None:
    """Pinned versions of the index: what there is, what changed, whether it is whole, what can go."""


@versions.command("list")
@json_option
@pass_invocation
def list_verb(invocation: Invocation, as_json: bool) -> None:
    """Every pinned version, with the bundles on it and why it is kept."""
    from headgate.cli.version_rows import version_rows

    rows = version_rows(invocation.store, invocation.settings.retention)
    if as_json:
        print_json({"versions": rows})
        return
    if not rows:
        say("There is no pinned version yet; `headgate build` makes one.")
        return
    shown = [
        (
            row["table"],
            row["version"],
            row["rows"],
            row["corpus_revision"][:12],
            row["created_at"][:19],
            ", ".join(bundle[:12] for bundle in row["bundles"]) or "–",
            ", ".join(row["releases"]) or "–",
            "; ".join(row["kept_because"]) or "goes with the next prune",
            _size(row["bytes"]),
        )
        for row in rows
    ]
    columns = ("table", "version", "rows", "revision", "created", "bundles", "releases", "kept because", "size")
    print_table("Pinned versions", columns, shown, right=("version", "rows", "size"))
    say("Versions share files: their sizes do not add up.")


@versions.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--examples", default=3, show_default=True, help="Chunk changes to show of each kind.")
@json_option
@pass_invocation
def diff(invocation: Invocation, before: str, after: str, examples: int, as_json: bool) -> None:
    """What changed from A to B: documents and chunks. A and B are versions, bundles or corpus revisions."""
    from headgate.index.differences import compare_versions

    difference = compare_versions(
        invocation.store, find_version(invocation, before).ref, find_version(invocation, after).ref, examples=examples
    )
    if as_json:
        print_json(difference.model_dump())
        return
    rows = [
        ("documents added", len(difference.documents_added), _names(difference.documents_added)),
        ("documents changed", len(difference.documents_changed), _names(difference.documents_changed)),
        ("documents removed", len(difference.documents_removed), _names(difference.documents_removed)),
        (
            "documents moved",
            len(difference.documents_moved),
            _names([f"{moved.before} → {moved.after}" for moved in difference.documents_moved]),
        ),
        ("chunks added", difference.chunks_added, ""),
        ("chunks changed", difference.chunks_changed, "the same text in another place, or other labels"),
        ("chunks removed", difference.chunks_removed, ""),
        ("chunks moved", difference.chunks_moved, ""),
        ("chunks unchanged", difference.chunks_unchanged, ""),
    ]
    print_table(f"{difference.before} → {difference.after}", ("", "number", "which"), rows, right=("number",))
    for example in difference.examples:
        say(f"\n{example.kind}: {example.document}")
        for sign, text in (("-", example.before), ("+", example.after)):
            if text and not (sign == "-" and text == example.after):
                say(f"  {sign} {' '.join(text.split())}")


@versions.command()
@click.argument("version", required=False)
@click.option("--all", "everything", is_flag=True, help="Every pinned version.")
@json_option
@pass_invocation
def verify(invocation: Invocation, version: str | None, everything: bool, as_json: bool) -> int:
    """Look at every file, row, vector and index of a version, by default of the newest. Exit 1 when something is wrong."""
    from headgate.index.integrity import check_versions
    from headgate.index.versions import list_versions

    chosen_versions = list_versions(invocation.store) if everything else [find_version(invocation, version or "newest")]
    reports = check_versions(invocation.store, chosen_versions)
    passed = all(report.passed for report in reports)
    if as_json:
        print_json({"passed": passed, "versions": [report.model_dump() | {"passed": report.passed} for report in reports]})
        return 0 if passed else 1
    for report in reports:
        rows = [(check.name, _outcome(check.outcome), check.failed or "", check.detail) for check in report.checks]
        title = f"{report.table}@{report.version}, corpus revision {report.corpus_revision}, {report.rows} rows"
        print_table(title, ("check", "", "wrong", "what"), rows, right=("wrong",), markup=("",))
    return 0 if passed else 1


@versions.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@json_option
@pass_invocation
def prune(invocation: Invocation, dry_run: bool, as_json: bool) -> int:
    """Remove what no release, logged answer, report or recent build needs. Exit 1 when the store is still too large."""
    from headgate.retention.clean_up import prune as run

    result = run(invocation.store, invocation.settings.retention, invocation.settings.corpus, dry_run=dry_run)
    code = 1 if result.over_limit else 0
    if as_json:
        print_json(result.model_dump() | {"over_limit": result.over_limit})
        return code
    print_table("Bundles that stay", ("bundle", "why"), [(name[:SHORT], "; ".join(why)) for name, why in result.kept.items()])
    title = "Would go" if dry_run else "Removed"
    print_table(title, ("what", "which", "bytes"), [(i.kind, i.name, i.bytes_freed) for i in result.removed], right=("bytes",))
    for line in result.skipped:
        say(f"Left alone: {line}")
    for name, files in result.unnamed.items():
        say(
            f"Left alone: {files} file(s) in {name!r}, which the layout of the store does not name; look at them, and remove them by hand"
        )
    print_table(
        "What the store holds", ("", "size"), [(name, _size(size)) for name, size in result.sizes.items()], right=("size",)
    )
    limit = f" of {_size(result.limit)} (retention.max_gib)" if result.limit else ""
    freed = f"{'Would free' if dry_run else 'Freed'} {_size(result.bytes_freed)}"
    say(f"{freed}; the store takes {_size(sum(result.sizes.values()))}{limit}{': too much' if result.over_limit else ''}.")
    return code


@click.command()
@bundle_argument
@click.option(
    "--against",
    metavar="BUNDLE",
    help="The bundle to compare with; by default the promoted one; of the promoted one, the one before.",
)
@json_option
@pass_invocation
def canary(invocation: Invocation, bundle: str | None, bundle_option: str | None, against: str | None, as_json: bool) -> int:
    """Ask the suites and recent questions of the old and the new index: exit 0 passed, 1 failed, 3 inconclusive."""
    from headgate.evaluate.canary.canary import run_canary

    bundle_id = invocation.bundle_id(chosen(bundle, bundle_option))
    baseline = invocation.bundle_id(against) if against else ""
    result = run_canary(invocation.store, bundle_id, invocation.settings.evaluation_setup, against=baseline)
    code = {"passed": 0, "failed": 1, "inconclusive": 3}[result.verdict]
    if as_json:
        print_json(result.model_dump())
        return code
    print_table(
        f"Bundle {bundle_id[:SHORT]} against {result.baseline_bundle_id[:SHORT] or 'nothing'}: {result.verdict}",
        ("check", "", "reason"),
        [(check.name, _outcome(check.verdict), check.reason) for check in result.checks],
        markup=("",),
    )
    print_table(
        f"recall@{result.recall_at}",
        ("slice", "cases", "before", "after", "difference", "interval"),
        [(s.name, s.n, number(s.before), number(s.after), number(s.difference), interval(s.low, s.high)) for s in result.slices],
        right=("cases", "before", "after", "difference"),
    )
    for title, names in (
        ("Cannot be found any more", result.unreachable),
        ("Lost all their hits", result.lost_hits),
        ("Never retrieved", result.never_retrieved),
    ):
        if names:
            say(f"{title}: {_names(names)}")
    return code


def find_version(invocation: Invocation, named: str) -> PinnedVersion:
    """The pinned version that `named` means: `newest`, a version number, `table@version`, a bundle, a corpus revision or its name.

    Raises:
        NotFoundError: none is meant, or several are.
    """
    from headgate.bundle import load_manifest
    from headgate.index.versions import list_versions

    known = list_versions(invocation.store)
    newest = max(known, key=lambda pinned: pinned.created_at, default=None)
    if newest is None:
        raise NotFoundError(f"there is no pinned version in the store at {invocation.store.address!r}; run `headgate build`")
    if named == "newest":
        return newest
    table, _, version = named.rpartition("@")
    if version.isdigit() and len(version) < 8:
        found = [pinned for pinned in known if pinned.ref.version == int(version) and table in ("", pinned.ref.table)]
        if len(found) > 1:
            found = [pinned for pinned in found if pinned.ref.table == newest.ref.table]
    else:
        revision = invocation.settings.corpus.revisions.get(named, named).removesuffix(".dir")
        found = [pinned for pinned in known if pinned.corpus_revision.removesuffix(".dir") == revision]
        if not found and re.fullmatch(r"[0-9a-f]{8,64}", named):
            ref = load_manifest(invocation.store, invocation.bundle_id(named)).table
            found = [pinned for pinned in known if (pinned.ref.table, pinned.ref.version) == (ref.table, ref.version)]
    if not found:
        raise NotFoundError(
            f"{named!r} is no pinned version, bundle or corpus revision with one; `headgate versions list` shows them"
        )
    return max(found, key=lambda pinned: pinned.created_at)


def _outcome(word: str) -> str:
    return coloured(word).replace("not-checked", "not checked")


def _names(names: Any) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown


def _size(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.2f} GiB"
