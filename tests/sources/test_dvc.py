"""DVC directories at a revision: checked byte for byte, alone and beside other sources."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import CorpusError
from headgate.settings import Settings, parse_settings
from tests.sources.conftest import texts
from tests.verbs import open_corpus


class Project:
    """A DVC project with a local remote that verifies, and two revisions of `data`."""

    def __init__(self, root: Path) -> None:
        from dvc.repo import Repo

        self.root = root
        self.remote = root / "remote"
        repository = Repo.init(str(root), no_scm=True)
        with repository.config.edit() as config:
            config["remote"]["store"] = {"url": str(self.remote), "verify": True}
            config["core"]["remote"] = "store"
        repository.close()
        self.digests = {
            "first": self.publish({"a.md": "# A\n\nfirst", "sub/b.md": "# B\n\ntext"}),
            "second": self.publish({"a.md": "# A\n\nsecond"}),
        }
        self.forget()

    def publish(self, contents: dict[str, str]) -> str:
        from dvc.repo import Repo

        shutil.rmtree(self.root / "data", ignore_errors=True)
        for name, content in contents.items():
            (self.root / "data" / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / "data" / name).write_text(content)
        repository = Repo(str(self.root))
        repository.add(str(self.root / "data"))
        repository.push()
        repository.close()
        return (self.root / "data.dvc").read_text().split("md5: ")[1].split()[0]

    def forget(self) -> None:
        """As in a fresh clone: nothing but the remote."""
        for folder in (".dvc/cache", ".headgate", "data"):
            shutil.rmtree(self.root / folder, ignore_errors=True)

    def object(self, name: str) -> Path:
        return self.remote / "files" / "md5" / name[:2] / name[2:]

    def settings(self, **corpus: Any) -> Settings:
        return parse_settings({"corpus": {"dvc_file": "data.dvc", "revisions": self.digests, **corpus}}, project_dir=self.root)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project")


def test_dvc_revisions_by_file_name_and_digest(project: Project) -> None:
    now = open_corpus(project.settings())
    assert [file.path for file in now.files] == ["a.md"]
    assert now.revision == project.digests["second"].removesuffix(".dir")

    first = open_corpus(project.settings(), revision="first")
    assert [file.path for file in first.files] == ["a.md", "sub/b.md"]
    assert open_corpus(project.settings(), revision=project.digests["first"]) == first
    assert (first.root / "sub" / "b.md").read_text() == "# B\n\ntext"


def test_a_dvc_revision_by_git_commit(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    from dvc.repo import Repo

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t.example", *arguments],
            cwd=project.root,
            check=True,
            capture_output=True,
        )

    (project.root / "data.dvc").write_text(
        (project.root / "data.dvc").read_text().replace(project.digests["second"], project.digests["first"])
    )
    git("init", "-q")
    repository = Repo(str(project.root), uninitialized=True)
    with repository.config.edit() as config:
        config["core"]["no_scm"] = False
    repository.close()
    git("add", "data.dvc", ".dvc/config")
    git("commit", "-q", "-m", "first")
    (project.root / "data.dvc").write_text(
        (project.root / "data.dvc").read_text().replace(project.digests["first"], project.digests["second"])
    )

    assert open_corpus(project.settings()).revision == project.digests["second"].removesuffix(".dir")
    assert open_corpus(project.settings(), revision="HEAD").revision == project.digests["first"].removesuffix(".dir")
    with pytest.raises(CorpusError, match=r"'no-such-tag' is unknown; names in corpus.revisions: first, second"):
        open_corpus(project.settings(), revision="no-such-tag")


def test_an_unknown_revision_lists_the_known_ones(project: Project) -> None:
    with pytest.raises(CorpusError, match=r"'third' is unknown; names in corpus.revisions: first, second"):
        open_corpus(project.settings(), revision="third")
    with pytest.raises(CorpusError, match="neither in DVC's cache nor intact in its remote"):
        open_corpus(project.settings(), revision="0" * 32 + ".dir")


def test_a_corrupted_object_is_named_and_nothing_is_left_behind(project: Project) -> None:
    import hashlib

    name = hashlib.md5(b"# A\n\nsecond").hexdigest()
    project.object(name).chmod(stat.S_IRUSR | stat.S_IWUSR)
    project.object(name).write_bytes(b"# A\n\nSECOND")

    with pytest.raises(CorpusError, match=f"{name}.*'a.md'"):
        open_corpus(project.settings())
    assert not list((project.root / ".headgate").rglob("a.md"))


def test_a_corrupted_directory_object_is_refused(project: Project) -> None:
    file = project.object(project.digests["second"])
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    file.write_bytes(file.read_bytes().replace(b"a.md", b"z.md"))

    with pytest.raises(CorpusError, match=project.digests["second"].removesuffix(".dir")):
        open_corpus(project.settings())


def test_a_changed_file_of_the_materialised_corpus_is_noticed(project: Project) -> None:
    file = open_corpus(project.settings()).root / "a.md"
    file.unlink()
    file.write_text("# A\n\nchanged")

    with pytest.raises(CorpusError, match="not what DVC recorded"):
        open_corpus(project.settings())


def test_no_remote_no_file_no_project_are_said(project: Project, tmp_path: Path) -> None:
    from dvc.repo import Repo

    with pytest.raises(CorpusError, match=r"corpus.dvc_file.*does not exist"):
        open_corpus(project.settings(dvc_file="other.dvc"))
    repository = Repo(str(project.root))
    with repository.config.edit() as config:
        config["remote"] = {}
        config["core"] = {"no_scm": True}
    repository.close()
    with pytest.raises(
        CorpusError, match=r"no remote is set to fetch it from; run `dvc remote add -d NAME URL`, then `dvc pull`$"
    ):
        open_corpus(project.settings())
    shutil.rmtree(project.root / ".dvc")
    with pytest.raises(CorpusError, match="no DVC project"):
        open_corpus(project.settings())


def test_a_dvc_directory_beside_a_folder(project: Project) -> None:
    (project.root / "notes").mkdir()
    (project.root / "notes" / "n.md").write_text("# N")
    sources = [
        {"name": "help", "kind": "dvc", "dvc_file": "data.dvc", "prefix": "help"},
        {"name": "notes", "kind": "folder", "folder": "notes", "prefix": "notes"},
    ]
    settings = parse_settings({"corpus": {"sources": sources, "revisions": project.digests}}, project_dir=project.root)
    first = open_corpus(settings)
    assert texts(first) == {"help/a.md": "# A\n\nsecond", "notes/n.md": "# N"}

    sources[0]["revision"] = "first"
    settings = parse_settings({"corpus": {"sources": sources, "revisions": project.digests}}, project_dir=project.root)
    assert set(texts(open_corpus(settings))) == {"help/a.md", "help/sub/b.md", "notes/n.md"}

    project.forget()
    (project.root / "notes").mkdir(exist_ok=True)
    shutil.rmtree(project.remote)
    found = open_corpus(settings)
    assert "help" in found.sources[0].name
    assert "DVC's cache" in found.sources[0].problem
    assert texts(found) == {"notes/n.md": "# N"}
