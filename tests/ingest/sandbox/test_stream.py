"""Retries with growing pauses for failures that may pass, none for those that will not; a file that changes while it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from headgate.ingest.sandbox.pool import ParseReply, ParseTask
from headgate.ingest.sandbox.stream import parse_files
from headgate.settings import Settings
from headgate.storage import sha256_file
from tests.ingest import files

MakeSettings = Callable[..., Settings]


def parse(
    tasks: dict[str, Path], settings: Settings, *, digests: dict[str, str] | None = None, wake: Callable[[], None] | None = None
) -> tuple[dict[str, ParseReply], list[float]]:
    """Replies by path, and the pauses that were made; `wake` is called in each pause."""
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if wake:
            wake()

    known = {path: sha256_file(file) if file.exists() else "0" * 64 for path, file in tasks.items()} | (digests or {})
    media = {".md": "text/markdown", ".pdf": "application/pdf"}
    replies = parse_files(
        [ParseTask(path, file, media[file.suffix]) for path, file in tasks.items()],
        known,
        settings.parse,
        settings.ingest,
        sleep=sleep,
        chance=Random(7).uniform,
    )
    return {reply.task.path: reply for reply in replies}, pauses


def test_a_permanent_failure_is_final_at_once(corpus: Path, make_settings: MakeSettings) -> None:
    files.write(corpus, cut__pdf=files.pdf(pages=4)[:900], good__md=files.markdown())
    replies, pauses = parse({"cut.pdf": corpus / "cut.pdf", "good.md": corpus / "good.md"}, make_settings())

    assert pauses == []
    failure = replies["cut.pdf"].failure
    assert failure is not None
    assert failure.reason == "truncated"
    assert replies["good.md"].parsed is not None


def test_a_file_that_comes_back_in_the_pause_is_parsed(corpus: Path, make_settings: MakeSettings) -> None:
    files.write(corpus, good__md=files.markdown())
    page = corpus / "late.md"
    digest = sha256_file(corpus / "good.md")
    replies, pauses = parse(
        {"late.md": page},
        make_settings(),
        digests={"late.md": digest},
        wake=lambda: files.write(corpus, late__md=files.markdown()),
    )
    assert len(pauses) == 1
    assert replies["late.md"].parsed is not None


def test_a_file_that_stays_away_fails_after_growing_pauses(corpus: Path, make_settings: MakeSettings) -> None:
    replies, pauses = parse({"gone.md": corpus / "gone.md"}, make_settings(ingest={"retries": 3, "retry_seconds": 10}))

    assert len(pauses) == 3
    assert all(5 * 2**step <= pause <= 15 * 2**step for step, pause in enumerate(pauses))
    failure = replies["gone.md"].failure
    assert failure is not None
    assert (failure.reason, failure.transient) == ("changed_while_read", True)
    assert "vanished" in failure.detail


def test_what_was_parsed_of_a_changed_file_is_never_taken_for_what_its_digest_says(
    corpus: Path, make_settings: MakeSettings
) -> None:
    files.write(corpus, a__md=files.markdown())
    replies, pauses = parse({"a.md": corpus / "a.md"}, make_settings(ingest={"retries": 1}), digests={"a.md": "0" * 64})

    assert len(pauses) == 1
    reply = replies["a.md"]
    assert reply.parsed is None
    assert reply.failure is not None
    assert reply.failure.reason == "changed_while_read"
