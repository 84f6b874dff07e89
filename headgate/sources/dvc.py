"""A directory under DVC at a revision → a complete folder below <store>/corpora/<revision>/.

    revision ──► directory digest ──► objects in DVC's cache (fetched from the remote) ──checked──► corpora/<revision>/files/…

Every object is compared with the MD5 that names it, when it is fetched and again whenever the corpus is opened, so that a corpus is
what its revision says or nothing.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
import yaml

from headgate.errors import CorpusError
from headgate.storage.layout import CHECKOUTS

_DIGEST = re.compile(r"^([0-9a-f]{32})(\.dir)?$")


@dataclass(frozen=True, slots=True)
class Materialised:
    """`revision` is the directory digest without `.dir`; `root` holds its files."""

    revision: str
    root: Path


def materialise(dvc_file: Path, revision: str, names: Mapping[str, str], local_root: Path) -> Materialised:
    """Make the directory that `dvc_file` tracks available as a folder below `local_root`, at `revision`.

    Args:
        names: `corpus.revisions`: name → revision.
        revision: "" = what the .dvc file says now; a name of `corpus.revisions`; a directory digest; a git revision.

    Raises:
        CorpusError: no .dvc file, no DVC project, no remote, an unknown revision, a missing or corrupted object.
    """
    digest = resolve_revision(dvc_file, revision, names)
    folder = CHECKOUTS.path(local_root, digest)
    if not (folder / "tree.json").is_file():
        _build(dvc_file, digest, folder)
    _verify(folder, digest)
    return Materialised(digest, folder / "files")


def resolve_revision(dvc_file: Path, revision: str, names: Mapping[str, str]) -> str:
    """32 hex digits of the directory that `revision` names; see `materialise`."""
    named = names.get(revision, revision)
    if revision and (found := _DIGEST.match(named)):
        return found[1]
    if not dvc_file.is_file() and not revision:
        raise CorpusError(
            f"corpus file {str(dvc_file)!r} (corpus.dvc_file) does not exist; run `dvc add` on the folder of documents, or set corpus.folder"
        )
    if not revision:
        return _digest_of(dvc_file.read_text(encoding="utf-8"), str(dvc_file))
    with _repository(dvc_file) as repository:
        return _digest_of(_read_at(repository, dvc_file, named, names), f"{dvc_file.name} at {named!r}")


def _read_at(repository: Any, dvc_file: Path, revision: str, names: Mapping[str, str]) -> str:
    from dvc.exceptions import DvcException
    from scmrepo.exceptions import SCMError

    known = ", ".join(sorted(names)) or "none"
    where = f"names in corpus.revisions: {known}; also a directory digest (32 hex digits + .dir) or a git revision"
    try:
        resolved = repository.scm.resolve_rev(revision)
        tree = repository.scm.get_fs(resolved)
        path = os.path.relpath(dvc_file, repository.scm.root_dir)
        with tree.open(path, "r", encoding="utf-8") as stream:
            return str(stream.read())
    except (SCMError, DvcException):
        raise CorpusError(f"corpus revision {revision!r} is unknown; {where}") from None
    except FileNotFoundError:
        raise CorpusError(f"{dvc_file.name!r} does not exist at git revision {revision!r}; {where}") from None


def _digest_of(content: str, source: str) -> str:
    try:
        parsed = yaml.safe_load(content)
        digest = str(parsed["outs"][0]["md5"])
    except (yaml.YAMLError, KeyError, IndexError, TypeError):
        raise CorpusError(
            f"{source} is not a .dvc file with a tracked directory (outs[0].md5); run `dvc add` on the folder"
        ) from None
    found = _DIGEST.match(digest)
    if not found or not found[2]:
        raise CorpusError(f"{source} tracks {digest!r}, which is a single file; track a folder of documents")
    return found[1]


@contextmanager
def _repository(dvc_file: Path) -> Iterator[Any]:
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        repository = Repo(str(dvc_file.parent))
    except DvcException as error:
        raise CorpusError(f"no DVC project holds {str(dvc_file)!r}: {error}; run `dvc init`") from error
    try:
        yield repository
    finally:
        repository.close()


def _build(dvc_file: Path, digest: str, folder: Path) -> None:
    """Fetch, check and link everything into a temporary folder, then rename it."""
    with _repository(dvc_file) as repository:
        _fetch(repository, digest)
        cache = Path(repository.cache.local.path)
        tree = _read_tree(cache, digest)
        temporary = folder.with_name(f".tmp-{uuid.uuid4().hex}")
        try:
            for relative, md5 in tree.items():
                target = temporary / "files" / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                _place(_object(cache, md5), target)
                if _md5(target) != md5:
                    raise CorpusError(_corrupted(relative, md5, _object(cache, md5)))
            (temporary / "tree.json").write_bytes(orjson.dumps(tree, option=orjson.OPT_INDENT_2))
            if folder.exists():
                shutil.rmtree(folder)
            temporary.rename(folder)
        except OSError as error:
            raise CorpusError(f"corpus {digest!r} can't be written to {str(folder)!r}: {error.strerror or error}") from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _fetch(repository: Any, digest: str) -> None:
    """Bring what is missing of a directory into DVC's cache."""
    from dvc.config import NoRemoteError, RemoteConfigError
    from dvc.exceptions import DvcException
    from dvc_data.hashfile.hash_info import HashInfo

    logging.getLogger("dvc_data").setLevel(logging.CRITICAL)  # it prints a traceback per object; what failed is told below
    cache = Path(repository.cache.local.path)
    failed: list[str] = []
    # First the directory's own object, then what it lists.
    for step in ("directory", "files"):
        if step == "directory":
            names = [] if _object(cache, f"{digest}.dir").is_file() else [f"{digest}.dir"]
        else:
            names = _missing(cache, digest)
        if not names:
            continue
        try:
            result = repository.cloud.pull([HashInfo("md5", name) for name in names])
        except (NoRemoteError, RemoteConfigError) as error:
            raise CorpusError(
                f"corpus {digest!r} is not in DVC's cache and no remote is set to fetch it from; run `dvc remote add -d NAME URL`, then `dvc pull`"
            ) from error
        except (DvcException, OSError, ValueError) as error:
            raise CorpusError(f"corpus {digest!r} can't be fetched from the DVC remote: {error}; try `dvc pull`") from error
        failed += sorted(str(entry.value) for entry in result.failed)
        if not _object(cache, f"{digest}.dir").is_file():
            break
    try:
        tree = _read_tree(cache, digest)
    except FileNotFoundError:
        raise CorpusError(
            f"directory {digest!r} is neither in DVC's cache nor intact in its remote {_remote_name(repository)}; "
            "check the revision, or push it there with `dvc push`"
        ) from None
    missing = {relative: md5 for relative, md5 in tree.items() if not _object(cache, md5).is_file()}
    if missing or failed:
        relative, md5 = next(iter(missing.items()), ("", failed[0] if failed else ""))
        raise CorpusError(
            f"object {md5!r} of {relative!r} is missing or corrupted in the DVC remote {_remote_name(repository)} "
            f"({len(missing)} of {len(tree)} files affected); restore it there, for example with `dvc push` from an intact copy"
        )


def _missing(cache: Path, digest: str) -> list[str]:
    return sorted(md5 for md5 in set(_read_tree(cache, digest).values()) if not _object(cache, md5).is_file())


def _remote_name(repository: Any) -> str:
    name = repository.config["core"].get("remote") or ""
    return repr(str(repository.config["remote"].get(name, {}).get("url", name)))


def _object(cache: Path, md5: str) -> Path:
    return cache / md5[:2] / md5[2:]


def _read_tree(cache: Path, digest: str) -> dict[str, str]:
    """{corpus path: MD5}, sorted, of a directory object.

    Raises:
        FileNotFoundError: it is not in the cache.
        CorpusError: its bytes are not what its name says, or it names a path outside the corpus.
    """
    file = _object(cache, digest + ".dir")
    content = file.read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != digest:
        raise CorpusError(_corrupted("", digest + ".dir", file))
    tree = {str(entry["relpath"]): str(entry["md5"]) for entry in orjson.loads(content)}
    for relative in tree:
        if relative.startswith("/") or ".." in PurePosixPath(relative).parts:
            raise CorpusError(f"directory {digest!r} names {relative!r}, which lies outside the corpus")
    if not tree:
        raise CorpusError(f"corpus {digest!r} holds no files")
    return dict(sorted(tree.items()))


def _place(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, target)


def _verify(folder: Path, digest: str) -> None:
    tree: dict[str, str] = orjson.loads((folder / "tree.json").read_bytes())
    for relative, md5 in tree.items():
        file = folder / "files" / relative
        if not file.is_file() or _md5(file) != md5:
            raise CorpusError(
                f"file {relative!r} of corpus {digest!r} is not what DVC recorded (MD5 {md5}); delete {str(folder)!r} to build it anew"
            )


def _md5(file: Path) -> str:
    """DVC names objects by MD5; here it finds damage, not attacks."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _corrupted(relative: str, md5: str, file: Path) -> str:
    of = f" of {relative!r}" if relative else ""
    return f"object {md5!r}{of} in DVC's cache is corrupted ({str(file)!r}); delete it and run `dvc fetch`"
