"""A whole project with its store in a bucket: the settings of the store are all that differs."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headgate.build import build
from headgate.bundle import load_manifest, open_bundle
from headgate.cli.main import main
from headgate.errors import IntegrityError
from headgate.interactions.log import InteractionLog
from headgate.records import Question
from headgate.settings import load_settings
from headgate.storage import Store, open_store, s3_errors
from headgate.storage.layout import folder_of
from tests.conftest import REPOSITORY
from tests.s3 import Bucket, Proxy, Reply
from tests.small_project import SmallProject, write_project
from tests.verbs import evaluate, gate, promote, replay

QUESTION = "How long does a refund take?"


def toml(bucket: Bucket, **storage: Any) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in bucket.sections(**storage)["storage"].items()]
    return "\n".join(["", "[storage]", *lines, ""])


@pytest.fixture
def project(bucket: Bucket, tmp_path: Path, exported_model: Path) -> SmallProject:
    """The small project, with the exported model in its bucket."""
    made = write_project(tmp_path / "small", exported_model)
    shutil.rmtree(made.folder / ".headgate")
    with made.settings_file.open("a", encoding="utf-8") as stream:
        stream.write(toml(bucket))
    store = open_store(made.settings)
    for path in sorted(exported_model.rglob("*.*")):
        store.put_file(f"models/{path.relative_to(exported_model).as_posix()}", path)
    return made


def elsewhere(project: SmallProject, name: str, **storage: Any) -> Store:
    """The same store as another machine sees it: nothing fetched yet."""
    changed = {"cache": str(project.folder.parent / name), **storage}
    settings = project.settings
    return open_store(settings.model_copy(update={"storage": settings.storage.model_copy(update=changed)}))


def local_files(folder: Path) -> list[str]:
    return sorted({path.relative_to(folder).parts[0] for path in folder.rglob("*") if path.is_file()})


def test_a_project_lives_wholly_in_a_bucket(
    project: SmallProject, bucket: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = project.settings
    built = build(settings)
    again = build(settings)
    assert (again.bundle_id, again.index.embedded) == (built.bundle_id, 0)
    report = evaluate(settings, built.bundle_id)
    assert report.suites["small"].metrics["recall@5"].value == 1.0
    assert gate(settings, built.bundle_id).verdict == "passed"
    promote(settings, built.bundle_id)
    command = ["--settings", str(project.settings_file)]
    assert main([*command, "ask", QUESTION, "--json"]) == 0
    answered = json.loads(capsys.readouterr().out)
    assert "10 working days" in answered["answer"]
    assert replay(settings, answered["interaction_id"]).identical

    project.write_page("billing/refunds.md", "# Refunds\n\nRefunds now take 20 working days and go back to the payment method.")
    changed = build(settings)
    assert changed.bundle_id != built.bundle_id
    assert changed.index.embedded == 1
    assert replay(settings, answered["interaction_id"]).identical  # the old version still answers as it did

    folders = {key.split("/")[0] for key in bucket.stored()}
    assert {"bundles", "objects", "lance", "releases", "reports", "verdicts", "interactions", "ingests", "chunk_sets"} <= folders
    assert not any(folder.startswith(("probe", "locks-clock", "mlflow", "fetched", "spool")) for folder in folders)
    assert [key for key in bucket.stored() if (owner := folder_of(key)) is None or owner.place == "machine"] == []
    assert not list((project.folder / ".headgate" / "spool").rglob("*.jsonl"))

    host = tmp_path / "host"  # a host that has the store's address and nothing else
    host.mkdir()
    environment = {"HEADGATE_STORE": bucket.root, "AWS_ENDPOINT_URL": bucket.endpoint, "AWS_ALLOW_HTTP": "true"}
    asked = subprocess.run(
        [sys.executable, "-m", "headgate.cli.main", "ask", QUESTION, "--json"],
        cwd=host,
        env={**os.environ, **environment, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=900,
        check=True,
    )
    assert json.loads(asked.stdout)["answer"] == answered["answer"]
    assert len(list(InteractionLog(open_store(settings)))) == 2
    monkeypatch.setenv("HEADGATE_STORE", bucket.root)
    assert load_settings(project.settings_file).storage.root == bucket.root


def test_a_table_in_a_bucket_is_the_table_in_a_folder(project: SmallProject, exported_model: Path) -> None:
    built = build(project.settings)
    folder = project.settings.model_copy(
        update={"storage": project.settings.storage.model_copy(update={"root": str(project.folder / "folder-store")})}
    )
    shutil.copytree(exported_model, project.folder / "folder-store" / "models", copy_function=os.link)
    assert build(folder).index.ref.digest == built.index.ref.digest


def test_one_flipped_byte_anywhere_in_the_bucket_is_refused_and_a_verified_copy_still_answers(
    project: SmallProject, bucket: Bucket
) -> None:
    built = build(project.settings)
    here = open_store(project.settings)
    expected = open_bundle(here, built.bundle_id).answer_now(Question(text=QUESTION)).text
    manifest = load_manifest(here, built.bundle_id)
    inventory = json.loads(here.get(f"objects/{manifest.table.files_digest}"))
    keys = [
        f"bundles/{built.bundle_id}.json",
        f"objects/{manifest.table.files_digest}",
        f"objects/{manifest.prompts['answer']}",
        f"objects/{manifest.vocabulary}",
        *(f"objects/{digest}" for digest in manifest.embedding.files.values()),
        *(f"lance/{manifest.table.table}.lance/{name}" for name in inventory),
    ]
    for number, key in enumerate(key for key in keys if here.stat(key).size):
        bucket.flip(key)
        other = elsewhere(project, f"machine-{number}")  # has everything but this file
        shutil.copytree(here.local_root / "fetched", other.local_root / "fetched", copy_function=os.link)
        for copy in other.local_root.rglob(Path(key).name):
            copy.unlink()
        with pytest.raises(IntegrityError):
            open_bundle(other, built.bundle_id)
        bucket.flip(key)
    bucket.flip(keys[-1])
    assert open_bundle(here, built.bundle_id).answer_now(Question(text=QUESTION)).text == expected
    bucket.flip(keys[-1])
    assert open_bundle(elsewhere(project, "last"), built.bundle_id).answer_now(Question(text=QUESTION)).text == expected


def test_an_opened_bundle_answers_on_while_the_store_is_down_and_its_log_is_sent_later(
    project: SmallProject, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(s3_errors, "RETRIES", replace(s3_errors.RETRIES, first_pause=0.01))
    built = build(project.settings)
    through = elsewhere(project, "cache", endpoint=proxy.endpoint)
    answerer = open_bundle(through, built.bundle_id)
    log = InteractionLog(through)
    log.append(interaction("before"))
    proxy.rule = lambda _: Reply(503)
    assert "10 working days" in answerer.answer_now(Question(text=QUESTION)).text
    with caplog.at_level(logging.INFO, logger="headgate.interactions.log"):
        written = [interaction(f"down {number}") for number in range(20)]
        for one in written:
            log.append(one)
        log.close()
    assert "answered 503" in log.not_sent
    assert len([record for record in caplog.records if "interactions stay in" in record.message]) == 1
    proxy.rule = lambda _: None
    later = InteractionLog(through)  # another process of this machine
    later.start_sending()
    later.close()
    assert later.not_sent == ""
    other = InteractionLog(elsewhere(project, "other"))
    texts = [one.question.text for one in other]
    assert sorted(texts) == sorted(["before", *(f"down {number}" for number in range(20))])
    assert other.find(written[7].interaction_id) == written[7]
    assert not list(through.growing_root.rglob("*.jsonl"))


def interaction(text: str) -> Any:
    from tests.interactions.test_log import interaction as made

    return made(text)
