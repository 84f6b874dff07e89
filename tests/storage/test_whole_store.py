"""A whole project leaves nothing in its store that the layout does not name, and its records name what they need by their types."""

from __future__ import annotations

import shutil
from pathlib import Path

import docx
import pytest

from headgate.bundle import hold_bundle, open_bundle
from headgate.cli.main import main
from headgate.errors import HeadgateError
from headgate.monitor.alerts.alert import raise_alert, resolve_alert
from headgate.orchestration.home import prepare_home
from headgate.records import Question
from headgate.release.ledger import status
from headgate.retention.contents import files_below
from headgate.retention.references import keys_named
from headgate.storage import FolderStore, Store, open_store
from headgate.storage.keys import Folder
from headgate.storage.layout import BUNDLES, FOLDERS, LANCE, OBJECTS, RELEASES, SOURCES, WITHDRAWALS, folder_named, folder_of
from headgate.storage.store import is_temporary
from tests.conftest import REPOSITORY
from tests.small_project import SmallProject, write_project

QUESTION, PRICE = "How long does a refund take?", "How much does Home Plus cost a month?"
#: Folders that a project in a folder without DVC does not have, or not for longer than a moment.
ELSEWHERE = {"leases", "clock", "probes", "fetched", "spool", "checkouts", "scratch", "demo", "old_parsed", "older_parsed"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, exported_model: Path) -> SmallProject:
    """A project that went through everything twice: built, judged, released, rolled back, asked, with a document that broke."""
    made = write_project(tmp_path_factory.mktemp("whole"), exported_model)
    sources = '[[corpus.sources]]\nname = "docs"\nkind = "folder"\nfolder = "documents"\nmax_shrink_share = 1.0\n'
    sources += "[validation]\nmax_dead_letter_share = 1.0\n"
    made.settings_file.write_text(made.settings_file.read_text().replace('folder = "documents"\n', sources))
    handbook = docx.Document()
    handbook.add_paragraph("The handbook says that engineers wear gloves in winter.")
    handbook.save(str(made.folder / "documents" / "handbook.docx"))
    made.write_page("torn.pdf", "%PDF-1.7 and nothing more")
    build_and_release(made)
    (made.folder / "documents" / "handbook.docx").write_bytes(b"PK\x03\x04 torn")
    made.write_page("moving/home.md", "# Moving home\n\nTell us 21 days before you move home. Moving is free of charge.")
    build_and_release(made)
    verbs(made, "rollback", "--reason", "to see it")
    verbs(made, "release", "reference", "2", "--by", "Ann", "--reason", "to see it")
    verbs(made, "ask", QUESTION)
    verbs(made, "withdraw", "plans/plus.md", "--reason", "to see it")
    store, bundle_id = open_store(made.settings), status(open_store(made.settings), "production").bundle_id
    hold_bundle(store, bundle_id)
    for key in ("ingest", "canary"):
        raise_alert(store, made.settings.alerts, project="test", key=key, title=key, text="as a test", destinations=())
    resolve_alert(store, made.settings.alerts, "canary", destinations=())
    shutil.copyfile(REPOSITORY / "dagster.yaml", made.folder / "dagster.yaml")
    prepare_home(made.settings)
    return made


def build_and_release(project: SmallProject) -> None:
    for verb in ("build", "evaluate", "gate", "promote"):
        verbs(project, verb)
    verbs(project, "canary")


def verbs(project: SmallProject, *arguments: str) -> None:
    assert main(["--settings", str(project.settings_file), *arguments]) == 0


def test_every_file_of_a_store_is_named_by_the_layout(project: SmallProject) -> None:
    root = project.settings.store_root
    keys = [path.relative_to(root).as_posix() for path in files_below(root)]
    owners = {key: folder_of(key) for key in keys if not is_temporary(key)}
    assert [key for key, owner in owners.items() if owner is None] == []
    written = {owner.name for owner in owners.values() if owner}
    assert {entry.name for entry in FOLDERS} - written == ELSEWHERE  # so that no folder of the layout is one that nobody writes


@pytest.mark.parametrize("entry", [entry for entry in FOLDERS if entry.named_by], ids=lambda entry: entry.name)
def test_every_digest_in_a_record_that_names_something_is_named_by_its_type(project: SmallProject, entry: Folder) -> None:
    store = open_store(project.settings)
    there = {key for key in store.list(entry.prefix()) if entry.parse(key)}
    assert there
    named: set[str] = set()
    for name in entry.named_by:
        by = folder_named(name)
        written = b"".join(store.get(key) for key in store.list(by.prefix()) if by.parse(key)).decode("utf-8", "replace")
        named |= (found := keys_named(store, by) & there)
        assert {key for key in there if max(entry.parse(key) or ("",), key=len) in written} <= found
    assert named


def test_a_copy_of_what_answering_needs_answers_and_lacks_nothing_that_it_can_do_without(
    project: SmallProject, tmp_path: Path
) -> None:
    store = open_store(project.settings)
    needed = [entry for entry in FOLDERS if entry.served]
    assert set(needed) == {RELEASES, BUNDLES, OBJECTS, LANCE, SOURCES, WITHDRAWALS}
    for question in (QUESTION, PRICE):
        expected = copied_answer(store, tmp_path / f"whole {question}", list(FOLDERS), question)
        assert copied_answer(store, tmp_path / f"needed {question}", needed, question) == expected
        assert "£31.00" not in expected
    withdrawn = [entry for entry in needed if entry != WITHDRAWALS]
    assert "£31.00" in copied_answer(store, tmp_path / "withdrawn", withdrawn, PRICE)  # what the copy must not lack
    for missing in (RELEASES, BUNDLES, OBJECTS, LANCE):
        with pytest.raises(HeadgateError):
            copied_answer(store, tmp_path / missing.name, [entry for entry in needed if entry != missing])


def copied_answer(store: Store, root: Path, folders: list[Folder], question: str = QUESTION) -> str:
    """What the bundle in force says, from a copy of some folders."""
    copy = FolderStore(root)
    for entry in store.all_entries():
        if (owner := folder_of(entry.key)) and owner in folders:
            copy.put_file(entry.key, store.local(entry.key))
    answerer = open_bundle(copy, status(copy, "production").bundle_id)
    try:
        return answerer.answer_now(Question(text=question)).text
    finally:
        answerer.close()
