"""Raised and lowered text on one line, so that no digit is read as part of another number: `10^6`, `30^1 EUR`, `5th`, `25 m2`, `H2O`.

All formats hand their runs of text to `join_runs`. Unicode's own `10⁶` stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

Level = Literal["", "raised", "lowered"]

_UNITS = frozenset({"m", "mm", "cm", "dm", "km", "in", "ft", "yd", "mi"})
_TRADE_MARKS = {"tm": "™", "sm": "℠", "r": "®", "c": "©"}
_LAST_LETTERS = re.compile(r"(?<![^\W\d_])[^\W\d_]++$")
_SIGNS = re.compile(r"^(?:[^\w]+|[\[(].*[\])])$")


class Run(NamedTuple):
    text: str
    level: Level = ""


def join_runs(runs: Iterable[Run]) -> str:
    """One text. Raised digits after a digit or a word are set off by `^`, lowered ones after a digit by `_`; fractions become `3/4`."""
    merged = _merged(runs)
    text = ""
    for number, run in enumerate(merged):
        before = merged[number - 1].level if number else ""
        following = merged[number + 1] if number + 1 < len(merged) else Run("")
        core = run.text.strip()
        if run.level and core:
            lead = run.text[: len(run.text) - len(run.text.lstrip())]
            trail = run.text[len(run.text.rstrip()) :]
            text += lead
            if run.level == "raised" and core.isdigit() and _is_stroke(following, merged, number):
                text += (" " if text[-1:].isdigit() else "") + core
            elif run.level == "raised":
                text += _raised(text, core)
            else:
                text += _lowered(text, core)
            text += trail
        elif (before == "raised" and text[-1:].isalnum() and run.text[:1].isalnum()) or (
            before == "lowered" and text[-1:].isdigit() and run.text[:1].isdigit()
        ):
            text += f" {run.text}"
        else:
            text += run.text
    return text


def _merged(runs: Iterable[Run]) -> list[Run]:
    merged: list[Run] = []
    for run in runs:
        if not run.text:
            continue
        if merged and merged[-1].level == run.level:
            merged[-1] = Run(merged[-1].text + run.text, run.level)
        else:
            merged.append(run)
    return merged


def _is_stroke(run: Run, runs: list[Run], number: int) -> bool:
    """Whether a fraction's stroke follows, and then its lower part."""
    below = runs[number + 2] if number + 2 < len(runs) else Run("")
    return run.text.strip() in ("/", "⁄", "∕") and below.level == "lowered" and below.text.strip().isdigit()


def _raised(text: str, core: str) -> str:
    last = text[-1:]
    if not last or last.isspace() or last in "([/" or _SIGNS.match(core):
        return core
    if core.casefold() in _TRADE_MARKS and last.isalpha() and len(core) == 2:
        return _TRADE_MARKS[core.casefold()]
    letters = _LAST_LETTERS.search(text)
    if last.isdigit() and core.rstrip(".").isalpha():
        return core  # 5th, 2e
    if letters and core in ("2", "3") and letters[0] in _UNITS:
        return core  # m2
    if letters and len(core) > 1 and core.rstrip(".").isalpha() and len(letters[0]) <= 3:
        return core  # Mme, Dr.
    return f"^({core})" if " " in core else f"^{core}"


def _lowered(text: str, core: str) -> str:
    last = text[-1:]
    if (last.isdigit() and core[0].isdigit()) or (last.isalpha() and core.isalpha()):
        return f"_{core}"
    return core
