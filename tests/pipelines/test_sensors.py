from pathlib import Path

import dagster as dg
import pytest

from assets.references import CorpusReference, to_metadata
from assets.resources import Project
from pipelines.definitions import defs
from pipelines.sensors import corpus_revision_changed

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
