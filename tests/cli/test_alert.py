"""Tests of `--alert`: whoever runs `ingest` or `build` from cron is told like whoever runs Dagster."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headgate.cli.main import main
from headgate.monitor.alerts.alert import open_alerts
from headgate.storage import FolderStore
from tests.hooks import Hooks, hooks
from tests.small_project import SmallProject, small_project

__all__ = ["hooks", "small_project"]


class Cron:
    """Runs verbs with `--alert` on a project whose alerts go to a webhook."""

    def __init__(self, project: SmallProject, receiver: Hooks) -> None:
        self.project, self.receiver = project, receiver
        self.documents = project.folder / "documents"
        self.away = project.folder / "away"
        with project.settings_file.open("a") as file:
            file.write('[alerts]\nwebhook_env = "TEST_WEBHOOK"\n')

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.project.settings.store_root)

    def run(self, verb: str, *arguments: str) -> int:
        return main(["--settings", str(self.project.settings_file), verb, *arguments])

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.receiver.bodies]


@pytest.fixture
def cron(small_project: SmallProject, hooks: Any, monkeypatch: pytest.MonkeyPatch) -> Cron:
    made = Cron(small_project, hooks())
    monkeypatch.setenv("TEST_WEBHOOK", made.receiver.address)
    return made


@pytest.mark.parametrize("verb", ["ingest", "build"])
def test_a_failure_is_told_with_its_error_and_the_next_good_run_ends_it(
    cron: Cron, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cron.documents.rename(cron.away)
    assert cron.run(verb) == 2
    unalerted = capsys.readouterr().err
    assert "does not exist" in unalerted
    assert cron.told() == []
    assert cron.run(verb, "--alert") == 2
    assert capsys.readouterr().err == unalerted
    (alert,) = open_alerts(cron.store)
    assert (alert.key, alert.severity, alert.title) == (f"job:{verb}", "error", f"headgate {verb} failed")
    assert "\n" not in alert.text
    assert alert.text.removeprefix("CorpusError: ") in unalerted
    assert [told["key"] for told in cron.told()] == [f"job:{verb}"]
    cron.away.rename(cron.documents)
    assert cron.run(verb, "--alert", "--json") == 0
    assert json.loads(capsys.readouterr().out)["corpus_revision"]
    assert open_alerts(cron.store) == []
    assert [bool(told["resolved_at"]) for told in cron.told()] == [False, True]


def test_an_unforeseen_error_is_told_and_goes_on(cron: Cron, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr("headgate.ingest.run.ingest", broken)
    with pytest.raises(ZeroDivisionError):
        cron.run("ingest", "--alert")
    assert [alert.text for alert in open_alerts(cron.store)] == ["ZeroDivisionError: division by zero"]


def test_an_alert_that_cannot_be_stored_hides_no_error(
    cron: Cron, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    cron.documents.rename(cron.away)
    (cron.project.settings.store_root / "alerts").write_text("a file where the alerts should be")
    assert cron.run("ingest", "--alert") == 2
    assert "does not exist" in capsys.readouterr().err
    assert "alert 'job:ingest' could not be recorded" in caplog.text
    assert cron.told() == []


def test_an_alert_that_cannot_be_ended_does_not_fail_a_good_run(cron: Cron, caplog: pytest.LogCaptureFixture) -> None:
    cron.documents.rename(cron.away)
    assert cron.run("ingest", "--alert") == 2
    (key,) = cron.store.list("alerts/open")
    cron.store.put(key, b"damaged")
    cron.away.rename(cron.documents)
    assert cron.run("ingest", "--alert") == 0
    assert "alert 'job:ingest' could not be recorded" in caplog.text
