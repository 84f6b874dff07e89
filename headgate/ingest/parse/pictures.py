"""Which alternative texts of pictures say something."""

from __future__ import annotations

import re

#: What programs and hasty authors put where a description belongs.
_EMPTY = re.compile(
    r"(?:the )?(?:alt(?:ernative)?[ _-]?text|alt|image|img|picture|photo|screen ?shot|logo|icon|figure|diagram|graphic|banner|untitled|placeholder|thumbnail)"
    r"[ _-]?(?:\d+|here)?",
    re.IGNORECASE,
)
_FILE = re.compile(r"\A[\w .()-]{1,120}\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?)", re.IGNORECASE)


def is_placeholder(alternative: str) -> bool:
    """Whether an alternative text is a word for a picture or the name of a file, and says nothing of what is shown."""
    text = " ".join(alternative.split())
    return _EMPTY.fullmatch(text) is not None or _FILE.fullmatch(text) is not None or "://" in text
