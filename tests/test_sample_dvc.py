"""The sample corpus's revisions, their digests in headgate.toml, and DVC's copy of them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path, PurePosixPath

import pytest
import yaml

from headgate.settings import Settings, load_settings
from render import REVISIONS, SOURCES, directory_digest, read_defects, render_corpus

ROOT = Path(__file__).resolve().parents[1]
REMOTE = ROOT / "sample" / "dvcstore"


@pytest.fixture(scope="module")
def corpora() -> dict[str, dict[str, bytes]]:
    """Revision → corpus path → bytes."""
    return {revision: render_corpus(revision) for revision in REVISIONS}


@pytest.fixture(scope="module")
def base(corpora: dict[str, dict[str, bytes]]) -> dict[str, bytes]:
    return corpora["base"]


# --- revisions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), list(pairwise(REVISIONS)))
def test_a_revision_applies_its_changes_to_the_one_before(before: str, after: str, corpora: dict[str, dict[str, bytes]]) -> None:
    old, new = corpora[before], corpora[after]
    lists = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (SOURCES / after).glob("*.changes.yaml")]
    deleted = {path for changes in lists for path in changes.get("deleted") or ()}
    moved = {source: target for changes in lists for source, target in (changes.get("moved") or {}).items()}
    written = {path.relative_to(SOURCES / after).as_posix().removesuffix(".md") for path in (SOURCES / after).rglob("*.md")}
    assert deleted
    assert written
    assert deleted <= set(old)
    assert not (deleted | set(moved)) & (set(new) - written)
    for source, target in moved.items():
        assert target in written or PurePosixPath(target).suffix == ".eml" or new[target] == old[source]
    assert set(new) == (set(old) - deleted - set(moved)) | set(moved.values()) | written
    changed = {path for path in set(old) & set(new) if old[path] != new[path]}
    assert changed <= written | {defect.path for defect in read_defects() if defect.defect == "duplicate"}


def test_prices_change_in_week_two_and_a_plan_comes_in_week_three(corpora: dict[str, dict[str, bytes]]) -> None:
    plans = {revision: files["plans/home-plans.html"].decode() for revision, files in corpora.items()}
    assert "£24.00" in plans["base"]
    assert "£25.50" in plans["week-2"]
    assert "Home Ultra" not in plans["week-2"]
    assert "£72.00" in plans["week-3"]


# --- DVC ------------------------------------------------------------------------------------------------------------


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_rendering_gives_the_digests_in_headgate_toml(corpora: dict[str, dict[str, bytes]]) -> None:
    """When this fails after a change to a source: run `python sample/northbeam/publish.py`."""
    assert load_settings(ROOT / "headgate.toml").corpus.revisions == {
        revision: directory_digest(files) for revision, files in corpora.items()
    }


def test_headgate_toml_shows_every_setting() -> None:
    text = (ROOT / "headgate.toml").read_text(encoding="utf-8")
    written = tomllib.loads(text)
    for section, name in (
        ("corpus", "sources"),
        ("corpus", "rules"),
        ("validation", "accept_audience"),
        ("validation", "accept_change"),
    ):
        assert f"# [[{section}.{name}]]" in text  # tables that this project does not use stand in comments
        written[section][name] = []
    sections = {name: field.annotation for name, field in Settings.model_fields.items() if name != "project_dir"}
    assert {name: set(written[name]) for name in sections} == {
        name: set(section.model_fields) for name, section in sections.items()
    }


def test_data_dvc_points_at_the_base_revision(base: dict[str, bytes]) -> None:
    (out,) = yaml.safe_load((ROOT / "data.dvc").read_text(encoding="utf-8"))["outs"]
    assert out["md5"] == directory_digest(base)
    assert (out["path"], out["nfiles"], out["size"]) == ("data", len(base), sum(map(len, base.values())))


def test_the_remote_holds_the_three_revisions_and_nothing_else(corpora: dict[str, dict[str, bytes]]) -> None:
    objects = {
        "".join(path.relative_to(REMOTE / "files" / "md5").parts): path.read_bytes()
        for path in REMOTE.rglob("*")
        if path.is_file()
    }
    assert all(md5(content) == name.removesuffix(".dir") for name, content in objects.items())
    assert set(objects) == {md5(content) for files in corpora.values() for content in files.values()} | {
        directory_digest(files) for files in corpora.values()
    }
    assert sum(map(len, objects.values())) < 6_000_000
    for files in corpora.values():
        listing = json.loads(objects[directory_digest(files)])
        assert {entry["relpath"]: entry["md5"] for entry in listing} == {path: md5(content) for path, content in files.items()}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A git clone of a repository with what DVC needs and nothing else."""
    origin = tmp_path / "origin"
    for name in (".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitattributes", ".gitignore", "data.dvc"):
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, origin / name)
    shutil.copytree(REMOTE, origin / "sample" / "dvcstore")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@northbeam.example", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "corpus"]):
        subprocess.run([*git, *arguments], cwd=origin, check=True)
    subprocess.run([*git, "clone", "--quiet", "--local", str(origin), str(tmp_path / "clone")], check=True)
    return tmp_path / "clone"


def pull(folder: Path) -> subprocess.CompletedProcess[str]:
    """`dvc pull` as someone without an account, a home folder or a cache runs it."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder.parent / "site"),
    }
    return subprocess.run([sys.executable, "-m", "dvc", "pull"], cwd=folder, env=environment, capture_output=True, text=True)


def test_a_fresh_clone_pulls_the_corpus_without_an_account(clone: Path, base: dict[str, bytes]) -> None:
    done = pull(clone)
    assert done.returncode == 0, done.stderr
    assert {
        path.relative_to(clone / "data").as_posix(): path.read_bytes() for path in (clone / "data").rglob("*") if path.is_file()
    } == base
    status = subprocess.run(["git", "status", "--porcelain"], cwd=clone, check=True, capture_output=True, text=True)
    assert status.stdout == ""


def test_a_corrupted_remote_object_is_refused(clone: Path, base: dict[str, bytes]) -> None:
    name = md5(base["billing/refunds.md"])
    target = clone / "sample" / "dvcstore" / "files" / "md5" / name[:2] / name[2:]
    content = bytearray(target.read_bytes())
    content[len(content) // 2] ^= 1
    target.write_bytes(content)
    assert pull(clone).returncode != 0
    assert not (clone / "data" / "billing" / "refunds.md").exists()
