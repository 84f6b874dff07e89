"""Buckets: listed page by page, read in the version that was listed, resumed when cut off."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import CorpusError, SettingsError
from tests.s3 import Bucket, HangUp, Proxy, Reply, Request
from tests.sources.conftest import QUICK, Project, outcomes_add_up, texts


def source(at: Bucket, **more: Any) -> dict[str, Any]:
    return {
        "name": "bucket",
        "kind": "s3",
        "bucket": at.name,
        "endpoint": at.endpoint,
        "allow_http": True,
        "region": "us-east-1",
        **QUICK,
        **more,
    }


def put(bucket: Bucket, **contents: str) -> None:
    for name, content in contents.items():
        put_key(bucket, name.replace("__", "."), content)


def put_key(bucket: Bucket, key: str, content: str | bytes) -> None:
    bucket.client().put_object(Bucket=bucket.name, Key=key, Body=content.encode() if isinstance(content, str) else content)


def test_objects_below_a_prefix_become_files(project: Project, bucket: Bucket) -> None:
    for number in range(7):
        put_key(bucket, f"help/{number}.md", f"# {number}")
    put_key(bucket, "help/sub/x.md", "# X")
    put_key(bucket, "other.md", "# other")
    corpus = project.open(source(bucket, key_prefix="help/", page_size=3, prefix="docs"))
    assert texts(corpus) == {f"docs/{number}.md": f"# {number}" for number in range(7)} | {"docs/sub/x.md": "# X"}
    assert corpus.files[0].modified.startswith("20")
    assert corpus.files[0].url == f"s3://{bucket.name}/help/0.md"
    assert outcomes_add_up(corpus)


def test_only_what_changed_is_downloaded(project: Project, bucket: Bucket, proxy: Proxy) -> None:
    put(bucket, a__md="# A", b__md="# B")
    project.open(source(bucket, endpoint=proxy.endpoint))
    put(bucket, b__md="# B2", a__md="# A")
    proxy.seen.clear()
    corpus = project.open(source(bucket, endpoint=proxy.endpoint))
    assert texts(corpus) == {"a.md": "# A", "b.md": "# B2"}
    assert [request.path.rpartition("/")[2] for request in proxy.seen if "list-type" not in request.path] == ["b.md"]
    assert (corpus.sources[0].fetched, corpus.sources[0].unchanged) == (1, 1)


def test_an_object_that_changes_after_it_was_listed_is_read_whole_and_told(
    project: Project, bucket: Bucket, proxy: Proxy
) -> None:
    put(bucket, a__md="# old")
    changed: list[str] = []

    def change_before_get(request: Request) -> None:
        if request.path.endswith("/a.md") and not changed:
            changed.append(request.path)
            put(bucket, a__md="# new and longer")

    proxy.rule = change_before_get
    corpus = project.open(source(bucket, endpoint=proxy.endpoint))
    assert texts(corpus) == {"a.md": "# new and longer"}
    assert corpus.sources[0].changed_while_read == 1


def test_an_object_that_changes_at_every_look_is_given_up(project: Project, bucket: Bucket, proxy: Proxy) -> None:
    put(bucket, a__md="# 0", b__md="# B")

    def refuse(request: Request) -> Reply | None:
        return Reply(412) if request.path.endswith("/a.md") else None

    proxy.rule = refuse
    corpus = project.open(source(bucket, endpoint=proxy.endpoint, retries=10))
    assert corpus.failed["a.md"].reason == "changed_while_read"
    assert texts(corpus) == {"b.md": "# B"}


@pytest.mark.parametrize("status", [500, 503, 429])
def test_throttling_and_errors_of_the_server_pass(project: Project, bucket: Bucket, proxy: Proxy, status: int) -> None:
    put(bucket, a__md="# A")
    trouble = [Reply(status), Reply(status)]
    proxy.rule = lambda _request: trouble.pop() if trouble else None
    assert texts(project.open(source(bucket, endpoint=proxy.endpoint))) == {"a.md": "# A"}


def test_reset_connections_pass(project: Project, bucket: Bucket, proxy: Proxy) -> None:
    put(bucket, a__md="# A")
    trouble = [False, True, False]

    def hang_up(request: Request) -> None:
        if trouble:
            raise HangUp(forwarded=trouble.pop())

    proxy.rule = hang_up
    assert texts(project.open(source(bucket, endpoint=proxy.endpoint))) == {"a.md": "# A"}


def test_a_cut_off_object_goes_on_where_it_ended(project: Project, bucket: Bucket, cutting: Any) -> None:
    content = bytes(range(256)) * 4000
    put_key(bucket, "a.bin", content)
    corpus = project.open(source(bucket, endpoint=cutting.endpoint))
    assert corpus.local("a.bin").read_bytes() == content
    assert any("range" in headers for headers in cutting.seen)


@pytest.mark.parametrize(
    ("served", "told"),
    [("", ""), ("bytes=7-", ""), ("bytes=512000-", "bytes */1024000"), ("bytes=512000-", "BYTES 512000-1023999/1024000")],
    ids=["the whole", "another part", "a part that is not told", "in capitals"],
)
def test_a_store_that_does_not_go_on_as_asked_is_read_anew(
    project: Project, bucket: Bucket, cutting: Any, served: str, told: str
) -> None:
    content = bytes(range(256)) * 4000
    put_key(bucket, "a.bin", content)
    cutting.told = told
    cutting.served = [served]
    corpus = project.open(source(bucket, endpoint=cutting.endpoint))
    assert corpus.local("a.bin").read_bytes() == content
    assert cutting.served == []


@pytest.fixture
def cutting(bucket: Bucket) -> Any:
    """A proxy that sends the first answer of an object only in part. Of `served` it takes the range to ask for in place of the client's."""
    import threading
    from http.client import HTTPConnection
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from types import SimpleNamespace

    state = SimpleNamespace(endpoint="", seen=[], cuts=1, served=[], told="")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            connection = HTTPConnection(bucket.endpoint.removeprefix("http://"), timeout=900)
            asked = {name.lower(): value for name, value in self.headers.items()}
            if "range" in asked and state.served:
                asked["range"] = state.served.pop()
            connection.request("GET", self.path, headers={name: value for name, value in asked.items() if value})
            answer = connection.getresponse()
            body = answer.read()
            if self.path.endswith("/a.bin"):
                state.seen.append({name.lower() for name in self.headers})
                cut = len(body) // 2 if state.cuts else len(body)
                state.cuts = 0
            else:
                cut = len(body)
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() == "content-range" and state.told:
                    self.send_header(name, state.told)
                    state.told = ""
                elif name.lower() not in ("connection", "transfer-encoding", "date", "server", "content-length"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:cut])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()


def test_an_object_that_vanished_is_gone(project: Project, bucket: Bucket, proxy: Proxy) -> None:
    put(bucket, a__md="# A", b__md="# B")

    def delete_first(request: Request) -> None:
        if request.path.endswith("/a.md"):
            bucket.client().delete_object(Bucket=bucket.name, Key="a.md")

    proxy.rule = delete_first
    corpus = project.open(source(bucket, endpoint=proxy.endpoint))
    assert corpus.excluded["a.md"].code == "gone"
    assert texts(corpus) == {"b.md": "# B"}


def test_large_objects_are_not_downloaded(project: Project, bucket: Bucket, proxy: Proxy) -> None:
    project.sections = {"parse": {"max_file_mib": 1}}
    put(bucket, a__md="# A")
    put_key(bucket, "large.md", b"x" * (2 << 20))
    corpus = project.open(source(bucket, endpoint=proxy.endpoint))
    assert corpus.failed["large.md"].reason == "too_large"
    assert not any(request.path.endswith("large.md") for request in proxy.seen)


def test_odd_keys(project: Project, bucket: Bucket) -> None:
    keys = [
        "a b.md",
        "-rf.md",
        "tab\tin.md",
        "é.md",
        "e\u0301.md",
        "A.md",
        "a.md",
        "x" * 900 + ".md",
        "q?x=1&y#z.md",
    ]
    for key in keys:
        put_key(bucket, key, f"# {key!r}")
    put_key(bucket, "folder/", b"")
    put_key(bucket, ".git/config", b"x")
    corpus = project.open(source(bucket))

    assert outcomes_add_up(corpus)
    assert sorted(rule.code for rule in corpus.excluded.values()) == ["hidden", "name", "placeholder"]
    found = texts(corpus)
    assert found["é.md"] == "# 'é.md'"
    assert {"a b.md", "-rf.md", "tab%09in.md", "A.md", "a.md"} <= set(found)
    assert "only in upper and lower case" in str(corpus.media["a.md"].finding)


@pytest.mark.parametrize("key", ["a//b.md", "./b.md", "a/./b.md", "a/../b.md", "/lead.md", "a\x01b.md"])
def test_one_key_that_is_no_path_costs_no_other_object_and_is_read_or_told(project: Project, bucket: Bucket, key: str) -> None:
    put_key(bucket, key, "# odd")
    put_key(bucket, "good.md", "# good")
    corpus = project.open(source(bucket))
    assert outcomes_add_up(corpus)
    found = texts(corpus)
    assert found.pop("good.md") == "# good"
    assert list(found.values()) == ["# odd"] or [rule.code for rule in corpus.excluded.values()] == ["name"]


def test_a_placeholder_is_never_taken_for_the_object_of_its_name(project: Project, bucket: Bucket) -> None:
    put_key(bucket, "page.md/", "# placeholder")
    put_key(bucket, "page.md", "# page")
    assert texts(project.open(source(bucket))) == {"page.md": "# page"}


def test_a_prefix_may_end_within_a_name(project: Project, bucket: Bucket) -> None:
    for key in ("help-1.md", "help/2.md", "helper.md", "hello.md"):
        put_key(bucket, key, f"# {key}")
    corpus = project.open(source(bucket, key_prefix="help"))
    assert set(texts(corpus)) == {"help-1.md", "help/2.md", "helper.md"}


def test_an_answer_that_points_to_another_host_is_not_followed(project: Project, bucket: Bucket, proxy: Proxy) -> None:
    put(bucket, a__md="# A", b__md="# B")
    inside: list[str] = []

    class Inside(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            inside.append(self.path)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Inside)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    away = {"location": f"http://127.0.0.1:{server.server_address[1]}/secret"}
    proxy.rule = lambda request: Reply(302, headers=away) if request.path.endswith("/a.md") else None
    corpus = project.open(source(bucket, endpoint=proxy.endpoint))
    server.shutdown()
    server.server_close()
    assert inside == []
    assert corpus.failed["a.md"].reason == "refused"
    assert texts(corpus) == {"b.md": "# B"}


def test_a_bucket_that_says_when_to_come_back_is_not_asked_before(project: Project, bucket: Bucket, proxy: Proxy) -> None:
    put(bucket, a__md="# A")
    busy = b"<Error><Code>SlowDown</Code></Error>"
    proxy.rule = lambda _request: Reply(503, busy, headers={"retry-after": "86400"})  # a day, longer than the deadline
    with pytest.raises(CorpusError, match="SlowDown 503"):
        project.open(source(bucket, endpoint=proxy.endpoint))
    assert len(proxy.seen) == 1


def test_what_is_wrong_with_a_bucket_is_told(
    project: Project, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(bucket, a__md="# A")
    with pytest.raises(CorpusError, match="'no-such-bucket' does not exist"):
        project.open(source(bucket, bucket="no-such-bucket"))
    with pytest.raises(CorpusError, match="'MY_KEY' is not set"):
        project.open(source(bucket, key_id_variable="MY_KEY", secret_variable="MY_SECRET"))
    with pytest.raises(CorpusError, match="no answer"):
        project.open(source(bucket, endpoint="http://127.0.0.1:9", retries=1))
    monkeypatch.setenv("MY_KEY", "own-key-id")
    monkeypatch.setenv("MY_SECRET", "own-secret")
    found = project.open(source(bucket, key_id_variable="MY_KEY", secret_variable="MY_SECRET"))
    assert texts(found) == {"a.md": "# A"}
    kept = "".join(path.read_text(errors="ignore") for path in project.folder.rglob("*") if path.is_file())
    assert "own-secret" not in kept


def test_a_listing_without_end_is_given_up(project: Project, bucket: Bucket, proxy: Proxy) -> None:
    for number in range(30):
        put_key(bucket, f"{number}.md", f"# {number}")

    def slow(_request: Request) -> None:
        time.sleep(0.05)

    proxy.rule = slow
    with pytest.raises(CorpusError, match=r"run_minutes were over after \d+ entries"):
        project.open(source(bucket, endpoint=proxy.endpoint, page_size=1, run_minutes=0.005))
    assert proxy.count("GET") < 30


def test_refused_credentials_are_final(project: Project, bucket: Bucket, proxy: Proxy) -> None:
    body = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    proxy.rule = lambda _request: Reply(403, body)
    with pytest.raises(CorpusError, match="AccessDenied 403; check the credentials"):
        project.open(source(bucket, endpoint=proxy.endpoint))
    assert len(proxy.seen) == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"bucket": "A"}, "should match pattern"),
        ({"bucket": "abc", "endpoint": "http://a.example"}, "without TLS"),
        ({"bucket": "abc", "key_id_variable": "A"}, "go together"),
        ({"bucket": "abc", "token_variable": "A"}, "goes with"),
        ({"bucket": "abc", "anonymous": True, "key_id_variable": "A", "secret_variable": "B"}, "exclude each other"),
    ],
)
def test_settings_that_cannot_be_are_told(project: Project, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        project.settings({"name": "bucket", "kind": "s3", **wrong})


def test_a_store_in_a_bucket_keeps_objects_for_other_machines(project: Project, bucket: Bucket, tmp_path: Path) -> None:
    (project.folder / "notes").mkdir()
    (project.folder / "notes" / "n.md").write_text("# N")
    project.sections = bucket.sections(cache=str(tmp_path / "one"))
    notes = {"name": "notes", "kind": "folder", "folder": "notes"}
    first = project.open(notes)
    (project.folder / "notes" / "n.md").write_text("# changed")
    project.sections = bucket.sections(cache=str(tmp_path / "two"))
    assert texts(project.open(notes, revision=first.revision)) == {"n.md": "# N"}
