"""`make demo`: the whole path, through Dagster, on the sample corpus.

    base ─► rebuild ─► evaluate_candidate ─► release ─► serve: three questions
    week 2 ─► rebuild ─► evaluate_candidate ─► while clients keep asking: release, then rollback

The runs stay in .headgate/dagster, where `make dev` shows them. Running it again reuses what has not changed. Ends with status 0, 1
(something failed), 2 (set-up) or 3 (a gate was inconclusive). Where the built-in default misses a floor, the release rests on a recorded override
that says which and why, on the screen too; nothing else is let past a gate.
"""

import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg
from rich.console import Console
from rich.text import Text

from headgate.errors import HeadgateError, UsageError
from headgate.evaluate.report.stored_reports import load_report
from headgate.orchestration.handed_on import BundleReference, ReportReference, VerdictReference
from headgate.orchestration.home import prepare_home
from headgate.records import ChunkSetRef, IndexResult, IngestResult, Release
from headgate.release.ledger import current_release, history
from headgate.release.verdicts import load_verdict, record_override
from headgate.settings import Settings, load_settings
from headgate.storage import open_store
from headgate.storage.layout import DEMO, INGESTS
from pipelines.demo import summaries
from pipelines.demo.override import override_reason
from pipelines.demo.runs import FinishedRun, JobRunner
from pipelines.demo.service import HANGS, ask, running_service
from pipelines.demo.traffic import Traffic, steady_traffic

#: The checkout: the demo needs its sample corpus.
ROOT = Path(__file__).resolve().parents[2]
FIRST, SECOND = "base", "week-2"
#: Asked of the first release; the last one is not about the provider at all.
QUESTIONS = (
    "How much is Home Plus a month?",
    "¿Qué día cobra Northbeam la domiciliación bancaria?",
    "What will the weather be like in Gullhaven on Saturday?",
)
#: Its answer differs between the two corpus revisions.
TELLING_QUESTION = QUESTIONS[0]
#: Who the ledger says released.
WHO = "make demo"
#: Answers that each release must have given before the demo goes on.
ANSWERS = 25
EXIT_FAILED, EXIT_USAGE, EXIT_INCONCLUSIVE, EXIT_INTERRUPTED = 1, 2, 3, 130


class DemoEnded(Exception):
    """The demo can't go on; `status` is the exit status."""

    def __init__(self, message: str, status: int = EXIT_FAILED) -> None:
        super().__init__(message)
        self.status = status


class Demo:
    """The demo's steps, in their order, and what they share."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance, console: Console) -> None:
        self.settings = settings
        self.store = open_store(settings)
        self.console = console
        self.runner = JobRunner(instance, console)

    def play(self) -> None:
        """All of it.

        Raises:
            DemoEnded, HeadgateError: something did not go as it should.
        """
        missing = [name for name in (FIRST, SECOND) if name not in self.settings.corpus.revisions]
        if missing:
            raise DemoEnded(
                f"corpus.revisions has no {', '.join(missing)}: the demo needs the sample corpus of this repository", EXIT_USAGE
            )
        self._title("1", f"documents of revision {FIRST!r} → a bundle")
        first = self.rebuild(FIRST)
        self.rewind(first)
        self._title("2", "is it good enough? every question of the suites, scored and gated")
        self.evaluate(first)
        self._title("3", "release it")
        self.release(first)
        self._title("4", "serve it, and ask")
        with running_service(DEMO.path(self.settings.local_root, "service.log")) as service:
            self.console.print(f"headgate serve on {service.address}, ready after {service.seconds:.1f} s")
            for question in QUESTIONS:
                self.ask(service.address, question)
            self._title("5", f"a week later: revision {SECOND!r} → a second bundle, compared with the first")
            second = self.rebuild(SECOND)
            self.evaluate(second)
            self._title("6", "release it while clients keep asking, then roll it back")
            with steady_traffic(service.address, QUESTIONS) as traffic:
                self.swap(service.address, traffic, second, back_to=first)
            self.console.print(summaries.traffic_table(traffic.outcomes))
            if failed := [outcome.problem for outcome in traffic.outcomes if outcome.problem]:
                raise DemoEnded(f"{len(failed)} of {len(traffic.outcomes)} requests failed; the first: {failed[0]}")

    def rebuild(self, revision: str) -> str:
        """Run the job `rebuild`; returns the bundle's id."""
        run = self._run("rebuild", {"corpus": {"revision": revision}})
        chunk_set, index = run.reference("chunks", ChunkSetRef), run.reference("chunk_table", IndexResult)
        bundle = run.reference("bundle", BundleReference)
        if chunk_set is None or index is None or bundle is None:
            raise DemoEnded(run.problem)
        ingest = IngestResult.model_validate_json(self.store.get(INGESTS.key(chunk_set.corpus_revision)))
        self.console.print(summaries.build_table(ingest, index, bundle.bundle_id))
        if (left_out := summaries.left_out_table(ingest)) is not None:
            self.console.print()
            self.console.print(left_out)
        self._took(run)
        if run.problem:
            raise DemoEnded(run.problem)
        return bundle.bundle_id

    def rewind(self, bundle_id: str) -> None:
        """Where an earlier demo was interrupted with its second bundle in service, go back to its first."""
        releases = history(self.store, self.settings.release.track)
        earlier = [release.release for release in releases if release.bundle_id == bundle_id]
        if not earlier or releases[-1].bundle_id == bundle_id or releases[-1].promoted_by != WHO:
            return
        self.console.print(f"an earlier demo ended with release {releases[-1].release} in service; going back first")
        config = {"to_release": earlier[-1], "promoted_by": WHO, "reason": "start of the demo"}
        self._released(self._run("rollback", {"write_rollback": config}))

    def evaluate(self, bundle_id: str) -> None:
        """Run the job `evaluate_candidate`; goes on when every gate passed, or all that did not may be overridden here."""
        run = self._run("evaluate_candidate", {"evaluation_report": {"bundle_id": bundle_id}})
        if (reported := run.reference("evaluation_report", ReportReference)) is None:
            raise DemoEnded(run.problem)
        self.console.print(summaries.report_table(load_report(self.store, reported.report_id)))
        if (decided := run.reference("verdict", VerdictReference)) is None:
            raise DemoEnded(run.problem)
        verdict = load_verdict(self.store, decided.verdict_id)
        self.console.print()
        self.console.print(summaries.verdict_table(verdict))
        self._took(run)
        if verdict.verdict != "passed":
            if (reason := override_reason(verdict)) is None:
                status = EXIT_FAILED if verdict.verdict == "failed" else EXIT_INCONCLUSIVE
                raise DemoEnded(f"the verdict on bundle {bundle_id[:16]}… is {verdict.verdict}, so it is not released", status)
            override = record_override(self.store, verdict, override_by=WHO, reason=reason)
            self.console.print()
            self.console.print(summaries.override_text(override))

    def release(self, bundle_id: str) -> Release:
        """Run the job `release`, unless the bundle is in service already."""
        now = current_release(self.store, self.settings.release.track)
        if now is not None and now.bundle_id == bundle_id:
            self.console.print(f"this bundle is in service already, as release {now.release}: nothing to do")
            return now
        run = self._run("release", {"promote": {"promoted_by": WHO, "reason": "the demo"}})
        return self._released(run)

    def ask(self, address: str, question: str) -> None:
        """Print the answer as it comes, then where it is from."""
        self.console.print(Text.assemble(("\n? ", "bold"), (question, "bold")))
        reply: dict[str, Any] = {}
        for part in ask(address, question):
            if isinstance(part, str):
                self.console.print(Text(part), end="", soft_wrap=True)
            else:
                reply = part
        self.console.print()
        for citation in reply["citations"]:
            self.console.print(
                Text(
                    f"  [{citation['number']}] {citation['doc_id']} · {citation['heading']} · {citation['location']}", style="dim"
                )
            )
        how = f"declined ({reply['refusal_reason']})" if reply["refused"] else "answered"
        self.console.print(
            Text(f"  {how} by bundle {reply['bundle_id'][:16]}… in {reply['timings']['total'] * 1000:.0f} ms", style="dim")
        )

    def swap(self, address: str, traffic: Traffic, second: str, *, back_to: str) -> None:
        """Release the second bundle and roll it back, waiting each time until clients have been answered by it."""
        now = current_release(self.store, self.settings.release.track)
        if now is None:
            raise DemoEnded("nothing is in service")
        self._until_answered(traffic, now)
        self._until_answered(traffic, self.release(second))
        self.ask(address, TELLING_QUESTION)
        run = self._run("rollback", {"write_rollback": {"promoted_by": WHO, "reason": "the demo shows the way back"}})
        self.console.print()
        rolled_back = self._released(run)
        self._until_answered(traffic, rolled_back)
        self.ask(address, TELLING_QUESTION)
        self.console.print()
        if rolled_back.bundle_id != back_to:
            raise DemoEnded(f"rolled back to bundle {rolled_back.bundle_id[:16]}…, expected {back_to[:16]}…")

    def where_next(self) -> None:
        """What to type to look further."""
        rows = (
            (
                "make dev",
                "Dagster UI http://127.0.0.1:3000 (every run above), MLflow UI http://127.0.0.1:5000 (every evaluation)",
            ),
            (
                "make serve",
                "the promoted bundle on http://127.0.0.1:8080: chat page, /v1/chat/completions, /v1/answers, /metrics",
            ),
            ('.venv/bin/headgate ask "How do I move home?"', "the same in the terminal"),
            (".venv/bin/headgate status; .venv/bin/headgate history", "what is in service, and what was"),
            ("notebooks/read_an_evaluation.ipynb", "the promoted bundle's evaluation, and three of its failures"),
        )
        self.console.print("where to look next", style="bold")
        for command, what in rows:
            self.console.print(Text.assemble("  ", (command, "cyan"), f"\n      {what}"))

    def _run(self, job: str, config: dict[str, dict[str, Any]]) -> FinishedRun:
        return self.runner.run(job, config)

    def _released(self, run: FinishedRun) -> Release:
        release = run.reference("release", Release)
        if release is None or run.problem:
            raise DemoEnded(run.problem or "the run wrote no release")
        self.console.print(summaries.release_line(release))
        self._took(run)
        return release

    def _until_answered(self, traffic: Traffic, release: Release) -> None:
        with self.console.status(f"clients are asking; waiting for {ANSWERS} answers of release {release.release} …"):
            if not traffic.wait_for(release=release.release, answers=ANSWERS, seconds=HANGS):
                raise DemoEnded(f"release {release.release} did not answer {ANSWERS} requests within {HANGS:.0f} s")

    def _title(self, number: str, what: str) -> None:
        self.console.print()
        self.console.rule(Text.assemble((f"{number} ", "bold"), what), align="left")

    def _took(self, run: FinishedRun) -> None:
        self.console.print(f"{run.seconds:.0f} s · Dagster run {run.run_id[:8]}", style="dim")


def main() -> int:
    os.chdir(ROOT)
    _quiet_logging()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    started = time.monotonic()
    try:
        settings = load_settings()
        with dg.DagsterInstance.from_config(str(prepare_home(settings))) as instance:
            demo = Demo(settings, instance, console)
            demo.play()
    except DemoEnded as ended:
        return _end(console, str(ended), ended.status)
    except UsageError as error:
        return _end(console, str(error), EXIT_USAGE)
    except HeadgateError as error:
        return _end(console, str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        return _end(console, "interrupted; run it again to go on, what is done is reused", EXIT_INTERRUPTED)
    console.print(f"\n[bold green]done[/] in {(time.monotonic() - started) / 60:.1f} minutes\n")
    demo.where_next()
    return 0


def _quiet_logging() -> None:
    """Warnings only; the first handler counts, so that no package can set up a chattier one."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def _end(console: Console, message: str, status: int) -> int:
    console.print(Text.assemble(("\nthe demo ended: ", "bold red"), message))
    console.print("every run is in the Dagster UI: make dev", style="dim")
    return status


if __name__ == "__main__":
    sys.exit(main())
