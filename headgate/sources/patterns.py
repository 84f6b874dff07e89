"""Globs over corpus paths."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import PurePosixPath


def matches(path: str, glob: str) -> bool:
    """Whether a corpus path matches: `*` stays inside a folder, `**` crosses folders, a pattern without `/` looks at the name."""
    if "/" not in glob and "**" not in glob:
        return fnmatchcase(PurePosixPath(path).name, glob)
    return _glob_pattern(glob).fullmatch(path) is not None


@lru_cache(maxsize=512)
def _glob_pattern(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    translated = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(translated.get(part, re.escape(part)) for part in parts), re.DOTALL)
