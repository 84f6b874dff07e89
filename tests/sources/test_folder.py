"""Folders: what is no plain file is left out by name, what changes or can't be read fails alone."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import CorpusError, Gone, SettingsError, SourceFault
from headgate.records import Remark
from headgate.settings import Settings, parse_settings
from headgate.sources.folder import FolderReader
from headgate.sources.items import Listed
from headgate.sources.patterns import matches
from headgate.sources.state.freshness import read_freshness
from headgate.storage import open_store
from tests.sources.conftest import Project, outcomes_add_up, texts
from tests.verbs import open_corpus


@pytest.fixture
def notes(project: Project) -> Path:
    folder = project.folder / "notes"
    folder.mkdir()
    return folder


def source(**more: Any) -> dict[str, Any]:
    return {"name": "notes", "kind": "folder", "folder": "notes", **more}


def test_what_is_no_plain_file_is_left_out_by_name(project: Project, notes: Path) -> None:
    (notes / "a.md").write_text("# A")
    (notes / ".hidden.md").write_text("x")
    (notes / ".git").mkdir()
    (notes / ".git" / "config").write_text("x")
    (project.folder / "outside.md").write_text("secret")
    (notes / "out.md").symlink_to(project.folder / "outside.md")
    (notes / "up").symlink_to(project.folder)
    (notes / "loop").symlink_to(notes)
    (notes / "nowhere.md").symlink_to("nowhere")
    os.mkfifo(notes / "pipe.md")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(notes)  # the path of a socket may not be long
        try:
            listening.bind("socket.md")
        finally:
            os.chdir(here)
        corpus = project.open(source())

    link, special = Remark("symlink", "links are not followed"), Remark("special", "not a regular file")
    assert corpus.excluded == {
        ".git": Remark("hidden", "folders whose names start with a dot are not entered"),
        ".hidden.md": Remark("hidden", "names that start with a dot"),
        "loop": link,
        "nowhere.md": link,
        "out.md": link,
        "pipe.md": special,
        "socket.md": special,
        "up": link,
    }
    assert texts(corpus) == {"a.md": "# A"}
    assert outcomes_add_up(corpus)


def test_odd_names(project: Project, notes: Path) -> None:
    names = [
        "a b.md",
        "-rf.md",
        "line\nbreak.md",
        "e\u0301.md",
        "é.md",
        "A.md",
        "a.md",
        "日本語.md",
        "x" * 250 + ".md",
        "%2E.md",
        "'\"$(x).md",
    ]
    for name in names:
        (notes / name).write_text(f"# {name}")
    (notes / os.fsdecode(b"caf\xe9.md")).write_text("latin")
    corpus = project.open(source())

    found = texts(corpus)
    assert len(found) == len(names)  # one of the two spellings of é is left out, café is added
    assert list(corpus.excluded.values()) == [Remark("name", "another file has the same path 'é.md'")]
    assert found["é.md"] == "# é.md"
    assert found["caf%E9.md"] == "latin"
    assert found["line%0Abreak.md"] == "# line\nbreak.md"
    assert outcomes_add_up(corpus)
    assert texts(project.open(source(), revision=corpus.revision)) == found


def test_a_folder_with_no_files_and_none_at_all(project: Project, notes: Path) -> None:
    with pytest.raises(CorpusError, match="hold no files"):
        project.open(source())
    with pytest.raises(CorpusError, match="does not exist or is not a folder"):
        project.open(source(folder="nowhere"))


def test_an_emptied_folder_does_not_empty_the_corpus(project: Project, notes: Path) -> None:
    (notes / "a.md").write_text("# A")
    project.open(source())
    (notes / "a.md").unlink()
    with pytest.raises(CorpusError, match=r"0 files, 1 the last time.*shrunk_to = 0"):
        project.open(source())


def test_a_past_revision_of_a_folder_is_kept(project: Project, notes: Path) -> None:
    (notes / "a.md").write_text("# one")
    first = project.open(source())
    (notes / "a.md").write_text("# two")
    second = project.open(source())
    assert texts(project.open(source(), revision=first.revision)) == {"a.md": "# one"}
    (notes / "a.md").write_text("# one")
    assert project.open(source()).revision == first.revision != second.revision


def test_a_damaged_copy_is_noticed_and_mended(project: Project, notes: Path) -> None:
    from headgate.errors import IntegrityError

    (notes / "a.md").write_text("# A")
    corpus = project.open(source())
    copy = corpus.local("a.md")
    copy.write_text("# B")
    with pytest.raises(IntegrityError, match="was damaged"):
        corpus.local("a.md")
    assert texts(project.open(source())) == {"a.md": "# A"}


def test_a_file_that_is_being_written_is_read_until_it_holds_still(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("one")
    writes = iter(["two", "three"])

    class Writing(FolderReader):
        def _take(self, stream: Any, size: int) -> tuple[str, int]:
            taken = super()._take(stream, size)
            if text := next(writes, ""):
                (tmp_path / "a.md").write_text(text)
            return taken

    fetched = Writing(tmp_path, None, sleep=lambda _seconds: None).fetch(Listed("a.md", "a.md"), None)
    assert fetched.rereads == 2
    assert fetched.size == len("three")

    writes = iter("abcdefgh")
    with pytest.raises(SourceFault, match="it changed each of 3 times"):
        Writing(tmp_path, None, sleep=lambda _seconds: None).fetch(Listed("a.md", "a.md"), None)


def test_a_file_that_becomes_a_link_or_a_pipe_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "a.md").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "b.md")
    reader = FolderReader(tmp_path, None)
    with pytest.raises(SourceFault, match="replaced by a link"):
        reader.fetch(Listed("a.md", "a.md"), None)
    with pytest.raises(SourceFault, match="not a regular file"):
        reader.fetch(Listed("b.md", "b.md"), None)
    with pytest.raises(Gone):
        reader.fetch(Listed("c.md", "c.md"), None)


def test_a_folder_that_becomes_a_link_after_it_was_listed_is_not_entered(tmp_path: Path) -> None:
    for path in ("docs/sub/deep/a.md", "outside/deep/a.md"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(path)
    reader = FolderReader(tmp_path / "docs", None)
    (item,) = reader.listing().items
    assert reader.fetch(item, None).size == len("docs/sub/deep/a.md")
    (tmp_path / "docs" / "sub").rename(tmp_path / "docs" / "moved")
    with pytest.raises(Gone):
        reader.fetch(item, None)
    (tmp_path / "docs" / "sub").symlink_to(tmp_path / "outside")
    with pytest.raises(SourceFault, match="replaced by a file or a link"):
        reader.fetch(item, None)


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    class Unread(FolderReader):
        def _take(self, stream: Any, size: int) -> tuple[str, int]:
            stream.close()  # whatever reads it now fails
            return super()._take(stream, size)

    (tmp_path / "a.md").write_text("# Title")
    with pytest.raises(SourceFault, match="allows") as refused:
        Unread(tmp_path, None, limit=3).fetch(Listed("a.md", "a.md"), None)
    assert refused.value.reason == "too_large"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_what_cannot_be_read_fails_alone_and_its_folder_is_not_taken_for_empty(open_folder: Path, tmp_path: Path) -> None:
    for path in ("a.md", "locked.md", "sub/b.md", "sub/c.md"):
        (open_folder / path).parent.mkdir(exist_ok=True)
        (open_folder / path).write_text(f"# {path}")
    settings = parse_settings({"corpus": {"folder": str(open_folder)}}, project_dir=open_folder)
    (open_folder / ".headgate").mkdir(mode=0o777)
    (open_folder / ".headgate").chmod(0o777)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # root may read everything
    try:
        first = open_corpus(settings)
        with_root(root, lambda: ((open_folder / "locked.md").chmod(0), (open_folder / "sub").chmod(0)))
        second = open_corpus(settings)
    finally:
        with_root(root, lambda: ((open_folder / "sub").chmod(0o755), None))
        if root:
            os.seteuid(0)
    assert not first.failed
    assert {path: failure.reason for path, failure in second.failed.items()} == {
        "locked.md": "unreadable",
        "sub/b.md": "unreadable",
        "sub/c.md": "unreadable",
    }
    assert [file.path for file in first.files] == [file.path for file in second.files]
    assert "Permission denied" in second.failed["locked.md"].detail


def with_root(root: bool, change: Any) -> None:
    """Carry out `change` as the owner."""
    if not root:
        change()
        return
    os.seteuid(0)
    change()
    os.seteuid(65534)


def test_large_files_are_not_copied(project: Project, notes: Path) -> None:
    project.sections = {"parse": {"max_file_mib": 1}}
    (notes / "a.md").write_text("# A")
    (notes / "large.md").write_bytes(b"x" * (2 << 20))
    corpus = project.open(source())
    assert corpus.failed["large.md"].reason == "too_large"


# --- corpus.folder, the short form -----------------------------------------------------------------------------------


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


def short(project: Project, **corpus: Any) -> Settings:
    return parse_settings({"corpus": {"folder": "notes", **corpus}}, project_dir=project.folder)


def test_the_revision_of_a_folder_is_its_content(project: Project, notes: Path) -> None:
    (notes / "a.md").write_text("# A")
    (notes / "b.md").write_text("# B")
    before = open_corpus(short(project)).revision
    assert open_corpus(short(project)).revision == before
    (notes / "b.md").rename(notes / "c.md")
    assert open_corpus(short(project)).revision != before


def test_files_of_the_short_form_are_read_where_they_lie(project: Project, notes: Path) -> None:
    (notes / "a.md").write_text("# A")
    (notes / "b.txt").write_text("b")
    corpus = open_corpus(short(project, exclude=["*.txt"]))
    assert corpus.local("a.md") == notes / "a.md"
    assert corpus.excluded == {"b.txt": Remark("corpus.exclude", "*.txt")}
    assert [state.name for state in corpus.sources] == ["folder"]
    assert not (project.folder / ".headgate" / "corpora").exists()
    (notes / "a.md").unlink()
    (notes / "b.txt").unlink()
    with pytest.raises(CorpusError, match="holds no files"):
        open_corpus(short(project))


def test_the_short_form_has_a_freshness_objective(project: Project, notes: Path) -> None:
    (notes / "a.md").write_text("# A")
    settings = short(project, name="kb", fresh_within_hours=24, silent_after_days=7)
    open_corpus(settings, clock=project.clock)
    store = open_store(settings)
    (source,) = read_freshness(store, corpus="kb", now=project.clock.now)
    assert (source.fresh, source.silent) == (True, False)
    (source,) = read_freshness(store, corpus="kb", now=project.clock.now + timedelta(days=8))
    assert (source.fresh, source.silent) == (False, True)
    assert "source 'folder' was last read 192.0 h ago, its objective is 24 h" in source.reason
    assert "silent_after_days is 7" in source.reason


@pytest.mark.parametrize("key", ["fresh_within_hours", "silent_after_days"])
def test_an_objective_of_the_short_form_beside_sources_is_refused(project: Project, key: str) -> None:
    with pytest.raises(SettingsError, match=rf"corpus\.{key} is for .* set {key} in each of corpus\.sources instead"):
        parse_settings({"corpus": {"sources": [source()], key: 24}}, project_dir=project.folder)
    parse_settings({"corpus": {"sources": [source()], key: 0}}, project_dir=project.folder)  # as a written settings file has it


def test_a_missing_or_empty_folder_is_said(project: Project, notes: Path) -> None:
    with pytest.raises(CorpusError, match="holds no files"):
        open_corpus(short(project))
    with pytest.raises(CorpusError, match="does not exist"):
        open_corpus(short(project), folder=project.folder / "nowhere")
    with pytest.raises(CorpusError, match=r"set corpus\.folder, corpus\.dvc_file or corpus\.sources"):
        open_corpus(parse_settings({}, project_dir=project.folder))
    (notes / "a.md").write_text("# A")
    with pytest.raises(CorpusError, match="plain folder"):
        open_corpus(short(project), revision="base")
