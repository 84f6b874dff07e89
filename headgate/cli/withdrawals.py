"""Withdrawals: a document that nobody may find any more, in no bundle, old or new; and taking that back."""

from __future__ import annotations

import getpass

import click

from headgate.cli.display import print_json, print_table, say
from headgate.cli.invocation import Invocation, json_option, pass_invocation
from headgate.errors import UsageError
from headgate.records import Withdrawal


@click.command()
@click.argument("document", required=False, metavar="[DOCUMENT]")
@click.option("--reason", default="", help="Why; on record for good.")
@click.option("--by", default="", help="Who decides it; by default the user of this machine.")
@click.option("--list", "listed", is_flag=True, help="Show all withdrawals, those taken back included.")
@click.option("--undo", "number", type=int, metavar="NUMBER", help="Take a withdrawal back.")
@click.option("--erase", is_flag=True, help="At the next clean-up, remove for good all that the store holds of it.")
@click.option("--corpus", default="", help="corpus.name; by default that of the settings.")
@json_option
@pass_invocation
def withdraw(
    invocation: Invocation,
    document: str | None,
    reason: str,
    by: str,
    listed: bool,
    number: int | None,
    erase: bool,
    corpus: str,
    as_json: bool,
) -> None:
    """Make a document unfindable at once, in every bundle: DOCUMENT is its path in the corpus, or a pattern such as 'drafts/**'.

    A running service applies it within a second; the next ingest leaves the document out and says so.
    """
    if sum((document is not None, listed, number is not None)) != 1:
        raise UsageError("name a document to withdraw, or give --list, or --undo NUMBER")
    if listed:
        _list(invocation, as_json=as_json)
        return
    who = by or _user()
    if number is not None:
        from headgate.withdrawals.ledger import undo

        _told(undo(invocation.store, number, by=who, reason=reason), as_json=as_json)
        return
    from headgate.retention.withdrawing import documents_of
    from headgate.withdrawals.ledger import withdraw as run

    assert document is not None
    name = corpus or invocation.settings.corpus.name
    meant = documents_of(invocation.store, name, document)
    line = run(
        invocation.store,
        name,
        document,
        documents=meant.documents,
        digests=meant.digests,
        texts=meant.texts,
        by=who,
        reason=reason,
        erase=erase,
    )
    _told(line, as_json=as_json)


def _told(line: Withdrawal, *, as_json: bool) -> None:
    if as_json:
        print_json(line.model_dump())
        return
    if line.kind == "undo":
        say(f"Withdrawal {line.undoes} of {line.target!r} is taken back (number {line.number}, by {line.by}).")
        say("Bundles that hold the document find it again at once; a bundle made meanwhile does after the next build.")
        return
    say(f"Withdrawn as number {line.number}, by {line.by}: {line.target!r}. No bundle finds it any more.")
    others = [path for path in line.documents if path != line.target]
    if others:
        say(f"That includes what had, or has, the same content: {', '.join(others[:20])}{' …' if len(others) > 20 else ''}")
    say("Next: headgate build, so that new bundles are made without it." if not line.erase else _ERASING)
    say(f"To take it back: headgate withdraw --undo {line.number} --reason …")


_ERASING = (
    "Next: headgate build, evaluate, gate and promote, so that no bundle in service holds it; then headgate versions prune removes what the "
    "store holds of it for good, and says what it could not."
)


def _list(invocation: Invocation, *, as_json: bool) -> None:
    from headgate.withdrawals.ledger import history, in_force

    lines = history(invocation.store)
    active = {line.number for line in in_force(lines)}
    if as_json:
        print_json({"withdrawals": [line.model_dump() | {"in_force": line.number in active} for line in lines]})
        return
    rows = [
        (
            line.number,
            "undo of " + str(line.undoes) if line.kind == "undo" else "erase" if line.erase else "withdraw",
            line.target,
            len(line.documents),
            "yes" if line.number in active else "",
            line.by,
            line.at,
            line.reason,
        )
        for line in lines
    ]
    print_table("Withdrawals", ("", "what", "target", "documents", "in force", "by", "at", "reason"), rows, right=("documents",))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
