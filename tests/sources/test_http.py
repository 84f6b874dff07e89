"""Web sites: what changed is fetched, what did not is not, and nothing that goes wrong on the way becomes content."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import CorpusError, SettingsError
from headgate.records import Remark
from tests.sources.conftest import Project, outcomes_add_up, texts
from tests.sources.site import (
    Site,
    changed_to,
    cut_chunks,
    cut_off,
    drip_chunk,
    drip_head,
    hang,
    hang_up,
    serve_site,
    status,
)

Web = Callable[..., dict[str, Any]]
HTML = "<html><body><h1>Refunds</h1><p>Refunds take ten days.</p></body></html>"


def test_pages_of_a_sitemap_become_files(project: Project, site: Site, web: Web) -> None:
    site.put("/help/refunds.html", HTML, headers={"last-modified": "Mon, 02 Feb 2026 10:00:00 GMT"})
    site.put("/help/lights", HTML)
    site.put("/notes.txt", "plain", content_type="text/plain; charset=ISO-8859-1")
    site.sitemap()
    corpus = project.open(web(prefix="site"))

    assert texts(corpus) == {"site/help/refunds.html": HTML, "site/help/lights": HTML, "site/notes.txt": "plain"}
    by_path = {file.path: file for file in corpus.files}
    refunds = by_path["site/help/refunds.html"]
    assert (refunds.source, refunds.url, refunds.modified) == (
        "site",
        f"{site.address}/help/refunds.html",
        "2026-02-02T10:00:00+00:00",
    )
    assert by_path["site/help/lights"].media_type == "text/html"
    assert by_path["site/notes.txt"].charset == "iso-8859-1"
    assert outcomes_add_up(corpus)


def test_an_unchanged_page_is_not_downloaded_again(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html", HTML)
    site.put("/b.html", HTML)
    site.sitemap()
    first = project.open(web())
    site.forget()
    site.put("/b.html", HTML + "<p>new</p>")
    second = project.open(web())

    (state,) = second.sources
    assert (state.fetched, state.unchanged) == (1, 1)
    assert site.asked("/a.html")[0].headers["if-none-match"].startswith('"')
    assert first.revision != second.revision
    assert texts(second)["b.html"].endswith("<p>new</p>")


def test_a_page_without_validators_is_unchanged_by_its_content(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html", HTML, validators=False)
    site.sitemap()
    first = project.open(web())
    second = project.open(web())
    assert second.sources[0].unchanged == 1
    assert first.revision == second.revision


def test_with_trusted_lastmod_an_unchanged_page_is_not_asked_for(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html", HTML)
    site.sitemap(lastmod="2026-01-01")
    project.open(web(trust_lastmod=True))
    site.forget()
    project.open(web(trust_lastmod=True))
    assert not site.asked("/a.html")
    site.sitemap("/a.html", lastmod="2026-01-02")
    project.open(web(trust_lastmod=True))
    assert len(site.asked("/a.html")) == 1


def test_a_past_revision_opens_under_the_rules_of_today(project: Project, site: Site, web: Web) -> None:
    site.put("/big.html", HTML + " " * 3000)
    site.put("/gone.html", HTML).faults += [status(404)]
    site.put("/small.html", HTML)
    site.sitemap()
    project.corpus = {"rules": [{"name": "big", "action": "exclude", "larger_than": "2 KiB"}]}
    ruled = project.open(web())
    assert set(texts(ruled)) == {"small.html"}
    site.forget()
    assert project.open(web(), revision=ruled.revision) == ruled
    project.corpus = {}
    assert set(texts(project.open(web(), revision=ruled.revision))) == {"small.html", "big.html"}
    assert not site.seen


def test_what_a_server_says_a_page_is_belongs_to_the_revision(project: Project, site: Site, web: Web) -> None:
    site.put("/a", "a,b\n1,2\n", content_type="text/csv", validators=False)
    site.sitemap()
    first = project.open(web())
    site.put("/a", "a,b\n1,2\n", content_type="text/plain", validators=False)
    second = project.open(web())
    assert first.revision != second.revision
    for corpus, media_type in ((first, "text/csv"), (second, "text/plain")):
        assert project.open(web(), revision=corpus.revision).media["a"].media_type == media_type


def test_a_past_revision_opens_without_the_network(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html", HTML)
    site.sitemap()
    first = project.open(web())
    site.put("/a.html", "<html>other</html>")
    project.open(web())
    site.forget()
    again = project.open(web(), revision=first.revision)

    assert texts(again) == {"a.html": HTML}
    assert again == first
    assert not site.seen
    with pytest.raises(CorpusError, match="is not kept here"):
        project.open(web(), revision="0" * 32)


@pytest.mark.parametrize(
    "fault",
    [status(500), status(503), status(429), status(408), hang_up, cut_off(10), cut_chunks],
    ids=["500", "503", "429", "408", "reset", "cut", "chunks"],
)
def test_what_may_pass_is_tried_again(project: Project, site: Site, web: Web, fault: Any) -> None:
    site.put("/a.html", HTML).faults += [fault, fault]
    site.sitemap()
    corpus = project.open(web())
    assert texts(corpus) == {"a.html": HTML}
    assert len(site.asked("/a.html")) == 3


def test_what_does_not_pass_fails_the_file_and_says_so(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html", HTML).faults += [status(503)] * 10
    site.put("/b.html", HTML)
    site.sitemap()
    corpus = project.open(web())

    assert texts(corpus) == {"b.html": HTML}
    failure = corpus.failed["a.html"]
    assert (failure.reason, failure.transient) == ("unavailable", True)
    assert len(site.asked("/a.html")) == 4
    assert corpus.sources[0].failed == 1


@pytest.mark.parametrize(("code", "reason"), [(401, "forbidden"), (403, "forbidden"), (400, "refused"), (451, "refused")])
def test_what_is_for_good_is_not_tried_again(project: Project, site: Site, web: Web, code: int, reason: str) -> None:
    site.put("/a.html", HTML).faults += [status(code)] * 10
    site.put("/b.html", HTML)
    site.sitemap()
    corpus = project.open(web())
    assert (corpus.failed["a.html"].reason, corpus.failed["a.html"].transient) == (reason, False)
    assert len(site.asked("/a.html")) == 1


@pytest.mark.parametrize("code", [404, 410])
def test_a_page_that_is_gone_leaves_and_is_named(project: Project, site: Site, web: Web, code: int) -> None:
    site.put("/a.html", HTML)
    site.put("/b.html", HTML)
    site.sitemap()
    project.open(web())
    site.pages["/a.html"].faults += [status(code)]
    corpus = project.open(web())

    assert corpus.excluded == {"a.html": Remark("gone", f"HTTP {code}")}
    assert corpus.sources[0].gone == ("a.html",)
    assert texts(corpus) == {"b.html": HTML}
    site.pages["/a.html"].faults += [status(500)] * 10
    assert project.open(web()).failed["a.html"].reason == "unavailable"


def test_a_cut_off_page_goes_on_where_it_ended(project: Project, site: Site, web: Web) -> None:
    content = bytes(range(256)) * 4000
    site.put("/a.bin", content, content_type="application/octet-stream").faults += [cut_off(300_000), cut_off(10)]
    site.sitemap()
    corpus = project.open(web())

    assert corpus.local("a.bin").read_bytes() == content
    asked = site.asked("/a.bin")
    assert "range" not in asked[0].headers
    assert asked[1].headers["range"].startswith("bytes=")
    assert asked[1].headers["if-range"] == site.pages["/a.bin"].etag


def test_a_page_that_changes_while_it_is_read_is_read_anew(project: Project, site: Site, web: Web) -> None:
    old, new = b"<html>" + b"old " * 50_000, b"<html>" + b"new " * 70_000
    site.put("/a.html", old).faults += [changed_to(new)]
    site.sitemap()
    corpus = project.open(web())
    assert corpus.local("a.html").read_bytes() == new
    assert corpus.sources[0].changed_while_read == 1


def test_a_server_that_sends_another_part_is_not_believed(project: Project, site: Site, web: Web) -> None:
    content = b"<html>" + b"0123456789" * 20_000

    def wrong_part(handler: Any, page: Any) -> None:
        handler.send_response(206)
        handler.send_header("content-range", f"bytes 7-{len(content) - 1}/{len(content)}")
        handler.send_header("content-length", str(len(content) - 7))
        handler.end_headers()
        handler.wfile.write(content[7:])

    site.put("/a.html", content).faults += [cut_off(100_000), wrong_part]
    site.sitemap()
    assert project.open(web()).local("a.html").read_bytes() == content


def test_a_silent_server_and_a_dripping_one_are_given_up(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html", HTML).faults += [hang(2.0), drip_head(3.0)]
    site.put("/b.html", HTML).faults += [drip_head(3.0), drip_head(3.0)]
    site.sitemap()
    corpus = project.open(web(timeout_seconds=0.3, retries=1))
    assert set(corpus.failed) == {"a.html", "b.html"}
    assert all(failure.transient for failure in corpus.failed.values())


def test_a_body_that_yields_nothing_is_given_up_at_the_deadline(project: Project, site: Site, web: Web) -> None:
    given_up = threading.Event()
    site.put("/a.html", HTML).faults += [drip_chunk(given_up)] * 2
    site.put("/b.html", HTML)
    site.sitemap()
    corpus = project.open(web(deadline_seconds=0.5, retries=0))
    assert (set(corpus.failed), set(texts(corpus))) == ({"a.html"}, {"b.html"})
    assert corpus.failed["a.html"].transient
    assert "before the deadline" in corpus.failed["a.html"].detail
    assert given_up.wait(900)


def test_a_long_retry_after_ends_the_tries(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html", HTML).faults += [status(429, retry_after="86400")] * 5
    site.put("/b.html", HTML)
    site.sitemap()
    corpus = project.open(web())
    assert corpus.failed["a.html"].detail == "HTTP 429"
    assert len(site.asked("/a.html")) == 1


def test_a_run_that_is_killed_is_not_paid_for_twice(project: Project, site: Site, web: Web) -> None:
    for number in range(230):
        site.put(f"/{number:03}.html", f"<html>{number}</html>")
    site.sitemap()

    source = web(parallel=1)
    calls = iter(range(230))

    class Killed(BaseException):
        pass

    from headgate.sources.web.site import HttpReader

    read = HttpReader.fetch

    def fetch(self: Any, item: Any, known: Any) -> Any:
        if next(calls) == 220:
            raise Killed
        return read(self, item, known)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(HttpReader, "fetch", fetch)
        with pytest.raises(Killed):
            project.open(source)
    site.forget()
    corpus = project.open(source)
    assert corpus.sources[0].unchanged == 200
    assert len(texts(corpus)) == 230


# --- limits -----------------------------------------------------------------------------------------------------------


def test_large_pages_and_gzip_bombs_are_stopped(project: Project, site: Site, web: Web) -> None:
    project.sections = {"parse": {"max_file_mib": 1}}
    site.put("/told.html", b"x" * (2 << 20))
    site.put("/untold.html", b"x").faults += [_endless]
    site.put("/bomb.html", gzip.compress(b"\0" * (64 << 20)), headers={"content-encoding": "gzip"})
    site.put("/packed.html", gzip.compress(HTML.encode()), headers={"content-encoding": "gzip"})
    site.sitemap()
    corpus = project.open(web())
    assert {path: failure.reason for path, failure in corpus.failed.items()} == {
        "told.html": "too_large",
        "untold.html": "too_large",
        "bomb.html": "too_large",
    }
    assert texts(corpus) == {"packed.html": HTML}


def _endless(handler: Any, _page: Any) -> None:
    handler.send_response(200)
    handler.send_header("connection", "close")
    handler.end_headers()
    handler.close_connection = True
    try:
        for _ in range(4096):
            handler.wfile.write(b"x" * 4096)
    except OSError:
        return


def test_pages_beyond_max_pages_and_other_hosts_are_left_out_by_name(project: Project, site: Site, web: Web) -> None:
    for name in "abc":
        site.put(f"/{name}.html", HTML)
    urls = [f"{site.address}/{name}.html" for name in "abc"]
    corpus = project.open(
        web(
            url_list=_write(
                project,
                "\n".join(["# ours", *urls, "https://elsewhere.example/x.html", "ftp://127.0.0.1/x", "http://[bad/x", urls[0]]),
            ),
            max_pages=2,
            allowed_hosts=[site.address.removeprefix("http://")],
        )
    )
    assert texts(corpus) == {"a.html": HTML, "b.html": HTML}
    assert sorted(map(str, corpus.excluded.values())) == [
        "max_pages: more than 2",
        "url: host 'elsewhere.example' is not among allowed_hosts",
        "url: it can't be read as an address",
        "url: neither http nor https",
    ]
    assert outcomes_add_up(corpus)


def _write(project: Project, text: str) -> str:
    (project.folder / "urls.txt").write_text(text)
    return "urls.txt"


def test_redirects_stay_on_allowed_hosts_and_end(project: Project, site: Site, web: Web) -> None:
    site.put("/new.html", HTML)
    site.put("/old.html", b"", status=301, headers={"location": "/new.html"})
    site.put("/loop.html", b"", status=302, headers={"location": "/loop.html"})
    site.put("/away.html", b"", status=302, headers={"location": "https://elsewhere.example/"})
    site.put("/metadata.html", b"", status=302, headers={"location": "http://169.254.169.254/latest/meta-data/"})
    site.sitemap("/old.html", "/loop.html", "/away.html", "/metadata.html")
    corpus = project.open(web())
    assert texts(corpus) == {"old.html": HTML}
    assert {path: failure.reason for path, failure in corpus.failed.items()} == {
        "loop.html": "redirects",
        "away.html": "redirect_refused",
        "metadata.html": "redirect_refused",
    }
    assert len(site.asked("/loop.html")) == 6


def test_no_secret_of_an_address_is_told_or_kept(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html", HTML)
    site.put("/b.html", b"").faults += [status(302, location="https://elsewhere.example/x?X-Amz-Signature=hunter2")]
    host = site.address.removeprefix("http://")
    listed = "".join(
        f"<url><loc>http://{at}</loc></url>" for at in (f"bob:hunter2@{host}/a.html", f"{host}/a.html", f"{host}/b.html")
    )
    site.put("/sitemap.xml", f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</urlset>')
    corpus = project.open(web())
    assert set(texts(corpus)) == {"a.html"}
    assert "https://elsewhere.example/x?X-Amz-Signature=redacted" in corpus.failed["b.html"].detail
    assert list(corpus.excluded.values()) == [Remark("url", "it holds a name or a password")]
    assert not any("hunter2" in path for path in corpus.excluded)
    kept = [path for path in project.folder.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert [path.name for path in kept] == []


def test_a_signed_address_is_asked_for_and_not_cited(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html?id=1&token=hunter2", HTML)
    site.sitemap("/a.html?id=1&amp;token=hunter2")
    (page,) = project.open(web()).files
    assert site.asked("/a.html?id=1&token=hunter2")
    assert page.url == f"{site.address}/a.html?id=1&token=redacted"
    assert "hunter2" not in page.path


def test_this_machine_is_not_asked_unless_that_is_set(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html", HTML)
    site.sitemap()
    with pytest.raises(CorpusError, match="allow_private = true"):
        project.open(web(allow_private=False))
    assert not site.seen


def test_link_local_addresses_are_never_asked(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html", HTML)
    corpus = project.open(web(urls=[f"{site.address}/a.html", "http://169.254.169.254/latest/meta-data/"]))
    assert texts(corpus) == {"a.html": HTML}
    (failure,) = corpus.failed.values()
    assert failure.reason == "address_refused"


def test_authorization_goes_to_its_own_host_only(project: Project, site: Site, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.sources.site import serve_site

    monkeypatch.setenv("SITE_TOKEN", "Bearer secret")
    with serve_site() as other:
        other.put("/there.html", HTML)
        site.put("/here.html", b"", status=302, headers={"location": f"{other.address}/there.html"})
        site.sitemap()
        hosts = [address.removeprefix("http://") for address in (site.address, other.address)]
        corpus = project.open(web(authorization_variable="SITE_TOKEN", allowed_hosts=hosts))
        assert texts(corpus) == {"here.html": HTML}
        assert site.asked("/here.html")[0].headers["authorization"] == "Bearer secret"
        assert "authorization" not in other.seen[0].headers
    monkeypatch.delenv("SITE_TOKEN")
    with pytest.raises(CorpusError, match=r"'SITE_TOKEN' \(authorization_variable\) is not set"):
        project.open({**web(authorization_variable="SITE_TOKEN"), "name": "fresh"})


# --- listings ---------------------------------------------------------------------------------------------------------


def test_an_index_of_gzipped_sitemaps(project: Project, site: Site, web: Web) -> None:
    site.put("/a.html", HTML)
    site.put("/b.html", HTML)
    site.sitemap("/a.html", at="/sitemap-1.xml")
    site.sitemap("/b.html", at="/sitemap-2.xml.gz")
    page = site.pages["/sitemap-2.xml.gz"]
    page.content = gzip.compress(page.content)
    parts = "".join(f"<sitemap><loc>{site.address}{path}</loc></sitemap>" for path in ("/sitemap-1.xml", "/sitemap-2.xml.gz"))
    site.put("/sitemap.xml", f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{parts}</sitemapindex>')
    assert set(texts(project.open(web()))) == {"a.html", "b.html"}


def test_an_index_without_end_is_given_up(project: Project, site: Site, web: Web) -> None:
    parts = "".join(f"<sitemap><loc>{site.address}/sitemap-{number}.xml</loc></sitemap>" for number in range(50))
    site.put("/sitemap.xml", f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{parts}</sitemapindex>')
    for number in range(50):
        site.sitemap(at=f"/sitemap-{number}.xml")
        site.pages[f"/sitemap-{number}.xml"].faults += [hang(0.1)]
    with pytest.raises(CorpusError, match=r"run_minutes were over after \d+ of 50 sitemaps"):
        project.open(web(run_minutes=0.005))
    assert len(site.seen) < 50


@pytest.mark.parametrize(
    ("listing", "message"),
    [
        (b"<html><body>Sorry</body></html>", "is no sitemap"),
        (b"Sorry", "not XML"),
        (b"", "not XML"),
        (b"<urlset><url><loc>http://x/", "not XML"),
        (gzip.compress(b"<urlset>" + b" " * (80 << 20)), "unpacks to more than max_listing_mib"),
        (gzip.compress(b"<urlset></urlset>")[:-4], "cut off"),
    ],
    ids=["html", "text", "empty", "cut", "bomb", "cut gzip"],
)
def test_what_is_no_sitemap_empties_nothing(project: Project, site: Site, web: Web, listing: bytes, message: str) -> None:
    site.put("/a.html", HTML)
    site.sitemap()
    project.open(web(prefix="site"), _folder(project))
    site.put("/sitemap.xml", listing)
    corpus = project.open(web(prefix="site", retries=0), _folder(project))

    assert corpus.failed["site/a.html"].reason == "source_down"
    assert message in corpus.failed["site/a.html"].detail
    assert texts(corpus) == {"notes/n.md": "# N"}


def _folder(project: Project) -> dict[str, Any]:
    (project.folder / "notes").mkdir(exist_ok=True)
    (project.folder / "notes" / "n.md").write_text("# N")
    return {"name": "notes", "kind": "folder", "folder": "notes", "prefix": "notes"}


def test_a_sitemap_cannot_read_files_of_this_machine(project: Project, site: Site, web: Web) -> None:
    secret = project.folder / "secret.txt"
    secret.write_text("secret")
    site.put("/a.html", HTML)
    entity = f'<!DOCTYPE x [<!ENTITY s SYSTEM "file://{secret}"><!ENTITY b "&s;&s;">]>'
    site.put(
        "/sitemap.xml",
        f"{entity}<urlset><url><loc>{site.address}/a.html</loc></url><url><loc>{site.address}/&s;&b;</loc></url></urlset>",
    )
    corpus = project.open(web())
    assert not any("secret" in seen.path for seen in site.seen)
    assert "a.html" in texts(corpus)


# --- names ------------------------------------------------------------------------------------------------------------


def test_addresses_make_stable_paths(project: Project, site: Site, web: Web) -> None:
    paths = [
        "/",
        "/docs/",
        "/docs",
        "/a%20b.html",
        "/caf%C3%A9.html",
        "/page.html?id=5",
        "/page.html?id=6",
        "/x%2Fy.html",
        "/%0Anew",
    ]
    for path in paths:
        site.put(path, f"<html>{path}</html>")
    urls = [site.address + path for path in paths]
    first = project.open(web(urls=urls))
    second = project.open(web(urls=list(reversed(urls))))

    found = {file.url.removeprefix(site.address): file.path for file in first.files}
    assert found == {file.url.removeprefix(site.address): file.path for file in second.files}
    assert first.revision == second.revision
    assert len(set(found.values())) == len(paths)
    assert (found["/"], found["/docs/"], found["/docs"]) == ("index.html", "docs/index.html", "docs")
    assert (found["/a%20b.html"], found["/caf%C3%A9.html"]) == ("a b.html", "café.html")
    assert found["/page.html?id=5"].startswith("page@id=5~")
    assert found["/page.html?id=5"].endswith(".html")
    assert "\n" not in found["/%0Anew"]
    assert not first.failed


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sitemap": "http://a.example/"}, "without TLS"),
        ({"sitemap": "https://u:p@a.example/"}, "name or a password"),
        ({"sitemap": "https://a.example/", "urls": ["https://a.example/"]}, "exactly one of sitemap, urls and url_list"),
        ({}, "exactly one of"),
        ({"urls": ["https://a.example/"], "trust_lastmod": True}, "needs a sitemap"),
        ({"sitemap": "https://a.example/", "allowed_hosts": ["https://a.example"]}, "neither a host"),
        ({"sitemap": "https://a.example/", "authorization_variable": "Bearer abc"}, "should match pattern"),
        ({"sitemap": "https://a.example/", "site_map": 1}, "did you mean 'sitemap'"),
        ({"sitemap": "ftp://a.example/"}, "no address"),
    ],
)
def test_settings_that_cannot_be_are_told(project: Project, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        project.settings({"name": "site", "kind": "http", **wrong})


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(signed.public_bytes(pem) + private)
    return file


def test_a_certificate_must_hold(project: Project, web: Web, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_site(certificate) as site:
        site.put("/a.html", HTML)
        site.put("/slow.html", HTML).faults += [drip_head(2.0)] * 2
        site.put("/down.html", b"", status=302, headers={"location": site.address.replace("https", "http") + "/a.html"})
        source = web(urls=[f"{site.address}/{name}.html" for name in ("a", "slow", "down")], timeout_seconds=0.5, retries=1)
        untrusted = project.open({**source, "urls": source["urls"][:1]})
        assert (untrusted.failed["a.html"].reason, untrusted.failed["a.html"].transient) == ("tls", False)
        assert not site.seen
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        corpus = project.open(source)
    assert texts(corpus) == {"a.html": HTML}
    assert corpus.failed["down.html"].reason == "redirect_refused"
    assert corpus.failed["slow.html"].transient
    assert set(corpus.failed) == {"down.html", "slow.html"}
