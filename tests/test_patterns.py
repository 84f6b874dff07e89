"""No regular expression of the ingest takes more than linear time, whatever a document holds.

Work can't be counted inside `re`, so every pattern is run over texts at whose size a quadratic one takes minutes, in a process whose
processor time is limited. The limit is no measure of speed: a linear pattern needs less than a hundredth of it.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import resource
import subprocess
import sys

import pytest

_SIZE = 150_000  # characters: a quadratic pattern takes minutes
_CPU_SECONDS = 10  # for one pattern and one text
_UNITS = (
    " ", "\n", "\t", " \n", "\r\n", "a", "1", "-", "#", "=", "_", ".", "a.", "1.", "1 ", "1,", "a ", "a b ", ".\" ", "!", "…", "。", "\"", "'", "’", ")", "(", "[", "]",
    "[$", "{", "<", ">", "<!--", "<!-- a -->", "<!", "<?xml ", "<meta ", "<meta charset", "<a ", "=?", "=?a?b?", "=?a?b?c?= ", "(cid:", "color:", "color ", "background ",
    "display:", "display ", "font-size:", "font-size:0 ", "heading ", "ignore ", "ignore all ", "System: ", "assistant: \n", "--", "-- \n", "## \n", "# ", "---\n", "...\n",
    "in your ", "your code ", "when question ", "system ", "code in ", "A1", "AB12 ", "4 ", "é", "中", "ア", "e\u0301", "%1", "£", "| ", "||", ":", ";", "/", "*", "**/", "\\",
)  # fmt: skip
#: What a run follows: the beginning of something that the run does not end.
_HEADS = ("", "# a", "1", "---\n", "color:", "<meta", "\n", "x")


def _patterns(package: str) -> dict[str, re.Pattern[str] | re.Pattern[bytes]]:
    found: dict[str, re.Pattern[str] | re.Pattern[bytes]] = {}
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            for key, pattern in value.items() if isinstance(value, dict) else ((None, value),):
                if isinstance(pattern, re.Pattern):
                    found[f"{module.name}.{name}" + (f"[{key}]" if key else "")] = pattern
    return found


def _try_all(package: str) -> None:
    """Say what is tried before it is: what was said last is what did not end."""
    for name, pattern in _patterns(package).items():
        # Where a match may begin anywhere, what stands at the beginning of the text is of no account.
        for head in _HEADS if str(pattern.pattern).lstrip("b'").startswith(("^", "\\A")) else ("",):
            for unit in _UNITS:
                text = head + unit * (_SIZE // len(unit)) + "\x01"
                used = resource.getrusage(resource.RUSAGE_SELF)
                limit = int(used.ru_utime + used.ru_stime) + _CPU_SECONDS
                resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
                print(f"{name} over {head!r} and {unit!r} repeated", flush=True)
                subject = text.encode() if isinstance(pattern.pattern, bytes) else text
                for _ in pattern.finditer(subject):  # type: ignore[arg-type]
                    pass
    print("all ended")


@pytest.mark.parametrize(
    ("package", "at_least"), [("headgate.detect", 1), ("headgate.ingest", 1), ("headgate.sources", 1), ("headgate.text", 1)]
)
def test_every_pattern_ends_on_every_hostile_text(package: str, at_least: int) -> None:
    assert len(_patterns(package)) >= at_least
    command = [sys.executable, "-c", f"from tests.test_patterns import _try_all; _try_all({package!r})"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    said = ended.stdout.splitlines() or [ended.stderr]
    assert (said[-1], ended.returncode) == ("all ended", 0), said[-1]
