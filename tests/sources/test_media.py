"""What a file is, from its first bytes and its name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from headgate.sources.media import detect_media


@pytest.mark.parametrize(
    "head",
    [
        b"<!DOCTYPE html>\n<title>x</title>",
        b"\xef\xbb\xbf<!doctype HTML>",
        b" \r\n\t<html lang=en>",
        b"<?xml version='1.0'?>\n<!-- a --><html>",
        b"<!-- saved from x -->\n<!DOCTYPE html>",
        b"\xef\xbb\xbf<!-- a --><!-- b > c -->\n\n<!-- <p> - -- -->\n<body>",
        b"<!---->\n<head>",
        b"<!-- a -->\n" * 300 + b"<html>",
    ],
)
def test_html_is_told_by_its_first_tag_whatever_comments_come_before(head: bytes) -> None:
    found = detect_media("a.txt", head)
    assert found.media_type == "text/html"
    assert found.problem is None
    assert "read as such" in str(found.finding)


@pytest.mark.parametrize(
    "head",
    [
        b"<!-- a -->\n# Title\n",
        b"<!-- a -->\ntext --> <html>",  # a comment ends at its first end
        b"<!-- never closed <html>",
        b"<htmlish>",
        b"Use <html> first.",
        b"<?xml version='1.0'?><note/>",
    ],
)
def test_what_only_mentions_html_is_read_by_its_name(head: bytes) -> None:
    assert detect_media("a.md", head).media_type == "text/markdown"
    assert detect_media("a.txt", head).media_type == "text/plain"


@pytest.mark.parametrize("unit", ["<!-- a -->\\n", "<!---->", "<!--", "<!-- -->\\n\\n", " ", "<?xml>", "<?xml"])
def test_a_hostile_beginning_is_judged_at_once(unit: str) -> None:
    """In a process of its own, with 20 s of processor time: a pattern that backtracks over comments would take years."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (20, 20))\n"
        "from headgate.sources.media import detect_media\n"
        f"print(detect_media('a.md', (b'{unit}' * 4096)[:4096] + b'# Title').media_type)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "text/markdown\n"), found.stderr
