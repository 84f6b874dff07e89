"""The ledger: promote, rollback, status, history, and the reference release."""

from __future__ import annotations

import click

from headgate.cli.display import SHORT, print_json, print_table, say
from headgate.cli.invocation import Invocation, bundle_argument, chosen, json_option, pass_invocation
from headgate.records import Release

by_option = click.option("--by", "promoted_by", default="", help="Who releases; by default the user of this process.")
reason_option = click.option("--reason", default="", help="Why; kept in the ledger.")


@click.command()
@bundle_argument
@by_option
@reason_option
@json_option
@pass_invocation
def promote(
    invocation: Invocation, bundle: str | None, bundle_option: str | None, promoted_by: str, reason: str, as_json: bool
) -> None:
    """Put a bundle in service, by default the one built last. Refuses without a passed verdict for this very bundle."""
    from headgate.release.ledger import promote as run

    bundle_id = invocation.bundle_id(chosen(bundle, bundle_option))
    settings = invocation.settings
    _print_release(
        run(invocation.store, bundle_id, settings.release, settings.gate_files, promoted_by=promoted_by, reason=reason), as_json
    )


@click.command()
@click.option(
    "--to-release",
    type=int,
    metavar="N",
    help="Number of the release whose bundle is wanted; by default the latest with another bundle.",
)
@by_option
@reason_option
@json_option
@pass_invocation
def rollback(invocation: Invocation, to_release: int | None, promoted_by: str, reason: str, as_json: bool) -> None:
    """Put an earlier bundle back in service, as a new release."""
    from headgate.release.ledger import rollback as run

    _print_release(
        run(invocation.store, invocation.settings.release, to_release=to_release, promoted_by=promoted_by, reason=reason), as_json
    )


@click.command()
@json_option
@pass_invocation
def status(invocation: Invocation, as_json: bool) -> None:
    """What is in service on the configured track."""
    from headgate.release.ledger import status as run

    content = run(invocation.store, invocation.settings.release.track).model_dump()
    if as_json:
        print_json(content)
        return
    print_table("In service", ("", ""), [(name.replace("_", " "), value) for name, value in content.items()])


@click.group()
def release() -> None:
    """Releases: list them, and say which one candidates must not fall behind."""


@release.command()
@click.argument("number", type=int, metavar="N")
@click.option("--by", "set_by", required=True, help="Who decides it.")
@click.option("--reason", required=True, help="Why; kept in the ledger.")
@json_option
@pass_invocation
def reference(invocation: Invocation, number: int, set_by: str, reason: str, as_json: bool) -> None:
    """Make release N the one that candidates must not fall behind. Until then it is the first release."""
    from headgate.release.ledger import history as run
    from headgate.release.reference import set_reference

    store, track = invocation.store, invocation.settings.release.track
    line = set_reference(store, track, run(store, track), number, set_by=set_by, reason=reason)
    if as_json:
        print_json(line.model_dump())
        return
    say(
        f"Release {line.release} of track {track} is the reference (bundle {line.bundle_id[:SHORT]}…), decided by {line.set_by}: {line.reason}"
    )
    say("Verdicts that were compared with another reference release nothing any more: run `headgate gate` again.")


@click.command()
@json_option
@pass_invocation
def history(invocation: Invocation, as_json: bool) -> None:
    """All releases of the configured track, oldest first."""
    from headgate.release.ledger import history as run
    from headgate.release.reference import references

    track = invocation.settings.release.track
    releases = run(invocation.store, track)
    lines = references(invocation.store, track, releases)
    if as_json:
        print_json(
            {
                "track": track,
                "releases": [release.model_dump() for release in releases],
                "references": [line.model_dump() for line in lines],
            }
        )
        return
    if not releases:
        say(f"Nothing was promoted to track {track!r} yet.")
        return
    rows = [
        (
            release.release,
            "◄ reference" if release.release == lines[-1].release else "",
            release.kind,
            release.bundle_id[:SHORT],
            release.promoted_at,
            release.promoted_by,
            release.reason,
        )
        for release in releases
    ]
    print_table(f"Track {track}", ("release", "", "kind", "bundle", "promoted at", "by", "reason"), rows, right=("release",))
    for line in lines[1:]:
        say(f"Reference: release {line.release} since {line.set_at}, by {line.set_by}: {line.reason}")


release.add_command(history, "list")


def _print_release(release: Release, as_json: bool) -> None:
    if as_json:
        print_json(release.model_dump())
        return
    for rehearsal in release.rehearsals:
        told = "answered" if rehearsal.answered else "declined"
        say(f"Rehearsed: bundle {rehearsal.bundle_id[:SHORT]}… {told} {rehearsal.question!r} in {rehearsal.seconds:.2f} s")
    before = f", before: {release.previous_bundle_id[:SHORT]}…" if release.previous_bundle_id else ""
    say(f"Release {release.release} of track {release.track} ({release.kind}): bundle {release.bundle_id}{before}")
