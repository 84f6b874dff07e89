"""Runs a Dagster job in this process, on the instance that the Dagster UI shows, with its progress on the console."""

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import dagster as dg
from rich.console import Console

from headgate.orchestration.handed_on import REFERENCE
from headgate.records import Record
from pipelines.definitions import defs

#: Seconds between looks at the run's log; and between progress lines where the console is no terminal.
POLL, LINE = 0.5, 10.0
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What a run left. `references` maps assets to the records that they handed on; `problem` says why it failed, "" if it did not."""

    run_id: str
    seconds: float
    references: Mapping[str, Any]
    problem: str

    def reference(self, asset: str, kind: type[R]) -> R | None:
        """The record that `asset` handed on; None when the run ended before it."""
        return kind.model_validate(self.references[asset]) if asset in self.references else None


@dataclass(frozen=True, slots=True)
class JobRunner:
    """Runs jobs one after the other."""

    instance: dg.DagsterInstance
    console: Console

    def run(self, job_name: str, config: Mapping[str, Mapping[str, Any]] | None = None) -> FinishedRun:
        """Run a job to its end.

        Args:
            config: step name → its config.

        Raises:
            KeyboardInterrupt: Ctrl-C; the run is marked as failed.
        """
        run_id = str(uuid.uuid4())
        run_config = {
            "ops": {step: {"config": dict(values)} for step, values in (config or {}).items()},
            "loggers": {
                "console": {"config": {"log_level": "CRITICAL"}}
            },  # the events are in the instance; here they would drown the rest
        }
        started = time.monotonic()
        with _progress(self.instance, run_id, job_name, self.console):
            result = defs.resolve_job_def(job_name).execute_in_process(
                run_config=run_config, instance=self.instance, run_id=run_id, raise_on_error=False, tags={"started_by": "demo"}
            )
        if any(event.is_step_failure and _interrupted(event) for event in result.all_events):
            raise KeyboardInterrupt
        references = {
            event.step_materialization_data.materialization.asset_key.to_user_string(): metadata[REFERENCE].value
            for event in result.all_events
            if event.is_step_materialization
            and REFERENCE in (metadata := event.step_materialization_data.materialization.metadata)
        }
        return FinishedRun(run_id, time.monotonic() - started, references, "" if result.success else _failure(job_name, result))


def _interrupted(event: dg.DagsterEvent) -> bool:
    """Whether a step failed because of Ctrl-C, which Dagster turns into an error of its own."""
    error = event.step_failure_data.error
    return error is not None and error.cls_name == "DagsterExecutionInterruptedError"


def _failure(job_name: str, result: dg.ExecuteInProcessResult) -> str:
    """The first failing step and its message, without a traceback."""
    for event in result.all_events:
        if event.is_step_failure:
            problem = event.step_failure_data
            said = problem.user_failure_data.description if problem.user_failure_data else None
            error = problem.error
            while error is not None and error.cause is not None:  # a retry that gave up names its cause
                error = error.cause
            return f"job {job_name!r}, step {event.step_key!r}: {said or (error.message.strip() if error else 'failed')}"
    return f"job {job_name!r} failed; see the Dagster UI"


@contextmanager
def _progress(instance: dg.DagsterInstance, run_id: str, job_name: str, console: Console) -> Iterator[None]:
    """Show the run's newest log line while the block runs."""
    stop = threading.Event()
    with console.status(f"{job_name} …") as status:

        def watch() -> None:
            cursor: str | None = None
            step = message = ""
            shown_at = started = time.monotonic()
            while not stop.wait(POLL):
                connection = instance.get_records_for_run(run_id, cursor=cursor)
                cursor = connection.cursor
                for record in connection.records:
                    entry = record.event_log_entry
                    if entry.dagster_event is None:
                        message = entry.user_message
                    elif entry.dagster_event_type == dg.DagsterEventType.STEP_START:
                        step, message = entry.step_key or "", ""
                now = time.monotonic()
                line = " · ".join(part for part in (job_name, step, message, f"{now - started:.0f} s") if part)
                status.update(line)
                if not console.is_terminal and now - shown_at >= LINE:
                    console.print(f"  … {line}", style="dim")
                    shown_at = now

        watcher = threading.Thread(target=watch, name="progress", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()
