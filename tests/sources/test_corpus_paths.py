"""Names of any source become corpus paths: one spelling, safe to show, told apart."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.records import Remark
from headgate.sources.corpus_paths import case_twins, corpus_path, settle_names, shown_url, url_path

HOST = "a.example"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/b c.md", "a/b c.md"),
        ("-rf.md", "-rf.md"),
        ("e\u0301.md", "é.md"),
        ("a\nb.md", "a%0Ab.md"),
        ("\x1b[31mred.md", "%1B[31mred.md"),
        ("evil\u202efdp.md", "evil%E2%80%AEfdp.md"),
        ("caf\udce9.md", "caf%E9.md"),
        ("a//b", "a/%2F/b"),
        ("../x", "%2E%2E/x"),
        ("./x", "%2E/x"),
        ("/x", "%2F/x"),
        ("日本語/हिन्दी.md", "日本語/हिन्दी.md"),
        ("100%.md", "100%.md"),
    ],
)
def test_names_become_paths(name: str, path: str) -> None:
    assert corpus_path(name) == path


@given(st.text(max_size=40))
def test_a_path_is_one_spelling_of_its_own_and_safe(name: str) -> None:
    path = corpus_path(name)
    assert corpus_path(path) == path
    assert unicodedata.is_normalized("NFC", path)
    path.encode("utf-8")
    assert not {".", "..", ""} & set(path.split("/"))
    assert not any(ord(character) < 32 for character in path)


@given(st.lists(st.text(alphabet="aA/é\u0301e.~", min_size=1, max_size=6), unique=True, max_size=12))
def test_every_name_gets_a_path_of_its_own_whatever_the_order(names: list[str]) -> None:
    settled = settle_names({name: corpus_path(name) for name in names})
    assert settled == settle_names({name: corpus_path(name) for name in reversed(names)})
    kept = [path for path, rule in settled.values() if not rule]
    assert len(kept) == len(set(kept))
    assert len({path for path, _ in settled.values()}) == len(names)


def test_of_two_spellings_the_usual_one_stays_and_the_other_is_named() -> None:
    composed, decomposed = "é.md", "e\u0301.md"
    settled = settle_names({name: corpus_path(name) for name in (decomposed, composed)})
    assert settled[composed] == ("é.md", None)
    assert settled[decomposed][1] == Remark("name", "another file has the same path 'é.md'")


def test_names_that_differ_only_in_case_are_told() -> None:
    assert case_twins(["a/B.md", "a/b.md", "c.md"]) == {"a/B.md": "a/b.md", "a/b.md": "a/B.md"}


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.example/docs/x.html", "docs/x.html"),
        ("https://a.example", "index.html"),
        ("https://a.example/docs/../x/./y", "x/y"),
        ("https://a.example/%2e%2e/%2E/x", "x"),
        ("https://b.example/x.html", "b.example/x.html"),
        ("https://a.example/a%20b", "a b"),
        ("https://a.example/日本", "日本"),
    ],
)
def test_addresses_become_paths(url: str, path: str) -> None:
    found = url_path(url, own_host=HOST)
    assert found == path or found.startswith(f"{path}~")


def test_long_addresses_are_cut_and_told_apart() -> None:
    first, second = (url_path(f"https://a.example/{'é' * 2000}{end}.html", own_host=HOST) for end in "ab")
    assert first != second
    assert all(len(path.encode()) < 480 and path.endswith(".html") for path in (first, second))


@given(
    st.lists(st.tuples(st.text(alphabet="ab%2Eé/._", max_size=8), st.text(alphabet="x=&/1", max_size=4)), unique=True, max_size=8)
)
def test_different_addresses_have_different_paths(parts: list[tuple[str, str]]) -> None:
    urls = {f"https://a.example/{path}{'?' if query else ''}{query}" for path, query in parts}
    settled = settle_names({url: url_path(url, own_host=HOST) for url in urls})
    assert len({path for path, _ in settled.values()}) == len(urls)
    for path, _ in settled.values():
        assert not {".", "..", ""} & set(path.split("/"))
        quote(path)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x.html?page=2", "https://a.example/x.html?page=2"),
        ("https://bob:hunter2@a.example:8080/x@y", "https://redacted@a.example:8080/x@y"),
        ("https://bob:p@ss@a.example", "https://redacted@a.example"),
        ("/x?X-Amz-Credential=AKIA1&X-Amz-Signature=ab12&id=5", "/x?X-Amz-Credential=redacted&X-Amz-Signature=redacted&id=5"),
        ("https://a.example?to%6ben=1&apiKey=2&sig=3#access_token=4", "https://a.example?to%6ben=redacted&apiKey=redacted&sig=redacted"),
        ("https://a.example?AWSAccessKeyId=1&Expires=2&session_id=3", "https://a.example?AWSAccessKeyId=redacted&Expires=2&session_id=redacted"),
        ("https://a.example?author=12&tokenizer=bpe&code=DE&key=7&session=2024&flag", "https://a.example?author=12&tokenizer=bpe&code=DE&key=7&session=2024&flag"),
        ("https://[bad?password=x", "https://[bad?password=redacted"),
        ("", ""),
    ],
)  # fmt: skip
def test_addresses_are_told_without_their_secrets(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_paths_tell_pages_apart_without_telling_their_secrets() -> None:
    one, two = (url_path(f"https://{HOST}/x.html?id=5&token={token}", own_host=HOST) for token in ("hunter2", "hunter3"))
    assert one != two
    assert one.startswith("x@id=5&token=redacted~")
