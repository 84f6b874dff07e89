"""Render the three revisions, put them under DVC, and point the project at them. Run after every change to a page source.

    python sample/northbeam/publish.py

    revisions ──► dvc add, dvc push ──► sample/dvcstore       the remote that a clone pulls from; replaced as a whole
                                   ├──► data.dvc              the base revision
                                   └──► headgate.toml         the digests in [corpus.revisions]

Everything is made in a scratch folder and moved at the end, so a failure leaves the project as it was. The folder `data/` is not
touched: `dvc pull` brings it up to date.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from formats.page import SourceError
from render import REVISIONS, directory_digest, render_corpus, write_corpus

PROJECT = Path(__file__).resolve().parents[2]
REMOTE = PROJECT / "sample" / "dvcstore"


def main() -> None:
    """Publish, and print each revision's digest and the size of the remote."""
    try:
        with tempfile.TemporaryDirectory() as scratch:
            digests = publish(Path(scratch))
    except SourceError as error:
        print(f"publish.py: {error}", file=sys.stderr)
        sys.exit(2)
    for revision, digest in digests.items():
        print(f"{revision:8} {digest}")
    sizes = [path.stat().st_size for path in REMOTE.rglob("*") if path.is_file()]
    print(f"{len(sizes)} objects, {sum(sizes):,} bytes in {REMOTE.relative_to(PROJECT)}")


def publish(scratch: Path) -> dict[str, str]:
    """Revision → DVC directory digest, after writing the remote, data.dvc and headgate.toml.

    Raises:
        SourceError: a source that can't be rendered, or DVC and `directory_digest` disagree; nothing was written then.
    """
    store, data = scratch / "store", scratch / "data"
    _dvc(scratch, "init", "--no-scm", "--quiet")
    _dvc(scratch, "remote", "add", "--default", "store", str(store))
    digests: dict[str, str] = {}
    pointer = ""
    for revision in REVISIONS:
        files = render_corpus(revision)
        if data.exists():
            shutil.rmtree(data)
        write_corpus(files, data)
        _dvc(scratch, "add", "--quiet", "data")
        _dvc(scratch, "push", "--quiet")
        content = (scratch / "data.dvc").read_text(encoding="utf-8")
        digests[revision] = str(yaml.safe_load(content)["outs"][0]["md5"])
        if digests[revision] != directory_digest(files):
            raise SourceError(f"{revision}: DVC says {digests[revision]}, render.py {directory_digest(files)}")
        pointer = pointer or content
    settings = _with_digests((PROJECT / "headgate.toml").read_text(encoding="utf-8"), digests)
    if REMOTE.exists():
        shutil.rmtree(REMOTE)
    shutil.copytree(store, REMOTE, copy_function=shutil.copyfile)
    (PROJECT / "data.dvc").write_text(pointer, encoding="utf-8")
    (PROJECT / "headgate.toml").write_text(settings, encoding="utf-8")
    return digests


def _with_digests(settings: str, digests: dict[str, str]) -> str:
    for revision, digest in digests.items():
        settings, found = re.subn(rf'(?m)^("?{revision}"? *= *)"[0-9a-f]{{32}}\.dir"', rf'\g<1>"{digest}"', settings)
        if found != 1:
            raise SourceError(f"headgate.toml: [corpus.revisions] must have exactly one line for {revision!r}, found {found}")
    return settings


def _dvc(folder: Path, *arguments: str) -> None:
    environment = os.environ | {"DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(folder / "site")}
    subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    main()
