"""Answering: serve, ask, replay."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import click

from headgate.cli.display import SHORT, print_json, print_table, printable, say
from headgate.cli.invocation import Invocation, json_option, pass_invocation
from headgate.errors import HeadgateError, ModelError
from headgate.records import Answer, Interaction, Question


@click.command()
@click.option("--host", help="Address to listen on, instead of serve.host.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port, instead of serve.port; 0 = any free one.")
@pass_invocation
def serve(invocation: Invocation, host: str | None, port: int | None) -> None:
    """Answer over HTTP from the promoted bundle; a new release is picked up without a restart."""
    from headgate.serve.thin import refuse_pipeline_imports

    refuse_pipeline_imports()
    from headgate.serve.server import run_server

    logging.getLogger("headgate").setLevel(logging.INFO)
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = invocation.settings.model_copy(update={"serve": invocation.settings.serve.model_copy(update=changed)})
    run_server(settings, announce=lambda address: click.echo(f"serving on {address}", err=True))


@click.command()
@click.argument("question")
@click.option("--bundle", "named", metavar="ID", help="Ask this bundle instead of the promoted one.")
@click.option("--audience", help="Who asks, a key of retrieval.access; by default serve.audience.")
@json_option
@pass_invocation
def ask(invocation: Invocation, question: str, named: str | None, audience: str | None, as_json: bool) -> None:
    """Ask the promoted bundle, or, before the first promotion, the bundle built last."""
    from headgate.bundle import check_audience, load_manifest, open_bundle

    bundle_id, release = _asked_bundle(invocation, named)
    asked = Question(text=question, audience=audience or invocation.settings.serve.audience)
    check_audience(load_manifest(invocation.store, bundle_id), asked.audience)
    answerer = open_bundle(invocation.store, bundle_id)
    try:
        interaction = asyncio.run(_answer(invocation, answerer, asked, bundle_id=bundle_id, release=release, show=not as_json))
    finally:
        answerer.close()
    answer = interaction.answer
    if as_json:
        print_json(
            {
                "answer": answer.text,
                "refused": answer.refused,
                "refusal_reason": answer.refusal_reason,
                "citations": [citation.model_dump() for citation in answer.citations],
                "bundle_id": answer.bundle_id,
                "release": interaction.release,
                "interaction_id": interaction.interaction_id,
                "seconds": round(answer.timings.total, 3),
            }
        )
        return
    _print_sources(interaction)


@click.command()
@click.argument("interaction_id")
@json_option
@pass_invocation
def replay(invocation: Invocation, interaction_id: str, as_json: bool) -> int:
    """Ask a logged question again on the bundle and index version that answered it. Exit 0 identical, 1 different."""
    from headgate.replay import replay as run

    result = run(invocation.store, interaction_id)
    if as_json:
        print_json(result.model_dump())
        return 0 if result.identical else 1
    if result.identical:
        say(f"Identical: bundle {result.bundle_id[:SHORT]}… gives the logged answer again, passages and scores included.")
        return 0
    if result.withdrawn:
        say(f"Not shown: the logged answer rests on {', '.join(result.withdrawn)}, withdrawn by now (headgate withdraw --list).")
        return 1
    say(f"Different on bundle {result.bundle_id[:SHORT]}…: {', '.join(result.differences)}")
    rows = [(name, getattr(result.expected, name), getattr(result.got, name)) for name in result.differences]
    print_table("", ("field", "logged", "now"), rows)
    return 1


def _asked_bundle(invocation: Invocation, named: str | None) -> tuple[str, int]:
    """Bundle id, and number of the release in force if it is that bundle's, else 0."""
    from headgate.release.ledger import current_release

    release = current_release(invocation.store, invocation.settings.release.track)
    if named:
        bundle_id = invocation.bundle_id(named)
        return bundle_id, release.release if release and release.bundle_id == bundle_id else 0
    if release is not None:
        return release.bundle_id, release.release
    bundle_id = invocation.bundle_id(None)
    click.echo(f"nothing was promoted yet; asking the bundle built last, {bundle_id[:SHORT]}…", err=True)
    return bundle_id, 0


async def _answer(
    invocation: Invocation, answerer: Any, question: Question, *, bundle_id: str, release: int, show: bool
) -> Interaction:
    """Stream to the terminal; the interaction is on disk before this returns, whole or not."""
    from headgate.interactions.log import InteractionLog, new_interaction_id

    log = InteractionLog(invocation.store)
    interaction_id, asked_at, said, error = (
        new_interaction_id(),
        datetime.now(UTC).isoformat(timespec="milliseconds"),
        "",
        "stopped",
    )
    answer: Answer | None = None
    try:
        async with aclosing(answerer.stream(question)) as tokens:
            async for token in tokens:
                said += token.text
                if show:
                    click.echo(printable(token.text), nl=False)
                answer = token.answer or answer
        error = "" if answer is not None else "the model ended without an answer"
    except HeadgateError as failure:
        error = f"{type(failure).__name__}: {failure}"
        raise
    finally:
        interaction = Interaction(
            interaction_id=interaction_id,
            asked_at=asked_at,
            question=question,
            answer=answer or Answer(text=said, refused=False, bundle_id=bundle_id),
            track=invocation.settings.release.track if release else "",
            release=release,
            completed=not error,
            error=error,
            labels={"via": "cli"},
        )
        if show:
            click.echo()
        log.append(interaction)
        log.close()
    if answer is None:
        raise ModelError(f"bundle {bundle_id[:SHORT]}…: {error}")
    return interaction


def _print_sources(interaction: Interaction) -> None:
    answer = interaction.answer
    if answer.refused:
        say(f"\nDeclined ({answer.refusal_reason or 'no reason given'})")
    if answer.citations:
        rows = [(f"[{c.number}]", c.heading or c.title, c.doc_id, c.location, f"{c.score:.2f}") for c in answer.citations]
        say()
        print_table("", ("", "source", "document", "place", "score"), rows, right=("score",))
    say(f"\nBundle {answer.bundle_id[:SHORT]}…  interaction {interaction.interaction_id}  {answer.timings.total:.2f} s")
