"""Folders and DVC directories → files, or a message of what to do."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import CorpusError
from headgate.ingest.sources import matches, open_corpus
from headgate.settings import Settings, parse_settings
from tests.ingest import files

MakeSettings = Callable[..., Settings]


@pytest.mark.parametrize(
    ("path", "glob", "expected"),
    [
        ("a/b/c.md", "**/*.md", True),
        ("c.md", "**/*.md", True),
        ("a/b/c.md", "a/*.md", False),
        ("a/b/c.md", "a/**", True),
        ("a/b/c.md", "*.md", True),
        ("a/b/c.md", "a/*/c.md", True),
        ("ab/c.md", "a/**", False),
        ("a/[x].md", "a/[x].md", True),
    ],
)
def test_globs(path: str, glob: str, expected: bool) -> None:
    assert matches(path, glob) is expected


def test_the_revision_of_a_folder_is_its_content(corpus: Path, make_settings: MakeSettings) -> None:
    files.write(corpus, a__md=b"# A", b__md=b"# B")
    before = open_corpus(make_settings()).revision
    assert open_corpus(make_settings()).revision == before

    (corpus / "b.md").rename(corpus / "c.md")
    assert open_corpus(make_settings()).revision != before


def test_links_hidden_files_and_globs_are_excluded_by_name(corpus: Path, tmp_path: Path, make_settings: MakeSettings) -> None:
    (tmp_path / "secret.md").write_text("# Secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.md").write_text("# X")
    files.write(corpus, a__md=b"# A", notes__txt=b"x", _DS_Store=b"x")
    (corpus / ".hidden").write_bytes(b"x")
    (corpus / "link.md").symlink_to(tmp_path / "secret.md")
    (corpus / "folder").symlink_to(tmp_path / "outside")
    found = open_corpus(make_settings(corpus={"exclude": ["*.txt"]}))

    assert found.excluded == {
        ".hidden": "hidden: names that start with a dot",
        "folder": "symlink: links are not followed",
        "link.md": "symlink: links are not followed",
        "notes.txt": "corpus.exclude: *.txt",
    }
    assert "folder/x.md" not in {file.path for file in found.files}


@pytest.mark.parametrize(
    ("name", "content", "media_type", "problem"),
    [
        ("a.docx", files.pdf(), "application/pdf", "wrong_extension"),
        ("a.pdf", b"# Text, no PDF", "application/pdf", "wrong_extension"),
        ("a.txt", files.html(), "text/html", ""),
        ("a.xlsx", files.docx(), "", "wrong_extension"),
        ("a.docx", files.docx()[:3000], "", "malformed"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "", "encrypted"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "", "unsupported"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 600, "image/png", "unsupported"),
        ("README", b"plain words", "", "unsupported"),
    ],
)
def test_content_and_extension_together_decide_the_media_type(
    corpus: Path, make_settings: MakeSettings, name: str, content: bytes, media_type: str, problem: str
) -> None:
    (corpus / name).write_bytes(content)
    found = open_corpus(make_settings())

    assert (found.media[name].problem or ("",))[0] == problem
    assert media_type in ("", found.files[0].media_type)


def test_a_missing_or_empty_folder_is_said(corpus: Path, tmp_path: Path, make_settings: MakeSettings) -> None:
    with pytest.raises(CorpusError, match="holds no files"):
        open_corpus(make_settings())
    with pytest.raises(CorpusError, match="does not exist"):
        open_corpus(make_settings(), folder=tmp_path / "nowhere")
    with pytest.raises(CorpusError, match=r"set corpus\.folder or corpus\.dvc_file"):
        open_corpus(parse_settings({}, project_dir=tmp_path))
    files.write(corpus, a__md=b"# A")
    with pytest.raises(CorpusError, match="plain folder"):
        open_corpus(make_settings(), revision="base")


# --- DVC ------------------------------------------------------------------------------------------------------------


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
