"""The parts that asking a source rests on: retries, pace, addresses, sitemaps, kept trees."""

from __future__ import annotations

import ipaddress
import threading
from pathlib import Path

import pytest

from headgate.errors import CorpusError, IntegrityError, SourceFault, StorageError
from headgate.records import Remark
from headgate.sources.state.objects import ObjectCache
from headgate.sources.state.tree import TreeFile, read_tree, tree_revision, write_tree
from headgate.sources.values import iso_date
from headgate.sources.web import addresses
from headgate.sources.web.addresses import allowed_addresses, why_refused
from headgate.sources.web.get import Pace, host_of
from headgate.sources.web.sitemap import lastmod_date, read_sitemap
from headgate.storage import FolderStore


def test_requests_are_spread_over_all_threads() -> None:
    slept: list[float] = []
    pace = Pace(10, clock=lambda: 100.0, sleep=slept.append)
    threads = [threading.Thread(target=pace.wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(round(seconds, 6) for seconds in slept) == [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize(
    ("address", "private", "allowed"),
    [
        ("93.184.216.34", False, True),
        ("127.0.0.1", False, False),
        ("127.0.0.1", True, True),
        ("10.1.2.3", False, False),
        ("10.1.2.3", True, True),
        ("100.64.0.1", False, False),
        ("169.254.169.254", True, False),
        ("0.0.0.0", True, False),
        ("224.0.0.1", True, False),
        ("::1", False, False),
        ("fe80::1", True, False),
        ("fd00::1", False, False),
        ("::ffff:127.0.0.1", False, False),
        ("::ffff:169.254.169.254", True, False),
        ("2002:7f00:1::", False, False),
        ("64:ff9b::a9fe:a9fe", True, False),
        ("2606:2800:220:1::1", False, True),
    ],
)
def test_addresses_that_may_be_asked(address: str, private: bool, allowed: bool) -> None:
    assert (why_refused(ipaddress.ip_address(address), allow_private=private) == "") is allowed


def test_one_bad_address_of_a_host_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(2, 1, 6, "", (address, 80)) for address in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_arguments, **_options: answers)
    with pytest.raises(SourceFault, match=r"has the address 127\.0\.0\.1"):
        allowed_addresses("rebinding.example", 80, allow_private=False)


def test_dates_and_hosts() -> None:
    assert lastmod_date("2026-02-02") == "2026-02-02T00:00:00+00:00"
    assert lastmod_date("2026-02-02T10:00:00+02:00") == "2026-02-02T08:00:00+00:00"
    assert lastmod_date("yesterday") == ""
    assert iso_date("Mon, 02 Feb 2026 10:00:00 GMT") == "2026-02-02T10:00:00+00:00"
    assert iso_date("soon") == ""
    assert host_of("HTTPS://A.Example:443/x") == "a.example"
    assert host_of("http://a.example:8080/x") == "a.example:8080"
    assert host_of("http://[::1]:80/") == "[::1]"


def test_a_sitemap_with_everything_that_may_be_in_it() -> None:
    found = read_sitemap(
        b"""<?xml version="1.0" encoding="UTF-8"?><!-- made by a tool --><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>
        https://a.example/x?a=1&amp;b=2 </loc><image:image><image:loc>https://a.example/i.png</image:loc></image:image>
        <lastmod>2026-02-02</lastmod></url><url/><url><loc><![CDATA[https://a.example/y]]></loc></url></urlset>"""
    )
    assert [(entry.url, entry.lastmod) for entry in found.entries] == [
        ("https://a.example/x?a=1&b=2", "2026-02-02"),
        ("https://a.example/y", ""),
    ]


# --- what is kept -----------------------------------------------------------------------------------------------------

FILES = (
    TreeFile("a.md", "one", "0" * 64, 3),
    TreeFile("b.md", "two", "", 0, rule=Remark("corpus.rules", "x")),
    TreeFile("c.md", "two", "1" * 64, 5, failure=("timeout", "too slow", True)),
)


def test_a_revision_names_paths_contents_and_sources() -> None:
    first = tree_revision(FILES)
    assert tree_revision(tuple(reversed(FILES))) == first
    for changed in (
        TreeFile("z.md", "one", "0" * 64, 3),
        TreeFile("a.md", "two", "0" * 64, 3),
        TreeFile("a.md", "one", "2" * 64, 3),
    ):
        assert tree_revision((changed, *FILES[1:])) != first


def test_a_tree_of_the_first_format_is_still_read(tmp_path: Path) -> None:
    store, files = FolderStore(tmp_path), (TreeFile("a", "web", "0" * 64, 3, content_type="text/csv"), *FILES[1:])
    old = tree_revision(files, declared=False)
    assert old != tree_revision(files)
    write_tree(store, old, files)
    key = f"corpora/{old}/tree.json"
    store.put(key, store.get(key).replace(b'"format":3', b'"format":1'))
    assert read_tree(store, old, names={}) == (old, files)


def test_a_tree_whose_rules_are_words_alone_is_still_read(tmp_path: Path) -> None:
    store, revision = FolderStore(tmp_path), tree_revision(FILES)
    write_tree(store, revision, FILES)
    key = f"corpora/{revision}/tree.json"
    apart = b'{"code":"corpus.rules","text":"x"}'
    assert apart in store.get(key)
    store.put(key, store.get(key).replace(apart, b'"corpus.rules: x"').replace(b'"format":3', b'"format":2'))
    assert read_tree(store, revision, names={}) == (revision, FILES)


def test_a_kept_tree_is_read_back_and_a_changed_one_refused(tmp_path: Path) -> None:
    store, revision = FolderStore(tmp_path), tree_revision(FILES)
    write_tree(store, revision, FILES)
    assert read_tree(store, revision, names={}) == (revision, FILES)
    assert read_tree(store, "week-1", names={"week-1": revision}) == (revision, FILES)
    key = f"corpora/{revision}/tree.json"
    store.put(key, store.get(key).replace(b"a.md", b"e.md"))
    with pytest.raises(IntegrityError, match="was changed"):
        read_tree(store, revision, names={})
    with pytest.raises(CorpusError, match=r"names in corpus\.revisions: week-1"):
        read_tree(store, "week-2", names={"week-1": revision})


def test_objects_are_named_by_their_bytes_and_leave_nothing_half_written(tmp_path: Path) -> None:
    objects = ObjectCache(FolderStore(tmp_path))
    with objects.receive() as incoming:
        incoming.write(b"half")
        incoming.restart()
        incoming.write(b"whole")
        digest = objects.keep(incoming)
    with objects.receive() as incoming:
        incoming.write(b"given up")
    assert objects.local(digest).read_bytes() == b"whole"
    assert objects.has(digest, 5)
    assert not objects.has(digest, 4)
    assert [path.name for path in (tmp_path / "corpora" / "objects").rglob("*") if path.is_file()] == [digest]


def test_half_written_objects_of_dead_processes_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "corpora" / "objects"
    folder.mkdir(parents=True)
    (folder / ".tmp-999999999-abc").write_bytes(b"x")
    ObjectCache(FolderStore(tmp_path)).sweep()
    assert not list(folder.iterdir())


def test_a_full_disk_is_no_fault_of_the_source(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this machine")
    objects = ObjectCache(FolderStore(tmp_path))
    with objects.receive() as incoming:
        incoming._stream.close()
        incoming._stream = full.open("wb", buffering=0)
        with pytest.raises(StorageError, match="No space left"):
            incoming.write(b"x" * 100_000)
