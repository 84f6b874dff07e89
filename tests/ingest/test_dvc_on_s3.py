"""A corpus whose DVC remote is a bucket."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from headgate.errors import CorpusError
from headgate.settings import parse_settings
from tests.s3 import Bucket
from tests.verbs import materialise


def test_a_revision_is_fetched_from_a_remote_in_a_bucket(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dvc_s3", reason="needs the extra s3")
    from dvc.repo import Repo

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.md").write_text("# A\n\nhello", encoding="utf-8")
    with Repo.init(str(tmp_path), no_scm=True) as repository:
        with repository.config.edit() as config:
            config["remote"]["bucket"] = {"url": f"s3://{bucket.name}/dvc", "endpointurl": bucket.endpoint}
            config["core"]["remote"] = "bucket"
        repository.add("data")
    with Repo(str(tmp_path)) as repository:
        repository.push()
    shutil.rmtree(tmp_path / ".dvc" / "cache")
    shutil.rmtree(tmp_path / "data")
    settings = parse_settings({"corpus": {"dvc_file": "data.dvc"}}, project_dir=tmp_path)
    found = materialise(settings, "")
    assert (found.root / "a.md").read_text(encoding="utf-8") == "# A\n\nhello"
    assert any("dvc/files/md5" in key for key in bucket.stored())
    shutil.rmtree(tmp_path / ".dvc" / "cache")
    shutil.rmtree(settings.local_root)
    for key in bucket.stored():
        bucket.client().delete_object(Bucket=bucket.name, Key=key)
    with pytest.raises(CorpusError):
        materialise(settings, "")
