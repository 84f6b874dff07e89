"""kill -9 at random moments of a build: does the next one complete, equal an undisturbed one, and leave nothing behind?

    python -m benchmarks.kill_build [--kills 50] [--pages 120] [--s3]

Every build starts from what the kills before it left. After each ten kills, and the last, a build may run to its end; its table is compared
with one built from scratch by an undisturbed process in a store of its own: content digest, rows. At the end the index is verified, the
store cleaned up as if two months had passed, and every file in it must belong to something that is kept (left_over.py). With --s3 both stores are buckets of an S3 service on this machine (moto).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.left_over import find_orphans
from benchmarks.projects import make_project, public_data
from headgate.cli.settings_file import settings_toml
from headgate.retention.clean_up import prune
from headgate.settings import Settings
from headgate.storage import open_store

#: Builds are killed between this share of the time that an undisturbed one takes and its end; a build that was over before makes the
#: time shorter.
EARLIEST, SOONER = 0.02, 0.8
COMPARE_EVERY = 10
#: The store is cleaned up as if it were this much later.
LATER = timedelta(days=60)


class Project:
    """A folder of pages and a store; builds run as processes of their own."""

    def __init__(self, folder: Path, sections: dict[str, Any]) -> None:
        self.folder = folder
        # New pages are made of old ones, and count as their copies: that share is not what is looked at here.
        self.settings: Settings = make_project(folder, name="killed", validation={"max_dropped_share": 1.0}, **sections)
        (folder / "headgate.toml").write_text(settings_toml(self.settings), encoding="utf-8")

    def start(self, *verb: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "headgate.cli.main", *(verb or ("build",)), "--json"],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *verb: str) -> dict[str, Any]:
        process = self.start(*verb)
        out, err = process.communicate()
        if process.returncode:
            raise SystemExit(f"{' '.join(verb) or 'build'} ended with {process.returncode}:\n{err[-3000:]}")
        found: dict[str, Any] = json.loads(out)
        return found

    def kill_after(self, seconds: float) -> bool:
        """Whether the build was still running and was killed. Its own children must end by themselves."""
        process = self.start()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            return True
        return False

    def digest(self, built: dict[str, Any]) -> tuple[str, int]:
        from headgate.bundle import load_manifest

        table = load_manifest(open_store(self.settings), built["bundle_id"]).table
        return table.digest, table.rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--pages", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--s3", action="store_true")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    pages = read_pages(arguments.pages)
    with tempfile.TemporaryDirectory(prefix="headgate-kills-") as folder, stores(s3=arguments.s3) as sections:
        killed = Project(Path(folder) / "killed", sections("killed"))
        write(killed, pages)
        started = time.monotonic()
        killed.run()
        seconds = time.monotonic() - started
        print(
            f"undisturbed build of {len(pages)} pages: {seconds:.1f} s; {arguments.kills} kills, seed {arguments.seed}",
            flush=True,
        )
        kills = 0
        while kills < arguments.kills:
            change(pages, chance)
            write(killed, pages)
            if not killed.kill_after(chance.uniform(EARLIEST, 1.0) * seconds):
                seconds *= SOONER
                continue
            kills += 1
            if kills % COMPARE_EVERY == 0 or kills == arguments.kills:
                compare(killed, Path(folder) / f"scratch-{kills}", sections(f"scratch-{kills}"), pages, kills)
        verify(killed)


def read_pages(count: int) -> dict[str, str]:
    pages: dict[str, str] = {}
    with tarfile.open(public_data("kb_sourcegraph_handbook") / "base.tar.gz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() and member.name.endswith(".md") else None
            if stream is not None and member.size > 1000:
                pages[member.name] = stream.read().decode()
            if len(pages) == count:
                break
    return pages


def change(pages: dict[str, str], chance: random.Random) -> None:
    """One in ten pages gets another paragraph, one is deleted, one moves, one is new."""
    for path in chance.sample(sorted(pages), len(pages) // 10):
        pages[path] += (
            f"\n\nA remark of {chance.random()} that was added later, for the attention of everybody who reads this page.\n"
        )
    gone, moved, copied = chance.sample(sorted(pages), 3)
    text = pages.pop(gone)
    pages[f"moved/{chance.randrange(10**9)}.md"] = pages.pop(moved)
    pages[f"new/{chance.randrange(10**9)}.md"] = f"# A new page {chance.random()}\n\n{pages[copied][:1500]}\n\n{text[-800:]}\n"


def write(project: Project, pages: dict[str, str]) -> None:
    root = project.folder / "documents"
    for path in [path for path in root.rglob("*") if path.is_file()]:
        if path.relative_to(root).as_posix() not in pages:
            path.unlink()
    for name, text in pages.items():
        target = root / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")


def compare(killed: Project, folder: Path, sections: dict[str, Any], pages: dict[str, str], kills: int) -> None:
    built = killed.run()
    mine = killed.digest(built)
    scratch = Project(folder, sections)
    write(scratch, pages)
    full = scratch.digest(scratch.run())
    if mine != full:
        raise SystemExit(f"after {kills} kills: digest and rows {mine} differ from those of an undisturbed build {full}")
    print(f"after {kills} kills: {mine[1]} rows, content digest {mine[0][:16]}… equal to an undisturbed build's", flush=True)


def verify(project: Project) -> None:
    """The index is whole, and once months have passed and the store is cleaned up, every file in it belongs to something that is kept."""
    found = project.run("versions", "verify")
    print(f"versions verify: {json.dumps(found)[:300]}")
    settings = project.settings
    pruned = prune(open_store(settings), settings.retention, settings.corpus, now=datetime.now(UTC) + LATER)
    if pruned.skipped:
        raise SystemExit(f"could not be cleaned up: {pruned.skipped}")
    looked_at, orphans = find_orphans(project.settings, pruned)
    if orphans:
        raise SystemExit(f"{len(orphans)} of {looked_at} files belong to nothing that is kept: {orphans[:10]}")
    versions = sum(map(len, pruned.kept_versions.values()))
    print(
        f"{looked_at} files looked at: each belongs to one of {len(pruned.kept)} bundles, {versions} versions, or the last ingest"
    )


@contextmanager
def stores(*, s3: bool) -> Iterator[Any]:
    """Gives a function: name of a store → settings sections that use it."""
    if not s3:
        yield lambda _: {}
        return
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}
    import boto3

    endpoint = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")

    def sections(name: str) -> dict[str, Any]:
        client.create_bucket(Bucket=name)
        root = {"root": f"s3://{name}/store", "endpoint": endpoint, "region": "us-east-1", "allow_http": True}
        return {"storage": root}

    try:
        yield sections
    finally:
        server.stop()


if __name__ == "__main__":
    main()
