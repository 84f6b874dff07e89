from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from headgate.errors import ParseFailure
from headgate.ingest.state.dead_letters import DeadLetters
from headgate.orchestration.handed_on import CorpusReference, to_metadata
from headgate.orchestration.resources import Project
from headgate.records import SourceFile
from headgate.settings import load_settings
from headgate.storage import open_store
from pipelines.definitions import defs
from pipelines.sensors import corpus_revision_changed, dead_letters_due

A, B = "a" * 32, "b" * 32


class Watched:
    """A project whose .dvc file names a revision; the sensor looks at it again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.instance = dg.DagsterInstance.ephemeral()
        self.cursor: str | None = None
        (folder / "headgate.toml").write_text('[corpus]\ndvc_file = "data.dvc"\n')

    def name_revision(self, revision: str) -> None:
        (self.folder / "data.dvc").write_text(f"outs:\n- md5: {revision}.dir\n  path: data\n")

    def look(self) -> dg.RunRequest | dg.SkipReason:
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            definitions=defs,
            resources={"project": Project(settings_file=str(self.folder / "headgate.toml"))},
        )
        found = corpus_revision_changed(context)
        self.cursor = context.cursor
        return found


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    watched = Watched(tmp_path)
    watched.name_revision(A)
    return watched


def test_a_rebuild_is_asked_for_whenever_the_revision_is_another(watched: Watched) -> None:
    assert isinstance(watched.look(), dg.RunRequest)
    assert isinstance(watched.look(), dg.SkipReason)
    watched.name_revision(B)
    request = watched.look()
    assert isinstance(request, dg.RunRequest)
    assert request.tags["corpus_revision"] == B
    watched.name_revision(A)
    assert isinstance(watched.look(), dg.RunRequest)


def test_the_first_look_compares_with_the_corpus_that_was_built(watched: Watched) -> None:
    metadata = {"corpus_revision": A} | to_metadata(CorpusReference(revision=A, files=1))
    watched.instance.report_runless_asset_event(dg.AssetMaterialization("corpus", metadata=metadata))
    assert isinstance(watched.look(), dg.SkipReason)
    watched.name_revision(B)
    assert isinstance(watched.look(), dg.RunRequest)


def test_dead_letters_are_tried_again_when_they_are_due_and_once_at_a_time(watched: Watched) -> None:
    project = Project(settings_file=str(watched.folder / "headgate.toml"))
    settings = load_settings(watched.folder / "headgate.toml")
    letters = DeadLetters(open_store(settings), settings.corpus.name)

    def fail(path: str, reason: str, ago: timedelta) -> None:
        file = SourceFile(path=path, digest="d", size=1, media_type="text/plain")
        letters.record(ParseFailure(path, reason, "x"), file, parser="p", limits={}, now=datetime.now(UTC) - ago)

    fail("for-good.pdf", "encrypted", timedelta(days=9))
    fail("later.pdf", "timeout", timedelta())
    assert isinstance(dead_letters_due(project=project), dg.SkipReason)
    fail("now.pdf", "timeout", timedelta(hours=1))
    first, second = dead_letters_due(project=project), dead_letters_due(project=project)
    assert isinstance(first, dg.RunRequest)
    assert isinstance(second, dg.RunRequest)
    assert first.run_key == second.run_key
    assert first.tags["dead_letters"] == "1"


def test_sources_are_not_read_at_every_look(watched: Watched) -> None:
    (watched.folder / "wiki").mkdir()
    (watched.folder / "wiki" / "a.md").write_text("# A page\n\nWith some text in it, enough to be one.\n")
    (watched.folder / "headgate.toml").write_text(
        '[corpus]\nname = "kb"\nsources = [{ name = "wiki", kind = "folder", folder = "wiki" }]\n'
    )
    assert isinstance(watched.look(), dg.RunRequest)
    (watched.folder / "wiki" / "b.md").write_text("# Another page\n\nThat the sensor does not look for yet.\n")
    skipped = watched.look()
    assert isinstance(skipped, dg.SkipReason)
    assert "read again at" in (skipped.skip_message or "")
