"""Documents → a DVC project around them: data/ tracked by data.dvc, a first remote on this machine. Nothing is asked of a network."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from headgate.errors import CorpusError, StorageError

#: Places in the project.
DATA, REMOTE = "data", "dvcstore"


def refuse_links(documents: Path) -> None:
    """Raise CorpusError where DVC could not track what `documents` holds: it tracks files, not what links point to."""
    links = sorted(path.relative_to(documents).as_posix() for path in documents.rglob("*") if path.is_symlink())
    if links:
        raise CorpusError(
            f"--dvc: {str(documents)!r} holds {len(links)} link(s), such as {links[0]!r}, and DVC tracks files only; "
            "replace them by what they point to, or leave --dvc out"
        )


def track_documents(folder: Path, documents: Path) -> None:
    """Copy `documents` to `folder`/data (unless they are there), and put that under DVC, with a remote beside it that holds it all.

    Makes `folder` a git repository where it lies in none: revisions of the documents are revisions of data.dvc.

    Raises:
        CorpusError: DVC refuses; the copy stays.
        StorageError: the copy can't be written.
    """
    data = folder / DATA
    if documents.resolve() != data.resolve():
        try:
            shutil.copytree(documents, data)
        except (OSError, shutil.Error) as error:
            raise StorageError(f"{str(documents)!r} can't be copied to {str(data)!r}: {error}") from error
    from dvc.exceptions import DvcException
    from scmrepo.exceptions import SCMError

    try:
        _set_up(folder)
    except (DvcException, SCMError) as error:
        raise CorpusError(
            f"--dvc: {error}; the project's files are written: run `dvc init`, `dvc add {DATA}` and `dvc remote add -d store {REMOTE}` in {str(folder)!r}"
        ) from error


def _set_up(folder: Path) -> None:
    from dvc.repo import Repo

    # It tells on stdout what to type next, which is done here; stdout is for what the verb reports.
    logging.getLogger("dvc").setLevel(logging.WARNING)
    repository = Repo.init(str(folder), subdir=_lies_inside_git(folder))
    try:
        with repository.config.edit("repo") as config:
            config["remote"]["store"] = {"url": str(folder / REMOTE), "verify": True}  # written relative to the file
            config["core"] |= {"remote": "store", "analytics": False, "check_update": False}
        repository.add(str(folder / DATA))
        repository.push()
    finally:
        repository.close()


def _lies_inside_git(folder: Path) -> bool:
    """Whether a git repository begins above `folder`; one is made in it where there is none at all."""
    from scmrepo.git import Git

    for above in (folder.resolve(), *folder.resolve().parents):
        if (above / ".git").exists():
            return above != folder.resolve()
    Git.init(str(folder))
    return False
