"""How the keys of one folder of the store are spelled: made from their parts, and taken apart again.

"table_refs/<table>/<state>.json"       key("t", "ab") = "table_refs/t/ab.json"; prefix("t") = "table_refs/t"
"lance/<table>.lance/…"                 key("t", "data/1.lance"): the rest after the last part may hold several folders, or be empty
"corpora/objects/<SHA-256:2>/<SHA-256>" <part:2> are the first two characters of a part
"""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from headgate.errors import StorageError

#: `once` under a name that follows from the content or is never used twice; `replaced` as a whole; `grows` by whoever holds it.
Written = Literal["once", "replaced", "grows"]
#: Where the files lie when the store is a bucket: in it, on this machine below `storage.cache`, or both.
Place = Literal["store", "machine", "both"]
#: What the clean-up does. `always`: nothing. `named`: removes what no record that stays names (`named_by`, `goes_with_bundle`).
#: `aged`: removes what is old. `ruled`: removes by a rule of its own. `bounded`: nothing, whoever writes it keeps a limit. `obsolete`: removes all.
Kept = Literal["always", "named", "aged", "ruled", "bounded", "obsolete"]
#: The setting of `retention` that says up to which age nothing goes.
Spared = Literal["grace_hours", "unreleased_days"]
#: Held by the clean-up while it removes from the folder, and by whoever writes records that name what is in it.
Lock = Literal["retention", "ingest"]
_PART = re.compile(r"<([^<>:]+)(?::(\d+))?>")
_REST = "…"


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of the store. Its `name` is what other folders' `named_by` and the marked fields of records call it."""

    name: str
    pattern: str  # of its keys
    _: KW_ONLY
    what: str
    writer: str  # the module that makes its keys when it writes
    written: Written
    kept: Kept
    named_by: tuple[str, ...] = ()  # folders whose records keep what is here alive
    goes_with_bundle: bool = False  # what is about a bundle stays while the bundle does
    spared: Spared = "grace_hours"
    lock: Lock = "retention"
    read: str = ""  # `module:function`, bytes → record; where records name something, or are about a bundle
    served: bool = False  # whether a copy of the store that only answers needs it
    place: Place = "store"
    foreign: bool = False  # other programs, or documents, name the files in it

    def key(self, *parts: str) -> str:
        """The key of these parts; a pattern that ends in `…` takes one more, which may be empty or left out.

        Raises:
            StorageError: a part is missing, empty or holds a slash.
        """
        names, rest = _fields(self.pattern)
        values = dict(zip(names, parts, strict=False))
        if not len(names) <= len(parts) <= len(names) + rest or not all(part and "/" not in part for part in values.values()):
            raise StorageError(f"{parts!r} are no parts of a key {self.pattern!r}")
        return _filled(self.pattern.removesuffix(_REST), values) + "".join(parts[len(names) :])

    def prefix(self, *parts: str) -> str:
        """The folder that all keys with these first parts lie in, for listing."""
        names, _ = _fields(self.pattern)
        values = dict(zip(names, parts, strict=False))
        whole: list[str] = []
        for step in self.pattern.split("/")[:-1] or [self.pattern]:
            if not {found[1] for found in _PART.finditer(step)} <= values.keys():
                break
            whole.append(_filled(step, values))
        return "/".join(whole)

    def parse(self, key: str) -> tuple[str, ...] | None:
        """The parts that `key` gives for `key`; None where it is no key of this folder."""
        found = _expression(self.pattern).fullmatch(key)
        if found is None:
            return None
        names, rest = _fields(self.pattern)
        parts = tuple(found[_group(name)] for name in names) + ((found["rest"],) if rest else ())
        return parts if self.key(*parts) == key else None

    def first(self, key: str) -> str:
        """The first part of `key`, "" where it is no key of this folder."""
        return (self.parse(key) or ("",))[0]

    def path(self, root: Path, *parts: str) -> Path:
        """The file or folder below `root`, for what lies on this machine."""
        return root / self.key(*parts)

    @property
    def top(self) -> str:
        """The first step of its keys, e.g. `reports` of `reports/validation/…`."""
        return self.pattern.partition("/")[0]


@cache
def _fields(pattern: str) -> tuple[tuple[str, ...], bool]:
    """Names of the parts in order, each once, and whether anything may follow."""
    return tuple(dict.fromkeys(found[1] for found in _PART.finditer(pattern) if not found[2])), pattern.endswith(_REST)


def _filled(pattern: str, values: dict[str, str]) -> str:
    return _PART.sub(lambda found: values[found[1]][: int(found[2]) if found[2] else None], pattern)


def _group(name: str) -> str:
    return "".join(letter for letter in name if letter.isalnum())


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    out, end = "", 0
    for found in _PART.finditer(pattern):
        out += re.escape(pattern[end : found.start()])
        digits = "[0-9a-f]" if found[1] == "SHA-256" else "[^/]"
        out += f"{digits}{{{found[2]}}}" if found[2] else f"(?P<{_group(found[1])}>{digits}{'{64}' if digits != '[^/]' else '+'})"
        end = found.end()
    rest = pattern[end:]
    return re.compile(
        out + (re.escape(rest.removesuffix(_REST)) + "(?P<rest>.*)" if rest.endswith(_REST) else re.escape(rest)), re.DOTALL
    )
