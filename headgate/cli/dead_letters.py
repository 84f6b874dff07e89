"""dead-letters list, show, retry, drop: files that could not be read or parsed, and what people decide about them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from headgate.cli.display import print_json, print_table, say
from headgate.cli.invocation import Invocation, json_option, pass_invocation


@click.group("dead-letters")
def dead_letters() -> None:
    """Files that could not be read or parsed: what failed, why, how often, what to do.

    A file leaves the list when it parses, is excluded or is gone.
    """


@dead_letters.command("list")
@click.option("--all", "every", is_flag=True, help="Of every corpus in the store, not only of the one that the settings name.")
@json_option
@pass_invocation
def list_letters(invocation: Invocation, every: bool, as_json: bool) -> None:
    """List them: reason, attempts, since when, when the next ingest tries again."""
    from headgate.ingest.state.dead_letters import list_dead_letters

    letters = list_dead_letters(invocation.store, "" if every else invocation.settings.corpus.name)
    if as_json:
        print_json({"dead_letters": [letter.model_dump() for letter in letters]})
        return
    if not letters:
        say("No dead letters: every file could be parsed.")
        return
    print_table(
        f"{len(letters)} dead letter(s)",
        ("path", "reason", "detail", "attempts", "first seen", "last seen", "next try"),
        [
            (
                letter.path,
                letter.reason,
                letter.detail,
                letter.attempts,
                letter.first_seen,
                letter.last_seen,
                _next_try(letter.model_dump()),
            )
            for letter in letters
        ],
        right=("attempts",),
    )
    say("\nNext: headgate dead-letters show PATH, retry PATH, drop PATH --because WHY")


@dead_letters.command("show")
@click.argument("path")
@json_option
@pass_invocation
def show_letter(invocation: Invocation, path: str, as_json: bool) -> None:
    """Everything known of one: limits it was parsed under, the end of its parser's output, what to do."""
    from headgate.ingest.state.dead_letters import DeadLetters

    letter = DeadLetters(invocation.store, invocation.settings.corpus.name).get(path)
    content = letter.model_dump() | {"advice": letter.advice}
    if as_json:
        print_json(content)
        return
    shown = content | {"limits": ", ".join(f"{name} {value:g}" for name, value in letter.limits.items())}
    shown["next_retry"] = _next_try(content)
    print_table(
        f"Dead letter {path!r}", ("", ""), [(name.replace("_", " "), value) for name, value in shown.items() if value != ""]
    )


@dead_letters.command("retry")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--all", "every", is_flag=True, help="All of them; those dropped by decision only when named.")
@click.option("--now", "at_once", is_flag=True, help="Parse at once, and say what comes out.")
@json_option
@pass_invocation
def retry(invocation: Invocation, paths: tuple[str, ...], every: bool, at_once: bool, as_json: bool) -> None:
    """Forget the failure of one, several or --all, so that the next ingest tries again. A decision to drop is taken back."""
    from headgate.ingest.parse_again import retry_now
    from headgate.ingest.state.dead_letters import DeadLetters

    if bool(paths) == every:
        raise click.UsageError("name the paths to retry, or give --all")
    letters = DeadLetters(invocation.store, invocation.settings.corpus.name)
    chosen = list(paths) if paths else [letter.path for letter in letters if not letter.dropped_at]
    for path in chosen:
        letters.get(path)  # all of them exist, or nothing is done
    for path in chosen:
        letters.forget(path)
    outcomes = retry_now(invocation.store, invocation.settings.ingest_setup, chosen) if at_once and chosen else {}
    if as_json:
        print_json({"forgotten": chosen, "parsed": {path: asdict(one) if one else None for path, one in outcomes.items()}})
        return
    say(f"{len(chosen)} dead letter(s) will be tried again by the next `headgate ingest` or `headgate build`.")
    for path, failure in outcomes.items():
        say(f"  {path}: {failure or 'parses now; the next ingest indexes it'}")


@dead_letters.command("drop")
@click.argument("path")
@click.option("--because", required=True, metavar="WHY", help="The reason, kept with the decision.")
@json_option
@pass_invocation
def drop(invocation: Invocation, path: str, because: str, as_json: bool) -> None:
    """Leave a file out by decision, until its content changes. It then counts as excluded, with the reason."""
    from headgate.ingest.state.dead_letters import DeadLetters

    if not because.strip():
        raise click.UsageError("--because is empty: say why")
    letters = DeadLetters(invocation.store, invocation.settings.corpus.name)
    letter = letters.drop(path, because.strip(), now=datetime.now(UTC))
    if as_json:
        print_json(letter.model_dump())
        return
    say(f"{path} is left out until its content changes. `headgate dead-letters retry` takes that back.")


def _next_try(letter: dict[str, Any]) -> str:
    if letter["dropped_at"]:
        return f"dropped: {letter['dropped_because']}"
    if not letter["parser"]:
        return "with the next ingest"
    return str(letter["next_retry"]) or "when it changes, or by retry"
